"""Ranks, their correlation and the area under the ROC curve against scipy and scikit-learn."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from memstudio.measures.ranks import auroc, rank_correlation, ranks

SMALL = st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=12)


@given(SMALL)
def test_ranks_are_scipys(values: list[float]) -> None:
    assert ranks(values).tolist() == stats.rankdata(values).tolist()


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=12))
def test_the_correlation_is_scipys(pairs: list[tuple[int, int]]) -> None:
    first, second = (list(map(float, side)) for side in zip(*pairs, strict=True))
    found = rank_correlation(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert found == 0
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found == pytest.approx(float(stats.spearmanr(first, second).statistic), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30))
def test_the_area_is_scikit_learns(answers: list[tuple[int, bool]]) -> None:
    scores, hits = np.array([float(s) for s, _ in answers]), np.array([h for _, h in answers])
    if hits.all() or not hits.any():
        assert math.isnan(auroc(scores, hits))
        return
    assert auroc(scores, hits) == pytest.approx(float(roc_auc_score(hits, scores)), abs=1e-12)
