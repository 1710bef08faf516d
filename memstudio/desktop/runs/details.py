"""What stands beside the table about one run: state, tags and note, measures, curves, what it set, how it went, why it failed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.chart import ChartView
from memstudio.desktop.going import share_of
from memstudio.desktop.inspector.fold import Fold
from memstudio.desktop.labels import Elided, button, label, line, set_kind
from memstudio.desktop.running import MAY_PAUSE, MAY_RESUME, MAY_STOP
from memstudio.desktop.runs.columns import left, offered
from memstudio.desktop.runs.exporting import export_pairs
from memstudio.desktop.runs.failure import Failure, Log
from memstudio.desktop.runs.grouped import average_text, group_words
from memstudio.desktop.runs.note import Note
from memstudio.desktop.runs.pairs import (
    Pair,
    Pairs,
    artifact_pairs,
    attempt_pairs,
    environment_pairs,
    event_pairs,
    facts,
    parameter_pairs,
    value_text,
)
from memstudio.desktop.runs.questions import Details
from memstudio.desktop.runs.tags import Tags
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import STATES, count, duration, number, tr

if TYPE_CHECKING:
    from memstudio.library import RunRow
    from memstudio.library.grouping import GroupRow

#: measures listed before "all measures" is asked for
FIRST_MEASURES = 12


class DetailsView(QFrame):
    """The panel. What its buttons ask for it says by signals: pause, resume, stop, open_document, curves, study_curves, export, star,
    baseline(bool), tagged(tags), noted(uid, note), more."""

    pause = Signal()
    resume = Signal()
    stop = Signal()
    open_document = Signal()
    curves = Signal()
    study_curves = Signal()
    export = Signal()
    star = Signal(bool)
    baseline = Signal(bool)
    tagged = Signal(object)
    noted = Signal(str, str)
    more = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setAccessibleName(tr("Details of the run"))
        self.details: Details | None = None
        self._all_measures, self._writable = False, True
        self._measured: tuple[Pair, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._empty = label("Choose a run to see what it measured.", "dim", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(32, 0, 32, 0)
        column.addWidget(self._empty, 1)
        self._whole = QWidget()
        whole = QVBoxLayout(self._whole)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._head())
        whole.addWidget(line())
        whole.addWidget(self._body(), 1)
        column.addWidget(self._whole, 1)
        self._whole.hide()

    # ------------------------------------------------------------------------------------------ making

    def _head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(6)
        top = QHBoxLayout()
        top.setSpacing(8)
        self.title = Elided("", "heading")
        self.state = label("", "chip")
        self.star_button = button("", self._star, "quiet", "Mark this run (S)", "Star")
        self.star_button.setCheckable(True)
        lengths.fix(self.star_button, width=30)
        self.baseline_button = button("B", self._baseline, "mark", "Make this run the baseline that others are compared with (Shift+B)")
        self.baseline_button.setCheckable(True)
        lengths.fix(self.baseline_button, width=30)
        self.more_button = button("", self.more.emit, "quiet", "Everything that can be done with this run", "More for this run")
        lengths.fix(self.more_button, width=30)
        theme.themed.connect(self._tint)
        top.addWidget(self.title, 1)
        top.addWidget(self.state)
        top.addSpacing(2)
        top.addWidget(self.star_button)
        top.addWidget(self.baseline_button)
        top.addWidget(self.more_button)
        top.setSpacing(4)
        column.addLayout(top)
        self.below = Elided("", "dim")
        column.addWidget(self.below)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the run"))
        self.left = label("", "small")
        column.addWidget(self.bar)
        column.addWidget(self.left)
        self.resume_button = button("Resume", self.resume.emit, "", "Go on from the last checkpoint")
        self.pause_button = button("Pause", self.pause.emit, "", "Save a checkpoint and pause")
        self.stop_button = button("Stop", self.stop.emit, "", "End the run here; what it measured is kept")
        self.open_button = button("Open in Build", self.open_document.emit, "", "Open this run's experiment as an unsaved copy")
        self.export_button = button("Export", self.export.emit, "", "Write the run's model as files", "Export the model")
        # a row each: together they are wider than the panel at its smallest
        self._commands = _row(self.resume_button, self.pause_button, self.stop_button)
        column.addSpacing(4)
        column.addWidget(self._commands)
        self.curves_button = button(
            "Show curves", self.curves.emit, "", "Show what was measured in Build's live panels", "Show curves of the run"
        )
        self.study_curves_button = button(
            "Curves of the study",
            self.study_curves.emit,
            "",
            "Show all runs of this study in Build's live panels",
            "Show curves of the study",
        )
        column.addWidget(_row(self.open_button, self.export_button))
        column.addWidget(_row(self.curves_button, self.study_curves_button))
        #: where what the buttons ask for is asked about
        self.under_buttons = QVBoxLayout()
        column.addLayout(self.under_buttons)
        return head

    def _body(self) -> QScrollArea:
        inside = QWidget()
        inside.setProperty("kind", "clear")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(18, 14, 18, 20)
        self._column.setSpacing(18)
        self.failure = Failure()
        self.tags = Tags()
        self.tags.changed.connect(self.tagged)
        self.note = Note()
        self.note.written.connect(self.noted)
        self._charts: list[ChartView] = []
        self._chart_box = QWidget()
        self._chart_column = QVBoxLayout(self._chart_box)
        self._chart_column.setContentsMargins(0, 0, 0, 0)
        self._chart_column.setSpacing(10)
        self.measures = Pairs("Measures", "mono")
        self.all_button = button("All measures", self._show_all, "link", "Show every measure of this run")
        self.sets = Pairs("What this cell sets", "mono")
        self.exports = Pairs("Exported to")
        self.facts = Pairs("Run")
        self.parameters, self.environment = Pairs("", "mono"), Pairs("", "mono")
        self.artifacts, self.events, self.attempts = Pairs("", "mono"), Pairs(""), Pairs("Attempts")
        self.log = Log()
        self._folds = {
            "What was set": (Fold("What was set", self.parameters), self.parameters),
            "Environment": (Fold("Environment", self.environment), self.environment),
            "Files": (Fold("Files", self.artifacts), self.artifacts),
            "Events": (Fold("Events", self.events), self.events),
            "Log": (Fold("Log", self.log), self.log),
        }
        for widget in (
            self.failure,
            self.tags,
            self.note,
            self._chart_box,
            self.measures,
            self.all_button,
            self.exports,
            self.sets,
            self.facts,
            self.attempts,
            *(fold for fold, _ in self._folds.values()),
        ):
            self._column.addWidget(widget)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        scroll.setAccessibleName(tr("Measures, curves and parameters of the run"))
        scroll.setWidget(inside)
        self._scroll = scroll
        return scroll

    # ------------------------------------------------------------------------------------------ showing

    def show_nothing(self, sentence: str = "Choose a run to see what it measured.") -> None:
        """Nothing is chosen."""
        self.note.keep()
        self.details = None
        self._empty.setText(sentence)
        self._empty.show()
        self._whole.hide()

    def show_details(self, found: Details) -> None:
        """Shows a run, or how the same run is by now; then nothing jumps."""
        another = self.details is None or self.details.row.uid != found.row.uid
        self.details = found
        self._empty.hide()
        self._whole.show()
        if another:
            self._all_measures = False
            self._scroll.verticalScrollBar().setValue(0)
        self._show_head(found.row)
        self.failure.show_failure(found.row, found.log)
        self._show_charts(found)
        self._measured = tuple((name, number(found.measures[name])) for name in offered(found.measures))
        self._show_measures()
        self.exports.show_pairs(export_pairs(found.exports))
        self.sets.show_pairs([(address, value_text(value)) for address, value in found.row.sets.items()])
        self.facts.show_pairs(facts(found.row))
        self.attempts.show_pairs(attempt_pairs(found.attempts) if len(found.attempts) > 1 else [])
        self.tags.show_tags(found.row.tags, found.tags, self._writable)
        self.note.show_note(found.row.uid, found.row.note, self._writable)
        self._show_folds(found)
        # at once: rows that became visible would else be drawn one frame long where they do not belong
        self._column.activate()

    def _show_folds(self, found: Details) -> None:
        """What few look at: folded until they do; a fold without anything in it is not shown."""
        bad = found.row.state in ("failed", "lost")
        shown = {
            "What was set": parameter_pairs(found.document),
            "Environment": environment_pairs(found.environment),
            "Files": artifact_pairs(found.artifacts),
            "Events": event_pairs(found.events),
        }
        for name, (fold, content) in self._folds.items():
            is_open = fold.head.isChecked()
            if isinstance(content, Pairs):
                content.show_pairs(shown[name])
                there = bool(shown[name])
            else:
                self.log.show_lines(found.log)
                there = bool(found.log) and not bad
            fold.setVisible(there)
            content.setVisible(there and is_open)

    def show_group(self, group: GroupRow, by: tuple[str, ...]) -> None:
        """What a group of runs measured, where one is chosen."""
        measured = ", ".join(f"{name.replace('_', ' ')} {average_text(average)}" for name, average in group.measures.items())
        finished = max((average.n for average in group.measures.values()), default=0)
        runs = count(group.n, "run") if finished in (0, group.n) else f"{count(group.n, 'run')}, {finished:,} of them finished"
        words = f"{group_words(group, by)}\n{runs}{f': {measured}' if measured else ''}"
        self.show_nothing(f"{words}\n\nRight unfolds the group, C compares its runs.")

    def set_writable(self, writable: bool) -> None:
        """Whether anything can be changed here."""
        self._writable = writable
        for one in (self.pause_button, self.resume_button, self.stop_button, self.star_button, self.baseline_button):
            one.setEnabled(writable)

    def _show_head(self, row: RunRow) -> None:
        word, chip = STATES.get(row.state, (row.state, "chip"))
        self.title.say(row.title)
        self.below.say(
            " · ".join(part for part in (row.cell, f"seed {row.seed:,}", row.study_title if row.study_title != row.title else "") if part)
        )
        self.state.setText(word)
        set_kind(self.state, chip)
        going = row.state in ("running", "starting", "paused")
        self.bar.setVisible(going)
        self.left.setVisible(going)
        self.bar.setValue(round(1000 * share_of(row)))
        self.left.setText(progress_text(row))
        self.resume_button.setVisible(row.state in MAY_RESUME)
        self.pause_button.setVisible(row.state in MAY_PAUSE)
        self.stop_button.setVisible(row.state in MAY_STOP)
        self._commands.setVisible(row.state in MAY_RESUME | MAY_PAUSE | MAY_STOP and row.trashed is None)
        self.study_curves_button.setVisible(row.study is not None)
        self.export_button.setVisible(row.state != "queued")
        self.star_button.setChecked(row.starred)
        self.star_button.setAccessibleName(tr("Take the star away" if row.starred else "Star"))
        self.baseline_button.setChecked(row.baseline)
        self.baseline_button.setAccessibleName(tr("No longer the baseline" if row.baseline else "Make it the baseline"))
        self._tint(theme.current())

    def _show_charts(self, found: Details) -> None:
        while len(self._charts) < len(found.charts):
            view = ChartView(height=176)
            self._charts.append(view)
            self._chart_column.addWidget(view)
        for view in self._charts[len(found.charts) :]:
            view.hide()
        for view, chart in zip(self._charts, found.charts, strict=False):
            view.show_chart(chart)
            view.show()
        self._chart_box.setVisible(bool(found.charts))

    def _show_measures(self) -> None:
        shown = self._measured if self._all_measures else self._measured[:FIRST_MEASURES]
        self.measures.show_pairs(shown)
        hidden = len(self._measured) - len(shown)
        self.all_button.setVisible(hidden > 0)
        self.all_button.setText(f"{hidden:,} more")

    def _show_all(self) -> None:
        self._all_measures = True
        self._show_measures()

    def _tint(self, t: Tokens) -> None:
        on = self.star_button.isChecked()
        self.star_button.setIcon(icons.icon("star-on" if on else "star", t, t.careful if on else None))
        self.more_button.setIcon(icons.icon("more", t))

    def _star(self) -> None:
        self.star.emit(self.star_button.isChecked())

    def _baseline(self) -> None:
        self.baseline.emit(self.baseline_button.isChecked())


def _row(*widgets: QWidget) -> QWidget:
    """Widgets side by side, from the left."""
    around = QWidget()
    row = QHBoxLayout(around)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return around


def progress_text(row: RunRow) -> str:
    """`step 1,240 of 2,000 · 62 % · 3 min 40 s left`."""
    if not row.steps:
        return "starting"
    parts = [f"step {row.step:,} of {row.steps:,}", f"{share_of(row):.0%}".replace("%", " %")]
    silent = row.silent(time.time())
    if silent is not None:
        return " · ".join([*parts, f"not answering for {duration(silent)}: its process sleeps, or its machine is out of reach"])
    seconds = left(row)
    if seconds is not None:
        parts.append(f"{duration(seconds)} left")
    return " · ".join(parts)
