"""A figure before it is drawn: what it says, the data it is drawn from, and how it is drawn at any width."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Plate:
    """A figure. name: what it is asked for by; title; caption: what it shows, in sentences.

    head, rows: the data, a row a point; height(width): millimetres without the legend; draw(figure, width): draws it on a sheet.
    """

    name: str
    title: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    height: Callable[[float], float]
    draw: Callable[[Figure, float], None]

    @property
    def data(self) -> str:
        """The data as comma-separated values."""
        return comma_separated(self.head, self.rows)

    def file(self, kind: str, width: float = 85, dpi: int = 300) -> bytes:
        """The figure as a file. kind: svg, pdf or png; width: millimetres; dpi: of a png."""
        from memstudio.report import sheet, vector

        with sheet.printing():
            figure = sheet.blank(width, self.height(width))
            self.draw(figure, width)
            made = sheet.written(figure, kind, self.title, dpi)
        return vector.standalone(made) if kind == "svg" else made

    def inline(self, key: str, width: float = 175) -> str:
        """The figure as SVG that stands inside a page of HTML and follows its colours. key: makes its ids its own."""
        from memstudio.report import sheet, vector

        with sheet.printing():
            figure = sheet.blank(width, self.height(width))
            self.draw(figure, width)
            made = sheet.written(figure, "svg", self.title)
        return vector.inline(made, key, self.title)


def comma_separated(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as comma-separated values with a head line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> object:
    """Whole numbers without their point; what is not there or no number empty, as tables expect it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else int(value) if value.is_integer() and abs(value) < 1e15 else value
    return value
