"""The sheet that gestures work on: it follows the document, adds to it, and says words at the pointer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QToolTip, QWidget

from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.add_box import AddBox
from memstudio.desktop.canvas.cards import Plug
from memstudio.desktop.canvas.grid import corner
from memstudio.desktop.canvas.note_field import NoteField
from memstudio.desktop.canvas.paper import Paper
from memstudio.desktop.canvas.scene import Scene
from memstudio.desktop.canvas.touching import Touching
from memstudio.desktop.canvas.wires_menu import wires_menu
from memstudio.desktop.session import Facts, Message, Session, ends_of
from memstudio.experiment.checking import suggestions
from memstudio.experiment.document import Document, Wire
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.kinds import Kind

#: words smaller than this part of their size cannot be written in: the paper comes nearer first
_WRITABLE = 0.7


class Sheet(Paper):
    """The document on paper, and what can be done there without a hand.

    `edit_wanted(id)`: a thing's form is asked for; `part_wanted(address)`: that of a component inside a node (`mem1.inner`).
    """

    edit_wanted = Signal(str)
    part_wanted = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(Scene(session.catalogue), parent)
        self.session = session
        self.note_field: NoteField | None = None
        self._touching = Touching(self)
        self._chosen: set[str] = set()
        self.hint = QLabel(self.viewport())
        self.hint.setProperty("kind", "pointer")
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hint.hide()
        self.box = AddBox(parent if parent is not None else self)
        self.box.closed.connect(self.setFocus)
        session.document_changed.connect(self._show_document)
        session.facts_changed.connect(self._show_facts)
        session.selection_changed.connect(self._show_selection)
        session.opened.connect(self._opened)
        session.catalogue_changed.connect(self._show_catalogue)
        self.items_of.grown.connect(self._grown)
        self._show_document(session.document)
        self.items_of.show_facts(session.facts)

    # ------------------------------------------------------------------------------------------ following the session

    def _show_document(self, document: Document) -> None:
        self.items_of.show_document(document)
        self._show_selection(self.session.selected)
        self.moved.emit()

    def _show_facts(self, facts: Facts) -> None:
        """Marks, shapes and lanes; where lanes have come, the whole drawing is shown again."""
        before = len(self.items_of.lanes)
        self.items_of.show_facts(facts)
        if self.fit_on_resize and len(self.items_of.lanes) != before:
            self.fit()

    def _grown(self) -> None:
        """More of a large document is there."""
        if self.items_of.complete:
            self._show_selection(self.session.selected)
            if self.fit_on_resize:
                self.fit()
        self.moved.emit()

    def _show_catalogue(self, catalogue: Catalogue) -> None:
        self.items_of.show_catalogue(catalogue)
        self._show_selection(self.session.selected)

    def _show_selection(self, selected: Sequence[str]) -> None:
        chosen, items = set(selected), self.items_of
        gone, self._chosen = self._chosen - chosen, chosen
        for id in gone | chosen:
            ends = ends_of(id)
            if ends is not None:
                if ends in items.wires:
                    items.wires[ends].set_state(chosen=id in chosen)
            elif id in items.nodes:
                items.nodes[id].set_state(chosen=id in chosen)
            elif id in items.groups:
                items.groups[id].set_chosen(id in chosen)
            elif id in items.notes:
                items.notes[id].set_chosen(id in chosen)
        self.setAccessibleDescription(self._spoken())

    def _spoken(self) -> str:
        """What a screen reader says of the selection."""
        items = [self.items_of.nodes[id] for id in self.session.selected if id in self.items_of.nodes]
        folded = [self.items_of.groups[id] for id in self.session.selected if id in self.items_of.groups]
        if not items and len(folded) == 1 and folded[0].card is not None:
            return ", ".join(("folded group", folded[0].card.title, *folded[0].tip().splitlines()[:-1]))
        if not items:
            return f"{len(self.items_of.nodes)} components, none selected"
        if len(items) > 1:
            return f"{len(items)} components selected"
        card = items[0].card
        inside = f"inside: {', '.join(part.title for part in card.parts)}" if card.parts else ""
        return ", ".join(words for words in (card.title, card.family_title, card.line, inside, items[0].fault or "") if words)

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
        """An empty note in the middle of what is seen, to be written in at once."""
        id = doing.add_note(self.session, self.seen().center())
        if id is not None:
            self.write_note(id)

    def write_note(self, id: str) -> None:
        """Opens a note for writing, where it stands."""
        note = next((one for one in self.session.document.notes if one.id == id), None)
        if note is None or (self.note_field is not None and self.note_field.note_id == id):
            return
        if self.note_field is not None:
            self.note_field.end()
        self.session.select([id])
        self.fit_on_resize = False
        if self.scale_now < _WRITABLE:
            self.set_scale(1.0)
            self.centerOn(self.items_of.notes[id])
        self.ensureVisible(self.items_of.notes[id].body)
        self.moved.emit()
        self.items_of.notes[id].set_editing(True)
        self.note_field = NoteField(self, note)
        self.note_field.ended.connect(self._note_written)

    def _note_written(self) -> None:
        field, self.note_field = self.note_field, None
        if field is not None and field.note_id in self.items_of.notes:
            self.items_of.notes[field.note_id].set_editing(False)

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
        """Tool tips: what is wrong with a node, a title that is cut, what a plug takes. Then what lies on the drawing, then gestures."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip(self.mapToScene(event.pos())), self.viewport())
            return True
        if not isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.Leave:
                self._touching.leave()
            return super().viewportEvent(event)
        if self._touching.take(event):
            return True
        done = super().viewportEvent(event)
        self._touching.after(event)
        return done

    def event(self, event: QEvent) -> bool:
        """Enter writes in the note that is selected."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            selected = self.session.selected
            if len(selected) == 1 and selected[0] in self.items_of.notes:
                self.write_note(selected[0])
                return True
        return super().event(event)

    def _tip(self, at: QPointF) -> str:
        plug = self.items_of.plug_at(at)
        if plug is not None:
            verb = "takes" if plug.side == "in" else "gives"
            return f"{plug.title}: {verb} {plug.kind or 'something unknown'}"
        node = self.items_of.node_at(at)
        if node is not None:
            part = node.part_at(at)
            return part.tip if part is not None else node.tip()
        group = self.items_of.folded_at(at)
        return group.tip() if group is not None else ""
