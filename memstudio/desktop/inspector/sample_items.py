"""A sample of a task as cells, a table or text that can be shown: what the task's process answered, read. No widget here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: more than this says no more
MOST_CELLS, MOST_IMAGES, MOST_VARIANTS = 8192, 10, 10
#: as many blanks in a row become one cell that says how many
RUN = 4


@dataclass(frozen=True)
class Cell:
    """One thing of a sample. text: inside or under it; role: what it is in the item; pixels: an image instead (rows of 0-255);
    at: its position in the item; many: how many alike it stands for."""

    text: str
    role: str = ""
    pixels: tuple[bytes, int, int] | None = None
    at: int = 0
    many: int = 1

    @property
    def said(self) -> str:
        """As it is said aloud: `position 3, key 26`."""
        if self.pixels is not None:
            return self.text
        if self.many > 1:
            return f"positions {self.at + 1:,} to {self.at + self.many:,}, {self.role or 'token'} {self.text.partition(' ')[0]}"
        return f"position {self.at + 1:,}, {self.role or 'token'} {self.text.replace('→', 'asks for')}"


@dataclass(frozen=True)
class Table:
    """Rows of a sample: names of the columns, then texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Browsed:
    """Which item is shown. parts: (what it is called, how many items) of each; step: how many items are shown together;
    overview: none yet, but a little of everything."""

    split: str
    part: int
    item: int
    parts: tuple[tuple[str, int], ...]
    step: int
    overview: bool = False

    @property
    def number(self) -> int:
        """Items of the part."""
        return self.parts[self.part][1]


def browsed(sample: Mapping[str, Any]) -> Browsed | None:
    """Which item of how many a sample shows, or None where there is nothing to browse."""
    parts = sample.get("parts")
    if not isinstance(parts, Sequence) or not parts:
        return None
    named = tuple((labels_text(part.get("labels")) or "all items", int(part.get("items", 0))) for part in parts)
    step = MOST_IMAGES if sample.get("kind") == "images" else 1
    return Browsed(
        str(sample.get("split", "test")), int(sample.get("part", 0)), int(sample.get("item", 0)), named, step, bool(sample.get("overview"))
    )


def labels_text(labels: object) -> str:
    """`load 4`, `corruption blur, severity 3`."""
    return ", ".join(f"{str(name).replace('_', ' ')} {value}" for name, value in labels.items()) if isinstance(labels, Mapping) else ""


def cells_of(sample: Mapping[str, Any]) -> tuple[str, list[Cell]]:
    """A caption, and the cells of a sample; no cells where it has none."""
    items = sample.get("items")
    if not isinstance(items, Sequence) or not items:
        return "", []
    if sample.get("kind") == "tokens":
        return _tokens(items[0])
    if sample.get("kind") == "images":
        return _images(items, sample.get("shape", [1, 8, 8]), bool(sample.get("overview", True)))
    return "", []


def table_of(sample: Mapping[str, Any]) -> Table | None:
    """The rows of a sample with what is asked of each at the end, or None where it has none."""
    items = sample.get("items")
    if sample.get("kind") != "rows" or not isinstance(items, Sequence) or not items:
        return None
    columns = [str(name) for name in sample.get("columns", [])]
    named = list(dict.fromkeys(str(name) for item in items for name in (item.get("labels") or {})))
    rows = []
    for item in items[:MOST_ROWS]:
        values = [_short(value) for value in item.get("values", [])]
        values += [""] * (len(columns) - len(values))
        labels = item.get("labels") or {}
        rows.append((*values[: len(columns)], _short(item.get("target", "")), *(_short(labels.get(name, "")) for name in named)))
    return Table((*columns, "answer", *named), tuple(rows))


#: rows that are shown
MOST_ROWS = 50


def text_of(sample: Mapping[str, Any]) -> str:
    """The text of a sample, or nothing where it has none."""
    items = sample.get("items")
    if sample.get("kind") != "text" or not isinstance(items, Sequence):
        return ""
    return "\n\n".join(str(item.get("text", "")) for item in items)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _tokens(item: Mapping[str, Any]) -> tuple[str, list[Cell]]:
    tokens, roles, targets = item.get("tokens", []), item.get("roles", []), item.get("targets", [])
    cells: list[Cell] = []
    running = _is_running(tokens, targets)
    for place, token in enumerate(tokens[:MOST_CELLS]):
        role = str(roles[place]) if place < len(roles) and not running else ""
        target = targets[place] if place < len(targets) and not running else None
        cells.append(Cell(f"{token}" if target is None else f"{token} → {target}", role, at=place))
    more = f", the first {MOST_CELLS:,}" if len(tokens) > MOST_CELLS else ""
    asked = sum(target is not None for target in targets)
    questions = "each asks for the next" if running else f"{asked:,} asked for"
    words = [labels_text(item.get("labels")), f"{len(tokens):,} tokens{more}", questions]
    return ", ".join(word for word in words if word), _runs(cells)


def _is_running(tokens: Sequence[Any], targets: Sequence[Any]) -> bool:
    """Whether every token asks for the next one, as in running text: then arrows say nothing."""
    return len(tokens) > 2 and len(targets) >= len(tokens) and list(targets[: len(tokens) - 1]) == list(tokens[1:])


def _runs(cells: Sequence[Cell]) -> list[Cell]:
    """The same with rows of equal blanks as one cell each: what lies between is not what is looked for."""
    made: list[Cell] = []
    for cell in cells:
        last = made[-1] if made else None
        if last is not None and cell.role == "filler" and last.role == "filler" and last.text == cell.text:
            made[-1] = Cell(cell.text, "filler", at=last.at, many=last.many + 1)
        else:
            made.append(cell)
    found: list[Cell] = []
    for cell in made:
        if cell.many >= RUN:
            found.append(Cell(f"{cell.text} × {cell.many:,}", cell.role, at=cell.at, many=cell.many))
        else:
            found += [Cell(cell.text, cell.role, at=cell.at + step) for step in range(cell.many)]
    return found


def _images(items: Sequence[Mapping[str, Any]], shape: Sequence[int], few: bool) -> tuple[str, list[Cell]]:
    """few: of everything a little, so that what tells them apart is said under each; else items of one part, with their class."""
    height, width = int(shape[-2]), int(shape[-1])
    plain = [item for item in items if not item.get("labels")]
    labelled = [item for item in items if item.get("labels")]
    # Of many variants a few, evenly chosen, so that each kind is seen.
    step = max(1, math.ceil(len(labelled) / MOST_VARIANTS))
    cells = []
    for item in [*plain[:MOST_IMAGES], *labelled[step - 1 :: step]]:
        pixels = bytes(round(255 * min(1.0, max(0.0, float(value)))) for value in item.get("pixels", [])[: height * width])
        if len(pixels) == height * width:
            labels = item.get("labels") or {}
            words = " ".join(str(value) for value in labels.values())
            cells.append(Cell(words if few and words else f"{item.get('target', '')}", "variant" if words else "", (pixels, width, height)))
    return f"{len(cells)} pictures with their class" if len(cells) != 1 else "A picture with its class", cells
