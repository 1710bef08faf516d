"""Effect sizes: a difference in units of the spread over seeds, with its exact interval (plain Python: it starts at once)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: points of a Gauss-Legendre panel: twelve figures and more for the smooth pieces below
_POINTS = 24


@dataclass(frozen=True)
class Effect:
    """Hedges' g: a difference of means in standard deviations, without the bias of few values; low and high: its 95 % interval.

    paired: in standard deviations of the paired differences (g_z), else of the values themselves, pooled over both sides. n: pairs, or
    values of both sides together.
    """

    g: float
    low: float
    high: float
    n: int
    paired: bool


def unbiased(degrees: float) -> float:
    """Hedges' factor J(ν) = Γ(ν/2) / (√(ν/2) Γ((ν−1)/2)), by which a standardised difference is too large; ν above 1."""
    return math.exp(math.lgamma(degrees / 2) - math.lgamma((degrees - 1) / 2)) / math.sqrt(degrees / 2)


def paired_effect(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> Effect | None:
    """The mean of first − second, paired by seed, in standard deviations of the differences: J · d̄ / s_d, n − 1 degrees.

    None where there are fewer than three pairs (J needs two degrees), or where all differences are equal. The interval is that of the
    noncentral t distribution. Source: Hedges (1981); Steiger & Fouladi (1997).
    """
    n = len(first)
    differences = [float(a) - float(b) for a, b in zip(first, second, strict=True)]
    if n < 3 or min(differences) == max(differences):
        return None
    mean = math.fsum(differences) / n
    spread = math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (n - 1))
    return _effect(mean / spread, math.sqrt(n), n - 1, n, True, level)


def pooled_effect(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> Effect | None:
    """The difference of two means in pooled standard deviations: J · (x̄ − ȳ) / s_p, n + m − 2 degrees.

    None where a side has one value or where neither side scatters. The interval takes both sides to scatter alike.
    Source: Hedges (1981, equation 6e); Steiger & Fouladi (1997).
    """
    n, m = len(first), len(second)
    if min(n, m) < 2:
        return None
    (a, va), (b, vb) = (_moments(values) for values in (first, second))
    spread = math.sqrt((va + vb) / (n + m - 2))
    if spread == 0:
        return None
    return _effect((a - b) / spread, math.sqrt(n * m / (n + m)), n + m - 2, n + m, False, level)


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sum of squares about it; 0 of equal values, whatever rounding a sum would take."""
    mean = math.fsum(values) / len(values)
    return mean, 0.0 if min(values) == max(values) else math.fsum((value - mean) ** 2 for value in values)


def _effect(d: float, root: float, degrees: int, n: int, paired: bool, level: float) -> Effect:
    """t = d · root has a noncentral t distribution about δ · root: the interval of δ, scaled as g is."""
    j, t, tail = unbiased(degrees), d * root, (1 - level) / 2
    low, high = (noncentrality(t, degrees, p) / root for p in (1 - tail, tail))
    return Effect(j * d, j * low, j * high, n, paired)


# ------------------------------------------------------------------------------------------ the noncentral t distribution


def noncentral_t(t: float, degrees: float, centre: float) -> float:
    """The probability that a noncentral t stays at or below t: T = (Z + centre) / S, S² = χ²_ν / ν.

    P = ∫ Φ(t s − centre) f(s) ds over the density f of S, in panels where Φ climbs and where f has its weight.
    """
    if t == 0:
        return _phi(-centre)
    low, high = _support(degrees)
    # Φ climbs from 0 to 1 in a small part of what there is where t is large: that part has panels of its own
    ends = sorted({low, high, *(min(max((centre + z) / t, low), high) for z in (-8.0, -2.5, 2.5, 8.0))})
    s, weights = _points(ends)
    return min(1.0, max(0.0, float(np.dot(weights, _phis(t * s - centre) * _density(s, degrees)))))


def noncentrality(t: float, degrees: float, probability: float) -> float:
    """The centre at which a noncentral t stays at or below t with this probability (it falls as the centre grows)."""
    step = 3 * math.sqrt(1 + t * t / (2 * degrees))
    low, high = t - step, t + step
    while noncentral_t(t, degrees, low) < probability:
        low -= step
    while noncentral_t(t, degrees, high) > probability:
        high += step
    above, below = noncentral_t(t, degrees, low) - probability, noncentral_t(t, degrees, high) - probability
    # false position after Illinois: some ten steps, where halving would take forty
    for _ in range(100):
        middle = low - above * (high - low) / (below - above) if above != below else (low + high) / 2
        found = noncentral_t(t, degrees, middle) - probability
        if abs(found) < 1e-12 or high - low < 1e-12 * (1 + abs(middle)):
            break
        if found > 0:
            low, above, below = middle, found, below / 2
        else:
            high, below, above = middle, found, above / 2
    return middle


def _support(degrees: float) -> tuple[float, float]:
    """Where S = √(χ²/ν) has all of its weight that a double can tell."""
    width = 1 / math.sqrt(2 * degrees)
    return max(0.0, 1 - 12 * width), 1 + 12 * width


def _density(s: Floats, degrees: float) -> Floats:
    with np.errstate(divide="ignore"):
        logs = np.where(s > 0, np.log(s), 0.0 if degrees == 1 else -math.inf) * (degrees - 1)
    constant = math.log(2) + degrees / 2 * math.log(degrees / 2) - math.lgamma(degrees / 2)
    return np.asarray(np.exp(constant + logs - degrees * s * s / 2))


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _phis(z: Floats) -> Floats:
    return np.array([_phi(one) for one in z.tolist()])


def _points(ends: Sequence[float]) -> tuple[Floats, Floats]:
    """The points and weights of Gauss-Legendre panels between these ends, none wider than a quarter of the whole."""
    most = (ends[-1] - ends[0]) / 4
    edges = [np.linspace(a, b, max(1, math.ceil((b - a) / most)) + 1) for a, b in itertools.pairwise(ends)]
    left = np.concatenate([edge[:-1] for edge in edges])
    right = np.concatenate([edge[1:] for edge in edges])
    x, w = _legendre()
    half = ((right - left) / 2)[:, None]
    return (((left + right) / 2)[:, None] + half * x).ravel(), (half * w).ravel()


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    x, w = np.polynomial.legendre.leggauss(_POINTS)
    return x, w
