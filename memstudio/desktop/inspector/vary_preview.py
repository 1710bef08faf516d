"""Under the cases of an axis that is being made: the budget they share, and what each of them becomes."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from memstudio.desktop.inspector.fields import Chooser, combo
from memstudio.desktop.labels import label
from memstudio.desktop.session import Session
from memstudio.desktop.study import places, saying
from memstudio.desktop.words import number, size, tr
from memstudio.experiment import axis_edits, case_previews, matching
from memstudio.experiment.case_previews import CasePreview, Preview
from memstudio.experiment.document import Axis, Document, Match
from memstudio.experiment.parameters import Refusal

#: cases that are shown one by one
MOST = 12
#: milliseconds after the last key before the cases are worked out
PAUSE = 120


class BudgetChoice(QWidget):
    """What every case is given as much of, by which width, as in which case. changed(): another choice was made."""

    changed = Signal()

    def __init__(self, session: Session, axis: Axis | None) -> None:
        super().__init__()
        self.session = session
        self._old = axis.match if axis is not None else None
        self.what = combo([(None, "nothing"), *saying.BUDGETS.items()])
        self.what.setToolTip(tr("What each case is given as much of as one of them, so that they are compared at one budget"))
        self.width_, self.to = combo([]), combo([])
        self.width_.setToolTip(tr("What is chosen in each case so that the budget is met"))
        self.to.setToolTip(tr("The case that the others are matched to"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[QLabel, Chooser]] = []
        for row, (words, chooser) in enumerate((("Held equal", self.what), ("By the width", self.width_), ("As in case", self.to))):
            name = label(words, "dim")
            chooser.setAccessibleName(words)
            chooser.activated.connect(self._activated)
            self._grid.addWidget(name, row, 0)
            self._grid.addWidget(chooser, row, 1)
            self._rows.append((name, chooser))
        if self._old is not None:
            self.what.setCurrentIndex(self.what.findData(self._old.what))
        self._show_rows()

    def _activated(self, _: int) -> None:
        self._show_rows()
        self.changed.emit()

    def _show_rows(self) -> None:
        for name, chooser in self._rows[1:]:
            name.setVisible(self.what.currentData() is not None)
            chooser.setVisible(self.what.currentData() is not None)

    def offer(self, made: Document, axis: Axis, address: str) -> None:
        """The widths and cases there are to choose from, in the document as the form makes it."""
        taken = {at for case in axis.all_cases() for at in case.set} | {address}
        old = self._old
        if old is not None:
            # the case that is matched to may set the width itself
            taken.discard(old.width)
        widths = [(place.address, place.title) for place in places.widths(made, self.session.catalogue) if place.address not in taken]
        _fill(self.width_, widths, old.width if old is not None else None)
        _fill(self.to, [(case.label, case.label) for case in axis.all_cases()], old.to if old is not None else None)

    def applied(self, made: Document, axis: Axis) -> Document:
        """The document with the budget. Raises Refusal where there is no width to match by."""
        what, width, to = self.what.currentData(), self.width_.currentData(), self.to.currentData()
        if what is None:
            return made if axis.match is None else axis_edits.set_match(made, axis.name, None)
        if width is None:
            raise Refusal("Nothing here has a width that could be matched.")
        match = Match(what=what, width=width, to=to)
        if axis.match is not None and (axis.match.what, axis.match.width, axis.match.to) == (what, width, to):
            return made
        return axis_edits.set_match(made, axis.name, match)


def _fill(chooser: Chooser, options: list[tuple[str, str]], wanted: str | None) -> None:
    """Other options, where they are others; what was chosen stays where it still is one."""
    if [(chooser.itemData(at), chooser.itemText(at)) for at in range(chooser.count())] == options:
        return
    now = chooser.currentData() if chooser.count() else wanted
    with QSignalBlocker(chooser):
        chooser.clear()
        for value, title in options:
            chooser.addItem(title, value)
        chooser.setCurrentIndex(max(0, chooser.findData(now)) if options else -1)


class PreviewLines(QWidget):
    """What each case becomes; worked out away from the window's thread, after the last key."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setAccessibleName(tr("What each case becomes"))
        self._wanted: tuple[Document, str] | None = None
        self.lines: list[QLabel] = []
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 2, 0, 2)
        self._box.setSpacing(0)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._start)
        self.hide()

    def ask(self, made: Document, axis: str) -> None:
        """Another document is to be looked at."""
        self._wanted = (made, axis)
        self._pause.start()

    def forget(self) -> None:
        """Nothing is to be shown."""
        self._wanted = None
        self._pause.stop()

    def _start(self) -> None:
        if self._wanted is None:
            return
        (made, axis), catalogue = self._wanted, self.session.catalogue
        self.session.background.do(lambda: (made, case_previews.preview(made, axis, catalogue)), self._found, self._failed)

    def _failed(self, sentence: str) -> None:
        self._show([("small", sentence)])

    def _found(self, answer: tuple[Document, Preview]) -> None:
        made, found = answer
        if self._wanted is None or made is not self._wanted[0]:
            return
        lines: list[tuple[str, str]] = [("small", "Each case, of the whole model")]
        for case in found.cases[:MOST]:
            lines.append(("small-strong", case_head(case, found)))
            lines += [("axis", words) for words in case_words(case)]
        if len(found.cases) > MOST:
            lines.append(("axis", f"and {len(found.cases) - MOST:,} more"))
        if found.measured_later:
            lines.append(("axis", "The widths are found by measuring steps when the study is started."))
        if found.refused:
            lines.append(("error", found.refused))
        self._show(lines)

    def _show(self, lines: list[tuple[str, str]]) -> None:
        for old in self.lines:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.lines = []
        for kind, words in lines:
            made = label(words, "panel-title" if kind == "small-strong" else kind, wrap=True)
            if kind == "small-strong" and self.lines:
                made.setContentsMargins(0, 4, 0, 0)
            self._box.addWidget(made)
            self.lines.append(made)
        self.setVisible(bool(lines))

    @property
    def text(self) -> str:
        """Everything that is shown."""
        return "\n".join(line.text() for line in self.lines)


def case_head(case: CasePreview, found: Preview) -> str:
    """`Delta rule, key width 96`, `Delta rule, key width 24 to 96` where it depends on the other axes."""
    if not case.solved:
        return case.label
    width = found.width.rpartition(".")[2].replace("_", " ")
    values = sorted({one.value for one in case.solved})
    return f"{case.label}, {width} {number(values[0])}" + (f" to {number(values[-1])}" if len(values) > 1 else "")


def case_words(case: CasePreview) -> list[str]:
    """What it costs, how far a budget is off, what carries over and what does not; a sentence each."""
    lines: list[str] = []
    if case.refused:
        return [case.refused]
    if case.cost is not None:
        lines.append(f"{number(case.cost.parameters)} parameters · {size(case.cost.state_bytes)} of state")
    if case.solved:
        farthest = max(case.solved, key=lambda one: abs(one.off))
        words = matching.off_words(farthest).removesuffix(" than").removesuffix(" as")
        lines.append("exactly the budget" if words == "the same" else f"{words} than the budget")
    if case.kept:
        lines.append(f"takes over {', '.join(title.lower() for title in case.kept)}")
    if case.lost:
        lines.append(f"has no place for {', '.join(title.lower() for title in case.lost)}: default values there")
    return lines
