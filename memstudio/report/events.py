"""Runs as TensorBoard events: every point of every series under its name, with what was set. Needs tensorboard (extra `exchange`)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from memstudio.experiment.parameters import Refusal
from memstudio.library.library import Library
from memstudio.library.rows import RunRow
from memstudio.report.saving import InTheWay, cannot, written_in_place
from memstudio.report.words import bare


def write(
    library: Library, rows: Sequence[RunRow], folder: Path, force: bool = False, said: Callable[[str], object] = lambda words: None
) -> list[Path]:
    """Writes a folder a run with one file of events; the files. A run keeps its file's name, so a second export replaces the first.

    Raises Refusal: tensorboard is missing, an earlier export is in the way (force replaces it), a disk that is full.
    """
    tensorboard()
    if folder.exists() and not folder.is_dir():
        raise InTheWay(f"{folder} is a file; name a folder for the events.")
    places = [
        folder / name / f"events.out.tfevents.{int(_moments(library, row)[0][1])}.memstudio"
        for row, name in zip(rows, folders(rows), strict=True)
    ]
    there = [place for place in places if place.exists()]
    if there and not force:
        raise InTheWay(f"{there[0].parent} holds events already; replace them with --force, or choose another folder.")
    for number, (row, place) in enumerate(zip(rows, places, strict=True), 1):
        said(f"Events of run {number:,} of {len(rows):,}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refusal(cannot(place.parent, error)) from error
        with written_in_place([place], force) as (temporary,):
            _write_run(library, row, temporary)
    return places


def tensorboard() -> Any:
    """The package's record writer. Raises Refusal where it is not installed."""
    try:
        from tensorboard.summary.writer import record_writer
    except ImportError:
        raise Refusal(
            "TensorBoard events need the package tensorboard, which is not installed; `pip install memstudio[exchange]` brings it."
        ) from None
    return record_writer


def folders(rows: Sequence[RunRow]) -> list[str]:
    """A folder's name for each run: its cell (or title), its seed, the beginning of its id."""
    return [f"{_file_words(row.cell or row.title)}-seed-{row.seed}-{row.uid[:6]}" for row in rows]


def _file_words(text: str) -> str:
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-_")[:60].strip("-") or "run"


def tag(name: str) -> str:
    """The name under which TensorBoard shows a series: those of one measure stand together (`recall/recall[load=16]`)."""
    return f"{bare(name)}/{name}"


def _write_run(library: Library, row: RunRow, path: Path) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    moments = _moments(library, row)
    with path.open("wb") as file:
        writer = tensorboard().RecordWriter(file)

        def put(event: Any) -> None:
            writer.write(event.SerializeToString(deterministic=True))

        put(Event(wall_time=moments[0][1], file_version="brain.Event:2"))
        for summary in _hparams(library, row):
            put(Event(wall_time=moments[0][1], step=0, summary=summary))
        for step, name, value in _points(library, row):
            put(
                Event(
                    wall_time=_wall_time(moments, step),
                    step=step,
                    summary=Summary(value=[Summary.Value(tag=tag(name), simple_value=value)]),
                )
            )
        writer.flush()


def _points(library: Library, row: RunRow) -> Iterator[tuple[int, str, float]]:
    """Every point in the order of its step, as TensorBoard expects it."""
    found = [library.series(row.uid, name) for name in library.series_names(row.uid)]
    if not found:
        return
    steps = np.concatenate([one.steps for one in found])
    values = np.concatenate([one.values for one in found])
    of = np.repeat(np.arange(len(found)), [len(one) for one in found])
    for at in np.argsort(steps, kind="stable").tolist():
        yield int(steps[at]), found[of[at]].name, float(values[at])


def _moments(library: Library, row: RunRow) -> list[tuple[int, float]]:
    """(step, seconds since 1970), both rising: what the run's events say of when it was where."""
    began = row.started or row.queued
    known = [(one.step, one.time) for one in library.events(row.uid) if one.step is not None and math.isfinite(one.time)]
    known += [(row.step, row.ended)] if row.ended is not None else []
    found = [(0, began)]
    for step, moment in sorted(known):
        if step > found[-1][0] and moment >= found[-1][1]:
            found.append((step, moment))
    return found


def _wall_time(moments: Sequence[tuple[int, float]], step: int) -> float:
    return float(np.interp(step, [at for at, _ in moments], [moment for _, moment in moments]))


def _hparams(library: Library, row: RunRow) -> list[Any]:
    """What was set, for TensorBoard's table of runs; none where this tensorboard has no such plug-in."""
    try:
        from tensorboard.plugins.hparams import summary_v2
    except ImportError:
        return []
    values = {address: value for address, value in library.parameters(row.uid).items() if isinstance(value, str | bool | int | float)}
    return [summary_v2.hparams_pb({"cell": row.cell, **values}, trial_id=row.uid, start_time_secs=row.started or row.queued)]
