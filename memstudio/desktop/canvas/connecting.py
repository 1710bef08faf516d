"""Drawing a wire, from either end: what cannot take it is dimmed, and the pointer says why; the void says what would fit."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.canvas.cards import HEIGHT, WIDTH, Plug
from memstudio.desktop.canvas.gesture import Gesture
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.canvas.node_item import NodeItem
from memstudio.desktop.canvas.routes import route
from memstudio.desktop.canvas.sheet import Sheet
from memstudio.experiment import edits
from memstudio.experiment.checking import suggestions
from memstudio.experiment.document import Wire
from memstudio.experiment.entries import Entry
from memstudio.experiment.kinds import Kind
from memstudio.experiment.wire_problems import misfit
from memstudio.experiment.wiring import Wiring

#: a press on a plug that moves less than this is a click
_STILL = 6


class LooseWire(QGraphicsItem):
    """The wire in the hand."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind
        self._path = route(QPointF(), QPointF())
        self.setZValue(4)

    def run(self, start: QPointF, end: QPointF) -> None:
        """Runs it between two points, from an output's side to an input's."""
        self.prepareGeometryChange()
        self._path = route(start, end)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._path.boundingRect().adjusted(-4, -4, 4, 4)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setPen(QPen(ink().kind(self._kind), 2.0, Qt.PenStyle.DashLine))
        painter.drawPath(self._path)


class Connecting(Gesture):
    """A wire from a plug to wherever it is let go. An input's only wire is taken off by pulling it away."""

    def __init__(self, view: Sheet, plug: Plug, pointer: QPoint) -> None:
        super().__init__(view)
        self._pointer = pointer
        self._moved = False
        self._base = view.session.document
        self._taken: Wire | None = None
        self._plug = self._fixed_end(plug)
        self._wiring = Wiring(self._base, view.session.catalogue)
        self._kind = self._plug.kind
        self._target: Plug | None = None
        self._reasons: dict[str, str | None] = {}
        self._wire = LooseWire(self._kind)
        view.items_of.addItem(self._wire)

    def _fixed_end(self, plug: Plug) -> Plug:
        """Where the wire in the hand starts: at the plug, or at the far end of the wire that is pulled off an input."""
        wires = self._base.into(plug.node, plug.port) if plug.side == "in" else []
        if len(wires) != 1:
            return plug
        far = self.view.items_of.plug(wires[0].start, "out")
        if far is None:
            return plug
        self._taken = wires[0]
        self._base = edits.disconnect(self._base, wires[0].start, wires[0].end)
        return far

    # ------------------------------------------------------------------------------------------ while the hand moves

    def move(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._moved and (pointer - self._pointer).manhattanLength() < _STILL:
            return
        if not self._moved:
            self._moved = True
            self._dim()
        target, reason = self._under(at)
        self._light(target if reason is None else None)
        fixed = self.view.items_of.nodes[self._plug.node].place_of(self._plug)
        loose = self.view.items_of.nodes[target.node].place_of(target) if target is not None and reason is None else at
        self._wire.run(fixed, loose) if self._plug.side == "out" else self._wire.run(loose, fixed)
        self.view.say_at(pointer, reason or "")

    def _dim(self) -> None:
        for item in self.view.items_of.nodes.values():
            if item.card.id != self._plug.node:
                item.set_state(dimmed=not any(self._reason(plug) is None for plug in self._other_side(item)))
        if self._taken is not None:
            self.view.items_of.wires[(self._taken.start, self._taken.end)].setVisible(False)

    def _other_side(self, item: NodeItem) -> list[Plug]:
        return [plug for plug in item.card.plugs if plug.side != self._plug.side]

    def _ends(self, plug: Plug) -> tuple[str, str]:
        return (self._plug.address, plug.address) if self._plug.side == "out" else (plug.address, self._plug.address)

    def _reason(self, plug: Plug) -> str | None:
        """Why the wire may not end at this plug, or None; asked once for each plug."""
        if plug.address not in self._reasons:
            self._reasons[plug.address] = misfit(self._wiring, self.view.session.catalogue, *self._ends(plug))
        return self._reasons[plug.address]

    def _under(self, at: QPointF) -> tuple[Plug | None, str | None]:
        """The plug the wire would end at, and why it may not; anywhere on a card means its first plug that fits."""
        plug = self.view.items_of.plug_at(at)
        if plug is not None and plug.side != self._plug.side and plug.node != self._plug.node:
            return plug, self._reason(plug)
        item = self.view.items_of.node_at(at)
        if item is None or item.card.id == self._plug.node:
            return None, None
        plugs = self._other_side(item)
        fitting = [plug for plug in plugs if self._reason(plug) is None]
        if fitting:
            return min(fitting, key=lambda p: (p.faint, abs(item.pos().y() + p.y - at.y()))), None
        if plugs:
            return plugs[0], self._reason(plugs[0])
        wanted = "takes" if self._plug.side == "out" else "gives"
        return None, f"{item.card.title} {wanted} nothing."

    def _light(self, target: Plug | None) -> None:
        for item in self.view.items_of.nodes.values():
            item.set_lit(target if target is not None and item.card.id == target.node else None)
        self._target = target

    # ------------------------------------------------------------------------------------------ when it lets go

    def release(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        target, reason = self._under(at) if self._moved else (None, None)
        over_card = self.view.items_of.node_at(at) is not None
        self._clear()
        if not self._moved:
            self.view.session.select([self._plug.node])
        elif target is not None and reason is None:
            self.view.session.edit("Connect", lambda document: edits.connect(self._base, *self._ends(target), self.view.session.catalogue))
        elif reason is not None:
            self.view.session.message.emit(self.view.refusal(reason))
        elif self._taken is not None:
            self.view.session.apply("Disconnect", self._base)
        elif not over_card:
            self._offer(at, pointer)

    def _offer(self, at: QPointF, pointer: QPoint) -> None:
        """In the void: what has a port that this wire fits."""
        if not self._kind:
            return
        direction: Literal["after", "before"] = "after" if self._plug.side == "out" else "before"
        entries = suggestions(self.view.session.catalogue, Kind(self._kind), direction)
        heading = f"What {'takes' if direction == 'after' else 'gives'} {self._kind}"
        self.view.ask_for(entries, pointer, lambda entry: self._add(entry, at), heading)

    def _add(self, entry: Entry, at: QPointF) -> None:
        self.view.add(entry.id, corner(at, self._plug.side), self._plug)

    def cancel(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.view.items_of.removeItem(self._wire)
        self.view.say_at(self._pointer, "")
        for item in self.view.items_of.nodes.values():
            item.set_state(dimmed=False)
            item.set_lit(None)
        for wire in self.view.items_of.wires.values():
            wire.setVisible(True)


def corner(at: QPointF, side: str) -> QPointF:
    """The corner of the card that a wire from that side reaches at a point: its plug lies where the hand let go."""
    return QPointF(at.x() - (0 if side == "out" else WIDTH), at.y() - HEIGHT / 2)
