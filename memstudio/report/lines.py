"""Lines over steps or over an axis (load, distance, task): the mean of each group with its 95 % interval over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from memstudio.experiment.wording import counted
from memstudio.library.overlays import Overlay
from memstudio.report import sheet
from memstudio.report.colours import PRINT
from memstudio.report.plate import Plate
from memstudio.report.words import axis_title, curve_title, is_share, measure_title, value_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from memstudio.library.rows import Floats

#: bands of more groups than this would hide each other; the data beside the figure have them
MOST_BANDS = 8
#: a line with at most so many points shows them
MARKED = 24
#: points of a drawn line: a column is some 1,000 dots wide
BINS = 400
BAND = 0.16


def overlay_plate(overlay: Overlay, labels: Sequence[str], name: str) -> Plate:
    """A figure of lines. labels: of every group by its number; name: `curve:...` or `series:...`."""
    over_steps = name.startswith("series:")
    title = f"{measure_title(overlay.name)} over steps" if over_steps else curve_title(overlay.name)

    def height(width: float) -> float:
        return min(max(0.62 * width, 50), 78)

    def draw(figure: Figure, width: float) -> None:
        axes = figure.subplots()
        sheet.name_lines(figure, [(line.group, labels[line.group]) for line in overlay.lines], _reference(overlay))
        draw_lines(axes, overlay)
        axes.set_xlabel("Step" if over_steps else axis_title(overlay.x_name, overlay.unit))
        axes.set_ylabel(value_title(overlay.name))

    rows = tuple(
        (labels[line.group], *values)
        for line in overlay.lines
        for values in zip(line.x.tolist(), line.mean.tolist(), line.low.tolist(), line.high.tolist(), line.n.tolist(), strict=True)
    )
    return Plate(name, title, caption(overlay, title), ("group", overlay.x_name, "mean", "low", "high", "n"), rows, height, draw)


def caption(overlay: Overlay, title: str) -> str:
    """`Recall by load: mean and 95 % interval over 5 seeds, measured at step 1,500.`"""
    seeds = [int(line.n.max(initial=1)) for line in overlay.lines]
    words = title
    if seeds and max(seeds) > 1:
        how_many = counted(max(seeds), "seed") if min(seeds) == max(seeds) else f"{min(seeds)} to {max(seeds)} seeds"
        interval = " and 95 % interval" if len(overlay.lines) <= MOST_BANDS else ""
        words += f": mean{interval} over {how_many}"
    return f"{words}{f', measured at step {overlay.step:,}' if overlay.step is not None else ''}."


def draw_lines(axes: Axes, overlay: Overlay) -> None:
    """Lines, bands, marks, and what there is to compare with."""
    points = np.unique(np.concatenate([line.x for line in overlay.lines])) if overlay.lines else np.empty(0)
    over_steps = overlay.x_name == "step"
    sheet.rules(axes)
    if overlay.reference is not None:
        axes.plot(overlay.reference.x, overlay.reference.y, **_REFERENCE)
    for line in overlay.lines:
        style = sheet.style(line.group)
        if len(overlay.lines) <= MOST_BANDS and np.isfinite(line.low).any():
            axes.fill_between(line.x, line.low, line.high, color=style["color"], alpha=BAND, linewidth=0)
        axes.plot(line.x, line.mean, marker="o" if len(line.x) <= MARKED else None, zorder=3, **style)
    sheet.number_axis(axes.xaxis, log=not over_steps and by_factors(points.tolist()), ticks=() if over_steps else points.tolist())
    if is_share(overlay.name) and _within(overlay):
        sheet.share_axis(axes)
    else:
        sheet.number_axis(axes.yaxis, log=_spans(overlay))
        _not_below_nothing(axes, overlay)
    axes.margins(x=0.03)


def _not_below_nothing(axes: Axes, overlay: Overlay) -> None:
    """What is never negative has an axis that does not go below 0, wide as an interval may be."""
    means = _means(overlay)
    if axes.get_yscale() == "linear" and len(means) and means.min() >= 0 and axes.get_ylim()[0] < 0:
        top = float(max(means.max() * 1.12, np.nanmax([np.nanmax(line.high, initial=0.0) for line in overlay.lines]) * 1.03))
        axes.set_ylim(0, top or 1.0)


def _means(overlay: Overlay) -> Floats:
    means = [value for line in overlay.lines for value in line.mean.tolist() if math.isfinite(value)]
    return np.array(means, dtype=np.float64)


_REFERENCE: dict[str, Any] = {"color": PRINT.dim, "linewidth": 0.7, "linestyle": (0, (1.0, 1.6))}


def _reference(overlay: Overlay) -> list[tuple[Any, str]]:
    if overlay.reference is None:
        return []
    from matplotlib.lines import Line2D

    return [(Line2D([], [], **_REFERENCE), overlay.reference.name)]


def _within(overlay: Overlay) -> bool:
    means = _means(overlay)
    return bool(np.all((means >= 0) & (means <= 1)))


def _spans(overlay: Overlay) -> bool:
    """Whether the means span so much that only a logarithmic axis shows them all, and their intervals can be drawn on one."""
    means = _means(overlay)
    low = np.concatenate([line.low for line in overlay.lines]) if overlay.lines else np.empty(0)
    low = low[np.isfinite(low)]
    drawable = len(overlay.lines) > MOST_BANDS or not len(low) or float(np.mean(low <= 0)) < 0.02
    return bool(len(means) and means.min() > 0 and means.max() / means.min() > 300 and drawable)


def by_factors(points: Sequence[float]) -> bool:
    """Whether a logarithmic axis spaces these evenly (2, 4, 8, 16) and a straight one does not."""
    rising = sorted({float(p) for p in points if math.isfinite(p)})
    if len(rising) < 3 or rising[0] <= 0:
        return False
    return rising[-1] / rising[0] >= 4 and rising[-1] - rising[-2] > 1.5 * (rising[1] - rising[0])
