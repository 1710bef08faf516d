"""The line of a wire: a smooth curve where it runs to the right, rounded corners where it has to come back."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

#: a wire that ends less than this to the right of its start goes around instead of bending back through the cards
AHEAD = 16.0
#: how far a wire that goes around stands away from the card it leaves
STAND = 20.0
#: the corner's radius, where there is room (look: wide, calm turns)
ROUND = 40.0
#: how near a wire that comes back may pass a card
_CLEAR = 14.0


def route(start: QPointF, end: QPointF, level: float | None = None) -> QPainterPath:
    """The path from an output to an input; a wire that comes back runs at the height `level` (else midway)."""
    if comes_back(start, end):
        return _around(start, end, (start.y() + end.y()) / 2 if level is None else level)
    return _ahead(start, end)


def comes_back(start: QPointF, end: QPointF) -> bool:
    """Whether a wire has to go around instead of straight ahead."""
    return end.x() - start.x() < AHEAD


Span = tuple[float, float, float, float]


def span(box: QRectF) -> Span:
    """A card as `free_level` takes it: left, right, top, bottom."""
    return box.left(), box.right(), box.top(), box.bottom()


def free_level(start: QRectF, end: QRectF, others: Iterable[QRectF | Span]) -> float:
    """The height at which a wire comes back from one card to another: midway, or the nearest at which it crosses no card."""
    middle = max(start.bottom(), end.bottom()) + 28
    for upper, lower in ((start, end), (end, start)):
        if lower.top() - upper.bottom() >= 24:
            middle = (upper.bottom() + lower.top()) / 2
    left, right = end.left() - STAND, start.right() + STAND
    spans = (one if isinstance(one, tuple) else span(one) for one in others)
    taken = sorted((top - _CLEAR, bottom + _CLEAR) for from_, to, top, bottom in spans if to > left and from_ < right)
    free_above, free_below = middle, middle
    for above, below in taken:
        if above < free_below < below:
            free_below = below
    for above, below in reversed(taken):
        if above < free_above < below:
            free_above = above
    return free_above if middle - free_above <= free_below - middle else free_below


def _ahead(start: QPointF, end: QPointF) -> QPainterPath:
    path = QPainterPath(start)
    reach = min(max((end.x() - start.x()) / 2, 16.0), 90.0)
    if abs(end.y() - start.y()) < 0.5:
        path.lineTo(end)
    else:
        path.cubicTo(start + QPointF(reach, 0), end - QPointF(reach, 0), end)
    return path


def _around(start: QPointF, end: QPointF, level: float) -> QPainterPath:
    corners = [
        start,
        QPointF(start.x() + STAND, start.y()),
        QPointF(start.x() + STAND, level),
        QPointF(end.x() - STAND, level),
        QPointF(end.x() - STAND, end.y()),
        end,
    ]
    path = QPainterPath(start)
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        radius = min(ROUND, _length(before, corner) / (1 if before is start else 2), _length(corner, after) / (1 if after is end else 2))
        path.lineTo(_towards(corner, before, radius))
        path.quadTo(corner, _towards(corner, after, radius))
    path.lineTo(end)
    return path


def _length(a: QPointF, b: QPointF) -> float:
    return abs(a.x() - b.x()) + abs(a.y() - b.y())


def _towards(start: QPointF, end: QPointF, distance: float) -> QPointF:
    length = _length(start, end)
    return start if length == 0 else start + (end - start) * (distance / length)
