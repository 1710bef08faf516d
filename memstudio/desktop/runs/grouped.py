"""What a group of runs is called, and how its mean and spread are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memstudio.desktop.runs.columns import BY_ID, Column, Value, measured, said
from memstudio.desktop.words import count, number

if TYPE_CHECKING:
    from memstudio.library.grouping import Average, GroupRow

_FLAGS = {"starred": ("starred", "without a star"), "baseline": ("the baseline", "not the baseline"), "packed": ("packed", "not packed")}


def label_words(name: str, value: Value) -> str:
    """One label of a group: `gated delta rule`, `seed 3`, `no tag`."""
    title = BY_ID[name].title.lower() if name in BY_ID and BY_ID[name].title else name.removeprefix("environment.")
    if value is None or value == "":
        return f"no {title}"
    if name in _FLAGS:
        return _FLAGS[name][0 if value else 1]
    if isinstance(value, bool | int | float) or "." in name:
        return f"{title} {said(value)}"
    return said(value)


def group_words(group: GroupRow, by: Sequence[str]) -> str:
    """What a group is called: its labels, side by side."""
    return " · ".join(label_words(name, value) for name, value in zip(by, group.labels, strict=True))


def group_label(group: GroupRow, by: Sequence[str]) -> str:
    """What a group is called, and how many runs it has."""
    return f"{group_words(group, by)}, {count(group.n, 'run')}"


def group_text(group: GroupRow, column: Column, by: Sequence[str]) -> str:
    """What a group shows in a column: its name under the experiment, mean and half of the interval under a measure."""
    if column.id == "title":
        return group_label(group, by)
    average = group.measures.get(column.id)
    return average_text(average) if average is not None else ""


def average_text(average: Average) -> str:
    """`0.912 ± 0.013`, the mean and half of its 95 % interval; the mean alone of a single run."""
    half = half_width(average)
    return f"{measured(average.mean)}{f' ± {half}' if half else ''}"


def half_width(average: Average) -> str:
    """Half of the 95 % interval, with as many places as the mean has; nothing for a single run."""
    if average.low is None or average.high is None or not math.isfinite(average.high - average.low):
        return ""
    half = (average.high - average.low) / 2
    mean = measured(average.mean)
    places = len(mean.partition(".")[2]) if "e" not in mean else 0
    return f"{half:.{places}f}" if places and half < 1000 else number(half)


def group_tip(group: GroupRow, column: Column) -> str:
    """Mean, interval and spread of a measure in words."""
    average = group.measures.get(column.id)
    if average is None:
        return ""
    if average.low is None or average.high is None:
        return f"{column.title} {measured(average.mean)} in a single run"
    return (
        f"{column.title}: mean of {count(average.n, 'run')} {measured(average.mean)}, 95 % interval {measured(average.low)} to "
        f"{measured(average.high)}, standard deviation {number(average.deviation)}"
    )
