"""The live bench measures what it says, at a small size."""

from __future__ import annotations

import pytest

from memstudio.bench import live
from memstudio.bench.command import BENCHES


def test_it_measures_frames_of_few_and_many_curves_and_a_refresh(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live, "POINTS", 2_000)
    monkeypatch.setattr(live, "FRAMES", 3)
    monkeypatch.setattr(live, "SIZES", {"panel": (320, 200)})
    monkeypatch.setattr(live, "MANY", 5)
    found = live.main(as_json=False)
    said = [row["what"].split(", ", 2)[-1] for row in found["rows"]]
    assert said[:3] == ["repaint", "scrub", "points"]
    assert said[3:9] == ["repaint", "repaint, worst", "scrub", "scrub, worst", "points", "points, worst"]
    assert [row["what"].partition(", ")[2] for row in found["rows"][9:]] == [
        "refresh, shown",
        "refresh, shown, worst",
        "refresh, shown and painted",
    ]
    most = [live.MOST] * 3 + [live.MANY_MOST] * 6 + [live.HELD] * 3
    assert all(0 < row["ours"] < 10_000 and row["ratio"] == row["ours"] / limit for row, limit in zip(found["rows"], most, strict=True))
    assert capsys.readouterr().out.count("ms a frame") == 12
    assert "live" in BENCHES
