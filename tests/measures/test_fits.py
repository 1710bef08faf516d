"""Laws of forgetting: what is exact is found again, and the one that fits better is told."""

from __future__ import annotations

import math

import numpy as np
import pytest

from memstudio.measures.fits import better, forgetting_laws

T = np.arange(9.0)


@pytest.mark.parametrize(("scale", "rate"), [(0.9, 0.3), (1.0, 0.02), (0.5, 2.0)])
def test_an_exact_law_is_found_again_and_fits_better(scale: float, rate: float) -> None:
    exponential, power = forgetting_laws(T, scale * np.exp(-rate * T))
    assert (exponential.scale, exponential.rate) == (pytest.approx(scale, rel=1e-4), pytest.approx(rate, rel=1e-4))
    assert better(exponential, power) is exponential
    assert exponential.half_life == pytest.approx(math.log(2) / rate, rel=1e-4)
    assert exponential(T) == pytest.approx(scale * np.exp(-rate * T), abs=1e-6)
    exponential, power = forgetting_laws(T, scale * (1 + T) ** -rate)
    assert (power.scale, power.rate) == (pytest.approx(scale, rel=1e-4), pytest.approx(rate, rel=1e-4))
    assert better(exponential, power) is power
    assert power.r2 == pytest.approx(1.0)
    assert power.half_life == pytest.approx(2 ** (1 / rate) - 1, rel=1e-3)


def test_errors_are_of_the_weighted_points() -> None:
    y = np.array([1.0, 0.8, 0.7, 0.1])
    heavy, _ = forgetting_laws(np.arange(4.0), y, [1, 1, 1, 1e-9])
    plain, _ = forgetting_laws(np.arange(4.0), y)
    assert heavy.error < 0.02 < plain.error
    assert plain.error == pytest.approx(float(np.sqrt(((plain(np.arange(4.0)) - y) ** 2).mean())))


def test_nothing_lost_fits_both_alike() -> None:
    laws = forgetting_laws(T, np.full(9, 0.8))
    assert [law.rate for law in laws] == [pytest.approx(0.0, abs=1e-4)] * 2
    assert better(*laws) is None
    assert laws[0].half_life > 1e3


def test_gains_are_no_loss_and_gaps_are_left_out() -> None:
    exponential, _ = forgetting_laws(T, 0.5 + 0.05 * T)
    assert exponential.rate == pytest.approx(0.0, abs=1e-4)
    with_gap, _ = forgetting_laws([0, 1, 2, np.nan, 4], [1.0, np.exp(-0.5), np.exp(-1.0), 5.0, np.exp(-2.0)])
    assert with_gap.rate == pytest.approx(0.5, rel=1e-4)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 points"):
        forgetting_laws([0, 1, 1], [1.0, 0.5, 0.6])
