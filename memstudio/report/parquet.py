"""Runs as Parquet: a table of runs, and beside it a tidy table of every point of every series. Needs pyarrow (extra `exchange`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from memstudio.experiment.parameters import Refusal
from memstudio.library.library import Library
from memstudio.library.rows import RunRow
from memstudio.report.flat import flat
from memstudio.report.saving import beside, written_in_place


def points_file(path: Path) -> Path:
    """Where the points stand: `runs.points.parquet` beside `runs.parquet`."""
    return beside(path, f"{path.stem}.points{path.suffix}")


def write(
    library: Library, rows: Sequence[RunRow], path: Path, force: bool = False, said: Callable[[str], object] = lambda words: None
) -> list[Path]:
    """Writes both tables; the files. Raises Refusal: pyarrow is missing, files in the way, a disk that is full."""
    arrow = pyarrow()
    with written_in_place([path, points_file(path)], force) as (table, points):
        arrow.parquet.write_table(_runs(arrow, library, rows), table)
        _write_points(arrow, library, rows, points, said)
    return [path, points_file(path)]


def pyarrow() -> Any:
    """The package. Raises Refusal where it is not installed."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet
    except ImportError:
        raise Refusal(
            "Parquet files need the package pyarrow, which is not installed; `pip install memstudio[exchange]` brings it."
        ) from None
    return arrow


def _runs(arrow: Any, library: Library, rows: Sequence[RunRow]) -> Any:
    """A column of one type each: numbers as numbers where all are, else as text."""
    columns, found = flat(library, rows)
    return arrow.table({column: _column(arrow, [one[column] for one in found]) for column in columns})


def _column(arrow: Any, values: list[Any]) -> Any:
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, bool) for value in there):
        return arrow.array(values, arrow.bool_())
    if there and all(isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 for value in there):
        return arrow.array(values, arrow.int64())
    if there and all(isinstance(value, int | float) and not isinstance(value, bool) for value in there):
        return arrow.array([None if value is None else float(value) for value in values], arrow.float64())
    return arrow.array([None if value is None else str(value) for value in values], arrow.string())


def _write_points(arrow: Any, library: Library, rows: Sequence[RunRow], path: Path, said: Callable[[str], object]) -> None:
    name = arrow.dictionary(arrow.int32(), arrow.string())
    fields = [
        ("run", name),
        ("title", name),
        ("cell", name),
        ("seed", arrow.int64()),
        ("series", name),
        ("step", arrow.int64()),
        ("value", arrow.float64()),
    ]
    schema = arrow.schema(fields)
    with arrow.parquet.ParquetWriter(path, schema) as writer:
        for number, row in enumerate(rows, 1):
            said(f"Points of run {number:,} of {len(rows):,}")
            found = [library.series(row.uid, one) for one in library.series_names(row.uid)]
            if not found:
                continue
            n = sum(map(len, found))
            names = arrow.DictionaryArray.from_arrays(
                arrow.array([at for at, one in enumerate(found) for _ in range(len(one))], arrow.int32()),
                arrow.array([one.name for one in found]),
            )
            same = [_repeated(arrow, value, n) for value in (row.uid, row.title, row.cell)]
            steps = arrow.concat_arrays([arrow.array(one.steps) for one in found])
            values = arrow.concat_arrays([arrow.array(one.values, from_pandas=False) for one in found])
            seeds = arrow.array([row.seed] * n, arrow.int64())
            writer.write_table(arrow.Table.from_arrays([*same, seeds, names, steps, values], schema=schema))


def _repeated(arrow: Any, value: str, n: int) -> Any:
    return arrow.DictionaryArray.from_arrays(arrow.repeat(arrow.scalar(0, arrow.int32()), n), arrow.array([value]))
