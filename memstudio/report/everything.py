"""Runs as JSON with all that the library holds of them, artifacts apart (these are named with their sha256)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from memstudio import __version__
from memstudio.experiment.files import to_text
from memstudio.library.library import Library
from memstudio.library.rows import CurveAt, RunRow
from memstudio.report.flat import fields_of


def as_json(library: Library, rows: Sequence[RunRow]) -> Iterator[str]:
    """The file in pieces, a run each: {"memstudio": version, "runs": [...]}. NaN and infinities are null."""
    yield f'{{"memstudio": {json.dumps(__version__)}, "runs": ['
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}\n{json.dumps(finite(everything(library, row)), ensure_ascii=False, allow_nan=False)}"
    yield "\n]}\n"


def everything(library: Library, row: RunRow) -> dict[str, Any]:
    """One run: fields, document, parameters, environment, data, measures, series, curves, events, attempts, names of artifacts."""
    uid = row.uid
    return {
        **fields_of(library, row),
        "tags": library.tags(uid),
        "sets": dict(row.sets),
        "document": json.loads(to_text(library.document(uid))),
        "parameters": library.parameters(uid),
        "environment": library.environment(uid),
        "data": library.data(uid),
        "measures": library.measures(uid),
        "series": {name: _series(library, uid, name) for name in library.series_names(uid)},
        "curves": {name: [curve_data(one) for one in library.curves(uid, name)] for name in library.curve_names(uid)},
        "events": [
            {"time": one.time, "step": one.step, "level": one.level, "kind": one.kind, "text": one.text, "data": one.data}
            for one in library.events(uid)
        ],
        # whose machine it was is nobody's business outside
        "attempts": [
            {name: value for name, value in asdict(one).items() if name not in ("machine", "pid")} for one in library.attempts(uid)
        ],
        "artifacts": [
            {
                "name": one.name,
                "kind": one.kind,
                "sha256": one.sha256,
                "size": one.size,
                "stage": one.stage,
                "step": one.step,
                "meta": one.meta,
            }
            for one in library.artifacts(uid)
        ],
    }


def _series(library: Library, uid: str, name: str) -> dict[str, Any]:
    found = library.series(uid, name)
    return {"steps": found.steps.tolist(), "values": found.values.tolist()}


def curve_data(one: CurveAt) -> dict[str, Any]:
    """A curve at one step: step, kind, axes, rows, values."""
    axes = [{"name": axis.name, "unit": axis.unit, "values": list(axis.values)} for axis in one.axes]
    return {"step": one.step, "kind": one.kind, "axes": axes, "rows": list(one.rows), "values": np.asarray(one.values).tolist()}


def finite(value: Any) -> Any:
    """The same with NaN and infinities as null: JSON has no word for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
