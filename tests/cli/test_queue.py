"""`memstudio queue`, `retry` and `stop STUDY`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from memstudio import library
from memstudio.cli.commands import main
from memstudio.components.catalogue import catalogue
from memstudio.experiment.studies import plan
from tests.training.deciding import HEADS, study_document
from tests.training.tiny import recall_document


@pytest.fixture
def study() -> tuple[str, list[str]]:
    """A study of four runs in the user's library, and a single run after it."""
    document = study_document(HEADS)
    with library.open() as lib:
        submitted = lib.submit(document, plan(document, catalogue()))
        single = recall_document(steps=4, every=4)
        last = lib.submit(single, plan(single, catalogue())).runs
    assert submitted.study is not None
    return submitted.study, [*submitted.runs, *last]


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_queue_is_listed_moved_paused(study: tuple[str, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    name, runs = study
    found = asked(capsys, "queue")
    assert found["paused"] is False
    assert [row["run"] for row in found["runs"]] == runs
    assert (found["runs"][0]["place"], found["runs"][0]["study"], found["runs"][0]["cell"]) == (1, name, "heads 1")
    assert main(["queue", "move", runs[4][:6], "--first"]) == 0
    assert main(["queue", "move", runs[0]]) == 0
    assert main(["queue", "move", runs[3], "--before", runs[1]]) == 0
    assert main(["queue", "pause"]) == 0
    capsys.readouterr()
    found = asked(capsys, "queue", "list")
    assert [row["run"] for row in found["runs"]] == [runs[4], runs[3], runs[1], runs[2], runs[0]]
    assert found["paused"] is True
    assert main(["queue", "resume"]) == 0
    assert "The queue goes on; 5 runs queued." in capsys.readouterr().out
    assert main(["queue"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "5 runs queued"
    assert main(["queue", "move", "ffff"]) == 2
    assert "There is no run" in capsys.readouterr().err


def test_a_study_is_stopped_and_retried(study: tuple[str, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    name, runs = study
    assert main(["stop", name[:8]]) == 0
    assert f"4 runs of study {name[:8]} stopped." in capsys.readouterr().out
    assert [row["run"] for row in asked(capsys, "queue")["runs"]] == runs[4:]
    assert asked(capsys, "retry", name)["runs"] == runs[:4]
    assert main(["retry", name]) == 1
    assert "there is nothing to retry" in capsys.readouterr().err
    assert main(["retry", "ffff"]) == 2


def test_everything_that_is_queued_is_carried_out(study: tuple[str, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["queue", "run"]) == 0
    assert "5 of 5 runs finished." in capsys.readouterr().out
    assert main(["queue", "run"]) == 0
    assert "Nothing is queued." in capsys.readouterr().out
