"""Entropy against scipy, and what members disagree about."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from scipy import stats

from memstudio.measures.calibration import softmax
from memstudio.measures.uncertainty import entropy, mutual_information

SCORES = hn.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(2, 5)), elements=st.floats(-20, 20))


@given(SCORES)
def test_entropy_is_scipys(scores: np.ndarray) -> None:
    table = softmax(scores[0])
    assert entropy(table) == pytest.approx(float(stats.entropy(table, axis=1).mean()), abs=1e-9)


def test_the_ends() -> None:
    assert entropy(np.eye(3)) == 0
    assert entropy(np.full((2, 4), 0.25)) == pytest.approx(math.log(4))


@given(SCORES)
def test_disagreement_is_never_negative_and_none_of_one_member(scores: np.ndarray) -> None:
    found = mutual_information(scores)
    assert found >= 0
    assert found <= math.log(scores.shape[2]) + 1e-9
    assert mutual_information(scores[:1]) == pytest.approx(0, abs=1e-9)


def test_sure_members_that_disagree() -> None:
    sure = np.array([[[50.0, 0.0]], [[0.0, 50.0]]])
    assert mutual_information(sure) == pytest.approx(math.log(2))
