"""Runs for other programs: CSV, JSON, Parquet and TensorBoard events, each read back."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from memstudio.experiment.parameters import Refusal
from memstudio.report import events, everything, flat, parquet
from memstudio.report.points import curve_json, curve_rows, series_json
from memstudio.report.saving import InTheWay
from tests.report.conftest import HOSTILE, Made


def test_a_row_a_run(hostile: Made) -> None:
    rows = hostile.library.runs()
    read = list(csv.DictReader(io.StringIO(flat.as_csv(hostile.library, rows))))
    assert [one["run"] for one in read] == [row.uid for row in rows]
    by_run = {one["run"]: one for one in read}
    first = by_run[hostile.runs[0]]
    assert first["note"] == HOSTILE
    assert first["mem1.component"] == "sequence.attention"
    assert float(first["recall[load=16]"]) == 0.8
    assert first["started"].endswith("Z")
    assert by_run[hostile.runs[4]]["recall"] == "0.01"
    assert by_run[hostile.runs[4]]["failure"].startswith("The loss is not finite")


def test_json_holds_everything_but_artifacts(made: Made) -> None:
    library = made.library
    rows = [library.run(uid) for uid in made.runs[:2]]
    read = json.loads("".join(everything.as_json(library, rows)))
    assert [one["run"] for one in read["runs"]] == list(made.runs[:2])
    one = read["runs"][0]
    series = library.series(made.runs[0], "loss[split=train]")
    assert one["series"]["loss[split=train]"] == {"steps": series.steps.tolist(), "values": series.values.tolist()}
    assert [curve["step"] for curve in one["curves"]["recall_by_load"]] == [40, 100]
    # what no number is has no word in JSON
    assert one["curves"]["accuracy_matrix"][0]["values"][0] == [0.9, 0.1, None]
    assert one["document"]["nodes"][0]["id"] == "task"
    assert one["environment"]["packages"]["torch"] == "2.13.0"
    assert {"events", "attempts", "artifacts", "data", "parameters", "measures"} <= set(one)
    assert "machine" not in one["attempts"][0]


def test_parquet_has_runs_and_points(hostile: Made, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow.parquet")
    library = hostile.library
    rows = library.runs()
    written = parquet.write(library, rows, tmp_path / "runs.parquet")
    assert written == [tmp_path / "runs.parquet", tmp_path / "runs.points.parquet"]
    table = arrow.read_table(written[0]).to_pylist()
    assert [one["run"] for one in table] == [row.uid for row in rows]
    assert {one["note"] for one in table} == {HOSTILE}
    assert isinstance(table[0]["seed"], int)
    points = arrow.read_table(written[1])
    assert points.column_names == ["run", "title", "cell", "seed", "series", "step", "value"]
    mine = [one for one in points.to_pylist() if one["run"] == hostile.runs[0] and one["series"] == "loss[split=train]"]
    series = library.series(hostile.runs[0], "loss[split=train]")
    assert [one["step"] for one in mine] == series.steps.tolist()
    assert np.array_equal([one["value"] for one in mine], series.values)
    assert points.num_rows == sum(len(library.series(row.uid, name)) for row in rows for name in library.series_names(row.uid))
    with pytest.raises(InTheWay, match="is there already"):
        parquet.write(library, rows, tmp_path / "runs.parquet")
    assert not list(tmp_path.glob(".*"))


def test_what_is_not_installed_is_said(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer", None)
    rows = made.library.runs()
    with pytest.raises(Refusal, match=r"Parquet files need the package pyarrow.*memstudio\[exchange\]"):
        parquet.write(made.library, rows, tmp_path / "runs.parquet")
    with pytest.raises(Refusal, match=r"TensorBoard events need the package tensorboard.*memstudio\[exchange\]"):
        events.write(made.library, rows, tmp_path / "events")
    assert not list(tmp_path.rglob("*events*")) + list(tmp_path.rglob("*.parquet"))


def test_tensorboard_reads_every_point_with_its_step_and_time(hostile: Made, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    library = hostile.library
    rows = [library.run(uid) for uid in hostile.runs[:2]]
    written = events.write(library, rows, tmp_path / "events")
    assert len({place.parent for place in written}) == 2
    assert all(place.parent.parent == tmp_path / "events" for place in written)
    run = rows[0]
    read = accumulator.EventAccumulator(str(written[0].parent), size_guidance={"scalars": 0})
    read.Reload()
    assert set(read.Tags()["scalars"]) == {events.tag(name) for name in library.series_names(run.uid)}
    assert "recall/recall[load=16]" in read.Tags()["scalars"]
    series = library.series(run.uid, "loss[split=train]")
    points = read.Scalars("loss/loss[split=train]")
    assert [one.step for one in points] == series.steps.tolist()
    assert np.allclose([one.value for one in points], series.values, rtol=1e-6)
    times = [one.wall_time for one in points]
    assert times == sorted(times)
    assert run.started is not None
    assert run.started - 1 <= times[0] <= times[-1] <= (run.ended or math.inf) + 1


def test_events_of_a_second_time_replace_the_first_only_when_told(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    rows = made.library.runs()[:1]
    first = events.write(made.library, rows, tmp_path)
    before = first[0].read_bytes()
    with pytest.raises(InTheWay, match="holds events already"):
        events.write(made.library, rows, tmp_path)
    assert events.write(made.library, rows, tmp_path, force=True) == first
    assert first[0].read_bytes() == before
    (tmp_path / "file").write_text("x")
    with pytest.raises(InTheWay, match="is a file"):
        events.write(made.library, rows, tmp_path / "file")


def test_points_of_a_series_and_of_a_curve(made: Made) -> None:
    library, run = made.library, made.runs[0]
    series = library.series(run, "recall")
    assert series_json(run, series) == {"run": run, "name": "recall", "steps": [100], "values": [0.9]}
    curves = library.curves(run, "recall_by_load")
    heads, rows = curve_rows(curves)
    assert heads == ("step", "row", "load", "value")
    assert rows[0] == (40, "recall", 2.0, 0.9)
    assert len(rows) == 2 * 2 * 2
    assert [one["step"] for one in curve_json(run, curves)["curves"]] == [40, 100]
    heads, rows = curve_rows(library.curves(run, "accuracy_matrix"))
    assert heads == ("step", "after task", "task", "value")
    assert rows[1][:3] == (40, 1.0, 2.0)
