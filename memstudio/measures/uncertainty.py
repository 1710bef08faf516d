"""How unsure answers are: the entropy of class probabilities, and how much of it the members of an ensemble disagree about."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memstudio.measures.calibration import softmax


def entropy_terms(probabilities: ArrayLike) -> NDArray[np.float64]:
    """−Σ p ln p of each target, in nats. probabilities: (..., classes) -> (...)."""
    table = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(-np.sum(table * np.log(np.where(table > 0, table, 1.0)), axis=-1))


def entropy(probabilities: ArrayLike) -> float:
    """The mean entropy in nats, 0 (sure) to ln(classes). probabilities: (n, classes)."""
    return float(entropy_terms(probabilities).mean())


def mutual_information(scores: ArrayLike) -> float:
    """The entropy of the mean probabilities less the mean entropy of the members', in nats, 0 (they agree) and up.

    scores: (members, n, classes) logits. Source: Houlsby et al. (2011, equation 2).
    """
    table = softmax(scores)
    return max(0.0, entropy(table.mean(axis=0)) - float(entropy_terms(table).mean()))
