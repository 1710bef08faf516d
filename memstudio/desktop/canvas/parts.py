"""The components inside a node as chips on its card: nested ones, those inside them, lists of strategies. No widget here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from memstudio.desktop.canvas.summary import shown
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.parameters import Nested, NestedList

#: the height of a chip with the gap below it, and how far one inside another stands in
LINE, STEP_IN = 18.0, 10.0
#: more chips than this make a card too tall to read; the last one then counts the rest
MOST = 4


@dataclass(frozen=True)
class Part:
    """A component inside a node. address: `mem1.inner`, `learn.strategies.0`; depth: 0 for one right inside the node; y: from the
    card's upper edge; more: how many chips this last one stands for, 0 for one component."""

    address: str
    title: str
    family: str
    tip: str
    depth: int = 0
    y: float = 0.0
    more: int = 0


def parts_of(entry: Entry, id: str, values: Mapping[str, Any], top: float) -> tuple[Part, ...]:
    """The chips of a node with these values, the first at the height `top`."""
    found = list(_inside(entry, id, values, 0, False))
    if len(found) > MOST:
        rest = found[MOST - 1 :]
        tip = "\n".join(f"{'  ' * one.depth}{one.title}" for one in rest)
        found = [*found[: MOST - 1], Part(rest[0].address, f"{len(rest)} more", "", tip, more=len(rest))]
    return tuple(replace(part, y=top + LINE * row) for row, part in enumerate(found))


def _inside(entry: Entry, address: str, values: Mapping[str, Any], depth: int, nested: bool) -> Iterator[Part]:
    places = [p for p in entry.parameters(nested) if isinstance(p, Nested | NestedList)]
    if not places:
        return
    full = {**entry.defaults(nested), **values}
    for place in places:
        if not shown(place, full):
            continue
        value, here = full[place.name], f"{address}.{place.name}"
        if isinstance(place, Nested):
            yield from _component(entry.catalogue, here, value, place.title, depth)
        elif isinstance(value, list | tuple):
            for number, item in enumerate(value):
                yield from _component(entry.catalogue, f"{here}.{number}", item, f"{place.title}, {number + 1}", depth)


def _component(catalogue: Catalogue, address: str, value: Any, where: str, depth: int) -> Iterator[Part]:
    component = str(value.get("component", "")) if isinstance(value, Mapping) else ""
    if not component:
        return
    if component not in catalogue:
        yield Part(address, component, "", f"{where}: {component} is not installed here.", depth)
        return
    entry = catalogue.entry(component)
    yield Part(address, entry.title, entry.family.id, f"{where}: {entry.title}. {entry.summary}", depth)
    inner = value.get("values", {})
    yield from _inside(entry, address, inner if isinstance(inner, Mapping) else {}, depth + 1, True)
