"""The document as items: made, moved and taken away as the document changes; nothing here changes the document."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QPointF, QRectF, QTimer, Signal
from PySide6.QtWidgets import QGraphicsItem

from memstudio.desktop.canvas.cards import HEIGHT, WIDTH, card_of, stream_is_implied
from memstudio.desktop.canvas.folded import folded_card, folded_members, folded_place
from memstudio.desktop.canvas.lanes import Lane, LaneItem, bands, lanes_of
from memstudio.desktop.canvas.mark_items import GroupItem, NoteItem
from memstudio.desktop.canvas.node_item import NodeItem
from memstudio.desktop.canvas.routes import comes_back, free_level
from memstudio.desktop.canvas.standing import Standing, united
from memstudio.desktop.canvas.wire_item import WireItem
from memstudio.desktop.session import Facts
from memstudio.experiment.checking import Problem
from memstudio.experiment.document import Document, Node, Wire
from memstudio.experiment.entries import Catalogue

Item = TypeVar("Item", bound=QGraphicsItem)
Key = TypeVar("Key", str, tuple[str, str])
#: room around the drawing, so that one can always scroll a little further
_AROUND = 2000.0
#: more new nodes than this come a few at a time, for at most so many milliseconds before the window may do other things
_AT_ONCE, _SLICE = 120, 10.0
#: with more nodes than this, lanes follow a drag when it ends
_LIVELY = 160


class Scene(Standing):
    """The items that agree with a document. grown: of a large document, more has come; complete: all of it has."""

    grown = Signal()

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.document = Document()
        self.complete = True
        self._made_from: dict[str, tuple[Node, bool, tuple[str, ...]]] = {}
        self._wires_of: dict[str, list[WireItem]] = {}
        self._ports: dict[str, tuple[str, ...]] = {}
        self._wires_seen: Sequence[Wire] | None = None
        self._shifted: set[str] = set()
        self._facts: Facts | None = None
        self._stages: tuple[Lane, ...] = ()
        self._to_come: deque[Callable[[], object]] = deque()
        self._growing = QTimer(self, singleShot=True, interval=0)
        self._growing.timeout.connect(self._grow)

    # ------------------------------------------------------------------------------------------ following the document

    def show_document(self, document: Document) -> None:
        """Makes the items agree with this document; items of what did not change stay as they are.

        Many new nodes come a few at a time, so that the window is not held: `complete` says when all are there.
        """
        self.document = document
        self._to_come.clear()
        self._coming = {}
        self._take_away(self.nodes, {node.id for node in document.nodes})
        new = [node for node in document.nodes if node.id not in self.nodes]
        if len(new) <= _AT_ONCE:
            self._finish()
            return
        self.complete = False
        self.touch()
        self._take_away(self.wires, {(wire.start, wire.end) for wire in document.wires})
        self._coming = {node.id: QRectF(*node.place, WIDTH, HEIGHT) for node in new}
        implied = stream_is_implied(document, self.catalogue)
        self._read_wires(document)
        for node in new:
            self._to_come.append(partial(self._show_node, node, implied))
        # Made before they are run: where a wire comes back depends on all cards.
        for wire in document.wires:
            self._to_come.append(partial(self._show_wire, wire))
        self._set_rect()
        self._growing.start()

    def _grow(self) -> None:
        """Makes as many of the items that are to come as a slice of time has room for."""
        started = time.perf_counter()
        while self._to_come and 1e3 * (time.perf_counter() - started) < _SLICE:
            self._to_come.popleft()()
        self.touch()
        if self._to_come:
            self._growing.start()
        else:
            self._finish()
        self.grown.emit()

    def _finish(self) -> None:
        was_complete, self.complete = self.complete, True
        self._coming = {}
        document = self.document
        moved = self._show_nodes(document)
        self._show_groups(document, moved)
        self._show_wires(document, moved)
        self._show_notes(document)
        self._lay_lanes()
        self._set_rect()
        if self._facts is not None and not was_complete:
            self.show_facts(self._facts)

    def _set_rect(self) -> None:
        around = self.extent().adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
        if around != self.sceneRect():
            self.setSceneRect(around)
            self.far.set_bounds(around)

    def show_catalogue(self, catalogue: Catalogue) -> None:
        """Draws every node anew, as these components have it: a placeholder may have become a component."""
        self.catalogue = catalogue
        self._made_from.clear()
        self.show_document(self.document)

    # ------------------------------------------------------------------------------------------ nodes

    def _show_nodes(self, document: Document) -> set[str]:
        """Makes, moves and redraws cards; returns the ids of those that are not as they were."""
        implied = stream_is_implied(document, self.catalogue)
        self._read_wires(document)
        shifted, self._shifted = self._shifted, set()
        changed = {node.id for node in document.nodes if self._show_node(node, implied, node.id in shifted)}
        if changed:
            self.touch()
        return changed

    def _show_node(self, node: Node, implied: bool, shifted: bool = False) -> bool:
        """Makes one card agree with its node; whether it changed."""
        ports, before = self._ports.get(node.id, ()), self._made_from.get(node.id)
        item = self.nodes.get(node.id)
        if item is not None and before is not None and before[0] is node and before[1:] == (implied, ports):
            if shifted:
                item.setPos(QPointF(*node.place))
            return shifted
        self._made_from[node.id] = (node, implied, ports)
        moved = shifted or before is None or before[0].place != node.place
        if item is not None and before is not None and before[0] == node and before[1:] == (implied, ports):
            return False
        card = card_of(node, self.document, self.catalogue, implied, ports)
        if item is None:
            item = self.nodes[node.id] = NodeItem(card, self.sharpening, self._looks_other)
            item.set_far(self.far.here)
            self.addItem(item)
            self._wires_seen = None
        elif item.card != card:
            moved = moved or (item.card.plugs, item.card.height) != (card.plugs, card.height)
            item.set_card(card)
        item.setPos(QPointF(*node.place))
        self._coming.pop(node.id, None)
        return moved

    def _looks_other(self, dimmed: bool) -> None:
        """A node is lit, marked or dimmed: it is seen from afar, and on the card of the folded group it is in."""
        self.far.forget() if dimmed else self.far.look_again()
        for id in set(self.folded.values()):
            if id in self.groups:
                self.groups[id].update()

    def _read_wires(self, document: Document) -> None:
        """Which ports of each node have wires, in document order; read again only when the wires are others."""
        if document.wires is not self._wires_seen:
            self._ports, self._wires_seen = _wired_ports(document.wires), None

    # ------------------------------------------------------------------------------------------ wires

    def _show_wires(self, document: Document, moved: set[str]) -> None:
        """Makes wires, and runs those anew whose ends have moved, or that have to find a way between cards that have."""
        if document.wires is not self._wires_seen:
            wanted = {
                (wire.start, wire.end): wire for wire in document.wires if wire.start_node in self.nodes and wire.end_node in self.nodes
            }
            gone = len(self.wires)
            self._take_away(self.wires, wanted)
            self._wires_of = {}
            for wire in wanted.values():
                self._show_wire(wire)
            for item in self.wires.values():
                self._wires_of.setdefault(item.wire.start_node, []).append(item)
                self._wires_of.setdefault(item.wire.end_node, []).append(item)
            self._wires_seen = document.wires
            if gone != len(self.wires) or moved:
                self.touch()
        for item in self.wires.values():
            start, end = item.wire.start_node, item.wire.end_node
            if not item.ran or (moved and (item.goes_around or start in moved or end in moved)):
                self._run(item)

    def _show_wire(self, wire: Wire) -> None:
        """Makes one wire, if both its ends are there."""
        key = (wire.start, wire.end)
        if wire.start_node not in self.nodes or wire.end_node not in self.nodes:
            return
        if key not in self.wires:
            self.wires[key] = WireItem(wire, self._kind(wire), self._looks_other)
            self.wires[key].set_far(self.far.here)
            self.addItem(self.wires[key])
            self._run(self.wires[key])
        else:
            self.wires[key].wire = wire

    def _kind(self, wire: Wire) -> str:
        plug = self.plug(wire.start, "out")
        return plug.kind if plug is not None else ""

    def _run(self, item: WireItem) -> None:
        wire = item.wire
        inside = self.folded.get(wire.start_node)
        item.set_folded_in(inside is not None and inside == self.folded.get(wire.end_node))
        start, end = self.nodes[wire.start_node], self.nodes[wire.end_node]
        out, into = start.card.plug("out", wire.start_port), end.card.plug("in", wire.end_port)
        item.set_kind(out.kind if out is not None else "")
        a = start.place_of(out) if out else start.body.center()
        b = end.place_of(into) if into else end.body.center()
        item.setPos(0, 0)
        if comes_back(a, b):
            boxes = self.body_of(wire.start_node), self.body_of(wire.end_node)
            item.set_ends(a, b, free_level(boxes[0] or start.body, boxes[1] or end.body, self.bodies()))
        else:
            item.set_ends(a, b)

    # ------------------------------------------------------------------------------------------ groups, notes, lanes

    def _show_groups(self, document: Document, moved: set[str]) -> None:
        """Makes groups, and hides what is inside folded ones; adds to `moved` the nodes whose plugs are elsewhere now."""
        self._take_away(self.groups, {group.id for group in document.groups})
        folded = folded_members(document)
        for id in folded.keys() | self.folded.keys():
            if folded.get(id) != self.folded.get(id) and id in self.nodes:
                moved.add(id)
                self.nodes[id].setVisible(id not in folded)
        self.folded = folded
        if moved:
            self.touch()
        for group in document.groups:
            item = self.groups.get(group.id)
            if item is None:
                item = self.groups[group.id] = GroupItem(group)
                self.addItem(item)
                self.touch()
            item.shown = group
            item.update()
            self._surround(item)
            if group.folded:
                moved.update(id for id in group.nodes if id in self.nodes)

    def _surround(self, item: GroupItem) -> None:
        """Puts a group around its nodes, or in their place where it is folded."""
        inside = {id: self.nodes[id] for id in item.shown.nodes if id in self.nodes}
        item.setVisible(bool(inside))
        if not inside:
            return
        around = united(one.body for one in inside.values())
        if item.shown.folded:
            card = folded_card(item.shown, {id: one.card for id, one in inside.items()}, self.document.wires)
            at = folded_place(around, card.height)
            item.set_folded(card, at)
            stand_in = {(plug.side, plug.address): at + QPointF(plug.x, plug.y) for plug in card.plugs}
        else:
            item.set_around(around)
            stand_in = None
        for one in inside.values():
            one.stand_in = stand_in
        item.look_inside(inside.values())

    def _show_notes(self, document: Document) -> None:
        self._take_away(self.notes, {note.id for note in document.notes})
        for note in document.notes:
            if note.id not in self.notes:
                self.notes[note.id] = NoteItem(note)
                self.addItem(self.notes[note.id])
                self.touch()
            elif self.notes[note.id].note is note and note.id not in self._shifted and self.notes[note.id].size == note.size:
                continue
            self.notes[note.id].set_note(note)
            self.touch()

    def _lay_lanes(self) -> None:
        """Puts the lanes behind their nodes, where those are now."""
        if not self.lanes and not self._stages:
            return
        while len(self.lanes) > len(self._stages):
            self.removeItem(self.lanes.pop())
        while len(self.lanes) < len(self._stages):
            self.lanes.append(LaneItem(self._stages[len(self.lanes)]))
            self.addItem(self.lanes[-1])
        for item, lane, grounds in zip(self.lanes, self._stages, bands(self._stages, self.seen_boxes()), strict=True):
            item.show_lane(lane, grounds)
        self._extent = None

    def _take_away(self, items: dict[Key, Item], wanted: Collection[Key]) -> None:
        for key in [key for key in items if key not in wanted]:
            self.removeItem(items.pop(key))
            self.touch()
            if isinstance(key, str):
                self._wires_seen = None
                self._made_from.pop(key, None)
                self.folded.pop(key, None)

    # ------------------------------------------------------------------------------------------ facts

    def show_facts(self, facts: Facts) -> None:
        """Puts marks on nodes with problems, shapes on wires, and lanes behind the stages."""
        self._facts = facts
        if not self.complete:
            return
        faults: dict[str, list[Problem]] = {}
        for problem in facts.problems:
            if problem.node is not None:
                faults.setdefault(problem.node, []).append(problem)
        for id, item in self.nodes.items():
            mine = faults.get(id, [])
            item.set_fault("\n".join(p.reason for p in mine) or None, bool(mine) and all(p.severity != "error" for p in mine))
        for group in self.groups.values():
            group.look_inside(group.inside)
        for wire_item in self.wires.values():
            wire = wire_item.wire
            spec = facts.inferred.outputs.get(wire.start_node, {}).get(wire.start_port)
            wire_item.shape_text = wire_item.kind if spec is None else f"{spec.kind.value} {spec.text}" if spec.shape else spec.kind.value
        stages = lanes_of(facts.stages, facts.document, self.catalogue)
        if stages != self._stages:
            self._stages = stages
            self._lay_lanes()
            self._set_rect()

    # ------------------------------------------------------------------------------------------ dragging

    def shift(self, places: Mapping[str, QPointF], offset: QPointF) -> None:
        """Moves items (not the document) to these places, all of them `offset` from where the document has them; for a drag.

        Wires between two of them move along as they are, wires to others are run anew.
        """
        touched: dict[int, WireItem] = {}
        for id, place in places.items():
            if id in self.nodes:
                self.nodes[id].setPos(place)
                touched.update((id_of(wire), wire) for wire in self._wires_of.get(id, ()))
            elif id in self.notes:
                self.notes[id].setPos(place)
        self._shifted.update(places)
        self.touch(places)
        for group in self.groups.values():
            if any(id in places for id in group.shown.nodes):
                self._surround(group)
        for wire in touched.values():
            if wire.wire.start_node in places and wire.wire.end_node in places:
                wire.setPos(offset)
            else:
                self._run(wire)
        if len(self.nodes) <= _LIVELY:
            self._lay_lanes()


def id_of(wire: WireItem) -> int:
    """A key for an item that has no name of its own."""
    return id(wire)


def _wired_ports(wires: Iterable[Wire]) -> dict[str, tuple[str, ...]]:
    """Which ports of each node have wires, in document order."""
    found: dict[str, list[str]] = {}
    for wire in wires:
        found.setdefault(wire.start_node, []).append(f">{wire.start_port}")
        found.setdefault(wire.end_node, []).append(f"<{wire.end_port}")
    return {node: tuple(ports) for node, ports in found.items()}
