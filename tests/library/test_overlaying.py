"""Series and curves of many runs in one question."""

from __future__ import annotations

import numpy as np
import pytest

from memstudio.library import Library, RunWriter
from tests.library.compared import at, line, recalls, study


def work(writer: RunWriter, cell: str, seed: int) -> None:
    # 2,500 points: sealed chunks and a tail
    for step in range(0, 2500):
        writer.points(step, {"loss[split=train]": step + 0.1 * seed})
    if cell == "a":
        for step in (10, 20 + seed, 40):
            writer.curve(step, at(step, line((0.1 * step, float(seed)))))


@pytest.fixture
def runs(lib: Library) -> list[str]:
    return list(study(lib, {"a": recalls(0.1, 0.2), "b": recalls(0.3, 0.4)}, work=work).runs)


def test_every_series_is_what_one_alone_is(lib: Library, runs: list[str]) -> None:
    found = lib.series_of(runs, "loss[split=train]")
    assert set(found) == set(runs)
    for run in runs:
        alone = lib.series(run, "loss[split=train]")
        assert np.array_equal(found[run][0], alone.steps)
        assert np.array_equal(found[run][1], alone.values)
    assert lib.series_of(runs, "none") == {}
    assert lib.series_of([], "recall") == {}


def test_long_series_are_those_of_many_points(lib: Library, runs: list[str]) -> None:
    assert lib.long_series(runs, 3) == ["loss[split=train]"]
    assert lib.long_series(runs, 1) == ["loss[split=train]", "recall"]
    assert lib.long_series(runs, 3000) == []


def test_the_nearest_stored_step_of_each_run(lib: Library, runs: list[str]) -> None:
    first, second = runs[0], runs[2]
    assert lib.stored_steps(runs, ["recall_by_load"]) == [10, 20, 21, 40]
    for step, wanted in ((0, (10, 10)), (15, (10, 10)), (16, (20, 21)), (30, (20, 21)), (31, (40, 40)), (None, (40, 40))):
        found = lib.curve_near(runs, "recall_by_load", step)
        assert set(found) == {first, second}
        assert (found[first].step, found[second].step) == wanted, step
    assert found[first].values[0, 1] == 0
    assert found[second].values[0, 1] == 1
