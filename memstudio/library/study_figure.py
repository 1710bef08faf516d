"""The figure of a study: axes made from what was varied, a mean with its interval for each cell, as lines, dots or a heat map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from memstudio.experiment.cells import tuned_axes
from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.wording import counted, join
from memstudio.library.against import Values
from memstudio.library.comparison import headline, in_reading_order, interval_of, values_of
from memstudio.library.experiments import value_words
from memstudio.library.groups import Gathered, Group, Reading, gather, group
from memstudio.library.library import Library
from memstudio.library.rows import RunRow
from memstudio.library.sentences import measure_words
from memstudio.library.varied import Varied, VariedAxis, varied
from memstudio.measures.intervals import Interval

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
#: lines: means with intervals over a numeric axis; dots: means with intervals, a row a case; heat: a table of means in colours
Kind = Literal["lines", "dots", "heat"]
#: more lines than this over a numeric axis are better seen as a heat map
MOST_LINES = 7


@dataclass(frozen=True)
class FigureCell:
    """One cell of the figure. at: its case on each axis that is shown; values: by seed, of the seeds that count.

    planned, finished: its runs; few: fewer seeds than the fullest cell; chosen: what tuning chose for it, in words, else "".
    """

    at: tuple[int, ...]
    label: str
    interval: Interval | None
    values: Values
    planned: int
    finished: int
    few: bool = False
    chosen: str = ""

    @property
    def words(self) -> str:
        """What there is to say of it besides its number: runs that did not finish, fewer seeds, what was chosen."""
        said = [f"{self.finished:,} of {counted(self.planned, 'run')} finished"] if self.finished < self.planned else []
        said += [f"only {counted(self.interval.n, 'seed')}"] if self.few and self.interval is not None else []
        return "; ".join([*said, *([f"chosen: {self.chosen}"] if self.chosen else [])])


@dataclass(frozen=True, eq=False)
class FigureLine:
    """A line over a numeric axis. x, mean: (k,); low, high: (k,), NaN where one seed is; n: (k,) seeds; few: (k,) fewer than elsewhere."""

    label: str
    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    n: Whole
    few: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dot:
    """One mean with its interval. label: its case on the first axis; by, number: on the second ("" and 0 where there is none)."""

    label: str
    by: str
    number: int
    interval: Interval
    few: bool
    chosen: str


@dataclass(frozen=True, eq=False)
class Heat:
    """Means in a table. values, low, high: (rows, columns), NaN where nothing was measured; n: (rows, columns) seeds."""

    row_name: str
    rows: tuple[str, ...]
    column_name: str
    columns: tuple[str, ...]
    values: Floats
    low: Floats
    high: Floats
    n: Whole
    few: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class StudyFigure:
    """A figure as data. axes: those shown, one or two; every: all that were varied; averaged: those the cells are means over.

    measures: what can be shown; kinds: the forms that fit, the best first; cells: those that have runs.
    """

    title: str
    measure: str
    measures: tuple[str, ...]
    axes: tuple[VariedAxis, ...]
    every: tuple[VariedAxis, ...]
    averaged: tuple[VariedAxis, ...]
    cells: tuple[FigureCell, ...]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The forms that fit these axes, the best first."""
        numeric = [axis for axis in self.axes if axis.numbers is not None]
        if len(self.axes) == 1:
            # a line through two points says no more than the points
            return ("dots",) if not numeric else ("lines", "dots") if len(numeric[0].cases) > 2 else ("dots", "lines")
        if not numeric:
            return ("dots", "heat")
        least = min(len(axis.cases) for axis in self.axes) if len(numeric) == 2 else len(self._other(self.along).cases)
        return ("lines", "heat", "dots") if least <= MOST_LINES else ("heat", "lines", "dots")

    @property
    def along(self) -> int:
        """The axis along x: the numeric one with most cases; else the first."""
        numeric = [i for i, axis in enumerate(self.axes) if axis.numbers is not None]
        return max(numeric, key=lambda i: (len(self.axes[i].cases), -i)) if numeric else 0

    def _other(self, along: int) -> VariedAxis:
        return self.axes[1 - along]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know besides: seeds that are missing, axes averaged over, values that are not finite."""
        said = []
        if self.averaged:
            said.append(f"Each value is a mean over {join([axis.name for axis in self.averaged])}, seed by seed.")
        few = [cell.label for cell in self.cells if cell.few]
        if few:
            most = max(cell.interval.n for cell in self.cells if cell.interval is not None)
            named = join(few) if len(few) <= 3 else counted(len(few), "cell")
            said.append(f"Hollow: fewer than {counted(most, 'seed')} ({named}).")
        bad = sum(not math.isfinite(value) for cell in self.cells for value in cell.values.values())
        if bad:
            said.append(f"{counted(bad, 'value')} {'is' if bad == 1 else 'are'} not finite and left out.")
        without = [cell.label for cell in self.cells if cell.interval is None]
        if without:
            said.append(f"Nothing measured: {join(without) if len(without) <= 3 else counted(len(without), 'cell')}.")
        return tuple(said)

    def lines(self, along: int | None = None) -> tuple[FigureLine, ...]:
        """A line for each case of the other axis (one, "", where there is none) over the numbers of this one.

        along: which of the shown axes lies along x, None: `along`. Raises ValueError where it has no numbers.
        """
        at = self.along if along is None else along
        numbers = self.axes[at].numbers
        if numbers is None:
            raise ValueError(f"The axis {self.axes[at].name!r} has no numbers to lie along.")
        cases = self.axes[1 - at].cases if len(self.axes) > 1 else ("",)
        found = []
        for number, case in enumerate(cases):
            cells = [cell for cell in self.cells if len(cases) == 1 or cell.at[1 - at] == number]
            there = sorted(
                ((numbers[cell.at[at]], cell.interval, cell.few) for cell in cells if cell.interval is not None), key=lambda p: p[0]
            )
            if there:
                found.append(_line(case, there))
        return tuple(found)

    def dots(self) -> tuple[Dot, ...]:
        """The cells that were measured: case by case of the first axis, those of the second within it."""
        found = []
        for cell in sorted(self.cells, key=lambda cell: cell.at):
            if cell.interval is not None:
                first, *rest = cell.at
                by = self.axes[1].cases[rest[0]] if rest else ""
                found.append(Dot(self.axes[0].cases[first], by, rest[0] if rest else 0, cell.interval, cell.few, cell.chosen))
        return tuple(found)

    def heat(self, along: int | None = None) -> Heat:
        """The cells as a table: along x the axis of that number (None: `along`), the other downwards. Raises ValueError for one axis."""
        if len(self.axes) != 2:
            raise ValueError("A heat map needs two axes.")
        at = self.along if along is None else along
        columns, rows = self.axes[at], self.axes[1 - at]
        shape = len(rows.cases), len(columns.cases)
        values, low, high = (np.full(shape, np.nan) for _ in range(3))
        n, few = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
        for cell in self.cells:
            place = cell.at[1 - at], cell.at[at]
            few[place] = cell.few
            if (one := cell.interval) is not None:
                values[place], n[place] = one.mean, one.n
                low[place], high[place] = _ends(one)
        return Heat(rows.name, rows.cases, columns.name, columns.cases, values, low, high, n, few)

    def table(self) -> tuple[tuple[str, ...], list[tuple[str | float | None, ...]]]:
        """(heads, rows): the data beside the figure, a row a cell."""
        head = (*(axis.name or "group" for axis in self.axes), "mean", "low", "high", "seeds", "planned", "finished", "chosen")
        rows: list[tuple[str | float | None, ...]] = []
        for cell in self.cells:
            cases = [axis.numbers[i] if axis.numbers is not None else axis.cases[i] for axis, i in zip(self.axes, cell.at, strict=True)]
            one = cell.interval
            numbers = (None, None, None, 0) if one is None else (one.mean, one.low, one.high, one.n)
            rows.append((*cases, *numbers, cell.planned, cell.finished, cell.chosen))
        return head, rows

    @property
    def caption(self) -> str:
        """What is shown, in a sentence: measure, axes, seeds."""
        named = [axis.name for axis in self.axes if axis.name]
        seeds = sorted({cell.interval.n for cell in self.cells if cell.interval is not None})
        over = f" by {join(named)}" if named else ""
        if not seeds or seeds[-1] < 2:
            return f"{measure_words(self.measure)}{over}, one seed a cell"
        number = counted(seeds[0], "seed") if len(seeds) == 1 else f"{seeds[0]:,} to {counted(seeds[-1], 'seed')}"
        return f"{measure_words(self.measure)}{over}, mean and 95 % interval over {number}"


def _ends(one: Interval) -> tuple[float, float]:
    return (math.nan, math.nan) if one.low is None or one.high is None else (one.low, one.high)


def _line(label: str, there: Sequence[tuple[float, Interval, bool]]) -> FigureLine:
    ends = [_ends(one) for _, one, _ in there]
    return FigureLine(
        label,
        np.array([x for x, _, _ in there]),
        np.array([one.mean for _, one, _ in there]),
        np.array([low for low, _ in ends]),
        np.array([high for _, high in ends]),
        np.array([one.n for _, one, _ in there], dtype=np.int64),
        np.array([few for _, _, few in there], dtype=bool),
    )


# ---------------------------------------------------------------------------------------------- making


def study_figure(
    library: Library, study: str, measure: str | None = None, *, show: Sequence[str] = (), known: Catalogue | None = None
) -> StudyFigure:
    """The figure of a study (or of several runs: see `figure_of`). Raises Refusal where no run of it has finished."""
    return figure_of(library, gather(library, [study]), measure, show=show, known=known)


def figure_of(
    library: Library, gathered: Gathered, measure: str | None = None, *, show: Sequence[str] = (), known: Catalogue | None = None
) -> StudyFigure:
    """The figure of runs that were gathered. measure: None: the claim's, else the one that says most; show: one or two axes by name.

    Axes that are not shown are averaged over, seed by seed. Raises Refusal: nothing measured, an unknown measure or axis.
    """
    groups, _ = group(library, gathered, None, known)
    reading = Reading(library, known)
    last = library.measures_of([row.uid for one in groups for row in one.finished])
    return figure_of_groups(groups, last, reading, measure, show=show, title=gathered.title)


def figure_of_groups(
    groups: Sequence[Group],
    last: Mapping[str, Mapping[str, float]],
    reading: Reading,
    measure: str | None = None,
    *,
    show: Sequence[str] = (),
    title: str = "",
) -> StudyFigure:
    """The same of groups with the last values of their runs."""
    where = varied(groups, reading)
    shown = _shown(where.axes, show)
    merged, places = _merged(groups, where, shown)
    values = values_of(merged, last)
    measures = tuple(in_reading_order(name for of_group in values for name in of_group))
    if not measures:
        raise Refusal("None of these runs has finished, so there is nothing to draw yet.")
    name = measure or _claimed(groups, reading, measures) or headline(values, measures)
    if name not in measures:
        raise Refusal(f"None of these runs has measured {name!r}{nearest(name, measures)}.")
    intervals = [interval_of(of_group.get(name, {})) for of_group in values]
    chosen = chosen_words(groups, reading) if len(shown) == len(where.axes) else {}
    most = max((one.n for one in intervals if one is not None), default=0)
    cells = tuple(
        FigureCell(
            at=at,
            label=one.label,
            interval=interval,
            values=of_group.get(name, {}),
            planned=len(one.runs),
            finished=len(one.finished),
            few=interval is not None and interval.n < most,
            chosen=chosen.get(one.runs[0].cell, ""),
        )
        for one, at, of_group, interval in zip(merged, places, values, intervals, strict=True)
    )
    axes = tuple(where.axes[i] for i in shown)
    averaged = tuple(axis for i, axis in enumerate(where.axes) if i not in shown)
    return StudyFigure(title, name, measures, axes, where.axes, averaged, cells)


def _claimed(groups: Sequence[Group], reading: Reading, measures: Sequence[str]) -> str | None:
    """The measure that the claim of the runs' study speaks of, where it was measured."""
    for study in dict.fromkeys(row.study for one in groups for row in one.runs):
        claim = reading.study(study).claim if study is not None else None
        for statement in claim.rule if claim is not None else ():
            if statement.left.measure in measures:
                return statement.left.measure
    return None


