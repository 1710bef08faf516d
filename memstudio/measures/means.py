"""Means over seeds with their intervals, and series made short enough to draw. Pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memstudio.measures.intervals import t_quantile

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

#: a drawn line has at most about so many points: a panel is 200 to 600 pixels wide
BINS = 240
#: the coverage of every interval shown
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Binned:
    """A series in bins of equally many steps. index: (k,) bin numbers, rising; x, y: (k,) mean step and mean value of each."""

    index: Whole
    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.index)


def binned(steps: Whole, values: Floats, last: int, bins: int = BINS) -> Binned:
    """The means of a series within bins of steps; series of as many steps share their bins, whatever steps they hold.

    steps: (n,) rising; values: (n,); last: the last step there will be. Values that are not finite are left out. Where there are no
    more steps than bins every point keeps itself.
    """
    finite = np.isfinite(values)
    if not finite.all():
        steps, values = steps[finite], values[finite]
    if not len(steps):
        return Binned(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    bin_of = steps // max(1, -(-(last + 1) // bins))
    # steps rise, and so bins are pieces one after the other
    starts = np.concatenate(([0], np.flatnonzero(bin_of[1:] != bin_of[:-1]) + 1))
    count = np.diff(np.concatenate((starts, [len(steps)])))
    x, y = np.add.reduceat(steps, starts) / count, np.add.reduceat(values, starts) / count
    return Binned(bin_of[starts].astype(np.int64), x, y)


@dataclass(frozen=True, eq=False)
class Spread:
    """A mean line. x, mean: (k,); low, high: (k,) ends of the interval, NaN where fewer than two values are; n: (k,) how many."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    n: Whole


def spread(x: Floats, table: Floats, level: float = LEVEL) -> Spread:
    """Mean and Student t interval of each column. x: (k,); table: (seeds, k), NaN where a seed has no value there.

    mean ± t · s / √n with n − 1 degrees of freedom, as `measures.intervals.mean_interval` does for one number. Columns without a value
    are left out.
    """
    there = np.isfinite(table)
    n = there.sum(axis=0)
    kept = n > 0
    table, there, n, x = table[:, kept], there[:, kept], n[kept], x[kept]
    mean = np.where(there, table, 0.0).sum(axis=0) / n
    squares = np.where(there, (table - mean) ** 2, 0.0).sum(axis=0)
    factors = np.array([np.nan, np.nan] + [t_quantile((1 + level) / 2, m - 1) for m in range(2, len(table) + 1)])
    with np.errstate(divide="ignore", invalid="ignore"):
        half = factors[n] * np.sqrt(squares / (n - 1) / n)
    return Spread(x, mean, mean - half, mean + half, n.astype(np.int64))


def over_seeds(series: Sequence[Binned], level: float = LEVEL) -> Spread:
    """The mean of binned series over seeds, in the bins that all of them have; x is the mean of their steps there."""
    common = series[0].index
    for one in series[1:]:
        common = np.intersect1d(common, one.index, assume_unique=True)
    rows = [np.searchsorted(one.index, common) for one in series]
    x = np.mean([one.x[row] for one, row in zip(series, rows, strict=True)], axis=0) if len(common) else np.empty(0)
    table = np.array([one.y[row] for one, row in zip(series, rows, strict=True)]).reshape(len(series), len(common))
    return spread(x, table, level)


def averaged(series: Sequence[Binned]) -> Binned:
    """The mean of binned series in the bins that all of them have, as one series; one alone is itself."""
    if len(series) == 1:
        return series[0]
    line = over_seeds(series)
    common = series[0].index
    for one in series[1:]:
        common = np.intersect1d(common, one.index, assume_unique=True)
    return Binned(common, line.x, line.mean)


def mean_of_all(curves: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """The mean of curves (x, y) at the points that all of them have; one alone is itself."""
    if len(curves) == 1:
        return curves[0]
    x, table = aligned(curves)
    there = np.isfinite(table).all(axis=0)
    return x[there], table[:, there].mean(axis=0)


def with_band(line: Spread, coarse: Spread) -> Spread:
    """A mean line with the interval of the same mean over wider bins, which single steps' noise does not tear."""
    there = np.isfinite(coarse.low)
    if not there.any():
        return line
    half = np.interp(line.x, coarse.x[there], (coarse.high - coarse.mean)[there])
    return Spread(line.x, line.mean, line.mean - half, line.mean + half, line.n)


def aligned(curves: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Curves (x, y) over points that may differ, as one table: x (k,) of all points, rising, and y (curves, k), NaN where missing."""
    points = np.unique(np.concatenate([x for x, _ in curves])) if curves else np.empty(0)
    table = np.full((len(curves), len(points)), np.nan)
    for row, (x, y) in zip(table, curves, strict=True):
        row[np.searchsorted(points, x)] = y
    return points, table
