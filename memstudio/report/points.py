"""The points of one series, or of one curve at every stored step, as rows and as JSON."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from memstudio.library.rows import CurveAt, Series
from memstudio.report.everything import curve_data, finite


def series_json(run: str, series: Series) -> Any:
    """{"run", "name", "steps", "values"}; what is not finite is null."""
    return finite({"run": run, "name": series.name, "steps": series.steps.tolist(), "values": series.values.tolist()})


def curve_json(run: str, curves: Sequence[CurveAt]) -> Any:
    """{"run", "name", "curves": a mapping for each stored step}."""
    return finite({"run": run, "name": curves[0].name, "curves": [curve_data(one) for one in curves]})


def curve_rows(curves: Sequence[CurveAt]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """(heads, rows): a row a point: step, the name of its row where there are several, its place on each axis, value."""
    first = curves[0]
    heads = ("step", *(("row",) if first.rows else ()), *(axis.name or "place" for axis in first.axes), "value")
    found: list[tuple[object, ...]] = []
    for one in curves:
        shape = one.values.shape[1 if one.rows else 0 :]
        places: list[Sequence[float | str]] = [axis.values for axis in one.axes] or [range(n) for n in shape]
        rows = [(name,) for name in one.rows] if one.rows else [()]
        values = np.asarray(one.values, dtype=np.float64).ravel().tolist()
        for (row, place), value in zip(itertools.product(rows, itertools.product(*places)), values, strict=True):
            found.append((one.step, *row, *place, value))
    return heads, found
