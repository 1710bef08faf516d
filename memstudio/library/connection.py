"""Connections to the library's file, transactions on them, and SQLite's errors as sentences."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

#: How long a write waits for another process's write before it gives up. Ours take milliseconds; a migration takes longer.
PATIENCE_MS = 20_000
#: What is left of the write-ahead log's file after a large transaction.
LOG_BYTES = 16 << 20
#: File systems on which WAL's shared memory does not work between machines.
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "fuse.sshfs", "fuse.davfs2", "ncpfs"}
)
CLUSTER = frozenset({"ceph", "lustre", "beegfs", "glusterfs", "fuse.glusterfs", "gpfs", "orangefs"})


def connect(file: Path, *, mode: str = "rw", immutable: bool = False, shared: bool = False) -> sqlite3.Connection:
    """A connection in autocommit: transactions are begun by `transaction` alone.

    mode: "ro", "rw" (the file must exist) or "rwc"; immutable: for a folder in which SQLite can make no file;
    shared: several threads use it (the caller locks). Raises sqlite3.OperationalError.
    """
    # Windows paths need /C:/...; quote keeps the characters that a URI would read as its own
    path = quote(file.absolute().as_posix())
    uri = f"file:{path if path.startswith('/') else '/' + path}?mode={mode}{'&immutable=1' if immutable else ''}"
    conn = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE_MS / 1000, check_same_thread=not shared)
    conn.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
    conn.execute("PRAGMA foreign_keys=ON")
    conn.execute("PRAGMA trusted_schema=OFF")
    if mode == "ro":
        return conn
    # NORMAL: in WAL a crash of ours loses nothing; a power cut may lose the last points. States and notes ask for FULL.
    conn.execute("PRAGMA synchronous=NORMAL")
    conn.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
    return conn


@contextlib.contextmanager
def transaction(conn: sqlite3.Connection, *, full: bool = False) -> Iterator[None]:
    """A write transaction: all of it or nothing. full: on the disk when this returns, a power cut notwithstanding."""
    if full:
        conn.execute("PRAGMA synchronous=FULL")
    try:
        conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
    finally:
        if full:
            conn.execute("PRAGMA synchronous=NORMAL")
    conn.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for garbage: where thousands of rows are made that all stay, looking finds nothing and takes a third of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def network_of(folder: Path) -> str | None:
    """The kind of network file system a folder lies on (`nfs4`), or None for a local disk."""
    import psutil

    path = folder.resolve()
    if path.as_posix().startswith("//"):
        return "network share"
    found, longest = "", -1
    try:
        for disk in psutil.disk_partitions(all=True):
            mount = Path(disk.mountpoint)
            if len(mount.parts) > longest and path.is_relative_to(mount):
                found, longest = disk.fstype.lower(), len(mount.parts)
    except OSError:
        return None
    return found if found in NETWORK | CLUSTER else None


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether SQLite found a file of its own format whose contents do not hang together."""
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF == sqlite3.SQLITE_CORRUPT


def optimise(conn: sqlite3.Connection) -> None:
    """Brings SQLite's statistics up to date where it finds that worth while; for the end of a connection. Never raises for it.

    One missing statistic made a sorted page 70 times slower elsewhere (facts). The limit keeps it to milliseconds on large libraries.
    """
    # of a damaged file too: what was wrong with it has been said where it was read
    with contextlib.suppress(sqlite3.OperationalError, sqlite3.DatabaseError):
        conn.execute("PRAGMA analysis_limit=400")
        conn.execute("PRAGMA optimize")


def sentence(error: sqlite3.Error, file: Path) -> str:
    """What SQLite found wrong, for a person: what, where, what to do."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    match code & 0xFF:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(file, str(error))
        case sqlite3.SQLITE_FULL:
            return f"The disk with the library {file} is full; make room and try again."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"The library {file} is busy: another process has been writing for {PATIENCE_MS // 1000} s; try again."
        case sqlite3.SQLITE_READONLY:
            return cannot_write(file)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return f"The library {file} cannot be opened ({error}); check that you may read and write its folder."
    return f"The library {file} could not be used ({error}); check the disk it lies on."


def damaged(file: Path, how: str) -> str:
    """The sentence about a damaged library."""
    return f"The library {file} is damaged ({how}); put a copy of it, if you have one, in its place, or choose another with --library."


def cannot_write(file: Path) -> str:
    """The sentence about a library that can only be read."""
    return f"The library {file} is read-only; copy its folder to where you may write, or choose another with --library."
