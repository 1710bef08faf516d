"""Cells that are given up: only beyond doubt, only beyond the margin, only by validation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.experiment.document import Hopeless
from memstudio.experiment.hopeless import hopeless_cells
from memstudio.experiment.parameters import Refusal
from memstudio.measures.intervals import mean_interval

RULE = Hopeless(measure="accuracy[split=validation]", better="highest", after=3, margin=0.1)
GOOD = {0: 0.9, 1: 0.92, 2: 0.91}


def test_a_cell_clearly_behind_is_given_up_with_the_reason() -> None:
    found = hopeless_cells(RULE, {"good": GOOD, "bad": {0: 0.5, 1: 0.52, 2: 0.49}, "near": {0: 0.88, 1: 0.9, 2: 0.89}})
    assert list(found) == ["bad"]
    assert found["bad"].startswith("Given up after 3 seeds: accuracy[split=validation] is 0.407 worse than with 'good' (95 % interval 0.3")


@pytest.mark.parametrize(
    "bad",
    [
        {0: 0.5, 1: 0.52},  # too few seeds
        {0: 0.5, 1: 0.52, 5: 0.49},  # too few in common with the best
        {0: 0.85, 1: 0.87, 2: 0.86},  # worse beyond doubt, but not by the margin
        {0: 0.1, 1: 0.99, 2: 0.7},  # worse by the margin, but not beyond doubt
        {0: 0.5, 1: 0.52, 2: float("nan")},
    ],
)
def test_what_is_in_doubt_goes_on(bad: dict[int, float]) -> None:
    assert hopeless_cells(RULE, {"good": GOOD, "bad": bad}) == {}


def test_lower_may_be_better() -> None:
    rule = Hopeless(better="lowest", after=2)
    assert list(hopeless_cells(rule, {"high": {0: 2.0, 1: 2.02}, "low": {0: 1.0, 1: 1.01}})) == ["high"]


def test_differences_without_scatter_say_nothing() -> None:
    rule = Hopeless(better="highest", measure="accuracy[split=validation]", after=2)
    assert hopeless_cells(rule, {"good": {0: 0.75, 1: 0.5}, "worse": {0: 0.5, 1: 0.25}}) == {}
    assert hopeless_cells(rule, {"good": {0: 0.3, 1: 0.3}, "worse": {0: 0.1, 1: 0.1}}) == {}


def test_one_cell_alone_is_never_hopeless() -> None:
    assert hopeless_cells(RULE, {"good": GOOD}) == {}
    assert hopeless_cells(RULE, {}) == {}


def test_test_measures_are_refused() -> None:
    with pytest.raises(Refusal, match=r"a choice may not see test, so write accuracy\[split=validation\]"):
        hopeless_cells(Hopeless(measure="accuracy"), {"a": GOOD, "b": GOOD})


values = st.dictionaries(st.integers(0, 5), st.floats(0, 1), max_size=6)


@given(st.dictionaries(st.sampled_from("abcd"), values, max_size=4), st.floats(0, 0.5), st.integers(2, 4))
def test_the_best_cell_is_never_given_up_and_every_given_up_one_is_worse(
    cells: dict[str, dict[int, float]], margin: float, after: int
) -> None:
    rule = Hopeless(better="highest", margin=margin, after=after)
    found = hopeless_cells(rule, cells)
    ready = {cell: by for cell, by in cells.items() if len(by) >= after}
    assert set(found) <= set(ready)
    if ready:
        best = max(ready, key=lambda cell: sum(ready[cell].values()) / len(ready[cell]))
        top = sum(ready[best].values()) / len(ready[best])
        assert all(sum(by.values()) / len(by) < top for cell, by in ready.items() if cell in found) or not found
        for cell in found:
            assert any(
                mean_interval([other[r] - ready[cell][r] for r in sorted(other.keys() & ready[cell].keys())]).mean > margin
                for other in ready.values()
                if len(other.keys() & ready[cell].keys()) >= after
            )
