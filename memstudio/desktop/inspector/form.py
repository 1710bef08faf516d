"""The generated form: a row for each parameter of a component, nested components with forms of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QVBoxLayout, QWidget
from shiboken6 import isValid

from memstudio.desktop.canvas.summary import same, shown
from memstudio.desktop.inspector import fields, reference_fields
from memstudio.desktop.inspector.component_box import ComponentBox
from memstudio.desktop.inspector.fold import Turn
from memstudio.desktop.inspector.reorder import Grip, Target
from memstudio.desktop.inspector.row import Row
from memstudio.desktop.labels import Elided, label, line
from memstudio.desktop.session import Session
from memstudio.desktop.slices import Slices
from memstudio.desktop.study.menus import Cross, More
from memstudio.desktop.words import tr
from memstudio.experiment import edits, together
from memstudio.experiment.entries import Entry
from memstudio.experiment.parameters import (
    Artifact,
    Choice,
    File,
    Flag,
    Nested,
    NestedList,
    NodeName,
    Parameter,
    Real,
    Text,
    Whole,
    WholeList,
)


def field_for(parameter: Parameter, session: Session, node: str) -> fields.Field:
    """The editor of a simple parameter."""
    match parameter:
        case Whole() | Real():
            return fields.NumberField(parameter)
        case Choice():
            return fields.ChoiceField(parameter)
        case Flag():
            return fields.FlagField(parameter)
        case WholeList():
            return fields.WholeListField(parameter)
        case Text():
            return fields.TextField(parameter)
        case File():
            return reference_fields.FileField(parameter, session)
        case Artifact():
            return reference_fields.ArtifactField(parameter, session)
        case NodeName():
            return reference_fields.NodeField(parameter, session, node)
    return fields.LineField(parameter)


class Form(QWidget):
    """Rows for some parameters of an entry. prefix: the address of what has them (`mem1`, `mem1.inner`). `narrow` leaves some out.

    Rows are made in slices, from the first one on, or at once when they are asked for.
    """

    def __init__(
        self, session: Session, entry: Entry, prefix: str, parameters: Sequence[Parameter], slices: Slices, nested: bool = False
    ) -> None:
        super().__init__()
        self.session, self.entry, self.prefix, self.slices = session, entry, prefix, slices
        self._rows: dict[str, AnyRow] = {}
        self._waiting = deque(parameters)
        self._nested = nested
        self._problems: Mapping[str, str] = {}
        self._values: Mapping[str, Any] = {}
        self._words, self._only_changed = "", False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(12)
        self.number = len(parameters)
        slices.add([self._step] * self.number)

    @property
    def rows(self) -> dict[str, AnyRow]:
        """Each parameter's row."""
        while self._waiting:
            self._make_next()
        return self._rows

    def _step(self) -> None:
        if isValid(self) and self._waiting:
            self._make_next()

    def _make_next(self) -> None:
        parameter = self._waiting.popleft()
        made = self._rows[parameter.name] = self._row(parameter)
        made.show_value(self._values[parameter.name])
        self._show_problem(parameter.name, made)
        self._layout.addWidget(made)
        made.setVisible(self._fits(made))

    def _row(self, parameter: Parameter) -> AnyRow:
        session, address = self.session, f"{self.prefix}.{parameter.name}"
        if isinstance(parameter, Nested):
            return NestedForm(session, parameter, address, self.slices)
        if isinstance(parameter, NestedList):
            return NestedListForm(session, parameter, address, self.slices)
        default = self.entry.defaults(self._nested)[parameter.name]
        return Row(session, parameter, address, default, field_for(parameter, session, self.prefix.partition(".")[0]))

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Shows values (those of the document; defaults fill the rest), and hides what does not apply to them."""
        self._values = full = {**self.entry.defaults(self._nested), **values}
        for name, row in self._rows.items():
            row.show_value(full[name])
        self._choose()

    def narrow(self, words: str, only_changed: bool) -> int:
        """Shows only the rows that the words are found in, and that were changed; how many are shown, or may be once they are made."""
        self._words, self._only_changed = words.strip().lower(), only_changed
        return self._choose()

    def _fits(self, row: AnyRow) -> bool:
        return row.fits(self._words, self._only_changed) and shown(row.parameter, self._values)

    def _choose(self) -> int:
        number = len(self._waiting)
        for row in self._rows.values():
            fits = self._fits(row)
            row.setVisible(fits)
            number += fits
        return number

    @property
    def is_changed(self) -> bool:
        """Whether a value differs from its default."""
        defaults = self.entry.defaults(self._nested)
        return any(not same(value, defaults[name]) for name, value in self._values.items() if name in defaults)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Shows errors where they belong: address inside this form -> sentence."""
        self._problems = problems
        for name, row in self._rows.items():
            self._show_problem(name, row)

    def _show_problem(self, name: str, row: AnyRow) -> None:
        problems = self._problems
        if not isinstance(row, Row):
            row.show_problems({rest: sentence for at, sentence in problems.items() if (rest := _below(at, name)) is not None})
        elif name in problems:
            row.show_problem(problems[name])


