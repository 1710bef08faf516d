"""What verbs write to files: `report`, `events`, `compare --out`, `runs --out`, `show --out`, `curve --out`, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from memstudio.cli.commands import main
from tests.report.conftest import Made, gallery_document, lib, made, make

__all__ = ["lib", "made"]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Any:
    def typed(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out.strip(), err.strip()

    return typed


def test_a_report(made: Made, say: Any, tmp_path: Path) -> None:
    place = tmp_path / "a.html"
    code, out, err = say("report", made.study, "--out", place)
    assert (code, out) == (0, f"Saved {place}.")
    assert "Drawing Recall by load" in err
    assert place.read_text("utf-8").startswith("<!DOCTYPE html>")
    code, out, err = say("report", made.study, "--out", place, "--json")
    assert (code, out) == (2, "")
    assert "is there already; replace it with --force" in err
    code, out, _ = say("report", made.study[:6], "--out", place, "--force", "--json", "--baseline", "delta rule")
    assert (code, json.loads(out)) == (0, {"saved": [str(place)]})
    assert "Differences to delta rule" in place.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("report", "nothing", "--out", "a.html"), 2, "There is no run or study 'nothing'"),
        (("report", "STUDY", "--out", "a.pdf"), 2, "choose .html."),
        (("report", "STUDY", "--out", "none/a.html"), 2, "There is no folder"),
        (("report", "STUDY", "--out", "a.html", "--baseline", "nobody"), 2, "There is no group 'nobody'"),
        (("compare", "STUDY", "--out", "a.doc"), 2, "choose .csv, .md, .tex, .json, .svg, .pdf or .png."),
        (
            ("compare", "STUDY", "--out", "a.svg", "--figure", "recall_by_lod"),
            2,
            "There is no figure 'recall_by_lod' (did you mean recall_by_load?)",
        ),
        (("compare", "STUDY", "--out", "a.svg", "--measure", "recal"), 2, "None of these runs has measured 'recal'"),
        (("compare", "STUDY", "--out", "a.svg", "--width", "99"), 2, "'99' is not one of"),
        (("events", "nothing", "--out", "a"), 2, "There is no run or study"),
        (("runs", "--out", "a.xlsx"), 2, "choose .csv, .json or .parquet."),
        (("curve", "RUN", "recal", "--out", "a.csv"), 2, "has no series 'recal' (did you mean recall?)"),
    ],
)
def test_what_is_refused(
    made: Made, say: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"STUDY": made.study, "RUN": made.runs[0]}
    found, out, err = say(*(names.get(word, word) for word in words))
    assert (found, out) == (code, "")
    assert said in err
    assert not [one for one in tmp_path.iterdir() if one.name != "home"]


def test_what_has_not_finished_ends_with_1(lib: Any, say: Any, tmp_path: Path) -> None:
    none = make(lib, gallery_document(1), skip=(0, 1, 2))
    code, _, err = say("report", none.study, "--out", tmp_path / "a.html")
    assert (code, "has finished" in err) == (1, True)


def test_tables_and_figures_of_a_comparison(made: Made, say: Any, tmp_path: Path) -> None:
    for kind in ("csv", "md", "tex", "json"):
        place = tmp_path / f"table.{kind}"
        assert say("compare", made.study, "--out", place)[:2] == (0, f"Saved {place}.")
        assert "recall" in place.read_text("utf-8").lower()
    assert json.loads((tmp_path / "table.json").read_text("utf-8"))["baseline"] == "attention"
    for kind, words in {"svg": (), "pdf": ("--figure", "recall_by_load"), "png": ("--figure", "reliability", "--width", 175)}.items():
        place = tmp_path / f"{kind}.{kind}"
        code, out, _ = say("compare", made.study, "--out", place, "--measure", "recall[load=2]", *words)
        assert (code, out) == (0, f"Saved {place} and {place.with_suffix('.csv')}.")
        assert list(csv.reader(place.with_suffix(".csv").open(encoding="utf-8")))[1]
    assert "Recall, load 2" in (tmp_path / "svg.svg").read_text("utf-8")


def test_a_figure_never_writes_over_data_that_lie_beside_it(made: Made, say: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")
    code, _, err = say("compare", made.study, "--out", tmp_path / "a.svg")
    assert (code, "a.csv is there already" in err) == (2, True)
    assert not (tmp_path / "a.svg").exists()
    assert (tmp_path / "a.csv").read_text() == "mine"


def test_runs_and_one_run(made: Made, say: Any, tmp_path: Path) -> None:
    code, out, _ = say("runs", "--where", 'state = "finished"', "--out", tmp_path / "runs.csv")
    assert (code, out) == (0, f"Saved {tmp_path / 'runs.csv'}.")
    assert len(list(csv.DictReader((tmp_path / "runs.csv").open(encoding="utf-8")))) == 8
    assert say("show", made.runs[0], "--out", tmp_path / "run.json")[0] == 0
    assert [one["run"] for one in json.loads((tmp_path / "run.json").read_text("utf-8"))["runs"]] == [made.runs[0]]
    pytest.importorskip("pyarrow")
    code, out, _ = say("runs", "--out", tmp_path / "runs.parquet", "--json")
    assert json.loads(out) == {"saved": [str(tmp_path / "runs.parquet"), str(tmp_path / "runs.points.parquet")]}


def test_a_series_and_a_curve(made: Made, say: Any, tmp_path: Path) -> None:
    run = made.runs[0]
    assert say("curve", run, "loss[split=train]", "--out", tmp_path / "loss.csv")[0] == 0
    assert list(csv.reader((tmp_path / "loss.csv").open()))[:2] == [["step", "loss[split=train]"], ["0", "3"]]
    assert say("curve", run, "recall_by_load", "--out", tmp_path / "curve.json")[0] == 0
    assert json.loads((tmp_path / "curve.json").read_text())["curves"][1]["step"] == 100
    assert say("curve", run, "recall_by_load", "--out", tmp_path / "curve.svg")[0] == 0
    assert (tmp_path / "curve.csv").exists()


def test_events(made: Made, say: Any, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    code, out, err = say("events", made.study, "--out", tmp_path / "tb")
    assert code == 0
    assert out.startswith("9 files of events")
    assert "Events of run 9 of 9" in err
    assert say("events", made.study, "--out", tmp_path / "tb")[0] == 2
    assert say("events", made.runs[0], "--out", tmp_path / "tb", "--force")[0] == 0
