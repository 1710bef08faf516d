"""The small form under a parameter that makes it an axis of the study: values or cases, a budget, what each becomes, how many runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from memstudio.desktop import lengths
from memstudio.desktop.inspector import axes, typed
from memstudio.desktop.inspector.fields import Check
from memstudio.desktop.inspector.vary_preview import BudgetChoice, PreviewLines
from memstudio.desktop.labels import Elided, button, label, search_field
from memstudio.desktop.session import Session
from memstudio.desktop.study import saying
from memstudio.desktop.words import tr
from memstudio.experiment import studies
from memstudio.experiment.addresses import find
from memstudio.experiment.document import Axis, Document
from memstudio.experiment.entries import Entry
from memstudio.experiment.parameters import Choice, Flag, Parameter, Real, Refusal, Whole, WholeList

#: more components than this can be filtered
MANY = 10


class Vary(QFrame):
    """What both forms share: a heading, the cases, a budget, what each case becomes, the number of runs, and the buttons.

    `finished`: it may be closed.
    """

    finished = Signal()

    def __init__(self, session: Session, title: str, address: str) -> None:
        super().__init__()
        self.session, self.address = session, address
        self.setProperty("kind", "field")
        self.setAccessibleName(f"Vary {title.lower()}")
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(10, 8, 10, 8)
        self.box.setSpacing(6)
        self.budget: BudgetChoice | None = None
        self.preview = PreviewLines(session)
        self.count = label(kind="small", wrap=True)
        self.time = label(kind="small", wrap=True)
        self.error = label(kind="error", wrap=True)
        self.error.hide()
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        self.accept = button("Vary", self._accept, "primary", "Make this an axis of the study")
        self.remove = button("Do not vary", self._remove, "", "Take this axis out of the study")
        row.addWidget(self.accept)
        row.addWidget(self.remove)
        row.addStretch(1)
        row.addWidget(button("Cancel", self.finished.emit, "quiet"))
        self.more = button("Labels, budget, tuning…", session.study_asked.emit, "link", "Show this axis in the study")

    def finish_layout(self) -> None:
        """Puts what stands under the cases."""
        for widget in (self.preview, self.count, self.time, self.error, self._buttons):
            self.box.addWidget(widget)
        self.box.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        varied = axes.axis_of(self.session.document, self.address) is not None
        self.remove.setVisible(varied)
        self.more.setVisible(varied)

    def wanted(self, document: Document) -> Document:
        """The document with the axis as it stands in the form. Raises Refusal."""
        made = self.varied(document)
        axis = axes.axis_of(made, self.address)
        return made if self.budget is None or axis is None else self.budget.applied(made, axis)

    def varied(self, document: Document) -> Document:
        """The same without its budget. Raises Refusal."""
        raise NotImplementedError

    def add_budget(self) -> None:
        """Lets a budget be chosen that every case is given as much of as one of them."""
        self.budget = BudgetChoice(self.session, axes.axis_of(self.session.document, self.address))
        self.budget.changed.connect(self.look)
        self.box.addWidget(self.budget)

    def look(self) -> None:
        """Says what each case becomes and how many runs it comes to, or why it cannot be."""
        try:
            made = self.varied(self.session.document)
            axis = axes.axis_of(made, self.address)
            if self.budget is not None and axis is not None:
                self.budget.offer(made, axis, self.address)
                made = self.budget.applied(made, axis)
            studies.cells(made)
        except Refusal as refusal:
            self._refuse(str(refusal))
            return
        self.accept.setEnabled(True)
        self.error.hide()
        number = studies.count(made)
        self.count.show()
        self.count.setText(saying.count_text(number))
        guess = self.session.guess(made)
        self.time.setText(guess)
        self.time.setVisible(bool(guess))
        if axis is not None:
            self.preview.ask(made, axis.name)

    def _refuse(self, sentence: str) -> None:
        self.accept.setEnabled(False)
        for widget in (self.count, self.time, self.preview):
            widget.hide()
        self.preview.forget()
        self.error.setText(sentence)
        self.error.show()

    def _accept(self) -> None:
        if self.session.try_edit("Vary", self.wanted) is None:
            self.finished.emit()

    def _remove(self) -> None:
        axis = axes.axis_of(self.session.document, self.address)
        if axis is not None:
            self.session.edit("Do not vary", lambda document: axes.without_address(document, axis, self.address))
        self.finished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.finished.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.accept.isEnabled():
            self._accept()
        else:
            super().keyPressEvent(event)


class VaryBox(Vary):
    """An axis over the values of one parameter."""

    def __init__(self, session: Session, parameter: Parameter, address: str) -> None:
        super().__init__(session, parameter.title, address)
        self.parameter = parameter
        self._checks: list[tuple[Any, QCheckBox]] = []
        self._by_case: dict[str, QLineEdit] = {}
        self._line: QLineEdit | None = None
        self._lines: QPlainTextEdit | None = None
        axis = axes.axis_of(session.document, address)
        value = find(session.document, address, session.catalogue).value
        values = axes.values_of(axis, address) if axis is not None else typed.suggested(parameter, value)
        self._shared = axis if axis is not None and axes.is_shared(axis) and isinstance(parameter, Whole | Real | WholeList) else None
        if self._shared is not None:
            self._add_cases(self._shared)
        elif isinstance(parameter, Choice | Flag):
            self._add_checks(parameter, values if axis is not None else None)
        elif isinstance(parameter, Whole | Real | WholeList):
            self._add_line(parameter, values)
        else:
            self._add_lines(parameter, values)
        if self._shared is None:
            self.add_budget()
        self.finish_layout()
        self.look()

    def _add_cases(self, axis: Axis) -> None:
        """An axis that sets other things too: one field for each of its cases."""
        self.box.addWidget(label(f"In each case of {axis.name}", "small", wrap=True))
        grid = QGridLayout()
        for row, case in enumerate(one for one in axis.cases or () if self.address in one.set):
            line = QLineEdit(typed.one_text(self.parameter, case.set[self.address]))
            line.setAccessibleName(f"{self.parameter.title} in {case.label}")
            line.textChanged.connect(self.look)
            grid.addWidget(Elided(case.label, "dim"), row, 0)
            grid.addWidget(line, row, 1)
            self._by_case[case.label] = line
        self.box.addLayout(grid)
        self.accept.setText(tr("Set"))

    def _add_checks(self, parameter: Choice | Flag, values: Sequence[Any] | None) -> None:
        options = list(parameter.options.items()) if isinstance(parameter, Choice) else [(True, "on"), (False, "off")]
        for value, title in options:
            check = Check(title)
            check.setChecked(values is None or value in values)
            check.toggled.connect(self.look)
            self.box.addWidget(check)
            self._checks.append((value, check))

    def _add_line(self, parameter: Whole | Real | WholeList, values: list[Any]) -> None:
        self._line = QLineEdit(typed.values_text(parameter, values))
        self._line.setAccessibleName(f"Values of {parameter.title.lower()}")
        wanted = typed.values_hint(parameter)
        self._line.setToolTip(wanted)
        self._line.textChanged.connect(self.look)
        self.box.addWidget(label(wanted, "small", wrap=True))
        self.box.addWidget(self._line)

    def _add_lines(self, parameter: Parameter, values: list[Any]) -> None:
        self._lines = QPlainTextEdit(typed.values_text(parameter, values))
        self._lines.setAccessibleName(f"Values of {parameter.title.lower()}, one a line")
        lengths.fix(self._lines, height=72)
        self._lines.textChanged.connect(self.look)
        self.box.addWidget(label("One value a line", "small"))
        self.box.addWidget(self._lines)

    def start(self) -> None:
        """Takes the keyboard."""
        first = self._line or self._lines or next(iter(self._by_case.values()), None) or self._checks[0][1]
        first.setFocus(Qt.FocusReason.OtherFocusReason)
        if self._line is not None:
            self._line.selectAll()

    def values(self) -> list[Any]:
        """The values as they stand in the form. Raises Refusal."""
        if self._checks:
            ticked = [value for value, check in self._checks if check.isChecked()]
            if len(ticked) < 2:
                raise Refusal(f"Tick at least two options of {self.parameter.title.lower()}.")
            return ticked
        text = self._line.text() if self._line is not None else self._lines.toPlainText() if self._lines is not None else ""
        return typed.read_values(self.parameter, text)

    def varied(self, document: Document) -> Document:
        if self._shared is not None:
            values = {label: typed.read_one(self.parameter, line.text()) for label, line in self._by_case.items()}
            return axes.with_case_values(document, self._shared, self.address, values)
        return axes.with_values(document, self.parameter, self.address, self.values(), self.session.catalogue)


class VaryComponent(Vary):
    """An axis over the component at a place: which of those that could stand there are compared."""

    def __init__(self, session: Session, address: str, entries: Sequence[Entry], now: str) -> None:
        super().__init__(session, "the component", address)
        self._name = entries[0].family.title.lower().removesuffix("s") if entries else "component"
        axis = axes.axis_of(session.document, address)
        chosen = axes.values_of(axis, address) if axis is not None else [now]
        self._checks: list[tuple[str, QCheckBox]] = []
        self.box.addWidget(label("Compare these, each in its own runs", "small", wrap=True))
        inside = QWidget()
        inside.setProperty("kind", "clear")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(2)
        for entry in entries:
            check = Check(entry.title)
            check.setToolTip(entry.summary)
            check.setChecked(entry.id in chosen)
            check.toggled.connect(self.look)
            column.addWidget(check)
            self._checks.append((entry.id, check))
        column.addStretch(1)
        self._entries = {entry.id: entry for entry in entries}
        self.filter = search_field("Filter components")
        self.filter.textChanged.connect(self._narrow)
        self.filter.setVisible(len(entries) > MANY)
        self.box.addWidget(self.filter)
        if len(entries) > MANY:
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFixedHeight(216)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            area.setWidget(inside)
            self.box.addWidget(area)
            self._area: QScrollArea | None = area
        else:
            self.box.addWidget(inside)
            self._area = None
        self.add_budget()
        self.finish_layout()
        self.look()

    def _narrow(self, text: str) -> None:
        """Shows the components that the words are found in, and always those that are ticked."""
        words = text.strip().lower()
        for id, check in self._checks:
            entry = self._entries[id]
            said = " ".join((entry.title, entry.summary, *entry.component.synonyms)).lower()
            check.setVisible(check.isChecked() or words in said)

    def start(self) -> None:
        """Takes the keyboard, and shows what is ticked."""
        first = next((check for _, check in self._checks if check.isChecked()), self._checks[0][1] if self._checks else self)
        (self.filter if self._area is not None else first).setFocus(Qt.FocusReason.OtherFocusReason)
        if self._area is not None and isinstance(first, Check):
            self._area.ensureWidgetVisible(first)

    def varied(self, document: Document) -> Document:
        ticked = [id for id, check in self._checks if check.isChecked()]
        if len(ticked) < 2:
            raise Refusal("Tick at least two components.")
        return axes.with_components(document, self.address, ticked, self.session.catalogue, self._name)
