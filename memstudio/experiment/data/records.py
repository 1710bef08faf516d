"""What is known of a file of data: its columns or arrays, as they are kept in the document beside path and hash."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from memstudio.experiment.parameters import Refusal

TABLES, ARRAYS = (".csv", ".tsv", ".txt", ".parquet"), (".npz",)
ENDINGS = (*TABLES, *ARRAYS)
#: how often each value comes is kept for columns with at most so many different ones: for chance levels and for the preview
MOST_COUNTED = 64
#: more columns than this are data for an array
MOST_COLUMNS = 2_000

Progress = Callable[[float], None]
Stop = Callable[[], bool]


class Stopped(Refusal):
    """Reading was stopped by a person."""

    def __init__(self) -> None:
        super().__init__("Reading was stopped.")


@dataclass(frozen=True)
class Column:
    """One column of a table, or one array: `shape` then is that of an item, () for a column.

    type: whole, number, date (counted in days) or category; missing: empty, NaN or infinite; different: how many values, None where
    there are too many to count; counts: how often each comes, where they are few; most: how often the commonest comes.
    """

    name: str
    type: str
    missing: int = 0
    different: int | None = None
    low: float | None = None
    high: float | None = None
    most: int | None = None
    counts: tuple[tuple[str, int], ...] = ()
    shape: tuple[int, ...] = ()
    infinite: int = 0

    def json(self) -> dict[str, Any]:
        """As it stands in the document; what says nothing is left out."""
        found: dict[str, Any] = {"name": self.name, "type": self.type}
        for key in ("missing", "different", "low", "high", "most", "infinite"):
            value = getattr(self, key)
            if value not in (None, 0) or (key in ("low", "high", "different") and value == 0):
                found[key] = value
        if self.counts:
            found["counts"] = [list(pair) for pair in self.counts]
        if self.shape:
            found["shape"] = list(self.shape)
        return found


@dataclass(frozen=True)
class Seen:
    """A file as it was looked over. rows: of the table, or items of its arrays; reading: how a text table is read (encoding ...)."""

    rows: int
    columns: tuple[Column, ...]
    reading: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def json(self) -> dict[str, Any]:
        """As it stands in the document."""
        return {"rows": self.rows, "reading": dict(self.reading), "columns": [column.json() for column in self.columns]}


def read_seen(value: Any) -> Seen | None:
    """What a file value {"path", "sha256", "seen"} keeps of its content; None where it keeps nothing that can be used."""
    seen = value.get("seen") if isinstance(value, Mapping) else None
    if not isinstance(seen, Mapping) or not isinstance(seen.get("columns"), Sequence) or not _count(seen.get("rows")):
        return None
    columns = [_column(one) for one in seen["columns"][: MOST_COLUMNS + 1]]
    reading = seen.get("reading")
    if None in columns or not isinstance(reading, Mapping):
        return None
    return Seen(seen["rows"], tuple(column for column in columns if column is not None), dict(reading))


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 48


def _column(one: Any) -> Column | None:
    if (
        not isinstance(one, Mapping)
        or not isinstance(one.get("name"), str)
        or one.get("type") not in ("whole", "number", "date", "category")
    ):
        return None
    given: dict[str, Any] = {"name": one["name"], "type": one["type"]}
    for key in ("missing", "different", "most", "infinite"):
        if key in one:
            if not _count(one[key]):
                return None
            given[key] = one[key]
    for key in ("low", "high"):
        if key in one:
            if not isinstance(one[key], int | float) or isinstance(one[key], bool) or not math.isfinite(one[key]):
                return None
            given[key] = float(one[key])
    shape, counts = one.get("shape", []), one.get("counts", [])
    if not isinstance(shape, list | tuple) or len(shape) > 4 or not all(_count(n) for n in shape):
        return None
    if not isinstance(counts, list | tuple) or not all(isinstance(p, list | tuple) and len(p) == 2 and _count(p[1]) for p in counts):
        return None
    return Column(**given, shape=tuple(shape), counts=tuple((str(p[0]), p[1]) for p in counts))
