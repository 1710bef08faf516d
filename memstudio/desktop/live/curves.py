"""The lines of the panels that show curves: recall by load or distance, reliability diagrams, scores by severity, at one stored step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.home.picture import title_of
from memstudio.desktop.live.reading import ENDED, Reading, begun
from memstudio.desktop.live.seen import Floats, Option, PlotSeen, Track
from memstudio.desktop.words import count
from memstudio.measures.intervals import mean_interval
from memstudio.measures.means import aligned, spread
from memstudio.measures.names import split_name
from memstudio.measures.spacing import grows_by_factors

if TYPE_CHECKING:
    from memstudio.library import CurveAt, RunRow
    from memstudio.library.overlays import Reference

_X_NAMES = {
    "load": "items to remember",
    "distance": "distance",
    "serial_position": "place in the list",
    "length": "length of the item",
    "depth": "depth, per cent of the length",
    "severity": "severity of corruption",
    "stored": "patterns stored",
    "noise": "share of the cue that is wrong",
}
_Y_NAMES = {"nll": "NLL, nats", "ece": "ECE", "retrieval_snr_db": "retrieval SNR, dB", "bits_per_token": "bits a token"}
_TITLES = {"recall": "Recall", "calibration": "Calibration", "other": "Curves"}


@dataclass(frozen=True)
class Form:
    """What a curve is: its kind, the name of its axis where it has one of numbers, and the panel it belongs to ("" = none)."""

    kind: str
    panel: str


def form_of(curve: CurveAt) -> Form:
    """The form of a stored curve."""
    if curve.kind == "picture":
        return Form(curve.kind, "picture")
    bare = bare_name(curve.name)
    if len(curve.axes) != 1 or any(isinstance(value, str) for value in curve.axes[0].values):
        return Form(curve.kind, "")
    if curve.kind == "reliability" or bare.endswith("_by_severity"):
        return Form(curve.kind, "calibration")
    return Form(curve.kind, "recall" if bare.startswith("recall_by_") else "other")


def bare_name(name: str) -> str:
    """A curve's name without its labels."""
    try:
        return split_name(name)[0]
    except ValueError:
        return name


def option(name: str, form: Form) -> Option:
    """How a curve is named in a panel's chooser."""
    bare = bare_name(name)
    measure, _, axis = bare.partition("_by_")
    title = (
        "Reliability"
        if form.kind == "reliability"
        else f"by {axis.replace('_', ' ')}"
        if form.panel == "recall"
        else title_of(measure, axis)
    )
    rest = name[len(bare) :].strip("[]")
    return Option(name, f"{title} ({rest.replace('=', ' ')})" if rest else title)


#: how curves follow each other in a chooser; others come after, by name
_ORDER = ("recall_by_load", "recall_by_distance", "reliability", "accuracy_by_severity", "ece_by_severity", "nll_by_severity")


def in_order(names: Sequence[str]) -> list[str]:
    """The names as a chooser lists them; the last stage's (bare) before those of stages before."""
    return sorted(names, key=lambda name: (_ORDER.index(bare_name(name)) if bare_name(name) in _ORDER else len(_ORDER), len(name), name))


def plot(
    reading: Reading,
    cells: Mapping[str, Sequence[RunRow]],
    panel: str,
    forms: Mapping[str, Form],
    chosen: str,
    step: int | None,
    focus: RunRow,
) -> PlotSeen | None:
    """What a panel of curves shows at a step (None: the newest of each run); None where no run has such curves."""
    names = in_order([name for name, form in forms.items() if form.panel == panel])
    if not names:
        return None
    name = chosen if chosen in names else names[0]
    options = tuple(option(each, forms[each]) for each in names)
    found = {
        label: [(row, curve) for row in begun(rows) if (curve := reading.curve(row, name, step)) is not None]
        for label, rows in cells.items()
    }
    every = [pair for pairs in found.values() for pair in pairs]
    if not every:
        return PlotSeen(_TITLES[panel], "", "", name, options)
    # what is on its way says where the panel stands; once nothing is, what came furthest
    own = None if focus.state in ENDED else next((curve.step for row, curve in every if row.uid == focus.uid), None)
    at = own if own is not None else max(curve.step for _, curve in every)
    make = _reliability if forms[name].kind == "reliability" else _lines
    return make(found, _TITLES[panel], name, options, at)


Found = Mapping[str, Sequence[tuple["RunRow", "CurveAt"]]]


def _lines(found: Found, title: str, name: str, options: tuple[Option, ...], at: int) -> PlotSeen:
    first = next(curve for pairs in found.values() for _, curve in pairs)
    axis = first.axes[0]
    tracks: list[Track] = []
    for number, (label, pairs) in enumerate(found.items()):
        tracks += _of_cell(number, label, name, pairs)
    xs = np.unique(np.concatenate([track.x for track in tracks])) if tracks else np.empty(0)
    bare = bare_name(name)
    measure = bare.partition("_by_")[0]
    x_name = _X_NAMES.get(axis.name, axis.name.replace("_", " "))
    return PlotSeen(
        title=title,
        x_name=f"{x_name}, {axis.unit}" if axis.unit else x_name,
        y_name=_Y_NAMES.get(measure, measure.replace("_", " ")),
        chosen=name,
        options=options,
        tracks=tuple(tracks),
        share=measure in ("recall", "accuracy", "average_accuracy"),
        log_x=grows_by_factors(xs.tolist()),
        reference=_reference(found),
        step=at,
    )


def _of_cell(number: int, label: str, name: str, pairs: Sequence[tuple[RunRow, CurveAt]]) -> list[Track]:
    finished = [_points(curve) for row, curve in pairs if row.state == "finished"]
    tracks = []
    if finished:
        line = spread(*aligned(finished))
        several = len(finished) > 1
        words = f"{label or 'run'}, mean of {count(len(finished), 'seed')}" if several else label or "run"
        low, high = (line.low, line.high) if several else (None, None)
        tracks.append(Track(("mean", number, name), number, words, line.x, line.mean, "main", low, high, marked=True))
    for row, curve in pairs:
        if row.state != "finished":
            x, y = _points(curve)
            words = f"{label or 'run'}, seed {row.seed:,}"
            tracks.append(Track(("run", row.uid, name), number, words, x, y, "thin" if finished else "main", marked=not finished))
    return tracks


def _points(curve: CurveAt) -> tuple[Floats, Floats]:
    """(x, y) of a curve's first row, in rising order of x."""
    x = np.asarray(curve.axes[0].values, dtype=np.float64)
    table = np.asarray(curve.values, dtype=np.float64)
    y = table[0] if curve.rows else table
    order = np.argsort(x, kind="stable")
    return x[order], y[order]


def _reference(found: Found) -> Reference | None:
    from memstudio.library.overlays import reference_of

    known = (reference_of(curve) for pairs in found.values() for _, curve in pairs)
    return next((one for one in known if one is not None), None)


# ---------------------------------------------------------------------------------------------- reliability

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


def _reliability(found: Found, title: str, name: str, options: tuple[Option, ...], at: int) -> PlotSeen:
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
        note="numbers: ECE" if several else f"ECE {next(iter(words.values()))}" if words else "",
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
