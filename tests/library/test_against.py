"""Differences to a baseline: pairing, Welch, Holm, and what so few seeds cannot show."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from memstudio.library.against import Values, difference, differences, seeds_needed, too_few_seeds, welch_interval
from memstudio.library.sentences import difference_sentence

numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))


def values(*numbers: float, first: int = 0) -> Values:
    """One value a seed."""
    return {(first + i, first + i): x for i, x in enumerate(numbers)}


def test_seeds_that_do_not_pair_get_welchs_interval_by_hand() -> None:
    # means 5 and 2, variances 1 and 4 over 3 and 3: error² = 1/3 + 4/3 = 5/3, degrees (5/3)² / ((1/9 + 16/9) / 2) = 50/17
    found = difference(values(4, 5, 6), values(0, 2, 4, first=10))
    assert found is not None
    assert (found.paired, found.interval.mean, found.interval.n) == (False, 3.0, 3)
    assert found.t is not None
    assert found.t.statistic == pytest.approx(3 / math.sqrt(5 / 3))
    half = found.interval.half_width
    assert half is not None
    assert half == pytest.approx(stats.t.ppf(0.975, 50 / 17) * math.sqrt(5 / 3))
    # of the 20 ways to deal six values out, four are as far apart as 4, 5, 6 and 0, 2, 4
    assert found.permutation is not None
    assert (found.permutation.p, found.permutation.least_p) == pytest.approx((0.2, 0.1))


def test_a_single_seed_has_a_difference_and_nothing_more() -> None:
    for other in (values(2.0), values(2.0, first=5)):
        found = difference(values(3.0), other)
        assert found is not None
        assert (found.interval.mean, found.interval.low, found.t, found.told_apart) == (1.0, None, None, False)
    assert too_few_seeds([difference(values(3.0), values(2.0))]).startswith("One common seed gives neither")
    assert too_few_seeds([difference(values(3.0), values(2.0, first=5))]).startswith("One run a group gives neither")


@pytest.mark.parametrize("by", [2 / 192, 0.0])
def test_pairs_that_differ_by_the_same_are_no_certainty(by: float) -> None:
    # accuracies over 192 items: the differences are equal but for the rounding of their last digits
    seeds = [25 / 192, 30 / 192, 23 / 192]
    found = difference(values(*(one + by for one in seeds)), values(*seeds))
    assert found is not None
    assert found.interval.mean == pytest.approx(by)
    assert (found.interval.low, found.interval.n, found.exact, found.told_apart, found.effect) == (None, 3, False, False, None)
    assert found.t is not None
    assert found.t.p is None
    assert found.permutation is not None
    assert found.permutation.p == (0.25 if by else 1.0)
    said = difference_sentence("recall", "a", "b", found).text
    assert said.endswith(
        ", by the same in each of 3 seeds, so neither an interval nor a t test."
        if by
        else "a has the same recall as b, in each of 3 seeds."
    )


def test_what_is_missing_or_not_finite_is_no_difference() -> None:
    assert difference({}, values(1.0)) is None
    assert difference(values(math.nan), values(1.0)) is None
    assert difference(values(math.nan, math.inf), values(1.0, 2.0, first=5)) is None
    found = difference(values(1.0, math.inf, 3.0), values(1.0, 2.0, 2.0))
    assert found is not None
    assert (found.interval.mean, found.interval.n, found.not_finite, found.left_out) == (0.5, 2, 1, 0)
    apart = difference(values(1.0, math.nan, 3.0), values(1.0, 2.0, first=5))
    assert apart is not None
    assert (apart.paired, apart.interval.mean, apart.not_finite) == (False, 0.5, 1)
    # only common seeds count: what is not finite elsewhere does not matter
    assert difference(values(1.0, 2.0), {**values(1.0, 1.5), (9, 9): math.nan}) is not None


def test_holm_counts_only_what_is_tested() -> None:
    base = values(0.0, 0.0, 0.0)
    found = differences([base, values(0.1, 0.08, 0.12), {}, values(1.0, 1.0, 1.0), values(0.0, 0.02, -0.02)], 0)
    assert [one is None for one in found] == [True, False, True, False, False]
    tested = [one for one in found if one is not None and one.p is not None]
    assert len(tested) == 2
    assert {one.compared for one in tested} == {2}
    exact = found[3]
    assert exact is not None
    assert (exact.exact, exact.p, exact.told_apart) == (True, None, True)


@pytest.mark.parametrize(("groups", "needed"), [(1, 6), (2, 7), (4, 8), (8, 9), (50, 11)])
def test_how_many_seeds_an_exact_test_needs(groups: int, needed: int) -> None:
    assert seeds_needed(groups) == needed
    assert groups * 2.0 ** (1 - needed) <= 0.05 < groups * 2.0 ** (2 - needed)


def test_enough_seeds_need_no_apology() -> None:
    rising = [values(*(i * 0.1 for i in range(n))) for n in (6,)]
    more = values(*(1 + i * 0.11 for i in range(6)))
    assert too_few_seeds(differences([rising[0], more], 0)) == ""
    five = differences([values(0, 1, 2, 3, 4), values(1, 2.5, 3, 4.2, 5)], 0)
    assert too_few_seeds(five).startswith("With 5 seeds the exact permutation test cannot go below p = 0.0625, however")


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=8))
def test_turned_round_it_is_the_same_with_the_other_sign(pairs: list[tuple[float, float]]) -> None:
    first, second = (values(*side) for side in zip(*pairs, strict=True))
    one, other = difference(first, second), difference(second, first)
    assert one is not None
    assert other is not None
    assert one.interval.mean == pytest.approx(-other.interval.mean, abs=1e-9)
    assert one.interval.half_width == pytest.approx(other.interval.half_width, abs=1e-9)
    assert (one.exact, one.paired, one.told_apart) == (other.exact, other.paired, other.told_apart)
    if one.t is not None and other.t is not None:
        assert one.t.p == pytest.approx(other.t.p)
    # the interval leaves 0 out just where the uncorrected t test is below 0.05
    if one.t is not None and one.t.p is not None and abs(one.t.p - 0.05) > 1e-6:
        assert one.told_apart == (one.t.p < 0.05)


@given(st.lists(numbers, min_size=2, max_size=6), st.lists(numbers, min_size=2, max_size=6))
def test_welch_lies_around_the_difference_of_the_means(first: list[float], second: list[float]) -> None:
    found = welch_interval(first, second)
    assert found.mean == pytest.approx(sum(first) / len(first) - sum(second) / len(second), abs=1e-9)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.mean <= found.high
    assert found.mean - found.low == pytest.approx(found.high - found.mean, abs=1e-6)


@given(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=2, max_size=6), st.integers(0, 5))
def test_corrected_p_values_are_never_smaller(groups: list[list[float]], baseline: int) -> None:
    at = baseline % len(groups)
    for i, one in enumerate(differences([values(*group) for group in groups], at)):
        assert (one is None) == (i == at)
        if one is not None and one.t is not None and one.t.p is not None:
            assert one.p is not None
            assert one.t.p <= one.p <= min(1.0, one.compared * one.t.p) + 1e-12 or one.p <= 1.0
            assert one.p >= one.t.p - 1e-12
