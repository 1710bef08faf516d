"""The head line's words, for one run and for a study, in every state."""

from __future__ import annotations

from typing import Any

import pytest

from memstudio.desktop.live.failure import said
from memstudio.desktop.live.head_line import chip, device_words, words
from memstudio.desktop.live.seen import Head
from memstudio.library import RunRow

ROW = RunRow(
    **dict.fromkeys(RunRow._fields)  # type: ignore[arg-type]
    | {"uid": "a1", "title": "A study", "state": "running", "cell": "gated delta rule", "seed": 2, "step": 1240, "steps": 2000}
    | {"device": "cpu", "threads": 1, "queued": 0.0}
)


def head(state: str, counts: dict[str, int], row: RunRow = ROW, **more: Any) -> Head:
    going = ("a",) * (counts.get("running", 0) + counts.get("starting", 0))
    wanted = {"left": None, "going": going, "paused": (), "open": going, "resumable": (), "failures": ()}
    return Head("A study", state, sum(counts.values()), counts, row, **{**wanted, **more})


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (head("running", {"running": 1}), "running"),
        (head("running", {"finished": 2, "running": 1, "queued": 6}), "running 3 of 9"),
        (head("running", {"finished": 2, "running": 2, "queued": 5}), "2 running, 2 of 9 done"),
        (head("paused", {"finished": 2, "paused": 7}), "paused, 2 of 9 done"),
        (head("queued", {"queued": 9}), "queued, 0 of 9 done"),
        (head("finished", {"finished": 9}), "all 9 finished"),
        (head("failed", {"finished": 8, "failed": 1}), "8 of 9 finished"),
        (head("failed", {"failed": 1}), "failed"),
    ],
)
def test_the_chip(made: Head, text: str) -> None:
    assert chip(made)[0] == text


def test_the_words_of_a_run_on_its_way() -> None:
    one = head("running", {"running": 1}, left=220.0)
    assert words(one) == "gated delta rule, seed 2 · step 1,240 of 2,000 · 3 min 40 s left · CPU, 1 thread"
    of_study = head("running", {"running": 1, "queued": 8}, left=220.0)
    assert "3 min 40 s left in all" in words(of_study)


def test_the_words_of_what_waits_and_what_is_over() -> None:
    assert words(head("queued", {"queued": 9})) == "A study · waiting for a worker"
    assert words(head("finished", {"finished": 9})) == "A study · 9 runs"
    row = ROW._replace(state="finished", step=2000, started=10.0, ended=75.0)
    assert words(head("finished", {"finished": 1}, row)) == "gated delta rule, seed 2 · 2,000 steps · took 1 min 5 s · CPU, 1 thread"
    young = ROW._replace(state="starting", step=0, steps=None, device=None)
    assert words(head("starting", {"starting": 1}, young)) == "gated delta rule, seed 2 · being built"


def test_devices() -> None:
    assert [device_words(d) for d in ("cpu", "cuda:1", "cuda", "mps", "xpu")] == ["CPU", "GPU 1", "GPU 0", "Apple GPU", "xpu"]


def test_what_went_wrong_names_run_node_and_reason() -> None:
    failed = ROW._replace(state="failed", failure="Memory ran out; try a smaller batch.", failed_node="mem1")
    assert said(failed) == "Gated delta rule, seed 2, at mem1: Memory ran out; try a smaller batch."
    assert said(failed, 3).endswith("(2 more went wrong.)")
    again = failed._replace(failure="At step 3, first at mem1: The loss is not a number.")
    assert said(again).count("mem1") == 1
    lost = ROW._replace(state="lost", cell="")
    assert said(lost) == "Its process is gone; Resume goes on from the last checkpoint."
    assert "log" in said(ROW._replace(state="failed", cell="", failure=None))
