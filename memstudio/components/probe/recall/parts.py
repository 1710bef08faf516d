"""Recall along what labels the parts of a test: by load, by length beyond what was trained, by depth and length at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from memstudio.components.runtime import Axis, Curve, Outcome, Stream

Right = NDArray[np.bool_]
Judged = Sequence[tuple[Outcome, Right]]
T = TypeVar("T")

#: labels that stand along the horizontal axis of a table, where one of two is among them
ACROSS = ("length", "load")
#: the share of a table's cells that must be there at least
FULL = 0.75
UNITS: Mapping[str, str] = {"length": "tokens", "depth": "%"}


def numbers(labels: Mapping[str, str | int | float]) -> dict[str, float]:
    """The labels whose values are numbers (load, severity), and so can stand along an axis."""
    return {name: float(value) for name, value in labels.items() if not isinstance(value, str)}


def of_one_kind(judged: Sequence[tuple[Outcome, T]]) -> list[tuple[Outcome, T]]:
    """The main parts, and those others that are labelled just as a main one is: a longer length is, a corrupted variant is not."""
    kinds = {frozenset(outcome.labels) for outcome, _ in judged if outcome.main}
    return [(outcome, seen) for outcome, seen in judged if outcome.main or frozenset(outcome.labels) in kinds]


def learned(stream: Stream, judged: Judged) -> dict[str, set[float]]:
    """Which values of labels with numbers were trained: those of validation parts, whose items are like those of training.

    Of a label that no validation part has, those of the main test parts.
    """
    found: dict[str, set[float]] = {}
    for labels in [part.labels for part in stream.parts("validation")]:
        for name, value in numbers(labels).items():
            found.setdefault(name, set()).add(value)
    main: dict[str, set[float]] = {}
    for outcome, _ in judged:
        for name, value in numbers(outcome.labels).items() if outcome.main else ():
            main.setdefault(name, set()).add(value)
    return main | found


def along_labels(judged: Judged, chance: float | None, trained: Mapping[str, set[float]]) -> list[Curve]:
    """A curve for each label with numbers: the recall over all targets of the parts that share its value.

    Where some of its values were not trained (greater lengths), a row `trained` holds the recall at the others alone.
    """
    found: dict[str, dict[float, list[Right]]] = {}
    for outcome, right in of_one_kind(judged):
        for name, value in numbers(outcome.labels).items():
            found.setdefault(name, {}).setdefault(value, []).append(right)
    return [_curve(name, dict(sorted(parts.items())), chance, trained.get(name, set(parts))) for name, parts in found.items()]


def _curve(name: str, parts: Mapping[float, Sequence[Right]], chance: float | None, trained: set[float]) -> Curve:
    rows = {"recall": [_mean(those) for those in parts.values()]}
    if chance is not None:
        rows["chance"] = [chance] * len(parts)
    if not set(parts) <= trained:
        rows["trained"] = [_mean(those if value in trained else []) for value, those in parts.items()]
    return Curve(f"recall_by_{name}", np.array(list(rows.values())), (Axis(name, tuple(parts), UNITS.get(name, "")),), rows=tuple(rows))


def tables(judged: Judged) -> list[Curve]:
    """A table for each two labels with numbers that both vary, `recall_by_depth_and_length`: NaN where no part is.

    Labels of which few combinations are tested (one follows from the other) give none.
    """
    kept = [(numbers(outcome.labels), right) for outcome, right in of_one_kind(judged)]
    names = list(dict.fromkeys(name for labels, _ in kept for name in labels))
    return [table for pair in combinations(names, 2) if (table := _table(kept, *pair)) is not None]


def _table(kept: Sequence[tuple[Mapping[str, float], Right]], first: str, second: str) -> Curve | None:
    down, across = (second, first) if first in ACROSS and second not in ACROSS else (first, second)
    cells: dict[tuple[float, float], list[Right]] = {}
    for labels, right in kept:
        if down in labels and across in labels:
            cells.setdefault((labels[down], labels[across]), []).append(right)
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    if len(rows) < 2 or len(columns) < 2 or len(cells) < FULL * len(rows) * len(columns):
        return None
    values = np.array([[_mean(cells.get((row, column), [])) for column in columns] for row in rows])
    axes = (Axis(down, tuple(rows), UNITS.get(down, "")), Axis(across, tuple(columns), UNITS.get(across, "")))
    return Curve(f"recall_by_{down}_and_{across}", values, axes, kind="matrix")


def _mean(parts: Sequence[Right]) -> float:
    return float(np.concatenate(parts).mean()) if parts else float("nan")
