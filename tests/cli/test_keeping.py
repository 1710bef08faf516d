"""runs with columns, groups and views; mark, trash, restore, purge, size; merge and bundle: exit codes, JSON, sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from memstudio import library
from memstudio.cli.commands import main
from memstudio.cli.listed import names_of
from tests.library.filled import finished, study

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def typed(*words: str | Path) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err.strip()

    return typed


@pytest.fixture
def done(own_home: Path) -> Any:
    with library.open() as lib:
        return study(lib)


def data(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out)


def test_columns_of_any_kind(say: Say, done: Any) -> None:
    names = "memory,mem1.heads,recall[load=16],environment.torch,queued,starred"
    rows = data(say("runs", "--columns", names, "--sort", "-recall[load=16]", "--limit", "2", "--json"))
    assert [row["run"] for row in rows] == [done.runs[7], done.runs[6]]
    assert rows[0]["columns"]["memory"] == "gated delta rule"
    assert rows[0]["columns"]["mem1.heads"] == 4
    assert rows[0]["columns"]["environment.torch"] == "2.13.0"
    assert set(rows[0]) == {"run", "title", "state", "study", "cell", "seed", "measures", "columns"}
    code, out, _ = say("runs", "--columns", names)
    assert code == 0
    assert out.splitlines()[0].split() == ["run", "memory", "mem1.heads", "recall[load=16]", "environment.torch", "queued", "starred"]
    assert "gated delta rule" in out
    assert say("runs", "--columns", "memori")[0] == 2


def test_names_in_a_list() -> None:
    assert names_of("a, recall[load=16,task=2],b,") == ["a", "recall[load=16,task=2]", "b"]
    assert names_of(None) == []
    assert names_of(" ,, ") == []


def test_groups_with_means(say: Say, done: Any) -> None:
    groups = data(say("runs", "--group", "memory,heads", "--measure", "recall", "--json"))
    assert groups[0]["group"] == {"memory": "attention", "heads": "heads 1"}
    assert groups[0]["measures"]["recall"]["mean"] == pytest.approx(0.05)
    assert groups[0]["measures"]["recall"]["n"] == groups[0]["n"] == 2
    assert groups[0]["runs"] == [done.runs[1], done.runs[0]] or set(groups[0]["runs"]) == set(done.runs[:2])
    code, out, _ = say("runs", "--group", "memory", "--sort", "-recall")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["memory", "gated", "attention"]
    assert "mean and 95 % interval" in out


def test_words_the_trash_and_views(say: Say, done: Any) -> None:
    assert len(data(say("runs", "--search", "gated", "--json"))) == 4
    assert data(say("runs", "--trashed", "--json")) == []
    assert len(data(say("runs", "--where", "recall > 0.35", "--sort", "-recall", "--save-view", "best", "--json"))) == 4
    assert data(say("runs", "--view", "best", "--json"))[0]["run"] == done.runs[7]
    assert len(data(say("runs", "--view", "best", "--limit", "1", "--json"))) == 1
    code, out, err = say("runs", "--view", "bst")
    assert (code, out) == (2, "")
    assert "did you mean best" in err


def test_marks(say: Say, done: Any) -> None:
    one, two = done.runs[:2]
    marked = data(say("mark", one[:9], two, "--star", "--tag", "for paper", "--tag", "odd", "--note", "look again", "--json"))
    assert [row["run"] for row in marked] == [one, two]
    assert marked[0] == {
        "run": one,
        "title": "Heads and memories",
        "starred": True,
        "tags": ["for paper", "odd"],
        "note": "look again",
        "baseline": False,
    }
    assert data(say("mark", one, "--no-star", "--untag", "odd", "--note", "", "--json"))[0]["tags"] == ["for paper"]
    assert data(say("mark", one, "--baseline", "--json"))[0]["baseline"]
    assert not data(say("mark", one, "--no-baseline", "--json"))[0]["baseline"]
    (shown,) = data(say("mark", done.study, "--star", "--baseline-cell", "attention, heads 1", "--json"))
    assert (shown["study"], shown["starred"], shown["baseline_cell"]) == (done.study, True, "attention, heads 1")
    code, out, _ = say("mark", two, done.study)
    assert code == 0
    assert "starred; tags for paper, odd; note 'look again'" in out
    assert "baseline attention, heads 1" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["zz", "--star"], "There is no run"),
        (["RUN", "--tag", " "], "A tag has 1 to 100 letters"),
        (["STUDY", "--tag", "x"], "tags and --baseline belong to runs"),
        (["RUN", "OTHER", "--baseline"], "One run can be the baseline"),
        (["RUN", "--baseline-cell", "x"], "belongs to one study"),
        (["STUDY", "--baseline-cell", "attention, heads 5"], "did you mean attention, heads 4"),
    ],
)
def test_marks_that_are_typed_wrong(say: Say, done: Any, words: Sequence[str], said: str) -> None:
    stands = {"RUN": done.runs[0], "OTHER": done.runs[1], "STUDY": done.study}
    code, out, err = say("mark", *(stands.get(word, word) for word in words))
    assert (code, out) == (2, "")
    assert said in err


def test_into_the_trash_out_of_it_and_for_good(say: Say, done: Any) -> None:
    assert data(say("trash", done.study, "--json")) == {"runs": list(done.runs)}
    assert data(say("runs", "--json")) == []
    assert data(say("restore", done.runs[0], "--json")) == {"runs": [done.runs[0]]}
    code, out, err = say("purge")
    assert (code, out) == (2, "")
    assert "say --yes" in err
    assert say("purge", done.runs[0], "--yes")[0] == 1
    purged = data(say("purge", "--yes", "--json"))
    assert (purged["runs"], purged["files"]) == (7, 7)
    assert purged["bytes"] > 0
    assert say("purge", "--yes")[1] == "0 runs and 0 files removed, 0 bytes freed.\n"
    assert say("trash", done.runs[0])[1] == "1 run into the trash.\n"
    assert say("restore", done.runs[0])[1] == "1 run out of the trash.\n"
    assert say("trash", "zz")[0] == 2


def test_what_somebody_works_on_stays(say: Say, done: Any) -> None:
    with library.open() as lib:
        (uid,) = lib.submit(lib.study_document(done.study), [_planned(lib, done)]).runs
        finished(lib, uid, {}, state="running")
    code, _, err = say("trash", uid)
    assert code == 1
    assert "being worked on" in err


def _planned(lib: library.Library, done: Any) -> Any:
    from memstudio.experiment.studies import PlannedRun

    return PlannedRun("", {}, 0, 5, 5, lib.document(done.runs[0]))


def test_the_size(say: Say, done: Any) -> None:
    found = data(say("size", "--json"))
    assert found["total"] == sum(found["kinds"].values())
    assert {"database", "checkpoint", "targets"} <= set(found["kinds"])
    code, out, _ = say("size")
    assert code == 0
    assert "in the trash" in out


def test_a_study_is_sent_and_arrives(say: Say, done: Any, tmp_path: Path) -> None:
    file = tmp_path / "heads.memlib"
    made = data(say("bundle", done.study[:8], "--out", file, "--json"))
    assert made == {"path": str(file), "runs": 8, "studies": 1, "files": 9, "missing": 0, "bytes": file.stat().st_size}
    elsewhere = tmp_path / "elsewhere"
    merged = data(say("merge", file, "--library", elsewhere, "--json"))
    assert (merged["runs"], merged["studies"], merged["files"], merged["missing"]) == (8, 1, 9, 0)
    assert merged["uids"] == list(done.runs)
    assert say("merge", file, "--library", elsewhere)[1] == "0 runs and 0 studies new, 0 brought up to date, 8 here already.\n"
    assert data(say("runs", "--library", elsewhere, "--json"))[0]["measures"] == data(say("runs", "--json"))[0]["measures"]
    light = data(say("bundle", *done.runs[:2], "--out", tmp_path / "two.memlib", "--without-files", "--json"))
    assert (light["runs"], light["files"]) == (2, 0)
    before = file.read_bytes()
    assert say("bundle", done.runs[0], "--out", file)[::2] == (
        2,
        f"{file} is there already; replace it with --force, or choose another name.",
    )
    assert file.read_bytes() == before
    assert data(say("bundle", done.runs[0], "--out", file, "--force", "--json"))["runs"] == 1


def test_what_cannot_be_sent_or_merged(say: Say, done: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_bytes(b"PK\x03\x04nothing")
    for words, code, said in (
        (("merge", tmp_path / "nowhere"), 2, "There is no library or bundle"),
        (("merge", tmp_path / "notes.zip"), 1, "is no bundle that can be opened"),
        (("merge", tmp_path), 1, "There is no library in"),
        (("bundle", "zz", "--out", tmp_path / "x.memlib"), 2, "There is no run"),
        (("bundle", done.study, "--out", tmp_path / "no" / "x.memlib"), 2, "There is no folder"),
        (("bundle", done.study), 2, "--out"),
    ):
        found = say(*words)
        assert found[:2] == (code, "")
        assert said in found[2]
        assert "Traceback" not in found[2]
