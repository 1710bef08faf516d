"""Files that runs made, named by the sha256 of their content: written once, shared between runs, removed when no run names them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from memstudio.experiment.parameters import Refusal
from memstudio.library import stored_json
from memstudio.library.connection import transaction
from memstudio.library.rows import ArtifactRow

_SHA = re.compile(r"[0-9a-f]{64}")
#: A file that was being written this long ago, in seconds, was left by a process that died.
STALE = 86_400


def place_of(folder: Path, sha: str) -> Path:
    """Where the artifact of that sha256 lies: artifacts/ab/cdef... Raises Refusal for anything but 64 hexadecimal digits."""
    if not _SHA.fullmatch(sha):
        raise Refusal(f"{sha!r:.80} is not the sha256 of an artifact.")
    return folder / "artifacts" / sha[:2] / sha[2:]


class Incoming:
    """A file on its way into the library: complete, on the disk and hashed, but not yet in place.

    Used as a context: what was not put in place is gone after it.
    """

    def __init__(self, folder: Path, data: bytes | Path) -> None:
        self._folder = folder
        waiting = folder / "artifacts" / "incoming"
        waiting.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        self.file = waiting / secrets.token_hex(12)
        try:
            with open(self.file, "xb") as out:
                for part in _parts(data):
                    digest.update(part)
                    out.write(part)
                out.flush()
                os.fsync(out.fileno())
                self.size = out.tell()
        except BaseException:
            self.file.unlink(missing_ok=True)
            raise
        self.sha = digest.hexdigest()

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.unlink(missing_ok=True)

    def put(self) -> None:
        """Puts the file where its content belongs. Inside a write transaction: `sweep` removes files inside one too."""
        target = place_of(self._folder, self.sha)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.stat().st_size == self.size:
            return
        os.replace(self.file, target)
        _sync(target.parent)


def _sync(folder: Path) -> None:
    """Makes the new name durable where the system lets a folder be flushed."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _parts(data: bytes | Path) -> Iterable[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    with open(data, "rb") as file:
        while part := file.read(1 << 20):
            yield part


def name_artifact(
    conn: sqlite3.Connection, run: int, name: str, incoming: Incoming, kind: str, *, stage: str | None, step: int | None, meta: Any
) -> str | None:
    """Puts a file in place as `name` of a run, inside the caller's transaction; the sha256 that had the name before, if any."""
    before = conn.execute("SELECT artifact FROM run_artifact WHERE run = ? AND name = ?", (run, name)).fetchone()
    now = time.time()
    incoming.put()
    conn.execute("INSERT INTO artifact(sha256, size, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (incoming.sha, incoming.size, now))
    conn.execute(
        "INSERT OR REPLACE INTO run_artifact(run, name, artifact, kind, stage, step, meta, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (run, name, incoming.sha, kind, stage, step, None if meta is None else json.dumps(meta, ensure_ascii=False), now),
    )
    return before[0] if before and before[0] != incoming.sha else None


def sweep(conn: sqlite3.Connection, folder: Path, shas: Iterable[str] | None = None) -> int:
    """Removes artifacts that no run names (of these, or of all), rows and files; how many.

    The transaction that took the name away must be on the disk before; file and row go in one write transaction, so that
    nobody can name an artifact while it goes.
    """
    unnamed = "SELECT sha256 FROM artifact a WHERE NOT EXISTS (SELECT 1 FROM run_artifact WHERE artifact = a.sha256)"
    with transaction(conn):
        if shas is None:
            gone = [row[0] for row in conn.execute(unnamed)]
        else:
            gone = [sha for sha in shas if conn.execute(f"{unnamed} AND sha256 = ?", (sha,)).fetchone()]
        for sha in gone:
            with contextlib.suppress(OSError):
                place_of(folder, sha).unlink(missing_ok=True)
            conn.execute("DELETE FROM artifact WHERE sha256 = ?", (sha,))
        if shas is None:
            _remove_unknown(conn, folder / "artifacts")
    if shas is None:
        _remove_stale(folder / "artifacts" / "incoming")
        _remove_left(folder)
    return len(gone)


def _remove_unknown(conn: sqlite3.Connection, place: Path) -> None:
    """Removes files of which the library knows nothing: put in place by a transaction that did not come to its end."""
    known = {row[0] for row in conn.execute("SELECT sha256 FROM artifact")}
    with contextlib.suppress(OSError):
        for part in place.iterdir():
            for file in part.iterdir() if re.fullmatch(r"[0-9a-f]{2}", part.name) else ():
                if _SHA.fullmatch(part.name + file.name) and part.name + file.name not in known:
                    file.unlink(missing_ok=True)


def _remove_stale(waiting: Path) -> None:
    with contextlib.suppress(OSError):
        for file in waiting.iterdir():
            if time.time() - file.stat().st_mtime > STALE:
                file.unlink(missing_ok=True)


def _remove_left(folder: Path) -> None:
    """Removes the folders of merges whose process died."""
    for left in folder.glob(".merging-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left, ignore_errors=True)


def artifacts_of(conn: sqlite3.Connection, folder: Path, run: int) -> list[ArtifactRow]:
    """The artifacts of a run, in the order they were made."""
    rows = conn.execute(
        "SELECT n.name, n.artifact, n.kind, a.size, n.stage, n.step, n.meta, n.created FROM run_artifact n"
        " JOIN artifact a ON a.sha256 = n.artifact WHERE n.run = ? ORDER BY n.created, n.name",
        (run,),
    )
    return [
        ArtifactRow(
            name,
            sha,
            kind,
            size,
            stage,
            step,
            None if meta is None else stored_json.anything(meta, f"What is kept of the artifact {name}"),
            created,
            place_of(folder, sha),
        )
        for name, sha, kind, size, stage, step, meta, created in rows
    ]


def read_artifact(folder: Path, sha: str) -> bytes:
    """The content of an artifact. Raises Refusal when it is missing or not what it was."""
    file = place_of(folder, sha)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Refusal(f"The artifact {file} is missing; copy it back from a backup of the library's folder.") from error
    if hashlib.sha256(data).hexdigest() != sha:
        raise Refusal(f"The artifact {file} is damaged: its content has changed; copy it back from a backup of the library's folder.")
    return data
