"""A trained thing whose answers are given, for probes to look at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from memstudio.components.runtime import Batch, Draws, Outcome, Part, Stream, Trained
from memstudio.measures.calibration import softmax


class GivenStream(Stream):
    """A stream of which probes see the chance level, and how the parts of validation are labelled."""

    def __init__(self, chance: float | None) -> None:
        self.chance = chance
        self.validation: Sequence[Mapping[str, str | int | float]] = ()

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        raise AssertionError("a probe asks for no training batch")

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        assert split == "validation", "a probe of answers reads outcomes, not test data"
        nothing = Batch(torch.empty(0, 1), torch.empty(0, dtype=torch.int64))
        return [Part(labels, nothing) for labels in self.validation]

    def fingerprint(self) -> str:
        return "0" * 64

    def sample(self) -> dict[str, Any]:
        return {}


class Memoryless:
    """A model of which the graph has no memory."""

    def member(self, index: int) -> nn.Module:
        return nn.Linear(1, 1)


class Given(Trained):
    """Outcomes, states and facts as given. `asked` keeps what outcomes were asked for."""

    def __init__(
        self,
        outcomes: Sequence[Outcome] = (),
        states: Mapping[str, Any] | None = None,
        facts: Mapping[str, float] | None = None,
        chance: float | None = None,
    ) -> None:
        self.model: Any = Memoryless()
        self.stream = GivenStream(chance)
        self.step = 1
        self.asked: list[tuple[str, int | None]] = []
        self._outcomes, self._states, self._facts = outcomes, states or {}, facts or {}

    def outcomes(self, split: str = "test", items: int | None = None, experiences: Collection[int] | None = None) -> Sequence[Outcome]:
        self.asked.append((split, items))
        return [one for one in self._outcomes if experiences is None or int(one.labels.get("task", 1)) - 1 in experiences]

    def states(self, items: int = 1) -> Mapping[str, Any]:
        return self._states

    def facts(self) -> Mapping[str, float]:
        return self._facts


class Answers:
    """Makes outcomes of random scores whose combined answer is the mean of the members' probabilities."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(7)

    def __call__(
        self,
        labels: Mapping[str, str | int | float] | None = None,
        main: bool = True,
        n: int = 40,
        members: int = 1,
        classes: int = 5,
        marks: Mapping[str, np.ndarray] | None = None,
    ) -> Outcome:
        scores = self.generator.normal(0, 2, (members, n, classes)).astype(np.float32)
        targets = np.where(self.generator.random(n) < 0.5, scores[0].argmax(-1), self.generator.integers(classes, size=n))
        combined = softmax(scores).mean(0).astype(np.float32)
        return Outcome(labels or {}, main, scores, combined, targets, marks or {}, np.arange(n))


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def given() -> type[Given]:
    return Given
