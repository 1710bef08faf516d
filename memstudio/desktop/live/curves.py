"""The lines of the panels that show curves: recall by load or distance, reliability diagrams, scores by severity, at one stored step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.home.picture import title_of
from memstudio.desktop.live.reading import ENDED, Reading, begun
from memstudio.desktop.live.reliability import Found, reliability
from memstudio.desktop.live.seen import Floats, Option, PlotSeen, Track
from memstudio.desktop.words import count
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
    "token of the item": "token of the item",
    "criterion": "criterion",
    "severity": "severity of corruption",
    "stored": "patterns stored",
    "noise": "share of the cue that is wrong",
}
_Y_NAMES = {"nll": "NLL, nats", "ece": "ECE", "retrieval_snr_db": "retrieval SNR, dB", "bits_per_token": "bits a token"}
#: rows of a curve that are drawn as dim lines beside it; the row that says which points were trained
HELD_AGAINST = ("chance", "theory", "these keys")
TRAINED = "trained"
#: measures that are shares of one
SHARES = ("recall", "accuracy", "average_accuracy")
_TITLES = {"recall": "Recall", "calibration": "Calibration", "other": "Curves"}


@dataclass(frozen=True)
class Form:
    """What a curve is: its kind and the panel it belongs to ("" = none).

    rows: what its rows are, empty where it has one without a name; numbers: whether its points are numbers, and can stand along an axis.
    """

    kind: str
    panel: str
    rows: tuple[str, ...] = ()
    numbers: bool = True

    @property
    def measured(self) -> tuple[str, ...]:
        """The rows besides the first that were measured: what is held against it, and parts of it, are drawn with the first."""
        return tuple(row for row in self.rows[1:] if row not in (*HELD_AGAINST, TRAINED)) if self.kind == "line" else ()


def form_of(curve: CurveAt) -> Form:
    """The form of a stored curve."""
    if curve.kind == "picture":
        return Form(curve.kind, "picture")
    bare = bare_name(curve.name)
    if len(curve.axes) == 2 and curve.values.ndim == 2 and curve.kind == "matrix":
        # the matrix of tasks has its place among what is forgotten
        return Form(curve.kind, "" if bare == "accuracy_matrix" else "tables")
    if len(curve.axes) != 1:
        return Form(curve.kind, "")
    numbers = not any(isinstance(value, str) for value in curve.axes[0].values)
    if curve.kind == "reliability" or (numbers and bare.endswith("_by_severity")):
        return Form(curve.kind, "calibration", tuple(curve.rows), numbers)
    return Form(curve.kind, "recall" if numbers and bare.startswith("recall_by_") else "other", tuple(curve.rows), numbers)


def choice(name: str, row: str = "") -> str:
    """What a chooser says of a curve, or of one row of it."""
    return f"{name}\n{row}" if row else name


def chosen_curve(choice: str) -> tuple[str, str]:
    """The name of the curve, and the row ("" = the first) that a choice is."""
    name, _, row = choice.partition("\n")
    return name, row


def bare_name(name: str) -> str:
    """A curve's name without its labels."""
    try:
        return split_name(name)[0]
    except ValueError:
        return name


def options_of(names: Sequence[str], forms: Mapping[str, Form]) -> tuple[Option, ...]:
    """Every curve as a chooser names it, each followed by its further rows."""
    found = []
    for name in names:
        first = option(name, forms[name])
        found += [first, *(Option(choice(name, row), f"{first.title}: {row}") for row in forms[name].measured)]
    return tuple(found)


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
        if axis
        else measure.replace("_", " ").capitalize()
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
    options = options_of(names, forms)
    chosen = chosen if chosen in {one.id for one in options} else names[0]
    name, _ = chosen_curve(chosen)
    found = {
        label: [(row, curve) for row in begun(rows) if (curve := reading.curve(row, name, step)) is not None]
        for label, rows in cells.items()
    }
    every = [pair for pairs in found.values() for pair in pairs]
    if not every:
        return PlotSeen(_TITLES[panel], "", "", chosen, options)
    # what is on its way says where the panel stands; once nothing is, what came furthest
    own = None if focus.state in ENDED else next((curve.step for row, curve in every if row.uid == focus.uid), None)
    at = own if own is not None else max(curve.step for _, curve in every)
    if forms[name].kind == "reliability":
        return reliability(found, _TITLES[panel], name, options, at)
    return _lines(found, _TITLES[panel], chosen, options, at)


