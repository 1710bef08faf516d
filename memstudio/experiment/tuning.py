"""Tuned axes: which settings are tried, and which of them is chosen, by what trials measured on validation. Pure functions.

What is tried next follows from the document and the trials that have ended, and from nothing else: whoever works it out, whenever,
finds the same.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from memstudio.experiment import addresses
from memstudio.experiment.cells import Cell, complete, tuned_axes
from memstudio.experiment.document import Axis, Document, Range, Tuned
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Parameter, Real, Refusal, Whole
from memstudio.measures.names import split_name

#: What the seeds of trials have more than those of the document. Replicates end at 1,000, so no reported run has such a seed.
SEEDS_APART = 1_000_000
#: Trials that Optuna proposes at once: the next ones wait for all of them, so that they do not depend on who was quicker.
ROUND = 4
#: How often Optuna is asked for one that has not been tried yet; after that it has no more ideas.
ASKED = 25
#: Significant digits of a value out of a range: it is read in a label, and nobody tells 0.003162 from 0.0031623.
DIGITS = 3


@dataclass(frozen=True)
class Point:
    """One setting of the tuned axes. label: `rate 0.003, heads 2`; sets: what it sets, by address."""

    label: str
    sets: dict[str, Any]


@dataclass(frozen=True)
class Tried:
    """A trial that has ended: its setting, and what `by` came to (None: it failed, so it is never chosen)."""

    sets: dict[str, Any]
    value: float | None


@dataclass(frozen=True)
class Dimension:
    """What one tuned axis may set: cases, or a range of a parameter."""

    axis: Axis
    points: tuple[Point, ...] = ()
    parameter: Parameter | None = None

    @property
    def key(self) -> str:
        return self.axis.name


def settings(document: Document) -> Tuned:
    """How the tuned axes of a document are tuned: together, so all alike. Raises Refusal where they are not, or would look at test."""
    axes = tuned_axes(document)
    tuned = axes[0].tuned
    assert tuned is not None
    for axis in axes[1:]:
        if axis.tuned != tuned:
            raise Refusal(f"Axes {axes[0].name!r} and {axis.name!r} are tuned together, so both need the same `tuned`; make them alike.")
    refuse_test(tuned.by, f"Axis {axes[0].name!r} chooses by")
    return tuned


def refuse_test(measure: str, what: str) -> None:
    """Raises Refusal unless a measure is one of validation: nothing that chooses may look at test."""
    try:
        name, labels = split_name(measure)
    except ValueError as error:
        raise Refusal(f"{what} {measure!r}: {error}") from None
    if labels.get("split") == "validation":
        return
    wanted = ",".join(f"{key}={value}" for key, value in sorted({**labels, "split": "validation"}.items()))
    raise Refusal(f"{what} {measure}, which is not measured on validation; a choice may not see test, so write {name}[{wanted}].")


def missing_method(tuned: Tuned) -> str | None:
    """Why a method cannot be used here, or None."""
    if tuned.method == "optuna" and importlib.util.find_spec("optuna") is None:
        return "Tuning with Optuna needs the extra `tuning` (pip install 'memstudio[tuning]'); install it, or choose method random."
    return None


def proposals(document: Document, catalogue: Catalogue, cell: Cell, tried: Sequence[Tried]) -> list[Point]:
    """What to try next in a cell, after these trials (in the order of their proposal) have ended; empty: nothing any more.

    Grid: every combination at once. Random: all at once, the same in every cell. Optuna: so many a round. Raises Refusal.
    """
    tuned = settings(document)
    if sentence := missing_method(tuned):
        raise Refusal(sentence)
    space = dimensions(document, catalogue, cell)
    if tuned.method == "grid":
        return [] if tried else grid(space)
    if tuned.method == "random":
        return [] if tried else drawn(space, tuned.trials, document.run.seed)
    return _proposed(space, tuned, document.run.seed, tried)


def choose(tuned: Tuned, tried: Sequence[Tried]) -> int | None:
    """The place of the best trial, of equals the first; None where none measured anything. Raises Refusal for a measure of test."""
    refuse_test(tuned.by, "The choice goes by")
    sign = 1 if tuned.better == "lowest" else -1
    having = [(sign * one.value, place) for place, one in enumerate(tried) if one.value is not None and math.isfinite(one.value)]
    return min(having)[1] if having else None


# ---------------------------------------------------------------------------------------------- what may be tried


def dimensions(document: Document, catalogue: Catalogue, cell: Cell) -> list[Dimension]:
    """What each tuned axis may set in a cell. Raises Refusal where a range leads nowhere or out of what a parameter takes."""
    return [dimension(document, catalogue, cell, axis) for axis in tuned_axes(document)]


def dimension(document: Document, catalogue: Catalogue, cell: Cell, axis: Axis) -> Dimension:
    """What one tuned axis may set in a cell. Raises Refusal."""
    if axis.range is None:
        if not axis.all_cases():
            raise Refusal(f"Axis {axis.name!r} has no case to try; add cases, or a range.")
        return Dimension(axis, tuple(Point(case.label, dict(case.set)) for case in axis.all_cases()))
    if axis.set is None:
        raise Refusal(f"Axis {axis.name!r} has a range but does not say what it sets; add set with an address.")
    found = addresses.find(complete(document, cell.label, cell.sets, catalogue), axis.set, catalogue)
    parameter = found.parameter
    if not isinstance(parameter, Whole | Real):
        raise Refusal(f"Axis {axis.name!r} has a range, but {axis.set} takes no number; list its cases instead.")
    low, high = axis.range.low, axis.range.high
    if not low < high:
        raise Refusal(f"The range of axis {axis.name!r} goes from {low:g} to {high:g}; the first must be the smaller one.")
    if axis.range.log and low <= 0:
        raise Refusal(f"The range of axis {axis.name!r} is logarithmic, so it cannot begin at {low:g}; begin above 0.")
    if low < parameter.low or high > parameter.high:
        raise Refusal(f"The range of axis {axis.name!r} goes from {low:g} to {high:g}, but {parameter.title} takes {parameter.range_text}.")
    if isinstance(parameter, Whole) and (low != int(low) or high != int(high)):
        raise Refusal(f"The range of axis {axis.name!r} goes from {low:g} to {high:g}, but {parameter.title} takes whole numbers.")
    return Dimension(axis, (), parameter)


def within(document: Document, catalogue: Catalogue, axis: Axis) -> Range | None:
    """The range of an axis cut to what its parameter takes in the document as it stands; None where that leaves nothing."""
    if axis.range is None or axis.set is None:
        return None
    try:
        parameter = addresses.find(document, axis.set, catalogue).parameter
    except Refusal:
        return None
    if not isinstance(parameter, Whole | Real):
        return None
    low, high = max(axis.range.low, parameter.low), min(axis.range.high, parameter.high)
    return axis.range.model_copy(update={"low": float(low), "high": float(high)}) if low < high else None


def _point(dimension: Dimension, value: float) -> Point:
    """A value out of a range, rounded so that it can be read."""
    assert dimension.axis.range is not None
    assert dimension.axis.set is not None
    low, high = dimension.axis.range.low, dimension.axis.range.high
    if isinstance(dimension.parameter, Whole):
        now: float = int(min(max(round(value), low), high))
        text = str(now)
    else:
        now = min(max(float(f"{value:.{DIGITS}g}"), low), high)
        text = f"{now:g}"
    return Point(f"{dimension.axis.set.rpartition('.')[2].replace('_', ' ')} {text}", {dimension.axis.set: now})


def _spaced(dimension: Dimension) -> list[Point]:
    """A range's values in a grid, evenly apart (in ratio where it is logarithmic), each once."""
    assert dimension.axis.range is not None
    low, high, log, n = (getattr(dimension.axis.range, name) for name in ("low", "high", "log", "points"))
    shares = [i / (n - 1) for i in range(n)]
    values = [low * (high / low) ** share if log else low + (high - low) * share for share in shares]
    return list({_same(point.sets): point for point in (_point(dimension, value) for value in values)}.values())


