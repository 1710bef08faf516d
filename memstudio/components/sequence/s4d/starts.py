"""Where the rates A of a diagonal state space model start (Gu et al. 2022, and the authors' code). No torch."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

#: Half of the decay of all starts but `real`: Re A = −1/2.
HALF = 0.5


@cache
def rates(start: str, modes: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """−Re A (positive) and Im A of each mode, for N = 2 · modes.

    lin: −1/2 + iπn; inv: −1/2 + i (N/π) (N/(2n+1) − 1); legs: the eigenvalues of the normal part of HiPPO-LegS; real: −(n + 1);
    random: −1/2, the imaginary parts being drawn by whoever asks.
    """
    size = 2 * modes
    steady = (HALF,) * modes
    if start == "lin":
        return steady, tuple(math.pi * n for n in range(modes))
    if start == "inv":
        return steady, tuple(size / math.pi * (size / (2 * n + 1) - 1) for n in range(modes))
    if start == "legs":
        return steady, normal_part(size)
    if start == "real":
        return tuple(n + 1.0 for n in range(modes)), (0.0,) * modes
    return steady, (0.0,) * modes


def normal_part(size: int) -> tuple[float, ...]:
    """The positive imaginary parts, rising, of the eigenvalues of A + P Pᵀ = −I/2 + skew: A of HiPPO-LegS, Pₙ = √(n + 1/2)."""
    p = np.sqrt(np.arange(size) + 0.5)
    lower = np.tril(np.outer(p, p), -1)
    found = np.linalg.eigvalsh(1j * (lower - lower.T))
    return tuple(float(one) for one in found[size // 2 :])
