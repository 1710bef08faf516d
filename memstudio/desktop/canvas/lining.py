"""Things in line: in a row, in a column, evenly spread. Places from places and sizes; no widget here."""

from __future__ import annotations

from collections.abc import Mapping

#: x, y, width, height
Box = tuple[float, float, float, float]
Places = dict[str, tuple[float, float]]
#: cards that are put in line stand at least so far apart
GAP = 40.0


def in_row(boxes: Mapping[str, Box]) -> Places:
    """All with their middles at the height of the first; what would lie on another moves right."""
    first = next(iter(boxes.values()))
    middle = first[1] + first[3] / 2
    placed = {id: (x, middle - height / 2) for id, (x, _, _, height) in boxes.items()}
    right = None
    for id in sorted(boxes, key=lambda one: boxes[one][0]):
        x = placed[id][0]
        if right is not None and x < right:
            x = right + GAP
        placed[id] = (x, placed[id][1])
        right = x + boxes[id][2]
    return placed


def in_column(boxes: Mapping[str, Box]) -> Places:
    """All with their middles above each other, as the first stands; what would lie on another moves down."""
    return _turned(in_row(_turned_boxes(boxes)))


def spread_across(boxes: Mapping[str, Box]) -> Places:
    """The same gap between each and the next from left to right; the outermost stay where there is room."""
    order = sorted(boxes, key=lambda one: boxes[one][0])
    if len(order) < 3:
        return {id: (x, y) for id, (x, y, _, _) in boxes.items()}
    left = boxes[order[0]][0]
    right = boxes[order[-1]][0] + boxes[order[-1]][2]
    gap = max((right - left - sum(boxes[id][2] for id in order)) / (len(order) - 1), 0.0)
    placed: Places = {}
    for id in order:
        placed[id] = (left, boxes[id][1])
        left += boxes[id][2] + gap
    return placed


def spread_down(boxes: Mapping[str, Box]) -> Places:
    """The same gap between each and the next from top to bottom; the outermost stay where there is room."""
    return _turned(spread_across(_turned_boxes(boxes)))


def _turned_boxes(boxes: Mapping[str, Box]) -> dict[str, Box]:
    return {id: (y, x, height, width) for id, (x, y, width, height) in boxes.items()}


def _turned(places: Places) -> Places:
    return {id: (y, x) for id, (x, y) in places.items()}
