"""The preview of a file of data, over the window: its columns, its first items, what is asked after; then it becomes a task node."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from memstudio.desktop.data.choices import Choices
from memstudio.desktop.data.items import sample_of
from memstudio.desktop.data.looking import Looking
from memstudio.desktop.data.tables import HEAD, ROW, ColumnsModel, RowsModel, share_out, table
from memstudio.desktop.inspector.sample import SampleView
from memstudio.desktop.labels import button, label, line
from memstudio.desktop.overlay import Overlay
from memstudio.desktop.session import Message, Session
from memstudio.desktop.words import count
from memstudio.experiment.data import finding
from memstudio.experiment.data.adding import add_task, only_task
from memstudio.experiment.data.looking import Looked
from memstudio.experiment.data.plans import SAMPLES, Plan, columns_text, sample_value
from memstudio.experiment.data.suggesting import OWN, planned, said, suggest

_WIDTH, _HEIGHT, _FORM = 1080, 760, 288


class DataPanel(Overlay):
    """Shows one file. added(): it has become a node of the experiment."""

    added = Signal()

    def __init__(self, window: QWidget, session: Session, looking: Looking | None = None) -> None:
        super().__init__(window, _WIDTH, _HEIGHT)
        self.setAccessibleName("Preview of data")
        self.session = session
        self.looking = looking or Looking(self)
        self.path: Path | None = None
        self.looked: Looked | None = None
        self.kind, self.values, self.reasons = "rows", dict[str, Any](), dict[str, str]()
        self._chosen: dict[str, Any] = {}
        self._adding = False
        self.title, self.facts = label("", "title"), label("", "dim")
        self.close_button = button("Close", self.close_panel, "quiet", "Close the preview; nothing is added")
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How much of the file has been looked over")
        self.reading = label("", "dim")
        self.stop = button("Stop", self._stop, "quiet", "Stop looking the file over")
        self.columns, self.rows = ColumnsModel(), RowsModel()
        self.columns_view, self.rows_view = table(self.columns, "Columns"), table(self.rows, "First rows")
        share_out(self.columns_view, stretched=(0, 2), widths={1: 148, 3: 76, 4: 84})
        self.items = SampleView()
        self.items.caption.hide()
        self.columns_title: QLabel = label("Columns", "strong")
        self.items_title: QLabel = label("First rows", "strong")
        self.choices = Choices()
        self.keep = QCheckBox("Keep a copy in the library")
        self.keep.setToolTip("The file is found there again when it is gone from its place")
        self.outcome = label("", wrap=True)
        self.add = button("Add to the experiment", self._add, "primary", "One edit, which Undo takes back")
        self._lay_out()
        self.columns.toggled.connect(self._toggle)
        self.choices.changed.connect(self._choose)
        self.looking.seen.connect(self._seen)
        self.looking.progress.connect(self._progress)
        self.looking.failed.connect(self._failed)
        session.document_changed.connect(self._name_button)

    # ------------------------------------------------------------------------------------------ making

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.title)
        head.addWidget(self.facts, 1)
        head.addWidget(self.close_button)
        progress = QHBoxLayout()
        progress.setSpacing(12)
        progress.addWidget(self.bar, 1)
        progress.addWidget(self.reading)
        progress.addWidget(self.stop)
        self._progressing = QWidget()
        progress.setContentsMargins(0, 0, 0, 0)
        self._progressing.setLayout(progress)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.columns_title)
        left.addWidget(self.columns_view, 30)
        left.addSpacing(8)
        left.addWidget(self.items_title)
        left.addWidget(self.rows_view, 36)
        left.addWidget(self.items)
        left.addStretch(1)
        form = QScrollArea()
        form.setWidgetResizable(True)
        form.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        form.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.choices.setProperty("kind", "clear")
        form.setWidget(self.choices)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(form, 1)
        right.addWidget(line())
        right.addWidget(self.outcome)
        right.addWidget(self.keep)
        right.addWidget(self.add)
        side = QWidget()
        right.setContentsMargins(0, 0, 0, 0)
        side.setLayout(right)
        side.setFixedWidth(_FORM)
        body = QHBoxLayout()
        body.setSpacing(24)
        body.addLayout(left, 1)
        body.addWidget(side)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(20, 16, 20, 16)
        whole.setSpacing(12)
        whole.addLayout(head)
        whole.addWidget(self._progressing)
        whole.addLayout(body, 1)

    def _place(self) -> None:
        around = self._around.rect()
        width, height = min(_WIDTH, around.width() - 48), min(_HEIGHT, around.height() - 48)
        self.setGeometry(QRect((around.width() - width) // 2, (around.height() - height) // 2, width, height))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click elsewhere does not close it, as choices would be lost; Esc and Close do."""
        if event.type() == QEvent.Type.Resize and watched is self._around:
            self._place()
        return False

    # ------------------------------------------------------------------------------------------ a file

    def show_sample(self, name: str) -> None:
        """Shows one of the bundled samples."""
        file = next(file for kind, file in SAMPLES.items() if name in (kind, file))
        self.show_file(Path(sample_value(file)["path"]))

    def show_file(self, path: Path) -> None:
        """Opens the preview of a file; it is read away from the window's thread."""
        self.path, self.looked = path, None
        self.kind, self.values, self.reasons, self._chosen = "rows", {}, {}, {}
        self.title.setText(path.name)
        self.facts.setText("")
        self.outcome.setText("Looking at the beginning of the file.")
        self.outcome.setProperty("kind", "dim")
        self.columns.show_columns((), frozenset(), False)
        self.rows.show_rows({})
        self.items.hide()
        self.keep.setChecked(False)
        self.choices.setEnabled(False)
        self.add.setEnabled(False)
        self._show_progress(0)
        self.open(self.close_button)
        self._name_button()
        self.looking.look(path)

    def close_panel(self) -> None:
        self.looking.stop()
        super().close_panel()

    def _show_progress(self, share: float) -> None:
        self._progressing.show()
        self.bar.setValue(round(100 * share))
        self.reading.setText(f"{share:.0%} looked over".replace("%", " %"))

    def _progress(self, share: float) -> None:
        if self.looked is None or not self.looked.whole:
            self._show_progress(share)

    def _stop(self) -> None:
        self.looking.stop()
        self._progressing.hide()
        self._say("Reading was stopped; open the file again to go on.", bad=True)

    def _failed(self, sentence: str) -> None:
        self._progressing.hide()
        self.looked = None
        self.add.setEnabled(False)
        self.choices.setEnabled(False)
        self._say(sentence, bad=True)

    def _seen(self, looked: Looked) -> None:
        self.looked = looked
        if looked.whole:
            self._progressing.hide()
        self.facts.setText(self._facts(looked))
        self.columns_title.setText("Arrays" if looked.items else "Columns")
        self._suggest(self.kind if "kind" in self._chosen else "")
        self.choices.setEnabled(True)

    def _facts(self, looked: Looked) -> str:
        columns = count(len(looked.items), "array") if looked.items else count(len(looked.seen.columns), "column")
        rows = f"{looked.seen.rows:,} {'items' if looked.items else 'rows'}"
        notes = f" · {looked.seen.notes[0]}" if looked.seen.notes else ""
        return f"{rows}, {columns}{notes}" if looked.whole else f"{columns} · the first {rows}{notes}"

    # ------------------------------------------------------------------------------------------ choosing

    @property
    def file(self) -> dict[str, Any]:
        """The file as a value of the document."""
        assert self.looked is not None
        return self.looked.value

    def _suggest(self, kind: str) -> None:
        assert self.looked is not None
        found = suggest(self.file, self.looked.seen, kind)
        kept = {name: value for name, value in self._chosen.items() if name in found.values}
        self.kind, self.values = found.kind, {**found.values, **kept}
        self.reasons = {name: why for name, why in found.reasons.items() if name not in kept}
        self._show_choices()

    def _choose(self, name: str, value: object) -> None:
        self._chosen[name] = value
        if name == "kind":
            self._chosen = {"kind": value, **{key: one for key, one in self._chosen.items() if key in ("split", "split_by", "held_out")}}
            self._suggest(str(value))
            return
        self.values[name] = value
        self.reasons.pop(name, None)
        self._show_choices()

    def _toggle(self, name: str, on: bool) -> None:
        inputs = [column for column in self._inputs() if column != name] + ([name] if on else [])
        order = [column.name for column in self.columns.columns]
        self._choose("inputs", columns_text(sorted(inputs, key=order.index)))

    def _inputs(self) -> tuple[str, ...]:
        plan = self._plan()
        if isinstance(plan, Plan):
            return tuple(column.name for column in plan.inputs)
        from memstudio.experiment.data.plans import columns_in

        return tuple(columns_in(str(self.values.get("inputs", ""))))

    def _plan(self) -> Plan | str:
        return planned(self.kind, self.values, self.file)

    def _show_choices(self) -> None:
        looked = self.looked
        assert looked is not None
        plan = self._plan()
        choosable = "inputs" in OWN[self.kind] and (self.kind == "rows" or not looked.items)
        columns = [column for column in looked.seen.columns if self.kind == "rows" or not looked.is_part(column)]
        self.columns.show_columns(columns, frozenset(self._inputs()), choosable)
        self.columns_view.setMaximumHeight(HEAD + ROW * self.columns.rowCount() + 4)
        self.choices.show_values(self.kind, self.values, self.reasons, self.file, looked.seen)
        self._show_items(looked, plan)
        if isinstance(plan, str):
            self._say(plan, bad=True)
        else:
            self._say(said(plan) if looked.whole else f"{said(plan)} So far; the whole file is still being looked over.")
        self.add.setEnabled(isinstance(plan, Plan) and looked.whole and not self._adding)

    def _show_items(self, looked: Looked, plan: Plan | str) -> None:
        sample = sample_of(looked, self.kind, plan) if isinstance(plan, Plan) else {}
        self.items.setVisible(bool(sample))
        self.rows_view.setVisible(not sample)
        self.items_title.setText({"images": "First images", "tokens": "First sequence"}.get(str(sample.get("kind")), "First rows"))
        if sample:
            self.items.show_sample(sample)
        else:
            self.rows.show_rows(dict(list(looked.rows.items())[:100]))

    def _say(self, sentence: str, bad: bool = False) -> None:
        from memstudio.desktop.labels import set_kind

        set_kind(self.outcome, "error" if bad else "")
        self.outcome.setText(sentence)

    # ------------------------------------------------------------------------------------------ adding

    def _name_button(self, _: object = None) -> None:
        task = only_task(self.session.document, self.session.catalogue)
        title = "" if task is None else self.session.document.node(task).title or self._title_of(task)
        self.add.setText(f"Put in the place of {title}" if title else "Add to the experiment")
        self.add.setAccessibleName(self.add.text())

    def _title_of(self, task: str) -> str:
        return self.session.catalogue.entry(self.session.document.node(task).component).title

    def _add(self) -> None:
        looked = self.looked
        if looked is None or not looked.whole:
            return
        if self.keep.isChecked():
            self._adding = True
            self.add.setEnabled(False)
            work = partial(finding.keep, looked.path, looked.sha256)
            self.looking.do(work, partial(self._kept, looked), self._not_kept)
        else:
            self._put(looked)

    def _kept(self, looked: Looked, _: object) -> None:
        self._adding = False
        if looked is self.looked:
            self._put(looked)

    def _not_kept(self, sentence: str) -> None:
        self._adding = False
        self.add.setEnabled(True)
        self._say(sentence, bad=True)

    def _put(self, looked: Looked) -> None:
        values: Mapping[str, Any] = {"file": looked.value, **_changed(self.kind, self.values)}
        change = partial(add_task, kind=self.kind, values=values, catalogue=self.session.catalogue)
        sentence = self.session.try_edit(f"Add {looked.path.name}", change)
        if sentence is not None:
            self._say(sentence, bad=True)
            return
        self.close_panel()
        self.session.select([only_task(self.session.document, self.session.catalogue) or self.session.document.nodes[-1].id])
        self.session.message.emit(Message(f"{looked.path.name} is a task of the experiment now."))
        self.added.emit()

    def close_all(self) -> None:
        """The window closes."""
        self.close_panel()
        self.looking.close()


def _changed(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not what the component takes by itself; the target always stands in the document."""
    from memstudio.experiment.data.suggesting import COMMON

    usual = {**COMMON, **OWN[kind]}
    return {name: value for name, value in values.items() if value != usual[name]}
