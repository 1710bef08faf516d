"""What travels along wires: the kinds, and the sizes that are known before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """A kind of wire. Value wires carry a batch, object wires carry a thing."""

    TOKENS = "tokens"
    SEQUENCE = "sequence"
    FEATURES = "features"
    IMAGE = "image"
    PATTERNS = "patterns"
    SCORES = "scores"
    STREAM = "stream"
    MODEL = "model"
    TRAINED = "trained"

    @property
    def is_value(self) -> bool:
        """Whether a wire of this kind carries a batch (else it carries an object)."""
        return self not in (Kind.STREAM, Kind.MODEL, Kind.TRAINED)


#: What a port of a kind takes besides its own kind: a model is the value graph upstream of scores or patterns.
ALSO_TAKES: Mapping[Kind, frozenset[Kind]] = {
    Kind.MODEL: frozenset({Kind.SCORES, Kind.PATTERNS}),
}


def accepts(port: Kind, given: Kind) -> bool:
    """Whether a port of kind `port` takes a wire that carries `given`."""
    return given == port or given in ALSO_TAKES.get(port, frozenset())


@dataclass(frozen=True)
class Targets:
    """What a stream asks of a model, known before any data are made.

    size: number of classes, or numbers a target has; per_position: one target a position, or one an item;
    chance: accuracy of guessing; labels: names by which its test parts differ (load, severity);
    marks: names of what is known of each target (distance); experiences: how many are learned one after the other;
    scenario: "class-incremental", "task-incremental" (the model is told which classes to choose from) or "domain-incremental";
    numbers: whether a target is a row of numbers (a pattern to give back) and no class; items: how many different training items
    there are, where a memory that writes down each must have room for them; shown_next: whether the right answer at a position is the
    input at the next one, so that who sees ahead need not remember.
    """

    what: str
    size: int
    per_position: bool
    chance: float | None = None
    labels: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    experiences: int = 1
    scenario: str = ""
    numbers: bool = False
    items: int | None = None
    shown_next: bool = False


@dataclass(frozen=True)
class Spec:
    """The shape of what a wire carries, without the batch axis.

    width: features a position or item has (scores: classes); time: positions, None where there is no time axis;
    vocabulary: number of different tokens; image: (channels, height, width); targets: on stream wires only.
    """

    kind: Kind
    width: int | None = None
    time: int | None = None
    vocabulary: int | None = None
    image: tuple[int, int, int] | None = None
    targets: Targets | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes after the batch axis: (time,), (time, width), (width,), (channels, height, width)."""
        if self.image is not None:
            return self.image
        return tuple(n for n in (self.time, self.width) if n is not None)

    @property
    def text(self) -> str:
        """The shape as a person reads it: `128 × 64`, or the kind where no size is known."""
        return " × ".join(str(n) for n in self.shape) or self.kind.value


@dataclass(frozen=True)
class Inputs:
    """What reaches a component: the specs at each of its ports, and what the stream asks for."""

    ports: Mapping[str, tuple[Spec, ...]] = field(default_factory=dict)
    targets: Targets | None = None

    def one(self, port: str) -> Spec:
        """The spec of a port that takes one wire. KeyError when nothing is connected."""
        specs = self.ports.get(port, ())
        if not specs:
            raise KeyError(port)
        return specs[0]
