"""Series of a run, read and written: chunks, tail and summary in SQLite, their logic in chunks.py."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from memstudio.experiment.entries import nearest
from memstudio.experiment.parameters import Refusal
from memstudio.library.chunks import Growing, Packed, Summary, cut, summarise, unpack
from memstudio.library.connection import uncollected
from memstudio.library.rows import Floats, Series, Steps
from memstudio.measures.names import measure_name, split_name

_OF_RUN = "SELECT s.id FROM series s JOIN metric m ON m.id = s.metric WHERE s.run = :run AND m.name = :metric AND s.context = :context"
_PIECES = " UNION ALL ".join(f"SELECT step0, n, dstep, steps, v FROM {table} WHERE series = ({_OF_RUN})" for table in ("chunk", "tail"))
_FIELDS = tuple(field.name for field in fields(Summary))
_SUMMARY = "n, first_step, last_step, last_v, min_v, min_step, max_v, max_step, nan_n"


@lru_cache(maxsize=4096)
def key_of(name: str) -> tuple[str, str]:
    """(metric, labels) under which a measure is kept: ("recall", "load=16"). ValueError when it is no measure's name."""
    metric, labels = split_name(name)
    return metric, measure_name("", labels)[1:-1]


def name_of(metric: str, context: str) -> str:
    """The measure's full name: `recall[load=16]`."""
    return f"{metric}[{context}]" if context else metric


def series_names(conn: sqlite3.Connection, run: int) -> list[str]:
    """The names of a run's series, in alphabetical order."""
    return sorted(_last_values(conn, run))


def read_series(conn: sqlite3.Connection, run: int, name: str) -> Series:
    """All points of a series as they were at one moment. Raises Refusal where the run has no such series."""
    try:
        metric, context = key_of(name)
    except ValueError:
        metric, context = name, ""
    rows = conn.execute(f"{_PIECES} ORDER BY 1", {"run": run, "metric": metric, "context": context}).fetchall()
    if not rows:
        uid = conn.execute("SELECT uid FROM run WHERE id = ?", (run,)).fetchone()[0]
        raise Refusal(f"Run {uid} has no series {name!r}{nearest(name, series_names(conn, run))}.")
    return Series(name_of(metric, context), *unpack(map(Packed._make, rows)))


def _last_values(conn: sqlite3.Connection, run: int) -> dict[str, float]:
    rows = conn.execute("SELECT m.name, s.context, s.last_v FROM series s JOIN metric m ON m.id = s.metric WHERE s.run = ?", (run,))
    return {name_of(metric, context): math.nan if last is None else last for metric, context, last in rows}


def last_values(conn: sqlite3.Connection, run: int) -> dict[str, float]:
    """The last value of every series of a run, and its measures computed later, by name in alphabetical order."""
    later = {
        name: math.nan if value is None else value for name, value in conn.execute("SELECT name, value FROM derived WHERE run = ?", (run,))
    }
    return dict(sorted({**later, **_last_values(conn, run)}.items()))


#: From so many runs on every series' last values are read along its index, which is quicker than looking each run up.
_MANY = 500


def last_values_of(conn: sqlite3.Connection, uids: Sequence[str], names: Iterable[str] | None = None) -> dict[str, dict[str, float]]:
    """Last values by run uid and name, of all series or of some; every uid is there. Raises ValueError for a name that is no measure's.

    A measure that was computed later counts where none was taken.
    """
    wanted = None if names is None else {name: key_of(name) for name in names}
    with uncollected():
        found: dict[str, dict[str, float]] = {uid: {} for uid in uids}
        of = "SELECT r.id, r.uid FROM json_each(?) j JOIN run r ON r.uid = j.value", (json.dumps(list(uids)),)
        every = "SELECT id, uid FROM run", ()
        by_id = {id: found[uid] for id, uid in conn.execute(*(of if len(found) < _MANY else every)) if uid in found}
        _add_derived(conn, by_id, None if wanted is None else set(wanted))
        if wanted is None and len(by_id) < _MANY:
            _add_all(conn, by_id)
        else:
            _add_some(conn, by_id, wanted if wanted is not None else {name_of(*key): key for key in _keys(conn)})
    return found


