"""A person who builds an experiment they have seen, from an empty canvas, with the window's own controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu

from memstudio.desktop.inspector import fields
from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.inspector.node_page import NodePage
from memstudio.desktop.inspector.row import Row
from memstudio.desktop.inspector.typed import one_text
from memstudio.desktop.study.axis_card import AxisCard
from memstudio.desktop.study.case_row import CaseRow, FixedField
from memstudio.desktop.study.page import StudyPage
from memstudio.desktop.window import Window
from memstudio.experiment import edits
from memstudio.experiment.addresses import find
from memstudio.experiment.document import Axis, Case, Document, Node
from memstudio.experiment.parameters import Refusal
from tests.desktop.hand import Hand


class Builder:
    """Builds `wanted` in a window; after each act `wait()` lets what follows from it be done."""

    def __init__(self, window: Window, wanted: Document, wait: Callable[[], None]) -> None:
        self.window, self.wanted, self.wait = window, wanted, wait
        self.session = window.session

    def build(self) -> None:
        """The whole experiment: components, names, wires, values, study."""
        self.window.new()
        self.wait()
        for node in self.wanted.nodes:
            self._add(node)
        self.wait()
        self._wires()
        for node in self.wanted.nodes:
            self._set_values(node)
        self.session.select([])
        page = self.window.build.inspector.page
        assert isinstance(page, DocumentPage)
        for axis in self.wanted.run.vary:
            self.window.actions_["run.study"].trigger()
            self._vary(page.study, axis)
        _put(page.study.seeds.fields["replicates"], self.wanted.run.replicates)
        _put(page.study.seeds.fields["seed"], self.wanted.run.seed)
        self.wait()

    # ------------------------------------------------------------------------------------------ components and wires

    def _add(self, node: Node) -> None:
        """Types the component's title into the palette, walks to it, presses Enter; names it."""
        palette = self.window.build.palette_
        before = {one.id for one in self.session.document.nodes}
        self.session.select([])
        palette.field.setText(self.session.catalogue.entry(node.component).title)
        for _ in range(8):
            entry = palette.shown[0] if not palette.list.currentIndex().isValid() else palette.rows.rows[palette.list.currentIndex().row()]
            if getattr(entry, "id", "") == node.component:
                break
            QTest.keyClick(palette.field, Qt.Key.Key_Down)
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        palette.field.clear()
        (made,) = (one for one in self.session.document.nodes if one.id not in before)
        assert made.component == node.component
        if made.id != node.id:
            self.session.select([made.id])
            while (name := self._page().name) is None:  # what stands below the form is made in slices
                QApplication.processEvents()
            self._type(name.id, node.id)

    def _page(self) -> NodePage:
        page = self.window.build.inspector.page
        assert isinstance(page, NodePage)
        return page

    @staticmethod
    def _type(line: QLineEdit, text: str) -> None:
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)

    def _wires(self) -> None:
        """Takes off the wires that came by themselves and do not belong, and draws the others from plug to plug."""
        hand = Hand(self.window.build.canvas.view)
        wanted = {(wire.start, wire.end) for wire in self.wanted.wires}
        for wire in self.session.document.wires:
            if (wire.start, wire.end) not in wanted:
                self.session.select([f"{wire.start}>{wire.end}"])
                self.window.actions_["edit.delete"].trigger()
        self.window.actions_["canvas.align"].trigger()
        self.window.actions_["canvas.fit"].trigger()
        QApplication.processEvents()
        for start, end in sorted(wanted):
            if (start, end) not in {(wire.start, wire.end) for wire in self.session.document.wires}:
                hand.drag(hand.at_plug(start, "out"), hand.at_plug(end, "in"))
        self.wait()

    # ------------------------------------------------------------------------------------------ values

    def _set_values(self, node: Node) -> None:
        """Types what is different from a new component into its form."""
        made = next(one for one in self.session.document.nodes if one.id == node.id)
        different = {name: value for name, value in node.values.items() if made.values.get(name) != value}
        if different:
            self.session.select([node.id])
        for name, value in different.items():
            row = next(form.rows[name] for form in self._page().forms if name in form.rows)
            if (
                isinstance(row, Row)
                and not isinstance(value, Mapping)
                and not (value and isinstance(value, list) and isinstance(value[0], Mapping))
            ):
                _put(row.field, value)
            else:
                self._nest(node.id, name, value)

    def _nest(self, node: str, name: str, value: Any) -> None:
        """A nested component or a list of them, pasted as text."""
        self.session.edit(f"Set {name}", lambda document: edits.set_value(document, f"{node}.{name}", value, self.session.catalogue))

    # ------------------------------------------------------------------------------------------ the study

    def _vary(self, page: StudyPage, axis: Axis) -> None:
        cases = axis.all_cases()
        place = len(page.cards)

        def card() -> AxisCard:
            return page.cards[place]

        page.vary(next(iter(cases[0].set)))
        if not card().rows:
            _choose(card().more.menu(), "Write out as cases")
        while len(card().axis.all_cases()) > 1:
            _choose(card().rows[-1].more.menu(), "Remove")
        self._type(card().name, axis.name)
        while len(card().axis.all_cases()) < len(cases):
            _choose(card().rows[-1].more.menu(), "Duplicate")
        for at, case in enumerate(cases):
            self._case(page, axis.name, at, case)
        if axis.tuned is not None:
            _put(card().tuning.on, True)
            for name, value in axis.tuned.model_dump().items():
                if name in card().tuning.form.fields and value is not None:
                    _put(card().tuning.form.fields[name], value)

    def _case(self, page: StudyPage, axis: str, at: int, case: Case) -> None:
        def row() -> CaseRow:
            return next(card for card in page.cards if card.axis.name == axis).rows[at]

        for address, value in case.set.items():
            if address not in row().fields:
                row()._also(address)
            if row().case.set.get(address) == value:
                continue
            field = row().fields[address]
            if isinstance(field, FixedField) and not self._on_canvas(address):
                row()._set(address, value)
            elif isinstance(field, FixedField):
                # set on the canvas first, taken from there, and put back
                node, _, name = address.partition(".")
                before = find(self.session.document, address, self.session.catalogue).value
                self._nest(node, name, value)
                row()._set(address, value)
                self._nest(node, name, before)
            else:
                _put(field, value)
        for address in [one for one in row().case.set if one not in case.set]:
            row()._leave_out(address)
        label = row().label
        if label.text() != case.label:
            self._type(label, case.label)

    def _on_canvas(self, address: str) -> bool:
        try:
            find(self.session.document, address, self.session.catalogue)
        except Refusal:
            return False
        return True


