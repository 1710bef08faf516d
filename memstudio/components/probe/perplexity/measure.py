"""Measures how well tokens are foretold, over all that count and by where in their item they stand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from memstudio.components.probe.recall.parts import UNITS, numbers, of_one_kind
from memstudio.components.runtime import Axis, Curve, Measured, Outcome, Probe, Trained
from memstudio.measures.likelihood import bits, perplexity, places
from memstudio.measures.names import measure_name
from memstudio.measures.recall import by_octave

Floats = NDArray[np.float64]
Costs = Sequence[tuple[Outcome, Floats]]

BITS, PERPLEXITY = "bits_per_token", "perplexity"
#: the mark that says how many characters a target stands for
CHARACTERS = "characters"


class Perplexity(Probe):
    """bits_per_token and perplexity over the main parts and of each labelled part; curves of bits by position and by label.

    bits_per_character besides, where it is known how many characters a token stands for.
    """

    def __init__(self, *, every: int, items: int) -> None:
        self.every = every
        self.items = items

    def measure(self, trained: Trained, full: bool) -> Measured:
        outcomes = [outcome for outcome in trained.outcomes("test", None if full else self.items) if outcome.targets.size]
        costs = [(outcome, bits(outcome.probabilities, outcome.targets)) for outcome in outcomes]
        values = {name: value for one in costs if one[0].labels for name, value in _scores([one], one[0].labels).items()}
        main = [(outcome, cost) for outcome, cost in costs if outcome.main]
        if not main:
            return Measured(values)
        values |= _scores(main, {})
        guess = None if not trained.stream.chance else -math.log2(trained.stream.chance)
        return Measured(values, [*_by_position(main, guess), *_by_label(costs, guess)])


def _scores(costs: Costs, labels: Mapping[str, object]) -> dict[str, float]:
    cost = np.concatenate([each for _, each in costs])
    mean = float(cost.mean())
    values = {measure_name(BITS, labels): mean, measure_name(PERPLEXITY, labels): perplexity(mean)}
    if all(CHARACTERS in outcome.marks for outcome, _ in costs):
        characters = float(sum(np.asarray(outcome.marks[CHARACTERS], dtype=np.float64).sum() for outcome, _ in costs))
        if characters > 0:
            values[measure_name("bits_per_character", labels)] = float(cost.sum()) / characters
    return values


def _by_position(main: Costs, guess: float | None) -> list[Curve]:
    """The curve by where in its item a token stands, counted among those that count; none where each item has one."""
    groups = by_octave(np.concatenate([places(outcome.item) for outcome, _ in main]))
    mean = groups.mean(np.concatenate([cost for _, cost in main]))
    points = dict(zip(groups.label.tolist(), mean.tolist(), strict=True))
    return [_curve("position", points, guess, axis="token of the item")] if len(points) > 1 else []


def _by_label(costs: Costs, guess: float | None) -> list[Curve]:
    found: dict[str, dict[float, list[Floats]]] = {}
    for outcome, cost in of_one_kind(costs):
        for name, value in numbers(outcome.labels).items():
            found.setdefault(name, {}).setdefault(value, []).append(cost)
    return [
        _curve(name, {at: float(np.concatenate(parts).mean()) for at, parts in sorted(by.items())}, guess) for name, by in found.items()
    ]


def _curve(by: str, points: Mapping[float, float], guess: float | None, axis: str = "") -> Curve:
    rows = [list(points.values())] + ([] if guess is None else [[guess] * len(points)])
    names = (BITS.replace("_", " "),) if guess is None else (BITS.replace("_", " "), "chance")
    along = Axis(axis or by, tuple(points), UNITS.get(by, ""))
    return Curve(f"{BITS}_by_{by}", np.array(rows, dtype=np.float64), (along,), rows=names)