def _add_all(conn: sqlite3.Connection, by_id: dict[int, dict[str, float]]) -> None:
    rows = "SELECT s.run, m.name, s.context, s.last_v FROM series s JOIN metric m ON m.id = s.metric"
    which = f"{rows} WHERE s.run IN (SELECT value FROM json_each(?))"
    for run, metric, context, last in conn.execute(which, (json.dumps(list(by_id)),)):
        by_id[run][name_of(metric, context)] = math.nan if last is None else last


def _add_some(conn: sqlite3.Connection, by_id: dict[int, dict[str, float]], names: Mapping[str, tuple[str, str]]) -> None:
    one = "SELECT run, last_v FROM series WHERE metric = (SELECT id FROM metric WHERE name = ?) AND context = ?"
    few = len(by_id) < _MANY
    some = " AND run IN (SELECT value FROM json_each(?))" if few else ""
    asked = [json.dumps(list(by_id))] if few else []
    of_run = by_id.get
    for name, key in names.items():
        for run, last in conn.execute(one + some, [*key, *asked]).fetchall():
            if (own := of_run(run)) is not None:
                own[name] = math.nan if last is None else last


def _add_derived(conn: sqlite3.Connection, by_id: dict[int, dict[str, float]], names: set[str] | None) -> None:
    for run, name, value in conn.execute("SELECT run, name, value FROM derived"):
        own = by_id.get(run)
        if own is not None and (names is None or name in names):
            own[name] = math.nan if value is None else value


