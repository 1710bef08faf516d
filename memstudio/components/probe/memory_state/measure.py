"""Pictures of what each memory holds, and a few numbers of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memstudio.components.probe.cells import Met, met
from memstudio.components.probe.memory_state.readings import Readings, readings
from memstudio.components.runtime import Axis, Curve, Measured, Probe, Trained
from memstudio.measures.names import measure_name
from memstudio.measures.pictures import area_mean, effective_rank, middles

#: The side of the largest picture that is kept.
SIDE = 64
#: So many memories at most are asked what they hold: each takes some milliseconds a look.
MOST_READ = 4


class MemoryState(Probe):
    """What each memory holds after the first test item.

    Curves `state[node=mem1,picture=head 1]` of kind "picture"; by node the memory's own figures, and `state_norm` and `effective_rank`
    (means over its pictures) where it does not give these itself. Of readable memories also the pictures of `readings` over the first
    `positions` positions (0: none), `own_value_found` and `other_values_found`.
    """

    def __init__(self, *, every: int, items: int, pictures: int, positions: int) -> None:
        self.every = every
        self.items = items
        self.pictures = pictures
        self.positions = positions

    def measure(self, trained: Trained, full: bool) -> Measured:
        values: dict[str, float] = {}
        found: list[list[Curve]] = []
        for node, state in trained.states(1).items():
            pictures = dict(_matrices(state))
            own = state.get("figures", {})
            figures = {**own, **_missing(own, list(pictures.values()))}
            values |= {measure_name(_word(name), node=_label(node)): float(value) for name, value in figures.items()}
            # Only what can be kept is made small.
            found.append([_picture(node, name, matrix) for name, matrix in list(pictures.items())[: self.pictures]])
        in_turn = [curve for turn in zip_longest(*found) for curve in turn if curve is not None]
        return Measured(values, in_turn[: self.pictures]) + self._read(trained)

    def _read(self, trained: Trained) -> Measured:
        """What the first readable memories answer when they are asked with their keys."""
        seen = Measured()
        for one in met(trained, 1, self.positions)[:MOST_READ] if self.positions > 1 else []:
            read = readings(one.cell, one.x)
            if read is not None and all(np.isfinite(part).all() for part in (read.found, read.left, read.touched)):
                end = f"_layer_{one.layer}" if one.layer else ""
                shares = {f"own_value_found{end}": read.own, f"other_values_found{end}": read.others}
                values = {measure_name(name, node=_label(one.node)): share for name, share in shares.items()}
                seen = seen + Measured(values, _of_readings(one, read))
        return seen


def _matrices(state: Mapping[str, Any]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """The pictures of a node that can be shown: two axes, at least one point, all finite."""
    for name, picture in state.get("pictures", {}).items():
        matrix = np.asarray(picture, dtype=np.float64)
        if matrix.ndim == 2 and matrix.size and np.isfinite(matrix).all():
            yield name, matrix


def _missing(own: Mapping[str, float], matrices: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """The figures that every memory has, where this one does not give them (of each layer, perhaps) by itself."""
    missing: dict[str, float] = {}
    if matrices and not any(name.startswith("state_norm") for name in own):
        missing["state_norm"] = float(np.mean([np.linalg.norm(matrix) for matrix in matrices]))
    if matrices and not any(name.startswith("effective_rank") for name in own):
        missing["effective_rank"] = float(np.mean([effective_rank(matrix) for matrix in matrices]))
    return missing


def _word(name: str) -> str:
    """A figure's name as a measure's: small letters, digits and underscores."""
    return re.sub("[^a-z0-9_]+", "_", name.lower())


def _label(text: str) -> str:
    """Text as a label of a measure's name: nothing in it that would end the label too early."""
    return " ".join(re.sub(r"[,=\[\]]", " ", text).split())


def _picture(node: str, name: str, matrix: NDArray[np.float64]) -> Curve:
    rows, columns = matrix.shape
    axes = (Axis("row", middles(rows, SIDE)), Axis("column", middles(columns, SIDE)))
    return Curve(measure_name("state", node=_label(node), picture=_label(name)), area_mean(matrix, SIDE), axes, kind="picture")


def _of_readings(one: Met, read: Readings) -> list[Curve]:
    at = tuple(float(position) for position in range(len(read.found)))
    stored = Axis("value stored at position", at)
    shown = {
        "found by each key": (read.found, (Axis("key of position", at), stored)),
        "left of each position": (read.left, (Axis("value of position", at), Axis("left after position", tuple(map(float, read.after))))),
        "touched by each read": (read.touched, (Axis("read at position", at), stored)),
    }
    return [
        Curve(measure_name("state", node=_label(one.node), picture=f"{one.title} {title}".strip()), shares, axes, kind="picture")
        for title, (shares, axes) in shown.items()
    ]
