"""Runs and studies as they are listed and found."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from memstudio.experiment.parameters import Refusal
from memstudio.library import stored_json
from memstudio.library.connection import uncollected
from memstudio.library.filters import where_sql
from memstudio.library.names import FIELDS, MANY, TABLES, Name, environment_sql, find_name, is_derived, parameter_ends
from memstudio.library.rows import CellRow, RunRow, StudyRow
from memstudio.library.series import name_of

#: what a run has from its cell, side by side among its fields: read once a cell, where a join would read it once a run
_OF_CELL = ("study", "study_title", "cell", "sets")
_NO_CELL: tuple[Any, ...] = (None, None, "", {})
_NAMES = tuple(name for name in RunRow._fields if name not in _OF_CELL[1:])
_SELECT = ", ".join({"tags": "r.id", "study": "r.cell"}.get(name, f"r.{name}") for name in _NAMES)
_CELL, _TAGS = _NAMES.index("study"), _NAMES.index("tags")
_FLAGS = tuple(map(_NAMES.index, ("starred", "held", "baseline", "packed")))


@dataclass(frozen=True)
class Wanted:
    """Which runs are listed, in which order.

    where: a filter (see filters.py); text: words to find in title, note, tags and parameters; sort: any name (see names.py), with a
    minus before it for descending; without it the newest come first, those of a study as planned.
    """

    state: str | None = None
    study: int | None = None
    where: str | None = None
    text: str | None = None
    trashed: bool = False
    sort: str | None = None
    limit: int | None = None
    offset: int = 0


def list_runs(db: sqlite_utils.Database, wanted: Wanted) -> list[RunRow]:
    """The runs that are wanted. Raises Refusal where the filter or the order cannot be understood."""
    conn = db.conn
    condition, values = condition_of(conn, wanted)
    ways = [_NEWEST] if wanted.sort is None else _orders(conn, wanted.sort, paged=wanted.limit is not None)
    limit = -1 if wanted.limit is None else wanted.limit
    found: list[RunRow] = []
    for order in ways:
        sql = f"SELECT {_SELECT} FROM {order.tables} WHERE {condition} ORDER BY {order.by} LIMIT ? OFFSET ?"
        with uncollected():
            found = _rows(conn, conn.execute(sql, [*order.values, *values, *order.by_values, limit, wanted.offset]))
        if len(found) == wanted.limit:
            break
    return found


def list_uids(conn: sqlite3.Connection, wanted: Wanted) -> list[str]:
    """The uids of the runs that are wanted, in their order: what a table of thousands needs before it shows a page of them."""
    condition, values = condition_of(conn, wanted)
    order = _NEWEST if wanted.sort is None else _orders(conn, wanted.sort, paged=False)[-1]
    sql = f"SELECT r.uid FROM {order.tables} WHERE {condition} ORDER BY {order.by}"
    return [row[0] for row in conn.execute(sql, [*order.values, *values, *order.by_values])]


@dataclass(frozen=True)
class _Order:
    """One way to list runs in an order: tables and what they are ordered by, each with the values of their marks."""

    tables: str
    values: list[Any]
    by: str
    by_values: list[Any]


_NEWEST = _Order(TABLES, [], "r.queued DESC, r.id", [])


def _orders(conn: sqlite3.Connection, sort: str, paged: bool) -> list[_Order]:
    """The ways to list runs in this order, the quickest first; a later one counts where an earlier finds less than a page."""
    name = find_name(conn, sort.lstrip("+-").strip())
    way = "DESC" if sort.startswith("-") else "ASC"
    if name.kind == "run":
        return [_Order(TABLES, [], f"{FIELDS[name.name].sql} {way} NULLS LAST, r.queued DESC, r.id", [])]
    if name.kind == "environment":
        sql, marks = environment_sql(conn, name.key[0], "r.environment")
        return [_Order(TABLES, [], f"{sql} {way} NULLS LAST, r.queued DESC, r.id", marks)]
    if name.kind == "measure":
        return _by_measure(conn, name, way, paged)
    tables = f"{TABLES} LEFT JOIN param p ON p.run = r.id AND p.key = ?"
    every = _Order(tables, [*name.key], f"p.num {way} NULLS LAST, p.text {way} NULLS LAST, r.id {way}", [])
    ends = parameter_ends(conn, name.key[0])
    mixed = ends is None or (ends[0][0] is None) != (ends[1][0] is None)  # texts stand before numbers in the index
    having = f"param p CROSS JOIN {TABLES.replace('run r', 'run r ON r.id = p.run AND p.key = ?', 1)}"
    quick = _Order(having, [*name.key], f"p.num {way}, p.text {way}, p.run {way}", [])
    return [quick, every] if paged and not mixed else [every]


def _by_measure(conn: sqlite3.Connection, name: Name, way: str, paged: bool) -> list[_Order]:
    of = "x.metric = (SELECT id FROM metric WHERE name = ?) AND x.context = ?"
    tables, full = f"{TABLES} LEFT JOIN series x ON x.run = r.id AND {of}", name_of(*name.key)
    if is_derived(conn, full):
        later = f"{tables} LEFT JOIN derived d ON d.run = r.id AND d.name = ?"
        by = f"iif(x.run IS NULL, d.value, x.last_v) {way} NULLS LAST, r.id {way}"
        return [_Order(later, [*name.key, full], by, [])]
    every = _Order(tables, [*name.key], f"x.last_v {way} NULLS LAST, r.id {way}", [])
    # a page of the runs that have the measure comes straight from its index (CROSS JOIN keeps that order), without sorting every run
    having = f"series x CROSS JOIN {TABLES.replace('run r', 'run r ON r.id = x.run AND x.last_v IS NOT NULL AND ' + of, 1)}"
    return [_Order(having, [*name.key], f"x.last_v {way}, x.run {way}", []), every] if paged else [every]


def count_runs(db: sqlite_utils.Database, wanted: Wanted) -> int:
    """How many runs are wanted, whatever the page. Raises Refusal where the filter cannot be understood."""
    condition, values = condition_of(db.conn, wanted)
    return int(db.conn.execute(f"SELECT count(*) FROM {TABLES} WHERE {condition}", values).fetchone()[0])


def condition_of(conn: sqlite3.Connection, wanted: Wanted) -> tuple[str, list[Any]]:
    """The condition on runs r (cells c, studies s) that is asked for, with the values of its marks. Raises Refusal."""
    parts, values = [f"r.trashed IS {'NOT ' if wanted.trashed else ''}NULL"], list[Any]()
    if wanted.state is not None:
        parts.append("r.state = ?")
        values.append(wanted.state)
    if wanted.study is not None:
        parts.append("c.study = ?")
        values.append(wanted.study)
    if wanted.where is not None and wanted.where.strip():
        sql, more = where_sql(conn, wanted.where)
        parts.append(sql)
        values += more
    if wanted.text is not None and wanted.text.strip():
        parts.append("r.id IN (SELECT rowid FROM run_text WHERE run_text MATCH ?)")
        values.append(words_sql(wanted.text))
    return " AND ".join(parts), values


def words_sql(text: str) -> str:
    """What full-text search is asked for these words: each may be the beginning of one, so that typing finds more and more exactly."""
    return " ".join(f'"{word}"*' for word in re.findall(r"\w+", text)) or '""'


def _rows(conn: sqlite3.Connection, cursor: sqlite3.Cursor) -> list[RunRow]:
    """The rows of a query. 10,000 of them take about as long as SQLite takes to find them, so little is done to each."""
    rows = cursor.fetchall()
    tags = _tags_of(conn, [values[_TAGS] for values in rows])
    cells = _cells_of(conn, {values[_CELL] for values in rows})
    of_cell, tags_of, make, found = cells.get, tags.get, RunRow._make, []
    for values in rows:
        row = list(values)
        for flag in _FLAGS:
            row[flag] = row[flag] != 0
        row[_TAGS] = tags_of(row[_TAGS], ())
        row[_CELL : _CELL + 1] = of_cell(row[_CELL], _NO_CELL)
        found.append(make(row))
    return found


def _cells_of(conn: sqlite3.Connection, ids: Collection[int | None]) -> dict[int, tuple[Any, ...]]:
    """What runs have from their cells (see _OF_CELL), by the cells' ids; of all cells where many are asked for."""
    some = (" WHERE c.id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))]) if len(ids) < MANY else ("", [])
    columns = "SELECT c.id, s.uid, s.title, c.label, c.sets FROM cell c LEFT JOIN study s ON s.id = c.study"
    return {
        id: (study, title, label, stored_json.mapping_or_empty(sets))
        for id, study, title, label, sets in conn.execute(columns + some[0], some[1])
    }


def _tags_of(conn: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The tags of runs by their ids, in alphabetical order; of all runs where many are asked for."""
    some = (" WHERE run IN (SELECT value FROM json_each(?))", [json.dumps(ids)]) if len(ids) < MANY else ("", [])
    found: dict[int, tuple[str, ...]] = {}
    for run, tag in conn.execute(f"SELECT run, tag FROM tag{some[0]} ORDER BY run, tag", some[1]):
        found[run] = (*found.get(run, ()), tag)
    return found


def run_row(conn: sqlite3.Connection, run: int) -> RunRow:
    """One run."""
    return _rows(conn, conn.execute(f"SELECT {_SELECT} FROM {TABLES} WHERE r.id = ?", (run,)))[0]


def rows_of(conn: sqlite3.Connection, runs: Sequence[int]) -> dict[int, RunRow]:
    """Runs by their ids; those that are gone are left out."""
    there = "SELECT id FROM run WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    ids = [row[0] for row in conn.execute(there, (json.dumps(list(runs)),))]
    where = f"r.id IN ({', '.join(map(str, ids))}) ORDER BY r.id"
    return dict(zip(ids, _rows(conn, conn.execute(f"SELECT {_SELECT} FROM {TABLES} WHERE {where}")), strict=True))


def rows_by_uid(conn: sqlite3.Connection, uids: Sequence[str]) -> list[RunRow]:
    """Runs by their whole uids, in no order; those that are gone are left out."""
    some = "SELECT id FROM run WHERE uid IN (SELECT value FROM json_each(?))"
    return list(rows_of(conn, [row[0] for row in conn.execute(some, (json.dumps(list(uids)),))]).values())


def find_run(conn: sqlite3.Connection, text: str) -> int:
    """The id of the run with that uid, or of the one whose uid begins so. Raises Refusal when there is none, or several."""
    return _find(conn, "run", text)


def find_study(conn: sqlite3.Connection, text: str) -> int:
    """The id of the study with that uid, or of the one whose uid begins so. Raises Refusal when there is none, or several."""
    return _find(conn, "study", text)


def _find(conn: sqlite3.Connection, table: str, text: str) -> int:
    rows = []
    if re.fullmatch(r"[0-9a-f]{1,64}", text):
        # "g" is after every hexadecimal digit, so this is the range of uids that begin so
        rows = conn.execute(f"SELECT id, uid FROM {table} WHERE uid >= ? AND uid < ? ORDER BY uid LIMIT 4", (text, text + "g")).fetchall()
    for id, uid in rows:
        if uid == text:
            return int(id)
    if not rows:
        raise Refusal(f"There is no {table} {text!r:.80} in this library; `memstudio runs` lists what there is.")
    if len(rows) > 1:
        raise Refusal(
            f"Several {'studies' if table == 'study' else 'runs'} begin with {text} ({', '.join(uid for _, uid in rows)}); type more of it."
        )
    return int(rows[0][0])


def study_rows(db: sqlite_utils.Database, study: int | None = None, trials_of: int | None = None) -> list[StudyRow]:
    """Studies (one by id, or the trials of one) with their cells, newest first; trashed ones are left out unless asked for by id.

    Runs in the trash are not counted, unless the study is there too.
    """
    where, values = "s.trashed IS NULL AND s.kind = 'study'", list[Any]()
    if study is not None:
        where, values = "s.id = ?", [study]
    elif trials_of is not None:
        where, values = "s.trashed IS NULL AND s.parent = ?", [trials_of]
    sql = f"SELECT s.*, p.uid AS parent_uid FROM study s LEFT JOIN study p ON p.id = s.parent WHERE {where}"
    return [_study_row(db, row) for row in list(db.query(f"{sql} ORDER BY s.created DESC, s.id DESC", values))]


def _study_row(db: sqlite_utils.Database, row: Mapping[str, Any]) -> StudyRow:
    cells = db.query("SELECT label, sets FROM cell WHERE study = ? ORDER BY position", [row["id"]])
    which = "SELECT r.state, count(*) FROM run r JOIN cell c ON c.id = r.cell WHERE c.study = ?"
    here = "" if row["trashed"] is not None else " AND r.trashed IS NULL"
    states: Mapping[str, int] = dict(db.conn.execute(f"{which}{here} GROUP BY r.state", (row["id"],)).fetchall())
    return StudyRow(
        uid=row["uid"],
        title=row["title"],
        document=row["document"],
        created=row["created"],
        note=row["note"],
        runs=sum(states.values()),
        states=states,
        cells=tuple(CellRow(cell["label"], stored_json.mapping_or_empty(cell["sets"])) for cell in cells),
        baseline=row["baseline"],
        starred=bool(row["starred"]),
        parent=row["parent_uid"],
        kind=row["kind"],
        trashed=row["trashed"],
    )
