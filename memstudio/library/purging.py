"""The trash: runs put away and given back, and what is in it removed for good, with everything that nobody else names."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from memstudio.experiment.parameters import Refusal
from memstudio.library.artifacts import sweep
from memstudio.library.connection import transaction

#: The file is made smaller when more than this share of it, and this many bytes, stand empty: rewriting it takes a second a gigabyte.
EMPTY_SHARE = 0.25
EMPTY_BYTES = 1 << 20
_THESE = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True)
class Purged:
    """What was removed for good. bytes: what stood in files, logs and the database; that of the database is used again first."""

    runs: int
    studies: int
    files: int
    bytes: int


def trash(conn: sqlite3.Connection, runs: Sequence[int], studies: Sequence[int]) -> list[str]:
    """Puts runs and whole studies into the trash, in the caller's transaction; the uids of runs that were not there before.

    A study is there when all of its runs are; its trials go with it. Raises Refusal where somebody works on one of them.
    """
    studies = [*studies, *_trials(conn, studies)]
    ids = [*runs, *_runs_of(conn, studies)]
    held = [row[0] for row in conn.execute(f"SELECT uid FROM run WHERE held = 1 AND id {_THESE}", (json.dumps(ids),))]
    if held:
        whose = f"Run {held[0]} is" if len(held) == 1 else f"{len(held)} of these runs ({held[0]} ...) are"
        raise Refusal(f"{whose} being worked on; stop before putting into the trash.")
    rows = conn.execute(f"SELECT id, uid FROM run WHERE trashed IS NULL AND id {_THESE} ORDER BY id", (json.dumps(ids),)).fetchall()
    now = time.time()
    conn.execute(f"UPDATE run SET trashed = ? WHERE id {_THESE}", (now, json.dumps([run for run, _ in rows])))
    conn.execute(f"UPDATE study SET trashed = ? WHERE trashed IS NULL AND id {_THESE}", (now, json.dumps(studies)))
    emptied = (
        "UPDATE study SET trashed = ? WHERE trashed IS NULL"
        f" AND id IN (SELECT c.study FROM run r JOIN cell c ON c.id = r.cell WHERE r.id {_THESE})"
        " AND NOT EXISTS (SELECT 1 FROM run r JOIN cell c ON c.id = r.cell WHERE c.study = study.id AND r.trashed IS NULL)"
    )
    conn.execute(emptied, (now, json.dumps(ids)))
    return [uid for _, uid in rows]


def restore(conn: sqlite3.Connection, runs: Sequence[int], studies: Sequence[int]) -> list[str]:
    """Takes runs and whole studies out of the trash, in the caller's transaction; the uids of runs that were there.

    A run brings its study back.
    """
    studies = [*studies, *_trials(conn, studies)]
    ids = json.dumps([*runs, *_runs_of(conn, studies)])
    uids = [row[0] for row in conn.execute(f"SELECT uid FROM run WHERE trashed IS NOT NULL AND id {_THESE} ORDER BY id", (ids,))]
    conn.execute(f"UPDATE run SET trashed = NULL WHERE id {_THESE}", (ids,))
    conn.execute(f"UPDATE study SET trashed = NULL WHERE id {_THESE}", (json.dumps(studies),))
    own = f"SELECT c.study FROM run r JOIN cell c ON c.id = r.cell WHERE r.id {_THESE}"
    conn.execute(f"UPDATE study SET trashed = NULL WHERE id IN ({own})", (ids,))
    return uids


def _trials(conn: sqlite3.Connection, studies: Sequence[int]) -> list[int]:
    return [row[0] for row in conn.execute(f"SELECT id FROM study WHERE parent {_THESE}", (json.dumps(list(studies)),))]


def _runs_of(conn: sqlite3.Connection, studies: Sequence[int]) -> list[int]:
    sql = f"SELECT r.id FROM run r JOIN cell c ON c.id = r.cell WHERE c.study {_THESE}"
    return [row[0] for row in conn.execute(sql, (json.dumps(list(studies)),))]


# ---------------------------------------------------------------------------------------------- for good


def purge(conn: sqlite3.Connection, folder: Path, runs: Sequence[int] | None) -> Purged:
    """Removes runs that are in the trash (None: all of them) with their files, logs, studies and documents that nothing else needs.

    Raises Refusal where one is not in the trash. The database's file is made smaller where that is worth its time and nobody works.
    """
    used, artifacts = _used(conn), _bytes_of_artifacts(conn)
    with transaction(conn, full=True):
        ids = [row[0] for row in conn.execute("SELECT id FROM run WHERE trashed IS NOT NULL")] if runs is None else list(runs)
        some = json.dumps(ids)
        kept = conn.execute(f"SELECT uid FROM run WHERE trashed IS NULL AND id {_THESE} LIMIT 1", (some,)).fetchone()
        if kept:
            raise Refusal(f"Run {kept[0]} is not in the trash; put it there first, then it can be removed for good.")
        uids = [row[0] for row in conn.execute(f"SELECT uid FROM run WHERE id {_THESE}", (some,))]
        conn.execute(f"DELETE FROM run_text WHERE rowid {_THESE}", (some,))
        conn.execute(f"DELETE FROM run WHERE id {_THESE}", (some,))
        studies = _remove_unnamed(conn)
    files = sweep(conn, folder)
    freed = used - _used(conn) + artifacts - _bytes_of_artifacts(conn)
    for uid in uids:
        log = folder / "logs" / f"{uid}.txt"
        with contextlib.suppress(OSError):
            freed += log.stat().st_size
            log.unlink()
    shrink(conn)
    return Purged(len(uids), studies, files, max(0, freed))


def _used(conn: sqlite3.Connection) -> int:
    """Bytes of the database in which something stands."""
    pages = conn.execute("PRAGMA page_count").fetchone()[0] - conn.execute("PRAGMA freelist_count").fetchone()[0]
    return int(pages * conn.execute("PRAGMA page_size").fetchone()[0])


def _bytes_of_artifacts(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT coalesce(sum(size), 0) FROM artifact").fetchone()[0])


def _remove_unnamed(conn: sqlite3.Connection) -> int:
    """Removes trashed studies without runs, then cells, documents and environments that nothing names; how many studies."""
    without = "NOT EXISTS (SELECT 1 FROM run r JOIN cell c ON c.id = r.cell WHERE c.study = study.id)"
    studies = conn.execute(f"DELETE FROM study WHERE trashed IS NOT NULL AND {without}").rowcount
    conn.execute("DELETE FROM cell WHERE study IS NULL AND NOT EXISTS (SELECT 1 FROM run WHERE cell = cell.id)")
    conn.execute(
        "DELETE FROM document WHERE NOT EXISTS (SELECT 1 FROM run WHERE document = document.sha256)"
        " AND NOT EXISTS (SELECT 1 FROM study WHERE document = document.sha256)"
    )
    conn.execute("DELETE FROM environment WHERE NOT EXISTS (SELECT 1 FROM run WHERE environment = environment.sha256)")
    return studies


def shrink(conn: sqlite3.Connection) -> bool:
    """Gives empty pages of the file back to the disk, where they are many and nobody else is at work; whether it did."""
    if not worth_shrinking(conn) or conn.execute("SELECT 1 FROM run WHERE held = 1 LIMIT 1").fetchone():
        return False
    with _patient(conn, 200):
        try:
            conn.execute("VACUUM")
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:  # busy, or no room for the copy it makes: another time
            return False
    return True


def worth_shrinking(conn: sqlite3.Connection) -> bool:
    """Whether so much of the file stands empty that rewriting it pays."""
    empty = empty_bytes(conn)
    whole = conn.execute("PRAGMA page_count").fetchone()[0] * conn.execute("PRAGMA page_size").fetchone()[0]
    return bool(empty >= EMPTY_BYTES and empty >= EMPTY_SHARE * whole)


def empty_bytes(conn: sqlite3.Connection) -> int:
    """Bytes of the file in which nothing stands."""
    return int(conn.execute("PRAGMA freelist_count").fetchone()[0] * conn.execute("PRAGMA page_size").fetchone()[0])


@contextlib.contextmanager
def _patient(conn: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    before = conn.execute("PRAGMA busy_timeout").fetchone()[0]
    conn.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        conn.execute(f"PRAGMA busy_timeout={before}")
