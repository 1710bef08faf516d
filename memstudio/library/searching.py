"""Words looked for in titles, notes, tags and parameters of runs, best first, with where they stand."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Literal

from memstudio.library.rows import RunRow
from memstudio.library.runs import rows_of, words_sql

Place = Literal["title", "note", "tags", "parameters"]
_PLACES: tuple[Place, ...] = ("title", "note", "tags", "parameters")
#: what a person wrote says more than what a document holds
_WEIGHTS = "2.0, 20.0, 20.0, 0.1"
_MARKS = "\x01", "\x02"


@dataclass(frozen=True)
class Found:
    """A run in which words were found. place: where; snippet: the text around them, each [in brackets]."""

    row: RunRow
    place: Place
    snippet: str


def search(conn: sqlite3.Connection, text: str, limit: int) -> list[Found]:
    """The runs (not those in the trash) in which every word stands, or a word that begins so; the best first."""
    if not text.strip():
        return []
    # first which runs, then the words around: SQLite would cut out those of every hit before it knows the best
    best = conn.execute(
        "SELECT run_text.rowid FROM run_text JOIN run r ON r.id = run_text.rowid WHERE run_text MATCH ?1 AND r.trashed IS NULL"
        f" ORDER BY bm25(run_text, {_WEIGHTS}), r.queued DESC, r.id LIMIT ?2",
        (words_sql(text), limit),
    ).fetchall()
    ids = [row[0] for row in best]
    snippets = ", ".join(f"snippet(run_text, {i}, ?1, ?2, '…', 12)" for i in range(len(_PLACES)))
    hits = conn.execute(
        f"SELECT rowid, {snippets} FROM run_text WHERE run_text MATCH ?3 AND rowid IN (SELECT value FROM json_each(?4))",
        (*_MARKS, words_sql(text), json.dumps(ids)),
    ).fetchall()
    rows, places = rows_of(conn, ids), {hit[0]: _best(hit[1:]) for hit in hits}
    return [Found(rows[run], *places[run]) for run in ids if run in rows and run in places]


def _best(snippets: tuple[str, ...]) -> tuple[Place, str]:
    """The place that holds most of the words, notes and tags before others."""
    order = sorted(range(len(_PLACES)), key=lambda i: (-snippets[i].count(_MARKS[0]), (2, 0, 1, 3)[i]))
    place = order[0]
    return _PLACES[place], snippets[place].replace(_MARKS[0], "[").replace(_MARKS[1], "]")


def reindex(conn: sqlite3.Connection, runs: list[int]) -> None:
    """Brings the full-text rows of runs up to date, in the caller's transaction: one statement for all of them."""
    some = json.dumps(runs)
    conn.execute("DELETE FROM run_text WHERE rowid IN (SELECT value FROM json_each(?))", (some,))
    conn.execute(
        "INSERT INTO run_text(rowid, title, note, tags, params)"
        " SELECT r.id, r.title || coalesce(' ' || c.label, ''), r.note,"
        " coalesce((SELECT group_concat(tag, ' ') FROM tag WHERE run = r.id), ''),"
        " coalesce((SELECT group_concat(key || ' ' || text, ' ') FROM param WHERE run = r.id), '')"
        " FROM run r LEFT JOIN cell c ON c.id = r.cell WHERE r.id IN (SELECT value FROM json_each(?))",
        (some,),
    )
