"""Which parameters matter for a measure, over runs that differ in several; and a parameter against a measure, run by run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from memstudio.experiment.entries import Catalogue
from memstudio.experiment.wording import counted
from memstudio.library.experiments import NOT_THERE, Differing, differing, value_words
from memstudio.library.groups import Group, Reading
from memstudio.library.library import Library
from memstudio.library.rows import RunRow
from memstudio.library.sentences import measure_words
from memstudio.measures.ranks import rank_correlation
from memstudio.measures.shares import corrected_share

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Method = Literal["forest", "variance", ""]
#: fewer runs than this say nothing; from FOREST runs on a forest is asked, which also sees what only matters together
FEWEST, FOREST = 10, 40
#: folds of the runs, trees of a forest, and times that each parameter is shuffled
FOLDS, TREES, SHUFFLES = 5, 80, 6
#: a forest that explains less than this of runs it has not seen has nothing to say about parameters
EXPLAINS = 0.1
#: what a run's seeds are called beside its parameters
SEED = "run.seed"


@dataclass(frozen=True)
class Important:
    """One parameter. share: of the spread in the measure that goes with it, 0 to 1; low, high: over folds, else None.

    direction: how the measure goes with its numbers, -1 to 1 (Spearman's rank correlation); None where it is no number.
    """

    address: str
    share: float
    low: float | None
    high: float | None
    direction: float | None

    @property
    def title(self) -> str:
        """The parameter as it is read: `heads`, `memory (mem1)` of a component."""
        node, _, name = self.address.rpartition(".")
        return node if name == "component" else "seed" if self.address == SEED else name.replace("_", " ")


@dataclass(frozen=True)
class Importance:
    """rows: the parameters, the most important first; method: "" where nothing can be said. words: what was done and what it says.

    explained: the share of the spread over runs left out that the forest predicts (R²), None of the other method.
    """

    measure: str
    n: int
    method: Method
    words: str
    rows: tuple[Important, ...] = ()
    explained: float | None = None


@dataclass(frozen=True, eq=False)
class Scatter:
    """A parameter against a measure. x, y: (n,) finite; group: (n,) the number of each run's group; names: what 0, 1, 2 ... of x stand for.

    Where x is a number, names is empty.
    """

    address: str
    measure: str
    x: Floats
    y: Floats
    group: Whole
    names: tuple[str, ...]
    runs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """What differs, run by run. columns: address -> a value a run; y: (runs,) the measure, finite."""

    rows: tuple[RunRow, ...]
    columns: Mapping[str, tuple[Any, ...]]
    y: Floats

    @property
    def asks_a_forest(self) -> bool:
        """Whether there are so many runs that a forest is asked, which takes its time."""
        return len(self.y) >= FOREST


def parameters_of(library: Library, rows: Sequence[RunRow], measure: str, known: Catalogue | None = None) -> Table:
    """The finished runs that have a finite value of the measure, with the parameters at which they differ, and their seeds."""
    last = library.measures_of([row.uid for row in rows if row.state == "finished"])
    there = [row for row in rows if math.isfinite(last.get(row.uid, {}).get(measure, math.nan))]
    reading = Reading(library, known)
    experiments = {row.document: reading.of(row) for row in there}
    place = {document: i for i, document in enumerate(experiments)}
    differs = differing(list(experiments.values())) if len(experiments) > 1 else ()
    columns = {one.address: tuple(one.values[place[row.document]] for row in there) for one in differs if _is_column(one)}
    seeds = tuple(row.seed for row in there)
    if len(set(seeds)) > 1:
        columns[SEED] = seeds
    return Table(tuple(there), columns, np.array([last[row.uid][measure] for row in there]))


def _is_column(one: Differing) -> bool:
    return one.address not in ("wires", SEED)


def importance(library: Library, rows: Sequence[RunRow], measure: str, *, known: Catalogue | None = None) -> Importance:
    """How much of a measure's spread over runs goes with each parameter; honest about few runs.

    Below FEWEST runs nothing is said; below FOREST the corrected share of variance between a parameter's values (ω², each by itself);
    else permutation importance of a random forest on runs it has not seen. Sources: Hays (1963); Breiman (2001).
    """
    return importance_of(parameters_of(library, rows, measure, known), measure)


def importance_of(table: Table, measure: str) -> Importance:
    """The same of what was read before; a forest takes a second or two."""
    n, what = len(table.y), measure_words(measure)
    if n < FEWEST:
        return Importance(measure, n, "", f"{counted(n, 'run')} cannot say which parameters matter for {what}; {FEWEST} or more could.")
    if not [address for address in table.columns if address != SEED]:
        return Importance(measure, n, "", "These runs differ in their seeds only, so no parameter can matter.")
    if float(np.ptp(table.y)) == 0:
        return Importance(measure, n, "", f"{what[:1].upper()}{what[1:]} is the same in all {n:,} runs, so no parameter matters for it.")
    return _by_forest(table, measure) if table.asks_a_forest else _by_variance(table, measure)


# ---------------------------------------------------------------------------------------------- few runs


def _by_variance(table: Table, measure: str) -> Importance:
    rows = []
    for address, values in table.columns.items():
        codes, _ = _coded(values, address)
        share = corrected_share(table.y, codes.astype(np.int64))
        direction = _direction(values, table.y)
        # numbers that hardly repeat have no groups to speak of: their ranks say it
        if direction is not None and len(set(codes.tolist())) > len(codes) / 2:
            share = _corrected_square(direction, len(codes))
        rows.append(Important(address, share, None, None, direction))
    ranked = tuple(sorted(rows, key=lambda one: -one.share))
    words = (
        f"The share of the spread in {measure_words(measure)} over {len(table.y):,} runs that goes with each parameter by itself (ω²). "
        f"What matters only together is not seen; {FOREST} runs or more could show it."
    )
    return Importance(measure, len(table.y), "variance", words, ranked)


def _corrected_square(correlation: float, n: int) -> float:
    """ρ² without what n ranks that have nothing to do with each other would show."""
    return max(0.0, 1 - (1 - correlation**2) * (n - 1) / (n - 2)) if n > 2 else 0.0


# ---------------------------------------------------------------------------------------------- many runs


def _by_forest(table: Table, measure: str) -> Importance:
    """Shuffling a parameter among runs that the forest has not seen: by how much its errors grow, as shares of one."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold

    addresses = list(table.columns)
    x = np.column_stack([_coded(values, address)[0] for address, values in table.columns.items()])
    y = table.y
    draws = np.random.default_rng(0)
    worse, explained = np.zeros((FOLDS, len(addresses))), []
    for fold, (seen, unseen) in enumerate(KFold(FOLDS, shuffle=True, random_state=0).split(x)):
        forest = RandomForestRegressor(TREES, min_samples_leaf=2, random_state=fold, n_jobs=1).fit(x[seen], y[seen])
        error = float(np.mean((forest.predict(x[unseen]) - y[unseen]) ** 2))
        explained.append(1 - error / (float(np.mean((y[unseen] - y[seen].mean()) ** 2)) or 1.0))
        for column in range(len(addresses)):
            worse[fold, column] = _shuffled_error(forest, x[unseen], y[unseen], column, draws) - error
    found = float(np.mean(explained))
    n, what = len(y), measure_words(measure)
    if found < EXPLAINS:
        words = (
            f"A forest over {n:,} runs predicts {what} of runs it has not seen no better than their mean (R² {found:.2f}), "
            "so nothing can be said about parameters."
        )
        return Importance(measure, n, "", words, (), found)
    # each fold's own sum, so that a fold that is hard to predict does not rule
    shares = np.maximum(worse, 0.0) / np.maximum(np.maximum(worse, 0.0).sum(axis=1, keepdims=True), 1e-300)
    rows = [
        Important(address, float(mine.mean()), float(mine.min()), float(mine.max()), _direction(table.columns[address], y))
        for address, mine in zip(addresses, shares.T, strict=True)
    ]
    words = (
        f"How much worse a random forest over {n:,} runs predicts {what} of runs it has not seen when a parameter is shuffled, as shares "
        f"of one; the lines reach from the lowest to the highest of {FOLDS} folds. The forest explains {max(0.0, found):.0%} of the spread."
    )
    return Importance(measure, n, "forest", words, tuple(sorted(rows, key=lambda one: -one.share)), found)


def _shuffled_error(forest: Any, x: Floats, y: Floats, column: int, draws: np.random.Generator) -> float:
    many = np.concatenate([x] * SHUFFLES)
    many[:, column] = np.concatenate([draws.permutation(x[:, column]) for _ in range(SHUFFLES)])
    return float(np.mean((forest.predict(many) - np.tile(y, SHUFFLES)) ** 2))


# ---------------------------------------------------------------------------------------------- values as numbers


def _coded(values: Sequence[Any], address: str) -> tuple[Floats, tuple[str, ...]]:
    """(numbers, names): numbers as they are; other values by their place among the different ones, in the order they come."""
    if all(_is_number(value) for value in values):
        return np.array([float(value) for value in values]), ()
    words = ["not there" if value is NOT_THERE else value_words(value, address) for value in values]
    names = tuple(dict.fromkeys(words))
    return np.array([float(names.index(word)) for word in words]), names


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _direction(values: Sequence[Any], y: Floats) -> float | None:
    if not all(_is_number(value) for value in values):
        return None
    return rank_correlation([float(value) for value in values], y.tolist())


def scatter(library: Library, groups: Sequence[Group], address: str, measure: str, known: Catalogue | None = None) -> Scatter:
    """A parameter against a measure over the groups' finished runs. Values that are no numbers are numbered as they come."""
    rows = [row for one in groups for row in one.finished]
    return scattered(parameters_of(library, rows, measure, known), groups, address, measure)


def scattered(table: Table, groups: Sequence[Group], address: str, measure: str) -> Scatter:
    """The same of what was read before; an address at which nothing differs has one value."""
    group_of = {row.uid: number for number, one in enumerate(groups) for row in one.finished}
    x, names = _coded(table.columns.get(address, (0,) * len(table.rows)), address)
    numbers = np.array([group_of[row.uid] for row in table.rows], dtype=np.int64)
    return Scatter(address, measure, x, table.y, numbers, names, tuple(row.uid for row in table.rows))
