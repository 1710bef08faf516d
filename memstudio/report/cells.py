"""The figure of a study: its axes are what was varied; lines over numbers, points with intervals, or cells of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from memstudio.experiment.wording import join
from memstudio.library.sentences import amount
from memstudio.library.study_figure import StudyFigure
from memstudio.report import sheet
from memstudio.report.colours import LIGHT_CURVES, PRINT
from memstudio.report.lines import BAND
from memstudio.report.matrices import table
from memstudio.report.plate import Plate
from memstudio.report.words import axis_title, capital, is_share, measure_title, value_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from memstudio.library.rows import Floats


def study_plate(found: StudyFigure, kind: str = "", name: str = "study") -> Plate:
    """A figure of a study. kind: lines, dots or heat; the one that fits best where it is empty."""
    kind = kind if kind in found.kinds else found.kinds[0]
    drawn = {"lines": _lines, "dots": _dots, "heat": _heat}[kind]
    heights = {"lines": _lines_height, "dots": _dots_height, "heat": _heat_height}[kind]
    head, rows = found.table()
    named = [axis.name for axis in found.axes if axis.name]
    title = f"{measure_title(found.measure)} by {join(named)}" if named else measure_title(found.measure)
    seeds = " Ticks are single seeds." if kind == "dots" and max(map(len, (cell.values for cell in found.cells)), default=0) > 1 else ""
    caption = " ".join([f"{capital(found.caption)}.{seeds}", *found.notes])
    body = tuple(tuple(row) for row in rows)
    return Plate(
        name, title, caption, tuple(head), body, lambda width: heights(found, width), lambda figure, width: drawn(found, figure, width)
    )


def _lines_height(found: StudyFigure, width: float) -> float:
    return min(max(0.62 * width, 50), 78)


def _lines(found: StudyFigure, figure: Figure, width: float) -> None:
    axes = figure.subplots()
    lines = found.lines()
    along = found.axes[found.along]
    if len(lines) > 1:
        sheet.name_lines(figure, [(i, line.label) for i, line in enumerate(lines)])
    sheet.rules(axes)
    for i, line in enumerate(lines):
        style = sheet.style(i)
        if np.isfinite(line.low).any():
            axes.fill_between(line.x, line.low, line.high, color=style["color"], alpha=BAND, linewidth=0)
        axes.plot(line.x, line.mean, marker="o", zorder=3, **style)
        # a mean of fewer seeds than the others have is hollow
        few = np.asarray(line.few, dtype=bool)
        axes.plot(line.x[few], line.mean[few], "o", zorder=4, color=style["color"], markerfacecolor=PRINT.ground, markeredgewidth=0.7)
    numbers = [float(one) for one in along.numbers or ()]
    sheet.number_axis(axes.xaxis, log=along.log and min(numbers, default=0) > 0, ticks=numbers)
    _measure_axis(axes, found)
    axes.set_xlabel(axis_title(along.name))
    axes.margins(x=0.03)


def _measure_axis(axes: Axes, found: StudyFigure) -> None:
    means = [cell.interval.mean for cell in found.cells if cell.interval is not None and math.isfinite(cell.interval.mean)]
    if is_share(found.measure) and means and min(means) >= 0 and max(means) <= 1:
        sheet.share_axis(axes)
    else:
        sheet.number_axis(axes.yaxis)
        if means and min(means) >= 0 and axes.get_ylim()[0] < 0:
            axes.set_ylim(bottom=0)
    axes.set_ylabel(value_title(found.measure))


# ---------------------------------------------------------------------------------------------- points

#: millimetres of a row, and of the gap between the cases of the first axis where there are two, in rows
_ROW, _GAP = 4.8, 0.6


def _rows(found: StudyFigure) -> list[float]:
    """Where each point lies, from the top; the cases of a second axis stand together."""
    places: list[float] = []
    before = ""
    for i, dot in enumerate(found.dots()):
        step = 0.0 if i == 0 else 1.0 if not dot.by or dot.label == before else 1.0 + _GAP
        places.append((places[-1] if places else 0.0) + step)
        before = dot.label
    return places


def _dots_height(found: StudyFigure, width: float) -> float:
    return max(22.0, _ROW * ((_rows(found) or [0.0])[-1] + 1) + 12)


def _dots(found: StudyFigure, figure: Figure, width: float) -> None:
    """A row a cell, its seeds as small marks, its mean with its interval; cells of a second axis in the colours of their case."""
    axes = figure.subplots()
    dots, rows = found.dots(), _rows(found)
    measured = [cell for cell in sorted(found.cells, key=lambda cell: cell.at) if cell.interval is not None]
    cases = {dot.number: dot.by for dot in sorted(dots, key=lambda dot: dot.number)}
    if len(cases) > 1:
        _name_cases(figure, cases)
    for row, dot, cell in zip(rows, dots, measured, strict=True):
        # as the case is drawn in every other figure: the one of the second axis, else of the only one
        number = dot.number if len(found.axes) > 1 else cell.at[0]
        colour = LIGHT_CURVES[number % len(LIGHT_CURVES)].colour
        seeds = [value for value in cell.values.values() if math.isfinite(value)]
        if len(seeds) > 1:
            axes.plot(seeds, [row + 0.3] * len(seeds), "|", markersize=2.6, color=colour, alpha=0.6, markeredgewidth=0.6)
        if dot.interval.low is not None and dot.interval.high is not None:
            axes.hlines(row, dot.interval.low, dot.interval.high, color=colour, linewidth=1.1)
        ground = PRINT.ground if dot.few else colour
        mark = _MARKS[number // len(LIGHT_CURVES) % len(_MARKS)]
        axes.plot(dot.interval.mean, row, mark, markersize=3.6, color=colour, markerfacecolor=ground, markeredgewidth=0.7, zorder=3)
    labels = dict.fromkeys(dot.label for dot in dots)
    middles = [np.mean([row for row, dot in zip(rows, dots, strict=True) if dot.label == label]) for label in labels]
    axes.set_yticks(middles, [sheet.panel_title(label, 0.4 * width) for label in labels])
    axes.set_ylim((rows or [0.0])[-1] + 0.6, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    sheet.rules(axes, "x")
    sheet.number_axis(axes.xaxis)
    means = [dot.interval.mean for dot in dots if math.isfinite(dot.interval.mean)]
    if is_share(found.measure) and means and min(means) >= 0 and max(means) <= 1:
        axes.set_xlim(-0.02, 1.02)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axes.set_xlabel(value_title(found.measure))


#: marks of the first six cases of a second axis, of the next six, and so on
_MARKS = ("o", "s", "D", "^")


def _name_cases(figure: Figure, cases: Mapping[int, str]) -> None:
    from matplotlib.lines import Line2D

    marks = [
        (
            Line2D(
                [],
                [],
                marker=_MARKS[number // len(LIGHT_CURVES) % len(_MARKS)],
                markersize=3.6,
                linewidth=1.1,
                color=LIGHT_CURVES[number % len(LIGHT_CURVES)].colour,
            ),
            case,
        )
        for number, case in cases.items()
    ]
    sheet.legend_of(figure, marks)


# ---------------------------------------------------------------------------------------------- table


def _heat_height(found: StudyFigure, width: float) -> float:
    heat = found.heat()
    return max(28.0, 8.0 * len(heat.rows) + 14)


def _heat(found: StudyFigure, figure: Figure, width: float) -> None:
    axes = figure.subplots()
    heat = found.heat()
    low, high = _ends(found.measure, heat.values)
    texts = [[_said(heat.values[i, j], heat.low[i, j], heat.high[i, j]) for j in range(len(heat.columns))] for i in range(len(heat.rows))]
    rows = [sheet.panel_title(row, 0.3 * width) for row in heat.rows]
    columns = [sheet.panel_title(column, 0.6 * width / len(heat.columns)) for column in heat.columns]
    table(axes, heat.values, rows, columns, low, high, texts)
    axes.set_xlabel(axis_title(heat.column_name))
    axes.set_ylabel(axis_title(heat.row_name))
    axes.set_title(capital(value_title(found.measure)), pad=3, loc="left")


def _ends(measure: str, values: Floats) -> tuple[float, float]:
    there = values[np.isfinite(values)]
    if not len(there):
        return 0.0, 1.0
    if is_share(measure) and there.min() >= 0 and there.max() <= 1:
        return 0.0, 1.0
    return float(there.min()), float(there.max())


def _said(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return ""
    half = (high - low) / 2
    return f"{amount(value, half)}\n± {amount(half, half)}" if math.isfinite(half) and half > 0 else amount(value)
