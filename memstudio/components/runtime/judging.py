"""What is judged: trained things, what they answer, what probes see of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from memstudio.components.runtime.data import Stream
from memstudio.components.runtime.models import Model


@dataclass(frozen=True)
class Outcome:
    """What a model answered on one part of a split.

    scores: (members, n, classes) float32, where n are the targets that count (masked positions dropped), minus infinity at
    classes that were not allowed; probabilities: (n, classes), combined; targets: (n,); marks: name -> (n,); item: (n,) which
    item of the part each belongs to.
    """

    labels: Mapping[str, str | int | float]
    main: bool
    scores: np.ndarray
    probabilities: np.ndarray
    targets: np.ndarray
    marks: Mapping[str, np.ndarray]
    item: np.ndarray


class Trained(ABC):
    """A model in the middle or at the end of training, as probes see it."""

    model: Model
    stream: Stream
    #: steps done
    step: int
    #: the experience, counted from 0, that the last step learned from (before the first step: that it will learn from)
    experience: int = 0

    @abstractmethod
    def outcomes(self, split: str = "test", items: int | None = None, experiences: Collection[int] | None = None) -> Sequence[Outcome]:
        """What the model answers on each part, at most `items` items a part; computed once a step, shared by probes.

        experiences: those whose parts are asked for, counted from 0 (None: all). Where there are several, each outcome has the
        label `task`, counted from 1.
        """

    @abstractmethod
    def states(self, items: int = 1) -> Mapping[str, Any]:
        """Memory state of each stateful node (by id) after the first test items, from member 0."""

    @abstractmethod
    def facts(self) -> Mapping[str, float]:
        """parameters, state_bytes (predicted costs of the built model, all members), seconds_per_step, facts of the learner."""


@dataclass(frozen=True)
class Axis:
    """One axis of a curve: its name, unit and the values along it."""

    name: str
    values: tuple[float | str, ...]
    unit: str = ""


@dataclass(frozen=True)
class Curve:
    """A named array over axes at one step: recall by load, a reliability diagram, a state picture.

    values: array of len(axes) dimensions, or with one more leading axis named by `rows`, NaN where something is not known;
    kind: how it is drawn ("line", "reliability", "picture", "matrix").
    """

    name: str
    values: np.ndarray
    axes: tuple[Axis, ...]
    kind: str = "line"
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What a probe saw at one step. values: measure name with its labels in brackets (`recall[load=16]`) -> value."""

    values: Mapping[str, float] = field(default_factory=dict)
    curves: Sequence[Curve] = ()

    def __add__(self, other: Measured) -> Measured:
        return replace(self, values={**self.values, **other.values}, curves=[*self.curves, *other.curves])


class Probe(ABC):
    """Measures something of a trained thing every `every` steps on at most `items` items a part, in full at ends."""

    every: int = 10
    items: int = 64

    @abstractmethod
    def measure(self, trained: Trained, full: bool) -> Measured:
        """What is seen now. full: on everything (at the end of an experience or a stage), else on `items` items a part."""

    def state(self) -> dict[str, Any]:
        """What must be kept for an exact resume."""
        return {}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave. ValueError where nothing is kept but something is given."""
        if state:
            raise ValueError(f"{type(self).__name__} keeps nothing to resume from, but is given {', '.join(state)}.")
