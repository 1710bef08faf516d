"""The catalogue as the document sees it: entries of the palette, values resolved against them, modules built from them."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from memstudio.experiment.declarations import Component, Cost, Family, Preset, Values
from memstudio.experiment.kinds import Inputs, Spec
from memstudio.experiment.parameters import Nested, NestedList, Parameter, Refusal


def nearest(word: str, words: Iterable[str]) -> str:
    """` (did you mean heads?)` where one of the words is near, else nothing."""
    near = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def load_object(reference: str) -> Any:
    """The object that "package.module:Name" names."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


@dataclass(frozen=True)
class Wrong:
    """One value that cannot be used: its address inside the node (`inner.heads`) and the sentence."""

    address: str
    sentence: str


class WrongValues(Refusal):
    """Some values cannot be used; `.wrong` lists each with its address."""

    def __init__(self, wrong: Iterable[Wrong]) -> None:
        self.wrong = tuple(wrong)
        super().__init__(" ".join(item.sentence for item in self.wrong))


@dataclass(frozen=True)
class Entry:
    """A component, or a preset of one, as it stands on the palette."""

    component: Component
    family: Family
    catalogue: Catalogue = field(repr=False, compare=False)
    preset: Preset | None = None

    @property
    def id(self) -> str:
        return self.preset.id if self.preset else self.component.id

    @property
    def title(self) -> str:
        return self.preset.title if self.preset else self.component.title

    @property
    def origin(self) -> Origin | None:
        """The add-on it comes from, or None for one of ours."""
        return self.catalogue.origins.get(self.id)

    @property
    def version(self) -> int | str:
        """What a run keeps: the declared version; of an add-on's component with the content of the add-on's files (`1+3f2a9c1b77d0`)."""
        origin = self.origin
        return self.component.version if origin is None else f"{self.component.version}+{origin.content[:12]}"

    @property
    def summary(self) -> str:
        return (self.preset.summary if self.preset else "") or self.component.summary

    def parameters(self, nested: bool = False) -> tuple[Parameter, ...]:
        """The component's own parameters, then (for a node) the group its family adds."""
        return self.component.parameters + (() if nested else self.family.group)

    def parameter(self, name: str, nested: bool = False) -> Parameter:
        """The parameter of that name. Raises Refusal with the nearest name."""
        found = {p.name: p for p in self.parameters(nested)}
        if name not in found:
            raise Refusal(f"{self.title} has no parameter {name!r}{nearest(name, found)}.")
        return found[name]

    def list_for(self, inner: Entry) -> NestedList | None:
        """The list of components inside this one in which `inner` may stand (a learner's strategies), or None."""
        lists = (p for p in self.component.parameters if isinstance(p, NestedList))
        fitting = (p for p in lists if p.family == inner.component.family and p.traits <= inner.component.traits)
        return next(fitting, None)

    def defaults(self, nested: bool = False) -> dict[str, Any]:
        """Every parameter's default, the preset's values over them."""
        values = {p.name: p.default for p in self.parameters(nested)}
        return values | dict(self.preset.values if self.preset else {})

    def resolve(self, values: Values, nested: bool = False) -> dict[str, Any]:
        """Defaults and the given values, checked; nested components become `Configured`. Raises WrongValues."""
        known = {p.name: p for p in self.parameters(nested)}
        wrong = [Wrong(name, f"{self.title} has no parameter {name!r}{nearest(name, known)}.") for name in values if name not in known]
        resolved: dict[str, Any] = {}
        for name, value in (self.defaults(nested) | {k: v for k, v in values.items() if k in known}).items():
            try:
                resolved[name] = self._resolve_one(known[name], value)
            except WrongValues as error:
                wrong += [Wrong(f"{name}.{item.address}", item.sentence) for item in error.wrong]
            except Refusal as error:
                wrong.append(Wrong(name, f"{self.title}: {error}"))
        if wrong:
            raise WrongValues(wrong)
        return resolved

    def _resolve_one(self, parameter: Parameter, value: Any) -> Any:
        if isinstance(parameter, Nested):
            return self._resolve_nested(parameter, parameter.check(value))
        if isinstance(parameter, NestedList):
            return [self._resolve_item(parameter, index, item) for index, item in enumerate(parameter.check(value))]
        return parameter.check(value)

    def _resolve_item(self, parameter: NestedList, index: int, item: Mapping[str, Any]) -> Configured:
        try:
            return self._resolve_nested(parameter.item, item)
        except WrongValues as error:
            raise WrongValues(Wrong(f"{index}.{one.address}", one.sentence) for one in error.wrong) from None

    def _resolve_nested(self, parameter: Nested, value: Mapping[str, Any]) -> Configured:
        entry = self.catalogue.entry(value["component"])
        if entry.component.family != parameter.family:
            family = entry.component.family
            raise Refusal(f"{parameter.title} takes a component of family {parameter.family}; {entry.title} is of family {family}.")
        missing = parameter.traits - entry.component.traits
        if missing:
            raise Refusal(f"{parameter.title} needs a component that is {' and '.join(sorted(missing))}; {entry.title} is not.")
        return Configured(entry, entry.resolve(value.get("values", {}), nested=True), nested=True)

    def __call__(self, **values: Any) -> Configured:
        """This component with values, bare (without its family's surroundings). Raises WrongValues."""
        return Configured(self, self.resolve(values, nested=True), nested=True)


