"""Numbered steps from one version of the tables to the next, under an exclusive lock, after a backup."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlite_utils

from memstudio.experiment.parameters import Refusal
from memstudio.library import schema
from memstudio.library.axes import name_axes

Step = Callable[[sqlite_utils.Database], None]


def first_tables(db: sqlite_utils.Database) -> None:
    """Version 1: everything from nothing."""
    for statement in statements(schema.VERSION_1):
        db.execute(statement)


def studies_and_views(db: sqlite_utils.Database) -> None:
    """Version 2: trials, baselines, reasons, saved views, settings, measures computed later; axes of studies as parameters."""
    for statement in statements(schema.VERSION_2):
        db.execute(statement)
    name_axes(db.conn)


#: STEPS[i] brings a library from version i to version i + 1; never changed once released, only added to.
STEPS: tuple[Step, ...] = (first_tables, studies_and_views)


def statements(script: str) -> list[str]:
    """The single statements of a script; sqlite3's own executescript would end the transaction we are in."""
    found, waiting = [], ""
    for line in script.splitlines():
        waiting += line + "\n"
        if sqlite3.complete_statement(waiting):
            found.append(waiting.strip())
            waiting = ""
    return found


def version_of(conn: sqlite3.Connection) -> int:
    """The version of the tables; 0 for a library in which nothing has been made yet."""
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def current(steps: Sequence[Step] = STEPS) -> int:
    """The version this program writes."""
    return len(steps)


def migrate(conn: sqlite3.Connection, file: Path | None, steps: Sequence[Step] = STEPS) -> Path | None:
    """Brings a library up to date and returns its backup (None where there was nothing to keep or to do). file None: a copy, kept nowhere.

    All of it or nothing, in one exclusive transaction: what others have written before is in the backup, and they wait.
    Raises Refusal where the disk has no room for the backup, sqlite3.Error where a step fails.
    """
    if version_of(conn) >= len(steps):
        return None
    conn.execute("PRAGMA foreign_keys=OFF")  # a step may make a table anew; what it leaves is checked below
    try:
        conn.execute("BEGIN EXCLUSIVE")
        try:
            version = version_of(conn)
            kept = _backup(file, version) if file is not None and 0 < version < len(steps) else None
            db = sqlite_utils.Database(conn, execute_plugins=False, recursive_triggers=False)
            for step in steps[version:]:
                step(db)
            broken = conn.execute("PRAGMA foreign_key_check").fetchone()
            if broken is not None:
                raise sqlite3.IntegrityError(f"a row of {broken[0]} refers to a row of {broken[2]} that is not there")
            conn.execute(f"PRAGMA user_version={max(version, len(steps))}")
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
    finally:
        conn.execute("PRAGMA foreign_keys=ON")
    return kept


def _backup(file: Path, version: int) -> Path:
    """A whole copy beside the library, read through a second connection: the first holds the lock and has changed nothing."""
    folder = file.parent / "backups"
    target = folder / f"{file.stem}-version-{version}-{time.strftime('%Y%m%d-%H%M%S')}.db"
    try:
        folder.mkdir(exist_ok=True)
        with (
            contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            target.unlink()
        why = f"no backup can be made in {folder} ({error}); make room there"
        raise Refusal(f"The library {file} must be brought up to date, but {why}.") from error
    return target
