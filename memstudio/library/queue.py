"""The queue: in which order runs are claimed, whether any are, and what is put back into it or taken out."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence

import sqlite_utils

from memstudio.experiment.parameters import Refusal
from memstudio.library import claims, runs
from memstudio.library.connection import transaction
from memstudio.library.rows import RunRow
from memstudio.library.states import ACTIVE, change_state

#: Why a run was stopped together with its study.
STOPPED = "Its study was stopped."
#: States from which a run can be put into the queue again.
RETRIED = ("failed", "lost", "stopped")


def queue(db: sqlite_utils.Database) -> list[RunRow]:
    """The queued runs, the next one first."""
    rows = {row.uid: row for row in runs.list_runs(db, runs.Wanted(state="queued"))}
    return [rows[uid] for _, uid in _in_order(db.conn) if uid in rows]


def _in_order(conn: sqlite3.Connection) -> list[tuple[int, str]]:
    sql = f"SELECT r.id, r.uid FROM run r WHERE r.state = 'queued' AND r.trashed IS NULL ORDER BY {claims.ORDER}"
    return [(int(id), str(uid)) for id, uid in conn.execute(sql)]


def is_paused(conn: sqlite3.Connection) -> bool:
    """Whether workers claim nothing for now."""
    return claims.is_paused(conn)


def pause_queue(conn: sqlite3.Connection, paused: bool) -> None:
    """Holds the whole queue, or lets it go on; runs that are being worked on are not touched."""
    with transaction(conn, full=True):
        conn.execute(
            "INSERT INTO setting(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
            (claims.PAUSED, "1" if paused else "0"),
        )


def move(conn: sqlite3.Connection, moved: Sequence[int], before: int | None) -> None:
    """Puts queued runs before another one, or at the end (before None); they keep their order among themselves.

    Raises Refusal where one of them is not queued any more.
    """
    with transaction(conn, full=True):
        order = [id for id, _ in _in_order(conn)]
        wanted = set(moved)
        for run in [*moved, *([before] if before is not None else [])]:
            if run not in set(order):
                uid, state = conn.execute("SELECT uid, state FROM run WHERE id = ?", (run,)).fetchone()
                raise Refusal(f"Run {uid[:8]} is {state}, so it has no place in the queue any more.")
        if before in wanted:
            return
        rest = [run for run in order if run not in wanted]
        at = len(rest) if before is None else rest.index(before)
        now = [*rest[:at], *(run for run in order if run in wanted), *rest[at:]]
        if now == order:
            return
        # every place anew: between two runs that were queued together there is no number to put a third at
        conn.executemany("UPDATE run SET priority = ? WHERE id = ?", [(float(len(now) - place), run) for place, run in enumerate(now)])


def of_names(conn: sqlite3.Connection, names: Iterable[str]) -> list[tuple[int, bool]]:
    """(id of a run, whether it was named itself) for runs and studies, trials included, each once. Raises Refusal for unknown names."""
    found: dict[int, bool] = {}
    for name in names:
        try:
            found[runs.find_run(conn, name)] = True
        except Refusal:
            try:
                study = runs.find_study(conn, name)
            except Refusal:
                raise Refusal(f"There is no run or study {name!r:.80} in this library; `memstudio runs` lists what there is.") from None
            for run in runs_of(conn, study):
                found.setdefault(run, False)
    return list(found.items())


def runs_of(conn: sqlite3.Connection, study: int) -> list[int]:
    """The ids of a study's runs and of those of its trials, as they were planned; those in the trash left out."""
    sql = (
        "SELECT r.id FROM run r JOIN cell c ON c.id = r.cell JOIN study s ON s.id = c.study"
        " WHERE (s.id = ? OR s.parent = ?) AND r.trashed IS NULL ORDER BY s.kind DESC, r.id"
    )
    return [int(row[0]) for row in conn.execute(sql, (study, study))]


def retry(conn: sqlite3.Connection, names: Iterable[str]) -> list[str]:
    """Puts failed, lost and stopped runs into the queue again, of a study all there are; their uids.

    They go on from their last checkpoint, where they have one. Raises Refusal where a named run cannot, or nothing is there to be retried.
    """
    with transaction(conn, full=True):
        done = []
        # as they are now: one run of a pack takes the others with it
        states = "SELECT uid, state FROM run WHERE id = ?"
        for run, named, (uid, state) in [(run, named, conn.execute(states, (run,)).fetchone()) for run, named in of_names(conn, names)]:
            if state in RETRIED:
                claims.to_queue(conn, run, uid, state)
                conn.execute(
                    "INSERT INTO event(run, t, level, kind, text) VALUES (?, ?, 'info', 'retried', ?)",
                    (run, time.time(), f"Put back into the queue; it was {state}."),
                )
                done.append(str(uid))
            elif named:
                raise Refusal(f"Run {uid[:8]} is {state}; only failed, lost and stopped runs are retried.")
        if not done:
            raise Refusal("Nothing of that has failed, was lost or was stopped, so there is nothing to retry.")
    return done


def stop_runs(conn: sqlite3.Connection, stopped: Sequence[int], why: str) -> list[str]:
    """Takes queued runs out of the queue, inside the caller's transaction, and says why in words; the uids of those that were."""
    done = []
    for run in stopped:
        uid, state = conn.execute("SELECT uid, state FROM run WHERE id = ?", (run,)).fetchone()
        if state == "queued":
            change_state(conn, run, "stopped", release=True, reason=why)
            done.append(str(uid))
    return done


def stop_study(conn: sqlite3.Connection, study: int, why: str = STOPPED) -> list[str]:
    """Stops all of a study that has not ended, trials included: what waits at once, what runs as soon as its worker hears of it."""
    with transaction(conn, full=True):
        done = []
        for run in runs_of(conn, study):
            uid, state, held = conn.execute("SELECT uid, state, held FROM run WHERE id = ?", (run,)).fetchone()
            if state in ACTIVE or (state == "paused" and held):
                conn.execute("INSERT INTO command(run, verb, given) VALUES (?, 'stop', ?)", (run, time.time()))
            elif state in ("queued", "paused"):
                change_state(conn, run, "stopped", release=True, reason=why)
            else:
                continue
            done.append(str(uid))
    return done