def _put(field: fields.Field, value: Any) -> None:
    """Gives a field a value with its own control."""
    editor = field.editor
    if isinstance(field, fields.FlagField):
        if bool(field.check.isChecked()) != bool(value):
            field.check.click()
    elif isinstance(editor, QComboBox):
        at = next(i for i in range(editor.count()) if editor.itemData(i) == value)
        editor.setCurrentIndex(at)
        editor.activated.emit(at)
    else:
        assert isinstance(editor, QLineEdit), type(field)
        Builder._type(editor, one_text(field.parameter, value))
    QApplication.processEvents()


def _choose(menu: QMenu, words: str) -> None:
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == words).trigger()


def what_it_is(document: Document) -> dict[str, Any]:
    """What two experiments must share to be the same: components with all their values, wires, study; not places and inner names."""
    from memstudio.components.catalogue import catalogue

    known = catalogue()
    nodes = {}
    for node in document.nodes:
        entry = known.entry(node.component)
        nodes[node.id] = (entry.component.id, entry.resolve(node.values))
    axes = [
        {"name": axis.name, "cases": [(case.label, case.set) for case in axis.all_cases()], "tuned": axis.tuned, "match": axis.match}
        for axis in document.run.vary
    ]
    return {
        "nodes": nodes,
        "wires": sorted((wire.start, wire.end) for wire in document.wires),
        "axes": axes,
        "seeds": (document.run.seed, document.run.replicates),
    }