def _below(address: str, name: str) -> str | None:
    """`heads` of `inner.heads` for the name `inner`; "" for `inner` itself; None for what lies elsewhere."""
    if address == name:
        return ""
    return address.removeprefix(f"{name}.") if address.startswith(f"{name}.") else None


class _Indented(QWidget):
    """What a nested component's form stands in: a line at its left."""

    def __init__(self) -> None:
        super().__init__()
        self.box = QVBoxLayout()
        self.box.setSpacing(12)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 4, 0, 0)
        row.setSpacing(12)
        row.addWidget(line(upright=True))
        row.addLayout(self.box, 1)


class NestedForm(QWidget):
    """A component inside this one: which one, and its own form, which folds."""

    def __init__(self, session: Session, parameter: Nested, address: str, slices: Slices, title: str | None = None) -> None:
        super().__init__()
        self.session, self.parameter, self.address, self.slices = session, parameter, address, slices
        self.title = title or parameter.title
        self.component = ""
        self.form: Form | None = None
        self.box = ComponentBox(session, self.title, f"{address}.component", fitting(session, parameter))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.head = Turn(self.title)
        self.head.setToolTip(parameter.meaning)
        self.head.toggled.connect(self._turn)
        self.more = More(f"More for {self.title}", self.fill_menu)
        self.row = QHBoxLayout()
        self.row.setSpacing(4)
        self.row.addWidget(self.head)
        self.row.addStretch(1)
        self.row.addWidget(self.more)
        self._error = label(kind="error", wrap=True)
        self._error.hide()
        self._inside = _Indented()
        layout.addLayout(self.row)
        for widget in (self.box, self._error, self._inside):
            layout.addWidget(widget)

    @property
    def first(self) -> QWidget:
        """The widget that takes the keyboard."""
        return self.box.combo

    def fill_menu(self, menu: QMenu) -> None:
        """What can be done with the component as a whole."""
        if len(self.box.entries) > 1:
            menu.addAction(tr("Vary…"), self.box.open_vary)
        changed = self.form is not None and self.form.is_changed
        menu.addAction(tr("Reset all"), self.reset_all).setEnabled(changed)

    def reset_all(self) -> None:
        """Every value of this component as it is by default, in one edit."""
        session, address = self.session, self.address
        name = f"Reset {self.title.lower()}"
        session.edit(name, lambda document: together.reset_component(document, address, session.catalogue))

    def show_value(self, value: Any) -> None:
        """Shows {"component": ..., "values": {...}}; the form is made anew when the component is another one."""
        given = value if isinstance(value, Mapping) else {}
        component = str(given.get("component", ""))
        self.box.show_component(component)
        self._error.hide()
        if component != self.component or self.form is None:
            self.component = component
            self._make_form()
        if self.form is not None:
            inner = given.get("values", {})
            self.form.show_values(inner if isinstance(inner, Mapping) else {})

    def _make_form(self) -> None:
        if self.form is not None:
            self.form.hide()
            self.form.deleteLater()
            self.form = None
        if self.component in self.session.catalogue:
            entry = self.session.catalogue.entry(self.component)
            self.form = Form(self.session, entry, self.address, entry.parameters(nested=True), self.slices, nested=True)
            self._inside.box.addWidget(self.form)
            self.form.show()
        self._turn(self.head.isChecked())

    def _turn(self, is_open: bool) -> None:
        self._inside.setVisible(is_open and self.form is not None and self.form.number > 0)

    def fits(self, words: str, only_changed: bool) -> bool:
        """Whether it is shown when only some rows are: it is called so itself, or something in it fits."""
        entry = self.session.catalogue.entry(self.component) if self.component in self.session.catalogue else None
        called = bool(words) and words in f"{self.title} {entry.title if entry is not None else self.component}".lower()
        inside = self.form.narrow("" if called else words, only_changed) if self.form is not None else 0
        return inside > 0 or (not only_changed and (called or not words))

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Shows errors where they belong; "" is this component itself."""
        own = problems.get("") or problems.get("component")
        self._error.setText(own or "")
        self._error.setVisible(own is not None)
        if self.form is not None:
            self.form.show_problems(problems)


def fitting(session: Session, parameter: Nested | NestedList) -> list[Entry]:
    """The entries that may stand in a nested place: of its family, with its traits."""
    return [entry for entry in session.catalogue.of_family(parameter.family) if parameter.traits <= entry.component.traits]


class NestedListForm(QWidget):
    """An ordered list of components, each with its own form: added, moved (dragged by its grip, or by keys there), removed."""

    def __init__(self, session: Session, parameter: NestedList, address: str, slices: Slices) -> None:
        super().__init__()
        self.session, self.parameter, self.address, self.slices = session, parameter, address, slices
        self.items: list[NestedForm] = []
        self.grips: list[Grip] = []
        self._value: list[Any] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self._head = Elided(parameter.title, "dim")
        self.setToolTip(parameter.meaning)
        self._error = label(kind="error", wrap=True)
        self._error.hide()
        self._add: QComboBox = fields.combo([("", "Add…"), *((e.id, e.title) for e in fitting(session, parameter))])
        self._add.setAccessibleName(f"Add to {parameter.title.lower()}")
        self._add.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._add.activated.connect(self._added)
        for widget in (self._head, self._error, self._add):
            self._layout.addWidget(widget)
        self._target = Target(self)

    @property
    def first(self) -> QWidget:
        """The widget that takes the keyboard."""
        return self.items[0].first if self.items else self._add

    def show_value(self, value: Any) -> None:
        """Shows a list of {"component": ..., "values": {...}}."""
        entries = list(value) if isinstance(value, list | tuple) else []
        if len(entries) != len(self.items):
            self._make_items(len(entries))
        self._value = entries
        for item, entry in zip(self.items, entries, strict=True):
            item.show_value(entry)
        self._add.setEnabled(len(entries) < self.parameter.longest)
        self._add.setToolTip("" if self._add.isEnabled() else f"At most {self.parameter.longest} fit")

    def _make_items(self, number: int) -> None:
        for item in self.items:
            item.hide()
            item.deleteLater()
        self.items, self.grips = [], []
        for index in range(number):
            title = f"{self.parameter.title}, {index + 1}"
            item = NestedForm(self.session, self.parameter.item, f"{self.address}.{index}", self.slices, title)
            place = f"{self.parameter.title.lower()} {index + 1}"
            grip = Grip(f"Move {place}", partial(self._nudge, index), partial(self._dragged, index), self._let_go)
            item.row.insertWidget(0, grip)
            item.row.insertWidget(item.row.count() - 1, Cross(f"Remove {place}", partial(self._remove, index)))
            self._layout.insertWidget(2 + index, item)
            item.show()
            self.items.append(item)
            self.grips.append(grip)

    def _place(self, y: int) -> int:
        """Before which item something falls that is let go at a height of the screen."""
        here = self.mapFromGlobal(QPoint(0, y)).y()
        return sum(here > item.geometry().center().y() for item in self.items)

    def _dragged(self, index: int, y: int) -> None:
        place = self._place(y)
        before = self.items[place].y() - 5 if place < len(self.items) else self.items[-1].geometry().bottom() + 3
        self._target.show_at(index, place, before)

    def _let_go(self) -> None:
        taken = self._target.take()
        if taken is not None:
            index, place = taken
            step = place - index - (place > index)
            if step:
                self._move(index, step)

    def _nudge(self, index: int, step: int) -> None:
        if 0 <= index + step < len(self._value):
            self._move(index, step)
            self.grips[index + step].setFocus(Qt.FocusReason.OtherFocusReason)

    def _set(self, name: str, value: list[Any]) -> None:
        self.session.edit(name, lambda document: edits.set_value(document, self.address, value, self.session.catalogue))

    def _added(self, index: int) -> None:
        component = self._add.itemData(index)
        self._add.setCurrentIndex(0)
        if component:
            self._set(f"Add {self._add.itemText(index)}", [*self._value, {"component": component, "values": {}}])

    def _move(self, index: int, step: int) -> None:
        value = list(self._value)
        value.insert(index + step, value.pop(index))
        self._set(f"Move in {self.parameter.title.lower()}", value)

    def _remove(self, index: int) -> None:
        self._set(f"Remove from {self.parameter.title.lower()}", [*self._value[:index], *self._value[index + 1 :]])
        (self.grips[min(index, len(self.grips) - 1)] if self.grips else self._add).setFocus(Qt.FocusReason.OtherFocusReason)

    def fits(self, words: str, only_changed: bool) -> bool:
        """Whether it is shown when only some rows are."""
        if only_changed and not self._value:
            return False
        called = not words or words in self.parameter.title.lower()
        inside = [item.fits("" if called else words, False) for item in self.items]
        return called or any(inside)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Shows errors where they belong: "0.heads" is in the first item."""
        self._error.setText(problems.get("", ""))
        self._error.setVisible("" in problems)
        for index, item in enumerate(self.items):
            item.show_problems({rest: sentence for at, sentence in problems.items() if (rest := _below(at, str(index))) is not None})


AnyRow = Row | NestedForm | NestedListForm
