"""Overlays of the library as plots: which there are, what they are called, and their lines as the plots draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.compare.seen import steps_words
from memstudio.desktop.home.picture import title_of
from memstudio.desktop.live.seen import Floats, Option, PlotSeen, Track
from memstudio.desktop.words import count
from memstudio.library.comparison import in_reading_order
from memstudio.library.sentences import measure_words
from memstudio.measures.names import split_name
from memstudio.measures.spacing import grows_by_factors

if TYPE_CHECKING:
    from memstudio.library.overlays import Overlaid, Overlay, Reliability

#: bins of a reliability diagram with fewer answers are small marks beside the line: one answer more would throw the line about
FEW = 10
#: intervals of more groups than this would hide each other; they are in the table and in what is saved
MOST_BANDS = 12
_X_NAMES = {"load": "items to remember", "severity": "severity of corruption"}
SHARES = ("recall", "accuracy", "average_accuracy", "min_acc", "wc_acc")
#: curves that say most, in this order
_FIRST = ("recall_by_load", "average_accuracy_by_task", "accuracy_by_severity", "recall_by_distance")
_ON_THE_WAY = ("loss[split=train]", "loss", "recall", "accuracy")


def capital(words: str) -> str:
    """The words with a large first letter: `Recall, load 16`."""
    return words[:1].upper() + words[1:]


def measure_option(name: str) -> Option:
    """A measure as a chooser names it."""
    return Option(name, capital(measure_words(name)))


def bare(name: str) -> str:
    """A name without its labels."""
    try:
        return split_name(name)[0]
    except ValueError:
        return name


def curve_option(name: str) -> Option:
    """A stored curve as a chooser names it: `Recall by load`, `Reliability (stage learn)`."""
    measure, _, axis = bare(name).partition("_by_")
    labels = name[len(bare(name)) :].strip("[]").replace("=", " ").replace(",", ", ")
    title = title_of(measure, axis.replace("_", " ")) if axis else capital(measure.replace("_", " "))
    return Option(f"curve:{name}", f"{title} ({labels})" if labels else title)


def main_options(there: Overlaid) -> tuple[Option, ...]:
    """What the large plot can show: curves over an axis, then every series over steps."""
    curves = sorted(there.curves, key=lambda name: (_FIRST.index(bare(name)) if bare(name) in _FIRST else len(_FIRST), len(name), name))
    series = (Option(one.id, f"{one.title} over steps") for one in learning_options(there))
    return (*map(curve_option, curves), *series)


def learning_options(there: Overlaid) -> tuple[Option, ...]:
    """The series over steps; the training loss first."""
    first = [name for name in _ON_THE_WAY if name in there.series]
    rest = [name for name in in_reading_order(there.series) if name not in first]
    return tuple(Option(f"series:{name}", capital(measure_words(name))) for name in (*first, *rest))


def plot_seen(overlay: Overlay, labels: Sequence[str], chosen: str, options: Sequence[Option]) -> PlotSeen:
    """An overlay as a plot. labels: of every group by its number; chosen: the option it is of."""
    is_series = chosen.startswith("series:")
    bands = len(overlay.lines) <= MOST_BANDS
    tracks = tuple(
        Track(
            key=(chosen, line.group),
            cell=line.group,
            name=_named(labels[line.group], int(line.n.max(initial=1))),
            x=line.x,
            y=line.mean,
            low=line.low if bands and np.isfinite(line.low).any() else None,
            high=line.high if bands and np.isfinite(line.low).any() else None,
            marked=not is_series or len(line.x) < 25,
        )
        for line in overlay.lines
    )
    measure = bare(overlay.name).partition("_by_")[0]
    xs = np.unique(np.concatenate([track.x for track in tracks])) if tracks else np.empty(0)
    x_name = _X_NAMES.get(overlay.x_name, overlay.x_name.replace("_", " "))
    seeds = max((int(line.n.max(initial=1)) for line in overlay.lines), default=0)
    return PlotSeen(
        title=next((option.title for option in options if option.id == chosen), ""),
        x_name=f"{x_name}, {overlay.unit}" if overlay.unit else x_name,
        y_name=y_name(measure),
        chosen=chosen,
        options=tuple(options),
        tracks=tracks,
        x_end=float(xs[-1]) if is_series and len(xs) else None,
        share=measure in SHARES,
        log_x=not is_series and grows_by_factors(xs.tolist()),
        reference=overlay.reference,
        step=overlay.step,
        stored=steps_words(overlay.steps or ()),
        note=f"mean{' and 95 % interval' if bands else ''} over {count(seeds, 'seed')}" if seeds > 1 else "",
    )


def _named(label: str, seeds: int) -> str:
    return f"{label}, mean of {count(seeds, 'seed')}" if seeds > 1 else label


def y_name(measure: str) -> str:
    """A bare measure as an axis names it, with its unit."""
    units = {"nll": "NLL, nats", "loss": "loss, nats", "ece": "ECE", "seconds_per_step": "seconds"}
    return units.get(measure, measure_words(measure))


def reliability_seen(found: Sequence[Reliability], labels: Sequence[str], chosen: str, options: Sequence[Option]) -> PlotSeen:
    """Reliability diagrams side by side: a line a group, its ECE in words, the share of answers in each bin as bars."""
    tracks: list[Track] = []
    for one in found:
        tracks += _tracks(one, labels[one.group], chosen)
    words = {one.group: _ece_words(one) for one in found}
    alone = len(found) == 1
    return PlotSeen(
        title="Calibration",
        x_name="confidence",
        y_name="accuracy",
        chosen=chosen,
        options=tuple(options),
        tracks=tuple(tracks),
        x_end=1.0,
        share=True,
        diagonal=True,
        bars=_bars(found),
        words={} if alone else words,
        step=max((one.step for one in found), default=None),
        stored=steps_words([step for one in found for step in one.steps]),
        note=f"ECE {words[found[0].group]}" if alone else "numbers: ECE",
    )


def _tracks(one: Reliability, label: str, chosen: str) -> list[Track]:
    """The line through bins with FEW answers or more, and small marks where there are fewer; empty bins say nothing."""
    many, few = one.count >= FEW, (one.count > 0) & (one.count < FEW)
    name = f"{label}, {count(one.seeds, 'seed')} together" if one.seeds > 1 else label
    tracks = [Track((chosen, one.group), one.group, name, one.confidence[many], one.accuracy[many], marked=True)]
    if few.any():
        rare = Track((chosen, one.group, "few"), one.group, f"{name}, under {FEW} answers", one.confidence[few], one.accuracy[few], "small")
        tracks.append(rare)
    return tracks


def _ece_words(one: Reliability) -> str:
    if one.ece is None:
        return "no answers"
    half = f" ± {one.ece.half_width:.3f}" if one.ece.half_width is not None else ""
    return f"{one.ece.mean:.3f}{half}"


def _bars(found: Sequence[Reliability]) -> tuple[Floats, Floats] | None:
    """Edges of the bins and the share of all groups' answers in each; groups with other bins than the first are left out."""
    if not found or len(found[0].middle) < 2:
        return None
    middle = found[0].middle
    total = np.sum([one.count for one in found if np.array_equal(one.middle, middle)], axis=0)
    if not total.sum():
        return None
    inner = (middle[:-1] + middle[1:]) / 2
    edges = np.concatenate([[2 * middle[0] - inner[0]], inner, [2 * middle[-1] - inner[-1]]])
    return edges, total / total.sum()
