"""How well a sequence is foretold: bits a token, and the perplexity that says the same."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memstudio.measures.calibration import nll_terms

Floats = NDArray[np.float64]

#: a perplexity beyond this is said as this: exp of 80 nats and more says nothing, and a table needs a finite number
MOST_PERPLEXITY = 1e30


def bits(probabilities: ArrayLike, targets: ArrayLike) -> Floats:
    """−log₂ p of each target (n,). probabilities: (n, classes); targets: (n,). Probabilities below 1.2e-38 count as that: 126 bits."""
    return nll_terms(probabilities, targets) / math.log(2)


def perplexity(mean_bits: float) -> float:
    """2 to the mean bits a token: among how many equally likely tokens the model seems to choose. 1 is certainty; at most 1e30."""
    return min(MOST_PERPLEXITY, float(2.0 ** min(mean_bits, 1000.0)))


def places(item: ArrayLike) -> NDArray[np.int64]:
    """The place (n,) of each target among those of its item, from 1. item: (n,), the targets of one in their order."""
    numbers = np.asarray(item)
    order = np.argsort(numbers, kind="stable")
    sorted_ = numbers[order]
    starts = np.concatenate(([0], np.flatnonzero(sorted_[1:] != sorted_[:-1]) + 1)) if len(sorted_) else np.empty(0, dtype=np.int64)
    counts = np.diff(np.concatenate((starts, [len(sorted_)])))
    found = np.empty(len(sorted_), dtype=np.int64)
    found[order] = np.arange(len(sorted_)) - np.repeat(starts, counts) + 1
    return found
