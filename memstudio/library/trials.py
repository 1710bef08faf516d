"""Tuned studies as the library keeps them: trials in a study of their own, cells that get their runs once a choice is made.

A tuned study's cells stand there from the beginning, without runs. Its trials are the cells of a second study (kind 'trials', parent:
the first); the place of a trial says which cell it chooses for, and in which order it was proposed.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from memstudio.experiment.document import Document
from memstudio.experiment.files import to_text
from memstudio.experiment.wording import counted
from memstudio.library import queue, series, submitting
from memstudio.library.connection import transaction
from memstudio.library.states import ACTIVE
from memstudio.library.stored_json import mapping_or_empty
from memstudio.library.submitting import TRIALS_APART

#: States of runs that have ended, so that a choice can count with them; what was lost, paused or stopped by someone may still go on.
SETTLED = ("finished", "failed")
#: How the reason of a run ends that was stopped because its study's minutes were used up: nothing more comes of it either.
USED_UP = "were used up before its turn came."
#: Seconds by which reported runs stand behind the trials of their study in the queue: every cell is tried before one is reported.
BEHIND = 0.001
#: A worker beats every few seconds; what it has not told for so long, it has not worked on (a suspended machine).
BEATS = 60.0


@dataclass(frozen=True)
class Trial:
    """One setting that is tried. value: the mean of what it is chosen by over its seeds; None while some go on, or where one failed.

    settled: nothing more comes of it; out_of_time: some of its runs had no turn before the minutes of its study were used up.
    """

    label: str
    sets: Mapping[str, Any]
    runs: tuple[str, ...]
    states: tuple[str, ...]
    value: float | None
    settled: bool
    out_of_time: bool


@dataclass(frozen=True)
class TunedCell:
    """A cell of a tuned study and its trials in the order of their proposal.

    sets: all it sets; runs: how many reported runs it has (0: nothing is chosen yet); chosen: what was chosen, by address; by: the
    measure that decides; why: what was chosen and why, or why nothing is yet, in words.
    """

    label: str
    sets: Mapping[str, Any]
    runs: int
    chosen: Mapping[str, Any] | None
    by: str
    why: str
    trials: tuple[Trial, ...]

    @property
    def settled(self) -> bool:
        """Whether every trial that was proposed has ended; not where all of them have been purged since."""
        return bool(self.trials) and all(trial.settled for trial in self.trials)


# ---------------------------------------------------------------------------------------------- what is known


def open_studies(conn: sqlite3.Connection) -> list[str]:
    """The uids of studies about which something may have to be decided: tuned, with a budget, or with a rule for hopeless cells.

    A study of which nothing is queued and every cell has its runs is done with.
    """
    waits = "EXISTS (SELECT 1 FROM run r JOIN cell c ON c.id = r.cell WHERE c.study = s.id AND r.state = 'queued')"
    undecided = (
        "(EXISTS (SELECT 1 FROM study t WHERE t.parent = s.id AND t.kind = 'trials')"
        " AND EXISTS (SELECT 1 FROM cell c WHERE c.study = s.id AND NOT EXISTS (SELECT 1 FROM run r WHERE r.cell = c.id)))"
    )
    asks = " OR ".join(f"d.json LIKE '%\"{key}\"%'" for key in ("minutes", "hopeless"))
    sql = (
        f"SELECT s.uid FROM study s JOIN document d ON d.sha256 = s.document WHERE s.trashed IS NULL AND s.kind = 'study'"
        f" AND ({undecided} OR ({waits} AND ({asks}))) ORDER BY s.id"
    )
    return [str(row[0]) for row in conn.execute(sql)]


def trials_of(conn: sqlite3.Connection, study: int) -> int | None:
    """The id of the study that holds a tuned study's trials; None where it is not tuned."""
    row = conn.execute("SELECT id FROM study WHERE parent = ? AND kind = 'trials' ORDER BY id", (study,)).fetchone()
    return None if row is None else int(row[0])


