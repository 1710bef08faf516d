"""Looking a file of data over: every column with type, range, missing values and how many different ones; the first rows to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memstudio.experiment.data import parquet
from memstudio.experiment.data.archives import Array, archive, read_array
from memstudio.experiment.data.decoding import content_hash
from memstudio.experiment.data.records import ENDINGS, MOST_COLUMNS, Column, Progress, Seen, Stop
from memstudio.experiment.data.separated import names_of, reading_of, rows_of
from memstudio.experiment.data.tallying import Tally, counted, value_name
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    import numpy as np

#: bytes of a text table, and rows of another, that a sample looks at: some hundredths of a second
SAMPLE_BYTES, SAMPLE_ROWS = 1 << 18, 5_000
#: rows and items that are shown
SHOWN_ROWS, SHOWN_ITEMS = 20, 12
#: an array of at most so many columns beside each other is a table of numbers
_FLAT = 64


@dataclass(frozen=True)
class Looked:
    """What was seen. whole: all of it, not a sample; rows: the first rows as text, by column; items: the first items of arrays."""

    path: Path
    seen: Seen
    whole: bool
    rows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    items: Mapping[str, np.ndarray] = field(default_factory=dict)
    sha256: str = ""

    def is_part(self, column: Column) -> bool:
        """Whether it is one column of an array that is there as a whole, too."""
        return bool(self.items) and column.name not in self.items

    @property
    def value(self) -> dict[str, Any]:
        """The value of a file parameter."""
        return {"path": str(self.path), "sha256": self.sha256, "seen": self.seen.json()}


def look(path: Path, progress: Progress | None = None, stop: Stop | None = None, sample: bool = False) -> Looked:
    """Looks a file over; sample: only its beginning, at once, without its hash. Raises Refusal (one sentence) and Stopped."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise Refusal(f"{path.name} is no data that can be read; choose a CSV, Parquet or NPZ file.")
    if ending == ".npz":
        found = _look_arrays(path, progress, stop, sample)
    else:
        found = _look_table(path, progress, stop, sample)
    if not found.seen.rows:
        raise Refusal(f"{path.name} has no rows of data; choose another file.")
    return found if sample else replace(found, sha256=content_hash(path, None, stop))


def chosen(path: str) -> dict[str, Any]:
    """The value of a file parameter for a file that was just chosen: path, hash, and what was seen in it."""
    return look(Path(path).expanduser()).value


def _look_table(path: Path, progress: Progress | None, stop: Stop | None, sample: bool) -> Looked:
    tallies: dict[str, Tally] = {}
    shown: dict[str, list[str]] = {}
    notes: list[str] = []
    reading: dict[str, Any] = {}
    rows = 0
    for chunk in chunks(path, reading, notes, progress, stop, sample):
        for name, cells in chunk.items():
            tally = tallies.setdefault(name, Tally(name, reading.get("decimal") == ","))
            texts = cells if isinstance(cells, list) else ["" if value != value else value_name(float(value)) for value in cells]
            tally.feed(texts)
            if len(kept := shown.setdefault(name, [])) < SHOWN_ROWS:
                kept.extend(texts[: SHOWN_ROWS - len(kept)])
        rows += len(texts)
    columns = tuple(tally.column() for tally in tallies.values())
    return Looked(path, Seen(rows, columns, reading, tuple(notes)), not sample, shown)


def chunks(
    path: Path, reading: dict[str, Any], notes: list[str], progress: Progress | None = None, stop: Stop | None = None, sample: bool = False
) -> Iterator[dict[str, Any]]:
    """The columns of a table chunk by chunk; how it is read is found where `reading` is empty, and kept in it."""
    if path.suffix.lower() == ".parquet":
        yield from parquet.batches(path, SAMPLE_ROWS if sample else None, progress, stop)
        return
    if not reading:
        reading.update(reading_of(path, SAMPLE_BYTES if sample else None, stop))
    parts = rows_of(path, reading, SAMPLE_BYTES if sample else None, progress, stop)
    first = next(parts)[0]
    names, found = names_of(first, bool(reading["header"]))
    notes += found
    if not reading["header"]:
        yield {name: [cell] for name, cell in zip(names, first, strict=True)}
    for part in parts:
        yield {name: list(cells) for name, cells in zip(names, zip(*part, strict=True), strict=True)}


