"""Several nodes at once: the parameters they have in common, where their values differ, and edits of all of them in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from memstudio.experiment import addresses
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.parameters import Artifact, File, Nested, NestedList, NodeName, Parameter, Refusal

#: what names one thing elsewhere, or stands inside, is set node by node
_ALONE = (Nested, NestedList, File, Artifact, NodeName)


class Mixed:
    """The value of nodes that do not agree."""

    def __repr__(self) -> str:
        return "mixed"


MIXED = Mixed()


@dataclass(frozen=True)
class Common:
    """A parameter that several nodes have: its addresses, one each, and the defaults there (MIXED where they differ)."""

    parameter: Parameter
    addresses: tuple[str, ...]
    default: Any


def common(document: Document, ids: Sequence[str], catalogue: Catalogue) -> list[Common]:
    """The parameters that all of these nodes have with the same type and range, in the order of the first node's form."""
    nodes = [document.by_id[id] for id in ids]
    if not nodes or any(node.component not in catalogue for node in nodes):
        return []
    entries = [catalogue.entry(node.component) for node in nodes]
    found = []
    for parameter in entries[0].parameters():
        if isinstance(parameter, _ALONE) or not all(_has(entry, parameter) for entry in entries[1:]):
            continue
        defaults = [entry.defaults()[parameter.name] for entry in entries]
        default = defaults[0] if all(one == defaults[0] for one in defaults) else MIXED
        found.append(Common(parameter, tuple(f"{id}.{parameter.name}" for id in ids), default))
    return found


def _has(entry: Entry, parameter: Parameter) -> bool:
    """Whether an entry has this parameter, whatever its default, its help and its role there."""
    other = next((one for one in entry.parameters() if one.name == parameter.name), None)
    if other is None or type(other) is not type(parameter):
        return False
    return replace(other, default=parameter.default, meaning=parameter.meaning, role=parameter.role) == parameter


def value(document: Document, at: Sequence[str], catalogue: Catalogue) -> Any:
    """The value that all addresses have, or MIXED."""
    values = [addresses.find(document, address, catalogue).value for address in at]
    first = values[0]
    same = all(one == first or (_listed(one) is not None and _listed(one) == _listed(first)) for one in values)
    return first if same else MIXED


def _listed(one: Any) -> list[Any] | None:
    return list(one) if isinstance(one, list | tuple) else None


def set_all(document: Document, at: Sequence[str], value: Any, catalogue: Catalogue) -> Document:
    """The same value at every address. Raises Refusal, naming the node, where one cannot take it; then none has it."""
    for address in at:
        try:
            document = addresses.put(document, address, value, catalogue)[0]
        except Refusal as refusal:
            raise Refusal(str(refusal) if len(at) == 1 else f"{address.partition('.')[0]}: {_bare(str(refusal), address)}") from None
    return document


def _bare(sentence: str, address: str) -> str:
    return sentence.removeprefix(f"{address}: ")


def reset_all(document: Document, at: Sequence[str], catalogue: Catalogue) -> Document:
    """The defaults again at every address."""
    for address in at:
        document = addresses.reset(document, address, catalogue)
    return document


def reset_component(document: Document, prefix: str, catalogue: Catalogue) -> Document:
    """Every value of a component (`mem1`, or one inside it: `mem1.inner`, `learner.strategies.0`) as it is by default."""
    id, _, inside = prefix.partition(".")
    node = document.by_id.get(id)
    if node is None:
        raise Refusal(f"There is no node {id!r}.")
    if not inside:
        return addresses.replace_node(document, node.model_copy(update={"values": {}})) if node.values else document
    component = addresses.find(document, f"{prefix}.{addresses.COMPONENT}", catalogue).value
    fresh = {"component": component, "values": {}}
    first, _, place = inside.rpartition(".")
    if place.isdecimal():
        items = list(addresses.find(document, f"{id}.{first}", catalogue).value)
        return addresses.put(document, f"{id}.{first}", [*items[: int(place)], fresh, *items[int(place) + 1 :]], catalogue)[0]
    return addresses.put(document, prefix, fresh, catalogue)[0]
