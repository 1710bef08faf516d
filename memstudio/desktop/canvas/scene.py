"""The document as items: made, moved and taken away as the document changes; nothing here changes the document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from memstudio.desktop.canvas.cards import Plug, card_of, stream_is_implied
from memstudio.desktop.canvas.mark_items import GroupItem, NoteItem
from memstudio.desktop.canvas.node_item import NodeItem
from memstudio.desktop.canvas.routes import comes_back, free_level
from memstudio.desktop.canvas.wire_item import WireItem
from memstudio.desktop.session import Facts
from memstudio.experiment.checking import Problem
from memstudio.experiment.document import Document, Node, Wire
from memstudio.experiment.entries import Catalogue

Item = TypeVar("Item", bound=QGraphicsItem)
Key = TypeVar("Key", str, tuple[str, str])
#: room around the drawing, so that one can always scroll a little further
_AROUND = 2000.0


class Scene(QGraphicsScene):
    """Items of one document. `nodes` by id, `wires` by (from, to), `groups` and `notes` by id."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        self.catalogue = catalogue
        self.document = Document()
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[tuple[str, str], WireItem] = {}
        self.groups: dict[str, GroupItem] = {}
        self.notes: dict[str, NoteItem] = {}
        self._made_from: dict[str, tuple[Node, bool, tuple[str, ...]]] = {}
        self._wires_of: dict[str, list[WireItem]] = {}
        self._boxes: list[QRectF] | None = None

    # ------------------------------------------------------------------------------------------ following the document

    def show_document(self, document: Document) -> None:
        """Makes the items agree with this document; items of what did not change stay as they are."""
        self.document = document
        self._show_nodes(document)
        self._show_wires(document)
        self._show_marks(document)
        self.setSceneRect(self.extent().adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND))

    def show_catalogue(self, catalogue: Catalogue) -> None:
        """Draws every node anew, as these components have it: a placeholder may have become a component."""
        self.catalogue = catalogue
        self._made_from.clear()
        self.show_document(self.document)

    def _show_nodes(self, document: Document) -> None:
        implied = stream_is_implied(document, self.catalogue)
        wired = _wired_ports(document.wires)
        self._take_away(self.nodes, {node.id for node in document.nodes})
        for node in document.nodes:
            made_from = (node, implied, wired.get(node.id, ()))
            if node.id in self.nodes and self._made_from.get(node.id) == made_from:
                self.nodes[node.id].setPos(QPointF(*node.place))
                continue
            card = card_of(node, document, self.catalogue, implied)
            item = self.nodes.get(node.id)
            if item is None:
                item = self.nodes[node.id] = NodeItem(card)
                self.addItem(item)
            elif item.card != card:
                item.set_card(card)
            item.setPos(QPointF(*node.place))
            self._made_from[node.id] = made_from

    def _show_wires(self, document: Document) -> None:
        wanted = {(wire.start, wire.end): wire for wire in document.wires if wire.start_node in self.nodes and wire.end_node in self.nodes}
        self._take_away(self.wires, wanted)
        self._wires_of = {}
        self._boxes = None
        for key, wire in wanted.items():
            item = self.wires.get(key)
            if item is None:
                item = self.wires[key] = WireItem(wire, self._kind(wire))
                self.addItem(item)
            item.kind = self._kind(wire)
            item.setPos(0, 0)
            self._wires_of.setdefault(wire.start_node, []).append(item)
            self._wires_of.setdefault(wire.end_node, []).append(item)
            self._run(item)

    def _show_marks(self, document: Document) -> None:
        self._take_away(self.groups, {group.id for group in document.groups})
        for group in document.groups:
            item = self.groups.get(group.id)
            if item is None:
                item = self.groups[group.id] = GroupItem(group)
                self.addItem(item)
            item.shown = group
            item.update()
            self._surround(item)
        self._take_away(self.notes, {note.id for note in document.notes})
        for note in document.notes:
            if note.id not in self.notes:
                self.notes[note.id] = NoteItem(note)
                self.addItem(self.notes[note.id])
            self.notes[note.id].set_note(note)

    def _take_away(self, items: dict[Key, Item], wanted: Collection[Key]) -> None:
        for key in [key for key in items if key not in wanted]:
            self.removeItem(items.pop(key))
            if isinstance(key, str):
                self._made_from.pop(key, None)

    def show_facts(self, facts: Facts) -> None:
        """Puts marks on nodes with problems and shapes on wires."""
        faults: dict[str, list[Problem]] = {}
        for problem in facts.problems:
            if problem.node is not None:
                faults.setdefault(problem.node, []).append(problem)
        for id, item in self.nodes.items():
            mine = faults.get(id, [])
            item.set_fault("\n".join(p.reason for p in mine) or None, bool(mine) and all(p.severity != "error" for p in mine))
        for wire_item in self.wires.values():
            wire = wire_item.wire
            spec = facts.inferred.outputs.get(wire.start_node, {}).get(wire.start_port)
            wire_item.shape_text = "" if spec is None else f"{spec.kind.value} {spec.text}" if spec.shape else spec.kind.value

    # ------------------------------------------------------------------------------------------ geometry

    def _kind(self, wire: Wire) -> str:
        plug = self.plug(wire.start, "out")
        return plug.kind if plug is not None else ""

    def plug(self, address: str, side: str) -> Plug | None:
        """The plug that `node.port` names on that side, or None."""
        node, _, port = address.rpartition(".")
        item = self.nodes.get(node)
        return item.card.plug(side, port) if item is not None else None

    def _run(self, item: WireItem) -> None:
        start, end = self.nodes[item.wire.start_node], self.nodes[item.wire.end_node]
        out, into = start.card.plug("out", item.wire.start_port), end.card.plug("in", item.wire.end_port)
        a = start.place_of(out) if out else start.body.center()
        b = end.place_of(into) if into else end.body.center()
        item.set_ends(a, b, free_level(start.body, end.body, self._bodies()) if comes_back(a, b) else None)

    def _bodies(self) -> list[QRectF]:
        """Every card's rectangle; measured once for all wires that are run at a time."""
        if self._boxes is None:
            self._boxes = [node.body for node in self.nodes.values()]
        return self._boxes

    def _surround(self, item: GroupItem) -> None:
        members = [self.nodes[id].body for id in item.shown.nodes if id in self.nodes]
        item.setVisible(bool(members))
        if members:
            item.set_around(united(members))

    def shift(self, places: Mapping[str, QPointF], offset: QPointF) -> None:
        """Moves items (not the document) to these places, all of them `offset` from where the document has them; for a drag.

        Wires between two of them move along as they are, wires to others are run anew.
        """
        self._boxes = None
        touched: dict[int, WireItem] = {}
        for id, place in places.items():
            if id in self.nodes:
                self.nodes[id].setPos(place)
                touched.update((id_of(wire), wire) for wire in self._wires_of.get(id, ()))
            elif id in self.notes:
                self.notes[id].setPos(place)
        for wire in touched.values():
            if wire.wire.start_node in places and wire.wire.end_node in places:
                wire.setPos(offset)
            else:
                self._run(wire)
        for group in self.groups.values():
            if any(id in places for id in group.shown.nodes):
                self._surround(group)

    def extent(self) -> QRectF:
        """The rectangle that holds every node, group and note; empty when there is none."""
        boxes = [item.body for item in self.nodes.values()] + [note.body for note in self.notes.values()]
        boxes += [group.boundingRect() for group in self.groups.values() if group.isVisible()]
        return united(boxes)

    # ------------------------------------------------------------------------------------------ what is under a point

    def node_at(self, point: QPointF) -> NodeItem | None:
        """The node whose card is under a point, the selected one first."""
        under = [item for item in self.nodes.values() if item.body.contains(point)]
        return max(under, key=lambda item: item.zValue(), default=None)

    def plug_at(self, point: QPointF) -> Plug | None:
        """The plug under a point."""
        for item in self.nodes.values():
            if item.body.adjusted(-14, -4, 14, 4).contains(point):
                plug = item.plug_at(point)
                if plug is not None:
                    return plug
        return None

    def wire_at(self, point: QPointF) -> WireItem | None:
        """The wire under a point."""
        for item in self.wires.values():
            if item.boundingRect().adjusted(-6, -6, 6, 6).contains(point) and item.shape().contains(point):
                return item
        return None

    def group_at(self, point: QPointF) -> GroupItem | None:
        """The group whose name strip is under a point."""
        return next((g for g in self.groups.values() if g.isVisible() and g.head.contains(point)), None)

    def note_at(self, point: QPointF) -> NoteItem | None:
        """The note under a point."""
        return next((n for n in self.notes.values() if n.body.contains(point)), None)

    def inside(self, box: QRectF) -> list[str]:
        """Ids of the nodes and notes that a rectangle touches."""
        found = [id for id, item in self.nodes.items() if box.intersects(item.body)]
        return found + [id for id, note in self.notes.items() if box.intersects(note.body)]


def id_of(wire: WireItem) -> int:
    """A key for an item that has no name of its own."""
    return id(wire)


def united(boxes: Iterable[QRectF]) -> QRectF:
    """The rectangle around all of these."""
    whole = QRectF()
    for box in boxes:
        whole = whole.united(box)
    return whole


def _wired_ports(wires: Iterable[Wire]) -> dict[str, tuple[str, ...]]:
    """Which ports of each node have wires, in document order."""
    found: dict[str, list[str]] = {}
    for wire in wires:
        found.setdefault(wire.start_node, []).append(f">{wire.start_port}")
        found.setdefault(wire.end_node, []).append(f"<{wire.end_port}")
    return {node: tuple(ports) for node, ports in found.items()}
