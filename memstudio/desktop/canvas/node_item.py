"""One node on the canvas: a painted card with its plugs and the components inside it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.canvas.cards import REACH, WIDTH, Card, Plug
from memstudio.desktop.canvas.face import RADIUS, Face, Points, chip, draw_plugs
from memstudio.desktop.canvas.ink import Ink, ink
from memstudio.desktop.canvas.parts import Part
from memstudio.desktop.canvas.sharpening import Picture, Sharpening

#: above this scale words can be read (12 px type at 5 px); below it the paper paints all cards at a time, without words (far.py)
READABLE = 0.42


class NodeItem(QGraphicsItem):
    """The card of a node. What it shows is set by the scene: card, fault (a sentence or None), chosen, hovered, dimmed, lit plug.

    stand_in: where its plugs are while it is inside a folded group; None while it is seen itself.
    """

    def __init__(self, card: Card, sharpening: Sharpening | None = None, changed: Callable[[bool], None] | None = None) -> None:
        """changed: called when the card looks different from afar; True: it is dimmed, or no more."""
        super().__init__()
        self._changed = changed
        self.card = card
        self.fault: str | None = None
        self.careful = False
        self.chosen = False
        self.hovered = False
        self.dimmed = False
        self.lit: Plug | None = None
        self.lit_part = ""
        self.curve_text = ""
        self.stand_in: dict[tuple[str, str], QPointF] | None = None
        self._face = Face()
        self._picture = Picture()
        self._sharpening = sharpening if sharpening is not None else Sharpening()
        self._ink: Ink | None = None
        self._bounds = QRectF()
        self._body = QRectF()
        self._placed = QRectF()
        self.setZValue(2)
        self.set_card(card)

    def set_card(self, card: Card) -> None:
        """Shows another card in the same place."""
        self.prepareGeometryChange()
        self.card = card
        self._body = QRectF(0, 0, WIDTH, card.height)
        self._placed = self._body.translated(self.pos())
        self._bounds = self._body.adjusted(-8, -8, 8, 8)
        self._look_again()

    def setPos(self, place: QPointF) -> None:  # type: ignore[override]
        """Stands with its corner there. (Where it is is asked for thousands of times a frame, so it is kept.)"""
        super().setPos(place)
        self._placed = self._body.translated(place)

    def set_fault(self, fault: str | None, careful: bool) -> None:
        """Puts the mark of a problem on the card, or takes it away; careful: a warning, not an error."""
        if (fault, careful) != (self.fault, self.careful):
            self.fault, self.careful = fault, careful
            self._face.fault, self._face.careful = fault is not None, careful
            self._look_again()
            if self._changed is not None:
                self._changed(False)

    def set_curve(self, points: Points, words: str = "") -> None:
        """Draws a small curve on the card; none takes it away. words: what its last value is, for the tip."""
        self.curve_text = words
        if points != self._face.curve:
            self._face.curve = points
            self._look_again()

    @property
    def curve(self) -> Points:
        """The small curve on the card, in 0 to 1."""
        return self._face.curve

    def _look_again(self) -> None:
        self._ink = None
        self.update()

    def set_state(self, *, chosen: bool | None = None, hovered: bool | None = None, dimmed: bool | None = None) -> None:
        """Changes what is said of the card by its frame and strength."""
        before = (self.chosen, self.hovered, self.dimmed)
        self.chosen = self.chosen if chosen is None else chosen
        self.hovered = self.hovered if hovered is None else hovered
        self.dimmed = self.dimmed if dimmed is None else dimmed
        if before != (self.chosen, self.hovered, self.dimmed):
            if self._changed is not None:
                self._changed(before[2] != self.dimmed)
            self.setZValue(3 if self.chosen else 2)
            self.setOpacity(0.32 if self.dimmed else 1.0)
            self.update()

    def set_lit(self, plug: Plug | None) -> None:
        """Makes one plug larger: the one a wire would end at."""
        if plug != self.lit:
            self.lit = plug
            self.update()
            if self._changed is not None and self.stand_in is not None:
                self._changed(False)

    def set_lit_part(self, address: str) -> None:
        """Frames the chip of the component inside that is pointed at."""
        if address != self.lit_part:
            self.lit_part = address
            self.update()

    def set_far(self, far: bool) -> None:
        """Whether the paper paints all cards at a time now (far.py), so that this one need not be asked."""
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, far)

    @property
    def elided(self) -> bool:
        """Whether words of the card had to be cut."""
        return self._face.elided

    @property
    def body(self) -> QRectF:
        """The card itself in scene coordinates, without its plugs. Not for changing."""
        return self._placed

    def plug_at(self, point: QPointF) -> Plug | None:
        """The plug within reach of a point of the scene, the nearest first."""
        return nearest_plug(self.card.plugs, point - self.pos())

    def part_at(self, point: QPointF) -> Part | None:
        """The component inside whose chip is under a point of the scene."""
        local = point - self.pos()
        return next((part for part in self.card.parts if chip(part).adjusted(0, -1, 0, 1).contains(local)), None)

    def place_of(self, plug: Plug) -> QPointF:
        """Where a plug is in the scene; of a node in a folded group, where the group's card has it."""
        if self.stand_in is not None:
            found = self.stand_in.get((plug.side, plug.address))
            if found is not None:
                return found
        return self.pos() + QPointF(plug.x, plug.y)

    def tip(self) -> str:
        """What the card says when it is pointed at: the whole title when it is cut, what is measured, and what is wrong."""
        head = f"{self.card.title}\n{self.card.line}" if self.elided else ""
        return "\n".join(part for part in (head, self.curve_text, self.fault) if part)

    # ------------------------------------------------------------------------------------------ painting

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paints the card, from a picture of it: 500 cards are then 500 blits. What changes under the hand is drawn over it."""
        now = ink()
        if self._ink is not now:
            self._face.lay_out(self.card, now)
            self._ink = now
            self._picture.spoil()
        if not self._picture.paint(painter, self._bounds, self._sharpening, self, self._draw):
            painter.setPen(now.border)
            painter.setBrush(now.card)
            painter.drawRect(self._body)
        if self.chosen or self.hovered:
            painter.setPen(now.chosen if self.chosen else QPen(now.dim, 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self._body, RADIUS, RADIUS)
        if self.chosen or self.hovered or self.lit is not None:
            draw_plugs(painter, now, [plug for plug in self.card.plugs if self.hovered or not plug.faint or plug == self.lit], self.lit)
        if self.lit_part:
            self._frame_part(painter, now)

    def _draw(self, painter: QPainter, scale: float) -> None:
        self._face.draw(painter, ink(), self.card, scale)

    def _frame_part(self, painter: QPainter, now: Ink) -> None:
        for part in self.card.parts:
            if part.address == self.lit_part:
                painter.setPen(QPen(now.dim, 1.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(chip(part), 4, 4)


def nearest_plug(plugs: tuple[Plug, ...], local: QPointF) -> Plug | None:
    """The plug within reach of a point that is measured from the card's corner, the nearest first."""
    near: list[tuple[float, int]] = []
    for number, plug in enumerate(plugs):
        aside, down = abs(local.x() - plug.x), abs(local.y() - plug.y)
        if aside <= REACH and down <= REACH:
            near.append((aside + down, number))
    return plugs[min(near)[1]] if near else None
