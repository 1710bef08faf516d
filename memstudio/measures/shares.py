"""How much of a spread goes with groups: shares of variance, corrected for their number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def corrected_share(values: Floats, groups: Whole) -> float:
    """ω² of a one-way analysis of variance, 0 to 1: the share of the variance between groups, without what chance alone would show.

    values, groups: (n,). ω² = (SS_between − (k − 1) MS_within) / (SS_total + MS_within); 0 where it would be below, or where every value
    has a group of its own. Source: Hays (1963).
    """
    _, place, count = np.unique(groups, return_inverse=True, return_counts=True)
    n, k = len(values), len(count)
    if k < 2 or n <= k:
        return 0.0
    means = np.bincount(place, weights=values) / count
    total = float(((values - values.mean()) ** 2).sum())
    within = float(((values - means[place]) ** 2).sum())
    noise = within / (n - k)
    return max(0.0, (total - within - (k - 1) * noise) / (total + noise)) if total + noise else 0.0
