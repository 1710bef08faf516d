"""What the live panels are asked to show, and what the library answered: frozen, without a widget, made on the reader's thread."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from memstudio.library import RunRow
    from memstudio.library.overlays import Reference

Floats = npt.NDArray[np.float64]

#: the plot panels, in the order they stand in; the memory's picture comes after them
PLOTS = ("learning", "forgetting", "recall", "map", "tables", "calibration", "other")

#: main: a mean or the only line of its cell; thin: a run on its way beside a mean; faint: every step behind a line; dots: marks only;
#: small: marks of what few answers stand behind; large: marks of what was trained
Style = Literal["main", "thin", "faint", "dots", "small", "large"]


@dataclass(frozen=True)
class Wish:
    """What is to be shown. step: the step all panels are scrubbed to, None for the newest; chosen: panel -> what its chooser says.

    study: with all its runs; runs: these runs besides. pictured: the cell whose memory is shown, None for that of the run on its way;
    closed: panels that are not shown, so that nobody reads for them what takes long.
    """

    study: str | None = None
    runs: tuple[str, ...] = ()
    step: int | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    pictured: str | None = None
    closed: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.study is None and not self.runs


@dataclass(frozen=True)
class Option:
    """One thing a panel can show."""

    id: str
    title: str


@dataclass(frozen=True, eq=False)
class Track:
    """One line of a plot. key: the same for the same line in the next answer; cell: its number, which gives colour and dash.

    x, y: (n,); low, high: (n,) the interval, or None; name: whose line it is, in words.
    """

    key: Hashable
    cell: int
    name: str
    x: Floats
    y: Floats
    style: Style = "main"
    low: Floats | None = None
    high: Floats | None = None
    marked: bool = False


@dataclass(frozen=True)
class Pointed:
    """What the pointer of a plot stands at: where, in words, and the value of each cell there."""

    where: str
    values: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Boundary:
    """Where a task begins on the step axis. task: its number, counted from 1."""

    step: float
    task: int


@dataclass(frozen=True, eq=False)
class MatrixSeen:
    """Numbers in a table. values: (rows, columns), NaN where none was measured; row, column: what the names stand for; of: whose it is.

    what: what the numbers are; low, high: the values of the palest and the strongest ground.
    """

    values: Floats
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row: str
    column: str
    of: str = ""
    what: str = "accuracy"
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, eq=False)
class MapSeen:
    """A curve over training. values: (points of the curve, steps), NaN where none was measured; steps: (steps,) rising.

    names: of the points, from the lowest up; y_name, what: what the points and the numbers are; low, high: the values of the palest and
    the strongest ground; of: whose it is.
    """

    values: Floats
    steps: Floats
    names: tuple[str, ...]
    y_name: str
    what: str
    low: float = 0.0
    high: float = 1.0
    of: str = ""


@dataclass(frozen=True, eq=False)
class PlotSeen:
    """What a plot panel shows.

    x_end: where the x axis ends at least (the run's last step); share: values lie in 0 to 1; reference: a line to hold against;
    diagonal, bars: of a reliability diagram (bars: edges (bins + 1,) and the share of answers in each bin (bins,)); words: cell -> a
    figure in words; step: the stored step it is of; log_x: whether a log axis is natural; note: what its lines are.
    boundaries: where tasks begin; by_task: the tracks' numbers are those of tasks (from 0), not of cells; matrix: shown instead of lines;
    of, cells: whose it is where one cell is shown, and the cells that could be; x_names: what 0, 1, 2 ... of the x axis stand for, where
    they are no numbers; stored: the stored steps of several runs that are shown, in words.
    references: more lines to hold against; own: the names of its lines' numbers where these are neither cells nor tasks; map: shown
    instead of lines; span: over how many steps its lines are means, in words; empty: what is said where there are no lines.
    """

    title: str
    x_name: str
    y_name: str
    chosen: str
    options: tuple[Option, ...]
    tracks: tuple[Track, ...] = ()
    x_end: float | None = None
    share: bool = False
    log_x: bool = False
    reference: Reference | None = None
    diagonal: bool = False
    bars: tuple[Floats, Floats] | None = None
    words: Mapping[int, str] = field(default_factory=dict)
    step: int | None = None
    note: str = ""
    boundaries: tuple[Boundary, ...] = ()
    by_task: bool = False
    matrix: MatrixSeen | None = None
    of: str = ""
    cells: tuple[str, ...] = ()
    x_names: tuple[str, ...] = ()
    stored: str = ""
    references: tuple[Reference, ...] = ()
    own: tuple[str, ...] = ()
    map: MapSeen | None = None
    span: str = ""
    empty: str = "Nothing measured yet"

    @property
    def of_cells(self) -> bool:
        """Whether the lines' numbers are those of the legend's cells."""
        return not self.by_task and not self.own


@dataclass(frozen=True, eq=False)
class PictureSeen:
    """A memory's state at one step. values: (rows, columns); figures: (name, value) at that step; cells: that have pictures.

    rows, columns: where they lie; row_name, column_name: what that is.
    """

    chosen: str
    options: tuple[Option, ...]
    cells: tuple[str, ...]
    cell: str
    run: str
    seed: int
    values: npt.NDArray[np.float32]
    rows: tuple[float, ...]
    columns: tuple[float, ...]
    step: int
    figures: tuple[tuple[str, float], ...] = ()
    row_name: str = "row"
    column_name: str = "column"

    @property
    def reach(self) -> float:
        """The largest |value|: the colours go from minus it to plus it."""
        return float(np.abs(self.values).max(initial=0.0))


@dataclass(frozen=True)
class Cell:
    """One cell of a study: its label (empty for a single experiment), how many of its seeds have ended well, of how many."""

    label: str
    finished: int
    total: int


@dataclass(frozen=True)
class Head:
    """How far everything is. state: of all together; focus: the run that is looked at; left: seconds until all are done, if known."""

    title: str
    state: str
    total: int
    counts: Mapping[str, int]
    focus: RunRow
    left: float | None
    going: tuple[str, ...]
    paused: tuple[str, ...]
    open: tuple[str, ...]
    resumable: tuple[str, ...]
    failures: tuple[RunRow, ...]

    @property
    def ended(self) -> int:
        """Runs that will not go on by themselves: finished, stopped, failed, lost."""
        return sum(self.counts.get(state, 0) for state in ("finished", "stopped", "failed", "lost"))


@dataclass(frozen=True, eq=False)
class Seen:
    """Everything the live panels show.

    last: where the time axis ends; newest: the newest step of the run in focus; stored: the steps with curves; at: the stored
    step that is shown, None where nothing is stored yet; there: panels that could be shown; hint: what would show more.
    """

    wish: Wish
    head: Head
    cells: tuple[Cell, ...]
    plots: Mapping[str, PlotSeen]
    picture: PictureSeen | None
    last: int
    newest: int
    stored: tuple[int, ...]
    at: int | None
    there: tuple[str, ...] = ()
    hint: str = ""