def _look_arrays(path: Path, progress: Progress | None, stop: Stop | None, sample: bool) -> Looked:
    with archive(path) as (found, arrays):
        lengths = Counter(array.shape[0] for array in arrays if array.shape)
        rows = max(lengths, key=lambda n: (lengths[n], n), default=0)
        fitting = [array for array in arrays if array.shape and array.shape[0] == rows]
        if not fitting or not rows:
            raise Refusal(f"{path.name} has no array of items; the first axis of each array must count them.")
        notes = [f"The array {a.name} is left out: it has not {rows:,} items." for a in arrays if a not in fitting]
        columns: list[Column] = []
        items: dict[str, Any] = {}
        for n, array in enumerate(fitting):
            items[array.name] = read_array(path, found, array, SHOWN_ITEMS, stop)
            part = _share(progress, n, len(fitting))
            data = read_array(path, found, array, SHOWN_ITEMS * 100 if sample else None, stop, part)
            columns += columns_of(array, data)
        if len(columns) > MOST_COLUMNS:
            raise Refusal(f"{path.name} has {len(columns):,} columns; at most {MOST_COLUMNS:,} are read.")
    shown = {c.name: _texts(c.name, items) for c in columns if not c.shape}
    return Looked(path, Seen(rows, tuple(columns), {}, tuple(notes)), not sample, shown, items)


def _share(progress: Progress | None, n: int, whole: int) -> Progress | None:
    return None if progress is None else lambda share: progress((n + share) / whole)


def _texts(name: str, items: Mapping[str, Any]) -> list[str]:
    array, _, place = name.rpartition(" ")
    if name in items:
        return [_text(value) for value in items[name].tolist()]
    return [_text(value) for value in items[array][:, int(place) - 1].tolist()]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def columns_of(array: Array, data: np.ndarray) -> list[Column]:
    """What an array of a file is: one record; for a table of few columns besides one each, `x 1`, `x 2` ..."""
    found = [_record(array.name, data)]
    if data.ndim == 2 and data.dtype.kind in "biuf" and 1 <= data.shape[1] <= _FLAT:
        found += [_record(f"{array.name} {n + 1}", data[:, n]) for n in range(data.shape[1])]
    return found


def _record(name: str, data: np.ndarray) -> Column:
    import numpy as np

    shape = tuple(data.shape[1:])
    if data.dtype.kind in "US":
        texts = [_text(value).strip() for value in data.ravel().tolist()]
        gone = sum(not text for text in texts)
        return counted(Column(name, "category", gone, shape=shape), Counter(text for text in texts if text))
    if data.dtype.kind == "M":
        data = as_days(data)
        kind = "date"
    else:
        kind = "number"
    known = data[np.isfinite(data)] if data.dtype.kind == "f" else data.ravel()
    infinite = int(np.isinf(data).sum()) if data.dtype.kind == "f" else 0
    if kind == "number" and known.size and bool(np.all(known == np.rint(known))) and float(np.abs(known.astype(np.float64)).max()) < 2**53:
        kind = "whole"
    low, high = (float(known.min()), float(known.max())) if known.size else (None, None)
    record = Column(name, kind, int(data.size - known.size), low=low, high=high, shape=shape, infinite=infinite)
    if data.ndim > 2 or (kind == "number" and data.ndim > 1):
        return record
    values, counts = np.unique(known, return_counts=True)
    if len(values) > 100_000:
        return record
    return counted(record, Counter({value_name(float(v)): int(c) for v, c in zip(values.tolist(), counts.tolist(), strict=True)}))


def as_days(data: np.ndarray) -> np.ndarray:
    """Dates as days since 1970, NaN where there is none."""
    import numpy as np

    seconds = data.astype("datetime64[s]")
    return np.where(np.isnat(seconds), np.nan, seconds.astype(np.int64) / 86_400.0)
