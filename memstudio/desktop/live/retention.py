"""The retention curve of the Forgetting panel: what is left of tasks after further ones, and the laws of forgetting fitted to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from memstudio.desktop.live.seen import Floats, PlotSeen, Track
from memstudio.desktop.words import count
from memstudio.measures.fits import Law, better, forgetting_laws
from memstudio.measures.forgetting import retention
from memstudio.measures.means import aligned, spread

#: points of a fitted law as it is drawn
FINE = 121
#: the names of the lines, whose numbers give them their looks
LINES = ("measured", "exponential", "power")


def retained(frame: PlotSeen, matrices: Sequence[Floats], step: int | None) -> PlotSeen:
    """What is left of a task over the tasks learned since, mean of these runs' accuracy matrices, with both laws in words."""
    frame = replace(
        frame, x_name="tasks learned since", y_name="share that is left", x_end=None, own=LINES, boundaries=(), by_task=False, step=step
    )
    found = []
    for matrix in matrices:
        with suppress(ValueError):
            kept = retention(matrix)
            found.append((kept.lag.astype(np.float64), kept.kept))
    if not found:
        return replace(frame, empty="What is left of a task is known once another one was learned after it")
    line = spread(*aligned(found))
    several = len(found) > 1
    whose = f"mean of {count(len(found), 'seed')}" if several else "measured"
    low, high = (line.low, line.high) if several else (None, None)
    tracks = [Track("retained", 0, whose, line.x, line.mean, "main", low, high, marked=True)]
    if len(line.x) < 2:
        return replace(frame, tracks=tuple(tracks), note="one task learned so far")
    try:
        laws = forgetting_laws(line.x, line.mean)
    except ValueError:
        return replace(frame, tracks=tuple(tracks), note="laws are fitted from three points on")
    fine = np.linspace(0.0, float(line.x[-1]), FINE)
    tracks += [Track(law.name, number, law.name, fine, law(fine), "thin") for number, law in enumerate(laws, 1)]
    words = {number: law_words(law) for number, law in enumerate(laws, 1)}
    return replace(frame, tracks=tuple(tracks), words=words, note=verdict(*laws))


def law_words(law: Law) -> str:
    """A law with its numbers: `power .97 (1 + n)^−.31, R² .98`."""
    scale, rate, r2 = (_short(value) for value in (law.scale, law.rate, law.r2))
    minus = "" if law.rate == 0 else "\N{MINUS SIGN}"
    return f"{scale} e^({minus}{rate} n), R² {r2}" if law.name == "exponential" else f"{scale} (1 + n)^{minus}{rate}, R² {r2}"


def verdict(first: Law, second: Law) -> str:
    """Which law fits better, by the root of its mean square."""
    best = better(first, second)
    if best is None:
        return f"both laws fit alike, error {_short(first.error)}"
    other = second if best is first else first
    return f"{best.name} fits better, error {_short(best.error)} against {_short(other.error)}"


def _short(value: float) -> str:
    if not np.isfinite(value):
        return "unknown"
    text = f"{value:.2g}" if abs(value) < 0.1 else f"{value:.2f}"
    text = text.replace("-", "\N{MINUS SIGN}")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "\N{MINUS SIGN}0.")) else text
