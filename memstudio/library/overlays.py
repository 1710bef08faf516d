"""Series, curves, reliability diagrams and matrices of groups laid over each other: means over seeds with their 95 % intervals.

A group put together by one axis of several has several runs a seed: their mean stands for the seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memstudio.library.groups import Group
from memstudio.library.library import Library
from memstudio.library.rows import CurveAt
from memstudio.measures.intervals import Interval, mean_interval
from memstudio.measures.means import Binned, aligned, averaged, binned, mean_of_all, over_seeds, spread, with_band

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
#: the newest stored step, whichever that is
LAST = None
#: a band over seeds is taken over bins so wide that single steps' noise does not tear it
BANDS = 36
#: fewer points than this are no line over steps
FEWEST = 3


#: rows of a curve that are no measurement
REFERENCES = ("chance", "theory")


class Reference(NamedTuple):
    """A line to hold others against, with its name (chance, theory)."""

    name: str
    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class Line:
    """The mean line of one group. x, mean: (k,); low, high: (k,) its 95 % interval, NaN where fewer than two seeds are; n: (k,) seeds."""

    group: int
    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    n: Whole


@dataclass(frozen=True, eq=False)
class Overlay:
    """Lines of several groups over one axis. reference: a line to compare with (chance, theory), or None.

    steps: the lowest and highest stored step that is shown of a curve; None of series.
    """

    name: str
    x_name: str
    unit: str
    lines: tuple[Line, ...]
    reference: Reference | None = None
    steps: tuple[int, int] | None = None

    @property
    def step(self) -> int | None:
        """The newest step that is shown."""
        return self.steps[1] if self.steps is not None else None


@dataclass(frozen=True, eq=False)
class Reliability:
    """The reliability diagram of a group, all answers of its seeds together. middle, count, confidence, accuracy: (bins,).

    steps: the lowest and highest stored step that is shown.

    ece: mean and interval over seeds of Σ (n_b / n) |accuracy_b − confidence_b|, None where nothing was answered; seeds: how many.
    """

    group: int
    middle: Floats
    count: Floats
    confidence: Floats
    accuracy: Floats
    ece: Interval | None
    seeds: int
    steps: tuple[int, int]

    @property
    def step(self) -> int:
        """The newest step that is shown."""
        return self.steps[1]


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix (rows, columns) as the mean over a group's seeds, NaN where none knows it. low, high: its 95 % interval; seeds: how many."""

    group: int
    mean: Floats
    low: Floats
    high: Floats
    seeds: int
    row_name: str
    rows: tuple[float | str, ...]
    column_name: str
    columns: tuple[float | str, ...]
    steps: tuple[int, int]

    @property
    def step(self) -> int:
        """The newest step that is shown."""
        return self.steps[1]


@dataclass(frozen=True)
class Overlaid:
    """What can be laid over each other, by name: series over steps, curves over an axis of numbers, diagrams, matrices.

    axes: of each curve the name of its axis.
    """

    series: tuple[str, ...] = ()
    curves: tuple[str, ...] = ()
    reliability: tuple[str, ...] = ()
    matrices: tuple[str, ...] = ()
    axes: Mapping[str, str] = field(default_factory=dict)


def overlaid(library: Library, groups: Sequence[Group]) -> Overlaid:
    """What the groups' finished runs have stored that can be laid over each other; one run a group is looked at."""
    speakers = [one.finished[0] for one in groups if one.by_seed]
    series = library.long_series([row.uid for row in speakers], FEWEST)
    found: dict[str, list[str]] = {"line": [], "reliability": [], "matrix": []}
    axes: dict[str, str] = {}
    names: dict[str, str] = {}
    for row in speakers:
        names |= dict.fromkeys(library.curve_names(row.uid), row.uid) | names
    for name, uid in names.items():
        curve = library.curve_near([uid], name, LAST)[uid]
        kind = _kind(curve)
        if kind is not None:
            found[kind].append(name)
            axes[name] = curve.axes[0].name
    return Overlaid(tuple(series), tuple(found["line"]), tuple(found["reliability"]), tuple(found["matrix"]), axes)


