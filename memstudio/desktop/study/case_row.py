"""One case of an axis: its label, and an editor for each thing that it sets."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from memstudio.desktop.canvas.summary import value_text
from memstudio.desktop.inspector import fields
from memstudio.desktop.inspector.form import field_for
from memstudio.desktop.labels import Elided, label
from memstudio.desktop.session import Session
from memstudio.desktop.study import saying
from memstudio.desktop.study.menus import Cross, More, fill_places
from memstudio.desktop.study.places import places
from memstudio.desktop.words import tr
from memstudio.experiment import axis_edits, edits
from memstudio.experiment.addresses import COMPONENT, RUN
from memstudio.experiment.document import Axis, Case, Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Artifact, Choice, File, Nested, NestedList, NodeName, Parameter


class FixedField(fields.Field):
    """A value that has no editor of its own here (a list of components, say): shown, and set from what the form has now."""

    def __init__(self, parameter: Parameter, text: str) -> None:
        super().__init__(parameter)
        self.line = QLineEdit(text)
        self.line.setReadOnly(True)
        self.take(self.line)
        self.box.addWidget(self.line)

    @property
    def editor(self) -> QWidget:
        return self.line

    def show_value(self, value: Any) -> None:
        """The text is made with the field; another value makes another field."""


class CaseRow(QWidget):
    """A case. It edits the document itself; `shape` tells when it must be made anew."""

    def __init__(self, session: Session, axis: Axis, at: int) -> None:
        super().__init__()
        self.session, self.axis, self.at = session, axis, at
        case = axis.all_cases()[at]
        self.fields: dict[str, fields.Field] = {}
        self._names: dict[str, Elided] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(4)
        self.label = QLineEdit()
        self.label.textEdited.connect(self._labelled)
        self.label.editingFinished.connect(session.history.stop_merging)
        self.more = More(f"More for case {case.label}", self._fill_menu)
        head.addWidget(self.label, 1)
        head.addWidget(self.more)
        layout.addLayout(head)
        grid = QGridLayout()
        grid.setContentsMargins(8, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        for row, (address, value) in enumerate(case.set.items()):
            self._add(grid, row, session.document, case, address, value)
        layout.addLayout(grid)
        self.error: QLabel = label(kind="error", wrap=True)
        self.error.hide()
        layout.addWidget(self.error)
        self.show_case(axis, case)

    def _add(self, grid: QGridLayout, row: int, document: Document, case: Case, address: str, value: Any) -> None:
        session = self.session
        name = Elided(saying.address_text(document, address, session.catalogue, case), "dim")
        field = field_of(session, document, case, address, value)
        field.chosen.connect(partial(self._set, address))
        field.wrong.connect(partial(self._wrong, address))
        field.done.connect(session.history.stop_merging)
        field.editor.setAccessibleName(f"{name.whole} in {case.label}")
        grid.addWidget(name, row, 0)
        grid.addWidget(field, row, 1)
        if len(case.set) > 1:
            grid.addWidget(Cross(f"{case.label} does not set {name.whole.lower()}", partial(self._leave_out, address)), row, 2)
        self.fields[address] = field
        self._names[address] = name

    # ------------------------------------------------------------------------------------------ showing

    def show_case(self, axis: Axis, case: Case) -> None:
        """Shows the label and values that the document has."""
        self.axis = axis
        self.setAccessibleName(f"Case {case.label}")
        self.label.setAccessibleName(f"Label of case {self.at + 1}")
        self.more.setAccessibleName(f"More for case {case.label}")
        if self.label.text().strip() != case.label:
            with QSignalBlocker(self.label):
                self.label.setText(case.label)
        for address, field in self.fields.items():
            field.show_value(case.set[address])
            field.mark_wrong(False)
        self.error.hide()

    @property
    def case(self) -> Case:
        """The case as the document has it."""
        return self.axis.all_cases()[self.at]

    # ------------------------------------------------------------------------------------------ editing

    def _labelled(self, text: str) -> None:
        name, at = self.axis.name, self.at
        sentence = self.session.try_edit("Name case", lambda document: axis_edits.label_case(document, name, at, text), ("label", name, at))
        self._say(sentence)

    def _set(self, address: str, value: object) -> None:
        name, at, catalogue = self.axis.name, self.at, self.session.catalogue
        sentence = self.session.try_edit(
            f"Set in {self.case.label}",
            lambda document: axis_edits.set_in_case(document, name, at, address, value, catalogue),
            ("case", name, at, address),
        )
        if sentence is not None:
            self._wrong(address, sentence.removeprefix(f"{address}: "))

    def _wrong(self, address: str, sentence: str) -> None:
        self.fields[address].mark_wrong(True)
        self._say(sentence)

    def _say(self, sentence: str | None) -> None:
        self.error.setText(sentence or "")
        self.error.setVisible(sentence is not None)

    def _leave_out(self, address: str) -> None:
        name, at = self.axis.name, self.at
        self._say(self.session.try_edit("Set less", lambda document: axis_edits.leave_out(document, name, at, address)))

    def _also(self, address: str) -> None:
        name, at, session = self.axis.name, self.at, self.session
        made = axis_edits.in_case(session.document, self.case, session.catalogue)
        value = getattr(made.run, address.partition(".")[2]) if address.startswith(f"{RUN}.") else _value(made, address, session.catalogue)
        self._say(
            session.try_edit(
                f"Set in {self.case.label}",
                lambda document: axis_edits.set_in_case(document, name, at, address, value, session.catalogue),
            )
        )

    def _fill_menu(self, menu: QMenu) -> None:
        name, at, last = self.axis.name, self.at, len(self.axis.all_cases()) - 1
        session, case = self.session, self.case
        inner = menu.addMenu(tr("Also set"))
        fill_places(inner, places(session.document, session.catalogue, case), self._also, case.set)
        for address, field in self.fields.items():
            if isinstance(field, FixedField) and axis_edits.found_in_case(session.document, case, address, session.catalogue) is not None:
                words = f"Take {self._names[address].whole.lower()} from the canvas"
                menu.addAction(words, partial(self._set, address, _value(session.document, address, session.catalogue)))
        menu.addAction(tr("Duplicate"), partial(self._do, "Add case", lambda document: axis_edits.add_case(document, name, case, at + 1)))
        menu.addAction(tr("Show on the canvas"), self._show_on_canvas)
        menu.addSeparator()
        for words, by, enabled in (("Move up", -1, at > 0), ("Move down", 1, at < last)):
            move = partial(_moved, name=name, at=at, by=by)
            menu.addAction(words, partial(self._do, "Move case", move)).setEnabled(enabled)
        menu.addAction(tr("Remove"), partial(self._do, "Remove case", lambda document: axis_edits.remove_case(document, name, at)))

    def _do(self, name: str, change: Any) -> None:
        self._say(self.session.try_edit(name, change))

    def _show_on_canvas(self) -> None:
        """What the case sets becomes what Build shows, so that its shapes and costs can be looked at; the axis stays."""
        case, catalogue = self.case, self.session.catalogue

        def shown(document: Document) -> Document:
            for address, value in case.set.items():
                document = edits.set_value(document, address, value, catalogue)
            return document

        self._say(self.session.try_edit(f"Show {case.label}", shown))


def _moved(document: Document, name: str, at: int, by: int) -> Document:
    return axis_edits.move_case(document, name, at, by)


def _value(document: Document, address: str, catalogue: Catalogue) -> Any:
    from memstudio.experiment.addresses import find

    return find(document, address, catalogue).value


def shape(document: Document, case: Case, catalogue: Catalogue) -> tuple[object, ...]:
    """What decides which editors a case has: its addresses, and what stands at each in this case."""
    kinds: list[object] = []
    for address, value in case.set.items():
        found = axis_edits.found_in_case(document, case, address, catalogue)
        parameter = found.parameter if found is not None else None
        kinds.append((address, found.family if found else None, parameter, value if _is_fixed(parameter) else None))
    return tuple(str(kind) for kind in kinds)


def _is_fixed(parameter: Parameter | None) -> bool:
    return isinstance(parameter, Nested | NestedList | Artifact | File)


def field_of(session: Session, document: Document, case: Case, address: str, value: Any) -> fields.Field:
    """The editor of one thing that a case sets: of the parameter as it is where the case's components stand."""
    catalogue = session.catalogue
    node, _, rest = address.partition(".")
    found = axis_edits.found_in_case(document, case, address, catalogue)
    if node == RUN and rest in saying.RUN_SETTINGS:
        parameter: Parameter | None = saying.RUN_SETTINGS[rest]
    elif found is not None and found.family is not None:
        options = {entry.id: entry.title for entry in catalogue.of_family(found.family) if entry.component.alone or found.nested}
        parameter = Choice(name=COMPONENT, title="Component", default="", options=options)
    else:
        parameter = found.parameter if found is not None else None
    if parameter is None:
        title = saying.address_text(document, address, catalogue, case)
        return FixedField(Parameter(name=rest, title=title, default=None, meaning=f"{address} leads nowhere in this case."), str(value))
    if _is_fixed(parameter):
        return FixedField(parameter, value_text(parameter, value, catalogue))
    field = field_for(parameter, session, node) if isinstance(parameter, NodeName) or node != RUN else field_for(parameter, session, "")
    if isinstance(field, fields.NumberField):
        field.slider.hide()
    return field