def _keys(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    """(metric, labels) of every measure of any run, from one to the next through the index."""
    return [(name, context) for _, name, context in measured(conn)]


def measured(conn: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """(metric's id, metric, labels) of every measure of any run, from one to the next through the index."""
    found = []
    for metric, name in conn.execute("SELECT id, name FROM metric ORDER BY name").fetchall():
        after: tuple[str, ...] = ()
        while True:
            more = "AND context > ?" if after else ""
            row = conn.execute(f"SELECT min(context) FROM series WHERE metric = ? {more}", (metric, *after)).fetchone()
            if row[0] is None:
                break
            found.append((metric, name, row[0]))
            after = (row[0],)
    return found


def summary_of(conn: sqlite3.Connection, run: int, name: str) -> Summary:
    """Number, last, lowest and highest value of a series, without reading its points. Raises Refusal where there is none."""
    metric, context = key_of(name)
    row = _row(conn, _SUMMARY, run, metric, context)
    if row is None:
        raise Refusal(f"The run has no series {name!r}{nearest(name, series_names(conn, run))}.")
    return _summary(row)


def _row(conn: sqlite3.Connection, columns: str, run: int, metric: str, context: str) -> Any:
    """Some columns of a series, or None where the run has none of that name."""
    asked = {"run": run, "metric": metric, "context": context}
    return conn.execute(f"SELECT {columns} FROM series WHERE id = ({_OF_RUN})", asked).fetchone()


def _summary(row: Sequence[Any]) -> Summary:
    found = dict(zip(_FIELDS, row, strict=True))
    if found["last"] is None:
        found["last"] = math.nan
    return Summary(**found)


def _summary_values(s: Summary) -> tuple[float | int | None, ...]:
    last = None if math.isnan(s.last) else s.last
    return (s.n, s.first_step, s.last_step, last, s.low, s.low_step, s.high, s.high_step, s.nan_n)


# ---------------------------------------------------------------------------------------------- writing


@dataclass
class Open:
    """A series that is being written: its row, and its end."""

    id: int
    end: Growing


def last_steps(conn: sqlite3.Connection, run: int) -> dict[str, int]:
    """The newest step of every series of a run, by name."""
    rows = conn.execute("SELECT m.name, s.context, s.last_step FROM series s JOIN metric m ON m.id = s.metric WHERE s.run = ?", (run,))
    return {name_of(metric, context): step for metric, context, step in rows}


def open_series(conn: sqlite3.Connection, run: int, name: str) -> Open:
    """The end of a series, made where there is none; inside the caller's transaction."""
    metric, context = key_of(name)
    row = _row(conn, "id", run, metric, context)
    if row is None:
        conn.execute("INSERT INTO metric(name) VALUES (?) ON CONFLICT DO NOTHING", (metric,))
        made = conn.execute(
            "INSERT INTO series(run, metric, context, n, first_step, last_step, nan_n)"
            " VALUES (?, (SELECT id FROM metric WHERE name = ?), ?, 0, 0, 0, 0)",
            (run, metric, context),
        )
        return Open(int(made.lastrowid or 0), Growing())
    id = int(row[0])
    sealed, pieces = _pieces(conn, "chunk", id), _pieces(conn, "tail", id)
    return Open(id, Growing(summarise(*unpack(sealed)), *unpack(pieces), pieces=len(pieces)))


def _pieces(conn: sqlite3.Connection, table: str, series: int) -> list[Packed]:
    """The rows of a series in one of the two tables, in the order of their steps."""
    rows = conn.execute(f"SELECT step0, n, dstep, steps, v FROM {table} WHERE series = ? ORDER BY step0", (series,))
    return [Packed._make(row) for row in rows]


def write_points(conn: sqlite3.Connection, points: Iterable[tuple[Open, Steps, Floats]]) -> None:
    """Adds points to series, inside the caller's transaction: chunks, tails and summaries in as few statements as there are tables."""
    emptied: list[tuple[int]] = []
    sealed: list[tuple[object, ...]] = []
    tails: list[tuple[object, ...]] = []
    summaries: list[tuple[object, ...]] = []
    for series, steps, values in points:
        change = series.end.add(steps, values)
        if change.anew:
            emptied.append((series.id,))
        sealed += [(series.id, *piece) for piece in change.sealed]
        tails += [(series.id, *piece) for piece in change.tail]
        summaries.append((*_summary_values(series.end.summary), series.id))
    _write_rows(conn, emptied, sealed, tails, summaries)


def _write_rows(
    conn: sqlite3.Connection,
    emptied: Sequence[tuple[int]],
    sealed: Sequence[tuple[object, ...]],
    tails: Sequence[tuple[object, ...]],
    summaries: Sequence[tuple[object, ...]],
) -> None:
    conn.executemany("DELETE FROM tail WHERE series = ?", emptied)
    conn.executemany("INSERT INTO chunk(series, step0, n, dstep, steps, v) VALUES (?, ?, ?, ?, ?, ?)", sealed)
    conn.executemany("INSERT INTO tail(series, step0, n, dstep, steps, v) VALUES (?, ?, ?, ?, ?, ?)", tails)
    conn.executemany(
        "UPDATE series SET n = ?, first_step = ?, last_step = ?, last_v = ?, min_v = ?, min_step = ?, max_v = ?, max_step = ?, nan_n = ?"
        " WHERE id = ?",
        summaries,
    )


def cut_series(conn: sqlite3.Connection, run: int, after: int) -> None:
    """Takes every point after step `after` from every series of a run, inside the caller's transaction.

    What is left (chunks, tail, summary) is what it would be had the points never been written; empty series are gone.
    """
    for (id,) in conn.execute("SELECT id FROM series WHERE run = ? AND last_step > ?", (run, after)).fetchall():
        left = cut(*unpack(_pieces(conn, "chunk", id) + _pieces(conn, "tail", id)), after)
        if left.tail is None:
            conn.execute("DELETE FROM series WHERE id = ?", (id,))
            continue
        conn.execute("DELETE FROM chunk WHERE series = ? AND step0 >= ?", (id, left.tail.step0))
        _write_rows(conn, [(id,)], [], [(id, *left.tail)], [(*_summary_values(left.summary), id)])
