"""From node to node by the arrow keys: left and right along the wires; else the nearest one that way, straight ahead before aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QPointF, Qt

#: a step aside counts this much more than one ahead
_ASIDE = 2.5

_DIRECTIONS: Mapping[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def is_arrow(key: int) -> bool:
    """Whether a key is one of the four arrows."""
    return key in _DIRECTIONS


def direction(key: int) -> QPointF:
    """One pixel in the direction of an arrow."""
    return QPointF(*_DIRECTIONS[key])


def next_in(places: Mapping[str, QPointF], now: str | None, key: int) -> str | None:
    """The id to go to from `now` (from nowhere: the first from the left), or None when nothing lies that way."""
    if not places:
        return None
    if now is None or now not in places:
        return min(places, key=lambda id: (places[id].x(), places[id].y()))
    dx, dy = _DIRECTIONS[key]
    here = places[now]
    best: tuple[float, str] | None = None
    for id, place in places.items():
        offset = place - here
        ahead = offset.x() * dx + offset.y() * dy
        aside = abs(offset.x() * dy) + abs(offset.y() * dx)
        if id != now and ahead > 1:
            cost = ahead + _ASIDE * aside
            if best is None or cost < best[0]:
                best = (cost, id)
    return best[1] if best else None


def along(places: Mapping[str, QPointF], wires: Iterable[tuple[str, str]], now: str | None, key: int) -> str | None:
    """The id to go to: right follows a wire (from node to node) downstream, left goes back; of several, the one most level with `now`.

    Where no wire leads that way, and up and down, the nearest in that direction.
    """
    if now is not None and now in places and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        here = places[now]
        pairs = wires if key == Qt.Key.Key_Right else [(end, start) for start, end in wires]
        ends = [end for start, end in pairs if start == now and end in places and end != now]
        if ends:
            return min(ends, key=lambda id: (abs(places[id].y() - here.y()), abs(places[id].x() - here.x())))
    return next_in(places, now, key)
