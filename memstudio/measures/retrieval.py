"""How clearly a memory of N pairs answers with the value of the key it is asked with: signal against noise, and what theory says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Where a ratio in decibels ends, either way: answers come in float32, of which nothing finer can be said.
MOST_DB = 60.0


@dataclass(frozen=True)
class Power:
    """Mean squared lengths a number of the answer has: signal, what the asked value contributes; noise, all the rest."""

    signal: float
    noise: float

    @property
    def db(self) -> float:
        """10 log₁₀ (signal / noise), from −60 to 60; 0 where there is neither."""
        return decibels(self.signal, self.noise)

    @property
    def share(self) -> float:
        """signal / (signal + noise), 0 to 1; 0 where there is neither. One half is a ratio of 1."""
        total = self.signal + self.noise
        return self.signal / total if total > 0 else 0.0


def decibels(signal: float, noise: float) -> float:
    """10 log₁₀ of a ratio of powers (each 0 or more), from −60 to 60 dB; 0 dB where both are 0."""
    if signal <= 0 or noise <= 0:
        return 0.0 if signal <= 0 and noise <= 0 else MOST_DB if signal > 0 else -MOST_DB
    return float(np.clip(10 * math.log10(signal / noise), -MOST_DB, MOST_DB))


def power(values: ArrayLike, answers: ArrayLike) -> Power:
    """Signal and noise of answers, where the values stored are random, independent and of mean zero.

    values, answers: (repeats, pairs, heads, width), answers[r, j] being what was read with the key of values[r, j]. At each place j and
    head the part of an answer that goes with its own value is one factor g times it, fitted over repeats and width (n numbers); what is
    left is noise. The noise that a fit of one factor takes for signal (1/n of it) is given back, so that neither is biased.
    Raises ValueError where the shapes differ or n < 2.
    """
    stored, found = np.asarray(values, dtype=np.float64), np.asarray(answers, dtype=np.float64)
    if stored.ndim != 4 or stored.shape != found.shape:
        raise ValueError(f"Values and answers must both be (repeats, pairs, heads, width), not {stored.shape} and {found.shape}.")
    n = stored.shape[0] * stored.shape[3]
    if n < 2 or not stored.size:
        raise ValueError("Signal and noise need two numbers at least at each place: more repeats, or wider values.")
    square = (stored**2).sum((0, 3), keepdims=True)
    gain = np.divide((stored * found).sum((0, 3), keepdims=True), square, out=np.zeros_like(square), where=square > 0)
    noise = ((found - gain * stored) ** 2).sum((0, 3)) / (n - 1)
    signal = (gain**2 * square)[0, ..., 0] / n - noise / n
    return Power(max(0.0, float(signal.mean())), float(noise.mean()))


def linear_theory(pairs: ArrayLike, width: int) -> Floats:
    """The ratio signal / noise of a linear memory S = Σ v kᵀ of random keys of length 1: width / (pairs − 1), infinite at one pair.

    Source: Zhong et al. (2025), who write its inverse (N − 1) / d.
    """
    others = np.asarray(pairs, dtype=np.float64) - 1
    return np.asarray(np.divide(width, others, out=np.full(others.shape, np.inf), where=others > 0))


def overlap(keys: ArrayLike) -> float:
    """The mean of (kᵢ·kⱼ)² / (kᵢ·kᵢ)² over pairs i ≠ j of one item: the noise that each other key adds in a linear memory.

    keys: (items, n, heads, width), n ≥ 2. 1 / width for random directions; of keys of length 0 nothing is counted.
    """
    table = np.moveaxis(np.asarray(keys, dtype=np.float64), 2, 1)
    products = (table @ np.swapaxes(table, -1, -2)) ** 2
    own = np.diagonal(products, axis1=-2, axis2=-1)
    shares = np.divide(products, own[..., None], out=np.zeros_like(products), where=own[..., None] > 0)
    n = shares.shape[-1]
    if n < 2:
        raise ValueError("The overlap of keys needs two of them at least.")
    others = shares.sum((-2, -1)) - np.diagonal(shares, axis1=-2, axis2=-1).sum(-1)
    return float(others.mean() / (n * (n - 1)))
