"""Series and curves of many runs at once: one question instead of one a run, which is what laying 200 runs over each other needs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from memstudio.library import curves
from memstudio.library.chunks import Packed, unpack
from memstudio.library.rows import CurveAt, Floats, Steps
from memstudio.library.series import key_of

_ASKED = "FROM json_each(?) j JOIN run r ON r.uid = j.value"


def series_of(conn: sqlite3.Connection, uids: Sequence[str], name: str) -> dict[str, tuple[Steps, Floats]]:
    """All points of a series of each run that has it: uid -> (steps (n,), values (n,)). Raises ValueError for no measure's name."""
    metric, context = key_of(name)
    pieces = " UNION ALL ".join(
        f"SELECT r.uid AS uid, p.step0 AS step0, p.n, p.dstep, p.steps, p.v {_ASKED} JOIN series s ON s.run = r.id"
        f" AND s.metric = (SELECT id FROM metric WHERE name = ?) AND s.context = ? JOIN {table} p ON p.series = s.id"
        for table in ("chunk", "tail")
    )
    asked = [json.dumps(list(uids)), metric, context]
    found: dict[str, list[Packed]] = {}
    for uid, *piece in conn.execute(f"{pieces} ORDER BY uid, step0", [*asked, *asked]):
        found.setdefault(uid, []).append(Packed._make(piece))
    return {uid: unpack(packed) for uid, packed in found.items()}


def long_series(conn: sqlite3.Connection, uids: Sequence[str], fewest: int) -> list[str]:
    """The names of the series of which some of these runs has at least so many points, in alphabetical order."""
    sql = f"SELECT DISTINCT m.name, s.context {_ASKED} JOIN series s ON s.run = r.id AND s.n >= ? JOIN metric m ON m.id = s.metric"
    rows = conn.execute(sql, (json.dumps(list(uids)), fewest))
    return sorted(f"{metric}[{context}]" if context else metric for metric, context in rows)


def stored_steps(conn: sqlite3.Connection, uids: Sequence[str], names: Sequence[str]) -> list[int]:
    """Every step at which one of these curves is stored for one of these runs, rising."""
    sql = f"SELECT DISTINCT c.step {_ASKED} JOIN json_each(?) n JOIN curve c ON c.run = r.id AND c.name = n.value ORDER BY c.step"
    return [int(row[0]) for row in conn.execute(sql, (json.dumps(list(uids)), json.dumps(list(names))))]


def curves_near(conn: sqlite3.Connection, uids: Sequence[str], name: str, step: int | None) -> dict[str, CurveAt]:
    """The curve of each run that has it at the stored step nearest to `step` (of two as near the earlier), None: the newest."""
    order = "c.step DESC" if step is None else f"abs(c.step - {int(step)}), c.step"
    sql = (
        f"SELECT uid, run, step FROM (SELECT r.uid AS uid, r.id AS run, c.step AS step, row_number() OVER (PARTITION BY r.id"
        f" ORDER BY {order}) AS place {_ASKED} JOIN curve c ON c.run = r.id AND c.name = ?) WHERE place = 1"
    )
    chosen = conn.execute(sql, (json.dumps(list(uids)), name)).fetchall()
    return {uid: curves.curve_at(conn, run, name, at) for uid, run, at in chosen}