def stored_steps(library: Library, groups: Sequence[Group], there: Overlaid) -> tuple[int, ...]:
    """The steps at which something that can be scrubbed through is stored for one run of a group or more, rising."""
    names = (*there.curves, *there.reliability, *there.matrices)
    return tuple(library.stored_steps([row.uid for one in groups for row in one.finished], names))


def _kind(curve: CurveAt) -> str | None:
    if curve.kind == "reliability" and {"count", "confidence", "accuracy"} <= set(curve.rows):
        return "reliability"
    if curve.kind == "matrix" and curve.values.ndim == 2:
        return "matrix"
    numbers = len(curve.axes) == 1 and not any(isinstance(value, str) for value in curve.axes[0].values)
    return "line" if curve.kind == "line" and numbers else None


def series_overlay(library: Library, groups: Sequence[Group], name: str, bins: int | None = None) -> Overlay:
    """A series of every group over steps: mean and interval at each step that every seed with this series has.

    bins: at most about so many points a line, each the mean over equally many steps (None: every step itself).
    """
    points = library.series_of([row.uid for one in groups for row in one.finished], name)
    lines = []
    for number, one in enumerate(groups):
        found = [those for rows in one.of_seeds.values() if (those := [points[row.uid] for row in rows if _is_there(points.get(row.uid))])]
        if not found:
            continue
        last = max(int(steps[-1]) for those in found for steps, _ in those)
        line = over_seeds(_binned(found, last, bins or last + 1))
        if bins is not None and bins > BANDS and len(found) > 1:
            line = with_band(line, over_seeds(_binned(found, last, BANDS)))
        if len(line.x):
            lines.append(Line(number, line.x, line.mean, line.low, line.high, line.n))
    return Overlay(name, "step", "", tuple(lines))


def _is_there(series: tuple[Whole, Floats] | None) -> bool:
    return series is not None and bool(np.isfinite(series[1]).any())


def _binned(found: Sequence[Sequence[tuple[Whole, Floats]]], last: int, bins: int) -> list[Binned]:
    """A series a seed: the mean of its runs."""
    return [averaged([binned(steps, values, last, bins) for steps, values in those]) for those in found]


def curve_overlay(library: Library, groups: Sequence[Group], name: str, step: int | None = LAST) -> Overlay:
    """The curve of every group at the stored step of each run that is nearest to `step` (None: the newest): mean and interval."""
    lines = []
    reference = None
    axis, unit, steps = "", "", list[int]()
    for number, seeds in _curves(library, groups, name, step):
        line = spread(*aligned([mean_of_all([_points(curve) for curve in curves]) for curves in seeds]))
        lines.append(Line(number, line.x, line.mean, line.low, line.high, line.n))
        first = seeds[0][0]
        axis, unit = first.axes[0].name, first.axes[0].unit
        steps += [curve.step for curves in seeds for curve in curves]
        reference = reference or reference_of(first)
    return Overlay(name, axis, unit, tuple(lines), reference, (min(steps), max(steps)) if steps else None)


def _curves(library: Library, groups: Sequence[Group], name: str, step: int | None) -> list[tuple[int, list[list[CurveAt]]]]:
    """The groups by number that have this curve, with those of each seed."""
    there = library.curve_near([row.uid for one in groups for row in one.finished], name, step)
    found = []
    for number, one in enumerate(groups):
        seeds = [curves for rows in one.of_seeds.values() if (curves := [there[row.uid] for row in rows if row.uid in there])]
        if seeds:
            found.append((number, seeds))
    return found


