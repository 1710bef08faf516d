"""Where the live panels stand: in one row or two, in which order, how wide, and which are closed. Plain Python, kept in the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from memstudio.desktop.live.seen import PLOTS

PICTURE = "picture"
#: every panel, in the order they stand in at first
ORDER = (*PLOTS, PICTURE)
#: panels that are closed at first: a heat map says again what a curve says, over time
CLOSED = frozenset({"map"})
ROWS = 2
#: how much wider or narrower a panel becomes by one press, and its bounds
STEP, NARROW, WIDE = 1.25, 0.25, 4.0


@dataclass(frozen=True)
class Arrangement:
    """rows: one or two rows of panels, all of them, closed ones too; wide: the width of a panel as a multiple of the usual one.

    upper: the share of the height that the upper of two rows has.
    """

    rows: tuple[tuple[str, ...], ...] = (ORDER,)
    closed: frozenset[str] = CLOSED
    wide: Mapping[str, float] = field(default_factory=dict)
    upper: float = 0.5

    def shown(self, there: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """The rows as they are shown: those panels that there are and that are not closed; rows without any are left out."""
        able = set(there) - self.closed
        rows = (tuple(id for id in row if id in able) for row in self.rows)
        return tuple(row for row in rows if row)

    def place(self, id: str) -> tuple[int, int]:
        """Row and place of a panel. KeyError for an unknown one."""
        for row, ids in enumerate(self.rows):
            if id in ids:
                return row, ids.index(id)
        raise KeyError(id)

    def moved(self, id: str, row: int, before: str | None) -> Arrangement:
        """With a panel in a row (from 0; one more than there are: a row of its own below) before another, or at its end."""
        if before == id or id not in ORDER:
            return self
        rows = [[each for each in ids if each != id] for ids in self.rows]
        if row >= len(rows) and len(rows) < ROWS:
            rows.append([])
        into = rows[min(max(row, 0), len(rows) - 1)]
        into.insert(into.index(before) if before in into else len(into), id)
        return replace(self, rows=tuple(tuple(ids) for ids in rows if ids))

    def beside(self, id: str, by: int, there: Iterable[str]) -> Arrangement:
        """With a panel one place further left (−1) or right (1) among those that are shown."""
        row = next((ids for ids in self.shown(there) if id in ids), ())
        if id not in row or not 0 <= row.index(id) + by < len(row):
            return self
        other = row[row.index(id) + by]
        number = self.place(id)[0]
        whole = [each for each in self.rows[number] if each != id]
        after = whole.index(other) + (1 if by > 0 else 0)
        return self.moved(id, number, whole[after] if after < len(whole) else None)

    def to_row(self, id: str, by: int, there: Iterable[str]) -> Arrangement:
        """With a panel in the row above (−1) or below (1); below the last one in a row of its own, while there may be one more."""
        rows = self.shown(there)
        row = next((number for number, ids in enumerate(rows) if id in ids), None)
        if row is None or (by < 0 and row == 0) or (by > 0 and (row == ROWS - 1 or rows[row] == (id,))):
            return self
        if row + by < len(rows):
            return self.moved(id, self.place(rows[row + by][0])[0], None)
        # what is not shown now stays where it is; where that fills both rows, it goes up
        rest = self if len(self.rows) < ROWS else replace(self, rows=(tuple(each for ids in self.rows for each in ids),))
        return rest.moved(id, len(rest.rows), None)

    def in_rows(self, number: int, there: Iterable[str]) -> Arrangement:
        """With all panels in one row, or the further half of those that are shown in a second one."""
        whole = tuple(id for ids in self.rows for id in ids)
        if number < ROWS:
            return replace(self, rows=(whole,))
        able = set(there) - self.closed
        shown = [id for id in whole if id in able]
        below = shown[(len(shown) + 1) // 2 :]
        return replace(self, rows=tuple(ids for ids in (tuple(id for id in whole if id not in below), tuple(below)) if ids))

    def without(self, id: str) -> Arrangement:
        """With a panel closed."""
        return replace(self, closed=self.closed | {id})

    def with_(self, id: str) -> Arrangement:
        """With a panel brought back to its place."""
        return replace(self, closed=self.closed - {id})

    def widened(self, id: str, by: float) -> Arrangement:
        """With a panel wider or narrower by a factor."""
        return replace(self, wide={**self.wide, id: min(max(self.wide.get(id, 1.0) * by, NARROW), WIDE)})

    def as_kept(self) -> dict[str, Any]:
        """As the settings keep it."""
        wide = {id: round(width, 3) for id, width in self.wide.items() if abs(width - 1) > 0.01}
        return {"rows": [list(ids) for ids in self.rows], "closed": sorted(self.closed), "wide": wide, "upper": round(self.upper, 3)}


def arrangement_of(kept: object) -> Arrangement:
    """The arrangement that settings keep; what they do not know, or what is no arrangement, is as at first."""
    if not isinstance(kept, dict):
        return Arrangement()
    rows = [[id for id in _words(ids) if id in ORDER] for ids in _list(kept.get("rows")) if isinstance(ids, list)][:ROWS]
    placed: set[str] = set()
    clean = []
    for ids in rows:
        once = [id for number, id in enumerate(ids) if id not in placed and id not in ids[:number]]
        placed |= set(once)
        if once:
            clean.append(once)
    # a panel that a newer version brings stands where it would at first, and is open or closed as at first
    clean = clean or [[]]
    first = clean[0]
    for id in ORDER:
        if id not in placed:
            first.insert(sum(other in first for other in ORDER[: ORDER.index(id)]), id)
    new = frozenset(ORDER) - placed
    closed = frozenset(id for id in _words(kept.get("closed")) if id in ORDER) | (CLOSED & new)
    wide = kept.get("wide")
    widths = (
        {id: min(max(float(width), NARROW), WIDE) for id, width in wide.items() if id in ORDER and _is_number(width)}
        if isinstance(wide, dict)
        else {}
    )
    upper = kept.get("upper", 0.5)
    share = float(upper) if _is_number(upper) else 0.5
    return Arrangement(tuple(tuple(ids) for ids in clean), closed, widths, min(max(share, 0.15), 0.85))


def _list(kept: object) -> list[object]:
    return kept if isinstance(kept, list) else []


def _words(kept: object) -> Sequence[str]:
    return [one for one in kept if isinstance(one, str)] if isinstance(kept, list) else []


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) < 1e9
