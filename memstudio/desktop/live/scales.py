"""Where values lie along an axis, straight or logarithmic, and the ticks there. Plain Python and numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memstudio.desktop.chart import tick_text, ticks

Floats = npt.NDArray[np.float64]

#: at most so many of the points themselves are named along an axis; with more, round numbers are
MOST_MARKS = 9


@dataclass(frozen=True)
class Tick:
    """One tick: where it lies (a place, not a value) and what it says."""

    place: float
    text: str


@dataclass(frozen=True)
class Scale:
    """An axis. log: places are log10 of values; zero: where a log axis puts the value 0 (a distance of 0), None: nowhere.

    marks: the values that are named by ticks, where there are few of them (loads 2, 4, 8, 16); names: what 0, 1, 2 ... stand for, where
    they are no numbers.
    """

    log: bool = False
    zero: float | None = None
    marks: tuple[float, ...] = ()
    names: tuple[str, ...] = ()

    def places(self, values: npt.ArrayLike) -> Floats:
        """Where values lie; NaN for those a log axis has no place for."""
        found = np.asarray(values, dtype=np.float64)
        if not self.log:
            return found
        with np.errstate(divide="ignore", invalid="ignore"):
            placed = np.log10(np.where(found > 0, found, np.nan))
        if self.zero is not None:
            placed = np.where(found == 0, self.zero, placed)
        return np.asarray(placed)

    def value(self, place: float) -> float:
        """The value at a place."""
        if not self.log:
            return place
        if self.zero is not None and place <= self.zero + 0.15:
            return 0.0
        return float(10.0 ** min(max(place, -300.0), 300.0))

    def ticks(self, low: float, high: float, most: int = 5) -> list[Tick]:
        """The ticks between two places, about `most` of them."""
        slack = 1e-9 * max(1e-12, high - low)
        if self.names:
            return [Tick(float(at), name) for at, name in enumerate(self.names) if low - slack <= at <= high + slack]
        if self.marks:
            # they are round and few: twice as many as of other ticks find room
            kept = self.marks[:: max(1, math.ceil(len(self.marks) / (2 * most)))]
            places = self.places(kept).tolist()
            return [Tick(p, tick_text(v)) for p, v in zip(places, kept, strict=True) if low - slack <= p <= high + slack]
        if not self.log:
            return [Tick(v, tick_text(v)) for v in ticks(low, high, most)]
        return self._decades(low, high, most)

    def _decades(self, low: float, high: float, most: int) -> list[Tick]:
        """Powers of ten; where few lie between the ends, also twice and five times them; else round numbers."""
        if not math.isfinite(high - low):
            return []
        # beyond these a float is nothing or infinite
        low, high = max(low, -300.0), min(high, 300.0)
        slack = 1e-9 * max(1.0, abs(low), abs(high))
        first, last = math.ceil(low - slack), math.floor(high + slack)
        decades = list(range(first, last + 1))
        if len(decades) >= 3:
            every = max(1, math.ceil(len(decades) / most))
            return [Tick(float(d), tick_text(10.0**d)) for d in decades[::every]]
        fine = [m * 10.0**d for d in range(first - 1, last + 1) for m in (1, 2, 5)]
        found = [Tick(math.log10(v), tick_text(v)) for v in fine if low - slack <= math.log10(v) <= high + slack]
        if len(found) >= 2:
            return found[:: max(1, math.ceil(len(found) / most))]
        return [Tick(math.log10(v), tick_text(v)) for v in ticks(10.0**low, 10.0**high, most) if v > 0]


def scale_of(points: Sequence[float], log: bool) -> Scale:
    """The scale of an axis with these points: few are named themselves, and 0 stands an octave below the smallest on a log axis."""
    values = sorted({float(p) for p in points if math.isfinite(p)})
    positive = [v for v in values if v > 0]
    if log and (not positive or (values and values[0] < 0)):
        log = False
    marks = tuple(values) if len(values) <= MOST_MARKS and (log or len(values) <= 6) else ()
    return Scale(log, math.log10(positive[0] / 2) if log and values[0] == 0 else None, marks)


def rounded_up(value: float) -> float:
    """The next round number, so that an axis does not move with every point: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return float(next(unit * m for m in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if unit * m >= value * 0.9999))
