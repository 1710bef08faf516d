"""Parquet tables, batch by batch. Needs pyarrow (extra `exchange`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memstudio.experiment.data.decoding import opened
from memstudio.experiment.data.records import MOST_COLUMNS, Progress, Stop, Stopped
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    import numpy as np

_BATCH = 20_000


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Refusal(
            "Parquet files need the package pyarrow, which is not installed; `pip install memstudio[exchange]` brings it, or save as CSV."
        ) from None
    return pyarrow, pyarrow.parquet


def batches(
    path: Path, most: int | None = None, progress: Progress | None = None, stop: Stop | None = None
) -> Iterator[dict[str, list[str] | np.ndarray]]:
    """Columns in batches: float64 with NaN for missing, or text with "" for missing. most: rows that are read. Raises Refusal."""
    arrow, parquet = _pyarrow()
    with opened(path) as file:
        try:
            table = parquet.ParquetFile(file)
            names = [field.name for field in table.schema_arrow if not arrow.types.is_nested(field.type)]
            if not names:
                raise Refusal(f"{path.name} has no column of plain values.")
            if len(names) > MOST_COLUMNS:
                raise Refusal(f"{path.name} has {len(names):,} columns; at most {MOST_COLUMNS:,} are read, so save it as an NPZ array.")
            if len(set(names)) != len(names):
                raise Refusal(f"{path.name} has two columns of one name; rename one.")
            whole, done = max(1, table.metadata.num_rows), 0
            for batch in table.iter_batches(_BATCH, columns=names):
                if stop is not None and stop():
                    raise Stopped()
                yield {name: _plain(arrow, batch.column(n)) for n, name in enumerate(names)}
                done += batch.num_rows
                if progress is not None:
                    progress(min(1.0, done / whole))
                if most is not None and done >= most:
                    return
        except Refusal:
            raise
        except (arrow.ArrowException, OSError, ValueError) as error:
            words = " ".join(str(error).split()).rstrip(".")[:80].replace(". ", "; ")
            raise Refusal(f"{path.name} is damaged or no Parquet file ({words}); save it again.") from None


def _plain(arrow: Any, column: Any) -> Any:
    kind = arrow.types
    if isinstance(column.type, arrow.DictionaryType):
        column = column.dictionary_decode()
    if kind.is_integer(column.type) or kind.is_floating(column.type) or kind.is_decimal(column.type):
        return column.cast(arrow.float64(), safe=False).to_numpy(zero_copy_only=False)
    return ["" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value) for value in column.to_pylist()]
