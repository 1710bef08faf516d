"""Drawing a wire, from either end: what cannot take it is dimmed, and the pointer says why; the void says what would fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
from memstudio.desktop.canvas.wire_item import WireItem
from memstudio.desktop.session import wire_id
from memstudio.experiment import edits
from memstudio.experiment.document import Wire
from memstudio.experiment.entries import Entry
from memstudio.experiment.joining import fitting
from memstudio.experiment.kinds import Kind
from memstudio.experiment.problems import Mend
from memstudio.experiment.wire_problems import refusal
from memstudio.experiment.wiring import Wiring
from memstudio.experiment.wording import a_kind

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
    """A wire from a plug to wherever it is let go; taken: a wire that there is, whose other end is in the hand.

    click: what a press without a move means.
    """

    def __init__(self, view: Sheet, fixed: Plug, pointer: QPoint, taken: Wire | None, click: Callable[[], None]) -> None:
        super().__init__(view)
        self._plug, self._pointer, self._taken, self._click = fixed, pointer, taken, click
        self._moved = False
        self._base = view.session.document
        if taken is not None:
            self._base = edits.disconnect(self._base, taken.start, taken.end)
        self._kind = fixed.kind
        self._wiring = Wiring(self._base, view.session.catalogue)
        self._refused: dict[str, tuple[str | None, Mend | None]] = {}
        self._dimmed: set[str] = set()
        self._hidden: WireItem | None = None
        self._wire = LooseWire(self._kind)
        view.items_of.addItem(self._wire)

    @classmethod
    def from_plug(cls, view: Sheet, plug: Plug, pointer: QPoint) -> Connecting:
        """From a plug. An input's only wire is taken off by pulling it away."""
        click = partial(view.session.select, [plug.node])
        wires = view.session.document.into(plug.node, plug.port) if plug.side == "in" else []
        far = view.items_of.plug(wires[0].start, "out") if len(wires) == 1 else None
        return cls(view, plug, pointer, None, click) if far is None else cls(view, far, pointer, wires[0], click)

    @classmethod
    def from_wire(cls, view: Sheet, wire: Wire, at: QPointF, pointer: QPoint) -> Connecting | None:
        """From a wire itself: its end that is nearer to the hand comes off. None where it leads nowhere that is shown."""
        start, end = view.items_of.plug(wire.start, "out"), view.items_of.plug(wire.end, "in")
        if start is None or end is None:
            return None
        places = [view.items_of.nodes[plug.node].place_of(plug) for plug in (start, end)]
        at_start, at_end = ((place - at).manhattanLength() for place in places)
        click = partial(view.session.select, [wire_id(wire.start, wire.end)])
        return cls(view, end if at_start < at_end else start, pointer, wire, click)

    # ------------------------------------------------------------------------------------------ while the hand moves

    def move(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._moved and (pointer - self._pointer).manhattanLength() < _STILL:
            return
        if not self._moved:
            self._moved = True
            self._dim()
        target, reason, mend = self._under(at)
        shown = target if reason is None or mend is not None else None
        self._light(shown)
        fixed = self.view.items_of.nodes[self._plug.node].place_of(self._plug)
        loose = self.view.items_of.nodes[shown.node].place_of(shown) if shown is not None else at
        self._wire.run(fixed, loose) if self._plug.side == "out" else self._wire.run(loose, fixed)
        self.view.say_at(pointer, f"{reason}\nLet go to do so." if mend is not None else reason or "")

    def _dim(self) -> None:
        for item in self.view.items_of.nodes.values():
            if item.card.id != self._plug.node and not any(self._reason(plug) is None for plug in self._other_side(item)):
                self._dimmed.add(item.card.id)
        if self._taken is not None:
            self._hidden = self.view.items_of.wires.get((self._taken.start, self._taken.end))
            if self._hidden is not None:
                self._hidden.setVisible(False)

    def _other_side(self, item: NodeItem) -> list[Plug]:
        return [plug for plug in item.card.plugs if plug.side != self._plug.side]

    def _ends(self, plug: Plug) -> tuple[str, str]:
        return (self._plug.address, plug.address) if self._plug.side == "out" else (plug.address, self._plug.address)

    def _reason(self, plug: Plug) -> str | None:
        return self._refusal(plug)[0]

    def _refusal(self, plug: Plug) -> tuple[str | None, Mend | None]:
        """Why the wire may not end at this plug, and what would mend that; asked once for each plug."""
        if plug.address not in self._refused:
            self._refused[plug.address] = refusal(self._wiring, self.view.session.catalogue, *self._ends(plug))
        return self._refused[plug.address]

    def _under(self, at: QPointF) -> tuple[Plug | None, str | None, Mend | None]:
        """The plug the wire would end at, why it may not, what mends that; anywhere on a card means its first plug that fits."""
        plug = self.view.items_of.plug_at(at)
        if plug is not None and plug.side != self._plug.side:
            return (plug, *self._refusal(plug))
        item = self.view.items_of.node_at(at)
        if item is None or (plug is not None and plug.node == self._plug.node):
            return None, None, None
        plugs = self._other_side(item)
        if not plugs:
            wanted = "takes" if self._plug.side == "out" else "gives"
            return None, f"{item.card.title} {wanted} nothing.", None

        def order(one: Plug) -> tuple[bool, bool, bool, float]:
            reason, mend = self._refusal(one)
            return reason is not None, mend is None, one.faint, abs(item.pos().y() + one.y - at.y())

        best = min(plugs, key=order)
        return (best, *self._refusal(best))

    def _light(self, target: Plug | None) -> None:
        for item in self.view.items_of.nodes.values():
            here = target is not None and item.card.id == target.node
            item.set_lit(target if here else None)
            item.set_state(dimmed=item.card.id in self._dimmed and not here)

    # ------------------------------------------------------------------------------------------ when it lets go

    def release(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        target, reason, mend = self._under(at) if self._moved else (None, None, None)
        over_card = self.view.items_of.node_at(at) is not None
        outside = not self.view.viewport().rect().contains(pointer)
        self._clear()
        session = self.view.session
        if not self._moved:
            self._click()
        elif outside:
            return
        elif target is not None and reason is None:
            if self._taken is None or self._ends(target) != (self._taken.start, self._taken.end):
                session.edit("Connect", lambda document: edits.connect(self._base, *self._ends(target), session.catalogue))
        elif mend is not None:
            session.edit(mend.title, lambda document: mend.edit(self._base))
        elif reason is not None:
            session.message.emit(self.view.refusal(reason))
        elif self._taken is not None and not over_card:
            session.apply("Disconnect", self._base)
        elif not over_card:
            self._offer(at, pointer)

    def _offer(self, at: QPointF, pointer: QPoint) -> None:
        """In the void: what has a port that this wire fits, the best first."""
        if not self._kind:
            return
        session = self.view.session
        direction: Literal["after", "before"] = "after" if self._plug.side == "out" else "before"
        entries = fitting(session.document, session.catalogue, self._plug.address, Kind(self._kind), direction)
        heading = f"What {'takes' if direction == 'after' else 'gives'} {a_kind(Kind(self._kind))}"
        self.view.ask_for(entries, pointer, partial(self._add, at), heading)

    def _add(self, at: QPointF, entry: Entry) -> None:
        self.view.add(entry.id, corner(at, self._plug.side), self._plug)

    def cancel(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.view.items_of.removeItem(self._wire)
        self.view.say_at(self._pointer, "")
        for item in self.view.items_of.nodes.values():
            item.set_state(dimmed=False)
            item.set_lit(None)
        if self._hidden is not None and self._hidden.scene() is not None:
            self._hidden.setVisible(True)


def corner(at: QPointF, side: str) -> QPointF:
    """The corner of the card that a wire from that side reaches at a point: its plug lies where the hand let go."""
    return QPointF(at.x() - (0 if side == "out" else WIDTH), at.y() - HEIGHT / 2)
