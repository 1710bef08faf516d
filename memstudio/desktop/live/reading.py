"""Reads what the panels need from the library and keeps what cannot change. Lives on the reader's thread alone."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from memstudio.desktop.live.measures import of_all_stages
from memstudio.experiment.parameters import Refusal
from memstudio.measures.means import BINS, Binned, Floats, Whole, binned

if TYPE_CHECKING:
    from memstudio.desktop.live.seen import Wish
    from memstudio.library import CurveAt, Library, RunRow

T = TypeVar("T")

#: states that only a person changes; what such a run measured stays as it is
ENDED = frozenset({"finished", "stopped", "failed", "lost"})
#: what is kept of ended runs at most, bytes
KEPT_BYTES = 32_000_000
NEWEST = 2**62


class Kept:
    """What was read, the longest unused forgotten first when it grows beyond a size."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self.most = most
        self.bytes = 0
        self._found: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under the key, or what `make` gives."""
        if key in self._found:
            self._found.move_to_end(key)
            return cast(T, self._found[key][0])
        value = make()
        size = _bytes_of(value)
        self._found[key] = (value, size)
        self.bytes += size
        while self.bytes > self.most and len(self._found) > 1:
            self.bytes -= self._found.popitem(last=False)[1][1]
        return value

    def clear(self) -> None:
        """Forgets everything."""
        self._found.clear()
        self.bytes = 0


def _bytes_of(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes + 200
    if isinstance(value, tuple | list):
        return 64 + sum(_bytes_of(part) for part in value)
    fields = getattr(value, "__dict__", None)
    return 64 + sum(_bytes_of(part) for part in fields.values()) if fields else sys.getsizeof(value)


class Reading:
    """The library as the panels read it: nothing is read twice while it cannot have changed.

    What ended runs measured is kept (up to KEPT_BYTES); the rest is read anew after every change of the library, once.
    """

    def __init__(self) -> None:
        self._ended = Kept()
        self._fresh = Kept()
        self._seen: tuple[object, ...] = ()
        self._rows: tuple[RunRow, ...] = ()
        self.library: Library = cast("Library", None)

    def begin(self, library: Library, wish: Wish) -> tuple[RunRow, ...]:
        """The runs that are followed, as they are now, in the order they were planned. Raises Refusal where one is unknown."""
        self.library = library
        now = (library.path, library.data_version(), wish.study, wish.runs)
        if now != self._seen:
            self._fresh.clear()
            if (now[0], *now[2:]) != (self._seen[:1] + self._seen[2:]):
                self._ended.clear()
            rows = [] if wish.study is None else library.runs(study=wish.study)
            known = {row.uid for row in rows}
            rows += [library.run(uid) for uid in wish.runs if uid not in known]
            self._rows, self._seen = tuple(rows), now
        return self._rows

    def once(self, row: RunRow, what: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once while the run cannot have changed."""
        if row.state in ENDED:
            return self._ended.get((row.uid, row.state, row.ended, row.attempts, what), make)
        return self._fresh.get((row.uid, what), make)

    # ------------------------------------------------------------------------------------------ series

    def last_values(self, row: RunRow) -> dict[str, float]:
        """The last value of each series of a run, by name."""
        return self.once(row, "last", lambda: self.library.measures(row.uid))

    def points(self, row: RunRow, name: str) -> tuple[Whole, Floats]:
        """All points of a series, of all stages of the run; empty where there is none."""
        return self.once(row, ("points", name), partial(self._read_points, row, name))

    def _read_points(self, row: RunRow, name: str) -> tuple[Whole, Floats]:
        found = []
        for each in of_all_stages(name, self.last_values(row)):
            with suppress(Refusal):
                series = self.library.series(row.uid, each)
                found.append((series.steps, series.values))
        if len(found) == 1:
            return found[0]
        steps = np.concatenate([steps for steps, _ in found]) if found else np.empty(0, dtype=np.int64)
        values = np.concatenate([values for _, values in found]) if found else np.empty(0)
        order = np.argsort(steps, kind="stable")
        return steps[order], values[order]

    def bins(self, row: RunRow, name: str, bins: int = BINS) -> Binned:
        """A series as it is drawn."""

        def read() -> Binned:
            # of ended runs only what is drawn is kept: their points may be very many
            steps, values = self._read_points(row, name) if row.state in ENDED else self.points(row, name)
            last = max(row.steps or 0, int(steps[-1]) if len(steps) else 0)
            return binned(steps, values, last, bins)

        return self.once(row, ("bins", name, bins), read)

    def number(self, row: RunRow, name: str) -> int:
        """How many points a series has, all stages together."""

        def read() -> int:
            found = 0
            for each in of_all_stages(name, self.last_values(row)):
                with suppress(Refusal):
                    found += self.library.summary(row.uid, each).n
            return found

        return self.once(row, ("number", name), read)

    # ------------------------------------------------------------------------------------------ curves

    def curve_names(self, row: RunRow) -> list[str]:
        """The names of a run's curves."""
        return self.once(row, "curves", lambda: self.library.curve_names(row.uid))

    def curve_steps(self, row: RunRow, name: str) -> list[int]:
        """The steps at which a curve was stored; empty where there is none."""

        def read() -> list[int]:
            try:
                return self.library.curve_steps(row.uid, name)
            except Refusal:
                return []

        return self.once(row, ("steps", name), read) if name in self.curve_names(row) else []

    def curve(self, row: RunRow, name: str, step: int | None) -> CurveAt | None:
        """A curve at the newest stored step that is not after `step` (None: the newest), else at the first; None where there is none."""
        if name not in self.curve_names(row):
            return None

        def read() -> CurveAt | None:
            try:
                return self.library.curve_at(row.uid, name, NEWEST if step is None else step)
            except Refusal:
                return None

        return self.once(row, ("curve", name), read) if step is None else read()

    def over_training(self, row: RunRow, name: str) -> tuple[CurveAt, ...]:
        """A curve at every stored step, rising; empty where there is none."""
        if name not in self.curve_names(row):
            return ()
        return self.once(row, ("over training", name), lambda: tuple(self.library.curves(row.uid, name)))


def begun(rows: Sequence[RunRow]) -> list[RunRow]:
    """The runs that may have measured something."""
    return [row for row in rows if row.state != "queued" or row.attempts > 0]


def by_cell(rows: Sequence[RunRow]) -> dict[str, list[RunRow]]:
    """The runs by the label of their cell, in the order the cells were planned."""
    found: dict[str, list[RunRow]] = {}
    for row in rows:
        found.setdefault(row.cell, []).append(row)
    return found
