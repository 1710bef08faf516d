"""What keys and menus ask of the canvas: paste where the mouse is, group and name, connect to, insert, zoom to the selection."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.connect_box import ConnectBox
from memstudio.desktop.canvas.naming import Naming
from memstudio.desktop.canvas.sheet import Sheet
from memstudio.desktop.canvas.standing import united
from memstudio.desktop.session import Message, Session, wire_id
from memstudio.experiment import edits
from memstudio.experiment.document import Wire


class AskedSheet(Sheet):
    """The sheet with its commands. `mouse_at`: where the mouse is while it is over the canvas; `menu_at`: where a menu was asked for."""

    mouse_at: QPoint | None = None
    menu_at: QPoint | None = None

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.connect_box = ConnectBox(session, parent if parent is not None else self)

    def paste(self) -> None:
        """Pastes what was copied where the mouse is (or where the menu was asked for); without one, a step aside of where it was."""
        pointer = self.menu_at if self.menu_at is not None else self.mouse_at
        doing.paste(self.session, None if pointer is None else self.mapToScene(pointer))
        pasted = [id for id in self.session.selected if id in self.items_of.nodes]
        if pasted:
            self.reveal(pasted[0])

    def group(self) -> None:
        """Puts what is selected into a group, whose name can be typed at once."""
        made = doing.group(self.session)
        if made is not None:
            self.rename(made)

    def rename(self, id: str | None = None) -> None:
        """A field over the name of a node or group (of the selected one)."""
        id = id or (self.session.selected[-1] if self.session.selected else "")
        if id in self.items_of.groups:
            group = self.items_of.groups[id]
            Naming(self, id, group.shown.title, group.head)
        elif id in self.items_of.nodes:
            node = self.items_of.nodes[id]
            Naming(self, id, node.card.title, node.body)

    def offer_connections(self, id: str | None = None, back: QWidget | None = None) -> None:
        """Connect to…: every port that fits the selected node, and why others do not."""
        chosen = [one for one in ([id] if id else self.session.selected) if one in self.items_of.nodes]
        if len(chosen) != 1:
            self.session.message.emit(Message("Select one component to connect it.", "careful"))
            return
        self.reveal(chosen[0])
        corner_at = self.mapFromScene(self.items_of.nodes[chosen[0]].body.bottomLeft())
        self.connect_box.ask(chosen[0], self.viewport().mapTo(self.connect_box.over, corner_at), back or self)

    def insert_by_typing(self) -> None:
        """The add box over what fits on the selected wire, else on the first wire behind the selected node."""
        wire = self._chosen_wire()
        if wire is None:
            self.session.message.emit(Message("Select a wire, or a component with a wire behind it, to insert something there.", "careful"))
            return
        document, catalogue = self.session.document, self.session.catalogue
        entries = [one for one in catalogue if edits.through(document, wire.start, one.id, wire.end, catalogue) is not None]
        item = self.items_of.wires[wire.start, wire.end]
        at = self.mapFromScene(item.path.pointAtPercent(0.5))
        self.ask_for(entries, at, lambda entry: self.insert(entry.id, wire), "What fits on this wire")

    def _chosen_wire(self) -> Wire | None:
        chosen = self.session.selected[-1] if self.session.selected else ""
        wires = [item.wire for item in self.items_of.wires.values()]
        exact = [wire for wire in wires if wire_id(wire.start, wire.end) == chosen]
        return next(iter([*exact, *(wire for wire in wires if wire.start_node == chosen)]), None)

    def zoom_to_selection(self) -> None:
        """Shows what is selected as large as it can be, never larger than life; without a selection everything."""
        items = self.items_of
        chosen = doing.selected_things(self.session)
        boxes = [items.nodes[id].body for id in chosen if id in items.nodes and items.nodes[id].isVisible()]
        boxes += [items.notes[id].body for id in chosen if id in items.notes]
        whole = united([*boxes, *(items.groups[id].sceneBoundingRect() for id in self.session.selected if id in items.groups)])
        if whole.isEmpty():
            self.fit()
            return
        self.fit_on_resize = False
        room, margin = self.viewport().rect(), 48
        scale = min(room.width() / (whole.width() + 2 * margin), room.height() / (whole.height() + 2 * margin), 1.0)
        self.set_scale(scale)
        self.centerOn(whole.center())
        self.moved.emit()
