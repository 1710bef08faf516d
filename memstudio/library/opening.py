"""Opening a library: ours is told from foreign, newer and damaged files before SQLite touches them."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from memstudio.experiment.parameters import Refusal
from memstudio.ground.paths import library_folder
from memstudio.library import migrations, schema
from memstudio.library.ballast import keep_ballast
from memstudio.library.connection import connect, damaged, is_damaged, network_of, sentence

FILE_NAME = "library.db"
#: The first with STRICT tables.
OLDEST_SQLITE = (3, 37)
#: An older library that can only be read is read through a copy in memory, up to this many bytes.
MOST_IN_MEMORY = 1 << 30


@dataclass(frozen=True)
class Opened:
    """A connection to a library's file. notices: sentences the person should see (a network folder, a read-only one)."""

    conn: sqlite3.Connection
    file: Path
    readonly: bool
    notices: tuple[str, ...] = ()


def locate(path: Path | str | None = None) -> Path:
    """The library's file: of a folder, library.db in it; a file itself; None: the user's own library."""
    place = library_folder() if path is None else Path(path).expanduser()
    is_file = place.is_file() or (place.suffix == ".db" and not place.is_dir())
    return place if is_file else place / FILE_NAME


def open_file(path: Path | str | None = None, *, readonly: bool = False, shared: bool = False) -> Opened:
    """Opens a library, makes it where there is none, brings it up to date where it is older.

    In a folder that cannot be written it is opened read-only. shared: for a connection used by several threads, locked by the caller.
    Raises Refusal: a foreign, damaged or newer file, a missing one with readonly, a folder that cannot be made or read.
    """
    file = locate(path)
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise Refusal(f"This Python comes with SQLite {sqlite3.sqlite_version}, the library needs {oldest} or newer; use a newer Python.")
    try:
        new = not file.exists()
        if new and readonly:
            raise Refusal(f"There is no library {file}; check the path.")
        if new:
            _make_room(file)
        else:
            check_file(file)
        notices = []
        if not (new or readonly or _writable(file)):
            readonly = True
            notices.append(f"The library {file} lies where nothing can be written, so it is opened read-only.")
        network = network_of(file.parent)
        if network is not None:
            notices.append(f"The library {file} lies on a network folder ({network}): use it from one machine at a time.")
        if readonly:
            conn, older = _read_only(file)
            notices += [older] if older else []
        else:
            conn = _writing(file, shared=shared, wal=network is None)
    except sqlite3.Error as error:
        raise Refusal(sentence(error, file)) from error
    except UnicodeDecodeError as error:  # sqlite3's own, of a message that quotes the damaged bytes
        raise Refusal(damaged(file, "its tables are no text")) from error
    except OSError as error:
        raise Refusal(f"The library {file} cannot be opened ({error.strerror or error}); check the path and your rights there.") from error
    return Opened(conn, file, readonly, tuple(notices))


def check_file(file: Path) -> None:
    """Raises Refusal unless a file says that it is a library of ours that this program knows; nothing is touched.

    SQLite reads it as a file that cannot change: opened in earnest, a foreign file in WAL mode would already get files beside
    it. We do not read it ourselves: closing a file gives up every lock this process has on it, those of open libraries too.
    An empty file called .db is ours to fill: a crash while a library was made leaves one.
    """
    if file.stat().st_size == 0 and file.suffix == ".db":
        return
    if file.suffix == ".memlib":
        raise Refusal(f"{file} is a bundle of runs; `memstudio merge` brings them into a library.")
    other = "choose another folder or file with --library"
    conn = connect(file, mode="ro", immutable=True)
    try:
        mark = conn.execute("PRAGMA application_id").fetchone()[0]
        version = migrations.version_of(conn)
    except sqlite3.DatabaseError as error:
        if is_damaged(error) and _log(file):
            return  # someone may be writing it at this moment: opened in earnest it will be clear
        if is_damaged(error):
            raise Refusal(damaged(file, str(error))) from error
        raise Refusal(f"{file} is not a library of MemStudio ({error}); {other}.") from error
    finally:
        conn.close()
    if mark != schema.APPLICATION_ID:
        raise Refusal(f"{file} is not a library of MemStudio but a file of another program; {other}.")
    _refuse_newer(file, version)


