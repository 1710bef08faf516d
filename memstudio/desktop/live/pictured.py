"""The picture of a memory's state at one step, with the memory's figures there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from memstudio.desktop.live.curves import Form
from memstudio.desktop.live.measures import without_stage
from memstudio.desktop.live.reading import ENDED, Reading, begun
from memstudio.desktop.live.seen import Option, PictureSeen
from memstudio.measures.names import split_name

if TYPE_CHECKING:
    from memstudio.library import RunRow

#: figures shown beside a picture at most
MOST_FIGURES = 4
_FIRST = ("state_norm", "effective_rank")


def picture(
    reading: Reading,
    cells: Mapping[str, Sequence[RunRow]],
    forms: Mapping[str, Form],
    focus: RunRow,
    pictured: str | None,
    chosen: str,
    step: int | None,
) -> PictureSeen | None:
    """What the memory panel shows at a step (None: the newest); None where no run keeps pictures of its memory.

    pictured: the cell whose memory it is, None: that of the run in focus; chosen: the name of the picture.
    """
    with_pictures = {
        label: rows for label, those in cells.items() if (rows := [row for row in begun(those) if _names(reading, row, forms)])
    }
    if not with_pictures:
        return None
    label = next((one for one in (pictured, focus.cell) if one in with_pictures), next(iter(with_pictures)))
    assert label is not None
    row = _speaker(with_pictures[label], focus)
    names = _names(reading, row, forms)
    name = chosen if chosen in names else names[0]
    curve = reading.curve(row, name, step)
    if curve is None or curve.values.ndim != 2:
        return None
    return PictureSeen(
        chosen=name,
        options=tuple(Option(each, picture_title(each, names)) for each in names),
        cells=tuple(with_pictures),
        cell=label,
        run=row.uid,
        seed=row.seed,
        values=np.asarray(curve.values, dtype=np.float32),
        rows=_numbers(curve.axes[0].values, curve.values.shape[0]),
        columns=_numbers(curve.axes[1].values, curve.values.shape[1]),
        step=curve.step,
        figures=tuple(figures(reading, row, name, curve.step)),
        row_name=curve.axes[0].name,
        column_name=curve.axes[1].name,
    )


def _names(reading: Reading, row: RunRow, forms: Mapping[str, Form]) -> list[str]:
    return [name for name in reading.curve_names(row) if forms.get(name, _NONE).panel == "picture"]


_NONE = Form("", "")


def _speaker(rows: Sequence[RunRow], focus: RunRow) -> RunRow:
    """The run whose memory is shown: the one in focus, else one on its way, else the first that finished."""
    if any(row.uid == focus.uid for row in rows):
        return focus
    going = [row for row in rows if row.state not in ENDED]
    finished = [row for row in rows if row.state == "finished"]
    return (going or finished or list(rows))[0]


def _numbers(values: Sequence[float | str], n: int) -> tuple[float, ...]:
    return tuple(float(i if isinstance(value, str) else value) for i, value in enumerate(values[:n]))


def picture_title(name: str, names: Sequence[str]) -> str:
    """`head 1`, or `mem1, head 1` where pictures of several memories stand beside each other."""
    labels = _labels(name)
    nodes = {_labels(each).get("node") for each in names}
    parts = [labels.get("node", "") if len(nodes) > 1 else "", labels.get("picture", "") or name, _stage_words(labels)]
    return ", ".join(part for part in parts if part)


def _stage_words(labels: Mapping[str, str]) -> str:
    return f"stage {labels['stage']}" if "stage" in labels else ""


def _labels(name: str) -> dict[str, str]:
    try:
        return split_name(name)[1]
    except ValueError:
        return {}


def figures(reading: Reading, row: RunRow, name: str, step: int) -> list[tuple[str, float]]:
    """The figures of the picture's memory at the newest stored step that is not after `step`."""
    node = _labels(name).get("node")
    found: list[tuple[str, str]] = []
    for series in reading.last_values(row):
        if node is not None and _labels(without_stage(series)) == {"node": node}:
            found.append((series.partition("[")[0], series))
    found.sort(key=lambda pair: (_FIRST.index(pair[0]) if pair[0] in _FIRST else len(_FIRST), pair[0]))
    shown: list[tuple[str, float]] = []
    for words, series in found[:MOST_FIGURES]:
        steps, values = reading.once(row, ("figure", series), partial(_series, reading, row, series))
        at = int(np.searchsorted(steps, step, side="right")) - 1
        if len(steps):
            shown.append((words.replace("_", " "), float(values[max(0, at)])))
    return shown


def _series(reading: Reading, row: RunRow, name: str) -> tuple[np.ndarray, np.ndarray]:
    series = reading.library.series(row.uid, name)
    return series.steps, series.values
