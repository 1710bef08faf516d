"""The corrected share of variance: by hand, against scipy's F, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from memstudio.measures.shares import corrected_share


def test_it_is_omega_squared_of_scipys_f() -> None:
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], [4, 6, 5])
    values = generator.normal(size=15) + np.array([0.0, 1.0, 3.0])[groups]
    f = float(stats.f_oneway(*(values[groups == g] for g in range(3))).statistic)
    n, k = 15, 3
    assert corrected_share(values, groups) == pytest.approx((k - 1) * (f - 1) / ((k - 1) * (f - 1) + n))


def test_by_hand() -> None:
    # groups (0, 2) and (4, 6): between 16, within 4, MS within 2: (16 - 2) / (20 + 2)
    assert corrected_share(np.array([0.0, 2.0, 4.0, 6.0]), np.array([7, 7, 9, 9])) == pytest.approx(14 / 22)


def test_nothing_to_share() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert corrected_share(values, np.zeros(4, dtype=np.int64)) == 0
    assert corrected_share(values, np.arange(4)) == 0
    assert corrected_share(np.ones(4), np.array([0, 0, 1, 1])) == 0
    # equal means: less than chance is no share
    assert corrected_share(np.array([1.0, 3.0, 1.0, 3.0]), np.array([0, 0, 1, 1])) == 0


def test_chance_shows_no_share_on_average() -> None:
    generator = np.random.default_rng(1)
    groups = np.repeat(np.arange(4), 5)
    found = [corrected_share(generator.normal(size=20), groups) for _ in range(300)]
    assert np.mean(found) < 0.07
