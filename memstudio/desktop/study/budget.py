"""A budget that the cases of an axis share: what is held equal, by which width, to which case, and what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from memstudio.desktop.inspector import fields
from memstudio.desktop.labels import button, label
from memstudio.desktop.session import Session
from memstudio.desktop.study.places import widths
from memstudio.desktop.study.saying import BUDGETS
from memstudio.desktop.study.settings import SettingsForm
from memstudio.desktop.words import size, tr
from memstudio.experiment import axis_edits, matching
from memstudio.experiment.cells import cell_cases, match_key
from memstudio.experiment.document import Axis, Document, Match
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Choice, Refusal

_NONE = "none"
#: their options follow the document
_WIDTH = Choice(name="width", title="By the width", default="", options={}, meaning="What is chosen in each case.")
_TO = Choice(name="to", title="As in case", default="", options={}, meaning="The case that the others are matched to.")


def solution(document: Document, catalogue: Catalogue) -> tuple[tuple[str, ...], str]:
    """What matching finds, a sentence for each cell, and why it finds nothing; what has to be measured is found when it runs."""
    by_time = [axis.match for axis in document.run.vary if axis.match is not None and axis.match.what == "step_time"]
    if by_time and by_time[0].key != match_key(document):
        return ("The time of a step is measured when the study is started, or now.",), ""
    try:
        return _found(matching.solve(document, catalogue)), ""
    except Refusal as refusal:
        return (), str(refusal)


def measured(document: Document, catalogue: Catalogue, ended: Callable[[], bool]) -> Document:
    """The document with widths that take as long a step, measured here; takes seconds. Raises Refusal, also once `ended` says so."""
    from memstudio.experiment.step_times import StepTimes

    with StepTimes() as step_time:

        def at(made: Document) -> float:
            if ended():
                raise Refusal("Measuring was given up.")
            return step_time(made)

        return matching.solve(document, catalogue, at)


def _found(document: Document) -> tuple[str, ...]:
    """`delta rule: key width 96, 25.3 kB, the same as attention`, once for all cells in which a case comes out the same."""
    matches = {axis.name: axis.match for axis in document.run.vary if axis.match is not None}
    lines: dict[str, None] = {}
    for cell in cell_cases(document):
        for name, solved in cell.matched:
            match = matches[name]
            has = _amount(match.what, solved.has)
            width = match.width.rpartition(".")[2].replace("_", " ")
            lines[f"{dict(cell.cases)[name]}: {width} {solved.value:,}, {has}, {matching.off_words(solved)} {match.to}"] = None
    return tuple(lines)


def _amount(what: str, has: float) -> str:
    if what == "step_time":
        return f"{1000 * has:.3g} ms a step"
    return size(has) if what == "state_bytes" else f"{has:,.0f} parameters"


class Budget(QWidget):
    """The form of one axis. `show_solution` gives it what matching found."""

    def __init__(self, session: Session, axis: Axis) -> None:
        super().__init__()
        self.session, self.axis = session, axis
        what = Choice(
            name="what",
            title="Held equal",
            default=_NONE,
            options={_NONE: "nothing", **BUDGETS},
            meaning="What every case is given as much of, so that memories are compared at one budget.",
        )
        self.what = fields.ChoiceField(what)
        self._head = SettingsForm(session, (self.what,), self._put, of=f"by {axis.name}")
        self.to, self.by = fields.ChoiceField(_TO), fields.ChoiceField(_WIDTH)
        self.form = SettingsForm(session, (self.to, self.by), self._put, of=f"by {axis.name}")
        self.found = label(kind="small", wrap=True)
        self.found.setAccessibleName(tr("What the budget comes to"))
        self.refused = label(kind="error", wrap=True)
        self.measure = button("Measure now", self._measure, "", "Train a few steps of each case, and find the widths that take as long")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self._head, self.form, self.found, self.refused):
            layout.addWidget(widget)
        layout.addWidget(self.measure, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_axis(axis)

    def show_axis(self, axis: Axis) -> None:
        """Shows what the document has."""
        self.axis = axis
        match = axis.match
        self._head.show_values({"what": match.what if match is not None else _NONE})
        self.form.setVisible(match is not None)
        by_time = match is not None and match.what == "step_time"
        self.measure.setVisible(by_time and match is not None and match.key != match_key(self.session.document))
        for widget in (self.found, self.refused):
            widget.setVisible(match is not None and bool(widget.text()))
        if match is not None:
            _offer(self.to.combo, {case.label: case.label for case in axis.all_cases()})
            _offer(self.by.combo, _width_options(self.session))
            self.form.show_values({"width": match.width, "to": match.to})

    def show_solution(self, found: tuple[str, ...], refused: str) -> None:
        """Says what each case is given, and how far that is off, before anything runs."""
        self.found.setText("\n".join(found))
        self.refused.setText(refused)
        self.found.setVisible(bool(found) and self.axis.match is not None)
        self.refused.setVisible(bool(refused) and self.axis.match is not None)

    def _put(self, name: str, value: Any) -> str | None:
        axis, session = self.axis, self.session
        if name == "what":
            match = None if value == _NONE else self._match(value)
            if match is None and value != _NONE:
                return "Nothing in this experiment has a width to match by; add a memory or an encoder first."
        else:
            match = axis.match.model_copy(update={name: value, "solved": {}, "key": ""}) if axis.match is not None else None
        words = "Hold nothing equal" if match is None else f"Hold {BUDGETS[match.what]} equal"
        return session.try_edit(words, lambda document: axis_edits.set_match(document, axis.name, match))

    def _measure(self) -> None:
        """Measures in the background; the solution is kept in the document, as one edit, and is what runs."""
        session = self.session
        document, catalogue = session.document, session.catalogue
        self.measure.setEnabled(False)
        self.measure.setText(tr("Measuring…"))
        session.measuring.do(lambda: (document, measured(document, catalogue, lambda: session.closed)), self._measured, self._not_measured)

    def _measured(self, answer: tuple[Document, Document]) -> None:
        asked, solved = answer
        self._rest()
        if asked is self.session.document:
            self.session.apply("Measure step time", solved)

    def _not_measured(self, sentence: str) -> None:
        self._rest()
        self.show_solution((), sentence)

    def _rest(self) -> None:
        self.measure.setEnabled(True)
        self.measure.setText(tr("Measure now"))

    def _match(self, what: Any) -> Match | None:
        """A budget of that kind: as it was, or by the first width of what is varied, to the first case."""
        if self.axis.match is not None:
            return Match(what=what, width=self.axis.match.width, to=self.axis.match.to)
        options, cases = _width_options(self.session), self.axis.all_cases()
        return Match(what=what, width=next(iter(options)), to=cases[0].label) if options and cases else None


def _width_options(session: Session) -> dict[str, str]:
    return {place.address: place.title for place in widths(session.document, session.catalogue)}


def _offer(combo: QComboBox, options: Mapping[str, str]) -> None:
    """Gives a combo box other options, where they are others."""
    if [combo.itemData(at) for at in range(combo.count())] != list(options):
        with QSignalBlocker(combo):
            combo.clear()
            for value, title in options.items():
                combo.addItem(title, value)
