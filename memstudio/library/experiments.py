"""What a document says of its experiment, seeds apart, by address; and where several documents say different things."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Refusal

#: What of a document's `run` can change a result, its seeds apart.
RUN_SAYS = ("device", "precision", "threads", "deterministic")
_COMPONENT = ".component"


class NotThere:
    """What a document says of an address that it does not have. There is one: NOT_THERE."""

    def __repr__(self) -> str:
        return "NOT_THERE"


NOT_THERE: Final = NotThere()


@dataclass(frozen=True)
class Experiment:
    """What a document says. given: address -> value as it is written; defaults: what stands for values that are not written."""

    given: Mapping[str, Any]
    defaults: Mapping[str, Any]
    wires: frozenset[str]

    @cached_property
    def all(self) -> Mapping[str, Any]:
        """Every value, written or not, by its address."""
        return {**self.defaults, **self.given}

    @cached_property
    def key(self) -> str:
        """The same text for documents that say the same."""
        return self.without()

    def without(self, address: str = "", shared: Collection[str] = ()) -> str:
        """The same text for documents that say the same but at an address; below a component's, only what is `shared` counts."""
        below = f"{address.removesuffix(_COMPONENT)}." if address.endswith(_COMPONENT) else None
        said = [
            (at, value) for at, value in self.all.items() if at != address and (below is None or not at.startswith(below) or at in shared)
        ]
        return json.dumps([sorted(said), sorted(self.wires)], sort_keys=True, default=str)


@dataclass(frozen=True)
class Differing:
    """An address at which documents differ. values: what each of them says, NOT_THERE where one has no such address."""

    address: str
    values: tuple[Any, ...]

    @property
    def words(self) -> str:
        """Its different values, each once: `attention, deltanet`."""
        return ", ".join(dict.fromkeys(value_words(value, self.address) for value in self.values))


def experiment_of(document: Document, known: Catalogue | None = None) -> Experiment:
    """What a document says of its experiment; titles, notes and places say nothing of it.

    known: the catalogue, for the defaults of what is not written (an unknown component has none).
    """
    given: dict[str, Any] = {}
    for node in document.nodes:
        given[f"{node.id}{_COMPONENT}"] = node.component
        given.update(_flat(node.id, node.values))
    given |= {f"run.{name}": getattr(document.run, name) for name in RUN_SAYS}
    wires = frozenset(f"{wire.start} → {wire.end}" for wire in document.wires)
    return Experiment(given, _defaults(given, known) if known is not None else {}, wires)


def _flat(address: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values by their addresses; a nested component as its own, a list of components as one value."""
    for name, value in values.items():
        at = f"{address}.{name}"
        if isinstance(value, Mapping) and isinstance(value.get("component"), str):
            yield f"{at}{_COMPONENT}", value["component"]
            inner = value.get("values")
            yield from _flat(at, inner if isinstance(inner, Mapping) else {})
        else:
            yield at, value


def _defaults(given: Mapping[str, Any], known: Catalogue) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [address for address in given if address.endswith(_COMPONENT)]
    while waiting:
        address = waiting.pop()
        at = address.removesuffix(_COMPONENT)
        try:
            entry = known.entry({**found, **given}[address])
        except Refusal:
            continue
        for name, value in entry.defaults(nested="." in at).items():
            there = f"{at}.{name}"
            if value is None or there in given or f"{there}{_COMPONENT}" in given:
                continue
            # as a document writes it: a default may be a tuple
            filled = dict(_flat(at, {name: json.loads(json.dumps(value))}))
            found |= filled
            waiting += [one for one in filled if one.endswith(_COMPONENT)]
    return found


def differing(experiments: Sequence[Experiment]) -> tuple[Differing, ...]:
    """Where experiments differ: components before values, each in the order of their nodes, then the wires.

    What follows from another component is not listed: a value that only some of them have and that is the same wherever it is, and
    defaults that nobody wrote.
    """
    addresses = list(dict.fromkeys(address for one in experiments for address in one.all))
    swapped = [at for at in addresses if at.endswith(_COMPONENT) and not _alike(one.all.get(at, NOT_THERE) for one in experiments)]
    below = tuple(at.removesuffix("component") for at in swapped)
    found = []
    for address in addresses:
        values = tuple(one.all.get(address, NOT_THERE) for one in experiments)
        follows = address not in swapped and address.startswith(below) and not any(address in one.given for one in experiments)
        follows = follows or (address not in swapped and address.startswith(below) and _alike(v for v in values if v is not NOT_THERE))
        if not follows and not _alike(values):
            found.append(Differing(address, values))
    nodes = list(dict.fromkeys(address.partition(".")[0] for address in addresses))
    found.sort(key=lambda one: (not one.address.endswith(_COMPONENT), nodes.index(one.address.partition(".")[0])))
    return (*found, *_wires(experiments))


def _wires(experiments: Sequence[Experiment]) -> tuple[Differing, ...]:
    """The wires that not all have; those of a node that not all have follow from that."""
    nodes = [{address.partition(".")[0] for address in one.given if address.endswith(_COMPONENT)} for one in experiments]
    shared = set.intersection(*nodes) if nodes else set()
    every = frozenset.intersection(*(one.wires for one in experiments)) if experiments else frozenset()

    def own(one: Experiment) -> tuple[str, ...]:
        return tuple(sorted(wire for wire in one.wires - every if all(end.partition(".")[0] in shared for end in wire.split(" → "))))

    values = tuple(own(one) for one in experiments)
    return () if _alike(values) else (Differing("wires", values),)


def _alike(values: Iterable[Any]) -> bool:
    """Whether all are the same value: 1 and 1.0 are, 1 and true are not."""
    several = list(values)
    return all(one == several[0] and isinstance(one, bool) == isinstance(several[0], bool) for one in several[1:])


def value_words(value: Any, address: str = "") -> str:
    """A value as a person reads it: `on`, `0.003`, `replay (size 200)`, `none`, `not there`; at a component's address its bare name."""
    if value is NOT_THERE:
        return "not there"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{int(value):,}" if value.is_integer() and abs(value) < 1e15 else f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(value_words(one) for one in value) or "none"
    if isinstance(value, Mapping):
        return _mapping_words(value)
    if address.endswith(_COMPONENT):
        return str(value).rpartition(".")[2].replace("_", " ")
    return "none" if value in (None, "") else str(value)


def _mapping_words(value: Mapping[str, Any]) -> str:
    inside = ", ".join(f"{name.replace('_', ' ')} {value_words(one)}" for name, one in (value.get("values") or {}).items())
    if "component" in value:
        name = value_words(value["component"], _COMPONENT)
        return f"{name} ({inside})" if inside else name
    named = value.get("path") or value.get("name")
    return str(named) if named else ", ".join(f"{name} {value_words(one)}" for name, one in value.items()) or "none"
