"""Tables as text: commas, semicolons or tabs, with quotes; read row by row, so that a large file takes little memory."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memstudio.experiment.data.decoding import encoding_of, opened
from memstudio.experiment.data.records import MOST_COLUMNS, Progress, Stop, Stopped
from memstudio.experiment.parameters import Refusal

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
#: what stands for a value that is not there
MISSING = frozenset({"", "na", "n/a", "nan", "null", "?", "#n/a", "<na>"})
#: rows that are worked on together
CHUNK, SAMPLE_CHUNK = 10_000, 1_000
#: bytes by which the separator is guessed, and rows of them
_SAMPLE, _LOOKED = 1 << 16, 50
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1")


def reading_of(path: Path, most: int | None = None, stop: Stop | None = None) -> dict[str, Any]:
    """How a text table is read: {"encoding", "separator", "decimal", "header"}, found by looking. Raises Refusal."""
    encoding = encoding_of(path, most, stop)
    with opened(path) as file:
        data = file.read(_SAMPLE)
    text = data.decode(encoding, errors="ignore")
    if len(data) == _SAMPLE:
        text = text.rpartition("\n")[0] or text
    if not text.strip():
        raise Refusal(f"{path.name} is empty; choose a file with data.")
    found = {separator: _sample(text, separator) for separator in SEPARATORS}
    separator = max(found, key=lambda one: _fits(found[one]))
    rows = found[separator]
    if not rows:
        raise Refusal(f"{path.name} has no row that can be read as a table; check its quotes.")
    cells = [cell for row in rows[1:] for cell in row]
    comma = separator != "," and any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    reading = {"encoding": encoding, "separator": separator, "decimal": "," if comma else ".", "header": True}
    reading["header"] = not all(is_number(cell, comma) for cell in rows[0])
    return reading


def _sample(text: str, separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if row:
                rows.append(row)
            if len(rows) >= _LOOKED:
                break
    except csv.Error:
        pass
    return rows


def _fits(rows: list[list[str]]) -> tuple[bool, float, int]:
    """How well rows make a table: more than one column, as many in each row, many of them."""
    if not rows:
        return (False, 0.0, 0)
    width = len(rows[0])
    return (width > 1, sum(len(row) == width for row in rows) / len(rows), width)


def is_number(cell: str, comma: bool = False) -> bool:
    """Whether a cell is written as a number."""
    try:
        float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return False
    return True


def names_of(first: list[str], header: bool) -> tuple[list[str], list[str]]:
    """The names of the columns, each once, and what had to be changed, in sentences."""
    if not header:
        return [f"column {n + 1}" for n in range(len(first))], ["There is no row of names, so columns are numbered."]
    names: list[str] = []
    notes = []
    for n, cell in enumerate(first):
        name = " ".join(cell.split())[:80] or f"column {n + 1}"
        plain, again = name, 2
        while name in names:
            name, again = f"{plain} ({again})", again + 1
        if name != plain:
            notes.append(f"{plain} stands twice in the first row; the second is called {name}.")
        names.append(name)
    return names, notes


def rows_of(
    path: Path, reading: Mapping[str, Any], most: int | None = None, progress: Progress | None = None, stop: Stop | None = None
) -> Iterator[list[list[str]]]:
    """Rows in chunks, the first row (names, or data where there are none) by itself first. most: bytes that are read. Raises Refusal."""
    encoding, separator = reading.get("encoding"), reading.get("separator")
    if encoding not in _ENCODINGS or separator not in SEPARATORS:
        raise Refusal(f"How {path.name} is read is not known; choose the file again.")
    file = opened(path)
    size = max(1, os.fstat(file.fileno()).st_size)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=separator, strict=True)
    width = 0
    chunk: list[list[str]] = []
    together = CHUNK if most is None else SAMPLE_CHUNK
    with text:
        try:
            for row in reader:
                if not row:
                    continue
                if not width:
                    width = len(row)
                    if width > MOST_COLUMNS:
                        raise Refusal(f"{path.name} has {width:,} columns; at most {MOST_COLUMNS:,} are read, so save it as an NPZ array.")
                    yield [row]
                    continue
                if len(row) != width:
                    raise Refusal(f"Line {reader.line_num:,} of {path.name} has {len(row):,} values where the first row has {width:,}.")
                chunk.append(row)
                if len(chunk) >= together:
                    if stop is not None and stop():
                        raise Stopped()
                    if progress is not None:
                        progress(min(1.0, file.tell() / size))
                    yield chunk
                    chunk = []
                    if most is not None and file.tell() >= most:
                        return
        except csv.Error as error:
            raise Refusal(f"Line {reader.line_num:,} of {path.name} cannot be read as a table: {error}.") from None
        except UnicodeError:
            raise Refusal(f"{path.name} cannot be read as {encoding.upper()} after line {reader.line_num:,}; save it as UTF-8.") from None
    if not width:
        raise Refusal(f"{path.name} is empty; choose a file with data.")
    if chunk:
        yield chunk
