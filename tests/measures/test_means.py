"""Means over seeds: the same interval as measures.intervals, bins that runs share, bands."""

from __future__ import annotations

import numpy as np
import pytest

from memstudio.measures.intervals import mean_interval
from memstudio.measures.means import aligned, averaged, binned, mean_of_all, over_seeds, spread, with_band


def test_the_interval_is_that_of_one_number() -> None:
    table = np.random.default_rng(0).normal(size=(5, 7))
    found = spread(np.arange(7.0), table)
    for column in range(7):
        wanted = mean_interval(table[:, column])
        assert wanted.low is not None
        assert wanted.high is not None
        assert found.mean[column] == pytest.approx(wanted.mean)
        assert (found.low[column], found.high[column]) == pytest.approx((wanted.low, wanted.high))


def test_missing_values_lower_n_and_one_value_has_no_interval() -> None:
    table = np.array([[1.0, 2.0, np.nan], [3.0, np.nan, np.nan]])
    found = spread(np.arange(3.0), table)
    assert found.x.tolist() == [0.0, 1.0]
    assert found.n.tolist() == [2, 1]
    assert found.mean.tolist() == [2.0, 2.0]
    assert np.isfinite(found.low[0])
    assert np.isnan(found.low[1])


def test_few_points_stay_as_they_are() -> None:
    steps, values = np.array([0, 50, 100]), np.array([3.0, 2.0, 1.0])
    found = binned(steps, values, last=1000)
    assert found.x.tolist() == [0.0, 50.0, 100.0]
    assert found.y.tolist() == [3.0, 2.0, 1.0]


def test_many_points_become_means_of_equal_bins() -> None:
    steps = np.arange(1, 1001)
    found = binned(steps, steps.astype(float), last=1000, bins=10)
    assert len(found) == 10
    assert np.allclose(found.x, found.y)
    assert found.y[1:-1] == pytest.approx(np.arange(1, 9) * 101 + 50)


def test_values_that_are_not_finite_are_left_out() -> None:
    found = binned(np.array([1, 2, 3]), np.array([1.0, np.nan, np.inf]), last=3)
    assert found.y.tolist() == [1.0]
    assert len(binned(np.array([], dtype=np.int64), np.array([]), last=0)) == 0


def test_seeds_with_other_steps_meet_in_common_bins() -> None:
    odd, even = np.arange(1, 1000, 2), np.arange(2, 1001, 2)
    found = over_seeds([binned(odd, np.ones(len(odd)), 1000, 50), binned(even, np.full(len(even), 3.0), 1000, 50)])
    assert len(found.x) == 48
    assert np.all(found.mean == 2.0)
    assert np.all(found.n == 2)


def test_runs_of_which_one_has_nothing_have_no_mean() -> None:
    nothing = binned(np.array([], dtype=np.int64), np.array([]), 100)
    assert len(over_seeds([binned(np.array([1]), np.array([1.0]), 100), nothing]).x) == 0


def test_a_band_of_wider_bins_keeps_the_line() -> None:
    steps = np.arange(1, 1001)
    noise = np.random.default_rng(0)
    runs = [steps / 1000 + noise.normal(0, 0.2, 1000) for _ in range(4)]
    line = over_seeds([binned(steps, run, 1000, 250) for run in runs])
    found = with_band(line, over_seeds([binned(steps, run, 1000, 25) for run in runs]))
    assert np.array_equal(found.mean, line.mean)
    assert np.all(found.low < found.mean)
    assert np.diff(found.high - found.mean).std() < np.diff(line.high - line.mean).std() / 3


def test_curves_over_other_points_are_aligned() -> None:
    x, table = aligned([(np.array([1.0, 2.0]), np.array([5.0, 6.0])), (np.array([2.0, 4.0]), np.array([7.0, 8.0]))])
    assert x.tolist() == [1.0, 2.0, 4.0]
    assert np.array_equal(table, [[5.0, 6.0, np.nan], [np.nan, 7.0, 8.0]], equal_nan=True)


def test_series_are_averaged_in_the_bins_they_share() -> None:
    one = binned(np.array([0, 1, 2, 3]), np.array([1.0, 2.0, 3.0, 4.0]), 3)
    other = binned(np.array([1, 2, 3]), np.array([4.0, 5.0, 8.0]), 3)
    found = averaged([one, other])
    assert (found.index.tolist(), found.x.tolist(), found.y.tolist()) == ([1, 2, 3], [1, 2, 3], [3, 4, 6])
    assert averaged([one]) is one
    # the mean of means is that of two seeds with two runs each
    line = over_seeds([found, averaged([other, other])])
    assert line.mean.tolist() == [3.5, 4.5, 7.0]
    assert line.n.tolist() == [2, 2, 2]


def test_curves_are_averaged_where_all_have_a_point() -> None:
    first = (np.array([1.0, 2.0, 4.0]), np.array([0.5, 0.4, 0.3]))
    second = (np.array([2.0, 4.0, 8.0]), np.array([0.2, 0.1, 0.0]))
    x, y = mean_of_all([first, second])
    assert x.tolist() == [2, 4]
    assert y == pytest.approx([0.3, 0.2])
    assert mean_of_all([first]) is first