def _points(curve: CurveAt) -> tuple[Floats, Floats]:
    """(x, y) of a curve's first row, in rising order of x."""
    x = np.asarray(curve.axes[0].values, dtype=np.float64)
    table = np.asarray(curve.values, dtype=np.float64)
    order = np.argsort(x, kind="stable")
    return x[order], (table[0] if curve.rows else table)[order]


def reference_of(curve: CurveAt) -> Reference | None:
    """The row of a curve that is drawn as a line to hold it against, the first that is there."""
    name = next((one for one in REFERENCES if one in curve.rows), None)
    if name is None:
        return None
    x = np.asarray(curve.axes[0].values, dtype=np.float64)
    return Reference(name, x, np.asarray(curve.values, dtype=np.float64)[list(curve.rows).index(name)])


def reliability(library: Library, groups: Sequence[Group], name: str, step: int | None = LAST) -> tuple[Reliability, ...]:
    """The reliability diagram of every group that has it; seeds with other bins than the first are left out."""
    return tuple(
        _pooled(number, [curve for curves in seeds for curve in curves], len(seeds))
        for number, seeds in _curves(library, groups, name, step)
    )


def _pooled(number: int, curves: Sequence[CurveAt], seeds: int) -> Reliability:
    middle = np.asarray(curves[0].axes[0].values, dtype=np.float64)
    alike = [
        dict(zip(curve.rows, np.asarray(curve.values, dtype=np.float64), strict=True)) for curve in curves if _same_bins(curve, curves[0])
    ]
    count = np.sum([one["count"] for one in alike], axis=0)
    some = np.where(count > 0, count, 1.0)

    def mean(of: str) -> Floats:
        weighed = np.sum([np.where(one["count"] > 0, one["count"] * one[of], 0.0) for one in alike], axis=0)
        return np.where(count > 0, weighed / some, middle)

    errors = [_ece(one) for one in alike if one["count"].sum() > 0]
    ece = mean_interval(errors) if errors else None
    return Reliability(number, middle, count, mean("confidence"), mean("accuracy"), ece, min(seeds, len(alike)), _steps(curves))


def _steps(curves: Sequence[CurveAt]) -> tuple[int, int]:
    return min(curve.step for curve in curves), max(curve.step for curve in curves)


def _same_bins(curve: CurveAt, first: CurveAt) -> bool:
    return curve.axes[0].values == first.axes[0].values


def _ece(one: Mapping[str, Floats]) -> float:
    gaps = np.where(one["count"] > 0, np.abs(one["accuracy"] - one["confidence"]), 0.0)
    return float((one["count"] * gaps).sum() / one["count"].sum())


def matrices(library: Library, groups: Sequence[Group], name: str, step: int | None = LAST) -> tuple[Matrix, ...]:
    """The matrix of every group that has it, the mean of its seeds cell by cell; seeds of another shape than the first are left out."""
    return tuple(_mean_matrix(number, seeds) for number, seeds in _curves(library, groups, name, step))


def _mean_matrix(number: int, seeds: Sequence[Sequence[CurveAt]]) -> Matrix:
    first = seeds[0][0]
    alike = [[np.asarray(curve.values, dtype=np.float64) for curve in curves if curve.axes == first.axes] for curves in seeds]
    # of several runs a seed the mean: not known where one of them does not know it
    table = np.stack([np.mean(those, axis=0) for those in alike if those])
    shape = table.shape[1:]
    flat = table.reshape(len(table), -1)
    known = np.isfinite(flat).any(axis=0)
    line = spread(np.arange(flat.shape[1], dtype=np.float64), flat)
    mean, low, high = (np.full(flat.shape[1], np.nan) for _ in range(3))
    mean[known], low[known], high[known] = line.mean, line.low, line.high
    row, column = first.axes
    values = (mean.reshape(shape), low.reshape(shape), high.reshape(shape))
    steps = _steps([curve for curves in seeds for curve in curves])
    return Matrix(number, *values, len(table), row.name, row.values, column.name, column.values, steps)
