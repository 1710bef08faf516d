"""Claims: gallery studies run to their end, and what was seen written beside them (`NN-id.seen.json`)."""

from __future__ import annotations

import dataclasses
import json
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from memstudio.cli.printing import finite
from memstudio.cli.results import cells
from memstudio.ground.files import write_atomically
from memstudio.ground.machine import cores
from memstudio.measures.intervals import mean_interval

if TYPE_CHECKING:
    from memstudio.experiment.document import Document
    from memstudio.library import CurveAt, Library, RunRow

Floats = npt.NDArray[np.float64]


def seen(library: Library, id: str, document: Document, rows: Sequence[RunRow], seconds: float) -> dict[str, Any]:
    """What a study of the gallery showed: verdict, statements, measures of each cell, curves with their intervals."""
    from memstudio.experiment.cells import cell_cases
    from memstudio.experiment.gallery import what_runs
    from memstudio.experiment.verdicts import judge

    measures = library.measures_of([row.uid for row in rows])
    by_seed: dict[str, dict[str, dict[int, float]]] = {}
    # a rule was written before the run: it names matched cells without the widths that were found
    study = rows[0].study
    plain = {} if study is None else {one.label: one.plain for one in cell_cases(library.study_document(study))}
    for row in rows:
        for name, value in measures.get(row.uid, {}).items():
            for cell in {row.cell or "", plain.get(row.cell, row.cell or "")}:
                by_seed.setdefault(cell, {}).setdefault(name, {})[row.seed] = value
    found: dict[str, Any] = {
        "gallery": id,
        "document": what_runs(document),
        "date": time.strftime("%Y-%m-%d"),
        "minutes": round(seconds / 60, 2),
        "machine": {"cores": cores(), "system": platform.system(), "processor": platform.machine(), "python": platform.python_version()},
        "seeds": sorted({row.seed for row in rows}),
        "runs": len(rows),
        "failed": sum(row.state != "finished" for row in rows),
        "cells": [{**cell, "runs": len(cell["runs"])} for cell in cells(rows, measures)],
        "curves": curves(library, rows),
    }
    if document.claim is not None:
        judged = judge(document.claim, by_seed)
        found["verdict"] = judged.verdict
        found["statements"] = [
            {"says": one.statement.says, "holds": one.holds, "difference": dataclasses.asdict(one.difference)} for one in judged.statements
        ]
    return found


def curves(library: Library, rows: Sequence[RunRow]) -> dict[str, Any]:
    """The last curve of each name (pictures apart), by cell, with mean and 95 % interval over the runs of the cell."""
    gathered: dict[str, dict[str, list[CurveAt]]] = {}
    for row in rows:
        for name in library.curve_names(row.uid):
            steps = library.curve_steps(row.uid, name)
            last = library.curve_at(row.uid, name, steps[-1])
            if last.kind != "picture":
                gathered.setdefault(name, {}).setdefault(row.cell or "", []).append(last)
    return {name: _over_cells(by_cell) for name, by_cell in gathered.items()}


def _over_cells(by_cell: Mapping[str, Sequence[CurveAt]]) -> dict[str, Any]:
    every = [one for curves in by_cell.values() for one in curves]
    # seeds draw data of their own: what one of them never asked (a fifth occurrence, say) another may have
    rows = tuple(dict.fromkeys(row for one in every for row in one.rows))
    places = [_union(axis.values for axis in axes) for axes in zip(*(one.axes for one in every), strict=True)]
    return {
        "kind": every[0].kind,
        "axes": [
            {"name": axis.name, "unit": axis.unit, "values": list(values)} for axis, values in zip(every[0].axes, places, strict=True)
        ],
        "rows": list(rows),
        "cells": {cell: _over_runs([_laid_out(one, rows, places) for one in curves]) for cell, curves in by_cell.items()},
    }


def _union(values: Iterable[Sequence[float | str]]) -> list[float | str]:
    """Every place that one of these axes has, in order: numbers by size, words as they come."""
    found = list(dict.fromkeys(place for some in values for place in some))
    return sorted(found, key=float) if all(isinstance(place, int | float) for place in found) else found


def _laid_out(curve: CurveAt, rows: Sequence[str], places: Sequence[Sequence[float | str]]) -> Floats:
    """A curve's values on axes that have more places than its own; not a number where it has none."""
    wanted = [*([rows] if rows else []), *places]
    have = [*([curve.rows] if rows else []), *(axis.values for axis in curve.axes)]
    out = np.full([len(axis) for axis in wanted], np.nan)
    at = [[list(axis).index(place) for place in mine] for axis, mine in zip(wanted, have, strict=True)]
    out[np.ix_(*at)] = curve.values
    return out


def _over_runs(arrays: Sequence[Floats]) -> dict[str, Any]:
    stacked = np.stack(arrays)
    flat = stacked.reshape(len(arrays), -1)
    over = [mean_interval(known) if (known := [float(v) for v in column if np.isfinite(v)]) else None for column in flat.T]
    shape = stacked.shape[1:]

    def field(name: str) -> Any:
        values = [getattr(one, name, None) for one in over]
        return np.array([np.nan if v is None else v for v in values]).reshape(shape).round(5).tolist()

    return {"mean": field("mean"), "low": field("low"), "high": field("high")}


def write_seen(document_file: Path, found: Mapping[str, Any]) -> Path:
    """Writes NN-id.seen.json beside the study. Raises OSError where the gallery cannot be written."""
    from memstudio.experiment.gallery import seen_file

    target = seen_file(document_file)
    write_atomically(target, json.dumps(finite(dict(found)), indent=1, ensure_ascii=False) + "\n")
    return target
