"""Places for nodes that have none: columns from left to right along the wires, the learning part on a line of its own when long."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from memstudio.desktop.canvas.cards import card_of, stream_is_implied
from memstudio.experiment.document import Document, Node
from memstudio.experiment.entries import Catalogue

#: distance between cards' corners: a card is 160 x 64, and gaps of 40 and 36 leave room for wires (multiples of the 20 px grid)
COLUMN, ROW = 200.0, 100.0
#: more columns than this do not fit a canvas of 1,280 px at full size
WIDEST = 5
#: a document of so few nodes needs no second line unless it is wide
_FEW = 12
#: so often the columns are put in order; more changes nothing in graphs of 60 nodes
_SWEEPS = 8
#: places snap to this; with Alt held, to 4 px
SNAP = 20.0


def arranged(document: Document, catalogue: Catalogue) -> Document:
    """The document with places for its nodes where they all stand on one spot; else the document itself."""
    if len(document.nodes) < 2 or len({node.place for node in document.nodes}) > 1:
        return document
    return with_places(document, places(document, catalogue))


def with_places(document: Document, found: Mapping[str, tuple[float, float]]) -> Document:
    """The document with these nodes at these places."""
    nodes = [node.model_copy(update={"place": found.get(node.id, node.place)}) for node in document.nodes]
    return document.model_copy(update={"nodes": nodes})


def places(document: Document, catalogue: Catalogue) -> dict[str, tuple[float, float]]:
    """A place for every node: node id -> (x, y) of its upper left corner. What has no wires stands in rows of its own below."""
    heights = card_heights(document, catalogue)
    joined = {id for wire in document.wires for id in (wire.start_node, wire.end_node)}
    wired = [node for node in document.nodes if node.id in joined]
    found = _wired_places(document, wired, catalogue, heights)
    below = max((y + heights[id] for id, (_, y) in found.items()), default=-ROW)
    loose = [node.id for node in document.nodes if node.id not in joined]
    return found | _in_rows(loose, snapped_up(below + ROW), heights)


def card_heights(document: Document, catalogue: Catalogue) -> dict[str, float]:
    """How high each node's card is: one with many ports is higher."""
    implied = stream_is_implied(document, catalogue)
    ports: dict[str, dict[str, None]] = {}
    for wire in document.wires:
        ports.setdefault(wire.end_node, {})[f"<{wire.end_port}"] = None
        ports.setdefault(wire.start_node, {})[f">{wire.start_port}"] = None
    #: a document of hundreds of nodes has few kinds of cards: component, wired ports and values -> height
    known: dict[tuple[str, frozenset[str], str], float] = {}
    heights: dict[str, float] = {}
    for node in document.nodes:
        wired = ports.get(node.id, {})
        kind = (node.component, frozenset(wired), repr(node.values))
        if kind not in known:
            known[kind] = card_of(node, document, catalogue, implied, wired).height
        heights[node.id] = known[kind]
    return heights


def snapped_up(value: float) -> float:
    """The next line of the grid at or below a height."""
    return math.ceil(value / SNAP) * SNAP


