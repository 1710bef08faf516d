"""Runs as one table: a row a run, a column for each field, each value its document gives, each measure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from memstudio.library.comparison import in_reading_order
from memstudio.library.library import Library
from memstudio.library.rows import RunRow
from memstudio.report.plate import comma_separated

#: fields of a run, in this order
FIELDS = (
    *(
        "run",
        "title",
        "state",
        "study",
        "study_title",
        "cell",
        "seed",
        "data_seed",
        "replicate",
        "stage",
        "step",
        "steps",
        "device",
        "threads",
    ),
    *("queued", "started", "ended", "attempts", "failure", "failed_node", "note", "tags", "starred"),
)
_TIMES = ("queued", "started", "ended")


def flat(library: Library, rows: Sequence[RunRow]) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """(columns, a mapping a run): what a run has no value of is None; times are UTC in ISO 8601."""
    measured = library.measures_of([row.uid for row in rows])
    given = [library.parameters(row.uid) for row in rows]
    parameters = list(dict.fromkeys(address for one in given for address in one))
    measures = in_reading_order(name for one in measured.values() for name in one)
    taken = {*FIELDS, *parameters}
    # a measure of an add-on may be called as a field is
    called = {name: name if name not in taken else f"measure {name}" for name in measures}
    columns = (*FIELDS, *parameters, *called.values())
    found = []
    for row, values in zip(rows, given, strict=True):
        one = {**dict.fromkeys(columns), **fields_of(library, row), **{address: _plain(value) for address, value in values.items()}}
        found.append(one | {called[name]: value for name, value in measured[row.uid].items()})
    return columns, found


def fields_of(library: Library, row: RunRow) -> dict[str, Any]:
    """The fields of one run as they stand in a table."""
    found = {name: getattr(row, name) for name in FIELDS if name not in ("run", "tags")}
    found |= {name: _moment(found[name]) for name in _TIMES}
    return {"run": row.uid, **found, "tags": ", ".join(library.tags(row.uid))}


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Lists and nested components as JSON: a table has one value a cell."""
    return value if value is None or isinstance(value, str | bool | int | float) else json.dumps(value, ensure_ascii=False)


def as_csv(library: Library, rows: Sequence[RunRow]) -> str:
    """The table as comma-separated values."""
    columns, found = flat(library, rows)
    return comma_separated(columns, ([one[column] for column in columns] for one in found))
