"""Series, curves, reliability diagrams and matrices of groups: the same means and intervals as one number has, point by point."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.library import Library, RunWriter
from memstudio.library.groups import Group, gather, group
from memstudio.library.overlays import curve_overlay, matrices, overlaid, reference_of, reliability, series_overlay
from memstudio.library.rows import CurveAt, CurveAxis
from memstudio.measures.intervals import mean_interval
from memstudio.measures.means import aligned, spread
from tests.library.compared import Work, diagram, line, matrix, recalls, study

CELLS = {"a": recalls(0.1, 0.2, 0.3), "b": recalls(0.3, 0.4, 0.6)}


def groups(lib: Library, work: Work, cells: dict[str, list[dict[str, float]]] = CELLS) -> tuple[Group, ...]:
    return group(lib, gather(lib, [study(lib, cells, work=work).study or ""]))[0]


def test_curves_have_mean_and_interval_at_every_point(lib: Library) -> None:
    values = {"a": [(0.9, 0.5), (0.8, 0.4), (0.7, 0.6)], "b": [(1.0, 0.9), (1.0, 0.8), (1.0, 0.7)]}
    made = groups(lib, lambda writer, cell, seed: writer.curve(100, line(values[cell][seed])))
    found = curve_overlay(lib, made, "recall_by_load")
    assert (found.x_name, found.unit, found.step) == ("load", "pairs", 100)
    assert [one.group for one in found.lines] == [0, 1]
    first = found.lines[0]
    wanted = mean_interval([0.5, 0.4, 0.6])
    assert (first.x.tolist(), first.n.tolist()) == ([2.0, 4.0], [3, 3])
    assert (first.mean[1], first.low[1], first.high[1]) == pytest.approx((wanted.mean, wanted.low, wanted.high))
    assert found.reference is not None
    assert found.reference.y.tolist() == [0.1, 0.1]


def test_points_that_not_all_seeds_have_count_those_that_do(lib: Library) -> None:
    loads = [(2.0, 4.0), (4.0, 8.0), (2.0, 8.0)]
    made = groups(lib, lambda writer, cell, seed: writer.curve(100, line((float(seed), float(seed) + 1), loads=loads[seed])))
    first = curve_overlay(lib, made, "recall_by_load").lines[0]
    assert (first.x.tolist(), first.n.tolist(), first.mean.tolist()) == ([2.0, 4.0, 8.0], [2, 2, 2], [1.0, 1.0, 2.5])


def test_series_are_aligned_by_step(lib: Library) -> None:
    def work(writer: RunWriter, cell: str, seed: int) -> None:
        # seed 2 has not measured the last step
        for step in range(0, 40 if seed == 2 else 50, 10):
            writer.points(step, {"loss[split=train]": step + seed + (10.0 if cell == "b" else 0.0)})

    made = groups(lib, work)
    found = series_overlay(lib, made, "loss[split=train]")
    first, second = found.lines
    assert first.x.tolist() == [0.0, 10.0, 20.0, 30.0]
    assert first.mean.tolist() == [1.0, 11.0, 21.0, 31.0]
    assert second.mean.tolist() == [11.0, 21.0, 31.0, 41.0]
    half = 4.302652729911275 / math.sqrt(3)
    assert (first.high - first.mean).tolist() == pytest.approx([half] * 4)
    assert found.reference is None


def test_a_long_series_is_thinned_and_its_band_does_not_tear(lib: Library) -> None:
    def work(writer: RunWriter, cell: str, seed: int) -> None:
        noise = np.random.default_rng(seed).normal(size=3000)
        for step, value in enumerate(noise.tolist()):
            writer.points(step, {"loss[split=train]": value + seed})

    made = groups(lib, work, {"a": recalls(0.1, 0.2, 0.3)})
    (thin,) = series_overlay(lib, made, "loss[split=train]", 100).lines
    assert 90 <= len(thin.x) <= 101
    assert thin.mean.mean() == pytest.approx(1.0, abs=0.1)
    assert np.isfinite(thin.low).all()
    assert len(series_overlay(lib, made, "loss[split=train]").lines[0].x) == 3000


def test_a_series_that_is_nowhere_finite_is_no_line(lib: Library) -> None:
    def work(writer: RunWriter, cell: str, seed: int) -> None:
        for step in range(5):
            writer.points(step, {"snr": math.nan if cell == "a" else 1.0})

    assert [one.group for one in series_overlay(lib, groups(lib, work), "snr").lines] == [1]


def test_reliability_puts_the_answers_of_all_seeds_together(lib: Library) -> None:
    # ten answers each: bins of 4 and 6; the accuracy of the second bin differs by seed
    def work(writer: RunWriter, cell: str, seed: int) -> None:
        if cell == "a":
            writer.curve(100, diagram([4, 6], [0.4, 0.8], [0.5, 0.5 + 0.1 * seed]))

    made = groups(lib, work)
    (found,) = reliability(lib, made, "reliability")
    assert (found.group, found.seeds, found.step) == (0, 3, 100)
    assert found.count.tolist() == [12, 18]
    assert found.accuracy.tolist() == pytest.approx([0.5, 0.6])
    assert found.confidence.tolist() == pytest.approx([0.4, 0.8])
    wanted = mean_interval([0.4 * 0.1 + 0.6 * gap for gap in (0.3, 0.2, 0.1)])
    assert found.ece is not None
    assert (found.ece.mean, found.ece.low, found.ece.n) == pytest.approx((wanted.mean, wanted.low, 3))


def test_an_empty_bin_lies_in_its_middle_and_other_bins_are_left_out(lib: Library) -> None:
    def work(writer: RunWriter, cell: str, seed: int) -> None:
        if seed == 2:
            writer.curve(100, diagram([1, 1, 1], [0.1, 0.5, 0.9], [1, 1, 1]))
        else:
            writer.curve(100, diagram([0, 10], [math.nan, 0.9], [math.nan, 0.7]))

    found = reliability(lib, groups(lib, work), "reliability")[0]
    assert found.seeds == 2
    assert found.confidence.tolist() == pytest.approx([0.25, 0.9])
    assert found.accuracy.tolist() == pytest.approx([0.25, 0.7])
    assert found.ece is not None
    assert found.ece.mean == pytest.approx(0.2)


def test_matrices_are_means_cell_by_cell(lib: Library) -> None:
    def work(writer: RunWriter, cell: str, seed: int) -> None:
        if cell == "b" and seed == 2:
            writer.curve(100, matrix(np.ones((3, 3))))
        elif cell == "b":
            writer.curve(100, matrix([[1.0, math.nan], [0.2 + 0.2 * seed, 0.9]]))

    (found,) = matrices(lib, groups(lib, work), "accuracy_matrix")
    assert (found.group, found.seeds, found.row_name, found.column_name) == (1, 2, "after task", "task")
    assert found.mean[1].tolist() == pytest.approx([0.3, 0.9])
    assert math.isnan(found.mean[0, 1])
    wanted = mean_interval([0.2, 0.4])
    assert (found.low[1, 0], found.high[1, 0]) == pytest.approx((wanted.low, wanted.high))


def test_what_can_be_laid_over_each_other(lib: Library) -> None:
    def work(writer: RunWriter, cell: str, seed: int) -> None:
        for step in range(4):
            writer.points(step, {"loss[split=train]": 1.0})
        writer.curve(100, line((0.1, 0.2)))
        writer.curve(100, diagram([1, 1], [0.5, 0.5], [0, 1]))
        if cell == "b":
            writer.curve(100, matrix(np.eye(2)))

    found = overlaid(lib, groups(lib, work))
    assert found.series == ("loss[split=train]",)
    assert (found.curves, found.reliability, found.matrices) == (("recall_by_load",), ("reliability",), ("accuracy_matrix",))
    assert found.axes["recall_by_load"] == "load"


def test_groups_without_a_finished_run_are_left_out(lib: Library) -> None:
    submitted = study(lib, {"a": [None], "b": recalls(0.4)}, work=lambda writer, cell, seed: writer.curve(100, line((0.5, 0.5))))
    made = group(lib, gather(lib, [submitted.study or ""]))[0]
    assert [one.group for one in curve_overlay(lib, made, "recall_by_load").lines] == [1]
    assert overlaid(lib, made).curves == ("recall_by_load",)


@given(st.lists(st.dictionaries(st.integers(0, 9), st.floats(-100, 100), min_size=1, max_size=8), min_size=1, max_size=5))
def test_aligned_means_are_those_of_each_point(seeds: list[dict[int, float]]) -> None:
    curves = [(np.array(sorted(one), dtype=np.float64), np.array([one[x] for x in sorted(one)])) for one in seeds]
    found = spread(*aligned(curves))
    assert found.x.tolist() == sorted({float(x) for one in seeds for x in one})
    for place, x in enumerate(found.x.tolist()):
        wanted = mean_interval([one[int(x)] for one in seeds if int(x) in one])
        assert found.n[place] == wanted.n
        assert found.mean[place] == pytest.approx(wanted.mean, abs=1e-9)
        if wanted.low is None:
            assert math.isnan(found.low[place])
        else:
            assert found.low[place] == pytest.approx(wanted.low, abs=1e-6)


def test_chance_is_held_against_first_then_theory_and_nothing_that_was_measured() -> None:
    axis, table = (CurveAxis("pairs", (2.0, 4.0)),), np.array([[9.0, 5.0], [8.0, 4.0], [0.1, 0.1]])
    theory = reference_of(CurveAt("retrieval_snr_db_by_pairs", 1, table[:2], axis, "line", ("measured", "theory")))
    assert theory is not None
    assert (theory.name, theory.x.tolist(), theory.y.tolist()) == ("theory", [2.0, 4.0], [8.0, 4.0])
    both = reference_of(CurveAt("recall_by_load", 1, table, axis, "line", ("recall", "theory", "chance")))
    assert both is not None
    assert (both.name, both.y.tolist()) == ("chance", [0.1, 0.1])
    assert reference_of(CurveAt("recall_by_load", 1, table[:1], axis, "line", ("recall",))) is None
