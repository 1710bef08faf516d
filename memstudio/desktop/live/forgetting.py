"""What the Forgetting panel shows: the accuracy of every task met so far, average accuracy by cell, the accuracy matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.live.curves import bare_name
from memstudio.desktop.live.learning import of_cell
from memstudio.desktop.live.measures import Source, without_stage
from memstudio.desktop.live.reading import ENDED, Reading, begun
from memstudio.desktop.live.retention import retained
from memstudio.desktop.live.seen import Boundary, MatrixSeen, Option, PlotSeen, Track
from memstudio.desktop.words import count
from memstudio.measures.names import measure_name, split_name

if TYPE_CHECKING:
    from memstudio.library import CurveAt, RunRow

#: what the panel's choosers say: what is shown (under "forgetting" in a wish), and of which cell (under CELL)
TASKS, AVERAGE, MATRIX, RETENTION = "tasks", "average", "matrix", "retention"
CELL = "forgetting of"
_TITLES = {TASKS: "each task", AVERAGE: "average accuracy", MATRIX: "matrix", RETENTION: "retention"}
_AVERAGE = "average_accuracy"
_MATRIX = "accuracy_matrix"


@dataclass(frozen=True, eq=False)
class Kept:
    """What the panel shows, and the names of the stored curves in it."""

    seen: PlotSeen
    curves: tuple[str, ...] = ()


def forgetting(
    reading: Reading, cells: Mapping[str, Sequence[RunRow]], focus: RunRow, chosen: str, cell: str, step: int | None, last: int
) -> Kept | None:
    """What the Forgetting panel shows; None while no run has measured the accuracy of a task.

    chosen: TASKS, AVERAGE, MATRIX or RETENTION; cell: whose tasks and matrix they are (an unknown one: that of the run in focus);
    step: the step that is scrubbed to (None: the newest), which the matrix and what is retained are of.
    """
    measured = {label: rows for label, those in cells.items() if (rows := [row for row in begun(those) if tasks_of(reading, row)])}
    if not measured:
        return None
    label = next((one for one in (cell, focus.cell) if one in measured), next(iter(measured)))
    matrices = [name for row in measured[label] if (name := matrix_name(reading.curve_names(row))) is not None]
    there = [TASKS]
    there += [AVERAGE] if any(_AVERAGE in _bare(reading, row) for rows in measured.values() for row in rows) else []
    there += [MATRIX, RETENTION] if matrices else []
    what = chosen if chosen in there else TASKS
    boundaries = _boundaries(reading, measured[label], focus)
    frame = PlotSeen(
        title="Forgetting",
        x_name="step",
        y_name="accuracy",
        chosen=what,
        options=tuple(Option(id, _TITLES[id]) for id in there),
        x_end=float(last) if last else None,
        share=True,
        of=label,
        cells=tuple(measured),
    )
    if what == MATRIX:
        return _with_matrix(reading, frame, measured[label], focus, step)
    if what == RETENTION:
        tables = _matrices_at(reading, measured[label], step)
        # while others go on, what has ended has no say in which step is shown
        at = None if step is None and focus.state not in ENDED else max((at for at, _ in tables), default=None)
        return Kept(retained(frame, [values for _, values in tables], at), (min(matrices, key=len),))
    if what == AVERAGE:
        return Kept(replace(frame, y_name="average accuracy", tracks=_averages(reading, cells), boundaries=boundaries, of="", cells=()))
    return Kept(replace(frame, tracks=_of_tasks(reading, measured[label], boundaries), boundaries=boundaries, by_task=True))


def tasks_of(reading: Reading, row: RunRow) -> tuple[int, ...]:
    """The numbers of the tasks whose accuracy a run has measured, rising."""
    return reading.once(row, "tasks", lambda: tuple(sorted({n for name in _bare(reading, row) if (n := _task(name)) is not None})))


def _bare(reading: Reading, row: RunRow) -> set[str]:
    return {without_stage(name) for name in reading.last_values(row)}


def _task(name: str) -> int | None:
    """The n of `accuracy[task=n]`, None for every other measure."""
    try:
        bare, labels = split_name(name)
    except ValueError:
        return None
    if bare != "accuracy" or set(labels) != {"task"}:
        return None
    return int(labels["task"]) if labels["task"].isdecimal() else None


def is_of_task(name: str) -> bool:
    """Whether a measure (without its stage) is `accuracy[task=n]`."""
    return _task(name) is not None


def _of_tasks(reading: Reading, rows: Sequence[RunRow], boundaries: Sequence[Boundary]) -> tuple[Track, ...]:
    begins = {one.task: one.step for one in reversed(boundaries)}
    tracks: list[Track] = []
    for task in sorted({task for row in rows for task in tasks_of(reading, row)}):
        # at the end of every task all of them are judged, those to come too: a line begins where its task does
        since = begins.get(task, math.inf) if len(begins) > 1 else 0.0
        name = measure_name("accuracy", task=task)
        lines = of_cell(reading, task - 1, f"task {task}", rows, name, Source(name), "main", only=False)
        # every single look behind the lines of five tasks would be a cloud
        tracks += [_from(track, since) for track in lines if track.style != "faint"]
    return tuple(track for track in tracks if len(track.x))


def _from(track: Track, step: float) -> Track:
    """The track from a step on."""
    kept = track.x >= step
    if kept.all():
        return track
    low, high = (None if edge is None else edge[kept] for edge in (track.low, track.high))
    return replace(track, x=track.x[kept], y=track.y[kept], low=low, high=high)


def _averages(reading: Reading, cells: Mapping[str, Sequence[RunRow]]) -> tuple[Track, ...]:
    tracks: list[Track] = []
    for number, (label, rows) in enumerate(cells.items()):
        tracks += of_cell(reading, number, label, begun(rows), _AVERAGE, Source(_AVERAGE), "main", only=False)
    return tuple(track for track in tracks if track.style != "faint")


# ---------------------------------------------------------------------------------------------- where tasks begin


def _boundaries(reading: Reading, rows: Sequence[RunRow], focus: RunRow) -> tuple[Boundary, ...]:
    """Where tasks begin: as the run in focus says, or of those of the cell the one that came furthest."""
    speaker = focus if any(row.uid == focus.uid for row in rows) and focus.state not in ENDED else max(rows, key=lambda row: row.step)

    def read() -> tuple[Boundary, ...]:
        found = {Boundary(0.0, 1)}
        for event in reading.library.events(speaker.uid):
            task = event.data.get("task") if event.kind == "boundary" and isinstance(event.data, dict) else None
            if isinstance(task, int) and event.step is not None:
                found.add(Boundary(float(event.step), task))
        return tuple(sorted(found, key=lambda one: (one.step, one.task)))

    return reading.once(speaker, "boundaries", read)


# ---------------------------------------------------------------------------------------------- the matrix


def matrix_name(names: Sequence[str]) -> str | None:
    """Which of a run's curves is its matrix: that of its last stage (bare) where there is one."""
    return min((name for name in names if bare_name(name) == _MATRIX), key=len, default=None)


