"""Edits of wires: connect, disconnect, insert a node on a wire, make room for it."""

from __future__ import annotations

from memstudio.experiment.document import Document, Wire
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.node_edits import Place, add_node, move, node_of
from memstudio.experiment.parameters import Refusal

#: How far right of a node the next one is put, and how near two may be for a third to stand between: cards are about 180 wide.
STEP, ROOM = 240.0, 400.0


def connect(document: Document, start: str, end: str, catalogue: Catalogue | None = None) -> Document:
    """A wire from `node.port` to `node.port`. With the catalogue, a port for one wire gives up the one it had.

    A wire that is there already is not doubled.
    """
    wire = Wire(start=start, end=end)
    for id in (wire.start_node, wire.end_node):
        node_of(document, id)
    if any((one.start, one.end) == (start, end) for one in document.wires):
        return document
    stays = catalogue is None or _takes_many(document, wire, catalogue)
    return document.model_copy(update={"wires": [*(one for one in document.wires if stays or one.end != end), wire]})


def _takes_many(document: Document, wire: Wire, catalogue: Catalogue) -> bool:
    component = node_of(document, wire.end_node).component
    ports = catalogue.entry(component).component.takes if component in catalogue else ()
    return next((port.many for port in ports if port.name == wire.end_port), True)


def disconnect(document: Document, start: str, end: str) -> Document:
    """Without the wire from `node.port` to `node.port` (every copy of it)."""
    wires = [wire for wire in document.wires if (wire.start, wire.end) != (start, end)]
    if len(wires) == len(document.wires):
        raise Refusal(f"There is no wire from {start} to {end}.")
    return document.model_copy(update={"wires": wires})


def insert_on_wire(
    document: Document, start: str, end: str, component: str, catalogue: Catalogue, place: Place | None = None
) -> tuple[Document, str]:
    """A new node on a wire, which then runs through it, and its id; what follows moves right where room is wanting."""
    ports = through(document, start, component, end, catalogue)
    if ports is None:
        title = catalogue.entry(component).title
        raise Refusal(f"{title} does not fit on the wire from {start} to {end}; choose one that takes and gives its kind.")
    document = disconnect(document, start, end)
    if place is None:
        document, (place,) = make_room(document, start.rpartition(".")[0], end.rpartition(".")[0])
    document, id = add_node(document, component, catalogue, place)
    document = connect(document, start, f"{id}.{ports[0]}", catalogue)
    return connect(document, f"{id}.{ports[1]}", end, catalogue), id


def through(document: Document, start: str, component: str, end: str, catalogue: Catalogue) -> tuple[str, str] | None:
    """The ports by which a component would stand on a wire: the input that takes it and the output that fits on, or None."""
    wire, middle = Wire(start=start, end=end), catalogue.entry(component).component
    ends = [document.by_id.get(id) for id in (wire.start_node, wire.end_node)]
    if any(node is None or node.component not in catalogue for node in ends):
        return None
    before, after = (catalogue.entry(node.component).component for node in ends if node is not None)
    given = next((port for port in before.gives if port.name == wire.start_port), None)
    needed = next((port for port in after.takes if port.name == wire.end_port), None)
    if given is None or needed is None:
        return None
    takes = next((port.name for port in middle.takes if port.takes(given.kind)), None)
    gives = next((port.name for port in middle.gives if needed.takes(port.kind)), None)
    return (takes, gives) if takes and gives else None


def make_room(document: Document, start: str, end: str, number: int = 1) -> tuple[Document, list[Place]]:
    """Places for new nodes between two; everything downstream of the second moves right where they stand too near."""
    (x, y), (far_x, far_y) = node_of(document, start).place, node_of(document, end).place
    wanting = ROOM + (number - 1) * STEP - (far_x - x)
    if wanting > 0 and far_x >= x:
        downstream = _downstream(document, end) - {start}
        document = move(document, {n.id: (n.place[0] + wanting, n.place[1]) for n in document.nodes if n.id in downstream})
        far_x += wanting
    share = [(index + 1) / (number + 1) for index in range(number)]
    return document, [(x + (far_x - x) * part, y + (far_y - y) * part) for part in share]


def _downstream(document: Document, id: str) -> set[str]:
    found, waiting = {id}, [id]
    while waiting:
        here = waiting.pop()
        more = {wire.end_node for wire in document.wires if wire.start_node == here} - found
        found |= more
        waiting += more
    return found
