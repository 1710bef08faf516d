"""Live: how quickly plots are painted, moved through time and given new points: few long curves, and fifty cells in a whole panel."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

CURVES = 8
POINTS = 100_000
FRAMES = 40
#: milliseconds a frame may take
MOST = 16.0
#: a plot as it stands among the panels, and one that was given the whole window
SIZES = {"panel": (420, 240), "whole window": (1800, 700)}
#: fifty curves of runs on their way, each with every step faint behind, and 30 frames of them a second
MANY, MANY_POINTS, MANY_MOST = 50, 2_000, 1000 / 30
#: milliseconds that showing one answer in all panels may hold the window
HELD = 50.0


def main(as_json: bool = False) -> dict[str, Any]:
    """Measures frames (medians, and where it says so the worst; milliseconds) and returns them; prints them unless printed as JSON.

    repaint: nothing has changed; scrub: the time line has moved; points: every curve has a new point, as while a run goes; refresh: an
    answer of the library is shown in all panels.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    rows = [row for name, size in SIZES.items() for row in (*_few(name, size), *_many(name, size))]
    rows += _refresh()
    found = {"bench": "live", "rows": rows}
    if not as_json:
        for row in rows:
            print(f"{row['what']}: {row['ours']:.1f} ms a frame ({row['to_reach']})")
    return found


def _few(name: str, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Few curves of very many points."""
    noise = np.random.default_rng(0)
    x = np.arange(POINTS + FRAMES, dtype=np.float64)
    ys = [(i + 1) / 3 * np.exp(-3 * x / POINTS) + noise.normal(0, 0.1, len(x)) for i in range(CURVES)]
    frames = _frames(size, POINTS, lambda points: _seen(x[:points], [y[:points] for y in ys], float(POINTS)))
    about = f"{CURVES} curves of {POINTS:,} points, {name}"
    return [_row(f"{about}, {what}", statistics.median(taken), MOST) for what, taken in frames.items()]


def _many(name: str, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Fifty curves, each with a new point in every frame, and their single steps behind them."""
    noise = np.random.default_rng(1)
    points = min(MANY_POINTS, POINTS)
    x = np.arange(points + FRAMES, dtype=np.float64)
    ys = [(i + 1) / 20 * np.exp(-3 * x / points) + noise.normal(0, 0.05, len(x)) for i in range(MANY)]
    frames = _frames(size, points, lambda n: _seen(x[:n], [y[:n] for y in ys], float(points), behind=True))
    about = f"{MANY} curves of {points:,} points, {name}"
    found = []
    for what, taken in frames.items():
        found += [_row(f"{about}, {what}", statistics.median(taken), MANY_MOST), _row(f"{about}, {what}, worst", max(taken), MANY_MOST)]
    return found


def _seen(x: np.ndarray, ys: list[np.ndarray], end: float, behind: bool = False) -> Any:
    from memstudio.desktop.live.seen import Option, PlotSeen, Track

    tracks = [Track(("curve", i), i, f"curve {i}", x, y) for i, y in enumerate(ys)]
    if behind:
        # what a panel draws: means of several steps, and every step behind them
        every = max(1, len(x) // 240)
        faint = [Track(("steps", i), i, "", x, y, "faint") for i, y in enumerate(ys)]
        tracks = [*faint, *(Track(("curve", i), i, f"curve {i}", x[::every], y[::every]) for i, y in enumerate(ys))]
    return PlotSeen("Learning", "step", "loss", "loss", (Option("loss", "Loss"),), tuple(tracks), x_end=end)


def _frames(size: tuple[int, int], points: int, seen: Callable[[int], Any]) -> dict[str, list[float]]:
    """Milliseconds of each frame, by what changes between them. seen: what a plot shows of so many points."""
    from memstudio.desktop import theme
    from memstudio.desktop.app import application
    from memstudio.desktop.live.plot import Plot

    app = application()
    theme.set_theme("light")
    plot = Plot()
    plot.resize(*size)
    plot.show()
    plot.show_seen(seen(points))
    app.processEvents()

    def scrub(frame: int) -> None:
        plot.show_time(frame * points / FRAMES)

    def grow(frame: int) -> None:
        plot.show_seen(seen(points + frame))

    changes: dict[str, Callable[[int], object]] = {"repaint": lambda frame: None, "scrub": scrub, "points": grow}
    found = {what: _milliseconds(plot.repaint, change) for what, change in changes.items()}
    plot.close()
    plot.deleteLater()
    app.processEvents()
    return found


def _refresh() -> list[dict[str, Any]]:
    """Fifty cells in five panels with a legend: showing one answer, and painting it."""
    from memstudio.desktop import theme
    from memstudio.desktop.app import application
    from memstudio.desktop.live.legend import Legend
    from memstudio.desktop.live.seen import Cell
    from memstudio.desktop.live.strip import Strip

    app = application()
    theme.set_theme("light")
    strip, legend = Strip(), Legend()
    strip.resize(1500, 500)
    legend.resize(1500, 48)
    legend.show_cells([Cell(f"cell {i}", 1, 2) for i in range(MANY)])
    strip.show()
    answers = [_answer(frame) for frame in range(FRAMES)]
    for _ in range(8):
        strip.show_seen(answers[0], frozenset())
        app.processEvents()
    shown = _milliseconds(lambda: None, lambda frame: strip.show_seen(answers[frame], frozenset()))
    painted = _milliseconds(app.processEvents, lambda frame: strip.show_seen(answers[frame], frozenset()))
    strip.close()
    strip.deleteLater()
    legend.deleteLater()
    app.processEvents()
    about = f"{MANY} cells in 5 panels, refresh"
    return [
        _row(f"{about}, shown", statistics.median(shown), HELD),
        _row(f"{about}, shown, worst", max(shown), HELD),
        _row(f"{about}, shown and painted", statistics.median(painted), HELD),
    ]


def _answer(frame: int) -> Any:
    """What the panels show of fifty cells at a step."""
    from dataclasses import replace
    from types import SimpleNamespace
    from typing import cast

    from memstudio.desktop.live.seen import Head, Seen, Wish

    noise, n = np.random.default_rng(frame), min(240, POINTS)
    x = np.arange(n, dtype=np.float64)
    lines = _seen(x, [noise.normal(i, 1, n) for i in range(MANY)], float(n))
    few = np.array([2.0, 4.0, 8.0, 16.0, 32.0])
    curve = replace(_seen(few, [noise.random(5) for _ in range(MANY)], 32.0), x_end=None, share=True, log_x=True, step=frame)
    plots = {"learning": lines, "forgetting": lines, "recall": curve, "calibration": replace(curve, x_end=1.0), "other": curve}
    head = cast("Head", SimpleNamespace())
    return Seen(Wish(), head, (), plots, None, n, n, (), frame, tuple(plots))


def _milliseconds(paint: Callable[[], object], change: Callable[[int], object]) -> list[float]:
    """The time of each frame: a change, then a repaint."""
    taken = []
    for frame in range(FRAMES):
        started = time.perf_counter()
        change(frame)
        paint()
        taken.append(1e3 * (time.perf_counter() - started))
    return taken


def _row(what: str, ours: float, most: float) -> dict[str, Any]:
    return {"what": what, "ours": ours, "against": None, "unit": "ms", "ratio": ours / most, "to_reach": f"at most {most:.3g} ms"}