def _with_matrix(reading: Reading, frame: PlotSeen, rows: Sequence[RunRow], focus: RunRow, step: int | None) -> Kept:
    found: list[tuple[RunRow, CurveAt]] = []
    names: set[str] = set()
    for row in rows:
        name = matrix_name(reading.curve_names(row))
        curve = reading.curve(row, name, step) if name is not None else None
        if name is not None and curve is not None and curve.values.ndim == 2 and len(curve.axes) == 2:
            found.append((row, curve))
            names.add(name)
    frame = replace(frame, x_name="task", y_name="after task", x_end=None)
    if not found:
        return Kept(frame, tuple(sorted(names)))
    own = next((pair for pair in found if pair[0].uid == focus.uid and focus.state not in ENDED), None)
    finished = [pair for pair in found if pair[0].state == "finished"]
    shown = [own] if own is not None else finished or found[:1]
    first = shown[0][1]
    tables = [np.asarray(curve.values, dtype=np.float64) for _, curve in shown if curve.values.shape == first.values.shape]
    rows_, columns = first.axes
    whose = f"mean of {count(len(tables), 'seed')}" if len(tables) > 1 else f"seed {shown[0][0].seed:,}"
    seen = MatrixSeen(_mean(tables), _names(rows_.values), _names(columns.values), rows_.name, columns.name, whose)
    return Kept(replace(frame, matrix=seen, step=max(curve.step for _, curve in shown)), tuple(sorted(names)))


def _matrices_at(reading: Reading, rows: Sequence[RunRow], step: int | None) -> list[tuple[int, np.ndarray]]:
    """The matrix of every finished run with its step, or of the first that has one where none has finished."""
    found = []
    for row in [row for row in rows if row.state == "finished"] or list(rows):
        name = matrix_name(reading.curve_names(row))
        curve = reading.curve(row, name, step) if name is not None else None
        if curve is not None and curve.values.ndim == 2 and curve.values.shape[0] == curve.values.shape[1]:
            found.append((curve.step, np.asarray(curve.values, dtype=np.float64)))
            if row.state != "finished":
                break
    return found


def _mean(tables: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of tables, each place over those that have a number there; NaN where none has."""
    stacked = np.stack(tables)
    there = np.isfinite(stacked)
    n = there.sum(axis=0)
    return np.asarray(np.where(n > 0, np.where(there, stacked, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan))


def _names(values: Sequence[float | str]) -> tuple[str, ...]:
    return tuple(value if isinstance(value, str) else f"{value:g}" for value in values)
