"""The small charts beside the table of runs: the loss as it fell, the newest of each named curve."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.chart import Chart, Line
from memstudio.desktop.home.picture import split_name_or, title_of, y_range

if TYPE_CHECKING:
    from memstudio.library import CurveAt, Library

#: points of a small curve: more than its pixels would not be seen
POINTS = 240


def charts(library: Library, uid: str) -> list[Chart]:
    """The run's curves as small charts: the loss as it fell, then the newest of each named curve."""
    found = []
    names = set(library.series_names(uid))
    lines = [
        _thinned(text, series.steps, series.values)
        for name, text in (("loss[split=train]", "training"), ("loss[split=validation]", "validation"))
        if name in names and len(series := library.series(uid, name)) > 1
    ]
    if lines:
        found.append(
            Chart(
                "Learning",
                "loss",
                "step",
                tuple(line if len(lines) > 1 else replace(line, label="") for line in lines),
                y_low=y_range("loss", lines)[0],
            )
        )
    for name in library.curve_names(uid):
        steps = library.curve_steps(uid, name)
        chart = of_curve(library.curve_at(uid, name, steps[-1])) if steps else None
        if chart is not None:
            found.append(chart)
    return found[:6]


def _thinned(label: str, steps: np.ndarray, values: np.ndarray) -> Line:
    """A series as a line of at most POINTS points, each the mean of its share."""
    if len(steps) <= POINTS:
        return Line(label, tuple(float(s) for s in steps), tuple(float(v) for v in values))
    shares = list(zip(np.array_split(steps, POINTS), np.array_split(values, POINTS), strict=True))
    x = [float(some.mean()) for some, _ in shares]
    y = [float(np.nanmean(some)) if np.isfinite(some).any() else float("nan") for _, some in shares]
    return Line(label, tuple(x), tuple(y))


def of_curve(curve: CurveAt) -> Chart | None:
    """A stored curve over one axis of numbers as a chart; pictures and tables are shown elsewhere."""
    if len(curve.axes) != 1 or curve.kind == "picture":
        return None
    axis = curve.axes[0]
    try:
        xs = [float(v) for v in axis.values]
    except ValueError:
        return None
    values = np.asarray(curve.values, dtype=np.float64)
    rows = list(curve.rows)
    table = values.reshape(len(rows), -1) if rows else values.reshape(1, -1)
    name = split_name_or(curve.name).partition("_by_")[0]
    if curve.kind == "reliability":
        ys = table[rows.index("accuracy")] if "accuracy" in rows else table[0]
        at = table[rows.index("confidence")] if "confidence" in rows else np.asarray(xs)
        sure = np.isfinite(ys) & np.isfinite(at)
        line = Line("", tuple(at[sure].tolist()), tuple(ys[sure].tolist()))
        return (
            Chart("Calibration", "accuracy", "confidence", (line,), False, 0.0, 1.0, 0.0, 1.0, diagonal=True, dots=True)
            if sure.any()
            else None
        )
    lines = tuple(
        Line(rows[i] if len(rows) > 1 else "", tuple(xs), tuple(row.tolist())) for i, row in enumerate(table) if np.isfinite(row).any()
    )
    even = len(xs) > 2 and xs[0] > 0 and xs[-1] / xs[0] >= 4 and xs[-1] - xs[-2] > 1.5 * (xs[1] - xs[0])
    low, high = y_range(name, lines)
    return Chart(title_of(name, axis.name), name.replace("_", " "), axis.name, lines, even, low, high, dots=True) if lines else None