@dataclass(frozen=True)
class Configured:
    """An entry with its resolved values: it can say its outputs and cost, and build the module."""

    entry: Entry
    values: Mapping[str, Any]
    nested: bool = False

    def within(self) -> Iterator[Configured]:
        """This component, then every one inside it."""
        yield self
        for value in self.values.values():
            for inner in value if isinstance(value, list | tuple) else (value,):
                if isinstance(inner, Configured):
                    yield from inner.within()

    def outputs(self, inputs: Inputs) -> Mapping[str, Spec]:
        """The spec at each output port."""
        return self.entry.component.outputs(self.values, inputs)

    def cost(self, inputs: Inputs) -> Cost:
        """Exact parameters and state bytes, surroundings included for a node."""
        own = self.entry.component.cost(self.values, inputs)
        around = self.entry.family.around_cost
        return own if self.nested or around is None else around(self.values, inputs, own)

    def sizes(self, inputs: Inputs) -> dict[str, Any]:
        """The keyword arguments, besides the parameters, that `build` needs for these inputs."""
        return dict(self.entry.component.sizes(self.values, inputs))

    def refusal(self, inputs: Inputs) -> str | None:
        """Why these values do not go together with each other or with these inputs, or None."""
        return self.entry.component.refuse(self.values, inputs)

    def build(self, **sizes: Any) -> Any:
        """The implementation, constructed: `get("sequence.gated_deltanet")(heads=4).build(width=64)` is the bare module.

        For a node of a family with surroundings, the module with them around it. Imports torch.
        """
        own = {p.name for p in self.entry.component.parameters}
        mine = {k: v for k, v in self.values.items() if k in own}
        make = load_object(self.entry.component.implementation)
        if self.nested or not self.entry.family.around:
            return make(**mine, **sizes)
        group = {k: v for k, v in self.values.items() if k not in own}
        return load_object(self.entry.family.around)(cell=lambda: make(**mine, **sizes), **group, **sizes)


@dataclass(frozen=True)
class Unread:
    """An add-on that is not here, with the reason. state: refused, asked or off; components: the ids that its declaration names."""

    place: str
    reason: str
    state: str = "refused"
    components: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """The add-on that a component comes from. source: own, folder or installed; version: of its package; content: sha256 of its files."""

    name: str
    source: str
    version: str
    content: str


class Catalogue:
    """Everything on the palette. `entry(id)` finds a component or preset; iterating gives entries in palette order.

    origins: the add-on of each id that comes from one; unread: add-ons that were refused; absent: those
    and the ones that nobody has said yes to.
    """

    def __init__(
        self,
        families: Iterable[Family],
        components: Iterable[Component],
        absent: Iterable[Unread] = (),
        origins: Mapping[str, Origin] | None = None,
    ) -> None:
        self.families = {f.id: f for f in sorted(families, key=lambda f: f.order)}
        self.absent = tuple(absent)
        self.unread = tuple(one for one in self.absent if one.state == "refused")
        self.origins = dict(origins or {})
        self._entries: dict[str, Entry] = {}
        for component in sorted(components, key=lambda c: (self.families[c.family].order, not c.alone, c.title)):
            family = self.families[component.family]
            for entry in (Entry(component, family, self), *(Entry(component, family, self, p) for p in component.presets)):
                if entry.id in self._entries:
                    raise Refusal(f"Two components have the id {entry.id!r}; rename one of them.")
                self._entries[entry.id] = entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __contains__(self, id: str) -> bool:
        return id in self._entries

    def entry(self, id: str) -> Entry:
        """The entry of that id. Raises Refusal naming the nearest id."""
        if id not in self._entries:
            raise Refusal(f"There is no component {id!r}{nearest(id, self._entries)}.")
        return self._entries[id]

    def would_bring(self, id: str) -> Unread | None:
        """The add-on that would bring this component, were it not left out; None where none is known to."""
        return next((one for one in self.absent if id in one.components), None)

    def of_family(self, family: str) -> list[Entry]:
        """The entries of one family, in palette order."""
        return [entry for entry in self if entry.component.family == family]
