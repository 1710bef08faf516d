"""Measures recall: in all, of each part, by what labels parts (load, length) and by what is known of each query (distance)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from memstudio.components.probe.recall.parts import along_labels, learned, tables
from memstudio.components.runtime import Axis, Curve, Measured, Outcome, Probe, Trained
from memstudio.measures.names import measure_name
from memstudio.measures.recall import Groups, by_octave, by_value, correct, grouped

#: Each group of distances becomes a series of its own; a task with hundreds of distances would drown the list of series.
MOST_SERIES = 16

#: what is known of targets, and says nothing of how well they are recalled
NO_MARKS = frozenset({"pattern", "characters"})

Right = NDArray[np.bool_]


class Recall(Probe):
    """Recall over all main parts (`recall`), of each labelled part (`recall[load=16]`), and curves of it.

    distances: "octaves" or "each". Curves: one for each mark of queries (`recall_by_distance`, `recall_by_serial_position`), one for
    each label with numbers (`recall_by_load`, `recall_by_length`), and a table for each two of these (`recall_by_depth_and_length`).
    Without loads the bare recall is the accuracy on the main parts.
    """

    def __init__(self, *, every: int, items: int, distances: str) -> None:
        self.every = every
        self.items = items
        self.distances = distances

    def measure(self, trained: Trained, full: bool) -> Measured:
        outcomes = [outcome for outcome in trained.outcomes("test", None if full else self.items) if outcome.targets.size]
        judged = [(outcome, correct(outcome.probabilities, outcome.targets)) for outcome in outcomes]
        values = {measure_name("recall", outcome.labels): float(right.mean()) for outcome, right in judged}
        main = [(outcome, right) for outcome, right in judged if outcome.main]
        if not main:
            return Measured(values)
        values["recall"] = float(np.concatenate([right for _, right in main]).mean())
        chance = trained.stream.chance
        of_parts = along_labels(judged, chance, learned(trained.stream, judged))
        seen = Measured(values, [*of_parts, *tables(judged)])
        # a label says it already where both have the same name
        labelled = {curve.name for curve in of_parts}
        for mark in dict.fromkeys(mark for outcome, _ in main for mark in outcome.marks):
            if mark not in NO_MARKS and f"recall_by_{mark}" not in labelled:
                seen = seen + self._by_mark(main, mark, chance)
        return seen

    def _by_mark(self, main: Sequence[tuple[Outcome, Right]], mark: str, chance: float | None) -> Measured:
        """Recall by a number that is known of each query: a curve, and a measure for each group where these are few."""
        marked = [(np.asarray(outcome.marks[mark], dtype=np.float64), right) for outcome, right in main if mark in outcome.marks]
        numbers = np.concatenate([marks for marks, _ in marked])
        right = np.concatenate([right for _, right in marked])
        # A query about something never shown has no distance; tasks mark it as negative or not a number.
        known = np.isfinite(numbers) & (numbers >= 0)
        if not known.any():
            return Measured()
        groups = self._grouped(mark, numbers[known])
        if mark != "distance" and len(groups.label) < 2:
            return Measured()
        recall = groups.mean(right[known])
        points = dict(zip(groups.label.tolist(), recall.tolist(), strict=True))
        values = {measure_name("recall", {mark: at}): r for at, r in points.items()} if len(points) <= MOST_SERIES else {}
        return Measured(values, [_curve(mark, points, chance, "positions" if mark == "distance" else "")])

    def _grouped(self, mark: str, numbers: NDArray[np.float64]) -> Groups:
        if mark == "distance":
            return by_octave(numbers) if self.distances == "octaves" else by_value(numbers)
        return by_value(numbers) if mark == "serial_position" else grouped(numbers, MOST_SERIES)


def _curve(mark: str, points: Mapping[float, float], chance: float | None, unit: str) -> Curve:
    rows = [list(points.values())] + ([] if chance is None else [[chance] * len(points)])
    names = ("recall",) if chance is None else ("recall", "chance")
    axis = Axis(mark.replace("_", " "), tuple(points), unit)
    return Curve(f"recall_by_{mark}", np.array(rows, dtype=np.float64), (axis,), rows=names)