def _wired_places(
    document: Document, nodes: Sequence[Node], catalogue: Catalogue, heights: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    depth = _depths(document)
    following = _followers(document)
    learning = {node.id for node in nodes if _learns(node, catalogue)}
    learning |= _downstream(document, learning)
    short = max((depth[node.id] for node in nodes), default=0) < WIDEST and len(nodes) <= _FEW
    if short or not learning or len(learning) == len(nodes):
        return _band([node.id for node in nodes], depth, 0.0, heights, following)
    first = [node.id for node in nodes if node.id not in learning]
    second = [node.id for node in nodes if node.id in learning]
    start = min(depth[id] for id in second)
    upper = _band(first, depth, 0.0, heights, following)
    below = snapped_up(max(y + heights[id] for id, (_, y) in upper.items()) + ROW + ROW - 64)
    return upper | _band(second, {id: depth[id] - start for id in second}, below, heights, following)


def _band(
    ids: Sequence[str], depth: Mapping[str, int], top: float, heights: Mapping[str, float], following: Mapping[str, Sequence[str]]
) -> dict[str, tuple[float, float]]:
    """Columns by depth from this height down, each around the middle of the tallest."""
    columns: dict[int, list[str]] = {}
    for id in ids:
        columns.setdefault(depth[id], []).append(id)
    _uncross(columns, following)
    steps = {id: max(ROW, snapped_up(heights[id] + ROW - 64)) for id in ids}
    tallest = max((sum(steps[id] for id in column) for column in columns.values()), default=ROW)
    found: dict[str, tuple[float, float]] = {}
    for place, column in columns.items():
        y = top + round((tallest - sum(steps[id] for id in column)) / 2 / SNAP) * SNAP
        for id in column:
            found[id] = (place * COLUMN, y)
            y += steps[id]
    return found


def _uncross(columns: dict[int, list[str]], following: Mapping[str, Sequence[str]]) -> None:
    """Puts every column into the order of what its nodes are joined to, to and fro a few times: fewer wires cross."""
    before: dict[str, list[str]] = {}
    for id, ends in following.items():
        for end in ends:
            before.setdefault(end, []).append(id)
    level = {id: (index + 0.5) / len(column) for column in columns.values() for index, id in enumerate(column)}

    def middle(id: str, joined: Mapping[str, Sequence[str]]) -> float:
        ends = [level[one] for one in joined.get(id, ()) if one in level]
        return sum(ends) / len(ends) if ends else level[id]

    order = sorted(columns)
    unchanged = 0
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        was = {place: list(columns[place]) for place in order}
        for place in order if forward else order[::-1]:
            column = columns[place]
            column.sort(key=partial(middle, joined=before if forward else following))
            level |= {id: (index + 0.5) / len(column) for index, id in enumerate(column)}
        unchanged = unchanged + 1 if columns == was else 0
        if unchanged == 2:
            # neither way brings anything any more
            break


def _in_rows(ids: Sequence[str], top: float, heights: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for start in range(0, len(ids), WIDEST):
        row = ids[start : start + WIDEST]
        found |= {id: (place * COLUMN, top) for place, id in enumerate(row)}
        top += max(ROW, snapped_up(max(heights[id] for id in row) + ROW - 64))
    return found


def _learns(node: Node, catalogue: Catalogue) -> bool:
    if node.component not in catalogue:
        return False
    return any(not port.kind.is_value for port in catalogue.entry(node.component).component.takes)


def _followers(document: Document) -> dict[str, list[str]]:
    following: dict[str, list[str]] = {node.id: [] for node in document.nodes}
    for wire in document.wires:
        if wire.start_node in following and wire.end_node in following:
            following[wire.start_node].append(wire.end_node)
    return following


def _depths(document: Document) -> dict[str, int]:
    """The longest way to each node from one that nothing reaches; wires that close a circle count once."""
    following = _followers(document)
    waiting = dict.fromkeys(following, 0)
    for ends in following.values():
        for end in ends:
            waiting[end] += 1
    depth = dict.fromkeys(following, 0)
    ready = [id for id, count in waiting.items() if count == 0]
    while ready:
        id = ready.pop()
        for end in following[id]:
            depth[end] = max(depth[end], depth[id] + 1)
            waiting[end] -= 1
            if waiting[end] == 0:
                ready.append(end)
    return depth


def _downstream(document: Document, starts: set[str]) -> set[str]:
    following = _followers(document)
    found: set[str] = set()
    ahead = list(starts)
    while ahead:
        for end in following[ahead.pop()]:
            if end not in found:
                found.add(end)
                ahead.append(end)
    return found


def corner(document: Document, ids: Collection[str]) -> tuple[float, float]:
    """The upper left corner of these nodes."""
    chosen = [node.place for node in document.nodes if node.id in ids]
    return min(x for x, _ in chosen), min(y for _, y in chosen)


def shifted(found: Mapping[str, tuple[float, float]], to: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """The same places with their upper left corner at a point."""
    left, top = min(x for x, _ in found.values()), min(y for _, y in found.values())
    return {id: (x - left + to[0], y - top + to[1]) for id, (x, y) in found.items()}
