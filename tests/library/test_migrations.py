"""Bringing a library up to date: after a backup, all or nothing, only once."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
import sqlite_utils

from memstudio import library
from memstudio.experiment.parameters import Refusal
from memstudio.library import migrations, schema
from tests.library.small import document, planned


def add_colour(db: sqlite_utils.Database) -> None:
    db.execute("ALTER TABLE run ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'")


def fail(db: sqlite_utils.Database) -> None:
    add_colour(db)
    raise sqlite3.OperationalError("no")


def orphan(db: sqlite_utils.Database) -> None:
    db.execute("UPDATE run SET document = 'nowhere'")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with library.open(tmp_path) as lib:
        lib.submit(document(), [planned()])
    return tmp_path / "library.db"


def columns(file: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(file)) as conn:
        return {row[1] for row in conn.execute("PRAGMA table_info(run)")}


def test_a_step_runs_once_after_a_backup(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = migrations.current()
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, add_colour))
    for function in (migrations.migrate, migrations.current):
        monkeypatch.setattr(function, "__defaults__", (migrations.STEPS,))
    for _ in range(2):
        with library.open(old) as lib:
            assert len(lib.runs()) == 1
    (kept,) = (old.parent / "backups").iterdir()
    assert "colour" in columns(old)
    assert "colour" not in columns(kept)
    with contextlib.closing(sqlite3.connect(kept)) as conn:
        assert conn.execute("SELECT count(*) FROM run").fetchone() == (1,)
        assert conn.execute("PRAGMA user_version").fetchone() == (before,)
        assert conn.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)


@pytest.mark.parametrize("step", [fail, orphan])
def test_a_step_that_fails_changes_nothing(old: Path, step: migrations.Step) -> None:
    with library.open(old) as lib:
        with pytest.raises(sqlite3.Error):
            migrations.migrate(lib._conn, old, (*migrations.STEPS, step))
        assert lib._conn.execute("PRAGMA user_version").fetchone() == (migrations.current(),)
        assert lib._conn.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert len(lib.runs()) == 1
    assert "colour" not in columns(old)


def test_without_room_for_a_backup_nothing_happens(old: Path) -> None:
    (old.parent / "backups").write_text("in the way")
    with library.open(old) as lib, pytest.raises(Refusal, match="no backup can be made"):
        migrations.migrate(lib._conn, old, (*migrations.STEPS, add_colour))
    assert "colour" not in columns(old)


def test_statements_are_told_apart() -> None:
    assert migrations.statements("CREATE TABLE a(x); -- one; two\nCREATE TABLE b(\n  y);\n") == [
        "CREATE TABLE a(x); -- one; two",
        "CREATE TABLE b(\n  y);",
    ]


def test_the_tables_are_strict_and_hang_together(lib: library.Library) -> None:
    rows = lib._conn.execute("PRAGMA table_list").fetchall()
    ours = [row for row in rows if row[0] == "main" and row[2] == "table" and not row[1].startswith("sqlite_")]
    assert len(ours) > 15
    assert [row[1] for row in ours if not row[5]] == []
    assert lib._conn.execute("PRAGMA foreign_key_check").fetchall() == []
