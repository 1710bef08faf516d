"""Moving nodes and notes: the items follow the hand, the document follows when it lets go.

Moved things catch on the lines of their neighbours; a node that has no wires goes onto the wire it is let go over; what is let go
in a group joins it, what is moved out leaves it; a shake takes what is moved out of its wires. All that is one edit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from memstudio.desktop.canvas.arrange import SNAP
from memstudio.desktop.canvas.gesture import Gesture
from memstudio.desktop.canvas.grid import snapped
from memstudio.desktop.canvas.guides import CATCH, GuideLines, Neighbours
from memstudio.desktop.canvas.shaking import Shake
from memstudio.desktop.canvas.sheet import Sheet
from memstudio.desktop.canvas.wire_item import WireItem
from memstudio.desktop.tokens import GRID
from memstudio.experiment import edits, joining
from memstudio.experiment.document import Document, Group, Wire
from memstudio.experiment.parameters import Refusal

#: a press that moves less than this is a click
STILL = 4


class Moving(Gesture):
    """The selected items, moved together. The one that was pressed catches the grid and its neighbours' lines, the others keep their
    distance to it. click: what a press without a move means."""

    def __init__(self, view: Sheet, pressed: str, at: QPointF, pointer: QPoint, click: Callable[[], None]) -> None:
        super().__init__(view)
        self._pressed, self._at, self._pointer, self._click = pressed, at, pointer, click
        self._moved = False
        self._base = view.session.document
        items = view.items_of
        ids = view.session.selected
        inside = [node for id in ids if id in items.groups for node in items.groups[id].shown.nodes]
        movable = [id for id in dict.fromkeys((*ids, *inside)) if id in items.nodes or id in items.notes]
        self._from = {id: items.nodes[id].pos() if id in items.nodes else items.notes[id].pos() for id in movable}
        self._nodes = [id for id in movable if id in items.nodes]
        self._groups = {id: group.sceneBoundingRect() for id, group in items.groups.items() if group.isVisible() and id not in ids}
        self._shake = Shake()
        self._detached = False
        self._lines = GuideLines()
        self._neighbours: Neighbours | None = None
        self._onto: WireItem | None = None

    # ------------------------------------------------------------------------------------------ while the hand moves

    def move(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._moved and (pointer - self._pointer).manhattanLength() < STILL:
            return
        if not self._moved:
            self._begin()
        self._feel(pointer)
        offset = self._offset(at, keys)
        self.view.items_of.shift({id: place + offset for id, place in self._from.items()}, offset)
        box = self._box(self._pressed)
        free = bool(keys & Qt.KeyboardModifier.AltModifier)
        self._lines.show_lines([] if free or box is None or self._neighbours is None else self._neighbours.lines(box))
        self._look_below(at, pointer)

    def _begin(self) -> None:
        self._moved = True
        items = self.view.items_of
        cards = [item.body for id, item in items.nodes.items() if id not in self._from and item.isVisible()]
        self._neighbours = Neighbours([*cards, *(note.body for id, note in items.notes.items() if id not in self._from)])
        items.addItem(self._lines)

    def _feel(self, pointer: QPoint) -> None:
        """A shake takes the nodes out of their wires, at once before the eye, for good when they are let go."""
        self._shake.move(pointer)
        if not self._shake.felt or self._detached or not self._nodes:
            return
        self._detached = True
        try:
            self._base = joining.detach(self._base, self._nodes, self.view.session.catalogue)
        except Refusal:
            return
        self.view.items_of.show_document(self._base)

    def _box(self, id: str) -> QRectF | None:
        items = self.view.items_of
        found = items.nodes.get(id) or items.notes.get(id)
        return found.body if found is not None else None

    def _offset(self, at: QPointF, keys: Qt.KeyboardModifier) -> QPointF:
        anchor = self._from.get(self._pressed) or next(iter(self._from.values()), QPointF())
        target = anchor + at - self._at
        if keys & Qt.KeyboardModifier.AltModifier:
            return QPointF(snapped(target.x(), float(GRID)), snapped(target.y(), float(GRID))) - anchor
        across, down = self._caught(target)
        x = snapped(target.x(), SNAP) if across is None else target.x() + across
        y = snapped(target.y(), SNAP) if down is None else target.y() + down
        return QPointF(x, y) - anchor

    def _caught(self, target: QPointF) -> tuple[float | None, float | None]:
        box = self._box(self._pressed)
        if box is None or self._neighbours is None:
            return None, None
        return self._neighbours.caught(QRectF(target, box.size()), CATCH / self.view.scale_now)

    def _look_below(self, at: QPointF, pointer: QPoint) -> None:
        """Lights the wire or the group that would take what is moved, and says so."""
        before = self._onto
        self._onto, refused = self._wire_below(at)
        for wire in (before, self._onto):
            if wire is not None:
                wire.set_state(marked=wire is self._onto)
        if self._onto is not before and self._pressed in self.view.items_of.nodes:
            # The wire below shines through.
            self.view.items_of.nodes[self._pressed].setOpacity(1.0 if self._onto is None else 0.6)
        into, out_of = (None, []) if self._onto is not None else self._regrouped(at)
        chosen = self.view.session.selected
        for id, group in self.view.items_of.groups.items():
            group.set_chosen(id in chosen or (into is not None and id == into.id))
        words = ""
        if self._onto is not None:
            words = "Onto the wire"
        elif into is not None:
            words = f"Into {into.title or 'the group'}"
        elif out_of:
            words = f"Out of {self._group(out_of).title or 'the group'}"
        self.view.say_at(pointer, "Detached" if self._detached and not words and not refused else words or refused)

    def _wire_below(self, at: QPointF) -> tuple[WireItem | None, str]:
        """The wire under a single node without wires, where it fits there; else why it does not."""
        box = self._box(self._pressed)
        if len(self._from) != 1 or not self._nodes or box is None or not joining.is_free(self._base, self._pressed):
            return None, ""
        items, session = self.view.items_of, self.view.session
        wire = items.wire_at(box.center()) or items.wire_at(at)
        node = self._base.node(self._pressed)
        if wire is None or node.component not in session.catalogue:
            return None, ""
        refused = joining.misplaced(self._base, node.component, wire.wire.start, wire.wire.end, session.catalogue)
        return (wire, "") if refused is None else (None, refused)

    def _regrouped(self, at: QPointF) -> tuple[Group | None, list[str]]:
        """The group that takes the nodes, and those that would leave theirs; a group that moves as a whole stays one."""
        loose = [id for id in self._nodes if not self._moves_whole(id)]
        if not loose:
            return None, []
        documents = {one.id: one for one in self._base.groups}
        for id, box in self._groups.items():
            if box.contains(at) and id in documents and not set(loose) <= set(documents[id].nodes):
                return documents[id], []
        out = [id for one in self._base.groups if one.id in self._groups for id in one.nodes if id in loose]
        return None, [id for id in out if not self._touches(id, self._groups[self._group([id]).id])]

    def _moves_whole(self, id: str) -> bool:
        return any(id in one.nodes and set(one.nodes) <= set(self._nodes) for one in self._base.groups)

    def _group(self, ids: Iterable[str]) -> Group:
        wanted = set(ids)
        return next(one for one in self._base.groups if wanted & set(one.nodes))

    def _touches(self, id: str, box: QRectF) -> bool:
        mine = self._box(id)
        return mine is not None and mine.intersects(box)

    # ------------------------------------------------------------------------------------------ when it lets go

    def release(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._moved:
            self._click()
            return
        offset = self._offset(at, keys)
        places = {id: (place.x() + offset.x(), place.y() + offset.y()) for id, place in self._from.items()}
        self.view.items_of.shift({id: place + offset for id, place in self._from.items()}, offset)
        onto, _ = self._wire_below(at)
        into, out_of = (None, []) if onto is not None else self._regrouped(at)
        self._clear()
        wire = onto.wire if onto is not None else None
        self.view.session.edit(self._name(onto, into, out_of), lambda document: self._after(places, wire, into, out_of))
        self.view.items_of.show_document(self.view.session.document)

    def _name(self, onto: WireItem | None, into: Group | None, out_of: list[str]) -> str:
        if onto is not None:
            return "Put on the wire"
        if into is not None:
            return "Move into the group"
        if out_of:
            return "Move out of the group"
        return "Detach" if self._base is not self.view.session.document else "Move"

    def _after(self, places: dict[str, tuple[float, float]], onto: Wire | None, into: Group | None, out_of: list[str]) -> Document:
        document = edits.move(self._base, places)
        if onto is not None:
            return joining.put_on_wire(document, self._pressed, onto.start, onto.end, self.view.session.catalogue)
        if into is not None:
            return edits.put_into_group(document, into.id, [id for id in self._nodes if not self._moves_whole(id)])
        return edits.take_out_of_groups(document, out_of) if out_of else document

    def cancel(self) -> None:
        self._clear()
        known = self.view.items_of.nodes.keys() | self.view.items_of.notes.keys()
        self.view.items_of.shift({id: place for id, place in self._from.items() if id in known}, QPointF())

    def _clear(self) -> None:
        if self._lines.scene() is not None:
            self.view.items_of.removeItem(self._lines)
        self.view.say_at(self._pointer, "")
        for wire in self.view.items_of.wires.values():
            wire.set_state(marked=False)
        if self._onto is not None and self._pressed in self.view.items_of.nodes:
            self.view.items_of.nodes[self._pressed].setOpacity(1.0)
        for id, group in self.view.items_of.groups.items():
            group.set_chosen(id in self.view.session.selected)
