"""The outline of a document: nodes in the order of stages and flow, what is nested inside them, groups and notes. No widget here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from memstudio.experiment.document import Document, Node
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.kinds import Kind
from memstudio.experiment.parameters import Nested, NestedList
from memstudio.experiment.problems import Problem
from memstudio.experiment.stages import Broken, stages
from memstudio.experiment.wiring import Wiring
from memstudio.experiment.wording import counted, join

RowKind = Literal["heading", "node", "inside", "group", "note"]


@dataclass(frozen=True)
class Row:
    """One line. key: its address (`mem1`, `mem1.inner`, `learn.strategies.0`), a group's or note's id, or a heading's own.

    thing: the id of the node, group or note it belongs to, "" for headings; title, beside: what is seen; spoken: what is heard.
    """

    key: str
    kind: RowKind
    thing: str
    title: str
    beside: str
    spoken: str
    problems: int = 0
    children: tuple[Row, ...] = ()


def outline(document: Document, catalogue: Catalogue, problems: Sequence[Problem] = ()) -> tuple[Row, ...]:
    """The rows of a document. Several stages stand under a heading each; one alone needs none."""
    wiring = Wiring(document, catalogue)
    faults = Counter(problem.node for problem in problems if problem.node is not None)

    def nodes(ids: Iterable[str]) -> tuple[Row, ...]:
        return tuple(_node_row(wiring, catalogue, id, faults[id]) for id in ids)

    sections = _sections(document, catalogue, wiring)
    if len(sections) == 1:
        found = list(nodes(sections[0][1]))
    else:
        found = [
            Row(f"#{number}", "heading", "", title, "", f"{title}, {counted(len(ids), 'component')}", children=nodes(ids))
            for number, (title, ids) in enumerate(sections)
        ]
    groups = tuple(
        Row(one.id, "group", one.id, one.title or "Group", join(one.nodes), _group_words(one.title, one.nodes, one.folded))
        for one in document.groups
    )
    notes = tuple(Row(one.id, "note", one.id, _first_line(one.text), "", f"Note, {_first_line(one.text)}") for one in document.notes)
    for title, rows in (("Groups", groups), ("Notes", notes)):
        if rows:
            found.append(Row(f"#{title}", "heading", "", title, "", f"{title}, {len(rows)}", children=rows))
    return tuple(found)


def _sections(document: Document, catalogue: Catalogue, wiring: Wiring) -> list[tuple[str, list[str]]]:
    """Headings with the ids below them; each node stands in its first stage."""
    flow = [*wiring.order, *(id for id in wiring.nodes if id not in set(wiring.order))]
    try:
        chain = stages(document, catalogue)
    except Broken:
        return [("", flow)]
    seen: set[str] = set()
    sections: list[tuple[str, list[str]]] = []
    for number, stage in enumerate(chain, 1):
        ids = [stage.stream, *stage.value_nodes, *stage.ensembles, stage.node, *stage.probes]
        fresh = [id for id in dict.fromkeys(ids) if id in wiring.nodes and id not in seen]
        seen |= set(fresh)
        sections.append((f"Stage {number}: {stage.name}", fresh))
    rest = [id for id in flow if id not in seen]
    if rest:
        sections.append(("In no stage", rest))
    return sections


def _node_row(wiring: Wiring, catalogue: Catalogue, id: str, faults: int) -> Row:
    node = wiring.nodes[id]
    title = node.title or (wiring.entries[id].title if id in wiring.entries else node.component)
    parts = [id, title, *_wires(wiring, id)]
    if id not in wiring.entries:
        parts.append("not installed")
    if faults:
        parts.append(counted(faults, "problem"))
    inside = tuple(_inside(catalogue, node, wiring.entries[id])) if id in wiring.entries else ()
    return Row(id, "node", id, title, id, ", ".join(parts), faults, inside)


def _wires(wiring: Wiring, id: str) -> list[str]:
    """`gets sequence from embed`, `gives sequence to classify and gate`."""
    got = [f"gets {_kind(wiring, w.start)} from {w.start_node}" for w in wiring.document.into(id) if w.start_node in wiring.nodes]
    given: dict[str, list[str]] = {}
    for wire in wiring.document.out_of(id):
        if wire.end_node in wiring.nodes:
            given.setdefault(_kind(wiring, wire.start), []).append(wire.end_node)
    words = [*got, *(f"gives {kind} to {join(ends)}" for kind, ends in given.items())]
    return words or ["not connected"]


def _kind(wiring: Wiring, address: str) -> str:
    node, _, port = address.rpartition(".")
    given = wiring.gives(node, port)
    if given is None:
        return port
    return "trained model" if given.kind is Kind.TRAINED else given.kind.value


def _inside(catalogue: Catalogue, node: Node, entry: Entry) -> Iterable[Row]:
    yield from _nested(catalogue, node.id, node.id, entry, node.values, nested=False)


def _nested(catalogue: Catalogue, node: str, at: str, entry: Entry, values: Mapping[str, Any], nested: bool) -> Iterable[Row]:
    full = {**entry.defaults(nested), **values}
    for parameter in entry.parameters(nested):
        value = full.get(parameter.name)
        if isinstance(parameter, Nested):
            yield from _component_row(catalogue, node, f"{at}.{parameter.name}", parameter.title, value)
        elif isinstance(parameter, NestedList) and isinstance(value, list | tuple):
            for index, one in enumerate(value):
                yield from _component_row(catalogue, node, f"{at}.{parameter.name}.{index}", f"{parameter.title} {index + 1}", one)


def _component_row(catalogue: Catalogue, node: str, at: str, place: str, value: Any) -> Iterable[Row]:
    component = value.get("component") if isinstance(value, Mapping) else None
    if not isinstance(component, str):
        return
    known = component in catalogue
    title = catalogue.entry(component).title if known else component
    inner = value.get("values", {})
    children = tuple(_nested(catalogue, node, at, catalogue.entry(component), inner, nested=True)) if known else ()
    yield Row(at, "inside", node, title, place, f"{place} of {node}, {title}", children=children)


def _group_words(title: str, nodes: Sequence[str], folded: bool) -> str:
    return f"{title or 'Group'}, group of {join(nodes) or 'nothing'}{', folded' if folded else ''}"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0] or "Empty note"


def every(rows: Iterable[Row]) -> Iterable[Row]:
    """All rows, each before what is below it."""
    for row in rows:
        yield row
        yield from every(row.children)
