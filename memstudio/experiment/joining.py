"""What can be joined to a node, best first, and why not the rest; a node put on a wire, or taken out of its wires."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from memstudio.experiment import edits
from memstudio.experiment.checking import suggestions
from memstudio.experiment.document import Document, Wire
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.kinds import Kind
from memstudio.experiment.mends import asks_for_artifact
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.problems import Mend
from memstudio.experiment.wire_problems import misfit, refusal
from memstudio.experiment.wiring import Wiring
from memstudio.experiment.wording import a_kind, join, needed


@dataclass(frozen=True)
class Join:
    """One wire that could be drawn: from output `node.port` to input `node.port`.

    reason: why not, or None; mend: what would make it fit; replaces: the input has its one wire already, which would go.
    """

    start: str
    end: str
    reason: str | None = None
    mend: Mend | None = None
    replaces: bool = False


def joins(document: Document, catalogue: Catalogue, id: str) -> list[Join]:
    """Every wire between this node and the others: those that fit first, of them those that fill an open input, the nearest first."""
    wiring = Wiring(document, catalogue)
    if id not in wiring.entries:
        return []
    there = {(wire.start, wire.end) for wire in document.wires}
    found = [_join(wiring, catalogue, start, end) for start, end in _pairs(wiring, id) if (start, end) not in there]
    place = {node.id: node.place for node in document.nodes}

    def order(one: Join) -> tuple[int, bool, bool, float]:
        other = next(node for node in (one.start.rpartition(".")[0], one.end.rpartition(".")[0]) if node != id)
        (x, y), (far_x, far_y) = place[id], place[other]
        port = wiring.takes(*_split(one.end))
        optional = port is None or port.optional or port.takes(Kind.STREAM)
        fits = 0 if one.reason is None else 1 if one.mend is not None else 2
        return fits, optional, one.replaces, abs(far_x - x) + abs(far_y - y)

    return sorted(found, key=order)


def _pairs(wiring: Wiring, id: str) -> Iterator[tuple[str, str]]:
    mine = wiring.entries[id].component
    for other, entry in wiring.entries.items():
        if other == id:
            continue
        yield from ((f"{id}.{out.name}", f"{other}.{port.name}") for out in mine.gives for port in entry.component.takes)
        yield from ((f"{other}.{out.name}", f"{id}.{port.name}") for out in entry.component.gives for port in mine.takes)


def _join(wiring: Wiring, catalogue: Catalogue, start: str, end: str) -> Join:
    reason, mend = refusal(wiring, catalogue, start, end)
    port = wiring.takes(*_split(end))
    taken = port is not None and not port.many and bool(wiring.into.get(_split(end)))
    return Join(start, end, reason, mend, taken)


def _split(address: str) -> tuple[str, str]:
    node, _, port = address.rpartition(".")
    return node, port


# ---------------------------------------------------------------------------------------------- what a wire could lead to


def fitting(document: Document, catalogue: Catalogue, address: str, kind: Kind, direction: Literal["after", "before"]) -> list[Entry]:
    """What a wire from (after) or to (before) the port `node.port` of that kind could lead to, the best first.

    Best is what works on the same things as the node, stands further along than it (or before it) and is missing so far, and needs
    just this kind; a second task, or what needs an earlier run, comes last.
    """
    node = document.by_id.get(address.rpartition(".")[0])
    here = catalogue.entry(node.component) if node is not None and node.component in catalogue else None
    families = {node.component.partition(".")[0] for node in document.nodes}

    def order(entry: Entry) -> tuple[object, ...]:
        component = entry.component
        late = not component.alone or asks_for_artifact(component) or (component.is_task and "task" in families)
        unlike = here is not None and not here.component.is_like(component)
        steps = 0 if here is None else (entry.family.order - here.family.order) * (1 if direction == "after" else -1)
        astray = steps < 0 or (steps == 0 and here is not None and not here.family.stateful)
        return late, unlike, astray, component.family in families, _distance(entry, kind, direction), abs(steps)

    return sorted(suggestions(catalogue, kind, direction), key=order)


def _distance(entry: Entry, kind: Kind, direction: Literal["after", "before"]) -> int:
    """0: a required port of just this kind; 1: one that takes it too; 2: an optional one."""
    if direction == "before":
        return min((0 if port.kind == kind else 1 for port in entry.component.gives), default=2)
    takes = [port for port in entry.component.takes if port.takes(kind)]
    return min((2 if port.optional else 0 if port.kind == kind else 1 for port in takes), default=2)


# ---------------------------------------------------------------------------------------------- on a wire, and off


def misplaced(document: Document, component: str, start: str, end: str, catalogue: Catalogue) -> str | None:
    """Why a component cannot stand on the wire from `node.port` to `node.port`, or None."""
    if edits.through(document, start, component, end, catalogue) is not None:
        return None
    wiring, entry = Wiring(document, catalogue), catalogue.entry(component)
    given, needs = wiring.gives(*_split(start)), wiring.takes(*_split(end))
    if given is None or needs is None:
        return f"{entry.title} cannot be put on a wire of something that is not known here."
    takes = join([needed(port) for port in entry.component.takes]) or "nothing"
    if not any(port.takes(given.kind) for port in entry.component.takes):
        return f"{entry.title} takes {takes}; this wire carries {a_kind(given.kind)}."
    gives = join([a_kind(port.kind) for port in entry.component.gives]) or "nothing"
    return f"{entry.title} gives {gives}; {wiring.titles[_split(end)[0]]} needs {needed(needs)}."


def is_free(document: Document, id: str) -> bool:
    """Whether no wire ends or starts at a node."""
    return not any(id in (wire.start_node, wire.end_node) for wire in document.wires)


def put_on_wire(document: Document, id: str, start: str, end: str, catalogue: Catalogue) -> Document:
    """A node that has no wires yet on a wire, which then runs through it; what follows moves right where room is wanting.

    A wire that comes back has no middle: there the node stays where it is.
    """
    node = document.by_id.get(id)
    if node is None:
        raise Refusal(f"There is no node {id!r} that could be put on a wire.")
    if not is_free(document, id):
        raise Refusal(f"{id} has wires already; detach it first.")
    if node.component not in catalogue:
        raise Refusal(f"{node.component} is not known here, so it cannot be put on a wire.")
    ports = edits.through(document, start, node.component, end, catalogue)
    if ports is None:
        raise Refusal(misplaced(document, node.component, start, end, catalogue) or f"{id} does not fit there.")
    document = edits.disconnect(document, start, end)
    before, after = (document.node(address.rpartition(".")[0]) for address in (start, end))
    if after.place[0] > before.place[0]:
        document, (place,) = edits.make_room(document, before.id, after.id)
        document = edits.move(document, {id: place})
    document = edits.connect(document, start, f"{id}.{ports[0]}", catalogue)
    return edits.connect(document, f"{id}.{ports[1]}", end, catalogue)


def detach(document: Document, ids: Iterable[str], catalogue: Catalogue) -> Document:
    """These nodes out of their wires (those among them stay); what came before is joined with what comes after where that fits."""
    gone = set(ids)
    for id in sorted(gone - set(document.by_id)):
        raise Refusal(f"There is no node {id!r} to detach.")
    coming = [wire for wire in document.wires if wire.start_node not in gone and wire.end_node in gone]
    going = [wire for wire in document.wires if wire.start_node in gone and wire.end_node not in gone]
    if not coming and not going:
        raise Refusal("What is selected has no wires to be taken out of.")
    within = Wiring(document.model_copy(update={"wires": [w for w in document.wires if {w.start_node, w.end_node} <= gone]}), catalogue)
    crossing = {(wire.start, wire.end) for wire in (*coming, *going)}
    document = document.model_copy(update={"wires": [w for w in document.wires if (w.start, w.end) not in crossing]})
    for wire in going:
        behind = within.reached([wire.start_node], back=True)
        document = _joined(document, [one for one in coming if one.end_node in behind], wire.end, catalogue)
    return document


def _joined(document: Document, before: list[Wire], end: str, catalogue: Catalogue) -> Document:
    """The document with the first of these wires' starts that fits joined to an input."""
    wiring = Wiring(document, catalogue)
    start = next((one.start for one in before if misfit(wiring, catalogue, one.start, end) is None), None)
    return document if start is None else edits.connect(document, start, end, catalogue)
