"""What the axes of a plot span while nothing is zoomed. Plain numpy, no widget."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from memstudio.desktop.live.scales import Scale, rounded_up, scale_of
from memstudio.desktop.live.seen import PlotSeen, Track

Range = tuple[float, float]


def scales(seen: PlotSeen, log_x: bool, log_y: bool) -> tuple[Scale, Scale]:
    """The scales of both axes, logarithmic where that is wanted and can be."""
    if seen.x_names:
        return Scale(names=seen.x_names), Scale(log_y)
    curves = seen.x_end is None
    xs = np.unique(np.concatenate([track.x for track in seen.tracks])) if curves and seen.tracks else np.empty(0)
    return (scale_of(xs.tolist(), log_x) if curves else Scale(log_x)), Scale(log_y)


def whole(seen: PlotSeen, tracks: Sequence[Track], x_scale: Scale, y_scale: Scale) -> tuple[Range, Range]:
    """What the axes show when nothing is zoomed, as places, for the tracks that are visible (none: for all)."""
    tracks = tracks or seen.tracks
    return _x_range(seen, tracks, x_scale), _y_range(seen, tracks, y_scale)


def _x_range(seen: PlotSeen, tracks: Sequence[Track], scale: Scale) -> Range:
    found = ends([scale.places(track.x) for track in tracks])
    if seen.x_end is not None:
        low = 0.0 if not scale.log else found[0] if found else 0.0
        high = max(float(scale.places(seen.x_end)), found[1] if found else -math.inf)
        return (low, high) if high > low else (low, low + 1.0)
    if found is None:
        return (0.0, 1.0)
    pad = 0.03 * (found[1] - found[0]) or 0.5
    return found[0] - pad, found[1] + pad


def _y_range(seen: PlotSeen, tracks: Sequence[Track], scale: Scale) -> Range:
    if seen.share and not scale.log:
        # the names of tasks stand above the lines
        return (-0.015, 1.15 if seen.boundaries else 1.02)
    # single steps may shoot far out of what the lines are about: they do not rule the axis
    lines = [track for track in tracks if track.style != "faint"] or tracks
    found = ends([scale.places(values) for track in lines for values in _reach(seen, track)])
    if found is None:
        return (0.0, 1.0)
    low, high = found
    if scale.log:
        pad = max(0.05 * (high - low), 0.05)
        return low - pad, high + pad
    if low >= 0:
        return 0.0, rounded_up(high * 1.02)
    pad = 0.06 * (high - low) or 0.5
    return low - pad, high + pad


def _reach(seen: PlotSeen, track: Track) -> tuple[np.ndarray, ...]:
    """What of a track the y axis shows: over steps the line alone, else its interval too, which has few points and says much."""
    if seen.x_end is not None or track.low is None or track.high is None:
        return (track.y,)
    return track.y, track.low, track.high


def ends(arrays: Sequence[np.ndarray]) -> Range | None:
    """The lowest and highest finite number of all arrays."""
    found = []
    for array in arrays:
        low, high = (float(array.min()), float(array.max())) if len(array) else (math.nan, math.nan)
        if not (math.isfinite(low) and math.isfinite(high)):
            # only then are the others looked for: that copies the array
            finite = array[np.isfinite(array)]
            low, high = (float(finite.min()), float(finite.max())) if len(finite) else (math.nan, math.nan)
        if math.isfinite(low):
            found.append((low, high))
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None
