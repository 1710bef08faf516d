"""A library as an earlier MemStudio wrote it: made from the tables and rows of then, files included."""

from __future__ import annotations

import contextlib
import sqlite3
from hashlib import sha256
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
#: what the runs of the library of version 1 made
FILES = (*(f"weights of {i}".encode() for i in range(9)), b"the same targets")
RUNS = tuple(f"{i:012x}" for i in range(1, 11))
STUDY = "00000000005d"


def version_1(folder: Path) -> Path:
    """The library of version 1 in a folder: a study of 2 memories x 2 heads x 2 seeds, one run in the trash, one that waits."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "library.db"
    with contextlib.closing(sqlite3.connect(file)) as conn:
        # as one transaction: 600 of them would wait for the disk 600 times
        conn.executescript(f"BEGIN;{(GOLDEN / 'version_1.sql').read_text(encoding='utf-8')}COMMIT;")
        conn.execute("PRAGMA journal_mode=WAL")
    for data in FILES:
        name = sha256(data).hexdigest()
        place = folder / "artifacts" / name[:2] / name[2:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return file
