"""Who works on what: claiming queued runs with a lease, asking a worker for something, finding runs whose process is gone."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memstudio.experiment.document import Document
from memstudio.experiment.parameters import Refusal
from memstudio.ground.machine import Identity, is_alive, machine_id
from memstudio.library.connection import transaction
from memstudio.library.documents import read_document
from memstudio.library.schema import VERBS
from memstudio.library.states import ACTIVE, change_state

#: In which order queued runs (r) are claimed: highest priority first, then the longest queued, then seed by seed, as they were planned.
ORDER = "r.priority DESC, r.queued, r.replicate, r.id"
#: Key of the setting that holds the whole queue: "1" while no run is claimed.
PAUSED = "queue.paused"
#: Why a run is lost.
GONE = "Its process ended without a word."


class Superseded(Exception):
    """This worker holds the run no longer: another took it, or it was judged lost. It must stop and write nothing more."""


@dataclass(frozen=True)
class Lease:
    """A worker's hold on a run. resume: the run was begun before, so there may be a checkpoint to go on from.

    others: the holds on the other runs of its pack, where they are trained in one pass with it.
    """

    run_uid: str
    run_id: int
    epoch: int
    document: Document
    seed: int
    data_seed: int
    resume: bool
    others: tuple[Lease, ...] = ()


def claim(conn: sqlite3.Connection, identity: Identity, *, study: int | None = None, runs: Sequence[int] = ()) -> Lease | None:
    """Takes the next queued run (of a study and its trials, of these runs) in one transaction; None when there is none, or the queue
    is paused. With a packed run all of its pack are taken: the queued runs of its cell that were begun like it, or were not.
    """
    where, values = _claimable(study, runs)
    if is_paused(conn) or next_queued(conn, study=study, runs=runs) is None:
        return None  # most looks of a spare worker end here, without anybody waiting for a write
    with transaction(conn, full=True):
        if is_paused(conn):
            return None
        row = conn.execute(
            f"SELECT r.id, r.packed, r.cell, r.attempts > 0 FROM run r WHERE {where} ORDER BY {ORDER} LIMIT 1", values
        ).fetchone()
        if row is None:
            return None
        run, packed, cell, begun = row
        first = _take(conn, identity, run)
        if not packed or cell is None:
            return first
        pack = conn.execute(
            "SELECT r.id FROM run r WHERE r.state = 'queued' AND r.trashed IS NULL AND r.packed AND r.cell = ? AND (r.attempts > 0) = ?"
            " ORDER BY r.replicate, r.id",
            (cell, begun),
        ).fetchall()
        return replace(first, others=tuple(_take(conn, identity, other) for (other,) in pack))


def _take(conn: sqlite3.Connection, identity: Identity, run: int) -> Lease:
    """Takes a queued run for a worker, inside the caller's transaction."""
    uid, epoch, sha, seed, data_seed, attempts = conn.execute(
        "SELECT uid, epoch, document, seed, data_seed, attempts FROM run WHERE id = ?", (run,)
    ).fetchone()
    document = read_document(conn, sha)
    now = time.time()
    conn.execute(
        "UPDATE run SET epoch = ?, held = 1, attempts = attempts + 1, machine = ?, pid = ?, pid_started = ?, boot_id = ?, heartbeat = ?"
        " WHERE id = ?",
        (epoch + 1, identity.machine, identity.pid, identity.pid_started, identity.boot_id, now, run),
    )
    conn.execute(
        "INSERT INTO attempt(run, epoch, started, machine, pid) VALUES (?, ?, ?, ?, ?)",
        (run, epoch + 1, now, identity.machine, identity.pid),
    )
    change_state(conn, run, "starting")
    return Lease(uid, run, epoch + 1, document, seed, data_seed, attempts > 0)


def _claimable(study: int | None, runs: Sequence[int]) -> tuple[str, list[object]]:
    """The condition on queued runs r (of a study and its trials, of these runs), with the values of its marks."""
    where, values = "r.state = 'queued' AND r.trashed IS NULL", list[object]()
    if study is not None:
        where += " AND r.cell IN (SELECT c.id FROM cell c JOIN study s ON s.id = c.study WHERE s.id = ? OR s.parent = ?)"
        values += [study, study]
    if runs:
        where += f" AND r.id IN ({', '.join('?' * len(runs))})"
        values += runs
    return where, values


def next_queued(conn: sqlite3.Connection, *, study: int | None = None, runs: Sequence[int] = ()) -> int | None:
    """The queued run that would be claimed next (of a study and its trials, of these runs), whether the queue is paused or not."""
    where, values = _claimable(study, runs)
    row = conn.execute(f"SELECT r.id FROM run r WHERE {where} ORDER BY {ORDER} LIMIT 1", values).fetchone()
    return None if row is None else int(row[0])


def is_paused(conn: sqlite3.Connection) -> bool:
    """Whether the whole queue is held: workers finish what they do and claim nothing."""
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (PAUSED,)).fetchone()
    return row is not None and row[0] == "1"


