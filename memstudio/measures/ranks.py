"""Ranks of values, ties sharing the mean of theirs, and what goes with what by rank."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def ranks(values: Sequence[float]) -> Floats:
    """The rank (n,) of each value, from 1; equal values share the mean of their ranks."""
    numbers = np.asarray(values, dtype=np.float64)
    _, place, count = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place])


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation, -1 to 1; 0 where one side is all the same. Source: Spearman (1904)."""
    a, b = (ranks(side) - (len(first) + 1) / 2 for side in (first, second))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


def auroc(scores: Sequence[float] | Floats, positive: Sequence[bool] | npt.NDArray[np.bool_]) -> float:
    """The area under the ROC curve: how often a positive has a higher score than a negative, ties counting half; NaN where a side is empty.

    scores, positive: (n,). Source: Hanley & McNeil (1982); as ranks: Mann & Whitney (1947).
    """
    hits = np.asarray(positive, dtype=bool)
    many, others = int(hits.sum()), int((~hits).sum())
    if not many or not others:
        return float("nan")
    above = float(ranks(np.asarray(scores, dtype=np.float64).tolist())[hits].sum()) - many * (many + 1) / 2
    return above / (many * others)
