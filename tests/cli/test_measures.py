"""`memstudio measures`: what can be computed later, computing it, checking it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memstudio import library
from memstudio.cli.commands import main
from memstudio.library import Library
from tests.library.compared import recalls, study
from tests.library.test_later import keep, made


@pytest.fixture
def lib(own_home: Path) -> Iterator[Library]:
    with library.open(own_home) as opened:
        yield opened


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Any:
    def typed(*words: str) -> tuple[int, str, str]:
        code = main(["measures", *words])
        out, err = capsys.readouterr()
        return code, out, err.strip()

    return typed


def test_what_there_is(say: Any) -> None:
    code, out, err = say()
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["measure", "what", "it", "is", "source"]
    assert "auroc_errors" in out
    code, out, _ = say("--list", "--json")
    listed = {one["name"]: one for one in json.loads(out)}
    assert listed["mutual_information"]["ensembles"] is True
    assert listed["mce"]["source"]


def test_computing_and_computing_again(lib: Library, say: Any) -> None:
    run = keep(lib, *made())
    code, out, err = say(run, "--compute", "mce")
    assert (code, err) == (0, "")
    assert [line.split()[1] for line in out.splitlines()] == ["measure", "mce", "mce[corruption=noise,severity=2]"]
    assert "mce" in lib.measures(run)
    code, out, err = say(run, "--compute", "mce")
    assert (code, out) == (0, "")
    assert err == f"{run} had it already; `memstudio show {run}` says it."
    code, out, _ = say(run, "--json")
    (found,) = json.loads(out)
    assert (found["run"], found["skipped"], found["had"]) == (run, None, False)
    assert "auroc_errors" in found["measures"]
    assert "mce" not in found["measures"]


def test_checking_keeps_nothing(lib: Library, say: Any) -> None:
    run = keep(lib, *made())
    before = lib.measures(run)
    code, out, err = say(run, "--check")
    # this run recorded its recall only
    assert (code, out) == (1, "")
    assert err.startswith("Nothing could be computed")
    assert lib.measures(run) == before


def test_what_cannot_be_computed(lib: Library, say: Any) -> None:
    uid = study(lib, {"a": recalls(0.1), "b": recalls(0.2)}).study or ""
    code, out, err = say(uid)
    assert (code, out) == (1, "")
    assert "It kept no raw outcomes at its end" in err
    assert "Traceback" not in err
    for words, about in ((["deadbeef"], "There is no run or study"), ([uid, "--compute", "mc"], "did you mean mce?")):
        code, _, err = say(*words)
        assert code == 2
        assert about in err
