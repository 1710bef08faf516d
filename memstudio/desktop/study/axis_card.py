"""One axis of the study: folded its name and cases in a line, open everything that can be said of it."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from memstudio.desktop import fonts, icons, theme
from memstudio.desktop.inspector import typed
from memstudio.desktop.inspector.fold import Fold
from memstudio.desktop.labels import button, label
from memstudio.desktop.reading_order import in_reading_order
from memstudio.desktop.session import Session
from memstudio.desktop.slices import Slices
from memstudio.desktop.study import case_row, saying
from memstudio.desktop.study.budget import Budget
from memstudio.desktop.study.case_row import CaseRow
from memstudio.desktop.study.menus import More, clear
from memstudio.desktop.study.places import parameter_at
from memstudio.desktop.study.problem_lines import ProblemLines
from memstudio.desktop.study.tuning import Tuning
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr
from memstudio.experiment import axis_edits, edits
from memstudio.experiment.addresses import COMPONENT
from memstudio.experiment.document import Axis, Case, Document
from memstudio.experiment.parameters import Choice, Flag, Real, Refusal, Whole, WholeList


class AxisCard(QFrame):
    """Shows one axis and edits it. `kind_of` tells when a card must be made anew instead of shown again."""

    def __init__(self, session: Session, axis: Axis, at: int, is_open: bool = False) -> None:
        super().__init__()
        self.session, self.axis, self.at = session, axis, at
        self.setProperty("kind", "field")
        self.slices = Slices(self)
        self._rows: list[CaseRow] = []
        self._shapes: list[tuple[object, ...]] = []
        self._cases = QVBoxLayout()
        self._cases.setSpacing(8)
        self.values: QLineEdit | None = None
        self.add: QPushButton | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(10, 6, 8, 8)
        self._box.setSpacing(6)
        self._add_head(is_open)
        self.inside = QWidget()
        self._inside = QVBoxLayout(self.inside)
        self._inside.setContentsMargins(0, 0, 0, 4)
        self._inside.setSpacing(8)
        self._box.addWidget(self.inside)
        self._fill()
        self.slices.done.connect(self._whole)
        theme.themed.connect(self._tint)
        self.show_axis(axis, at)
        self._turn(is_open)

    def _add_head(self, is_open: bool) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.head = QToolButton()
        self.head.setCheckable(True)
        self.head.setChecked(is_open)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setProperty("kind", "axis")
        self.head.setFont(fonts.semibold())
        self.head.toggled.connect(self._turn)
        self.chip: QLabel = label(kind="small")
        self.more = More("More", self._fill_menu)
        row.addWidget(self.head)
        row.addStretch(1)
        row.addWidget(self.chip)
        row.addWidget(self.more)
        self._box.addLayout(row)
        self.says = label(kind="small", wrap=True)
        self.problem = ProblemLines(self.session)
        self._box.addWidget(self.says)
        self._box.addWidget(self.problem)

    def _fill(self) -> None:
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of the axis"))
        self.name.textEdited.connect(self._named)
        self.name.editingFinished.connect(self.session.history.stop_merging)
        self._inside.addWidget(_row("Name", self.name))
        self.error = label(kind="error", wrap=True)
        self.error.hide()
        self._inside.addWidget(self.error)
        if self.axis.cases is None:
            self._add_values()
        else:
            self._inside.addLayout(self._cases)
            self._add_adding()
        self._shared = QVBoxLayout(content := QWidget())
        self._shared.setContentsMargins(0, 0, 0, 0)
        self._shared.setSpacing(8)
        self.shared = Fold("Budget and tuning", content, self.axis.match is not None or self.axis.tuned is not None)
        self.shared.head.toggled.connect(self._fill_shared)
        self._inside.addWidget(self.shared)
        self._fill_shared(self.shared.head.isChecked())

    def _fill_shared(self, is_open: bool) -> None:
        """Most axes share nothing: the forms are made when they are first looked at."""
        if is_open and not self._shared.count():
            self._shared.addWidget(self.budget)
            self._shared.addWidget(self.tuning)

    @cached_property
    def budget(self) -> Budget:
        """The form of a budget that the cases share."""
        return Budget(self.session, self.axis)

    @cached_property
    def tuning(self) -> Tuning:
        """The form of an axis that is chosen on validation."""
        return Tuning(self.session, self.axis)

    def _add_values(self) -> None:
        self.values = QLineEdit()
        self.values.setAccessibleName(f"Values of {self.axis.name}")
        self.values.textEdited.connect(self._typed)
        self.values.editingFinished.connect(self._left)
        self._inside.addWidget(label("Values", "dim"))
        self._inside.addWidget(self.values)
        parameter = parameter_at(self.session.document, self.axis.set or "", self.session.catalogue)
        hint = typed.values_hint(parameter) if isinstance(parameter, Whole | Real | WholeList) else "Values with ; between them"
        self.values.setToolTip(hint)
        self._inside.addWidget(label(hint, "small", wrap=True))

    def _add_adding(self) -> None:
        self.add = button("Add case", self._open_adding, "", "Another case of this axis", f"Add a case to {self.axis.name}")
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch(1)
        self._inside.addLayout(row)

    # ------------------------------------------------------------------------------------------ showing

    def show_axis(self, axis: Axis, at: int) -> None:
        """Shows what the document has; the keyboard stays where it is. at: its place among the axes."""
        self.axis, self.at = axis, at
        session = self.session
        cases = axis.all_cases()
        self.head.setText(axis.name.replace("&", "&&"))
        self.head.setAccessibleName(f"Axis {axis.name}")
        self.setAccessibleName(f"Axis {axis.name}")
        self.more.setAccessibleName(f"More for axis {axis.name}")
        self.chip.setText("tuned" if axis.tuned is not None else f"{len(cases)} {'case' if len(cases) == 1 else 'cases'}")
        words = [
            ", ".join(case.label for case in cases) or self._range_text(),
            saying.match_text(session.document, axis, session.catalogue),
        ]
        self.says.setText("\n".join(word for word in words if word))
        if self.name.text().strip() != axis.name:
            with QSignalBlocker(self.name):
                self.name.setText(axis.name)
        if axis.cases is not None and self.is_open:
            self._show_cases(axis)
        if self.values is not None and not self._says_values():
            with QSignalBlocker(self.values):
                self.values.setText(self._values_text())
        for name in ("budget", "tuning"):
            if name in self.__dict__:
                self.__dict__[name].show_axis(axis)
        self._say(None)

    @property
    def rows(self) -> list[CaseRow]:
        """A row for each case."""
        if self.axis.cases is not None:
            self._show_cases(self.axis)
            self.slices.finish()
        return self._rows

    def _show_cases(self, axis: Axis) -> None:
        """A row for each case, made in slices; those whose editors stay are kept, with the keyboard where it is."""
        document, catalogue = self.session.document, self.session.catalogue
        self.slices.finish()
        shapes = [case_row.shape(document, case, catalogue) for case in axis.all_cases()]
        for row in self._rows[len(shapes) :]:
            _leave(self._cases, row)
        del self._rows[len(shapes) :], self._shapes[len(shapes) :]
        for at, (case, shape) in enumerate(zip(axis.all_cases(), shapes, strict=True)):
            if at >= len(self._rows):
                self.slices.add([partial(self._put_row, at, shape)])
            elif self._shapes[at] == shape:
                self._rows[at].show_case(axis, case)
            else:
                _leave(self._cases, self._rows[at])
                self._put_row(at, shape)
        self.slices.some()

    def _put_row(self, at: int, shape: tuple[object, ...]) -> None:
        made = CaseRow(self.session, self.axis, at)
        self._rows[at : at + 1], self._shapes[at : at + 1] = [made], [shape]
        self._cases.insertWidget(at, made)
        made.show()

    def _whole(self) -> None:
        in_reading_order(self)

    def _range_text(self) -> str:
        return typed.range_text(self.axis.range) if self.axis.range is not None else ""

    def _values_text(self) -> str:
        parameter = parameter_at(self.session.document, self.axis.set or "", self.session.catalogue)
        values = self.axis.values or []
        if self.axis.range is not None:
            return self._range_text()
        return typed.values_text(parameter, values) if isinstance(parameter, Whole | Real) else "; ".join(_text(value) for value in values)

    def _says_values(self) -> bool:
        """Whether what is typed means what the document has already (then the cursor is left alone)."""
        assert self.values is not None
        try:
            return self._after(self.session.document, self.values.text()) == self.session.document
        except Refusal:
            return False

    # ------------------------------------------------------------------------------------------ editing

    def _named(self, text: str) -> None:
        old = self.axis.name
        self._say(self.session.try_edit("Name axis", lambda document: axis_edits.rename(document, old, text), ("axis", self.at)))

    def _typed(self, text: str) -> None:
        self._say(
            self.session.try_edit(f"Vary {self.axis.name}", lambda document: self._after(document, text), ("values", self.axis.name)), True
        )

    def _after(self, document: Document, text: str) -> Document:
        """The document with the values, or the range of a tuned axis, that the text says. Raises Refusal."""
        axis, catalogue = self.axis, self.session.catalogue
        parameter = parameter_at(document, axis.set or "", catalogue)
        if isinstance(parameter, Whole | Real):
            wanted = typed.read_range(parameter, text) if axis.tuned is not None else None
            if wanted is not None:
                return axis_edits.set_range(document, axis.name, wanted, catalogue)
            return axis_edits.set_values(document, axis.name, typed.read_values(parameter, text), catalogue)
        if parameter is None:
            raise Refusal(f"{axis.set} leads nowhere in this experiment; remove the axis, or bring back what it sets.")
        values = typed.read_values(parameter, text if parameter.type == "whole_list" else text.replace(";", "\n"))
        return axis_edits.set_values(document, axis.name, values, catalogue)

    def _left(self) -> None:
        self.session.history.stop_merging()

    def _say(self, sentence: str | None, values: bool = False) -> None:
        self.error.setText(sentence or "")
        self.error.setVisible(sentence is not None)
        if self.values is not None:
            wrong = sentence is not None and values
            if bool(self.values.property("wrong")) != wrong:
                self.values.setProperty("wrong", wrong)
                self.values.style().unpolish(self.values)
                self.values.style().polish(self.values)

    def _fill_menu(self, menu: QMenu) -> None:
        name, last = self.axis.name, len(self.session.document.run.vary) - 1
        if self.axis.cases is None and self.axis.values:
            menu.addAction(
                tr("Write out as cases"), partial(self._do, "Write out cases", lambda document: axis_edits.to_cases(document, name))
            )
        for words, by, enabled in (("Move up", -1, self.at > 0), ("Move down", 1, self.at < last)):
            action = menu.addAction(words, partial(self._do, "Move axis", partial(_moved, name=name, by=by)))
            action.setEnabled(enabled)
        menu.addSeparator()
        menu.addAction(tr("Do not vary"), partial(self._do, "Do not vary", lambda document: edits.remove_axis(document, name)))

    def _do(self, name: str, change: Any) -> None:
        self._say(self.session.try_edit(name, change))

    def _open_adding(self) -> None:
        """A menu of what a new case could set, or at once a copy of the last case where there is nothing to choose."""
        assert self.add is not None
        options = self._options()
        if not options:
            self._add_case(self.axis.all_cases()[-1])
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        clear(menu)
        for case in options:
            menu.addAction(case.label.replace("&", "&&"), partial(self._add_case, case))
        menu.addSeparator()
        menu.addAction(tr("Copy of the last case"), partial(self._add_case, self.axis.all_cases()[-1]))
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def _options(self) -> list[Case]:
        """Cases that are not there yet: other components at the first place that all cases set, or other options of a choice."""
        cases, session = self.axis.all_cases(), self.session
        shared = [address for address in cases[0].set if all(address in case.set for case in cases)] if cases else []
        for address in shared:
            taken = [case.set[address] for case in cases]
            found = axis_edits.found_in_case(session.document, cases[0], address, session.catalogue)
            if address.endswith(f".{COMPONENT}") and found is not None and found.family is not None:
                entries = [one for one in session.catalogue.of_family(found.family) if one.component.alone or found.nested]
                return [Case(label=one.title, set={address: one.id}) for one in entries if one.id not in taken]
            if found is not None and isinstance(found.parameter, Choice):
                return [Case(label=title, set={address: value}) for value, title in found.parameter.options.items() if value not in taken]
            if found is not None and isinstance(found.parameter, Flag):
                return [Case(label="on" if value else "off", set={address: value}) for value in (True, False) if value not in taken]
        return []

    def _add_case(self, case: Case) -> None:
        name = self.axis.name
        self._say(self.session.try_edit("Add case", lambda document: axis_edits.add_case(document, name, case)))

    # ------------------------------------------------------------------------------------------ folding

    def open(self) -> None:
        """Opens the card and takes the keyboard to its first field."""
        self.head.setChecked(True)
        first = self.values or (self._rows[0].label if self._rows else self.name)
        first.setFocus(Qt.FocusReason.OtherFocusReason)
        first.selectAll()

    @property
    def is_open(self) -> bool:
        """Whether everything is shown."""
        return self.head.isChecked()

    def _turn(self, is_open: bool) -> None:
        if is_open and self.axis.cases is not None:
            self._show_cases(self.axis)
        self.inside.setVisible(is_open)
        self.says.setVisible(not is_open and bool(self.says.text()))
        self.head.setAccessibleDescription(tr("shown" if is_open else "folded"))
        self._tint(theme.current())

    def _tint(self, tokens: Tokens) -> None:
        self.head.setIcon(icons.icon("chevron" if self.is_open else "chevron-right", tokens))


def kind_of(axis: Axis) -> str:
    """What decides whether a card can show another axis: a short one has values (of an address), others have cases."""
    return f"values of {axis.set}" if axis.cases is None else "cases"


def _leave(layout: QVBoxLayout, widget: QWidget) -> None:
    layout.removeWidget(widget)
    widget.hide()
    widget.deleteLater()


def _moved(document: Document, name: str, by: int) -> Document:
    return axis_edits.move(document, name, by)


def _text(value: Any) -> str:
    return " ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)


def _row(title: str, field: QWidget) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(label(title, "dim"), 2)
    row.addWidget(field, 3)
    return box
