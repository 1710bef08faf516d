"""Bringing the runs of another library, or of a bundle, into this one: all of them or nothing, and the other is never changed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from memstudio.experiment.parameters import Refusal
from memstudio.library.artifacts import Incoming, place_of
from memstudio.library.connection import transaction
from memstudio.library.copying import Copied, copy_runs, plan, refuse_unsound
from memstudio.library.sources import Source, source_of

#: Called with how much is done, of how much, and what is being done. May raise to stop: then nothing has come.
Progress = Callable[[int, int, str], None]
#: A log longer than this stays where it is.
LONGEST_LOG = 16 << 20
#: From so many new runs on SQLite's statistics are made anew: one missing made a sorted page 70 times slower elsewhere.
ANALYSE_FROM = 50


@dataclass(frozen=True)
class Merged:
    """What came. runs, studies: new here; updated: runs that had come further there; already: here before and left as they are.

    files: files that came; missing: files that runs name and the other library does not have (the runs came without them); uids: of the
    runs that are new or were brought up to date.
    """

    runs: int
    studies: int
    already: int
    updated: int
    files: int
    missing: int
    uids: tuple[str, ...]


def merge(conn: sqlite3.Connection, file: Path, path: Path, progress: Progress | None = None) -> Merged:
    """Merges the library or bundle at a path into that of `file`. Raises Refusal; whatever is raised, nothing has come then."""
    folder = file.parent
    told = progress or (lambda done, total, what: None)
    if path.exists() and _same(path, file):
        raise Refusal(f"{path} is this library itself; there is nothing to merge.")
    with source_of(path, folder) as source, _attached(conn, source):
        told(0, 1, "Reading")
        refuse_unsound(conn, source.name)
        with contextlib.ExitStack() as stack:
            waiting = _staged(conn, folder, source, stack, told)
            with transaction(conn, full=True):
                copied = copy_runs(conn, None, None, ending=True)
                missing = _put(conn, folder, waiting)
                _copy_views(conn)
        logs = [(uid, source.folder / "logs" / f"{uid}.txt") for uid in (*copied.runs, *copied.updated)]
        _copy_logs(folder, logs)
    if len(copied.runs) >= ANALYSE_FROM:
        conn.execute("PRAGMA analysis_limit=1000")
        conn.execute("ANALYZE main")
    return _merged(copied, len(waiting), missing)


def _merged(copied: Copied, files: int, missing: int) -> Merged:
    uids = (*copied.runs, *copied.updated)
    return Merged(len(copied.runs), copied.studies, copied.already, len(copied.updated), files, missing, uids)


def _same(path: Path, file: Path) -> bool:
    return any(one.exists() and os.path.samefile(one, file) for one in (path, path / file.name))


@contextlib.contextmanager
def _attached(conn: sqlite3.Connection, source: Source) -> Iterator[None]:
    conn.execute("ATTACH DATABASE ? AS other", (source.uri,))
    try:
        yield
    finally:
        for table in ("run_map", "study_map", "cell_map", "series_map"):
            conn.execute(f"DROP TABLE IF EXISTS temp.{table}")
        conn.execute("DETACH DATABASE other")


def _staged(conn: sqlite3.Connection, folder: Path, source: Source, stack: contextlib.ExitStack, told: Progress) -> dict[str, Incoming]:
    """The files that the runs to come name and we do not have: copied, checked against their names, waiting to be put in place.

    Before the transaction, so that nobody waits for the library meanwhile. Raises Refusal where the disk has no room.
    """
    new, further, _ = plan(conn, None)
    wanted = conn.execute(
        "SELECT DISTINCT a.sha256, a.size FROM other.run_artifact n JOIN other.artifact a ON a.sha256 = n.artifact"
        " WHERE n.run IN (SELECT value FROM json_each(?)) ORDER BY 1",
        (str([*new, *further]),),
    ).fetchall()
    wanted = [(sha, size) for sha, size in wanted if not place_of(folder, sha).exists()]
    free, whole = shutil.disk_usage(folder).free, sum(size for _, size in wanted)
    if whole > free:
        raise Refusal(f"What comes needs {whole / 1e6:,.0f} MB, and the disk has {free / 1e6:,.0f} MB left; make room and try again.")
    waiting: dict[str, Incoming] = {}
    for i, (sha, _) in enumerate(wanted):
        told(i, len(wanted) + 1, "Copying files")
        there = place_of(source.folder, sha)
        if not there.is_file() or there.is_symlink():
            continue
        incoming = stack.enter_context(Incoming(folder, there))
        if incoming.sha == sha:
            waiting[sha] = incoming
    told(len(wanted), len(wanted) + 1, "Copying runs")
    return waiting


def _put(conn: sqlite3.Connection, folder: Path, waiting: dict[str, Incoming]) -> int:
    """Puts the waiting files in place, inside the transaction; runs lose the names of files that did not come. How many those are."""
    for incoming in waiting.values():
        incoming.put()
    names = conn.execute("SELECT DISTINCT artifact FROM main.run_artifact WHERE run IN (SELECT new FROM temp.run_map)").fetchall()
    missing = [(sha,) for (sha,) in names if sha not in waiting and not place_of(folder, sha).exists()]
    conn.executemany("DELETE FROM main.run_artifact WHERE artifact = ? AND run IN (SELECT new FROM temp.run_map)", missing)
    conn.executemany(
        "DELETE FROM main.artifact WHERE sha256 = ? AND NOT EXISTS (SELECT 1 FROM main.run_artifact WHERE artifact = sha256)", missing
    )
    return len(missing)


def _copy_views(conn: sqlite3.Connection) -> None:
    """Saved views come under names that are free here."""
    conn.execute("INSERT INTO main.view(name, json) SELECT name, json FROM other.view WHERE json_valid(json) ON CONFLICT DO NOTHING")


def _copy_logs(folder: Path, logs: list[tuple[str, Path]]) -> None:
    """Logs, where there are any: after the rest, because a run without its log is whole."""
    for uid, log in logs:
        target = folder / "logs" / f"{uid}.txt"
        with contextlib.suppress(OSError):
            if log.is_file() and not log.is_symlink() and log.stat().st_size <= LONGEST_LOG and not target.exists():
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(log, target)