def _joined(points: Sequence[Point]) -> Point:
    return Point(", ".join(point.label for point in points), {at: value for point in points for at, value in point.sets.items()})


def grid(space: Sequence[Dimension]) -> list[Point]:
    """Every combination, the first axis slowest."""
    return [_joined(points) for points in itertools.product(*(one.points or _spaced(one) for one in space))]


def drawn(space: Sequence[Dimension], number: int, seed: int) -> list[Point]:
    """So many different settings, drawn evenly (in ratio where a range is logarithmic); fewer where there are not so many."""
    draw = random.Random(f"memstudio/tuning/{seed}")
    found: dict[str, Point] = {}
    for point in itertools.islice(_draws(space, draw), 50 * number):
        found.setdefault(_same(point.sets), point)
        if len(found) == number:
            break
    return list(found.values())


def _draws(space: Sequence[Dimension], draw: random.Random) -> Iterator[Point]:
    while True:
        yield _joined([draw.choice(one.points) if one.points else _point(one, _draw(one, draw)) for one in space])


def _draw(dimension: Dimension, draw: random.Random) -> float:
    assert dimension.axis.range is not None
    low, high, log = dimension.axis.range.low, dimension.axis.range.high, dimension.axis.range.log
    share = draw.random()
    return float(low * (high / low) ** share if log else low + (high - low) * share)


