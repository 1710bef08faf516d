"""Counting one column while it passes by: what type it is, what is missing, its range, how many different values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memstudio.experiment.data.records import MOST_COUNTED, Column
from memstudio.experiment.data.separated import MISSING

if TYPE_CHECKING:
    import numpy as np

#: different values that are counted at most; of numbers that are not whole far fewer, as nobody takes them for classes
_MOST, _MOST_REAL = 100_000, 2_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?")
_DAY = 86_400.0


def numbers(cells: Sequence[str], comma: bool = False) -> np.ndarray | None:
    """Cells as float64, NaN where they are missing; None where one is no number."""
    import numpy as np

    try:
        return np.array(cells, dtype=np.float64)
    except (ValueError, OverflowError):
        pass
    plain = ["nan" if cell.strip().lower() in MISSING else cell.replace(",", ".") if comma else cell for cell in cells]
    try:
        return np.array(plain, dtype=np.float64)
    except (ValueError, OverflowError):
        return None


def days(cells: Sequence[str]) -> np.ndarray | None:
    """Dates (2024-05-31, with or without a time) as days since 1970, NaN where missing; None where one is no date."""
    import numpy as np

    found = np.full(len(cells), np.nan)
    for n, cell in enumerate(cells):
        text = cell.strip()
        if text.lower() in MISSING:
            continue
        if not _DATE.fullmatch(text):
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        offset = moment.utcoffset()
        seconds = (moment.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()
        found[n] = (seconds - (offset.total_seconds() if offset else 0.0)) / _DAY
    return found


def is_missing(cell: str) -> bool:
    """Whether a cell says that its value is not there."""
    return cell.strip().lower() in MISSING


class Tally:
    """One column of text, chunk after chunk."""

    def __init__(self, name: str, comma: bool = False) -> None:
        self.name, self._comma = name, comma
        self.n = self._missing = self._infinite = self._dates = 0
        self._is_number = self._is_whole = self._is_date = True
        self._counts: Counter[str] | None = Counter()
        self._empty = 0
        self._low, self._high = float("inf"), float("-inf")

    def feed(self, cells: Sequence[str]) -> None:
        """Takes so many cells more."""
        self.n += len(cells)
        found = numbers(cells, self._comma) if self._is_number else None
        # quick: of a large file most cells are plain numbers, and words come again and again
        chunk = Counter(cells) if self._counts is not None or found is None else Counter()
        if found is not None:
            self._empty += int((found != found).sum())
        else:
            self._empty += sum(count for cell, count in chunk.items() if is_missing(cell))
        if self._is_number:
            self._take_numbers(found)
        if not self._is_number and self._is_date:
            dates = days(cells)
            self._is_date = dates is not None
            if dates is not None:
                self._range(dates)
        if self._counts is not None:
            for cell, count in chunk.items():
                self._counts[cell.strip()] += count
            if len(self._counts) > (_MOST if self._is_whole or not self._is_number else _MOST_REAL):
                self._counts = None

    def _take_numbers(self, found: np.ndarray | None) -> None:
        import numpy as np

        if found is None:
            # what came before were numbers, which are no dates
            self._is_number = self._is_whole = False
            self._is_date = self.n == 0 or self._low == float("inf")
            self._low, self._high = float("inf"), float("-inf")
            return
        self._infinite += int(np.isinf(found).sum())
        finite = found[np.isfinite(found)]
        self._range(finite)
        # a float64 holds whole numbers exactly up to 2^53
        self._is_whole = self._is_whole and bool(np.all(finite == np.rint(finite)) and np.all(np.abs(finite) < 2**53))

    def _range(self, found: np.ndarray) -> None:
        import numpy as np

        known = found[np.isfinite(found)]
        if known.size:
            self._low, self._high = min(self._low, float(known.min())), max(self._high, float(known.max()))

    def column(self) -> Column:
        """What the cells were."""
        known = self._low != float("inf")
        kind = "category"
        if self._is_number and known:
            kind = "whole" if self._is_whole else "number"
        elif self._is_date and not self._is_number and known:
            kind = "date"
        missing = self._empty + (self._infinite if kind in ("whole", "number") else 0)
        low, high = (self._low, self._high) if kind != "category" else (None, None)
        return counted(
            Column(self.name, kind, missing, low=low, high=high, infinite=self._infinite if kind != "category" else 0), self._of_kind(kind)
        )

    def _of_kind(self, kind: str) -> Counter[str] | None:
        if self._counts is None:
            return None
        made: Counter[str] = Counter()
        for text, count in self._counts.items():
            if not is_missing(text):
                made[number_name(text, self._comma) if kind in ("whole", "number") else text] += count
        for text in ("inf", "-inf"):
            if kind in ("whole", "number"):
                made.pop(text, None)
        return made


def number_name(text: str, comma: bool = False) -> str:
    """A number as the value of a class: 3 and 3.0 are the same."""
    return value_name(float(text.replace(",", ".") if comma else text))


def value_name(value: Any) -> str:
    """A value as the name of a class."""
    if isinstance(value, float):
        return str(int(value)) if value == value and abs(value) < 2**53 and value == int(value) else repr(value)
    return str(value)


def counted(column: Column, counts: Counter[str] | None) -> Column:
    """The column with what its counts say."""
    from dataclasses import replace

    if counts is None:
        return column
    few = tuple(sorted(counts.items(), key=lambda pair: sort_key(pair[0]))) if len(counts) <= MOST_COUNTED else ()
    return replace(column, different=len(counts), most=max(counts.values(), default=0), counts=few)


def sort_key(name: str) -> tuple[int, float, str]:
    """Values in the order of people: numbers by their size, then words."""
    try:
        value = float(name)
    except ValueError:
        return (1, 0.0, name)
    return (0, value, name) if value == value else (1, 0.0, name)
