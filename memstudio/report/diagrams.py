"""Reliability diagrams side by side: accuracy against confidence, and below it how many answers each bin has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from memstudio.experiment.wording import counted
from memstudio.library.overlays import Reliability
from memstudio.library.sentences import amount
from memstudio.report import sheet
from memstudio.report.colours import LIGHT_CURVES, PRINT
from memstudio.report.plate import Plate
from memstudio.report.words import curve_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: bins with fewer answers are drawn hollow: one answer more would throw them about
FEW = 10
#: the histogram below a panel takes this share of its height; points of a millimetre
_BELOW, _POINTS = 0.24, 72 / 25.4


def columns_for(width: float, panels: int) -> int:
    """How many panels stand side by side on a sheet of this width; a wide sheet leaves places empty rather than blow one panel up."""
    least, most = (1, 2) if width <= 90 else (2, 3) if width <= 130 else (3, 4)
    return max(least, min(panels, most))


#: panels of a figure at most: a page has no room for more
MOST_PANELS = 12


def first_of(groups: int) -> str:
    """What a caption says where not every group has a panel."""
    return f" The first {MOST_PANELS} of {groups:,} groups; the data beside have all." if groups > MOST_PANELS else ""


def _side(width: float, columns: int) -> float:
    """The side of a panel, millimetres: what the names beside the first and the gaps between them leave."""
    return (width - 11) / columns - 3


def reliability_plate(found: Sequence[Reliability], labels: Sequence[str], name: str) -> Plate:
    """A figure with a diagram for each group."""
    title = curve_title(name.partition(":")[2])
    drawn = found[:MOST_PANELS]

    def height(width: float) -> float:
        columns = columns_for(width, len(drawn))
        return math.ceil(len(drawn) / columns) * (_side(width, columns) * (1 + _BELOW) + 8.5) + 5

    def draw(figure: Figure, width: float) -> None:
        columns = columns_for(width, len(drawn))
        grid = figure.subplots(math.ceil(len(drawn) / columns), columns, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(drawn):
                axes.set_visible(False)
                continue
            last = place + columns >= len(drawn)
            title = sheet.panel_title(labels[drawn[place].group], _side(width, columns) + 2)
            _panel(axes, drawn[place], title, first=place % columns == 0)
            _histogram(axes.inset_axes((0, -_BELOW, 1, 0.7 * _BELOW)), drawn[place], last)
            # below the histogram, but the panel's own: the layout makes room for that
            axes.set_xlabel("Confidence" if last else " ", labelpad=_BELOW * _side(width, columns) * _POINTS + 12)

    rows_of_data = tuple(
        (labels[one.group], *values)
        for one in found
        for values in zip(one.middle.tolist(), one.confidence.tolist(), one.accuracy.tolist(), one.count.tolist(), strict=True)
    )
    head = ("group", "bin", "confidence", "accuracy", "n")
    return Plate(name, title, _caption(drawn, title) + first_of(len(found)), head, rows_of_data, height, draw)


def _caption(found: Sequence[Reliability], title: str) -> str:
    seeds = max((one.seeds for one in found), default=1)
    together = f", the answers of {counted(seeds, 'seed')} together" if seeds > 1 else ""
    step = f", at step {max(one.step for one in found):,}" if found else ""
    few = any(((one.count > 0) & (one.count < FEW)).any() for one in found)
    hollow = f" Hollow marks: bins with fewer than {FEW} answers." if few else ""
    return (
        f"{title}: accuracy against confidence{together}{step}; on the dotted line confidence is earned. Below, the share of answers in "
        f"each bin. ECE: expected calibration error, mean ± half its 95 % interval over seeds.{hollow}"
    )


def _panel(axes: Axes, one: Reliability, label: str, first: bool) -> None:
    style = sheet.style(one.group)
    axes.plot([0, 1], [0, 1], color=PRINT.dim, linewidth=0.7, linestyle=(0, (1.0, 1.6)))
    many, few = one.count >= FEW, (one.count > 0) & (one.count < FEW)
    x, y = one.confidence[many], one.accuracy[many]
    axes.fill_between(x, x, y, color=style["color"], alpha=0.12, linewidth=0)
    axes.plot(x, y, marker="o", zorder=3, color=style["color"])
    axes.plot(
        one.confidence[few], one.accuracy[few], "o", markersize=2.2, markerfacecolor="none", markeredgewidth=0.5, color=style["color"]
    )
    axes.set_title(label, pad=3)
    axes.set_xlim(0, 1)
    sheet.share_axis(axes)
    axes.tick_params(labelbottom=False, labelleft=first)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    sheet.rules(axes, "both")
    # where confidence is too high the lower right is empty, else the upper left is
    over = float(np.nansum((one.confidence - one.accuracy) * one.count)) >= 0
    place: dict[str, Any] = (
        {"x": 0.05, "y": 0.95, "ha": "left", "va": "top"} if over else {"x": 0.95, "y": 0.05, "ha": "right", "va": "bottom"}
    )
    axes.text(s=_ece(one), transform=axes.transAxes, fontsize=6.5, **place)
    if first:
        axes.set_ylabel("Accuracy")


def _ece(one: Reliability) -> str:
    if one.ece is None:
        return "no answers"
    half = one.ece.half_width
    return f"ECE {amount(one.ece.mean, half)}{f' ± {amount(half, half)}' if half else ''}"


def _histogram(axes: Axes, one: Reliability, last: bool) -> None:
    """The share of answers in each bin; the highest bar says how high it is."""
    share = one.count / max(one.count.sum(), 1)
    step = float(one.middle[1] - one.middle[0]) if len(one.middle) > 1 else 1.0
    axes.bar(one.middle, share, width=0.86 * step, color=LIGHT_CURVES[one.group % len(LIGHT_CURVES)].colour, alpha=0.55, linewidth=0)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.6 * (float(share.max(initial=0)) or 1.0))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    if share.any():
        at = int(share.argmax())
        place = min(max(float(one.middle[at]), 0.08), 0.92)
        said = f"{share[at]:.0%}".replace("%", " %")
        axes.text(place, float(share[at]), said, ha="center", va="bottom", fontsize=5.5, color=PRINT.dim)
    axes.tick_params(labelbottom=last)