def _log(file: Path) -> bool:
    """Whether there are changes in the log beside a file that are not in the file yet."""
    log = file.with_name(file.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _refuse_newer(file: Path, version: int) -> None:
    if version > migrations.current():
        raise Refusal(
            f"The library {file} was written by a newer MemStudio (its tables are of version {version},"
            f" this program knows {migrations.current()}); use the newer program, or choose another library with --library."
        )


def _make_room(file: Path) -> None:
    """Makes the folder of a new library. Raises Refusal where that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise Refusal(
            f"There is no library {file}, and none can be made there ({error.strerror or error});"
            " choose a folder you may write with --library."
        ) from error


def _writable(file: Path) -> bool:
    """Whether the file and its folder can be written; in the folder it is tried, because rights alone do not tell."""
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            return os.access(file, os.W_OK)
    except OSError:
        return False


def _writing(file: Path, *, shared: bool, wal: bool) -> sqlite3.Connection:
    conn = connect(file, mode="rwc", shared=shared)
    try:
        if conn.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
            # alone and first: from the very first page on the file says whose it is
            conn.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        # on a network folder WAL's shared memory would not be shared
        mode = "WAL" if wal else "TRUNCATE"
        if conn.execute("PRAGMA journal_mode").fetchone()[0].upper() != mode:
            conn.execute(f"PRAGMA journal_mode={mode}")
        _refuse_newer(file, migrations.version_of(conn))
        migrations.migrate(conn, file)
        keep_ballast(file.parent)
    except BaseException:
        conn.close()
        raise
    return conn


def _read_only(file: Path) -> tuple[sqlite3.Connection, str]:
    """A connection that only reads, and a sentence where that is of an older library: it is read through a copy brought up to date."""
    conn = _connect_read_only(file)
    try:
        version = migrations.version_of(conn)
        _refuse_newer(file, version)
        if version == migrations.current():
            return conn, ""
        if file.stat().st_size > MOST_IN_MEMORY:
            raise Refusal(
                f"The library {file} was written by an older MemStudio; open it once where it can be written, to bring it up to date."
            )
        copy = up_to_date_copy(conn, ":memory:")
    except BaseException:
        conn.close()
        raise
    conn.close()
    copy.execute("PRAGMA query_only=ON")
    return copy, f"The library {file} was written by an older MemStudio: it is read as it is now, and left as it is."


def up_to_date_copy(conn: sqlite3.Connection, target: Path | str) -> sqlite3.Connection:
    """A copy of a library of any older version, as a file or in memory, with today's tables; the library itself is not touched."""
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        if conn.execute("SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 1").fetchone():
            raise Refusal("The library holds rules of its own, which no library of MemStudio does; use a backup of it.")
        conn.backup(copy)
        copy.execute("PRAGMA journal_mode=MEMORY")  # the copy of a file that was in WAL mode would be in it too
        copy.execute("PRAGMA foreign_keys=ON")
        copy.execute("PRAGMA trusted_schema=OFF")
        migrations.migrate(copy, None)
    except BaseException:
        copy.close()
        raise
    return copy


def _connect_read_only(file: Path) -> sqlite3.Connection:
    """Read-only beside a writer where that is possible; else as a file that cannot change, which needs no files beside it."""
    try:
        conn = connect(file, mode="ro")
        try:
            conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            conn.close()
            raise
        return conn
    except sqlite3.OperationalError:
        if _writable(file) or _log(file):
            # where the newest contents are still in the log, they cannot be read without making a file beside it
            raise
    return connect(file, mode="ro", immutable=True)
