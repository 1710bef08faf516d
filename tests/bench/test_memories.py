"""The bench of memories: that it measures what it says. Its figures are read by people, never tested."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch

from memstudio.bench import command, memories, memories_measured
from memstudio.bench.delta_loop import step_by_step
from memstudio.bench.memories_measured import ATTENTION, Plan, expected, growth
from memstudio.bench.peak import peak
from memstudio.components.sequence.gated_deltanet import ops as delta

SMALL: dict[str, Any] = {"LENGTHS": (4, 8, 16), "BATCH": 2, "WIDTH": 8, "ROUNDS": 1, "MEMBERS": 2, "DELTA": (2, 40, 2, 3)}
PLAN = Plan(lengths=(4, 8, 16), batch=2, width=8, rounds=1, members=2, delta=(2, 40, 2, 3))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(memories, name, value)


@pytest.mark.usefixtures("small")
def test_the_row_of_the_table_and_a_memory_are_measured_in_processes_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["memories", "--only", "gated_deltanet", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["memories"]
    (row,) = found["rows"]
    assert row["what"] == "gated delta rule, batch 2, 40 positions, 2 heads of 3, forward and backward"
    assert row["ratio"] == pytest.approx(row["ours"] / row["against"])
    assert row["to_reach"] == "at most 0.5"
    (one,) = found["memories"]
    assert (one["id"], one["title"]) == ("sequence.gated_deltanet", "Gated delta rule")
    assert found["settings"]["lengths"] == [4, 8, 16]
    printed = "\n".join(memories.lines(one))
    assert printed.count("\n") == 4
    assert "position by position, T 4: forward" in printed
    assert "2 members at once" in printed


def test_everything_about_a_memory_is_measured() -> None:
    found = memories_measured.measured("sequence.gru", PLAN)
    for row, length in zip(found["lengths"], (4, 8, 16), strict=True):
        assert row["time"] == length
        for mode in ("forward", "training"):
            figures = row[mode]
            assert figures["tokens_per_second"] == pytest.approx(2 * length / figures["seconds"])
            assert figures["against_attention"] > 0
            assert figures["peak_bytes"] is None or figures["peak_bytes"] >= 0
    assert all(math.isfinite(power) for power in found["growth"].values())
    assert found["stepwise"]["time"] == 4
    assert all(found["stepwise"][mode]["ratio"] > 0 for mode in ("forward", "training"))
    members = found["members"]
    assert members["ratio"] == pytest.approx(members["together"] / members["apart"])
    assert members["ensemble"] == "together"
    assert memories_measured.measured("sequence.lstm", PLAN)["members"]["ensemble"] == "apart"


def test_attention_beside_itself_is_one() -> None:
    found = memories_measured.measured(ATTENTION, PLAN)
    assert all(row[mode]["against_attention"] == 1.0 for row in found["lengths"] for mode in ("forward", "training"))


def test_feeding_position_by_position_answers_the_same() -> None:
    torch.manual_seed(0)
    memory, x = memories_measured.get("sequence.gated_deltanet")().build(width=8), torch.randn(2, 9, 8)
    torch.testing.assert_close(memories_measured.Fed(memory)(x)[0], memory(x)[0])


def test_both_sides_of_the_row_compute_the_same() -> None:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, 11, 4, dtype=torch.float64, generator=generator) for _ in range(3))
    g, b = (torch.randn(2, 3, 11, dtype=torch.float64, generator=generator) for _ in range(2))
    parts = (q, k / k.norm(dim=-1, keepdim=True), v, -g.exp(), b.sigmoid())
    torch.testing.assert_close(step_by_step(*parts), delta.chunkwise(*parts, None, 4))


def test_growth_is_the_slope_of_the_logarithms() -> None:
    assert growth([(n, 3e-4 * n**1.7) for n in (256, 1024, 4096)]) == pytest.approx(1.7)
    assert growth([(256, 1.0)]) is None
    assert expected([], 256) == 0.0
    assert expected([(256, 2.0)], 1024) == pytest.approx(8.0)
    assert expected([(256, 1.0), (1024, 16.0)], 4096) == pytest.approx(256.0)
    assert expected([(256, 1.0), (1024, 1.1)], 4096) == pytest.approx(4.4), "never less than in proportion"


def test_what_would_take_too_long_is_skipped_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories_measured, "peak", lambda warm, one, patience: (1000, 0.3))
    found = memories_measured.measured("sequence.gru", Plan(lengths=(4, 8, 16), batch=2, width=8, rounds=1, limit=0.5, members=2))
    said = [row["training"].get("skipped") for row in found["lengths"]]
    assert said == [None, "a pass would take about 1 s, more than 0.5 s", "a shorter one was"]
    printed = "\n".join(memories.lines({"title": "GRU", **found}))
    assert "16  training skipped: a shorter one was" in printed
    monkeypatch.setattr(memories_measured, "peak", lambda warm, one, patience: (None, None))
    nothing = memories_measured.measured("sequence.gru", PLAN)
    assert nothing["lengths"][0]["forward"] == {"skipped": "a pass took more than 40 s, or more memory than there is"}
    assert "skipped" in nothing["stepwise"]["forward"]
    assert "skipped" in nothing["members"]
    assert "forward –, training –" in "\n".join(memories.lines({"title": "GRU", **nothing}))


def test_a_process_that_does_not_come_back_or_dies_is_given_up() -> None:
    def nothing() -> None:
        pass

    def dies() -> None:
        raise SystemExit(3)

    def hangs() -> None:
        import time

        time.sleep(60)

    assert peak(nothing, dies, 5.0) == (None, None)
    assert peak(nothing, hangs, 0.2) == (None, None)


def test_peak_memory_is_what_the_pass_holds_at_once() -> None:
    bytes_, seconds = peak(lambda: None, lambda: torch.zeros(25_000_000).add_(1.0).sum(), 20.0)
    assert seconds is not None
    if bytes_ is not None:
        assert 95e6 < bytes_ < 140e6


def test_names_are_refused_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["memories", "--only", "no such"]) == 2
    assert capsys.readouterr().err.startswith("There is no memory 'no such'; the sequence memories are ")
    assert command.main(["points", "--only", "gru"]) == 2
    assert "--only chooses one memory" in capsys.readouterr().err
    assert [entry.id for entry in memories.chosen("GRU")] == ["sequence.gru"]
    assert len(memories.chosen(None)) >= 5


def test_a_memory_that_fails_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "_MEASURE", "raise SystemExit('no such luck')")
    found = memories.main(json=True, only="gru")
    assert found["memories"] == [{"title": "GRU", "id": "sequence.gru", "failed": "no such luck"}]
    assert list(memories.lines(found["memories"][0])) == [f"{'GRU':<34}no such luck"]
