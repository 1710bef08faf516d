"""Tests over seeds against scipy, every sign pattern by hand, and Holm's own rule."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from memstudio.measures.tests import holm, paired_permutation, paired_t, unpaired_permutation, welch_t

# Quarters are exact in binary, so that ties among sums are ties for the oracle too.
QUARTERS = st.integers(-40, 40).map(lambda n: n / 4)
PAIRS = st.lists(st.tuples(QUARTERS, QUARTERS), min_size=1, max_size=9)
SIDE = st.lists(QUARTERS, min_size=2, max_size=9)


@given(st.lists(st.tuples(QUARTERS, QUARTERS), min_size=2, max_size=9))
def test_paired_t_is_scipys(pairs: list[tuple[float, float]]) -> None:
    first, second = map(list, zip(*pairs, strict=True))
    differences = np.subtract(first, second)
    seen = paired_t(first, second)
    if np.ptp(differences) == 0:
        assert seen.p == (1.0 if differences[0] == 0 else 0.0)
        return
    theirs = stats.ttest_rel(first, second)
    assert seen.p == pytest.approx(float(theirs.pvalue), rel=1e-8)
    assert seen.statistic == pytest.approx(float(theirs.statistic), rel=1e-8)


@pytest.mark.filterwarnings("ignore:Precision loss")
@given(SIDE, SIDE)
def test_welch_is_scipys(first: list[float], second: list[float]) -> None:
    seen = welch_t(first, second)
    if np.ptp(first) == np.ptp(second) == 0:
        assert seen.p == (1.0 if first[0] == second[0] else 0.0)
        return
    assert seen.p == pytest.approx(float(stats.ttest_ind(first, second, equal_var=False).pvalue), rel=1e-8)


@given(PAIRS)
def test_permutation_counts_every_pattern(pairs: list[tuple[float, float]]) -> None:
    first, second = map(list, zip(*pairs, strict=True))
    differences = np.subtract(first, second)
    seen = [abs(float(np.dot(signs, differences))) for signs in product((1, -1), repeat=len(pairs))]
    test = paired_permutation(first, second)
    assert test.p == pytest.approx(np.mean([one >= abs(differences.sum()) for one in seen]))
    assert test.p is not None
    assert test.p >= test.least_p
    assert paired_permutation(second, first).p == test.p


def test_permutation_is_scipys() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.normal(size=(2, 8))
    theirs = stats.permutation_test((first, second), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf)
    assert paired_permutation(first.tolist(), second.tolist()).p == pytest.approx(float(theirs.pvalue))


@pytest.mark.parametrize(("seeds", "least"), [(1, 1.0), (3, 0.25), (5, 0.0625), (6, 0.03125)])
def test_few_seeds_cannot_reach_far(seeds: int, least: float) -> None:
    test = paired_permutation([1.0 + 0.1 * seed for seed in range(seeds)], [0.0] * seeds)
    assert test.p == least == test.least_p
    assert test.can_reach(0.05) == (seeds > 5)


def test_rounding_does_not_hide_the_pattern_seen() -> None:
    # Ten times 0.1, added one by one, is a little less than 1: the pattern that was seen must count all the same.
    test = paired_permutation([0.1] * 10, [0.0] * 10)
    assert test.p == test.least_p == 2.0**-9


def test_twenty_pairs_are_exact_and_more_refused() -> None:
    generator = np.random.default_rng(0)
    first = generator.normal(0.5, 1, 20).tolist()
    test = paired_permutation(first, [0.0] * 20)
    assert test.p is not None
    assert 0 < test.p < 1
    with pytest.raises(ValueError, match="at most 20"):
        paired_permutation([*first, 1.0], [0.0] * 21)


def test_one_value_cannot_be_tested() -> None:
    assert paired_t([1.0], [0.0]).p is None
    assert welch_t([1.0], [0.0, 1.0]).p is None
    assert not paired_t([1.0], [0.0]).can_reach()


def test_equal_differences() -> None:
    assert paired_t([1.0, 2.0], [0.0, 1.0]).p == 0.0
    assert paired_t([1.0, 2.0], [0.0, 1.0]).statistic == math.inf
    assert paired_t([1.0, 2.0], [1.0, 2.0]).p == 1.0


@pytest.mark.parametrize("test", [paired_t, paired_permutation])
def test_values_that_do_not_pair_are_refused(test: object) -> None:
    assert callable(test)
    with pytest.raises(ValueError, match="one value a seed"):
        test([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="one value a seed"):
        test([], [])


def test_an_empty_side_is_refused() -> None:
    with pytest.raises(ValueError, match="both sides"):
        welch_t([], [1.0])


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_rejects_what_its_rule_rejects(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(one >= p for one, p in zip(corrected, p_values, strict=True))
    assert max(corrected) <= 1.0
    for level in (0.01, 0.05, 0.3):
        rejected, ordered = set(), sorted(range(len(p_values)), key=lambda i: p_values[i])
        for place, index in enumerate(ordered):
            if p_values[index] * (len(p_values) - place) > level:
                break
            rejected.add(index)
        assert {i for i, p in enumerate(corrected) if p <= level} == rejected


@given(st.lists(QUARTERS, min_size=1, max_size=5), st.lists(QUARTERS, min_size=1, max_size=5))
def test_unpaired_permutation_deals_out_every_way(first: list[float], second: list[float]) -> None:
    values = [*first, *second]
    seen = abs(np.mean(first) - np.mean(second))
    ways = list(combinations(range(len(values)), len(first)))
    apart = [abs(np.mean([values[i] for i in way]) - np.mean([v for i, v in enumerate(values) if i not in way])) for way in ways]
    test = unpaired_permutation(first, second)
    assert test.p == pytest.approx(np.mean([one >= seen - 1e-9 for one in apart]))
    assert test.p is not None
    assert test.p >= test.least_p - 1e-12
    assert unpaired_permutation(second, first).p == pytest.approx(test.p)


def test_unpaired_permutation_is_scipys() -> None:
    generator = np.random.default_rng(2)
    first, second = generator.normal(0.9, 1, 6), generator.normal(0, 1, 7)
    theirs = stats.permutation_test(
        (first, second),
        lambda a, b: abs(np.mean(a) - np.mean(b)),
        permutation_type="independent",
        alternative="greater",
        n_resamples=np.inf,
    )
    assert unpaired_permutation(first.tolist(), second.tolist()).p == pytest.approx(float(theirs.pvalue))


@pytest.mark.parametrize(("n", "m", "least"), [(3, 3, 0.1), (5, 5, 2 / 252), (2, 3, 0.1), (1, 1, 1.0)])
def test_few_unpaired_values_cannot_reach_far(n: int, m: int, least: float) -> None:
    test = unpaired_permutation([10.0 + i for i in range(n)], [0.1 * i for i in range(m)])
    assert test.p == pytest.approx(least)
    assert test.least_p == pytest.approx(least)


def test_too_many_or_none_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 20"):
        unpaired_permutation([0.0] * 11, [1.0] * 10)
    with pytest.raises(ValueError, match="both sides"):
        unpaired_permutation([], [1.0])
