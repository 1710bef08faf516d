"""How data are printed: JSON that any program reads, tables that a person reads."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Sequence
from typing import Any

import click


def finite(value: Any) -> Any:
    """The same with NaN and infinities as null: JSON has no word for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def print_json(value: Any) -> None:
    """One line of JSON on stdout."""
    click.echo(json.dumps(finite(value), ensure_ascii=False))


def number(value: float | None, digits: int = 4) -> str:
    """A measure as a person reads it: 41,480 or 0.9312."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == int(value) and abs(value) >= 1000:
        return f"{int(value):,}"
    return f"{value:.{digits}g}"


def interval(mean: float | None, low: float | None, high: float | None) -> str:
    """`0.931 (0.90 to 0.96)`, or the mean alone when there is no interval."""
    return number(mean) if low is None or high is None else f"{number(mean)} ({number(low, 3)} to {number(high, 3)})"


def duration(seconds: float | None) -> str:
    """`3 min 40 s`, `2 h 5 min`, `12 s`."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def megabytes(n: int) -> str:
    """Bytes as a person reads them: 640 bytes, 12.4 kB, 3.1 MB, 1.2 GB."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= size:
            return f"{n / size:,.1f} {unit}"
    return f"{n} bytes"


def when(moment: float | None) -> str:
    """A time in the library as local date and time."""
    return "–" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def one_line(text: str, most: int = 160) -> str:
    """Text for one line of a terminal: blanks for line breaks, nothing that steers the terminal, and no longer than `most` letters."""
    line = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A plain table on stdout, a line each, columns as wide as they need, right-aligned where every cell is a number."""
    body = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *body, strict=True)]
    numeric = [bool(body) and all(row[i][:1].isdigit() or row[i][:1] in "-–" for row in body) for i in range(len(heads))]
    for row in [list(heads), *body]:
        cells = [cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(row, widths, numeric, strict=True)]
        click.echo("  ".join(cells).rstrip())
