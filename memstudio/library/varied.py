"""What was varied, as axes: the axes of a study with their cases, or the addresses at which documents differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memstudio.experiment.cells import cell_cases, reported_axes
from memstudio.experiment.document import Axis
from memstudio.experiment.parameters import Refusal
from memstudio.library.experiments import NOT_THERE, differing, value_words
from memstudio.library.groups import Group, Reading
from memstudio.measures.spacing import grows_by_factors

#: more addresses than this at which runs of no study differ make no axes: their labels do
MOST_AXES = 3


@dataclass(frozen=True)
class VariedAxis:
    """One axis of a figure. cases: their labels; numbers: a value a case where all are numbers (rising with the cases), else None.

    address: what the axis sets, where that is one address; log: whether the numbers grow by factors.
    """

    name: str
    cases: tuple[str, ...]
    numbers: tuple[float, ...] | None = None
    address: str | None = None

    @property
    def log(self) -> bool:
        """Whether a log axis spaces its numbers evenly."""
        return self.numbers is not None and grows_by_factors(self.numbers)


@dataclass(frozen=True)
class Varied:
    """The axes, and where each group stands on them: the number of its case on each axis."""

    axes: tuple[VariedAxis, ...]
    at: tuple[tuple[int, ...], ...]


def varied(groups: Sequence[Group], reading: Reading) -> Varied:
    """The axes on which these groups (cells of one study, or runs of several documents) lie."""
    return _of_study(groups, reading) or _of_documents(groups, reading) or _of_labels(groups)


def _of_study(groups: Sequence[Group], reading: Reading) -> Varied | None:
    """The axes of the one study that all runs belong to; None where there is no such study, or it cannot say which cell is which."""
    studies = {row.study for one in groups for row in one.runs}
    if len(studies) != 1 or (study := next(iter(studies))) is None:
        return None
    try:
        document = reading.study(study)
        known = {cell.label: dict(cell.cases) for cell in cell_cases(document)}
    except Refusal:
        return None
    cells = [one.runs[0].cell for one in groups]
    if any(cell not in known for cell in cells) or len(set(cells)) < len(cells):
        return None
    axes = [_axis(axis, {known[cell][axis.name] for cell in cells}) for axis in reported_axes(document)]
    axes = [axis for axis in axes if len(axis.cases) > 1]
    if not axes:
        return None
    return Varied(tuple(axes), tuple(tuple(axis.cases.index(known[cell][axis.name]) for axis in axes) for cell in cells))


def _axis(axis: Axis, there: Iterable[str]) -> VariedAxis:
    """An axis with the cases that are there; numeric where each of them sets the same one address to a number."""
    wanted = set(there)
    cases = [case for case in axis.all_cases() if case.label in wanted]
    addresses = {tuple(case.set) for case in cases}
    if len(addresses) != 1 or len(only := next(iter(addresses))) != 1:
        return VariedAxis(axis.name, tuple(case.label for case in cases))
    return _by_value(axis.name, only[0], {case.label: case.set[only[0]] for case in cases})


def _by_value(name: str, address: str, values: Mapping[str, Any]) -> VariedAxis:
    """An axis of labels with their values; numbers in rising order, however they were written."""
    numbers = {label: float(value) for label, value in values.items() if _is_number(value)}
    if len(numbers) == len(values) and len(set(numbers.values())) == len(numbers) > 1:
        rising = sorted(numbers, key=lambda label: numbers[label])
        return VariedAxis(name, tuple(rising), tuple(numbers[label] for label in rising), address)
    return VariedAxis(name, tuple(values), None, address)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _of_documents(groups: Sequence[Group], reading: Reading) -> Varied | None:
    """An axis for each address at which the groups' documents differ, where these are few and tell the groups apart."""
    differs = [one for one in differing([reading.of(one.runs[0]) for one in groups]) if one.address != "wires"]
    if not 1 <= len(differs) <= MOST_AXES or len({one.label for one in groups}) < 2:
        return None
    labels = [[_label(value, one.address) for value in one.values] for one in differs]
    places = list(zip(*labels, strict=True))
    if len(set(places)) < len(places):
        return None
    axes = tuple(
        _by_value(one.address.rpartition(".")[2].replace("_", " "), one.address, dict(zip(named, one.values, strict=True)))
        for one, named in zip(differs, labels, strict=True)
    )
    # a product of which most is missing is no product: what differs then goes together
    if math.prod(len(axis.cases) for axis in axes) > 2 * len(groups):
        return None
    return Varied(axes, tuple(tuple(axis.cases.index(word) for axis, word in zip(axes, place, strict=True)) for place in places))


def _label(value: Any, address: str) -> str:
    return "not there" if value is NOT_THERE else value_words(value, address)


def _of_labels(groups: Sequence[Group]) -> Varied:
    return Varied((VariedAxis("", tuple(one.label for one in groups)),), tuple((i,) for i in range(len(groups))))
