"""Effect sizes against scipy's noncentral t, by hand, and turned round."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from memstudio.measures.effects import noncentral_t, noncentrality, paired_effect, pooled_effect, unbiased

TENTHS = st.integers(-400, 400).map(lambda n: n / 10)
SIDE = st.lists(TENTHS, min_size=3, max_size=8)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 8, 18, 40, 198])
@pytest.mark.parametrize("t", [-30.0, -3.0, -0.5, 0.001, 0.5, 2.0, 5.0, 20.0, 100.0])
@pytest.mark.parametrize("centre", [-5.0, -1.0, 0.5, 3.0, 8.0, 25.0, 90.0])
def test_the_noncentral_t_is_scipys(degrees: int, t: float, centre: float) -> None:
    theirs = float(stats.nct.cdf(t, degrees, centre))
    if math.isfinite(theirs):
        assert noncentral_t(t, degrees, centre) == pytest.approx(theirs, abs=1e-11)


@pytest.mark.parametrize("degrees", [2, 4, 9, 30])
@pytest.mark.parametrize("t", [-8.0, -1.0, 0.0, 0.3, 2.0, 12.0, 60.0])
@pytest.mark.parametrize("probability", [0.025, 0.5, 0.975])
def test_the_centre_is_found_again(degrees: int, t: float, probability: float) -> None:
    assert noncentral_t(t, degrees, noncentrality(t, degrees, probability)) == pytest.approx(probability, abs=1e-9)


@pytest.mark.parametrize("degrees", [2, 4, 9, 58])
def test_hedges_factor(degrees: int) -> None:
    exact = special.gamma(degrees / 2) / (math.sqrt(degrees / 2) * special.gamma((degrees - 1) / 2))
    assert unbiased(degrees) == pytest.approx(exact)
    # the approximation everyone writes
    assert unbiased(degrees) == pytest.approx(1 - 3 / (4 * degrees - 1), rel=0.02)


def test_paired_by_hand() -> None:
    # differences 1, 2, 3: mean 2, s 1, d 2; J(2) = Γ(1) / Γ(1/2) = 1 / √π
    found = paired_effect([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert found is not None
    assert (found.g, found.n, found.paired) == (pytest.approx(2 / math.sqrt(math.pi)), 3, True)
    t = 2 * math.sqrt(3)
    scale = math.sqrt(3) / unbiased(2)
    assert stats.nct.cdf(t, 2, found.low * scale) == pytest.approx(0.975, abs=1e-6)
    assert stats.nct.cdf(t, 2, found.high * scale) == pytest.approx(0.025, abs=1e-6)


def test_pooled_by_hand() -> None:
    # means 5 and 2, pooled variance (2·1 + 2·4) / 4 = 2.5
    found = pooled_effect([4.0, 5.0, 6.0], [0.0, 2.0, 4.0])
    assert found is not None
    assert (found.g, found.n, found.paired) == (pytest.approx(unbiased(4) * 3 / math.sqrt(2.5)), 6, False)
    assert found.low < found.g < found.high


def test_what_has_no_effect_size() -> None:
    assert paired_effect([1.0, 2.0], [0.0, 0.5]) is None
    assert paired_effect([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]) is None
    assert pooled_effect([1.0], [0.0, 2.0]) is None
    assert pooled_effect([1.0, 1.0], [0.1, 0.1]) is None


@settings(max_examples=30, deadline=None)
@given(SIDE, SIDE)
def test_turned_round_it_has_the_other_sign(first: list[float], second: list[float]) -> None:
    one, other = pooled_effect(first, second), pooled_effect(second, first)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.g == pytest.approx(-other.g, abs=1e-9)
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-6, rel=1e-6)
        # the interval leaves 0 out just where the t test of equal variances is below 0.05
        p = float(stats.ttest_ind(first, second).pvalue)
        if abs(p - 0.05) > 1e-4:
            assert (one.low > 0 or one.high < 0) == (p < 0.05)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    generator = np.random.default_rng(3)
    held = 0
    for _ in range(300):
        draws = generator.normal(0.8, 1.0, 6).tolist()
        found = paired_effect(draws, [0.0] * 6)
        assert found is not None
        # the interval is of J·δ
        held += found.low <= unbiased(5) * 0.8 <= found.high
    assert 0.91 <= held / 300 <= 0.985
