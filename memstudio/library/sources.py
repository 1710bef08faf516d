"""Another library as something to read rows from: never changed, whatever its version, whether somebody writes it or not."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from memstudio.experiment.parameters import Refusal
from memstudio.library import migrations, unpacking
from memstudio.library.connection import connect, damaged, sentence
from memstudio.library.opening import check_file, locate, up_to_date_copy


@dataclass(frozen=True)
class Source:
    """A library's file as it can be attached, and the folder its artifacts lie in. name: what was asked for."""

    uri: str
    folder: Path
    name: str


@contextlib.contextmanager
def source_of(path: Path, room: Path) -> Iterator[Source]:
    """The library at a path: a folder, a library.db or a bundle. room: a folder in which copies may lie meanwhile.

    Raises Refusal: there is none, it is foreign, newer or damaged, it changed meanwhile, there is no room.
    """
    if not path.exists():
        raise Refusal(f"There is no library {path}; check the path.")
    with tempfile.TemporaryDirectory(prefix=".merging-", dir=room) as place:
        if path.is_file() and unpacking.is_bundle(path):
            folder = Path(place) / "bundle"
            unpacking.unpack(path, folder)
            with _attachable(folder / "library.db", Path(place)) as uri:
                yield Source(uri, folder, str(path))
            return
        file = locate(path)
        if not file.exists():
            raise Refusal(f"There is no library in {path}: it has no {file.name}; check the path.")
        with _attachable(file, Path(place)) as uri:
            yield Source(uri, file.parent, str(path))


@contextlib.contextmanager
def _attachable(file: Path, place: Path) -> Iterator[str]:
    """The URI under which SQLite reads a library of today's version without making a file beside it."""
    try:
        check_file(file)
        if _bytes(file, "-wal") and not file.with_name(file.name + "-shm").exists():
            file = _copied(file, place)  # its newest rows are still in the log, and reading that makes a file beside it
        still = not file.with_name(file.name + "-wal").exists()
        conn = connect(file, mode="ro", immutable=still)
        try:
            version = migrations.version_of(conn)
            if version < 1:
                raise Refusal(f"The library {file} holds nothing yet.")
            if version < migrations.current():
                up_to_date_copy(conn, place / "older.db").close()
        finally:
            conn.close()
        if version < migrations.current():
            yield _uri(place / "older.db", still=True)
            return
        before = _marks(file)
        yield _uri(file, still)
        if still and _marks(file) != before:
            raise Refusal(f"The library {file} was written to meanwhile; nothing was merged, so try again.")
    except sqlite3.DatabaseError as error:
        raise Refusal(sentence(error, file)) from error
    except UnicodeDecodeError as error:  # sqlite3's own, of a message that quotes damaged bytes
        raise Refusal(damaged(file, "its tables are no text")) from error


def _uri(file: Path, still: bool) -> str:
    path = quote(file.absolute().as_posix())
    return f"file:{path if path.startswith('/') else '/' + path}?mode=ro{'&immutable=1' if still else ''}"


def _copied(file: Path, place: Path) -> Path:
    copy = place / "copy.db"
    for end in ("", "-wal"):
        shutil.copyfile(file.with_name(file.name + end), copy.with_name(copy.name + end))
    connect(copy).close()  # brings the log into the file
    return copy


def _bytes(file: Path, end: str) -> int:
    try:
        return file.with_name(file.name + end).stat().st_size
    except OSError:
        return 0


def _marks(file: Path) -> tuple[int, int, bool]:
    found = os.stat(file)
    return found.st_size, found.st_mtime_ns, file.with_name(file.name + "-wal").exists()
