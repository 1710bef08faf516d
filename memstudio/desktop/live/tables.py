"""The data of a panel as CSV: every run's own numbers, not the means and thinned lines that are drawn."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from memstudio.desktop.live.curves import chosen_curve
from memstudio.desktop.live.forgetting import AVERAGE, MATRIX, RETENTION, is_of_task, matrix_name
from memstudio.desktop.live.measures import measure_of, of_all_stages, without_stage
from memstudio.desktop.live.reading import NEWEST, begun
from memstudio.desktop.live.seen import PictureSeen
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.desktop.live.seen import Wish
    from memstudio.library import CurveAt, Library, RunRow

_RUN = ("run", "cell", "seed", "state")


def table(library: Library, wish: Wish, panel: str, chosen: str) -> str:
    """The CSV of a plot panel: what its chooser says, of every followed run, at the step it is scrubbed to.

    Learning: a row for each point of each series; curves: a row for each point of each curve, with its stored step; Forgetting: points of
    series too, or a row for each place of each matrix.
    """
    rows = [] if wish.study is None else library.runs(study=wish.study)
    known = {row.uid for row in rows}
    rows = begun(rows + [library.run(uid) for uid in wish.runs if uid not in known])
    if panel == "learning":
        return _written((*_RUN, "measure", "step", "value"), _series(library, rows, chosen))
    if panel == "forgetting" and chosen not in (MATRIX, RETENTION):
        return _written((*_RUN, "measure", "step", "value"), _of_tasks(library, rows, chosen))
    if panel == "forgetting":
        head = (*_RUN, "step", "after task", "task", "accuracy")
        return _written(head, _matrices(library, rows, NEWEST if wish.step is None else wish.step))
    chosen = chosen_curve(chosen)[0]
    step = NEWEST if wish.step is None else wish.step
    if panel == "tables":
        found = list(_tables(library, rows, chosen, step))
        return _written((*_RUN, "step", *(found[0][0] if found else ("row", "column", "value"))), (row for _, row in found))
    curves = list(_curves(library, rows, chosen, None if panel == "map" else step))
    names = next((head for head, _ in curves), ("x", "value"))
    return _written((*_RUN, "step", *names), (row for _, row in curves))


def picture_table(seen: PictureSeen) -> str:
    """The CSV of a memory's picture: a row for each of its rows, named by where they lie."""
    head = ("row", *(f"column {_text(c)}" for c in seen.columns))
    body = ((row, *values) for row, values in zip(seen.rows, seen.values.tolist(), strict=True))
    return _written(head, body)


def _series(library: Library, rows: Sequence[RunRow], chosen: str) -> Iterator[tuple[object, ...]]:
    wanted = [name for source in measure_of(chosen).sources for name in (source.name, source.instead) if name]
    for row in rows:
        names = library.series_names(row.uid)
        yield from _points(library, row, [each for one in wanted for each in of_all_stages(one, names)])


def _of_tasks(library: Library, rows: Sequence[RunRow], chosen: str) -> Iterator[tuple[object, ...]]:
    """The points of every task's accuracy, or of the average."""
    for row in rows:
        names = library.series_names(row.uid)
        yield from _points(
            library,
            row,
            [n for n in names if (without_stage(n) == "average_accuracy" if chosen == AVERAGE else is_of_task(without_stage(n)))],
        )


def _points(library: Library, row: RunRow, names: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for name in names:
        series = library.series(row.uid, name)
        for step, value in zip(series.steps.tolist(), series.values.tolist(), strict=True):
            yield (row.uid, row.cell, row.seed, row.state, name, step, value)


def _matrices(library: Library, rows: Sequence[RunRow], step: int) -> Iterator[tuple[object, ...]]:
    """Every place of every run's matrix that holds a number."""
    for row in rows:
        name = matrix_name(library.curve_names(row.uid))
        if name is None:
            continue
        curve = library.curve_at(row.uid, name, step)
        for after, line in zip(curve.axes[0].values, curve.values.tolist(), strict=True):
            for task, value in zip(curve.axes[1].values, line, strict=True):
                if not math.isnan(value):
                    yield (row.uid, row.cell, row.seed, row.state, curve.step, after, task, value)


Lines = Iterator[tuple[tuple[str, ...], tuple[object, ...]]]


def _tables(library: Library, rows: Sequence[RunRow], name: str, step: int) -> Lines:
    """Every place of every run's table that holds a number."""
    for row in rows:
        with suppress(Refusal):
            curve = library.curve_at(row.uid, name, step)
            (down, across), measure = curve.axes, name.partition("_by_")[0]
            for at, line in zip(down.values, curve.values.tolist(), strict=True):
                for beside, value in zip(across.values, line, strict=True):
                    if not math.isnan(value):
                        yield (down.name, across.name, measure), (row.uid, row.cell, row.seed, row.state, curve.step, at, beside, value)


def _curves(library: Library, rows: Sequence[RunRow], name: str, step: int | None) -> Lines:
    """The points of every run's curve at a step; None: at every stored one."""
    for row in rows:
        try:
            found = [library.curve_at(row.uid, name, step)] if step is not None else library.curves(row.uid, name)
        except Refusal:
            continue
        for curve in found:
            yield from _points_of(row, curve)


def _points_of(row: RunRow, curve: CurveAt) -> Lines:
    columns = curve.values.tolist() if curve.rows else [curve.values.tolist()]
    axis = curve.axes[0].name
    # a reliability diagram's axis is the middle of its bins, and one of its rows is called the same
    head = (f"{axis} bin" if axis in curve.rows else axis, *(curve.rows or ("value",)))
    for x, *values in zip(curve.axes[0].values, *columns, strict=True):
        yield head, (row.uid, row.cell, row.seed, row.state, curve.step, x, *values)


def _written(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_text(value) for value in row] for row in body)
    return out.getvalue()


def _text(value: object) -> object:
    """Whole numbers without their point; what is not a number empty, as tables expect it."""
    if isinstance(value, float):
        return "" if math.isnan(value) else int(value) if value.is_integer() and abs(value) < 1e15 else value
    return value
