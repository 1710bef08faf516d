"""The card of a folded group: its title, how many components are inside, and a plug for each end of a wire from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF

from memstudio.desktop.canvas.arrange import SNAP
from memstudio.desktop.canvas.cards import HEIGHT, STEP, WIDTH, Card, Plug
from memstudio.desktop.words import count
from memstudio.experiment.document import Document, Group, Wire

#: more components than this are counted, not named
_TOLD = 8


def folded_members(document: Document) -> dict[str, str]:
    """Each node that is inside a folded group -> the group's id."""
    known = {node.id for node in document.nodes}
    return {node: group.id for group in document.groups if group.folded for node in group.nodes if node in known}


def folded_card(group: Group, inside: Mapping[str, Card], wires: Iterable[Wire]) -> Card:
    """The card of a group with these cards inside. Its plugs keep the address of the node they belong to."""
    ends: dict[tuple[str, str], None] = {}
    for wire in wires:
        if wire.end_node in inside and wire.start_node not in inside:
            ends["in", wire.end] = None
        elif wire.start_node in inside and wire.end_node not in inside:
            ends["out", wire.start] = None
    sides = {side: [address for at, address in ends if at == side] for side in ("in", "out")}
    height = max(HEIGHT, STEP * (max(len(one) for one in sides.values()) + 1))
    plugs = [
        _plug(inside, side, address, height / 2 + STEP * (place - (len(addresses) - 1) / 2))
        for side, addresses in sides.items()
        for place, address in enumerate(addresses)
    ]
    words = (count(len(inside), "component"),)
    return Card(group.id, group.title or "Group", words, "", "group", height, tuple(plugs), head=height)


def _plug(inside: Mapping[str, Card], side: str, address: str, y: float) -> Plug:
    node, _, port = address.rpartition(".")
    own = inside[node].plug(side, port)
    title = f"{inside[node].title}, {own.title if own is not None else port}"
    return Plug(node, port, side, own.kind if own is not None else "", title, 0.0 if side == "in" else WIDTH, y)


def folded_place(members: QRectF, height: float) -> QPointF:
    """Where the card of a folded group stands: in the middle of its members, on the grid."""
    x, y = members.center().x() - WIDTH / 2, members.center().y() - height / 2
    return QPointF(round(x / SNAP) * SNAP, round(y / SNAP) * SNAP)


def told(titles: Sequence[str]) -> list[str]:
    """The titles of what is inside, as many as one reads."""
    return list(titles) if len(titles) <= _TOLD else [*titles[: _TOLD - 1], f"and {len(titles) - _TOLD + 1} more"]