def _shown(axes: Sequence[VariedAxis], show: Sequence[str]) -> tuple[int, ...]:
    """The numbers of the axes that are shown: those asked for, else the two with numbers, or with most cases."""
    names = [axis.name for axis in axes]
    for name in show:
        if name not in names:
            raise Refusal(f"There is no axis {name!r}{nearest(name, names)}; what was varied is {join(names)}.")
    if show:
        return tuple(dict.fromkeys(names.index(name) for name in show[:2]))
    best = sorted(range(len(axes)), key=lambda i: (axes[i].numbers is None, -len(axes[i].cases), i))
    # the first axis of a study is what it is about: it is always shown
    kept = [0, *(i for i in best if i)][:2]
    return tuple(sorted(kept))


def _merged(groups: Sequence[Group], where: Varied, shown: Sequence[int]) -> tuple[list[Group], list[tuple[int, ...]]]:
    """The groups that share their cases on the axes that are shown put together, the cases of the others as blocks."""
    if len(shown) == len(where.axes):
        return list(groups), [tuple(at[i] for i in shown) for at in where.at]
    rows: dict[tuple[int, ...], list[RunRow]] = {}
    blocks: dict[tuple[int, ...], dict[str, str]] = {}
    for one, at in zip(groups, where.at, strict=True):
        place = tuple(at[i] for i in shown)
        rest = ", ".join(axis.cases[at[i]] for i, axis in enumerate(where.axes) if i not in shown)
        rows.setdefault(place, []).extend(one.runs)
        blocks.setdefault(place, {}).update((row.uid, rest) for row in one.runs)
    named = {place: ", ".join(where.axes[i].cases[case] for i, case in zip(shown, place, strict=True)) for place in rows}
    return [Group(named[place], tuple(those), {}, blocks[place]) for place, those in rows.items()], list(rows)


def chosen_words(groups: Sequence[Group], reading: Reading) -> dict[str, str]:
    """What tuning chose for each cell, in words by the cell's label: `rate 0.003, heads 2`; empty where nothing is tuned."""
    found = {}
    for one in groups:
        row = one.runs[0]
        axes = tuned_axes(reading.study(row.study)) if row.study is not None else []
        addresses = dict.fromkeys(
            at for axis in axes for at in ([axis.set] if axis.set else [at for c in axis.all_cases() for at in c.set])
        )
        says = reading.of(row).all if addresses else {}
        words = [f"{at.rpartition('.')[2].replace('_', ' ')} {value_words(says[at], at)}" for at in addresses if at in says]
        if words:
            found[row.cell] = ", ".join(words)
    return found
