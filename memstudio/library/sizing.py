"""How large a library is, by kind, and how much of it could be given back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from memstudio.library.ballast import NAME as BALLAST
from memstudio.library.purging import empty_bytes


@dataclass(frozen=True)
class Size:
    """Bytes. kinds: of artifacts by kind (checkpoint, outcomes, model ...), of the rest by what it is (database, logs, backups, ballast).

    trashed: what emptying the trash would free (of the database an estimate); reclaimable: that, files that no run names, and
    what stands empty in the database's file.
    """

    database: int
    artifacts: int
    logs: int
    backups: int
    total: int
    kinds: Mapping[str, int]
    trashed: int
    reclaimable: int


def size(conn: sqlite3.Connection, folder: Path, file: Path) -> Size:
    """The size of a library: artifacts by what the database says of them, everything else by its files."""
    database = sum(_bytes([file.with_name(file.name + end)]) for end in ("", "-wal", "-shm"))
    logs, backups, ballast = _bytes((folder / "logs").rglob("*")), _bytes((folder / "backups").rglob("*")), _bytes([folder / BALLAST])
    # a file that several runs name under several kinds counts once
    kinds = dict(
        conn.execute(
            "SELECT kind, sum(size) FROM (SELECT a.size AS size, min(n.kind) AS kind FROM artifact a"
            " JOIN run_artifact n ON n.artifact = a.sha256 GROUP BY a.sha256) GROUP BY kind ORDER BY 2 DESC"
        ).fetchall()
    )
    unnamed = "SELECT coalesce(sum(size), 0) FROM artifact a WHERE NOT EXISTS (SELECT 1 FROM run_artifact WHERE artifact = a.sha256)"
    (left,) = conn.execute(unnamed).fetchone()
    artifacts = sum(kinds.values()) + left
    (in_trash,) = conn.execute(
        "SELECT coalesce(sum(size), 0) FROM artifact a WHERE EXISTS (SELECT 1 FROM run_artifact WHERE artifact = a.sha256) AND NOT EXISTS"
        " (SELECT 1 FROM run_artifact n JOIN run r ON r.id = n.run WHERE n.artifact = a.sha256 AND r.trashed IS NULL)"
    ).fetchone()
    empty = empty_bytes(conn)
    trashed = in_trash + round((database - empty) * _share_in_trash(conn))
    whole = {"database": database, **kinds, "logs": logs, "backups": backups, "ballast": ballast}
    total = database + artifacts + logs + backups + ballast
    return Size(database, artifacts, logs, backups, total, {kind: n for kind, n in whole.items() if n}, trashed, trashed + left + empty)


def _share_in_trash(conn: sqlite3.Connection) -> float:
    """The share of what was measured that belongs to runs in the trash, by numbers of points; by runs where there are none."""
    points = (
        "SELECT coalesce(sum(x.n), 0) FROM series x JOIN run r ON r.id = x.run WHERE r.trashed IS NOT NULL",
        "SELECT sum(n) FROM series",
    )
    runs = "SELECT count(*) FROM run WHERE trashed IS NOT NULL", "SELECT count(*) FROM run"
    for part, all_of in (points, runs):
        whole = conn.execute(all_of).fetchone()[0]
        if whole:
            return float(conn.execute(part).fetchone()[0] / whole)
    return 0.0


def _bytes(files: Iterable[Path]) -> int:
    found = 0
    for file in files:
        try:
            found += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return found
