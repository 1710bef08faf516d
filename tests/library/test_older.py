"""Older libraries: brought up to date with everything kept, read where they cannot be written, never changed by reading."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from memstudio import library
from memstudio.experiment.parameters import Refusal
from memstudio.library import Library, migrations, opening
from tests.library.older import RUNS, STUDY, version_1


def rows(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of version 1, in the columns it had then."""
    with contextlib.closing(sqlite3.connect(file)) as conn:
        tables = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall()
        return {name: conn.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for (name,) in tables}


def test_bringing_it_up_to_date_keeps_every_row(tmp_path: Path) -> None:
    file = version_1(tmp_path)
    before = rows(file)
    library.open(file).close()
    after = rows(file)
    for table, old in before.items():
        width = len(old[0]) if old else 0
        kept = [row[:width] for row in after[table]]
        if table == "param":
            assert set(old) <= set(kept)
        elif not table.startswith("run_text_"):
            assert kept == old, table
    assert migrations.current() == 2
    (backup,) = (tmp_path / "backups").iterdir()
    assert rows(backup) == before


def holds_what_it_held(lib: Library) -> None:
    """What the library of version 1 answers, asked with today's words."""
    study = lib.study(STUDY)
    assert (study.title, study.runs, len(study.cells)) == ("Heads and memories", 8, 4)
    assert [row.uid for row in lib.runs(study=STUDY)] == list(RUNS[:8])
    assert [row.uid for row in lib.runs(trashed=True)] == [RUNS[8]]
    assert lib.run(RUNS[9]).state == "queued"
    assert (lib.run(RUNS[7]).failure, lib.run(RUNS[7]).failed_node) == ("It broke.", "mem1")
    assert math.isnan(lib.measures(RUNS[7])["recall[load=16]"])
    assert lib.measures(RUNS[3])["recall[load=16]"] == 0.3
    series = lib.series(RUNS[0], "loss[split=train]")
    assert np.array_equal(series.values, 1.0 / (1 + np.arange(1201)))
    assert lib.curve_at(RUNS[2], "recall_by_load", 10).values.tolist() == [1.0, 0.2]
    assert lib.curve_at(RUNS[2], "memory_state", 10).values.shape == (4, 4)
    assert [lib.read_artifact(one.sha256) for one in lib.artifacts(RUNS[4])] == [b"weights of 4", b"the same targets"]
    assert (lib.run(RUNS[1]).note, lib.run(RUNS[2]).starred, lib.tags(RUNS[3])) == ("the gate helped", True, ["keep", "paper"])
    assert [row.uid for row in lib.runs(text="gate helped")] == [RUNS[1]]
    assert lib.environment(RUNS[0])["packages"] == {"torch": "2.13.0"}
    assert lib.document(RUNS[6]).node("mem1").component == "sequence.gated_deltanet"
    # the axes of the study are names of its runs now
    assert [row.uid for row in lib.runs(where='axis.memory = "gated delta rule" and axis.heads = 4')] == [RUNS[7], RUNS[6]][::-1]


def test_it_holds_what_it_held(tmp_path: Path) -> None:
    with library.open(version_1(tmp_path)) as lib:
        holds_what_it_held(lib)


def test_only_read_it_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    file = version_1(tmp_path)
    before = file.read_bytes()
    with library.open(file, readonly=True) as lib:
        assert lib.readonly
        assert any("older MemStudio" in notice for notice in lib.notices)
        holds_what_it_held(lib)
        with pytest.raises(Refusal, match="read-only"):
            lib.set_note(RUNS[0], "x")
        with pytest.raises(sqlite3.OperationalError):
            lib._conn.execute("DELETE FROM run")
    assert file.read_bytes() == before
    assert not (tmp_path / "backups").exists()


def test_one_too_large_to_copy_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = version_1(tmp_path)
    monkeypatch.setattr(opening, "MOST_IN_MEMORY", 1000)
    with pytest.raises(Refusal, match="older MemStudio; open it once where it can be written"):
        library.open(file, readonly=True)
