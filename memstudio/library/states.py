"""The one place where a run changes its state."""

from __future__ import annotations

import sqlite3
import time

from memstudio.experiment.parameters import Refusal

#: From each state, where a run may go.
ALLOWED: dict[str, frozenset[str]] = {
    "queued": frozenset({"starting", "paused", "stopped"}),
    "starting": frozenset({"running", "paused", "finished", "stopped", "failed", "lost", "queued"}),
    "running": frozenset({"paused", "finished", "stopped", "failed", "lost"}),
    "paused": frozenset({"running", "queued", "stopped", "finished", "failed"}),
    "finished": frozenset(),
    "stopped": frozenset({"queued"}),
    "failed": frozenset({"queued"}),
    "lost": frozenset({"queued"}),
}
#: States in which a worker has the run.
ACTIVE = ("starting", "running")
#: States in which nothing happens any more unless someone asks for it.
ENDED = ("finished", "stopped", "failed", "lost")


def change_state(
    conn: sqlite3.Connection,
    run: int,
    new: str,
    *,
    release: bool = False,
    failure: str | None = None,
    failed_node: str | None = None,
    why: str | None = None,
    reason: str | None = None,
) -> str:
    """Moves a run to a state, inside the caller's transaction, and says so in its events. Returns the state it was in.

    release: nobody holds the run afterwards: its attempt is ended and its open commands are done. why: what ended its attempt, in a
    word; reason: why it was stopped or never started, a sentence that stays with the run until its state changes again.
    Raises Refusal where the run cannot go there.
    """
    uid, old = conn.execute("SELECT uid, state FROM run WHERE id = ?", (run,)).fetchone()
    if new != old and new not in ALLOWED[old]:
        raise Refusal(f"Run {uid} is {old}, so it cannot become {new}.")
    now = time.time()
    if new != old:
        ended = now if new in ENDED else None
        conn.execute(
            "UPDATE run SET state = ?, ended = ?, failure = ?, failed_node = ?, why = ? WHERE id = ?",
            (new, ended, failure, failed_node, reason, run),
        )
        level = {"failed": "error", "lost": "warning"}.get(new, "info")
        words = failure or reason
        text = f"{new.capitalize()}: {words}" if words else new.capitalize()
        conn.execute("INSERT INTO event(run, t, level, kind, text) VALUES (?, ?, ?, 'state', ?)", (run, now, level, text))
    if release:
        conn.execute("UPDATE run SET held = 0 WHERE id = ?", (run,))
        conn.execute("UPDATE attempt SET ended = ?, why = ? WHERE run = ? AND ended IS NULL", (now, why or new, run))
        conn.execute("UPDATE command SET done = ? WHERE run = ? AND done IS NULL", (now, run))
    return str(old)