def _lines(found: Found, title: str, chosen: str, options: tuple[Option, ...], at: int) -> PlotSeen:
    name, row_name = chosen_curve(chosen)
    first = next(curve for pairs in found.values() for _, curve in pairs)
    axis = first.axes[0]
    names = tuple(str(value).replace("_", " ") for value in axis.values) if any(isinstance(value, str) for value in axis.values) else ()
    tracks: list[Track] = []
    for number, (label, pairs) in enumerate(found.items()):
        of_cell = _of_cell(number, label, chosen, pairs)
        # what has no order between it has no line between it
        tracks += [replace(track, style="dots", marked=True) for track in of_cell] if names else of_cell
    xs, held = np.unique(np.concatenate([track.x for track in tracks])) if tracks else np.empty(0), _held_against(found)
    measure = bare_name(name).partition("_by_")[0]
    what = row_name or _Y_NAMES.get(measure, measure.replace("_", " "))
    x_name = _X_NAMES.get(axis.name, axis.name.replace("_", " "))
    return PlotSeen(
        title=title,
        x_name=f"{x_name}, {axis.unit}" if axis.unit else x_name,
        y_name=f"{what}, {first.rows[0]}" if not row_name and measure == "capacity" and first.rows[:1] == ("pairs",) else what,
        chosen=chosen,
        options=options,
        tracks=tuple(tracks),
        share=measure in SHARES and row_name != "overlap",
        log_x=not names and grows_by_factors(xs.tolist()),
        reference=held[0] if held else None,
        references=held[1:],
        step=at,
        note="large marks: trained" if TRAINED in first.rows and not row_name else "",
        x_names=names,
    )


def _of_cell(number: int, label: str, chosen: str, pairs: Sequence[tuple[RunRow, CurveAt]]) -> list[Track]:
    _, row_name = chosen_curve(chosen)
    finished = [points(curve, row_name) for row, curve in pairs if row.state == "finished"]
    tracks = []
    if finished:
        line = spread(*aligned(finished))
        several = len(finished) > 1
        words = f"{label or 'run'}, mean of {count(len(finished), 'seed')}" if several else label or "run"
        low, high = (line.low, line.high) if several else (None, None)
        tracks.append(Track(("mean", number, chosen), number, words, line.x, line.mean, "main", low, high, marked=True))
        tracks += _trained(("mean", number, chosen), number, [curve for row, curve in pairs if row.state == "finished"], row_name)
    for row, curve in pairs:
        if row.state != "finished":
            x, y = points(curve, row_name)
            words = f"{label or 'run'}, seed {row.seed:,}"
            key = ("run", row.uid, chosen)
            tracks.append(Track(key, number, words, x, y, "thin" if finished else "main", marked=not finished))
            tracks += [] if finished else _trained(key, number, [curve], row_name)
    return tracks


def _trained(key: tuple[object, ...], number: int, curves: Sequence[CurveAt], row_name: str) -> list[Track]:
    """Large marks over the points that were trained, where a curve says which were."""
    those = [points(curve, TRAINED) for curve in curves if TRAINED in curve.rows and not row_name]
    if not those:
        return []
    line = spread(*aligned(those))
    return [Track((*key, TRAINED), number, "", line.x, line.mean, "large")]


def points(curve: CurveAt, row: str = "") -> tuple[Floats, Floats]:
    """(x, y) of a curve's row ("" = the first), in rising order of x; points without numbers lie at 0, 1, 2 ..."""
    values = curve.axes[0].values
    x = np.asarray([at if isinstance(value, str) else value for at, value in enumerate(values)], dtype=np.float64)
    table = np.asarray(curve.values, dtype=np.float64)
    y = table[list(curve.rows).index(row) if row in curve.rows else 0] if curve.rows else table
    order = np.argsort(x, kind="stable")
    return x[order], y[order]


def _held_against(found: Found) -> tuple[Reference, ...]:
    """The rows that curves are held against, of the first curve that has any."""
    from memstudio.library.overlays import Reference

    for pairs in found.values():
        for _, curve in pairs:
            if rows := [row for row in HELD_AGAINST if row in curve.rows]:
                return tuple(Reference(row, *points(curve, row)) for row in rows)
    return ()
