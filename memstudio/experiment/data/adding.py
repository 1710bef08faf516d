"""A file of data becomes a task node: alone, or in the place of the task that is there, with an encoder where the next node needs one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memstudio.experiment import edits, mends
from memstudio.experiment.declarations import Component, Port
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.kinds import Kind

#: what brings the few numbers of a step to the width of a memory
_WIDENS = "encoder.mlp"
#: the component for each kind of data
COMPONENTS = {"rows": "task.own_rows", "images": "task.own_images", "sequences": "task.own_sequences", "series": "task.own_series"}


def only_task(document: Document, catalogue: Catalogue) -> str | None:
    """The id of the document's task where it has just one."""
    tasks = [node.id for node in document.nodes if node.component in catalogue and catalogue.entry(node.component).component.is_task]
    return tasks[0] if len(tasks) == 1 else None


def add_task(document: Document, kind: str, values: Mapping[str, Any], catalogue: Catalogue) -> Document:
    """The document with a task of own data, its file and choices. The only task that was there gives way to it, wires and all."""
    before = only_task(document, catalogue)
    old = document.node(before) if before is not None else None
    left = min((node.place[0] for node in document.nodes), default=edits.STEP) - edits.STEP
    place = old.place if old is not None else (left, min((node.place[1] for node in document.nodes), default=0.0))
    document, id = edits.add_node(document, COMPONENTS[kind], catalogue, place)
    for name, value in values.items():
        document = edits.set_value(document, f"{id}.{name}", value, catalogue)
    component = catalogue.entry(COMPONENTS[kind]).component
    if old is None:
        return _fill_open(document, id, component, catalogue)
    ends = _ends(document, old.id, catalogue)
    streams = [wire.end for wire in document.wires if wire.start_node == old.id and _is_stream(document, wire.start, catalogue)]
    document = edits.remove(document, [old.id])
    for end in ends:
        document = _lead(document, id, component, end, catalogue)
    for end in streams:
        document = edits.connect(document, f"{id}.stream", end, catalogue)
    return document


def take_file(document: Document, id: str, value: Mapping[str, Any], catalogue: Catalogue, parameter: str = "file") -> Document:
    """Another file, or the same as it is now, at a node that has one."""
    return edits.set_value(document, f"{id}.{parameter}", dict(value), catalogue)


def _is_stream(document: Document, at: str, catalogue: Catalogue) -> bool:
    return _port(document, at, catalogue, out=True).kind == Kind.STREAM


def _port(document: Document, at: str, catalogue: Catalogue, out: bool = False) -> Port:
    id, _, name = at.rpartition(".")
    component = catalogue.entry(document.node(id).component).component
    return next(port for port in (component.gives if out else component.takes) if port.name == name)


def _ends(document: Document, id: str, catalogue: Catalogue) -> list[str]:
    """Where the values of a task go."""
    return [wire.end for wire in document.wires if wire.start_node == id and not _is_stream(document, wire.start, catalogue)]


def _lead(document: Document, id: str, component: Component, end: str, catalogue: Catalogue) -> Document:
    """A way from the task to an input; an encoder for other data that stands there goes, and what comes behind it is led to."""
    given = next(port for port in component.gives if port.kind.is_value)
    node = end.rpartition(".")[0]
    if all(one.id != node for one in document.nodes):
        return document
    if given.kind == Kind.SEQUENCE and entry_of(document, node, catalogue).component.family == "sequence":
        return _widened(document, f"{id}.{given.name}", end, catalogue)
    found = mends.ways(catalogue, given.kind, _port(document, end, catalogue), component)
    entry = catalogue.entry(document.node(node).component)
    if found and (len(found[0]) == 0 or entry.component.family != "encoder"):
        way = [one.id for one in found[0]]
        start = f"{id}.{given.name}"
        return edits.connect(document, start, end, catalogue) if not way else mends.add_between(document, start, end, way, catalogue)
    if entry.component.family == "encoder":
        behind = [wire.end for wire in document.wires if wire.start_node == node]
        if behind and sum(wire.end_node == node for wire in document.wires) == 0:
            document = edits.remove(document, [node])
            for one in behind:
                document = _lead(document, id, component, one, catalogue)
    return document


def entry_of(document: Document, id: str, catalogue: Catalogue) -> Entry:
    """The entry of a node's component."""
    return catalogue.entry(document.node(id).component)


def _widened(document: Document, start: str, end: str, catalogue: Catalogue) -> Document:
    """Numbers of a series through a perceptron: a memory would be as wide as they are few, and its norm would leave only their sign."""
    known = {node.id for node in document.nodes}
    document = mends.add_between(document, start, end, [_WIDENS], catalogue)
    new = next(node.id for node in document.nodes if node.id not in known)
    for name, value in (("norm", False), ("residual", False), ("width", 64)):
        document = edits.set_value(document, f"{new}.{name}", value, catalogue)
    return document


def _fill_open(document: Document, id: str, component: Component, catalogue: Catalogue) -> Document:
    """The first open input of the document that a way leads to gets the data, as nothing else feeds it."""
    for node in document.nodes:
        if node.id == id or node.component not in catalogue:
            continue
        takes = mends.open_input(catalogue.entry(node.component).component)
        if takes is None or document.into(node.id, takes.name) or takes.takes(Kind.MODEL) or takes.kind == Kind.TRAINED:
            continue
        made = _lead(document, id, component, f"{node.id}.{takes.name}", catalogue)
        if made is not document:
            return made
    return document
