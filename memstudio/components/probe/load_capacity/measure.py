"""Measures the largest load that is still recalled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memstudio.components.probe.recall.parts import numbers, of_one_kind
from memstudio.components.runtime import Axis, Curve, Measured, Probe, Trained
from memstudio.measures.hopfield import capacity
from memstudio.measures.names import measure_name
from memstudio.measures.recall import correct


class LoadCapacity(Probe):
    """`capacity[criterion=recalled95]` for each criterion (%), `largest_load`; curve `capacity_by_criterion` where there are several.

    largest_load: the largest load tested, 0 where no part has one; a capacity that equals it is a lower bound.
    """

    def __init__(self, *, every: int, items: int, criteria: Sequence[int]) -> None:
        self.every = every
        self.items = items
        self.criteria = tuple(criteria)

    def measure(self, trained: Trained, full: bool) -> Measured:
        outcomes = [outcome for outcome in trained.outcomes("test", None if full else self.items) if outcome.targets.size]
        answers = [(outcome, correct(outcome.probabilities, outcome.targets)) for outcome in outcomes]
        by_load: dict[float, list[np.ndarray]] = {}
        for outcome, right in of_one_kind(answers):
            load = numbers(outcome.labels).get("load")
            if load is not None:
                by_load.setdefault(load, []).append(right)
        loads = sorted(by_load)
        values = {"largest_load": loads[-1] if loads else 0.0}
        if not loads:
            return Measured(values)
        recall = [float(np.concatenate(by_load[load]).mean()) for load in loads]
        found = [capacity(loads, recall, criterion / 100) for criterion in self.criteria]
        values |= {
            measure_name("capacity", criterion=f"recalled{criterion}"): at for criterion, at in zip(self.criteria, found, strict=True)
        }
        return Measured(values, [self._curve(found)] if len(found) > 1 else [])

    def _curve(self, found: Sequence[float]) -> Curve:
        axis = Axis("recalled at least", tuple(float(criterion) for criterion in self.criteria), "%")
        return Curve("capacity_by_criterion", np.array([found]), (axis,), rows=("pairs",))
