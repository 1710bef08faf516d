"""What stands on the canvas: the items by their names, where they are, and what is under a point."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsScene

from memstudio.desktop.canvas.cards import Plug
from memstudio.desktop.canvas.far import Far
from memstudio.desktop.canvas.lanes import LaneItem
from memstudio.desktop.canvas.mark_items import GroupItem, NoteItem
from memstudio.desktop.canvas.node_item import NodeItem
from memstudio.desktop.canvas.parts import Part
from memstudio.desktop.canvas.routes import Span, span
from memstudio.desktop.canvas.sharpening import Sharpening
from memstudio.desktop.canvas.wire_item import WireItem


class Standing(QGraphicsScene):
    """Items of one document. `nodes` by id, `wires` by (from, to), `groups` and `notes` by id, `lanes` in the order of the stages.

    folded: each node inside a folded group -> the group's id; such a node has an item too, which is neither seen nor hit.
    revision: grows with everything that is moved, comes or goes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[tuple[str, str], WireItem] = {}
        self.groups: dict[str, GroupItem] = {}
        self.notes: dict[str, NoteItem] = {}
        self.lanes: list[LaneItem] = []
        self.folded: dict[str, str] = {}
        self.sharpening = Sharpening(self)
        self.far = Far(self.nodes, self.wires)
        self.addItem(self.far)
        self.revision = 0
        self._coming: dict[str, QRectF] = {}
        self._spans: dict[str, Span] | None = None
        self._extent: QRectF | None = None

    def touch(self, moved: Iterable[str] | None = None) -> None:
        """Something was moved, came or went: what was measured of all is measured again when it is needed.

        moved: where only these were moved, of which none comes or goes.
        """
        if moved is None or self.folded or self._spans is None:
            self._spans = None
        else:
            self._spans.update((id, span(self.nodes[id].body)) for id in moved if id in self.nodes)
        self._extent = None
        self.revision += 1
        self.far.forget()

    def set_far(self, far: bool) -> None:
        """Whether one looks from so far that words cannot be read."""
        if far != self.far.here:
            self.far.set_here(far)

    # ------------------------------------------------------------------------------------------ where things are

    def plug(self, address: str, side: str) -> Plug | None:
        """The plug that `node.port` names on that side, or None."""
        node, _, port = address.rpartition(".")
        item = self.nodes.get(node)
        return item.card.plug(side, port) if item is not None else None

    def body_of(self, id: str) -> QRectF | None:
        """The rectangle in which a node is seen: its card, or that of the folded group it is in; also of a group or a note."""
        if id in self.nodes:
            group = self.groups.get(self.folded.get(id, ""))
            return self.nodes[id].body if group is None else group.body
        if id in self.groups:
            return self.groups[id].body
        return self.notes[id].body if id in self.notes else None

    def stations(self) -> dict[str, QPointF]:
        """The middles of what the keyboard walks along: the nodes that are seen, and the folded groups."""
        found = {id: item.body.center() for id, item in self.nodes.items() if id not in self.folded}
        return found | {group: self.groups[group].body.center() for group in set(self.folded.values()) if group in self.groups}

    def bodies(self) -> Collection[Span]:
        """Every card that is seen; measured once until something moves."""
        if self._spans is None:
            self._spans = {id: span(node.body) for id, node in self.nodes.items() if id not in self.folded}
            self._spans |= {id: span(self.groups[id].body) for id in set(self.folded.values()) if id in self.groups}
        return self._spans.values()

    def extent(self) -> QRectF:
        """The rectangle that holds every node, group and note; empty when there is none. Not for changing."""
        if self._extent is None:
            boxes = [item.body for id, item in self.nodes.items() if id not in self.folded]
            boxes += [note.body for note in self.notes.values()]
            boxes += [group.body for group in self.groups.values() if group.isVisible()]
            boxes += [lane.boundingRect() for lane in self.lanes]
            self._extent = united([*boxes, *self._coming.values()])
        return self._extent

    # ------------------------------------------------------------------------------------------ what is under a point

    def node_at(self, point: QPointF) -> NodeItem | None:
        """The node whose card is under a point, the selected one first."""
        under = [item for id, item in self.nodes.items() if id not in self.folded and item.body.contains(point)]
        return max(under, key=lambda item: item.zValue(), default=None)

    def part_at(self, point: QPointF) -> Part | None:
        """The component inside a node whose chip is under a point."""
        node = self.node_at(point)
        return node.part_at(point) if node is not None else None

    def plug_at(self, point: QPointF) -> Plug | None:
        """The plug under a point; on a folded group's card, the plug of the node inside."""
        for group in self.groups.values():
            on_card = group.plug_at(point)
            if on_card is not None:
                return self.plug(on_card.address, on_card.side)
        for id, item in self.nodes.items():
            if id not in self.folded and item.body.adjusted(-14, -4, 14, 4).contains(point):
                plug = item.plug_at(point)
                if plug is not None:
                    return plug
        return None

    def wire_at(self, point: QPointF) -> WireItem | None:
        """The wire under a point."""
        for item in self.wires.values():
            if item.boundingRect().adjusted(-6, -6, 6, 6).contains(point) and not item.folded_in and item.shape().contains(point):
                return item
        return None

    def group_at(self, point: QPointF) -> GroupItem | None:
        """The group whose name strip, or folded card, is under a point."""
        under = [one for one in self.groups.values() if one.isVisible() and one.head.contains(point)]
        return max(under, key=lambda one: one.card is not None, default=None)

    def folded_at(self, point: QPointF) -> GroupItem | None:
        """The folded group whose card is under a point."""
        group = self.group_at(point)
        return group if group is not None and group.card is not None else None

    def note_at(self, point: QPointF) -> NoteItem | None:
        """The note under a point."""
        return next((n for n in self.notes.values() if n.body.contains(point)), None)

    def inside(self, box: QRectF) -> list[str]:
        """Ids of the nodes, folded groups and notes that a rectangle touches."""
        found = [id for id, item in self.nodes.items() if id not in self.folded and box.intersects(item.body)]
        found += [id for id, group in self.groups.items() if group.card is not None and group.isVisible() and box.intersects(group.body)]
        return found + [id for id, note in self.notes.items() if box.intersects(note.body)]

    def seen_boxes(self) -> Mapping[str, QRectF]:
        """Where each node is seen, by its id."""
        in_groups = {id: self.groups[group].body for id, group in self.folded.items() if group in self.groups}
        return {id: item.body for id, item in self.nodes.items()} | in_groups


def united(boxes: Iterable[QRectF]) -> QRectF:
    """The rectangle around all of these."""
    whole = QRectF()
    for box in boxes:
        whole = whole.united(box)
    return whole
