"""The sheet that gestures work on: it follows the document, adds to it, and says words at the pointer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QLabel, QToolTip, QWidget

from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.add_box import AddBox
from memstudio.desktop.canvas.cards import Plug
from memstudio.desktop.canvas.grid import corner
from memstudio.desktop.canvas.paper import Paper
from memstudio.desktop.canvas.scene import Scene
from memstudio.desktop.canvas.wires_menu import wires_menu
from memstudio.desktop.session import Message, Session, wire_id
from memstudio.experiment.checking import suggestions
from memstudio.experiment.document import Document, Wire
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.kinds import Kind


class Sheet(Paper):
    """The document on paper, and what can be done there without a hand. `edit_wanted(id)`: a thing's form is asked for."""

    edit_wanted = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(Scene(session.catalogue), parent)
        self.session = session
        self.hint = QLabel(self.viewport())
        self.hint.setProperty("kind", "pointer")
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hint.hide()
        self.box = AddBox(parent if parent is not None else self)
        self.box.closed.connect(self.setFocus)
        session.document_changed.connect(self._show_document)
        session.facts_changed.connect(self.items_of.show_facts)
        session.selection_changed.connect(self._show_selection)
        session.opened.connect(self._opened)
        session.catalogue_changed.connect(self._show_catalogue)
        self._show_document(session.document)
        self.items_of.show_facts(session.facts)

    # ------------------------------------------------------------------------------------------ following the session

    def _show_document(self, document: Document) -> None:
        self.items_of.show_document(document)
        self._show_selection(self.session.selected)
        self.moved.emit()

    def _show_catalogue(self, catalogue: Catalogue) -> None:
        self.items_of.show_catalogue(catalogue)
        self._show_selection(self.session.selected)

    def _show_selection(self, selected: Sequence[str]) -> None:
        chosen = set(selected)
        for id, item in self.items_of.nodes.items():
            item.set_state(chosen=id in chosen)
        for wire in self.items_of.wires.values():
            wire.set_state(chosen=wire_id(wire.wire.start, wire.wire.end) in chosen)
        for id, group in self.items_of.groups.items():
            group.set_chosen(id in chosen)
        for id, note in self.items_of.notes.items():
            note.set_chosen(id in chosen)
        self.setAccessibleDescription(self._spoken())

    def _spoken(self) -> str:
        """What a screen reader says of the selection."""
        items = [self.items_of.nodes[id] for id in self.session.selected if id in self.items_of.nodes]
        if not items:
            return f"{len(self.items_of.nodes)} components, none selected"
        if len(items) > 1:
            return f"{len(items)} components selected"
        card = items[0].card
        return ", ".join(part for part in (card.title, card.family_title, card.line, items[0].fault or "") if part)

    def _opened(self) -> None:
        self.fit_on_resize = True
        self.fit()

    # ------------------------------------------------------------------------------------------ adding

    def add_by_typing(self, pointer: QPoint | None = None) -> None:
        """The add box: at the pointer everything; from the keyboard, what fits the selected node first."""
        selected = [self.items_of.nodes[id] for id in self.session.selected if id in self.items_of.nodes]
        if pointer is None and len(selected) == 1:
            item = selected[0]
            plug = next((p for p in item.card.plugs if p.side == "out" and not p.faint), None)
            at = self.mapFromScene(item.body.bottomRight() + QPointF(16, 8))
            self.ask_for(
                self._fitting_first(plug),
                at,
                lambda entry: self._add_after(entry.id, item.card.id, plug),
            )
            return
        place = pointer if pointer is not None else self.viewport().rect().center() - QPoint(140, 120)
        self.ask_for(list(self.session.catalogue), place, lambda entry: self.add(entry.id, self.mapToScene(place)))

    def _fitting_first(self, plug: Plug | None) -> list[Entry]:
        """Every entry; those that take what a plug gives come first."""
        entries = list(self.session.catalogue)
        if plug is None or not plug.kind:
            return entries
        fitting = {entry.id for entry in suggestions(self.session.catalogue, Kind(plug.kind), "after")}
        return sorted(entries, key=lambda entry: entry.id not in fitting)

    def ask_for(self, entries: Sequence[Entry], pointer: QPoint, choose: Callable[[Entry], None], heading: str = "") -> None:
        """Shows the add box at a point of the viewport over these entries."""
        self.box.ask(entries, self.viewport().mapTo(self.box.over, pointer), choose, heading)

    def add(self, component: str, at: QPointF | None = None, plug: Plug | None = None) -> None:
        """Adds a component at a point (else after the selected node, else in the middle), wired to a plug where it fits."""
        selected = [id for id in self.session.selected if id in self.items_of.nodes]
        if at is None and len(selected) == 1:
            out = next((p for p in self.items_of.nodes[selected[0]].card.plugs if p.side == "out" and not p.faint), None)
            self._add_after(component, selected[0], out)
        else:
            self._added(doing.add(self.session, self.items_of, component, at if at is not None else corner(self.seen().center()), plug))

    def _add_after(self, component: str, id: str, plug: Plug | None) -> None:
        self._added(doing.add_after(self.session, self.items_of, component, id, plug))

    def insert(self, component: str, wire: Wire) -> None:
        """Adds a component on a wire."""
        doing.insert(self.session, component, wire)
        self._added(self.session.selected[-1] if self.session.selected else None)

    def add_note(self) -> None:
        """An empty note in the middle of what is seen; its text is edited in the inspector."""
        id = doing.add_note(self.session, self.seen().center())
        if id is not None:
            self.edit_wanted.emit(id)

    def _added(self, id: str | None) -> None:
        self.fit_on_resize = False
        if id is not None:
            self.reveal(id)

    def offer_wires(self) -> None:
        """The menu of connections of the selected node, at the node."""
        selected = [id for id in self.session.selected if id in self.items_of.nodes]
        if len(selected) == 1:
            menu = wires_menu(self.session, self.items_of, selected[0], self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            corner_at = self.mapFromScene(self.items_of.nodes[selected[0]].body.bottomLeft())
            menu.popup(self.viewport().mapToGlobal(corner_at))

    # ------------------------------------------------------------------------------------------ words at the pointer

    def say_at(self, pointer: QPoint, words: str) -> None:
        """Shows words beside the pointer; none hides them."""
        self.hint.setText(words)
        self.hint.setVisible(bool(words))
        if words:
            self.hint.setWordWrap(True)
            widest = max(self.hint.fontMetrics().horizontalAdvance(line) for line in words.split("\n"))
            self.hint.setFixedWidth(min(320, widest + 28))
            self.hint.adjustSize()
            room = self.viewport().rect()
            x = min(pointer.x() + 16, room.width() - self.hint.width() - 4)
            y = min(pointer.y() + 16, room.height() - self.hint.height() - 4)
            self.hint.move(max(4, x), max(4, y))

    def refusal(self, reason: str) -> Message:
        """A reason as the message it becomes when the hand lets go all the same."""
        return Message(reason, "careful")

    def viewportEvent(self, event: QEvent) -> bool:
        """Tool tips: what is wrong with a node, a title that is cut, what a plug takes."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip(self.mapToScene(event.pos())), self.viewport())
            return True
        return super().viewportEvent(event)

    def _tip(self, at: QPointF) -> str:
        plug = self.items_of.plug_at(at)
        if plug is not None:
            verb = "takes" if plug.side == "in" else "gives"
            return f"{plug.title}: {verb} {plug.kind or 'something unknown'}"
        node = self.items_of.node_at(at)
        return node.tip() if node is not None else ""
