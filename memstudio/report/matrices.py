"""Tables of shares as figures: accuracy matrices side by side, and what is forgotten of each task as lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from memstudio.experiment.wording import counted
from memstudio.library.overlays import Matrix
from memstudio.report import sheet
from memstudio.report.colours import LEVELS, LIGHT_RAMP, PRINT, ink, ink_on
from memstudio.report.diagrams import MOST_PANELS, columns_for, first_of
from memstudio.report.plate import Plate
from memstudio.report.words import axis_title, curve_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from memstudio.library.rows import Floats

#: a matrix of more columns than this has no room for numbers
MOST_NUMBERS = 11


def matrix_plate(found: Sequence[Matrix], labels: Sequence[str], name: str) -> Plate:
    """A figure with a matrix for each group, the mean over its seeds in each cell."""
    title = curve_title(name.partition(":")[2])
    seeds = max((one.seeds for one in found), default=1)
    step = f", at step {max(one.step for one in found):,}" if found else ""
    caption = f"{title}: mean over {counted(seeds, 'seed')}{step}.{first_of(len(found))}"
    drawn = found[:MOST_PANELS]
    head = ("group", found[0].row_name if found else "row", found[0].column_name if found else "column", "mean", "low", "high", "n")
    return Plate(
        name, title, caption, head, tuple(_rows(found, labels)), lambda width: _height(drawn, width), _draw_matrices(drawn, labels)
    )


def _rows(found: Sequence[Matrix], labels: Sequence[str]) -> list[tuple[object, ...]]:
    return [
        (labels[one.group], row, column, float(one.mean[i, j]), float(one.low[i, j]), float(one.high[i, j]), one.seeds)
        for one in found
        for i, row in enumerate(one.rows)
        for j, column in enumerate(one.columns)
        if math.isfinite(one.mean[i, j])
    ]


def _columns(found: Sequence[Matrix], width: float) -> int:
    """Numbers need some 6 mm a cell; what has fewer columns stands closer together."""
    widest = max((len(one.columns) for one in found), default=1)
    fit = int((width - 10) // max(6.2 * min(widest, MOST_NUMBERS) + 3, 24))
    return max(1, min(len(found), fit, columns_for(width, len(found))))


def _height(found: Sequence[Matrix], width: float) -> float:
    columns = _columns(found, width)
    tallest = max((len(one.rows) / len(one.columns) for one in found), default=1.0)
    side = min((width - 10) / columns - 4, 60)
    return math.ceil(len(found) / columns) * (side * min(tallest, 1.6) * 0.8 + 7) + 7


def _draw_matrices(found: Sequence[Matrix], labels: Sequence[str]) -> Callable[[Figure, float], None]:
    def draw(figure: Figure, width: float) -> None:
        columns = _columns(found, width)
        grid = figure.subplots(math.ceil(len(found) / columns), columns, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(found):
                axes.set_visible(False)
                continue
            one = found[place]
            table(axes, one.mean, [_name(row) for row in one.rows], [_name(column) for column in one.columns])
            axes.set_title(sheet.panel_title(labels[one.group], (width - 8) / columns - 2), pad=3)
            if place % columns == 0:
                axes.set_ylabel(axis_title(one.row_name))
            else:
                axes.set_yticklabels([])
            if place + columns >= len(found):
                axes.set_xlabel(axis_title(one.column_name))

    return draw


def _name(value: float | str) -> str:
    return sheet.plain(value, 18) if isinstance(value, str) else sheet.number(value)


def table(
    axes: Axes,
    values: Floats,
    rows: Sequence[str],
    columns: Sequence[str],
    low: float = 0.0,
    high: float = 1.0,
    texts: Sequence[Sequence[str]] = (),
) -> None:
    """Cells on a ground of one hue, the stronger the higher, each with its number while there is room. values: (rows, columns).

    low, high: the values of the palest and the strongest ground; texts: what stands in the cells instead of two places.
    """
    from matplotlib.patches import Rectangle

    for i, j in np.ndindex(*values.shape):
        value = float(values[i, j])
        if not math.isfinite(value):
            continue
        level = round(min(max((value - low) / ((high - low) or 1.0), 0.0), 1.0) * (LEVELS - 1))
        ground = LIGHT_RAMP[level]
        axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=ground, edgecolor=PRINT.ground, linewidth=0.6))
        if values.shape[1] <= MOST_NUMBERS:
            said = texts[i][j] if texts else _two_places(value)
            axes.text(j, i, said, ha="center", va="center", fontsize=6.0 if values.shape[1] <= 6 else 5.0, color=ink(level, ink_on(ground)))
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    # of many only some have their names
    across, down = (max(1, math.ceil(len(names) / MOST_NUMBERS)) for names in (columns, rows))
    axes.set_xticks(range(0, len(columns), across), columns[::across])
    axes.set_yticks(range(0, len(rows), down), rows[::down])
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)


def _two_places(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


# ---------------------------------------------------------------------------------------------- forgetting


def forgetting_plate(found: Sequence[Matrix], labels: Sequence[str], name: str) -> Plate:
    """What is kept of each task while later ones are learned: a panel a group, a line a task, with intervals over seeds."""
    of = name.partition(":")[2]
    title = "Forgetting" if of == "accuracy_matrix" else f"Forgetting ({curve_title(of)})"
    seeds = max((one.seeds for one in found), default=1)
    interval = f", mean and 95 % interval over {counted(seeds, 'seed')}" if seeds > 1 else ""
    caption = f"Accuracy on each task after each task that was learned, from the task's own on{interval}.{first_of(len(found))}"

    drawn = found[:MOST_PANELS]

    def height(width: float) -> float:
        columns = columns_for(width, len(drawn))
        return math.ceil(len(drawn) / columns) * min(max(0.9 * (width - 10) / columns, 38), 56) + 7

    def draw(figure: Figure, width: float) -> None:
        columns = columns_for(width, len(drawn))
        grid = figure.subplots(math.ceil(len(drawn) / columns), columns, squeeze=False, sharey=True)
        tasks = max((one.mean.shape[1] for one in drawn), default=0)
        names = next((one.columns for one in drawn if one.mean.shape[1] == tasks), ())
        sheet.name_lines(figure, [(j, f"task {_name(task)}") for j, task in enumerate(names)])
        for place, axes in enumerate(grid.flat):
            if place >= len(drawn):
                axes.set_visible(False)
                continue
            _kept(axes, drawn[place])
            axes.set_title(sheet.panel_title(labels[drawn[place].group], (width - 10) / columns - 2), pad=3)
            if place % columns == 0:
                axes.set_ylabel("Accuracy")
            if place + columns >= len(drawn):
                axes.set_xlabel(axis_title(drawn[place].row_name))

    head = ("group", found[0].row_name if found else "row", found[0].column_name if found else "column", "mean", "low", "high", "n")
    return Plate(name, title, caption, head, tuple(_rows(found, labels)), height, draw)


def _kept(axes: Axes, one: Matrix) -> None:
    sheet.rules(axes)
    at = np.arange(1, len(one.rows) + 1)
    tasks = len(one.columns)
    for j in range(tasks):
        # before its own task a network has not learned it; that is not forgetting
        own = slice(min(j, len(one.rows) - 1), None)
        style = sheet.style(j)
        # a little beside each other, or intervals of one place would hide each other
        x = at[own] + (j - (tasks - 1) / 2) * min(0.07, 0.4 / max(tasks, 1))
        axes.vlines(x, one.low[own, j], one.high[own, j], color=style["color"], linewidth=0.6, alpha=0.75)
        axes.plot(x, one.mean[own, j], marker="o", zorder=3, **style)
    axes.set_xlim(0.7, len(one.rows) + 0.3)
    axes.set_xticks(at, [_name(row) for row in one.rows])
    sheet.share_axis(axes)
