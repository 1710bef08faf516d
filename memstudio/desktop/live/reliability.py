"""Reliability diagrams as they are drawn: accuracy over confidence, a histogram of confidences, the calibration error in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.live.seen import Floats, Option, PlotSeen, Track
from memstudio.desktop.words import count
from memstudio.measures.intervals import mean_interval

if TYPE_CHECKING:
    from memstudio.library import CurveAt, RunRow

Found = Mapping[str, Sequence[tuple["RunRow", "CurveAt"]]]

#: bins with fewer answers are small marks beside the line: one answer more or less would throw the line across the diagram
FEW = 10


@dataclass(frozen=True, eq=False)
class Diagram:
    """A reliability diagram: middles of the bins, and in each its number of answers, mean confidence, accuracy (bins,)."""

    middle: Floats
    count: Floats
    confidence: Floats
    accuracy: Floats

    @property
    def ece(self) -> float:
        """Σ (n_b / n) · |accuracy_b − confidence_b|."""
        total = float(self.count.sum())
        return float((self.count * np.abs(self.accuracy - self.confidence)).sum()) / total if total else float("nan")


def diagram(curve: CurveAt) -> Diagram:
    """The diagram a stored curve holds. KeyError where it has no such rows."""
    rows = dict(zip(curve.rows, np.asarray(curve.values, dtype=np.float64), strict=True))
    return Diagram(np.asarray(curve.axes[0].values, dtype=np.float64), rows["count"], rows["confidence"], rows["accuracy"])


def pooled(diagrams: Sequence[Diagram]) -> Diagram:
    """The diagram of all answers of several runs together, with equal bins; bins without answers keep their middle."""
    count = np.sum([one.count for one in diagrams], axis=0)
    some = np.where(count > 0, count, 1.0)
    middle = diagrams[0].middle

    def mean(values: Sequence[Floats]) -> Floats:
        weighed = np.sum([one.count * v for one, v in zip(diagrams, values, strict=True)], axis=0) / some
        return np.where(count > 0, weighed, middle)

    return Diagram(middle, count, mean([one.confidence for one in diagrams]), mean([one.accuracy for one in diagrams]))


def reliability(found: Found, title: str, name: str, options: tuple[Option, ...], at: int) -> PlotSeen:
    """The diagrams of all cells, each of all answers of its finished seeds together."""
    tracks: list[Track] = []
    words: dict[int, str] = {}
    several = len(found) > 1
    everything: list[Diagram] = []
    for number, (label, pairs) in enumerate(found.items()):
        of_cell = [(row, diagram(curve)) for row, curve in pairs if {"count", "confidence", "accuracy"} <= set(curve.rows)]
        finished = [one for row, one in of_cell if row.state == "finished"]
        groups = _alike(finished)
        if groups:
            together = f", {count(len(groups), 'seed')} together" if len(groups) > 1 else ""
            tracks += _tracks(("mean", number, name), number, f"{label or 'run'}{together}", pooled(groups), beside=False)
        for row, one in of_cell:
            if row.state != "finished":
                tracks += _tracks(("run", row.uid, name), number, f"{label or 'run'}, seed {row.seed:,}", one, beside=bool(groups))
        judged = finished or [one for _, one in of_cell]
        if judged:
            words[number] = _ece_words(judged)
            everything += judged
    return PlotSeen(
        title=title,
        x_name="confidence",
        y_name="accuracy",
        chosen=name,
        options=options,
        tracks=tuple(tracks),
        x_end=1.0,
        share=True,
        diagonal=True,
        bars=_bars(_alike(everything)),
        words=words if several else {},
        step=at,
        note="numbers: ECE, bars: share of answers" if several else f"ECE {next(iter(words.values()))}" if words else "",
    )


def _alike(diagrams: Sequence[Diagram]) -> list[Diagram]:
    """Those with the same bins as the first: others cannot be put together with it."""
    return [one for one in diagrams if np.array_equal(one.middle, diagrams[0].middle)]


def _tracks(key: tuple[object, ...], number: int, words: str, one: Diagram, beside: bool) -> list[Track]:
    """The line through the bins that hold FEW answers or more, and small marks of those that hold fewer.

    An empty bin lies on the diagonal by its definition; drawn, it would look like perfect calibration, so it is left out.
    """
    many, few = one.count >= FEW, (one.count > 0) & (one.count < FEW)
    line = Track(key, number, words, one.confidence[many], one.accuracy[many], "thin" if beside else "main", marked=not beside)
    if beside or not few.any():
        return [line]
    return [line, Track((*key, "few"), number, f"{words}, few answers", one.confidence[few], one.accuracy[few], "small")]


def _ece_words(diagrams: Sequence[Diagram]) -> str:
    numbers = [one.ece for one in diagrams if np.isfinite(one.ece)]
    if not numbers:
        return "no answers"
    interval = mean_interval(numbers)
    half = f" ± {interval.half_width:.3f}" if interval.half_width is not None else ""
    return f"{interval.mean:.3f}{half}"


def _bars(diagrams: Sequence[Diagram]) -> tuple[Floats, Floats] | None:
    """Edges of the bins and the share of all answers in each."""
    if not diagrams:
        return None
    middle = diagrams[0].middle
    total = np.sum([one.count for one in diagrams], axis=0)
    if len(middle) < 2 or not total.sum():
        return None
    inner = (middle[:-1] + middle[1:]) / 2
    edges = np.concatenate([[2 * middle[0] - inner[0]], inner, [2 * middle[-1] - inner[-1]]])
    return edges, total / total.sum()