def check_lease(conn: sqlite3.Connection, run: int, epoch: int) -> None:
    """Raises Superseded unless this epoch still holds the run. For the beginning of every write's transaction."""
    row = conn.execute("SELECT epoch, held FROM run WHERE id = ?", (run,)).fetchone()
    if row is None:
        raise Superseded("The run was removed from the library.")
    if row[0] != epoch or not row[1]:
        raise Superseded("Another worker holds the run now, or it was judged lost.")


def _holder_lives(row: tuple[str | None, int | None, float | None, str | None]) -> bool:
    """Whether the process that holds a run lives, as far as can be told: of another machine's processes nothing can."""
    machine, pid, started, boot = row
    if machine is None or pid is None or machine != machine_id():
        return True
    return is_alive(Identity(machine, pid, started or 0.0, boot or ""))


def mark_lost(conn: sqlite3.Connection) -> list[str]:
    """Marks runs of this machine whose process is gone as lost, and returns their uids. Paused ones stay paused, let go."""
    held = conn.execute(
        "SELECT id, uid, epoch, machine, pid, pid_started, boot_id FROM run WHERE held = 1 AND machine = ?", (machine_id(),)
    ).fetchall()
    gone = [row for row in held if not _holder_lives(row[3:])]
    lost: list[str] = []
    if not gone:
        return lost
    with transaction(conn, full=True):
        for run, uid, epoch, *_ in gone:
            row = conn.execute("SELECT state FROM run WHERE id = ? AND epoch = ? AND held = 1", (run, epoch)).fetchone()
            if row is None:  # it was taken up again meanwhile
                continue
            state = "lost" if row[0] in ACTIVE else row[0]
            reason = GONE if state == "lost" else None
            change_state(conn, run, state, release=True, failure=reason, why="lost")
            if state == "lost":
                lost.append(uid)
    return lost


def requeue(conn: sqlite3.Connection, run: int) -> None:
    """Queues a paused, stopped, failed or lost run again; whoever still held it is superseded. Raises Refusal for others."""
    with transaction(conn, full=True):
        uid, state = conn.execute("SELECT uid, state FROM run WHERE id = ?", (run,)).fetchone()
        to_queue(conn, run, uid, state)


def to_queue(conn: sqlite3.Connection, run: int, uid: str, state: str) -> None:
    """Queues a run that is in this state again, inside the caller's transaction; whoever still held it is superseded. Raises Refusal."""
    if state == "queued":
        return
    if state in ACTIVE:
        raise Refusal(f"Run {uid} is {state}; stop it first, then it can go on.")
    if state == "finished":
        raise Refusal(f"Run {uid} has finished; there is nothing to go on with.")
    for one, was in ((run, state), *_ended_with(conn, run, state)):
        change_state(conn, one, "queued", release=True, why=was)
        conn.execute("UPDATE run SET epoch = epoch + 1 WHERE id = ?", (one,))


def _ended_with(conn: sqlite3.Connection, run: int, state: str) -> list[tuple[int, str]]:
    """The other runs of a pack that ended as this one did, with their state: they share one checkpoint, and go on together.

    Those whose process is gone without anybody having said so yet are lost from now on.
    """
    found = []
    rows = conn.execute(
        "SELECT o.id, o.state, o.held, o.machine, o.pid, o.pid_started, o.boot_id FROM run r JOIN run o ON o.cell = r.cell AND o.id <> r.id"
        " WHERE r.id = ? AND r.packed AND o.packed AND r.attempts > 0 AND o.attempts > 0 AND o.trashed IS NULL ORDER BY o.id",
        (run,),
    ).fetchall()
    for other, was, held, *holder in rows:
        if was in ACTIVE and held and state == "lost" and not _holder_lives(tuple(holder)):
            change_state(conn, other, "lost", release=True, failure=GONE)
            was = "lost"
        if was == state:
            found.append((other, was))
    return found


def give_command(conn: sqlite3.Connection, run: int, verb: str) -> None:
    """Asks for something: of the worker that holds the run, or of the run itself where nobody holds it.

    A queued run stops and pauses at once; `resume` queues a run that nobody holds again. What is so already is no error.
    Raises Refusal where the run cannot do it.
    """
    if verb not in VERBS:
        raise Refusal(f"A run cannot {verb!r}; it can {', '.join(VERBS[:-1])} or {VERBS[-1]}.")
    with transaction(conn, full=True):
        row = conn.execute("SELECT uid, state, held, machine, pid, pid_started, boot_id FROM run WHERE id = ?", (run,)).fetchone()
        uid, state, held = row[:3]
        if held and _holder_lives(row[3:]):
            conn.execute("INSERT INTO command(run, verb, given) VALUES (?, ?, ?)", (run, verb, time.time()))
            return
        if state in ACTIVE:  # its process is gone, and mark_lost has not come by yet
            change_state(conn, run, "lost", release=True, failure=GONE)
            state = "lost"
        if verb == "resume":
            to_queue(conn, run, uid, state)
            return
        wanted = {"pause": "paused", "stop": "stopped"}.get(verb)
        if wanted is not None and state in (wanted, "lost"):
            return
        if wanted is not None and state in ("queued", "paused"):
            change_state(conn, run, wanted, release=True)
            return
        has = "has finished" if state == "finished" else f"is {state}"
        raise Refusal(f"Run {uid} {has}; there is nothing to {verb}.")
