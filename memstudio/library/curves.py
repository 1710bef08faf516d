"""Curves as SQLite keeps them: what all steps share once, the values as bytes, state pictures as 8 bits and a scale."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from memstudio.experiment.entries import nearest
from memstudio.experiment.parameters import Refusal
from memstudio.library.rows import CurveAt, CurveAxis

_COLUMNS = "c.name, c.step, c.shape, c.dtype, c.low, c.high, c.v, f.json"
_FROM = "FROM curve c JOIN form f ON f.id = c.form"


class AxisLike(Protocol):
    """What an axis is made of: any object with a name, values and a unit."""

    @property
    def name(self) -> str: ...
    @property
    def values(self) -> Sequence[float | str]: ...
    @property
    def unit(self) -> str: ...


class CurveLike(Protocol):
    """What a curve is made of: values of len(axes) dimensions, or with one more leading axis named by `rows`."""

    @property
    def name(self) -> str: ...
    @property
    def values(self) -> npt.NDArray[Any]: ...
    @property
    def axes(self) -> Sequence[AxisLike]: ...
    @property
    def kind(self) -> str: ...
    @property
    def rows(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class PackedCurve:
    """A curve as its row: form is the JSON that many steps share; low and high scale 8-bit pictures."""

    name: str
    step: int
    form: str
    shape: str
    dtype: str
    low: float | None
    high: float | None
    v: bytes


def pack_curve(step: int, curve: CurveLike) -> PackedCurve:
    """The row of a curve. Pictures of real numbers become uint8 with their scale; everything else is kept exactly.

    Raises ValueError where the axes do not fit the values, or these are no numbers.
    """
    array = np.asarray(curve.values)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"The values of curve {curve.name} must be numbers, not {array.dtype}.")
    expected = ((len(curve.rows),) if curve.rows else ()) + tuple(len(axis.values) for axis in curve.axes)
    if curve.axes and array.shape != expected:
        raise ValueError(f"Curve {curve.name} has values of shape {array.shape}, and its axes ask for {expected}.")
    low = high = None
    if curve.kind == "picture" and array.dtype.kind == "f" and array.size and np.isfinite(array).all():
        low, high = float(array.min()), float(array.max())
        shares = (array.astype(np.float64) - low) / ((high - low) or 1.0)
        array = np.rint(shares * 255).astype(np.uint8)
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    form = json.dumps(
        {
            "kind": curve.kind,
            "axes": [{"name": axis.name, "unit": axis.unit, "values": [_plain(value) for value in axis.values]} for axis in curve.axes],
            "rows": list(curve.rows),
        },
        ensure_ascii=False,
    )
    return PackedCurve(curve.name, step, form, json.dumps(array.shape), array.dtype.str, low, high, array.tobytes())


def _plain(value: Any) -> float | str:
    return value if isinstance(value, str) else float(value)


def write_curve(conn: sqlite3.Connection, run: int, curve: PackedCurve) -> None:
    """Stores a curve inside the caller's transaction; at the same step it replaces the one before."""
    conn.execute("INSERT INTO form(json) VALUES (?) ON CONFLICT DO NOTHING", (curve.form,))
    conn.execute(
        "INSERT OR REPLACE INTO curve(run, name, step, form, shape, dtype, low, high, v)"
        " VALUES (?, ?, ?, (SELECT id FROM form WHERE json = ?), ?, ?, ?, ?, ?)",
        (run, curve.name, curve.step, curve.form, curve.shape, curve.dtype, curve.low, curve.high, curve.v),
    )


def curve_names(conn: sqlite3.Connection, run: int) -> list[str]:
    """The names of a run's curves, in alphabetical order."""
    return [row[0] for row in conn.execute("SELECT DISTINCT name FROM curve WHERE run = ? ORDER BY name", (run,))]


def curve_steps(conn: sqlite3.Connection, run: int, name: str) -> list[int]:
    """The steps at which a curve was stored, rising. Raises Refusal where the run has no such curve."""
    steps = [row[0] for row in conn.execute("SELECT step FROM curve WHERE run = ? AND name = ? ORDER BY step", (run, name))]
    if not steps:
        raise _unknown(conn, run, name)
    return steps


def read_curves(conn: sqlite3.Connection, run: int, name: str) -> list[CurveAt]:
    """A curve at every stored step. Raises Refusal where the run has no such curve."""
    rows = conn.execute(f"SELECT {_COLUMNS} {_FROM} WHERE c.run = ? AND c.name = ? ORDER BY c.step", (run, name)).fetchall()
    if not rows:
        raise _unknown(conn, run, name)
    return [_curve(row) for row in rows]


def curve_at(conn: sqlite3.Connection, run: int, name: str, step: int) -> CurveAt:
    """The curve at the newest stored step that is not after `step`, else at the first. Raises Refusal where there is none."""
    of = f"SELECT {_COLUMNS} {_FROM} WHERE c.run = ? AND c.name = ?"
    row = conn.execute(f"{of} AND c.step <= ? ORDER BY c.step DESC LIMIT 1", (run, name, step)).fetchone()
    row = row or conn.execute(f"{of} ORDER BY c.step LIMIT 1", (run, name)).fetchone()
    if row is None:
        raise _unknown(conn, run, name)
    return _curve(row)


def _unknown(conn: sqlite3.Connection, run: int, name: str) -> Refusal:
    uid = conn.execute("SELECT uid FROM run WHERE id = ?", (run,)).fetchone()[0]
    return Refusal(f"Run {uid} has no curve {name!r}{nearest(name, curve_names(conn, run))}.")


def _curve(row: tuple[Any, ...]) -> CurveAt:
    name, step, shape, dtype, low, high, v, form_text = row
    try:
        form = json.loads(form_text)
        kind = np.dtype(dtype)
        if kind.kind not in "fiu":
            raise ValueError(dtype)
        # reshape refuses what disagrees with the number of values
        values: npt.NDArray[Any] = np.frombuffer(bytearray(v), dtype=kind).reshape(json.loads(shape))
        axes = tuple(CurveAxis(axis["name"], tuple(axis["values"]), axis["unit"]) for axis in form["axes"])
        rows, drawn = tuple(form["rows"]), str(form["kind"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise Refusal(f"Curve {name} at step {step:,} is damaged; use a backup of the library.") from error
    if low is not None and high is not None:
        values = (low + values.astype(np.float64) / 255 * (high - low)).astype(np.float32)
    return CurveAt(name, step, values, axes, drawn, rows)
