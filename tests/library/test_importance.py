"""Which parameters matter: what few runs cannot say, what many can, and a parameter against a measure."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Axis
from memstudio.library import Library
from memstudio.library.groups import gather, group
from memstudio.library.importance import SEED, Importance, importance, parameters_of, scatter
from tests.library.compared import HEADS, MEMORY, WIDTH, factorial

Cases = Mapping[str, str]
NOISE = np.random.default_rng(0).normal(0, 0.01, 10_000).tolist()


def number(text: str) -> float:
    return float(text.rpartition(" ")[2])


def found(lib: Library, axes: list[Axis], value: object, seeds: int = 3) -> Importance:
    uid = factorial(lib, axes, value, seeds=seeds).study or ""  # type: ignore[arg-type]
    return importance(lib, lib.runs(study=uid), "recall", known=catalogue())


def noise(cases: Cases, seed: int) -> float:
    return float(NOISE[seed + 7 * sum(map(ord, "".join(sorted(cases.values())))) % 977])


def by_width(cases: Cases, seed: int) -> dict[str, float]:
    """The width matters much, the memory a little, the heads not at all."""
    width = math.log2(number(cases["key width"]))
    return {"recall": 0.3 + 0.2 * width + 0.05 * (cases["memory"] == "delta rule") + noise(cases, seed)}


def test_few_runs_say_nothing(lib: Library) -> None:
    one = found(lib, [MEMORY, HEADS], lambda cases, seed: {"recall": 0.1 * seed}, seeds=2)
    assert (one.method, one.rows, one.n) == ("", (), 8)
    assert one.words == "8 runs cannot say which parameters matter for recall; 10 or more could."


def test_some_runs_share_their_variance(lib: Library) -> None:
    one = found(lib, [MEMORY, WIDTH], by_width)
    assert (one.method, one.n) == ("variance", 18)
    assert [row.address for row in one.rows][:2] == ["mem1.key_width", "mem1.component"]
    width, memory = one.rows[:2]
    assert width.share > 0.9
    assert memory.share < 0.1
    assert width.direction == pytest.approx(0.943, abs=0.02)
    assert memory.direction is None
    assert width.low is None
    assert {row.address: row.title for row in one.rows} == {"mem1.key_width": "key width", "mem1.component": "mem1", SEED: "seed"}
    assert "What matters only together is not seen; 40 runs or more could show it." in one.words


def test_many_runs_ask_a_forest(lib: Library) -> None:
    one = found(lib, [MEMORY, WIDTH, HEADS], by_width, seeds=4)
    assert (one.method, one.n) == ("forest", 48)
    assert one.rows[0].address == "mem1.key_width"
    assert one.rows[0].share > 0.75
    assert sum(row.share for row in one.rows) == pytest.approx(1.0)
    heads = next(row for row in one.rows if row.address == "mem1.heads")
    assert heads.share < 0.05
    assert one.explained is not None
    assert one.explained > 0.8
    low, high = one.rows[0].low, one.rows[0].high
    assert low is not None
    assert high is not None
    assert low <= one.rows[0].share <= high
    # the same runs, the same answer
    uid = lib.studies()[0].uid
    assert importance(lib, lib.runs(study=uid), "recall", known=catalogue()) == one


def test_a_forest_sees_what_only_matters_together(lib: Library) -> None:
    def together(cases: Cases, seed: int) -> dict[str, float]:
        flipped = (cases["memory"] == "delta rule") != (cases["heads"] == "heads 2")
        return {"recall": 0.5 + 0.3 * flipped + noise(cases, seed)}

    one = found(lib, [MEMORY, HEADS, WIDTH], together, seeds=4)
    shares = {row.address: row.share for row in one.rows}
    assert one.method == "forest"
    assert shares["mem1.component"] > 0.3
    assert shares["mem1.heads"] > 0.3


def test_noise_is_called_noise(lib: Library) -> None:
    draws = np.random.default_rng(7)
    one = found(lib, [MEMORY, WIDTH, HEADS], lambda cases, seed: {"recall": float(draws.normal())}, seeds=4)
    assert (one.method, one.rows) == ("", ())
    assert "no better than their mean" in one.words
    assert one.explained is not None
    assert one.explained < 0.1


def test_what_cannot_matter(lib: Library) -> None:
    one = found(lib, [MEMORY, WIDTH], lambda cases, seed: {"recall": 0.5})
    assert one.words == "Recall is the same in all 18 runs, so no parameter matters for it."
    one = found(lib, [Axis(name="heads", set="mem1.heads", values=[2])], lambda cases, seed: {"recall": 0.1 * seed}, seeds=12)
    assert one.words == "These runs differ in their seeds only, so no parameter can matter."


def test_failed_runs_and_values_that_are_not_finite_do_not_count(lib: Library) -> None:
    def some(cases: Cases, seed: int) -> dict[str, float] | None:
        return None if seed == 0 else {"recall": math.inf} if seed == 1 else by_width(cases, seed)

    uid = factorial(lib, [MEMORY, WIDTH], some, seeds=4).study or ""
    table = parameters_of(lib, lib.runs(study=uid), "recall", catalogue())
    assert len(table.rows) == 12
    assert set(table.columns) == {"mem1.component", "mem1.key_width", SEED}
    assert set(table.columns[SEED]) == {2, 3}


def test_a_parameter_against_a_measure(lib: Library) -> None:
    uid = factorial(lib, [MEMORY, WIDTH], by_width).study or ""
    groups, _ = group(lib, gather(lib, [uid]))
    one = scatter(lib, groups, "mem1.key_width", "recall", catalogue())
    assert one.names == ()
    assert sorted(set(one.x.tolist())) == [1, 2, 4]
    assert len(one.y) == len(one.group) == len(one.runs) == 18
    assert set(one.group.tolist()) == set(range(6))
    words = scatter(lib, groups, "mem1.component", "recall", catalogue())
    assert words.names == ("attention", "deltanet")
    assert set(words.x.tolist()) == {0, 1}
