"""The largest load that is recalled, against counting by hand; what is said where all or none are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from memstudio.components import get
from memstudio.components.probe.load_capacity.reference import capacity as by_hand
from memstudio.components.runtime import Outcome
from memstudio.experiment.kinds import Inputs, Targets


def probe(**values: Any) -> Any:
    return get("probe.load_capacity")(**values).build()


def part(answers: Any, load: int, right: int, n: int = 100, main: bool = True) -> Outcome:
    """A part of which the first `right` questions of n are answered rightly."""
    made = answers({"load": load}, n=n, main=main)
    best = made.probabilities.argmax(-1)
    return replace(made, targets=np.where(np.arange(n) < right, best, (best + 1) % made.probabilities.shape[-1]))


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ({4: 100, 8: 99, 16: 91, 32: 50}, 8 + 8 * 4 / 8),
        ({4: 100, 8: 95, 16: 95}, 16),
        ({4: 94, 8: 99}, 0),
        ({4: 95, 8: 90, 16: 100}, 4),
    ],
    ids=["between two", "all: a lower bound", "not even the smallest", "the first fall counts"],
)
def test_it_is_that_by_hand(right: dict[int, int], expected: float, answers: Any, given: Any) -> None:
    parts = [part(answers, load, count) for load, count in right.items()]
    seen = probe().measure(given(parts[::-1]), full=True)
    ones = [(load, [i < count for i in range(100)]) for load, count in right.items()]
    assert seen.values["capacity[criterion=recalled95]"] == pytest.approx(by_hand(ones, 0.95)) == pytest.approx(expected)
    assert seen.values["capacity[criterion=recalled50]"] == pytest.approx(by_hand(ones, 0.5))
    assert seen.values["largest_load"] == max(right)
    (curve,) = seen.curves
    assert (curve.axes[0].name, curve.axes[0].unit, curve.axes[0].values) == ("recalled at least", "%", (50.0, 95.0))
    assert curve.values[0].tolist() == [seen.values[f"capacity[criterion=recalled{n}]"] for n in (50, 95)]


def test_loads_beyond_training_count_and_parts_of_one_load_are_joined(answers: Any, given: Any) -> None:
    parts = [part(answers, 4, 10, n=10), part(answers, 4, 20, n=30), part(answers, 8, 0, main=False)]
    seen = probe(criteria=[75]).measure(given(parts), full=False)
    assert seen.values == {"capacity[criterion=recalled75]": 4, "largest_load": 8}
    assert not seen.curves


def test_without_loads_nothing_is_read_off(answers: Any, given: Any) -> None:
    assert probe().measure(given([answers()]), full=True).values == {"largest_load": 0}
    entry = get("probe.load_capacity")()
    assert "no loads" in entry.refusal(Inputs({}, Targets("digit", 10, per_position=False)))
    assert entry.refusal(Inputs({}, Targets("token", 5, per_position=True, labels=("load",)))) is None
