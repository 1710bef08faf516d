"""Quiet lines to neighbours while something is moved: it catches where edges or middles stand in line."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.canvas.ink import ink

#: so many pixels of the screen beside a line, it still catches
CATCH = 6.0
_BEYOND = 12.0


class GuideLines(QGraphicsItem):
    """The lines that are shown now."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[QLineF, ...] = ()
        # Below the cards, so that no line runs through words.
        self.setZValue(1.5)

    def show_lines(self, lines: Iterable[QLineF]) -> None:
        """Shows these lines of the scene."""
        found = tuple(lines)
        if found != self.lines:
            self.prepareGeometryChange()
            self.lines = found
            self.update()

    def boundingRect(self) -> QRectF:
        box = QRectF()
        for one in self.lines:
            box = box.united(QRectF(one.p1(), one.p2()).normalized().adjusted(-2, -2, 2, 2))
        return box

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        colour = QColor(ink().accent)
        pen = QPen(colour, 1.0)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawLines(list(self.lines))


class Neighbours:
    """The cards that stay, by the lines they stand on."""

    def __init__(self, boxes: Iterable[QRectF]) -> None:
        there = list(boxes)
        #: for left, middle, right and for top, middle, bottom: (where, box), in order
        self._across = [sorted(((at(box), i) for i, box in enumerate(there))) for at in (QRectF.left, _middle_x, QRectF.right)]
        self._down = [sorted(((at(box), i) for i, box in enumerate(there))) for at in (QRectF.top, _middle_y, QRectF.bottom)]
        self._boxes = there

    def caught(self, box: QRectF, reach: float) -> tuple[float | None, float | None]:
        """How far a card has to move across and down to stand in line with its nearest neighbour's line; None: none is in reach."""
        return (
            _nearest(self._across, (box.left(), _middle_x(box), box.right()), reach),
            _nearest(self._down, (box.top(), _middle_y(box), box.bottom()), reach),
        )

    def lines(self, box: QRectF) -> list[QLineF]:
        """The lines on which a card stands together with a neighbour: one across and one down at most."""
        found: list[QLineF] = []
        for lists, places, upright in (
            (self._across, (box.left(), _middle_x(box), box.right()), True),
            (self._down, (box.top(), _middle_y(box), box.bottom()), False),
        ):
            for places_of, place in zip(lists, places, strict=True):
                near = self._nearest_box(places_of, place, box)
                if near is not None:
                    found.append(_line(place, box, near, upright))
                    break
        return found

    def _nearest_box(self, places: list[tuple[float, int]], place: float, box: QRectF) -> QRectF | None:
        index = bisect_left(places, (place - 0.01, -1))
        best: tuple[float, QRectF] | None = None
        while index < len(places) and places[index][0] <= place + 0.01:
            other = self._boxes[places[index][1]]
            distance = (other.center() - box.center()).manhattanLength()
            if best is None or distance < best[0]:
                best = (distance, other)
            index += 1
        return best[1] if best else None


def _middle_x(box: QRectF) -> float:
    return box.center().x()


def _middle_y(box: QRectF) -> float:
    return box.center().y()


def _nearest(lists: list[list[tuple[float, int]]], places: tuple[float, float, float], reach: float) -> float | None:
    best: float | None = None
    for places_of, place in zip(lists, places, strict=True):
        index = bisect_left(places_of, (place, -1))
        for other, _ in places_of[max(0, index - 1) : index + 1]:
            if abs(other - place) <= reach and (best is None or abs(other - place) < abs(best)):
                best = other - place
    return best


def _line(place: float, box: QRectF, near: QRectF, upright: bool) -> QLineF:
    both = box.united(near)
    if upright:
        return QLineF(QPointF(place, both.top() - _BEYOND), QPointF(place, both.bottom() + _BEYOND))
    return QLineF(QPointF(both.left() - _BEYOND, place), QPointF(both.right() + _BEYOND, place))
