from __future__ import annotations

import time
from pathlib import Path

import pytest

from memstudio import library
from memstudio.desktop.going import of_run
from memstudio.desktop.runs import columns
from memstudio.desktop.runs.details import progress_text
from memstudio.library import RunRow
from memstudio.library.columns import Column
from memstudio.library.filters import FIELDS
from tests.desktop import filled


@pytest.fixture
def row(tmp_path: Path) -> RunRow:
    with library.open(tmp_path / "library") as opened:
        run = filled.submit(opened, filled.single("One")).runs[0]
        filled.work(opened, run, steps=1000, done=250, end="paused")
        return opened.run(run)


def test_every_fixed_column_says_something_of_every_run_and_sorts_by_what_the_library_knows(row: RunRow) -> None:
    for column in columns.FIXED:
        assert isinstance(column.say(row, {}), str)
        assert isinstance(column.say(row._replace(started=None, steps=None, device=None, failure=None), {}), str)
        assert column.sort == "" or column.sort in FIELDS, column.id


def test_what_they_say(row: RunRow) -> None:
    say = {column.id: column.say(row, {}) for column in columns.FIXED}
    assert say["title"] == "One"
    assert say["state"] == "paused 25 %"
    assert say["step"] == "250 of 1,000"
    assert columns.FIXED[0].say(row._replace(starred=True), {}) == "★"


def test_a_worker_that_is_not_heard_of_is_not_answering(row: RunRow) -> None:
    silent = row._replace(state="running", heartbeat=time.time() - 120)
    assert {column.id: column.say(silent, {}) for column in columns.FIXED}["state"] == "not answering"
    assert "not answering for 2 min" in progress_text(silent)
    assert "2 min" in of_run(silent, time.time()).text


def test_time_does_not_run_on_while_a_run_is_paused(row: RunRow) -> None:
    assert row.started is not None
    assert columns.took(row._replace(heartbeat=row.started + 5)) == pytest.approx(5)
    assert columns.took(row._replace(state="finished", ended=row.started + 7)) == pytest.approx(7)
    assert columns.took(row._replace(started=None)) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (0.5, "0.500"),
        (0.0, "0"),
        (41480.0, "41,480"),
        (0.00071, "0.00071"),
        (0.004804, "0.0048"),
        (0.00003, "3.00e\N{MINUS SIGN}05"),
        (float("nan"), "not finite"),
        (-0.25, "\N{MINUS SIGN}0.250"),
    ],
)
def test_measures_stand_under_each_other(value: float | None, said: str) -> None:
    assert columns.measured(value) == said


def known(*names: str, kind: str = "measure", type: str = "number") -> dict[str, Column]:
    return {name: Column(name, kind, type, True) for name in names}  # type: ignore[arg-type]


def test_the_usual_columns_leave_out_measures_nobody_has() -> None:
    assert [c.id for c in columns.shown(None, known("recall"))] == ["star", "title", "cell", "state", "seed", "recall", "took", "queued"]
    assert [c.id for c in columns.shown(["run", "nll", "run"], {})] == ["run", "nll"]


def test_a_parameter_a_setting_and_a_version_say_what_the_library_knows(row: RunRow) -> None:
    made = columns.shown(
        ["mem1.heads", "memory", "environment.torch", "mem1.gate"],
        known("mem1.heads", kind="parameter") | known("memory", kind="axis", type="text") | known("environment.torch", kind="environment"),
    )
    values = {"mem1.heads": 4, "memory": "gated delta rule", "environment.torch": "2.13.0", "mem1.gate": True}
    assert [c.say(row, values) for c in made] == ["4", "gated delta rule", "2.13.0", "on"]
    assert [c.title for c in made] == ["mem1.heads", "memory", "torch", "mem1.gate"]
    assert [c.kind for c in made] == ["number", "text", "number", "text"]
    assert all(c.say(row, {}) == "" and c.asks for c in made)


def test_measures_are_offered_in_an_order_a_person_expects() -> None:
    names = ["recall[load=16]", "recall[load=2]", "learning_rate", "recall", "ece", "loss[split=train]"]
    assert columns.offered(names) == ["ece", "recall", "recall[load=2]", "recall[load=16]", "learning_rate", "loss[split=train]"]


def test_titles_of_measures() -> None:
    assert columns.measure("ece").title == "ECE"
    assert columns.measure("state_bytes").title == "State bytes"
