"""What laying many runs over each other asks of the library: one question for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from memstudio.library import many
from memstudio.library.handle import Handle, all_in_words
from memstudio.library.rows import CurveAt, Floats, Steps


@all_in_words
class Overlaying(Handle):
    """Series and curves of many runs at once, by whole uids."""

    def series_of(self, runs: Sequence[str], name: str) -> dict[str, tuple[Steps, Floats]]:
        """All points (steps, values) of a series of each run that has it, in one question."""
        return many.series_of(self._conn, runs, name)

    def long_series(self, runs: Sequence[str], fewest: int) -> list[str]:
        """The names of the series of which some of these runs has at least so many points, in alphabetical order."""
        return many.long_series(self._conn, runs, fewest)

    def stored_steps(self, runs: Sequence[str], names: Sequence[str]) -> list[int]:
        """Every step at which one of these curves is stored for one of these runs, rising."""
        return many.stored_steps(self._conn, runs, names)

    def curve_near(self, runs: Sequence[str], name: str, step: int | None = None) -> dict[str, CurveAt]:
        """The curve of each run that has it at the stored step nearest to `step` (None: the newest)."""
        return many.curves_near(self._conn, runs, name, step)
