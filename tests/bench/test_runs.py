"""The bench of runs: that it measures what it says. Its figures are read by people, never tested."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from memstudio import library
from memstudio.bench import runs


def test_every_row_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runs, "ROUNDS", 1)
    found = runs.main(json=True, runs=150)
    assert capsys.readouterr().out == ""
    rows = json.loads(json.dumps(found))["rows"]
    assert [row["to_reach"] for row in rows[:3]] == ["at most 100 ms", "at most 5 ms", "at most 10 ms"]
    assert all(math.isfinite(row[key]) and row[key] > 0 for row in rows for key in ("ours", "against", "ratio"))
    assert all(row["ratio"] == pytest.approx(row["ours"] / row["against"]) for row in rows)


def test_both_sides_are_asked_the_same(tmp_path: Path) -> None:
    """What the flat table answers is what the library answers, so that beside each other they mean something."""
    with library.open(tmp_path / "library") as opened:
        runs.fill(opened, 400)
        with_flat = runs.flat(opened, tmp_path / "flat.db")
        found = opened.runs(where=runs.FILTER)
        sql = "SELECT uid FROM run WHERE memory = 'gated delta rule' AND recall > 0.9 AND seed IN (0, 1, 2)"
        assert {row.uid for row in found} == {row[0] for row in with_flat.execute(sql)}
        assert 0 < len(found) < 400
        best = [row.uid for row in opened.runs(sort="-recall", limit=10)]
        assert best == [row[0] for row in with_flat.execute("SELECT uid FROM run ORDER BY recall DESC LIMIT 10")]
        groups = opened.grouped(["memory", "load"], ["recall"])
        means = with_flat.execute("SELECT avg(recall) FROM run GROUP BY memory, load ORDER BY memory, CAST(load AS INTEGER)").fetchall()
        assert [group.measures["recall"].mean for group in groups] == pytest.approx([row[0] for row in means])
        assert opened._conn.execute("PRAGMA foreign_key_check").fetchall() == []
        assert len(opened.series(found[0].uid, "loss[split=train]")) == 50
        with_flat.close()
