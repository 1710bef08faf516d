"""The canvas bench measures what it says, at a small size."""

from __future__ import annotations

import pytest

from memstudio.bench import canvas
from memstudio.bench.command import BENCHES
from memstudio.components.catalogue import catalogue
from memstudio.experiment.checking import check
from memstudio.experiment.stages import stages


def test_it_measures_opening_and_frames(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(canvas, "NODES", 24)
    monkeypatch.setattr(canvas, "FRAMES", 3)
    monkeypatch.setattr(canvas, "DRAGGED", 12)
    found = canvas.main(as_json=False)
    what = [row["what"].rsplit(", ", 1)[1] for row in found["rows"]]
    often = ["repaint", "scrolling", "zooming", "dragging one node", "editing one value"]
    assert sorted(what) == sorted(["longest pause", "rubber band over all", *often, *often])
    assert all(0 < row["ours"] <= row["worst"] < 10_000 for row in found["rows"])
    assert all(row["ratio"] == row["ours"] / (canvas.HELD if "opening" in row["what"] else canvas.MOST) for row in found["rows"])
    assert capsys.readouterr().out.count("worst") == len(what)
    assert "canvas" in BENCHES


def test_its_document_could_be_run() -> None:
    made = canvas.document(20)
    assert len(made.nodes) == 20
    assert [one for one in check(made, catalogue()) if one.severity == "error"] == []
    assert len(stages(made, catalogue())) == 2