# ---------------------------------------------------------------------------------------------- Optuna


def _proposed(space: Sequence[Dimension], tuned: Tuned, seed: int, tried: Sequence[Tried]) -> list[Point]:
    """The next round of Optuna's proposals: its tree-structured Parzen estimator, seeded by the run and the round."""
    left = min(ROUND, tuned.trials - len(tried))
    if left <= 0:
        return []
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=(seed * 1009 + len(tried)) % 2**31, n_startup_trials=min(10, max(ROUND, tuned.trials // 2)))
    study = optuna.create_study(sampler=sampler, direction="minimize" if tuned.better == "lowest" else "maximize")
    distributions = {one.key: _distribution(one) for one in space}
    for one in tried:
        chosen = {dimension.key: _given(dimension, one.sets) for dimension in space}
        state = optuna.trial.TrialState.COMPLETE if one.value is not None else optuna.trial.TrialState.FAIL
        study.add_trial(optuna.trial.create_trial(params=chosen, distributions=distributions, value=one.value, state=state))
    known = {_same(one.sets) for one in tried}
    points: list[Point] = []
    for _ in range(ASKED * left):
        asked = study.ask(distributions).params
        point = _joined([_asked(one, asked[one.key]) for one in space])
        if _same(point.sets) not in known:
            known.add(_same(point.sets))
            points.append(point)
        if len(points) == left:
            break
    return points


def _same(sets: dict[str, Any]) -> str:
    return repr(sorted(sets.items()))


def _distribution(dimension: Dimension) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.points:
        return CategoricalDistribution(list(range(len(dimension.points))))
    assert dimension.axis.range is not None
    low, high, log = dimension.axis.range.low, dimension.axis.range.high, dimension.axis.range.log
    if isinstance(dimension.parameter, Whole):
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(low, high, log=log)


def _asked(dimension: Dimension, value: Any) -> Point:
    return dimension.points[value] if dimension.points else _point(dimension, value)


def _given(dimension: Dimension, sets: dict[str, Any]) -> Any:
    """What a trial was given of a dimension, as Optuna names it."""
    if not dimension.points:
        assert dimension.axis.set is not None
        return sets[dimension.axis.set]
    return next(place for place, point in enumerate(dimension.points) if all(sets.get(at) == value for at, value in point.sets.items()))
