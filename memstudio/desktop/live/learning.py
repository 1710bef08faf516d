"""The Learning panel's lines: series over steps, each cell's mean over its finished seeds and the runs on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.live.measures import Measure, Source, available, further
from memstudio.desktop.live.reading import Reading, begun
from memstudio.desktop.live.seen import Floats, Option, PlotSeen, Style, Track
from memstudio.desktop.words import count
from memstudio.measures.means import BINS, Binned, over_seeds, with_band

if TYPE_CHECKING:
    from memstudio.library import RunRow

#: bins of a line that is drawn as marks: more would touch each other
MARKS = 36


def learning(
    reading: Reading, cells: Mapping[str, Sequence[RunRow]], focus: RunRow, chosen: str, last: int, share: float = 0.0
) -> PlotSeen | None:
    """What the Learning panel shows; None while no run has measured anything that can be shown over steps.

    share: the part of all steps that each point of a line is the mean of (0: as few as the panel's pixels allow).
    """
    rows = begun([row for those in cells.values() for row in those])
    names = {name for row in rows for name in reading.last_values(row)}
    speaker = focus if reading.last_values(focus) else next((row for row in rows if reading.last_values(row)), focus)
    measures = [m for m in (*available(names), *further(names)) if _is_a_line(reading, speaker, m)]
    if not measures:
        return None
    measure = next((m for m in measures if m.id == chosen), measures[0])
    sources = {source: _shown(reading, rows, source) for source in measure.sources}
    there = [source for source, name in sources.items() if name is not None]
    tracks: list[Track] = []
    for source in there:
        name = sources[source]
        assert name is not None
        style: Style = "dots" if source.role == "test" and len(there) > 1 else "main"
        for number, (label, those) in enumerate(cells.items()):
            tracks += of_cell(reading, number, label, begun(those), name, source, style, only=len(rows) == 1)
    smooth = span_of(share, last)
    if smooth > 1:
        tracks = [each for track in tracks for each in smoothed(track, smooth)]
    return PlotSeen(
        title="Learning",
        x_name="step",
        y_name=measure.y_name,
        chosen=measure.id,
        options=tuple(Option(m.id, m.title) for m in measures),
        tracks=tuple(tracks),
        x_end=float(last) if last else None,
        share=measure.share,
        note="lines: training, dots: test" if len(there) > 1 else "",
        span=_span_words(smooth, _bin_of(last)),
    )


def span_of(share: float, last: int) -> int:
    """The steps of a share of all, as a round odd number; 0 where nothing is to be smoothed."""
    return round(share * last) // 2 * 2 + 1 if share > 0 and last else 0


def _bin_of(last: int) -> int:
    """The steps whose mean one drawn point is."""
    return -(-(last + 1) // BINS)


def _span_words(smooth: int, drawn: int) -> str:
    return f"means of {max(smooth, drawn):,} steps" if max(smooth, drawn) > 1 else ""


def smoothed(track: Track, span: int) -> list[Track]:
    """A line as means of `span` steps around each point, with the line itself faint behind; what is no line stays."""
    if track.style not in ("main", "thin") or len(track.x) < 3:
        return [track]
    left = np.searchsorted(track.x, track.x - span / 2, side="left")
    right = np.searchsorted(track.x, track.x + span / 2, side="right")
    # at the ends as far as there are steps on both sides, so that the mean does not lean to one of them
    at = np.arange(len(track.x))
    reach = np.minimum(np.minimum(at - left, right - 1 - at), np.minimum(at, len(at) - 1 - at))
    sums = np.concatenate(([0.0], np.cumsum(np.where(np.isfinite(track.y), track.y, 0.0))))
    n = np.concatenate(([0], np.cumsum(np.isfinite(track.y))))
    low, high = at - reach, at + reach + 1
    with np.errstate(invalid="ignore", divide="ignore"):
        y = (sums[high] - sums[low]) / (n[high] - n[low])
    faint = Track(("raw", track.key), track.cell, "", track.x, track.y, "faint")
    # raw and smooth are told apart by weight: the marks of single points would be neither
    return [faint, replace(track, key=("smooth", track.key), y=y, marked=False)]


def _is_a_line(reading: Reading, row: RunRow, measure: Measure) -> bool:
    """Whether a run has at least three points of a measure, or is so young that this cannot be known yet."""
    most = max(reading.number(row, name) for source in measure.sources for name in (source.name, source.instead) if name)
    return most > 2 or (measure.id == "loss" and most > 0)


def _shown(reading: Reading, rows: Sequence[RunRow], source: Source) -> str | None:
    """The series that stands for a source: itself, or the other where itself is measured at the end only."""
    names = [name for name in (source.name, source.instead) if name is not None]
    for name in names:
        if any(reading.number(row, name) > 1 for row in rows):
            return name
    return next((name for name in names if any(reading.number(row, name) for row in rows)), None)


def of_cell(
    reading: Reading, number: int, label: str, rows: Sequence[RunRow], name: str, source: Source, style: Style, only: bool
) -> list[Track]:
    """The lines of one series of begun runs: the mean over those that finished, and each that has not. only: they are a single run."""
    finished = [row for row in rows if row.state == "finished" and reading.number(row, name)]
    going = [row for row in rows if row.state != "finished" and reading.number(row, name)]
    role = f", {source.role}" if style == "dots" else ""
    tracks = []
    if finished:
        tracks += _of_finished(reading, number, label, finished, name, role, style, only)
    for row in going:
        tracks += _of_going(reading, number, label, row, name, role, style, beside=bool(finished))
    return tracks


def _of_finished(
    reading: Reading, number: int, label: str, rows: Sequence[RunRow], name: str, role: str, style: Style, only: bool
) -> list[Track]:
    bins = [reading.bins(row, name, MARKS) if style == "dots" else reading.bins(row, name) for row in rows]
    mean = over_seeds(bins)
    several = len(rows) > 1
    if several and style != "dots":
        mean = with_band(mean, over_seeds([reading.bins(row, name, MARKS) for row in rows]))
    words = f"{_said(label)}{role}, mean of {count(len(rows), 'seed')}" if several else f"{_said(label)}{role}"
    key = ("mean", number, name, style)
    faint = _every_step(reading, number, rows[0], name, bins[0]) if only and style != "dots" else []
    band = several and style != "dots"
    line = Track(key, number, words, mean.x, mean.mean, style, mean.low if band else None, mean.high if band else None, len(mean.x) < 25)
    return [*faint, line]


def _of_going(reading: Reading, number: int, label: str, row: RunRow, name: str, role: str, style: Style, beside: bool) -> list[Track]:
    bins = reading.bins(row, name, MARKS) if style == "dots" else reading.bins(row, name)
    words = f"{_said(label)}{role}, seed {row.seed:,}{'' if row.state in ('running', 'starting') else f', {row.state}'}"
    key = ("run", row.uid, name, style)
    if style == "dots":
        return [] if beside else [Track(key, number, words, bins.x, bins.y, style)]
    if beside:
        return [Track(key, number, words, bins.x, bins.y, "thin")]
    return [*_every_step(reading, number, row, name, bins), Track(key, number, words, bins.x, bins.y, "main", marked=len(bins) < 25)]


def _every_step(reading: Reading, number: int, row: RunRow, name: str, bins: Binned) -> list[Track]:
    """Each single step, faint, behind a line that shows means of several."""
    if reading.number(row, name) < 2 * len(bins):
        return []
    steps, values = reading.points(row, name)
    return [Track(("steps", row.uid, name), number, "", as_floats(steps), values, "faint")]


def as_floats(steps: np.ndarray) -> Floats:
    """Steps as the numbers a plot takes."""
    return np.asarray(steps, dtype=np.float64)


def _said(label: str) -> str:
    return label or "run"
