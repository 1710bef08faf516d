"""What the page saves as CSV: the table of measures, the lines of an overlay, reliability diagrams, matrices."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from memstudio.library.comparison import TABLE, table_rows
from memstudio.library.overlays import curve_overlay, matrices, reliability, series_overlay

if TYPE_CHECKING:
    from memstudio.desktop.compare.seen import ParametersSeen
    from memstudio.library import Library
    from memstudio.library.comparison import Comparison
    from memstudio.library.study_figure import StudyFigure


def overlay_table(library: Library, made: Comparison, chosen: str, step: int | None = None) -> str:
    """The lines of a plot: a row for each point of each group, every stored step, with mean, interval and number of seeds."""
    kind, _, name = chosen.partition(":")
    found = curve_overlay(library, made.groups, name, step) if kind == "curve" else series_overlay(library, made.groups, name)
    head = ("group", found.x_name, "mean", "low", "high", "seeds")
    body = (
        (made.labels[line.group], *values)
        for line in found.lines
        for values in zip(line.x.tolist(), line.mean.tolist(), line.low.tolist(), line.high.tolist(), line.n.tolist(), strict=True)
    )
    return _written(head, body)


def reliability_table(library: Library, made: Comparison, chosen: str, step: int | None = None) -> str:
    """The bins of every group's diagram."""
    found = reliability(library, made.groups, chosen.partition(":")[2], step)
    body = (
        (made.labels[one.group], *values)
        for one in found
        for values in zip(one.middle.tolist(), one.count.tolist(), one.confidence.tolist(), one.accuracy.tolist(), strict=True)
    )
    return _written(("group", "bin", "count", "confidence", "accuracy"), body)


def matrices_table(library: Library, made: Comparison, chosen: str, step: int | None = None) -> str:
    """Every cell of every group's matrix, with its interval."""
    found = matrices(library, made.groups, chosen.partition(":")[2], step)
    head = ("group", found[0].row_name if found else "row", found[0].column_name if found else "column", "mean", "low", "high", "seeds")
    body = (
        (made.labels[one.group], row, column, float(one.mean[i, j]), float(one.low[i, j]), float(one.high[i, j]), one.seeds)
        for one in found
        for i, row in enumerate(one.rows)
        for j, column in enumerate(one.columns)
    )
    return _written(head, body)


def measures_table(made: Comparison) -> str:
    """A row for each measure of each group: mean, interval, difference to the baseline, tests."""
    return _written(TABLE, table_rows(made))


def study_table(figure: StudyFigure) -> str:
    """A row for each cell of the figure: its cases, mean, interval, seeds, runs."""
    head, rows = figure.table()
    return _written(head, rows)


def parameters_table(seen: ParametersSeen) -> str:
    """A row for each parameter: its share of the spread, then how it goes with the measure."""
    head = ("parameter", "share", "low", "high", "rank_correlation", "method", "runs")
    found = seen.importance
    return _written(head, ((row.address, row.share, row.low, row.high, row.direction, found.method, found.n) for row in found.rows))


def _written(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in body)
    return out.getvalue()


def _cell(value: object) -> object:
    """Whole numbers without their point; what is not a number empty, as tables expect it."""
    if isinstance(value, float):
        return "" if math.isnan(value) else int(value) if value.is_integer() and abs(value) < 1e15 else value
    return value
