"""Older documents brought up to date: the format step by step, and parameters that components have renamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from memstudio.experiment.document import VERSION, Axis, Case, Document, Node
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.malformed import short
from memstudio.experiment.parameters import Nested, NestedList, Refusal

Data = dict[str, Any]


def to_current_format(data: Mapping[str, Any], name: str) -> Data:
    """The content of a file in today's format. Raises Refusal where it is of a later one, or has no version of ours."""
    version = data.get("version", VERSION)
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise Refusal(f"{name}: version must be a whole number up to {VERSION}, not {short(version)}; write {VERSION}.")
    if version > VERSION:
        raise Refusal(
            f"{name} was written by a later MemStudio (format {version}; this one reads up to {VERSION}); update MemStudio to open it."
        )
    now = dict(data)
    for step in range(version, VERSION):
        try:
            now = STEPS[step](now)
        except (TypeError, ValueError, KeyError, AttributeError, IndexError):
            raise Refusal(f"{name} says it is of format {version} but has not its form; check the version, or open its backup.") from None
    return now | {"version": VERSION} if version < VERSION else now


def _from_0(data: Data) -> Data:
    """Format 0, the sketches before the first release: wires were pairs, values `settings`, replicates `repeats`."""
    now = dict(data)
    now["nodes"] = [{("values" if key == "settings" else key): value for key, value in node.items()} for node in data.get("nodes", [])]
    now["wires"] = [{"from": start, "to": end} for start, end in data.get("wires", [])]
    if "run" in data:
        now["run"] = {("replicates" if key == "repeats" else key): value for key, value in data["run"].items()}
    return now


#: The step that takes a file of this format to the next one.
STEPS: Mapping[int, Callable[[Data], Data]] = {0: _from_0}


# ---------------------------------------------------------------------------------------------- components


def update(document: Document, catalogue: Catalogue) -> Document:
    """The document with parameters under their names of today, in nodes, nested components and axes.

    The same object where nothing is out of date. Nodes of unknown components, and of later versions than ours, stay.
    """
    nodes = [_update_node(node, catalogue) for node in document.nodes]
    if all(new is old for new, old in zip(nodes, document.nodes, strict=True)):
        return document
    axes = [_update_axis(axis, document, catalogue) for axis in document.run.vary]
    return document.model_copy(update={"nodes": nodes, "run": document.run.model_copy(update={"vary": axes})})


def _update_node(node: Node, catalogue: Catalogue) -> Node:
    if node.component not in catalogue:
        return node
    entry = catalogue.entry(node.component)
    if node.version >= entry.component.version and not _has_nested(node.values):
        return node
    values = _update_values(node.values, entry, catalogue, nested=False)
    version = max(node.version, entry.component.version)
    if version == node.version and values == node.values:
        return node
    return node.model_copy(update={"values": values, "version": version})


def _has_nested(values: Mapping[str, Any]) -> bool:
    return any(isinstance(value, Mapping | list) for value in values.values())


def _update_values(values: Mapping[str, Any], entry: Entry, catalogue: Catalogue, nested: bool) -> dict[str, Any]:
    known = {p.name: p for p in entry.parameters(nested)}
    now: dict[str, Any] = {}
    for name, value in values.items():
        old, name = name, _name_now(name, entry, nested)
        if old != name and name in values:
            continue
        parameter = known.get(name)
        if isinstance(parameter, Nested):
            value = _update_nested(value, catalogue)
        elif isinstance(parameter, NestedList) and isinstance(value, list):
            value = [_update_nested(item, catalogue) for item in value]
        now[name] = value
    return now


def _update_nested(value: Any, catalogue: Catalogue) -> Any:
    if not isinstance(value, Mapping) or not isinstance(value.get("values"), Mapping):
        return value
    id = value.get("component")
    if not isinstance(id, str) or id not in catalogue:
        return value
    return {**value, "values": _update_values(value["values"], catalogue.entry(id), catalogue, nested=True)}


def _name_now(name: str, entry: Entry, nested: bool) -> str:
    """The name of today; a name that is still in use is never taken for an old one."""
    in_use = {p.name for p in entry.parameters(nested)}
    seen: set[str] = set()
    while name not in in_use and name in entry.component.renamed and name not in seen:
        seen.add(name)
        name = entry.component.renamed[name]
    return name


def _update_axis(axis: Axis, document: Document, catalogue: Catalogue) -> Axis:
    changes: dict[str, Any] = {}
    if axis.set is not None:
        changes["set"] = _update_address(axis.set, document, catalogue)
    if axis.cases is not None:
        changes["cases"] = [_update_case(case, document, catalogue) for case in axis.cases]
    if axis.match is not None:
        changes["match"] = axis.match.model_copy(update={"width": _update_address(axis.match.width, document, catalogue)})
    return axis.model_copy(update=changes)


def _update_case(case: Case, document: Document, catalogue: Catalogue) -> Case:
    return case.model_copy(update={"set": {_update_address(at, document, catalogue): value for at, value in case.set.items()}})


def _update_address(address: str, document: Document, catalogue: Catalogue) -> str:
    """`mem1.rate` where the address says `mem1.lr` and the component of mem1 has renamed it; deeper steps stay."""
    id, _, rest = address.partition(".")
    node = document.by_id.get(id)
    if node is None or not rest or node.component not in catalogue:
        return address
    first, dot, deeper = rest.partition(".")
    return f"{id}.{_name_now(first, catalogue.entry(node.component), nested=False)}{dot}{deeper}"
