"""Addresses of what can be set: `mem1.inner.heads`, `mem1.component`, `mem1.inner.component`, `run.seed`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from memstudio.experiment import malformed
from memstudio.experiment.document import Document, Node, Run
from memstudio.experiment.entries import Catalogue, Entry, nearest
from memstudio.experiment.parameters import Nested, NestedList, Parameter, Refusal
from memstudio.experiment.swapping import Carried, carry, swap_node

#: The settings of a run that have an address.
RUN_FIELDS = ("seed", "data_seed", "replicates", "device", "precision", "threads", "deterministic", "reuse", "minutes", "packed")
#: The word that stands for the component itself in an address, and the one for the run.
COMPONENT, RUN = "component", "run"


@dataclass(frozen=True)
class Found:
    """What an address leads to.

    node: id of the node, None for a setting of the run; entry: the component that has the parameter (of the innermost
    nesting), or that stands where the address ends in `component`; parameter: None for `component` and for the run;
    value: what stands there now, defaults included; family: for `component` addresses, the family to choose from.
    """

    address: str
    node: str | None
    entry: Entry | None
    parameter: Parameter | None
    value: Any
    nested: bool = False
    family: str | None = None


def find(document: Document, address: str, catalogue: Catalogue) -> Found:
    """What the address leads to. Raises Refusal naming the step that leads nowhere, and the nearest that would."""
    id, _, rest = address.partition(".")
    if id == RUN:
        return _find_run(document, address, rest)
    node, entry = _node_and_entry(document, address, catalogue)
    steps = rest.split(".")
    if steps == [COMPONENT]:
        return Found(address, id, entry, None, node.component, family=entry.component.family)
    return _find_in(entry, node.values, steps, catalogue, Found(address, id, entry, None, None))


def put(document: Document, address: str, value: Any, catalogue: Catalogue) -> tuple[Document, Carried]:
    """The document with that value at the address, and what carried over where it named another component.

    Raises Refusal (or WrongValues) where the address leads nowhere or the value cannot be used.
    """
    id, _, rest = address.partition(".")
    if id == RUN:
        return _put_run(document, address, rest, value), {}
    node, entry = _node_and_entry(document, address, catalogue)
    steps = rest.split(".")
    if steps == [COMPONENT]:
        return swap_node(document, id, _component(value, address), catalogue)
    values, carried = _put_in(entry, node.values, steps, value, catalogue, address, nested=False)
    return replace_node(document, node.model_copy(update={"values": values})), carried


def reset(document: Document, address: str, catalogue: Catalogue) -> Document:
    """The document without a value of its own at the address, so that the default holds again. Raises Refusal."""
    id, _, rest = address.partition(".")
    if id == RUN:
        _find_run(document, address, rest)
        return document.model_copy(update={"run": document.run.model_copy(update={rest: Run.model_fields[rest].get_default()})})
    node, _ = _node_and_entry(document, address, catalogue)
    values = without(node.values, rest.split("."))
    return document if values == node.values else replace_node(document, node.model_copy(update={"values": values}))


def every(document: Document, catalogue: Catalogue) -> list[str]:
    """Every address of the document, nodes in document order, then the run: for completion and menus."""
    found: list[str] = []
    for node in document.nodes:
        if node.component in catalogue:
            found.append(f"{node.id}.{COMPONENT}")
            found += (f"{node.id}.{inside}" for inside in _inside(catalogue.entry(node.component), node.values, catalogue, nested=False))
    return found + [f"{RUN}.{field}" for field in RUN_FIELDS]


def replace_node(document: Document, node: Node) -> Document:
    """The document with this node where the one of its id was."""
    return document.model_copy(update={"nodes": [node if one.id == node.id else one for one in document.nodes]})


def without(values: Mapping[str, Any], steps: list[str]) -> dict[str, Any]:
    """The values without what the steps lead to; the same where there is nothing."""
    now = dict(values)
    first, deeper = steps[0], steps[1:]
    if first not in now:
        return now
    if not deeper:
        del now[first]
        return now
    here = now[first]
    if isinstance(here, Mapping) and isinstance(here.get("values"), Mapping):
        now[first] = {**here, "values": without(here["values"], deeper)}
    elif isinstance(here, list) and deeper[0].isdecimal() and int(deeper[0]) < len(here) and deeper[1:]:
        item = here[int(deeper[0])]
        if isinstance(item, Mapping) and isinstance(item.get("values"), Mapping):
            changed = {**item, "values": without(item["values"], deeper[1:])}
            now[first] = [*here[: int(deeper[0])], changed, *here[int(deeper[0]) + 1 :]]
    return now


# ---------------------------------------------------------------------------------------------- the run


def _find_run(document: Document, address: str, field: str) -> Found:
    if field not in RUN_FIELDS:
        raise Refusal(f"{address!r} leads nowhere: a run has no setting {field!r}{nearest(field, RUN_FIELDS)}.")
    return Found(address, None, None, None, getattr(document.run, field))


def _put_run(document: Document, address: str, field: str, value: Any) -> Document:
    _find_run(document, address, field)
    return document.model_copy(update={"run": changed_run(document.run, {field: value})})


def changed_run(run: Run, changes: Mapping[str, Any]) -> Run:
    """The run with these settings changed and checked, unknown keys kept. Raises Refusal."""
    try:
        checked = Run.model_validate({**{name: getattr(run, name) for name in Run.model_fields}, **changes})
    except ValidationError as error:
        raise Refusal(f"run.{malformed.sentence(error, changes)}") from None
    return run.model_copy(update={name: getattr(checked, name) if name in Run.model_fields else changes[name] for name in changes})


# ---------------------------------------------------------------------------------------------- values of nodes


def _node_and_entry(document: Document, address: str, catalogue: Catalogue) -> tuple[Node, Entry]:
    id, dot, rest = address.partition(".")
    if not dot or not rest:
        raise Refusal(f"{address!r} is no address; write NODE.PARAMETER, such as mem1.heads.")
    for node in document.nodes:
        if node.id == id:
            return node, catalogue.entry(node.component)
    raise Refusal(f"{address!r} leads nowhere: there is no node {id!r}{nearest(id, [n.id for n in document.nodes])}.")


def _component(value: Any, address: str) -> str:
    if not isinstance(value, str):
        raise Refusal(f"{address} takes the id of a component, not {malformed.short(value)}.")
    return value


def _own_or_default(entry: Entry, values: Mapping[str, Any], name: str, nested: bool) -> Any:
    return values[name] if name in values else entry.defaults(nested)[name]


def _nested_value(parameter: Parameter, value: Any, steps: list[str], address: str) -> tuple[Mapping[str, Any], list[str], int | None]:
    """The nested component that the first steps lead to, the steps left inside it, and its place in a list."""
    if isinstance(parameter, Nested):
        here, rest, index = value, steps, None
    elif isinstance(parameter, NestedList):
        index = int(steps[0]) if steps[0].isdecimal() else -1
        if not isinstance(value, list | tuple) or not 0 <= index < len(value) or len(steps) < 2:
            last = len(value or ()) - 1
            raise Refusal(f"{address!r} leads nowhere: {parameter.title} has the entries 0 to {last}; name one and what is in it.")
        here, rest = value[index], steps[1:]
    else:
        raise Refusal(f"{address!r} leads nowhere: {parameter.title} has nothing inside it.")
    return parameter.check(here) if isinstance(parameter, Nested) else parameter.item.check(here), rest, index


def _find_in(entry: Entry, values: Mapping[str, Any], steps: list[str], catalogue: Catalogue, found: Found) -> Found:
    address, nested = found.address, found.nested
    try:
        parameter = entry.parameter(steps[0], nested)
    except Refusal as error:
        raise Refusal(f"{address!r} leads nowhere: {error}") from None
    value = _own_or_default(entry, values, parameter.name, nested)
    if len(steps) == 1:
        return Found(address, found.node, entry, parameter, value, nested)
    here, rest, _ = _nested_value(parameter, value, steps[1:], address)
    inner = catalogue.entry(here["component"])
    if rest == [COMPONENT]:
        return Found(address, found.node, inner, None, here["component"], True, getattr(parameter, "family", None))
    return _find_in(inner, here["values"], rest, catalogue, Found(address, found.node, inner, None, None, nested=True))


def _put_in(
    entry: Entry, values: Mapping[str, Any], steps: list[str], value: Any, catalogue: Catalogue, address: str, nested: bool
) -> tuple[dict[str, Any], Carried]:
    try:
        parameter = entry.parameter(steps[0], nested)
    except Refusal as error:
        raise Refusal(f"{address!r} leads nowhere: {error}") from None
    if len(steps) == 1:
        return {**values, parameter.name: _checked(entry, parameter, value, address, nested)}, {}
    there = _own_or_default(entry, values, parameter.name, nested)
    here, rest, index = _nested_value(parameter, there, steps[1:], address)
    old = catalogue.entry(here["component"])
    if rest == [COMPONENT]:
        new = catalogue.entry(_component(value, address))
        carried = carry(old, here["values"], new, nested=True)
        now = {**here, "component": new.id, "values": dict(carried)}
    else:
        inner, carried = _put_in(old, here["values"], rest, value, catalogue, address, nested=True)
        now = {**here, "values": inner}
    whole = now if index is None else [*there[:index], now, *there[index + 1 :]]
    return {**values, parameter.name: _checked(entry, parameter, whole, address, nested)}, carried


def _checked(entry: Entry, parameter: Parameter, value: Any, address: str, nested: bool) -> Any:
    """The value as it is written in a document (JSON), after all that the entry checks of it."""
    if isinstance(parameter, Nested | NestedList):
        entry.resolve({parameter.name: value}, nested)
    try:
        checked = parameter.check(value)
    except Refusal as error:
        raise Refusal(f"{address}: {error}") from None
    return list(checked) if isinstance(checked, tuple) else checked


def _inside(entry: Entry, values: Mapping[str, Any], catalogue: Catalogue, nested: bool) -> Iterator[str]:
    for parameter in entry.parameters(nested):
        yield parameter.name
        value = _own_or_default(entry, values, parameter.name, nested)
        items: list[tuple[str, Any]] = []
        if isinstance(parameter, Nested):
            items = [(parameter.name, value)]
        elif isinstance(parameter, NestedList) and isinstance(value, list | tuple):
            items = [(f"{parameter.name}.{index}", item) for index, item in enumerate(value)]
        for at, item in items:
            if isinstance(item, Mapping) and isinstance(item.get("component"), str) and item["component"] in catalogue:
                yield f"{at}.{COMPONENT}"
                deeper = item.get("values")
                inner = _inside(catalogue.entry(item["component"]), deeper if isinstance(deeper, Mapping) else {}, catalogue, nested=True)
                yield from (f"{at}.{one}" for one in inner)
