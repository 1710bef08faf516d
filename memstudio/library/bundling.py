"""One file with runs in it, to send: a zip of a small library, the files its runs made, and a list with the hash of each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memstudio.experiment.parameters import Refusal
from memstudio.library import migrations, schema
from memstudio.library.artifacts import place_of
from memstudio.library.connection import connect, transaction
from memstudio.library.copying import copy_runs
from memstudio.library.merging import LONGEST_LOG, Progress
from memstudio.library.sources import Source, source_of
from memstudio.library.unpacking import DATABASE, FORMAT, MANIFEST, VERSION

_PART = 1 << 20
#: how every SQLite file begins
SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Bundled:
    """A bundle that was written. files: of runs; bytes: of the bundle; missing: files that runs name and the library lacks."""

    path: Path
    runs: int
    studies: int
    files: int
    bytes: int
    missing: int = 0


def bundle(
    file: Path, runs: Sequence[str], studies: Sequence[str], target: Path, *, with_artifacts: bool, progress: Progress | None = None
) -> Bundled:
    """Writes runs and whole studies (uids) of the library `file` into one file; one of that name is replaced when the new one is whole.

    Raises Refusal: nothing to send, a file of a run is damaged, the place cannot be written or holds a library.
    """
    if not runs:
        raise Refusal("There is nothing to bundle: no run was named, or all of them are in the trash.")
    _refuse_database(target)
    told = progress or (lambda done, total, what: None)
    try:
        with tempfile.TemporaryDirectory(prefix=".bundling-", dir=target.parent) as room:
            place = Path(room)
            with source_of(file, place) as source:
                told(0, 1, "Copying runs")
                shas, names, missing = _small_library(place / DATABASE, source, runs, studies, with_artifacts)
            made = place / "bundle"
            files = _pack(made, place / DATABASE, file.parent, names[0], names[1], shas, told)
            with open(made, "rb") as whole:
                os.fsync(whole.fileno())
            size = made.stat().st_size
            os.replace(made, target)
    except OSError as error:
        raise Refusal(f"The bundle {target} cannot be written ({error.strerror or error}); choose another place.") from error
    return Bundled(target, len(names[0]), len(names[1]), files, size, missing)


def _refuse_database(target: Path) -> None:
    """A library is never replaced by a bundle, whatever was typed or confirmed."""
    with contextlib.suppress(OSError), open(target, "rb") as there:
        if there.read(len(SQLITE)) == SQLITE:
            raise Refusal(f"{target} is a library, which a bundle would replace; choose another name.")


def _small_library(
    file: Path, source: Source, runs: Sequence[str], studies: Sequence[str], with_artifacts: bool
) -> tuple[list[tuple[str, int]], tuple[list[str], list[str]], int]:
    """A library with these runs alone: (its artifacts with their sizes, (uids of its runs, uids of its studies), files it lacks)."""
    with contextlib.closing(connect(file, mode="rwc")) as conn:
        conn.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        migrations.migrate(conn, None)
        conn.execute("ATTACH DATABASE ? AS other", (source.uri,))
        with transaction(conn):
            copy_runs(conn, runs, studies, ending=False)
            missing = _forget_files(conn, source.folder, with_artifacts)
        conn.execute("DETACH DATABASE other")
        conn.execute("VACUUM")
        shas = conn.execute("SELECT sha256, size FROM artifact ORDER BY sha256").fetchall()
        uids = tuple([row[0] for row in conn.execute(f"SELECT uid FROM {table} ORDER BY id")] for table in ("run", "study"))
    return shas, (uids[0], uids[1]), missing


def _forget_files(conn: sqlite3.Connection, folder: Path, with_artifacts: bool) -> int:
    """Takes away the names of files that are not sent, or are not there any more; how many should have been sent."""
    shas = [sha for (sha,) in conn.execute("SELECT sha256 FROM artifact")]
    gone = [sha for sha in shas if not (with_artifacts and place_of(folder, sha).is_file())]
    conn.executemany("DELETE FROM run_artifact WHERE artifact = ?", [(sha,) for sha in gone])
    conn.executemany("DELETE FROM artifact WHERE sha256 = ?", [(sha,) for sha in gone])
    return len(gone) if with_artifacts else 0


def _pack(
    made: Path, database: Path, folder: Path, runs: list[str], studies: list[str], shas: list[tuple[str, int]], told: Progress
) -> int:
    """Writes the zip; how many files of runs are in it. Weights hardly shrink, and so they are stored as they are."""
    files: list[dict[str, object]] = []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for i, (sha, size) in enumerate(shas):
            told(i, len(shas) + 1, "Packing files")
            name = f"artifacts/{sha[:2]}/{sha[2:]}"
            found = _add(archive, name, place_of(folder, sha), zipfile.ZIP_STORED)
            if found["sha256"] != sha or found["size"] != size:
                damaged = place_of(folder, sha)
                raise Refusal(f"The artifact {damaged} is damaged, so it cannot be sent; bundle without files, or use a backup.")
            files.append(found)
        for uid in runs:
            log = folder / "logs" / f"{uid}.txt"
            if log.is_file() and log.stat().st_size <= LONGEST_LOG:
                files.append(_add(archive, f"logs/{uid}.txt", log, zipfile.ZIP_DEFLATED))
        files.append(_add(archive, DATABASE, database, zipfile.ZIP_DEFLATED))
        says = {"format": FORMAT, "version": VERSION, "runs": runs, "studies": studies, "files": files}
        archive.writestr(_entry(MANIFEST, zipfile.ZIP_DEFLATED), json.dumps(says, indent=1))
    return len(shas)


def _entry(name: str, how: int) -> zipfile.ZipInfo:
    """The same bytes whenever and wherever it is packed: no times, no rights but reading."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = how
    entry.external_attr = 0o100644 << 16
    return entry


def _add(archive: zipfile.ZipFile, name: str, file: Path, how: int) -> dict[str, object]:
    """Packs a file; its line for the list."""
    digest, size = hashlib.sha256(), 0
    with open(file, "rb") as data, archive.open(_entry(name, how), "w", force_zip64=file.stat().st_size > 1 << 30) as out:
        while part := data.read(_PART):
            digest.update(part)
            size += len(part)
            out.write(part)
    return {"name": name, "sha256": digest.hexdigest(), "size": size}
