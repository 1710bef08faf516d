"""Rows of runs from one library into another: what belongs to a run comes with it, what is shared is shared again."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from memstudio.experiment.parameters import Refusal
from memstudio.library.documents import sha256_of
from memstudio.library.searching import reindex

#: Why a run that was going on elsewhere does not go on here.
ELSEWHERE = "It had not ended in the library it was merged from."
_UNENDED = "('queued', 'starting', 'running')"
_RUN = (
    "uid, title, document, seed, data_seed, replicate, epoch, attempts, machine, pid, pid_started, boot_id, heartbeat, queued, started,"
    " stage, step, steps, device, threads, data, failure, failed_node, environment, note, starred, packed"
)
#: What must hold of every row of another library, beside its types (its tables are STRICT, and so are ours).
_SOUND = {
    "run": "length(uid) BETWEEN 1 AND 64 AND uid NOT GLOB '*[^0-9a-f]*' AND json_valid(coalesce(data, '{}'))",
    "study": "length(uid) BETWEEN 1 AND 64 AND uid NOT GLOB '*[^0-9a-f]*'",
    "cell": "json_valid(sets)",
    "environment": "json_valid(json)",
    "form": "json_valid(json)",
    "event": "json_valid(coalesce(data, '{}'))",
    "run_artifact": "json_valid(coalesce(meta, '{}'))",
    "artifact": "length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*' AND size >= 0",
    "chunk": "n > 0 AND length(v) = 8 * n AND (steps IS NULL OR length(steps) = 8 * n)",
    "tail": "n > 0 AND length(v) = 8 * n AND (steps IS NULL OR length(steps) = 8 * n)",
    "curve": "dtype GLOB '[<|][fiu][1248]' AND json_valid(shape)",
}


@dataclass
class Copied:
    """What came: uids of runs that are new here and of those that had come further there, numbers of studies and of runs known already."""

    runs: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    studies: int = 0
    already: int = 0


def refuse_unsound(conn: sqlite3.Connection, name: str) -> None:
    """Raises Refusal unless the attached database `other` has our tables, whole and with rows that can be read. name: of its file."""
    ours, theirs = (_tables(conn, schema) for schema in ("main", "other"))
    for table, own in ours.items():
        if theirs.get(table) != own:
            raise Refusal(f"{name} is not a library of MemStudio as this version makes them: its table {table} is another.")
    found = conn.execute("PRAGMA other.quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Refusal(f"The library {name} is damaged ({found}); use a backup of it.")
    for table, sound in _SOUND.items():
        if conn.execute(f"SELECT 1 FROM other.{table} WHERE NOT coalesce({sound}, 0) LIMIT 1").fetchone():
            raise Refusal(f"The library {name} is damaged: a row of {table} cannot be read; use a backup of it.")


def _tables(conn: sqlite3.Connection, schema: str) -> dict[str, list[tuple[object, ...]]]:
    """The columns of every real table that holds runs (no view, no virtual table), by name: what is read is data and nothing else."""
    names = conn.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'").fetchall()
    wanted = [name for (name,) in names if re.fullmatch(r"[a-z_]+", name) and not name.startswith(("sqlite_", "run_text"))]
    return {name: conn.execute(f"PRAGMA {schema}.table_info({name})").fetchall() for name in wanted}


def plan(conn: sqlite3.Connection, uids: Sequence[str] | None) -> tuple[list[int], list[int], int]:
    """(new, further, already): the ids, in `other`, of runs that are not here, and of those that came further there; how many stay.

    Of all its runs, or of some; those in its trash do not count. A run that somebody holds here stays as it is.
    """
    some = "" if uids is None else " AND o.uid IN (SELECT value FROM json_each(?))"
    rows = conn.execute(
        "SELECT o.id, r.id IS NULL, NOT r.held AND r.state != 'finished' AND (o.state = 'finished' OR o.step > r.step)"
        f" FROM other.run o LEFT JOIN main.run r ON r.uid = o.uid WHERE o.trashed IS NULL{some} ORDER BY o.id",
        [] if uids is None else [json.dumps(list(uids))],
    ).fetchall()
    new, further = [run for run, is_new, _ in rows if is_new], [run for run, is_new, more in rows if not is_new and more]
    return new, further, len(rows) - len(new) - len(further)


def copy_runs(conn: sqlite3.Connection, uids: Sequence[str] | None, whole: Sequence[str] | None, *, ending: bool) -> Copied:
    """Copies runs (None: all) from the attached library `other` with all that was measured, inside the caller's transaction.

    whole: uids of studies that come with all of their cells (None: every one); of others only the cells of these runs come. ending: runs
    that had not ended there are stopped here. Files are the caller's. A run that is here already keeps its notes, tags and stars; one
    that came further there is brought up to date. Raises Refusal for what is not what its name says.
    """
    new, further, already = plan(conn, uids)
    copied = Copied(already=already)
    _begin(conn, [*new, *further])
    kept = _take_away(conn, further)
    _copy_documents(conn, whole)
    copied.studies = _copy_studies(conn, whole)
    _copy_rows(conn, ending)
    _copy_measured(conn)
    _give_back(conn, kept)
    _add_what_people_said(conn, uids)
    there = dict(conn.execute("SELECT m.old, r.uid FROM temp.run_map m JOIN main.run r ON r.id = m.new").fetchall())
    copied.runs, copied.updated = [there[run] for run in new], [there[run] for run in further]
    reindex(conn, [row[0] for row in conn.execute("SELECT new FROM temp.run_map")])
    return copied


def _begin(conn: sqlite3.Connection, runs: Sequence[int]) -> None:
    """The runs to copy with the ids they get here, in temporary tables."""
    for table in ("run_map", "study_map", "cell_map", "series_map"):
        conn.execute(f"DROP TABLE IF EXISTS temp.{table}")
        conn.execute(f"CREATE TEMP TABLE {table}(old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")
    (last,) = conn.execute("SELECT coalesce(max(id), 0) FROM main.run").fetchone()
    conn.executemany("INSERT INTO temp.run_map(old, new) VALUES (?, ?)", [(run, last + i) for i, run in enumerate(sorted(runs), 1)])


def _take_away(conn: sqlite3.Connection, further: Sequence[int]) -> list[tuple[object, ...]]:
    """Removes the runs of ours that come anew; what people said of them: uid, note, star, baseline, tags as JSON, trashed."""
    ours = "SELECT r.id FROM main.run r JOIN other.run o ON o.uid = r.uid WHERE o.id IN (SELECT value FROM json_each(?))"
    some = (json.dumps(list(further)),)
    kept = conn.execute(
        "SELECT uid, note, starred, baseline, (SELECT json_group_array(tag) FROM main.tag WHERE run = r.id), trashed FROM main.run r"
        f" WHERE id IN ({ours})",
        some,
    ).fetchall()
    conn.execute(f"DELETE FROM main.run_text WHERE rowid IN ({ours})", some)
    conn.execute(f"DELETE FROM main.run WHERE id IN ({ours})", some)
    return kept


def _give_back(conn: sqlite3.Connection, kept: Sequence[tuple[object, ...]]) -> None:
    for uid, note, starred, baseline, tags, trashed in kept:
        conn.execute(
            "UPDATE main.run SET note = iif(? = '', note, ?), starred = max(starred, ?), baseline = ?, trashed = ? WHERE uid = ?",
            (note, note, starred, baseline, trashed, uid),
        )
        conn.execute(
            "INSERT INTO main.tag(run, tag) SELECT r.id, j.value FROM main.run r, json_each(?) j WHERE r.uid = ? ON CONFLICT DO NOTHING",
            (tags, uid),
        )


def _copy_documents(conn: sqlite3.Connection, whole: Sequence[str] | None) -> None:
    """Documents and environments of what comes, each checked against its name."""
    studies = "SELECT document FROM other.study WHERE trashed IS NULL" + _among(whole, "uid")
    named = f"SELECT document FROM other.run WHERE id IN (SELECT old FROM temp.run_map) UNION {studies} UNION {_STUDIES_OF_RUNS}"
    for table, which in (
        ("document", named),
        ("environment", "SELECT environment FROM other.run WHERE id IN (SELECT old FROM temp.run_map)"),
    ):
        asked = [json.dumps(list(whole))] if whole is not None and table == "document" else []
        for sha, text in conn.execute(f"SELECT sha256, json FROM other.{table} WHERE sha256 IN ({which})", asked):
            if sha256_of(text) != sha:
                raise Refusal(f"The {table} {sha[:12]!r} of that library is not what its name says; use a backup of it.")
            conn.execute(f"INSERT INTO main.{table}(sha256, json) VALUES (?, ?) ON CONFLICT DO NOTHING", (sha, text))


#: the documents of studies that come because a run of theirs does, and those of their studies
_STUDIES_OF_RUNS = (
    "SELECT t.document FROM other.study t WHERE t.id IN (SELECT c.study FROM other.cell c JOIN other.run o ON o.cell = c.id"
    " WHERE o.id IN (SELECT old FROM temp.run_map) UNION SELECT p.parent FROM other.study p JOIN other.cell c ON c.study = p.id"
    " JOIN other.run o ON o.cell = c.id WHERE o.id IN (SELECT old FROM temp.run_map))"
)


def _among(whole: Sequence[str] | None, column: str) -> str:
    return "" if whole is None else f" AND {column} IN (SELECT value FROM json_each(?))"


def _copy_studies(conn: sqlite3.Connection, whole: Sequence[str] | None) -> int:
    """Studies with their cells; those that are here already get the cells they lack. How many are new."""
    asked = [] if whole is None else [json.dumps(list(whole))]
    wholes = f"SELECT id FROM other.study WHERE trashed IS NULL{_among(whole, 'uid')}"
    of_runs = "SELECT c.study FROM other.cell c JOIN other.run o ON o.cell = c.id WHERE o.id IN (SELECT old FROM temp.run_map)"
    of_trials = f"SELECT parent FROM other.study WHERE id IN ({of_runs})"
    rows = conn.execute(
        "SELECT id, uid, title, document, created, note, baseline, starred, kind FROM other.study"
        f" WHERE id IN ({wholes} UNION {of_runs} UNION {of_trials}) ORDER BY id",
        asked,
    ).fetchall()
    new = 0
    for id, uid, title, document, created, note, baseline, starred, kind in rows:
        here = conn.execute("SELECT id FROM main.study WHERE uid = ?", (uid,)).fetchone()
        if here is None:
            new += 1
            made = conn.execute(
                "INSERT INTO main.study(uid, title, document, created, note, baseline, starred, kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (uid, title, document, created, note, baseline, starred, kind),
            )
            here = (made.lastrowid,)
        conn.execute("UPDATE main.study SET note = ? WHERE id = ? AND note = ''", (note, here[0]))
        conn.execute("INSERT INTO temp.study_map(old, new) VALUES (?, ?)", (id, here[0]))
    conn.execute(
        "UPDATE main.study SET parent = (SELECT p.new FROM other.study o JOIN temp.study_map m ON m.old = o.id JOIN temp.study_map p"
        " ON p.old = o.parent WHERE m.new = study.id) WHERE parent IS NULL AND id IN (SELECT new FROM temp.study_map)"
    )
    _copy_cells(conn, wholes, asked)
    return new


def _copy_cells(conn: sqlite3.Connection, wholes: str, asked: list[str]) -> None:
    used = "SELECT cell FROM other.run WHERE id IN (SELECT old FROM temp.run_map)"
    rows = conn.execute(
        "SELECT c.id, m.new, c.label, c.sets, c.position FROM other.cell c LEFT JOIN temp.study_map m ON m.old = c.study"
        f" WHERE c.id IN ({used}) OR c.study IN ({wholes}) ORDER BY c.id",
        asked,
    ).fetchall()
    for id, study, label, sets, position in rows:
        here = conn.execute("SELECT id FROM main.cell WHERE study = ? AND label = ?", (study, label)).fetchone()
        if here is None:
            values = (study, label, sets, position)
            here = (conn.execute("INSERT INTO main.cell(study, label, sets, position) VALUES (?, ?, ?, ?)", values).lastrowid,)
        conn.execute("INSERT INTO temp.cell_map(old, new) VALUES (?, ?)", (id, here[0]))


def _copy_rows(conn: sqlite3.Connection, ending: bool) -> None:
    """The runs themselves, and what belongs to each: attempts, parameters, tags, events, files by name, measures computed later."""
    unended = f"o.state IN {_UNENDED}" if ending else "0"
    said = f"iif({unended}, ?, o.why)"
    theirs = ", ".join(f"o.{name.strip()}" for name in _RUN.split(","))
    conn.execute(
        f"INSERT INTO main.run(id, {_RUN}, cell, state, ended, why) SELECT m.new, {theirs},"
        f" (SELECT new FROM temp.cell_map WHERE old = o.cell), iif({unended}, 'stopped', o.state),"
        f" iif({unended}, coalesce(o.ended, o.heartbeat, o.queued), o.ended), {said}"
        " FROM temp.run_map m JOIN other.run o ON o.id = m.old ORDER BY m.new",
        (ELSEWHERE,),
    )
    now = time.time()
    conn.execute(
        "INSERT INTO main.attempt(run, epoch, from_step, from_stage, started, ended, why, machine, pid) SELECT m.new, a.epoch, a.from_step,"
        " a.from_stage, a.started, coalesce(a.ended, o.heartbeat, a.started, ?), coalesce(a.why, 'merged'), a.machine, a.pid"
        " FROM temp.run_map m JOIN other.run o ON o.id = m.old JOIN other.attempt a ON a.run = m.old",
        (now,),
    )
    for table, columns in (
        ("param", "key, text, num"),
        ("tag", "tag"),
        ("derived", "name, value, version, computed"),
        ("event", "t, step, level, kind, text, data"),
    ):
        conn.execute(
            f"INSERT INTO main.{table}(run, {columns}) SELECT m.new, {columns} FROM temp.run_map m JOIN other.{table} x ON x.run = m.old"
            f" ORDER BY m.new{', x.id' if table == 'event' else ''}"
        )
    conn.execute(
        "INSERT INTO main.artifact(sha256, size, created) SELECT DISTINCT a.sha256, a.size, a.created FROM temp.run_map m"
        " JOIN other.run_artifact n ON n.run = m.old JOIN other.artifact a ON a.sha256 = n.artifact WHERE true ON CONFLICT DO NOTHING"
    )
    conn.execute(
        "INSERT INTO main.run_artifact(run, name, artifact, kind, stage, step, meta, created) SELECT m.new, n.name, n.artifact, n.kind,"
        " n.stage, n.step, n.meta, n.created FROM temp.run_map m JOIN other.run_artifact n ON n.run = m.old"
    )


def _copy_measured(conn: sqlite3.Connection) -> None:
    """Series with their points, and curves."""
    conn.execute("INSERT INTO main.metric(name) SELECT name FROM other.metric WHERE true ON CONFLICT DO NOTHING")
    (last,) = conn.execute("SELECT coalesce(max(id), 0) FROM main.series").fetchone()
    conn.execute(
        "INSERT INTO temp.series_map(old, new) SELECT s.id, ? + row_number() OVER (ORDER BY m.new, s.id) FROM temp.run_map m"
        " JOIN other.series s ON s.run = m.old",
        (last,),
    )
    values = "n, first_step, last_step, last_v, min_v, min_step, max_v, max_step, nan_n"
    conn.execute(
        f"INSERT INTO main.series(id, run, metric, context, {values}) SELECT k.new, m.new,"
        " (SELECT h.id FROM main.metric h JOIN other.metric o"
        f" ON o.name = h.name WHERE o.id = s.metric), s.context, {values} FROM temp.series_map k JOIN other.series s ON s.id = k.old"
        " JOIN temp.run_map m ON m.old = s.run ORDER BY k.new"
    )
    for table in ("chunk", "tail"):
        conn.execute(
            f"INSERT INTO main.{table}(series, step0, n, dstep, steps, v) SELECT k.new, x.step0, x.n, x.dstep, x.steps, x.v"
            f" FROM temp.series_map k JOIN other.{table} x ON x.series = k.old ORDER BY k.new, x.step0"
        )
    used = "SELECT form FROM other.curve WHERE run IN (SELECT old FROM temp.run_map)"
    conn.execute(f"INSERT INTO main.form(json) SELECT json FROM other.form WHERE id IN ({used}) ON CONFLICT DO NOTHING")
    conn.execute(
        "INSERT INTO main.curve(run, name, step, form, shape, dtype, low, high, v) SELECT m.new, c.name, c.step,"
        " (SELECT h.id FROM main.form h JOIN other.form o ON o.json = h.json WHERE o.id = c.form), c.shape, c.dtype, c.low, c.high, c.v"
        " FROM temp.run_map m JOIN other.curve c ON c.run = m.old ORDER BY m.new, c.name, c.step"
    )


def _add_what_people_said(conn: sqlite3.Connection, uids: Sequence[str] | None) -> None:
    """Tags of runs that were here already are put together; a note comes where there is none; so do measures computed later."""
    asked = [] if uids is None else [json.dumps(list(uids))]
    same = f"other.run o JOIN main.run r ON r.uid = o.uid AND o.id NOT IN (SELECT old FROM temp.run_map){_among(uids, 'o.uid')}"
    same_here = f"{same} WHERE o.trashed IS NULL"
    changed = [
        row[0]
        for row in conn.execute(
            f"SELECT r.id FROM {same_here} AND ((r.note = '' AND o.note != '') OR EXISTS (SELECT 1 FROM other.tag t WHERE t.run = o.id"
            " AND NOT EXISTS (SELECT 1 FROM main.tag WHERE run = r.id AND tag = t.tag)))",
            asked,
        )
    ]
    conn.execute(
        f"INSERT INTO main.tag(run, tag) SELECT r.id, t.tag FROM {same} JOIN other.tag t ON t.run = o.id WHERE o.trashed IS NULL"
        " ON CONFLICT DO NOTHING",
        asked,
    )
    notes = conn.execute(f"SELECT o.note, r.id FROM {same_here} AND r.note = '' AND o.note != ''", asked).fetchall()
    conn.executemany("UPDATE main.run SET note = ? WHERE id = ?", notes)
    conn.execute(
        f"INSERT INTO main.derived(run, name, value, version, computed) SELECT r.id, d.name, d.value, d.version, d.computed FROM {same}"
        " JOIN other.derived d ON d.run = o.id WHERE o.trashed IS NULL ON CONFLICT DO NOTHING",
        asked,
    )
    reindex(conn, changed)
