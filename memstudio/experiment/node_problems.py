"""What can be wrong with nodes by themselves: unknown components, later versions, values, ids and uids."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import partial

from memstudio.experiment import addresses, edits, mends
from memstudio.experiment.document import Document, Node, new_uid
from memstudio.experiment.entries import Catalogue, Entry, Wrong, nearest
from memstudio.experiment.inference import Inferred
from memstudio.experiment.malformed import short
from memstudio.experiment.parameters import NodeName, Refusal
from memstudio.experiment.problems import Mend, Problem, asking
from memstudio.experiment.wiring import Wiring


def node_problems(wiring: Wiring, inferred: Inferred, catalogue: Catalogue) -> Iterator[Problem]:
    """Every problem of single nodes, in document order."""
    yield from _identities(wiring.document)
    for id, node in wiring.nodes.items():
        entry = wiring.entries.get(id)
        if entry is None:
            yield _unknown(node, catalogue)
            continue
        if node.version > entry.component.version:
            reason = (
                f"{wiring.titles[id]} is of version {node.version}; this MemStudio has version {entry.component.version}. "
                "Update MemStudio, or take the version here."
            )
            mend = Mend(f"Take version {entry.component.version}", partial(_set_version, id=id, version=entry.component.version))
            yield Problem(id, None, None, reason, (mend,))
        if not entry.component.alone:
            found = mends.enclosing(wiring, catalogue, id)
            reason = f"{wiring.titles[id]} does not stand by itself: it belongs inside another component."
            yield Problem(id, None, None, asking(reason, found), (*found, Mend("Remove the node", partial(edits.remove, ids=[id]))))
        for wrong in inferred.wrong.get(id, ()):
            yield _value(wiring.document, id, wrong, catalogue)
        yield from _names(wiring, node, entry, catalogue)
        if id in inferred.sentences:
            yield Problem(id, None, None, f"{wiring.titles[id]}: {inferred.sentences[id]}")


def _identities(document: Document) -> Iterator[Problem]:
    ids: dict[str, int] = {}
    uids: dict[str, str] = {}
    for index, node in enumerate(document.nodes):
        if node.id in ids:
            reason = f"Two nodes are called {node.id}; wires cannot tell them apart. Rename the second?"
            yield Problem(node.id, None, None, reason, (Mend("Rename the second", partial(_rename_at, index=index)),))
        elif node.uid in uids:
            reason = f"{node.id} has the uid of {uids[node.uid]}, so both would draw the same random numbers. Give it its own?"
            yield Problem(node.id, None, None, reason, (Mend(f"Give {node.id} its own", partial(_own_uid, index=index)),))
        if node.id == addresses.RUN:
            reason = "A node cannot be called run: run.seed and the like are settings of the run. Rename it?"
            yield Problem(node.id, None, None, reason, (Mend("Rename it", partial(_rename_at, index=index)),))
        ids.setdefault(node.id, index)
        uids.setdefault(node.uid, node.id)


def _rename_at(document: Document, index: int) -> Document:
    """The node of that place under a free id; wires stay with the first of that id, save where it is the only one."""
    node = document.nodes[index]
    free = edits.free_id(document, re.sub(r"\d+$", "", node.id) or node.id)
    if sum(one.id == node.id for one in document.nodes) == 1:
        return edits.rename(document, node.id, free)
    nodes = [one.model_copy(update={"id": free}) if at == index else one for at, one in enumerate(document.nodes)]
    return document.model_copy(update={"nodes": nodes})


def _own_uid(document: Document, index: int) -> Document:
    nodes = [one.model_copy(update={"uid": new_uid()}) if at == index else one for at, one in enumerate(document.nodes)]
    return document.model_copy(update={"nodes": nodes})


def _set_version(document: Document, id: str, version: int) -> Document:
    return addresses.replace_node(document, document.node(id).model_copy(update={"version": version}))


def _unknown(node: Node, catalogue: Catalogue) -> Problem:
    meant = _meant(node.component, catalogue)
    near = f" (did you mean {meant}?)" if meant else ""
    swap = (Mend(f"Take {catalogue.entry(meant).title}", partial(_take, id=node.id, component=meant)),) if meant else ()
    reason = f"There is no component {node.component!r} here{near}; it is kept as it stands, and cannot be run."
    reason += _from_addon(node.component, catalogue)
    return Problem(node.id, None, None, reason, (*swap, Mend("Remove the node", partial(edits.remove, ids=[node.id]))))


def _meant(component: str, catalogue: Catalogue) -> str:
    """The id that was probably meant, or "": a family that agrees makes two names no nearer. What an add-on would bring is no slip."""
    if catalogue.would_bring(component) is not None:
        return ""
    family, _, name = component.rpartition(".")
    names = {entry.id.rpartition(".")[2]: entry.id for entry in catalogue.of_family(family)} if family in catalogue.families else {}
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return names[near[0]] if near else next(iter(difflib.get_close_matches(component, [one.id for one in catalogue], n=1, cutoff=0.85)), "")


def _from_addon(component: str, catalogue: Catalogue) -> str:
    """A sentence about the add-on that would bring a component, or nothing."""
    addon = catalogue.would_bring(component)
    if addon is None:
        return ""
    if addon.state == "refused":
        return f" The add-on {addon.place} would bring it, and was refused: {addon.reason}"
    answer = "say yes to it" if addon.state == "asked" else "it can be used again"
    return f" The add-on {addon.place} would bring it: {answer}, in Settings under Add-ons. {addon.reason}"


def _take(document: Document, id: str, component: str) -> Document:
    """Another component under the same values: the id was misspelt, so they were meant for it."""
    return addresses.replace_node(document, document.node(id).model_copy(update={"component": component}))


def _value(document: Document, id: str, wrong: Wrong, catalogue: Catalogue) -> Problem:
    address = f"{id}.{wrong.address}"
    try:
        found = addresses.find(document, address, catalogue)
    except Refusal:
        return Problem(id, None, wrong.address, wrong.sentence, _unknown_value(wrong, address))
    mend: tuple[Mend, ...] = ()
    if found.entry is not None and found.parameter is not None:
        default = found.entry.defaults(found.nested)[found.parameter.name]
        shown = default["component"] if isinstance(default, dict) and "component" in default else default
        shown = shown if isinstance(shown, str) else short(shown)
        mend = (
            Mend(f"Reset {found.parameter.title.lower()} to {shown}", partial(edits.reset_value, address=address, catalogue=catalogue)),
        )
    return Problem(id, None, wrong.address, wrong.sentence, mend)


def _unknown_value(wrong: Wrong, address: str) -> tuple[Mend, ...]:
    name = wrong.address.rpartition(".")[2]
    remove = Mend(f"Remove {name}", partial(_without, address=address))
    near = re.search(r"did you mean (\w+)\?", wrong.sentence)
    if near is None or "." in wrong.address:
        return (remove,)
    return (Mend(f"Call it {near[1]}", partial(_call, address=address, new=near[1])), remove)


def _without(document: Document, address: str) -> Document:
    id, _, rest = address.partition(".")
    node = document.node(id)
    return addresses.replace_node(document, node.model_copy(update={"values": addresses.without(node.values, rest.split("."))}))


def _call(document: Document, address: str, new: str) -> Document:
    """The value under another name; whether it is in range is the next question."""
    id, _, name = address.partition(".")
    node = document.node(id)
    return addresses.replace_node(
        document, node.model_copy(update={"values": {new if k == name else k: v for k, v in node.values.items()}})
    )


def _names(wiring: Wiring, node: Node, entry: Entry, catalogue: Catalogue) -> Iterator[Problem]:
    """Parameters that name a node which is not there."""
    for parameter in entry.parameters():
        named = node.values.get(parameter.name) if isinstance(parameter, NodeName) else None
        if isinstance(named, str) and named and named not in wiring.nodes:
            reason = f"{wiring.titles[node.id]}: {parameter.title} names {named!r}, which is no node{nearest(named, wiring.nodes)}."
            reset = partial(edits.reset_value, address=f"{node.id}.{parameter.name}", catalogue=catalogue)
            yield Problem(node.id, None, parameter.name, reason, (Mend(f"Reset {parameter.title.lower()}", reset),))
