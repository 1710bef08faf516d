"""What a component says of itself: ports, parameters, sources, inferred sizes and costs. Plain Python, no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.parameters import Parameter

Values = Mapping[str, Any]

#: The trait of components that store patterns, ask for them or measure them.
PATTERNS = "patterns"


@dataclass(frozen=True)
class Port:
    """A place where wires start or end. many: takes any number; optional: may stay empty."""

    name: str
    kind: Kind
    title: str = ""
    also: tuple[Kind, ...] = ()
    many: bool = False
    optional: bool = False

    def takes(self, kind: Kind) -> bool:
        """Whether a wire of this kind may end here."""
        from memstudio.experiment.kinds import accepts

        return any(accepts(mine, kind) for mine in (self.kind, *self.also))


@dataclass(frozen=True)
class Equation:
    """One line of mathematics in Unicode (`Sₜ = αₜ Sₜ₋₁ (I − βₜ kₜ kₜᵀ) + βₜ vₜ kₜᵀ`) and what it says."""

    title: str
    text: str


@dataclass(frozen=True)
class Source:
    """Where a mechanism comes from. systems: ids of the published systems this covers ("S036")."""

    authors: str
    year: int
    title: str
    where: str = ""
    systems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preset:
    """A component with some values set, standing on the palette under its own id and title."""

    id: str
    title: str
    values: Values
    summary: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Cost:
    """What a component takes: parameters: trained numbers; state_bytes: one item's memory (float32) after the sequence at its port.

    flops: what the matrix products of reading one such item take, forward, by the step-by-step equations (a multiply and an add are two;
    an outer product counts as a product over one; 0: not said).
    """

    parameters: int = 0
    state_bytes: int = 0
    flops: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.state_bytes + other.state_bytes, self.flops + other.flops)

    def times(self, n: int) -> Cost:
        """n of the same."""
        return Cost(self.parameters * n, self.state_bytes * n, self.flops * n)


def no_cost(values: Values, inputs: Inputs) -> Cost:
    """The cost of what has no parameters and keeps nothing."""
    return Cost()


def no_parts(values: Values, inputs: Inputs) -> dict[str, int]:
    """The parts of what is only ever used whole."""
    return {}


def no_sizes(values: Values, inputs: Inputs) -> dict[str, Any]:
    """The sizes of what needs none from its surroundings."""
    return {}


def no_outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    """The outputs of what gives nothing."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Component:
    """A component of the palette.

    outputs(values, inputs): the spec at each output port; cost(values, inputs): exact parameters and state bytes;
    parts(values, inputs): trained numbers of each named part, for wrappers that use parts on their own (mixture of memories);
    sizes(values, inputs): keyword arguments the implementation takes besides the parameters (width, vocabulary, classes);
    refuse(values, inputs): a sentence when values do not go together, else None.
    implementation: "package.module:Name", imported when built; reference: the float64 steps, imported by tests only.
    tiny: values for quick tests. renamed: {old name: new name} of parameters since earlier versions.
    alone: whether it may stand as a node (a learner's strategy only stands inside a learner); conflicts: {id of a
    component that it cannot stand beside in one list: why}, the reason being the end of a sentence without its full stop.
    """

    id: str
    title: str
    summary: str
    explanation: str
    takes: tuple[Port, ...] = ()
    gives: tuple[Port, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    equations: tuple[Equation, ...] = ()
    sources: tuple[Source, ...] = ()
    version: int = 1
    traits: frozenset[str] = frozenset()
    implementation: str
    reference: str = ""
    outputs: Callable[[Values, Inputs], Mapping[str, Spec]] = no_outputs
    cost: Callable[[Values, Inputs], Cost] = no_cost
    parts: Callable[[Values, Inputs], Mapping[str, int]] = no_parts
    sizes: Callable[[Values, Inputs], Mapping[str, Any]] = no_sizes
    refuse: Callable[[Values, Inputs], str | None] = lambda values, inputs: None
    tiny: Values = field(default_factory=dict)
    synonyms: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    grain: int | str = 1
    alone: bool = True
    conflicts: Mapping[str, str] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The family is the first word of the id: `sequence` of `sequence.attention`."""
        return self.id.split(".", 1)[0]

    @property
    def is_task(self) -> bool:
        """Whether it gives a stream. Its values are data: they lead to a model, and are none themselves."""
        return any(port.kind == Kind.STREAM for port in self.gives)

    def is_like(self, other: Component) -> bool:
        """Whether both work on patterns to be given back, or both do not: such components are offered for each other first."""
        return (PATTERNS in self.traits) == (PATTERNS in other.traits)

    @property
    def systems(self) -> tuple[str, ...]:
        """Ids of the published systems that this component covers, in order, each once."""
        return tuple(dict.fromkeys(s for source in self.sources for s in source.systems))


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of components, and what it puts around each of its members when they stand as nodes.

    group: parameters shared by every node of the family; around: implementation that wraps the bare component,
    called with the group's values, `cell` (a callable that makes one bare component) and the sizes;
    around_cost(values, inputs, cell_cost): the cost of the whole node. stateful: forward(x, state) -> (y, state).
    short: what ids of new nodes begin with; empty: `mem` for stateful families, the component's own name for families
    that only look on (probes), else the family's id.
    """

    id: str
    title: str
    order: int
    summary: str = ""
    group_title: str = ""
    group: tuple[Parameter, ...] = ()
    around: str = ""
    around_cost: Callable[[Values, Inputs, Cost], Cost] | None = None
    stateful: bool = False
    short: str = ""