def tuned_cells(conn: sqlite3.Connection, study: int, document: Document) -> list[TunedCell]:
    """The cells of a tuned study, as planned, each with its trials; none of a study that is not tuned. document: the study's."""
    tuned = next((axis.tuned for axis in document.run.vary if axis.tuned is not None), None)
    of = trials_of(conn, study)
    if tuned is None or of is None:
        return []
    trials = conn.execute(
        "SELECT c.id, c.label, c.sets, c.position, r.uid, r.state, r.why FROM cell c JOIN run r ON r.cell = c.id WHERE c.study = ?"
        " ORDER BY c.position, r.replicate, r.id",
        (of,),
    ).fetchall()
    values = series.last_values_of(conn, [row[4] for row in trials if row[5] == "finished"], [tuned.by])
    by_trial: dict[int, list[Any]] = {}
    for row in trials:
        by_trial.setdefault(row[0], []).append(row)
    found: dict[int, list[Trial]] = {}
    for rows in by_trial.values():
        found.setdefault(rows[0][3] // TRIALS_APART, []).append(_trial(rows, values, tuned.by))
    cells = conn.execute(
        "SELECT c.label, c.sets, c.position, count(r.id), min(r.id) FROM cell c LEFT JOIN run r ON r.cell = c.id WHERE c.study = ?"
        " GROUP BY c.id ORDER BY c.position",
        (study,),
    ).fetchall()
    addresses = _tuned_addresses(document)
    made = []
    for label, text, place, runs, first in cells:
        sets, mine = mapping_or_empty(text), tuple(found.get(place, ()))
        # what was chosen stays chosen, even where its runs have been purged since
        chosen = {at: value for at, value in sets.items() if at in addresses} or ({} if runs else None)
        why = _undecided(mine) if chosen is None else _said(conn, first)
        made.append(TunedCell(str(label), sets, int(runs), chosen, tuned.by, why, mine))
    return made


def _tuned_addresses(document: Document) -> set[str]:
    axes = [axis for axis in document.run.vary if axis.tuned is not None]
    return {at for axis in axes for at in ([axis.set] if axis.set else []) + [at for case in axis.cases or () for at in case.set]}


def _said(conn: sqlite3.Connection, run: int | None) -> str:
    """The choice in words, as a chosen run keeps it; nothing where none is left."""
    row = conn.execute("SELECT text FROM event WHERE run = ? AND kind = 'chosen'", (run,)).fetchone()
    return "" if row is None else str(row[0])


def _undecided(trials: Sequence[Trial]) -> str:
    ended = sum(trial.settled for trial in trials)
    if ended < len(trials):
        return f"{ended:,} of {counted(len(trials), 'trial')} have ended, so nothing is chosen yet."
    if any(trial.value is not None for trial in trials):
        return f"All {counted(len(trials), 'trial')} have ended; the next worker chooses."
    if any(trial.out_of_time for trial in trials):
        return "The minutes of the study were used up before one of its trials ended, so nothing could be chosen."
    return "No trial measured what it is chosen by, so nothing could be chosen; look at the trials' logs."


def _trial(rows: Sequence[Any], values: Mapping[str, Mapping[str, float]], by: str) -> Trial:
    """A trial of the rows (cell, label, sets, position, uid, state, why) of its runs; one that failed with any seed has no value."""
    runs, states = tuple(str(row[4]) for row in rows), tuple(str(row[5]) for row in rows)
    late = [state == "stopped" and str(row[6] or "").endswith(USED_UP) for state, row in zip(states, rows, strict=True)]
    settled = all(state in SETTLED or out for state, out in zip(states, late, strict=True))
    measured = [values[uid][by] for uid in runs if by in values.get(uid, {})]
    mean = math.fsum(measured) / len(measured) if measured and settled and "failed" not in states else math.nan
    value = mean if math.isfinite(mean) else None
    return Trial(str(rows[0][1]), mapping_or_empty(rows[0][2]), runs, states, value, settled, any(late))


def more_to_come(conn: sqlite3.Connection, study: int | None) -> bool:
    """Whether trials are being worked on whose end may put more into the queue (of this study, or of any)."""
    sql = (
        "SELECT 1 FROM run r JOIN cell c ON c.id = r.cell JOIN study s ON s.id = c.study"
        f" WHERE s.kind = 'trials' AND r.state IN ({', '.join(repr(state) for state in ACTIVE)}) AND (? IS NULL OR s.parent = ?) LIMIT 1"
    )
    return conn.execute(sql, (study, study)).fetchone() is not None


def minutes_used(conn: sqlite3.Connection, study: int, now: float | None = None) -> tuple[float, float]:
    """Minutes during which something of a study was worked on: (all, those of its trials). Several at once count once.

    Times in which nothing ran (a night, a pause of the machine) do not count.
    """
    now = time.time() if now is None else now
    sql = (
        "SELECT a.started, coalesce(a.ended, min(?, coalesce(r.heartbeat, a.started) + ?)), s.kind FROM attempt a"
        " JOIN run r ON r.id = a.run JOIN cell c ON c.id = r.cell JOIN study s ON s.id = c.study WHERE s.id = ? OR s.parent = ?"
    )
    rows = conn.execute(sql, (now, BEATS, study, study)).fetchall()
    return _covered((row[0], row[1]) for row in rows), _covered((row[0], row[1]) for row in rows if row[2] == "trials")


def _covered(times: Iterable[tuple[float, float]]) -> float:
    """Minutes that intervals of seconds cover together."""
    total, until = 0.0, -math.inf
    for start, end in sorted(times):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total / 60


def values_by_cell(conn: sqlite3.Connection, study: int, measure: str) -> dict[str, dict[int, float]]:
    """Of every cell of a study the last value of a measure by replicate, of finished runs; cells as planned."""
    rows = conn.execute(
        "SELECT c.label, r.uid, r.replicate, r.state FROM run r JOIN cell c ON c.id = r.cell WHERE c.study = ? ORDER BY c.position, r.id",
        (study,),
    ).fetchall()
    values = series.last_values_of(conn, [row[1] for row in rows if row[3] == "finished"], [measure])
    found: dict[str, dict[int, float]] = {}
    for label, uid, replicate, _ in rows:
        by = found.setdefault(str(label), {})
        if measure in values.get(uid, {}):
            by[int(replicate)] = values[uid][measure]
    return found


# ---------------------------------------------------------------------------------------------- what is decided


def add_trials(db: sqlite_utils.Database, study: int, cell: str, known: int, runs: Sequence[submitting.Planned]) -> bool:
    """Queues the next trials of a cell, unless another has done it: there must be `known` trials of it. All or nothing.

    They take the place in the queue that the study had.
    """
    texts = [to_text(planned.document) for planned in runs]
    with transaction(db.conn, full=True):
        trials = trials_of(db.conn, study)
        row = db.conn.execute("SELECT position FROM cell WHERE study = ? AND label = ?", (study, cell)).fetchone()
        if trials is None or row is None:
            return False
        place = int(row[0])
        if submitting.count_trials(db.conn, trials, place) != known:
            return False
        title, created = db.conn.execute("SELECT title, created FROM study WHERE id = ?", (trials,)).fetchone()
        uids = submitting.insert_trials(db, trials, title, runs, texts, {cell: place}, created)
        _as_urgent(db.conn, trials, uids)
    return True


def add_chosen(
    db: sqlite_utils.Database, study: int, cell: str, chosen: Mapping[str, Any], runs: Sequence[submitting.Planned], why: str
) -> bool:
    """Queues the reported runs of a cell with what was chosen, unless another has done it. All or nothing.

    chosen: what was chosen, by address; why: the choice in words. They take the place in the queue that the study had, behind its trials.
    """
    texts = [to_text(planned.document) for planned in runs]
    with transaction(db.conn, full=True):
        row = db.conn.execute("SELECT id, sets FROM cell WHERE study = ? AND label = ?", (study, cell)).fetchone()
        if row is None or db.conn.execute("SELECT 1 FROM run WHERE cell = ? LIMIT 1", (row[0],)).fetchone() is not None:
            return False
        id, sets = int(row[0]), mapping_or_empty(row[1])
        if chosen and sets.keys() >= chosen.keys():
            return False  # its runs have been purged since
        title, created = db.conn.execute("SELECT title, created FROM study WHERE id = ?", (study,)).fetchone()
        db.conn.execute("UPDATE cell SET sets = ? WHERE id = ?", (json.dumps({**sets, **chosen}, ensure_ascii=False), id))
        cells = {cell: id}
        uids = [
            submitting.submit_one(db, planned, text, study, cells, title, created + BEHIND)
            for planned, text in zip(runs, texts, strict=True)
        ]
        now = time.time()
        db.conn.executemany(
            "INSERT INTO event(run, t, level, kind, text) SELECT id, ?, 'info', 'chosen', ? FROM run WHERE uid = ?",
            [(now, why, uid) for uid in uids],
        )
        _as_urgent(db.conn, trials_of(db.conn, study), uids)
    return True


def _as_urgent(conn: sqlite3.Connection, trials: int | None, uids: Sequence[str]) -> None:
    """Gives new runs the priority of the trials they follow, in case those were moved to the front."""
    sql = "SELECT max(r.priority) FROM run r JOIN cell c ON c.id = r.cell WHERE c.study = ?"
    (priority,) = conn.execute(sql, (trials,)).fetchone()
    if priority:
        conn.executemany("UPDATE run SET priority = ? WHERE uid = ?", [(priority, uid) for uid in uids])


def give_up(conn: sqlite3.Connection, study: int, why: str, *, cell: str | None = None, trials: bool = False) -> list[str]:
    """Stops what is still queued of a study (of one cell; of its trials), with the reason in words; the uids. What runs goes on."""
    owner = trials_of(conn, study) if trials else study
    with transaction(conn, full=True):
        sql = (
            "SELECT r.id FROM run r JOIN cell c ON c.id = r.cell WHERE c.study = ? AND r.state = 'queued' AND (? IS NULL OR c.label = ?)"
            # what someone has put back into the queue is wanted, whatever the rule says
            " AND NOT EXISTS (SELECT 1 FROM event e WHERE e.run = r.id AND e.kind = 'retried')"
        )
        waiting = [int(row[0]) for row in conn.execute(sql, (owner, cell, cell)).fetchall()]
        return queue.stop_runs(conn, waiting, why) if waiting else []
