"""Laws of forgetting fitted to what is left over time: exponential and power, with as many parameters each. Pure functions of arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: a law of two parameters through fewer points than this would say nothing
FEWEST = 3
#: laws whose errors differ by less than this share are said to fit as well
ALIKE = 0.05
#: the slowest and quickest loss that is looked for, per unit of time
_SLOW, _QUICK = 1e-5, 20.0


@dataclass(frozen=True)
class Law:
    """y = scale · exp(−rate · t), or y = scale · (1 + t)^(−rate). error: root of the (weighted) mean square; r2: share of variance."""

    name: Literal["exponential", "power"]
    scale: float
    rate: float
    error: float
    r2: float

    def __call__(self, t: npt.ArrayLike) -> Floats:
        """What is left after t."""
        return np.asarray(self.scale * SHAPES[self.name](np.asarray(t, dtype=np.float64), self.rate))

    @property
    def half_life(self) -> float:
        """The time after which half of what there was at t = 0 is left; infinite where nothing is lost."""
        if self.rate <= 0:
            return float("inf")
        with np.errstate(over="ignore"):
            return float(np.log(2) / self.rate if self.name == "exponential" else np.float64(2.0) ** (1 / self.rate) - 1)


def _exponential(t: Floats, rate: float) -> Floats:
    return np.asarray(np.exp(-rate * t))


def _power(t: Floats, rate: float) -> Floats:
    return np.asarray((1 + t) ** -rate)


SHAPES: dict[str, Callable[[Floats, float], Floats]] = {"exponential": _exponential, "power": _power}


def forgetting_laws(t: npt.ArrayLike, y: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> tuple[Law, Law]:
    """The exponential and the power law through points by (weighted) least squares; rates are not negative.

    t: (n,) time or number of tasks since, from 0; y: (n,) what is left; weights: (n,), 1 each where None. The power law is Wickelgren's
    (1974) with its scale of time 1, so that both laws have two parameters and their errors can be compared. The scale follows from the
    rate, and the rate is searched over factors of ten, then by golden section. Raises ValueError for fewer than three points.
    """
    times, left = np.asarray(t, dtype=np.float64), np.asarray(y, dtype=np.float64)
    heavy = np.ones_like(left) if weights is None else np.asarray(weights, dtype=np.float64)
    there = np.isfinite(times) & np.isfinite(left) & np.isfinite(heavy) & (times >= 0) & (heavy > 0)
    times, left, heavy = times[there], left[there], heavy[there]
    if len(np.unique(times)) < FEWEST:
        raise ValueError(f"A law of forgetting needs at least {FEWEST} points.")
    return _fitted("exponential", times, left, heavy), _fitted("power", times, left, heavy)


def better(first: Law, second: Law) -> Law | None:
    """The law with the clearly smaller error; None where they fit as well as each other."""
    low, high = sorted((first, second), key=lambda law: law.error)
    # errors far below what a share can show are rounding, not a difference
    return None if high.error - low.error <= max(ALIKE * high.error, 1e-9) else low


def _fitted(name: Literal["exponential", "power"], t: Floats, y: Floats, w: Floats) -> Law:
    shape = SHAPES[name]

    def squares(rate: float) -> float:
        return float((w * (y - _scale(shape(t, rate), y, w) * shape(t, rate)) ** 2).sum())

    tried = np.concatenate(([0.0], np.geomspace(_SLOW, _QUICK, 121)))
    at = int(np.argmin([squares(rate) for rate in tried]))
    rate = _lowest(squares, tried[max(0, at - 1)], tried[min(len(tried) - 1, at + 1)])
    rate = rate if squares(rate) <= squares(float(tried[at])) else float(tried[at])
    rate = float(rate)
    rest, mean = squares(rate), float((w * y).sum() / w.sum())
    whole = float((w * (y - mean) ** 2).sum())
    r2 = 1 - rest / whole if whole > 0 else float("nan")
    return Law(name, _scale(shape(t, rate), y, w), rate, float(np.sqrt(rest / w.sum())), r2)


def _scale(shape: Floats, y: Floats, w: Floats) -> float:
    square = float((w * shape * shape).sum())
    return float((w * shape * y).sum()) / square if square > 0 else 0.0


def _lowest(of: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one low point between two places is lowest, by golden section."""
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if of(left) <= of(right):
            high = right
        else:
            low = left
    return (low + high) / 2
