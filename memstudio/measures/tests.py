"""Tests of a difference over seeds: paired where seeds pair, exact where there are few, corrected where there are many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memstudio.measures.intervals import t_two_sided

#: 2^20 sign patterns take some 20 ms and 8 MB; more pairs than that (or values of two sides that do not pair) need no exact test.
MOST_PAIRS = 20


@dataclass(frozen=True)
class Significance:
    """What a two-sided test says. p: None where there are too few values to test; statistic: t, or the mean difference.

    n: pairs, or values of both sides together; least_p: the smallest p that this many seeds can give at all (0 for a t test).
    """

    p: float | None
    statistic: float
    n: int
    least_p: float = 0.0

    def can_reach(self, level: float = 0.05) -> bool:
        """Whether so few seeds could come below the level, however large the difference."""
        return self.p is not None and self.least_p <= level


def paired_t(first: Sequence[float], second: Sequence[float]) -> Significance:
    """Student's t test of the mean of first − second, values paired by seed, two-sided: t = d̄ / (s_d / √n), n − 1 degrees.

    p is None for a single pair. Where all differences are equal p is 0, or 1 if they are 0. Source: Student (1908).
    Raises ValueError where the lengths differ or nothing is given.
    """
    differences = _differences(first, second)
    n = len(differences)
    mean = math.fsum(differences) / n
    if n == 1:
        return Significance(None, math.nan, 1)
    spread = 0.0 if min(differences) == max(differences) else math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (n - 1))
    return _t_test(mean, spread / math.sqrt(n), n - 1, n)


def welch_t(first: Sequence[float], second: Sequence[float]) -> Significance:
    """Welch's t test of the difference of two means, seeds not paired, two-sided. p is None where a side has one value.

    Source: Welch (1947). Raises ValueError where a side is empty.
    """
    if not first or not second:
        raise ValueError("A test needs values on both sides.")
    n = len(first) + len(second)
    if min(len(first), len(second)) == 1:
        return Significance(None, math.nan, n)
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    va, vb = float(a.var(ddof=1)) / a.size, float(b.var(ddof=1)) / b.size
    degrees = (va + vb) ** 2 / (va**2 / (a.size - 1) + vb**2 / (b.size - 1)) if va + vb > 0 else n - 2
    return _t_test(float(a.mean() - b.mean()), math.sqrt(va + vb), degrees, n)


def paired_permutation(first: Sequence[float], second: Sequence[float]) -> Significance:
    """The exact test that flips the sign of every paired difference in all 2ⁿ ways, two-sided: the share of |mean| ≥ the one seen.

    It assumes nothing but that the sign of a difference is due to chance; it cannot go below 2^(1 − n) (three seeds: 0.25; five: 0.0625).
    Source: Fisher (1935). Raises ValueError where the lengths differ, nothing is given, or there are more than 20 pairs.
    """
    differences = _differences(first, second)
    n = len(differences)
    if n > MOST_PAIRS:
        raise ValueError(f"The exact permutation test takes at most {MOST_PAIRS} pairs, not {n}; use the paired t test.")
    sums = np.zeros(1)
    # The first sign stays as it is: turning all signs round gives the same size, so half of the patterns stand for all.
    for place, difference in enumerate(differences):
        sums = sums + difference if place == 0 else np.concatenate((sums + difference, sums - difference))
    seen = abs(math.fsum(differences))
    # Sums taken in another order differ in their last bits; a pattern as large as the one seen must count.
    slack = 1e-12 * math.fsum(map(abs, differences))
    return Significance(float(np.mean(np.abs(sums) >= seen - slack)), math.fsum(differences) / n, n, 2.0 ** (1 - n))


def unpaired_permutation(first: Sequence[float], second: Sequence[float]) -> Significance:
    """The exact test that deals the values out to the two sides in every way, two-sided: the share of |difference of means| ≥ the one seen.

    It assumes nothing but that it is due to chance which value is on which side; it cannot go below 1 in the number of ways, or 2 where
    the sides are equally long (three and three: 0.1; five and five: 0.0079). Source: Fisher (1935), Pitman (1937).
    Raises ValueError where a side is empty or there are more than 20 values.
    """
    if not first or not second:
        raise ValueError("A test needs values on both sides.")
    n, m = len(first), len(first) + len(second)
    if m > MOST_PAIRS:
        raise ValueError(f"The exact permutation test takes at most {MOST_PAIRS} values, not {m}; use Welch's t test.")
    values = [float(value) for value in (*first, *second)]
    # about their middle sums lose fewer digits; the difference of means stays what it is
    middle = math.fsum(values) / m
    sums = [np.zeros(1), *(np.empty(0) for _ in range(n))]
    for value in values:
        for size in range(n, 0, -1):
            sums[size] = np.concatenate((sums[size], sums[size - 1] + (value - middle)))
    seen = math.fsum(value - middle for value in first)
    slack = 1e-12 * math.fsum(abs(value - middle) for value in values)
    ways = len(sums[n])
    # the other side's sum is minus this one's, so the difference of means grows with the size of the sum alone
    p = float(np.mean(np.abs(sums[n]) >= abs(seen) - slack))
    mean = math.fsum(first) / n - math.fsum(second) / len(second)
    return Significance(p, mean, m, (2.0 if 2 * n == m else 1.0) / ways)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values corrected for their number by Holm's step-down rule, in the order given; never above 1.

    Sorted p₍₁₎ ≤ ... ≤ p₍ₘ₎ become max over j ≤ i of (m − j + 1) · p₍ⱼ₎. Source: Holm (1979).
    """
    corrected, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        corrected[index] = largest
    return corrected


def _differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    if len(first) != len(second) or not len(first):
        raise ValueError(f"A paired test needs one value a seed on both sides, not {len(first)} and {len(second)}.")
    return [float(a) - float(b) for a, b in zip(first, second, strict=True)]


def _t_test(mean: float, error: float, degrees: float, n: int) -> Significance:
    if error == 0:
        return Significance(1.0 if mean == 0 else 0.0, 0.0 if mean == 0 else math.copysign(math.inf, mean), n)
    t = mean / error
    return Significance(t_two_sided(t, degrees), t, n)
