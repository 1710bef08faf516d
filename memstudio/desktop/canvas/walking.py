"""From node to node by the arrow keys: left and right along the wires; else the nearest one that way, straight ahead before aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QPointF, Qt

from memstudio.desktop.canvas.scene import Scene
from memstudio.experiment.document import Document

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


def stations(scene: Scene, document: Document) -> tuple[dict[str, QPointF], list[tuple[str, str]], dict[str, str]]:
    """Where one can walk: the middles of what is seen, the wires between these, and for each node inside a folded group that group."""
    inside = {id: group.id for group in document.groups if group.folded and group.id in scene.groups for id in group.nodes}
    hidden = {id: group for id, group in inside.items() if id in scene.nodes and not scene.nodes[id].isVisible()}
    places = {id: item.body.center() for id, item in scene.nodes.items() if item.isVisible()}
    places |= {group: scene.groups[group].sceneBoundingRect().center() for group in hidden.values()}
    wires = [(hidden.get(wire.start_node, wire.start_node), hidden.get(wire.end_node, wire.end_node)) for wire in document.wires]
    return places, wires, hidden
