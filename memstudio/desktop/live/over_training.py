"""Curves over training as heat maps: steps across, load, distance, place or length upwards; and tables of one stored step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.chart import tick_text
from memstudio.desktop.home.picture import title_of
from memstudio.desktop.live.curves import SHARES, Form, bare_name, chosen_curve, in_order, options_of, points
from memstudio.desktop.live.reading import ENDED, Reading, begun
from memstudio.desktop.live.seen import Floats, MapSeen, MatrixSeen, Option, PlotSeen
from memstudio.desktop.words import count

if TYPE_CHECKING:
    from memstudio.library import CurveAt, CurveAxis, RunRow

#: what the choosers of these panels say of the cell
MAP, TABLES = "map", "tables"
OF_MAP, OF_TABLES = "map of", "tables of"
#: more stored steps than these are thinned: a panel has no more pixels to tell them apart
MOST_STEPS = 240

Cells = Mapping[str, Sequence["RunRow"]]


def map_names(forms: Mapping[str, Form]) -> list[str]:
    """The curves that can be shown over training."""
    return in_order([name for name, form in forms.items() if form.panel in ("recall", "other") and form.kind == "line" and form.numbers])


def training_map(
    reading: Reading, cells: Cells, forms: Mapping[str, Form], focus: RunRow, chosen: str, cell: str, last: int
) -> PlotSeen | None:
    """A curve of one cell over training, the mean of its finished seeds; None where there is no such curve."""
    names = map_names(forms)
    if not names:
        return None
    options = tuple(_named(one, forms) for one in options_of(names, forms))
    chosen = chosen if chosen in {one.id for one in options} else options[0].id
    name, row_name = chosen_curve(chosen)
    with_it = {label: those for label, rows in cells.items() if (those := [row for row in begun(rows) if name in reading.curve_names(row)])}
    if not with_it:
        return PlotSeen("Over training", "step", "", chosen, options)
    label = next((one for one in (cell, focus.cell) if one in with_it), next(iter(with_it)))
    shown = _speakers(with_it[label], focus)
    found = [curves for row in shown if (curves := reading.over_training(row, name))]
    frame = PlotSeen("Over training", "step", "", chosen, options, x_end=float(last) if last else None, of=label, cells=tuple(with_it))
    if not found:
        return frame
    first = found[0][-1]
    values, steps, at = _stacked(found, row_name)
    measure = bare_name(name).partition("_by_")[0]
    low, high = _reach(values, measure if row_name != "overlap" else "")
    axis = first.axes[0]
    seen = MapSeen(
        values=values,
        steps=steps,
        names=tuple(tick_text(value) for value in at.tolist()),
        y_name=f"{axis.name.replace('_', ' ')}{f', {axis.unit}' if axis.unit else ''}",
        what=row_name or measure.replace("_", " "),
        low=low,
        high=high,
        of=f"mean of {count(len(found), 'seed')}" if len(found) > 1 else f"seed {shown[0].seed:,}",
    )
    return replace(frame, map=seen, y_name=seen.y_name)


def _named(one: Option, forms: Mapping[str, Form]) -> Option:
    """An option with its measure: here recall stands beside others."""
    name, row = chosen_curve(one.id)
    if forms[name].panel != "recall":
        return one
    measure, _, axis = bare_name(name).partition("_by_")
    return Option(one.id, f"{title_of(measure, axis)}{f': {row}' if row else ''}")


def _speakers(rows: Sequence[RunRow], focus: RunRow) -> list[RunRow]:
    """Whose numbers are shown: the run on its way where it is one of them, else all that finished, else the first."""
    if focus.state not in ENDED and any(row.uid == focus.uid for row in rows):
        return [row for row in rows if row.uid == focus.uid]
    finished = [row for row in rows if row.state == "finished"]
    return finished or list(rows[:1])


def _stacked(found: Sequence[Sequence[CurveAt]], row: str) -> tuple[Floats, Floats, Floats]:
    """(values (points, steps), steps, points): the mean over seeds at each step that all of them have stored (none: the first's)."""
    common = set.intersection(*({curve.step for curve in curves} for curves in found))
    used = found if common else found[:1]
    steps = np.array(sorted(common or {curve.step for curve in found[0]}), dtype=np.float64)
    if len(steps) > MOST_STEPS:
        steps = steps[np.unique(np.linspace(0, len(steps) - 1, MOST_STEPS).round().astype(int))]
    column = {step: number for number, step in enumerate(steps.tolist())}
    read = [[(column[curve.step], *points(curve, row)) for curve in curves if curve.step in column] for curves in used]
    at = np.unique(np.concatenate([x for those in read for _, x, _ in those]))
    table = np.full((len(used), len(at), len(steps)), np.nan)
    for seed, those in enumerate(read):
        for number, x, y in those:
            table[seed, np.searchsorted(at, x), number] = y
    return mean_of(table), steps, at


def mean_of(tables: Floats) -> Floats:
    """The mean of tables (seeds, ...), each place over those that have a number there; NaN where none has."""
    there = np.isfinite(tables)
    n = there.sum(axis=0)
    return np.asarray(np.where(n > 0, np.where(there, tables, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan))


def _reach(values: Floats, measure: str) -> tuple[float, float]:
    """What the palest and the strongest ground stand for: 0 and 1 of shares, else the lowest and the highest number."""
    if measure in SHARES:
        return 0.0, 1.0
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = min(0.0, float(finite.min())) if float(finite.min()) < 0 else float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low, low + 1.0)


# ---------------------------------------------------------------------------------------------- tables


def table(
    reading: Reading, cells: Cells, forms: Mapping[str, Form], focus: RunRow, chosen: str, cell: str, step: int | None
) -> PlotSeen | None:
    """A table of two things that vary (length and depth) at a step (None: the newest), of one cell; None where none is stored."""
    names = in_order([name for name, form in forms.items() if form.panel == TABLES])
    if not names:
        return None
    options = tuple(_table_option(name) for name in names)
    name = chosen if chosen in names else names[0]
    with_it = {label: those for label, rows in cells.items() if (those := [row for row in begun(rows) if name in reading.curve_names(row)])}
    if not with_it:
        return PlotSeen("Tables", "", "", name, options)
    label = next((one for one in (cell, focus.cell) if one in with_it), next(iter(with_it)))
    shown = _speakers(with_it[label], focus)
    pairs = [(row, curve) for row in shown if (curve := reading.curve(row, name, step)) is not None]
    frame = PlotSeen("Tables", "", "", name, options, of=label, cells=tuple(with_it))
    if not pairs:
        return frame
    first = pairs[0][1]
    alike = [np.asarray(curve.values, dtype=np.float64) for _, curve in pairs if curve.axes == first.axes]
    values = mean_of(np.stack(alike))
    measure = bare_name(name).partition("_by_")[0]
    low, high = _reach(values, measure)
    down, across = first.axes
    whose = f"mean of {count(len(alike), 'seed')}" if len(alike) > 1 else f"seed {pairs[0][0].seed:,}"
    what = measure.replace("_", " ")
    seen = MatrixSeen(values, _names(down), _names(across), _axis(down), _axis(across), whose, what, low, high)
    return replace(frame, matrix=seen, x_name=seen.column, y_name=seen.row, step=max(curve.step for _, curve in pairs))


def _table_option(name: str) -> Option:
    measure, _, rest = bare_name(name).partition("_by_")
    labels = name[len(bare_name(name)) :].strip("[]").replace("=", " ")
    title = f"{measure} by {rest}".replace("_", " ").capitalize() if rest else measure.replace("_", " ").capitalize()
    return Option(name, f"{title} ({labels})" if labels else title)


def _names(axis: CurveAxis) -> tuple[str, ...]:
    return tuple(value if isinstance(value, str) else tick_text(value) for value in axis.values)


def _axis(axis: CurveAxis) -> str:
    return f"{axis.name.replace('_', ' ')}{f', {axis.unit}' if axis.unit else ''}"
