"""A study's figure: axes from what was varied, a mean for each cell, lines, dots and heat maps with what is missing said."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Axis, Claim, Side, Statement, Tuned
from memstudio.experiment.parameters import Refusal
from memstudio.library import Library
from memstudio.library.groups import Reading, gather, group
from memstudio.library.study_figure import StudyFigure, chosen_words, figure_of, study_figure
from memstudio.library.varied import varied
from tests.library.compared import HEADS, MEMORY, WIDTH, factorial, finish, planned, recalls, study
from tests.library.small import document

Cases = Mapping[str, str]
T2 = 4.302652729911275  # t(0.975, 2)


def recall(cases: Cases, seed: int) -> dict[str, float]:
    """Rises by 0.1 with each doubling of the width, is 0.2 lower for the delta rule, and 0.01 higher with each seed."""
    width = {"key width 1": 0, "key width 2": 1, "key width 4": 2}.get(cases.get("key width", ""), 0)
    return {"recall": 0.5 + 0.1 * width - 0.2 * (cases.get("memory") == "delta rule") + 0.01 * seed, "ece": 0.1}


def drawn(lib: Library, *axes: Axis, **more: object) -> StudyFigure:
    return study_figure(lib, factorial(lib, axes, recall).study or "", known=catalogue(), **more)  # type: ignore[arg-type]


def test_one_numeric_axis_is_a_line_in_the_order_of_its_numbers(lib: Library) -> None:
    figure = drawn(lib, WIDTH)
    (axis,) = figure.axes
    assert (axis.name, axis.cases, axis.numbers, axis.address) == (
        "key width",
        ("key width 1", "key width 2", "key width 4"),
        (1.0, 2.0, 4.0),
        "mem1.key_width",
    )
    assert axis.log
    assert figure.kinds == ("lines", "dots")
    (line,) = figure.lines()
    assert line.x.tolist() == [1, 2, 4]
    assert line.mean == pytest.approx([0.51, 0.61, 0.71])
    half = T2 * 0.01 / math.sqrt(3)
    assert line.high - line.low == pytest.approx([2 * half] * 3)
    assert line.n.tolist() == [3, 3, 3]
    assert not line.few.any()
    assert figure.caption == "recall by key width, mean and 95 % interval over 3 seeds"


def test_one_axis_of_components_is_dots(lib: Library) -> None:
    figure = drawn(lib, MEMORY)
    assert (figure.kinds, figure.axes[0].numbers) == (("dots",), None)
    assert [(dot.label, dot.by, dot.interval.mean) for dot in figure.dots()] == [
        ("attention", "", pytest.approx(0.51)),
        ("delta rule", "", pytest.approx(0.31)),
    ]
    with pytest.raises(ValueError, match="no numbers"):
        figure.lines()
    with pytest.raises(ValueError, match="two axes"):
        figure.heat()


def test_a_number_beside_components_is_a_line_a_case(lib: Library) -> None:
    figure = drawn(lib, MEMORY, WIDTH)
    assert figure.kinds == ("lines", "heat", "dots")
    assert figure.along == 1
    assert [(line.label, line.mean.round(2).tolist()) for line in figure.lines()] == [
        ("attention", [0.51, 0.61, 0.71]),
        ("delta rule", [0.31, 0.41, 0.51]),
    ]
    heat = figure.heat()
    assert (heat.row_name, heat.rows, heat.column_name) == ("memory", ("attention", "delta rule"), "key width")
    assert heat.columns == ("key width 1", "key width 2", "key width 4")
    assert heat.values == pytest.approx(np.array([[0.51, 0.61, 0.71], [0.31, 0.41, 0.51]]))
    assert (heat.n == 3).all()
    dots = figure.dots()
    assert [(dot.label, dot.by, dot.number) for dot in dots[:3]] == [("attention", f"key width {w}", i) for i, w in enumerate((1, 2, 4))]


def test_two_numeric_axes_can_be_turned_round(lib: Library) -> None:
    figure = drawn(lib, WIDTH, HEADS)
    assert figure.kinds[:2] == ("lines", "heat")
    assert (figure.along, len(figure.lines()), len(figure.lines(1))) == (0, 2, 3)
    assert figure.heat(1).values.shape == (3, 2)
    assert figure.heat(0).values == pytest.approx(figure.heat(1).values.T)


def test_axes_that_are_not_shown_are_averaged_seed_by_seed(lib: Library) -> None:
    uid = factorial(lib, [MEMORY, WIDTH, HEADS], recall).study or ""
    figure = study_figure(lib, uid, known=catalogue())
    assert [axis.name for axis in figure.every] == ["memory", "key width", "heads"]
    assert [axis.name for axis in figure.axes] == ["memory", "key width"]
    assert [axis.name for axis in figure.averaged] == ["heads"]
    assert figure.notes[0] == "Each value is a mean over heads, seed by seed."
    assert figure.lines()[0].mean == pytest.approx([0.51, 0.61, 0.71])
    assert figure.lines()[0].n.tolist() == [3, 3, 3]
    only = study_figure(lib, uid, show=["memory"], known=catalogue())
    # over the widths: 0.61, over the heads the same
    assert [dot.interval.mean for dot in only.dots()] == pytest.approx([0.61, 0.41])
    with pytest.raises(Refusal, match=r"There is no axis 'width'.*memory, key width and heads"):
        study_figure(lib, uid, show=["width"])


def test_the_measure_is_the_claims_else_the_one_that_says_most(lib: Library) -> None:
    rule = [Statement(says="ECE differs", left=Side(measure="ece", cell="attention"), right=Side(measure="ece", cell="delta rule"))]
    claimed = factorial(lib, [MEMORY], recall, claim=Claim(says="so", rule=rule)).study or ""
    assert study_figure(lib, claimed).measure == "ece"
    figure = drawn(lib, MEMORY)
    assert (figure.measure, figure.measures) == ("recall", ("recall", "ece"))
    uid = factorial(lib, [MEMORY], recall).study or ""
    assert study_figure(lib, uid, "ece").dots()[0].interval.mean == pytest.approx(0.1)
    with pytest.raises(Refusal, match=r"measured 'recal' \(did you mean recall\?\)"):
        study_figure(lib, uid, "recal")


def test_cells_with_fewer_seeds_and_values_that_are_not_finite_are_said(lib: Library) -> None:
    def some(cases: Cases, seed: int) -> dict[str, float] | None:
        if cases["memory"] == "delta rule" and seed == 1:
            return None
        wild = cases["memory"] == "attention" and cases["heads"] == "heads 2" and seed == 2
        return {"recall": math.nan} if wild else recall(cases, seed)

    figure = study_figure(lib, factorial(lib, [MEMORY, HEADS], some).study or "", known=catalogue())
    cells = {cell.label: cell for cell in figure.cells}
    assert [cell.few for cell in figure.cells] == [False, True, True, True]
    assert cells["delta rule, heads 1"].words == "2 of 3 runs finished; only 2 seeds"
    assert "Hollow: fewer than 3 seeds" in figure.notes[0]
    assert figure.notes[1] == "1 value is not finite and left out."
    head, rows = figure.table()
    assert head == ("memory", "heads", "mean", "low", "high", "seeds", "planned", "finished", "chosen")
    assert rows[2][:2] == ("delta rule", 1.0)
    assert rows[2][5:] == (2, 3, 2, "")


def test_a_cell_without_a_finished_run_has_no_number(lib: Library) -> None:
    def some(cases: Cases, seed: int) -> dict[str, float] | None:
        return None if cases["memory"] == "delta rule" and cases["key width"] == "key width 2" else recall(cases, seed)

    figure = study_figure(lib, factorial(lib, [MEMORY, WIDTH], some).study or "", known=catalogue())
    assert math.isnan(figure.heat().values[1, 1])
    assert figure.heat().n[1, 1] == 0
    assert figure.lines()[1].x.tolist() == [1, 4]
    assert figure.notes == ("Nothing measured: delta rule, key width 2.",)


def test_nothing_finished_is_refused(lib: Library) -> None:
    with pytest.raises(Refusal, match="nothing to draw yet"):
        study_figure(lib, factorial(lib, [MEMORY], lambda cases, seed: None).study or "")


def test_single_runs_lie_on_the_addresses_at_which_they_differ(lib: Library) -> None:
    runs = []
    for heads in (1, 2, 4):
        for seed in (0, 1):
            made = document("Single", heads=heads)
            run = lib.submit(made, [planned("", seed, made)]).runs[0]
            finish(lib, run, {"recall": 0.1 * heads + 0.01 * seed})
            runs.append(run)
    figure = figure_of(lib, gather(lib, runs), known=catalogue())
    assert (figure.axes[0].name, figure.axes[0].numbers) == ("heads", (1.0, 2.0, 4.0))
    assert figure.lines()[0].mean == pytest.approx([0.105, 0.205, 0.405])


def test_studies_without_axes_lie_side_by_side(lib: Library) -> None:
    uid = study(lib, {"a": recalls(0.1, 0.2), "b": recalls(0.3, 0.4)}).study or ""
    groups, _ = group(lib, gather(lib, [uid]))
    # the cells of this study differ in their heads
    assert [axis.name for axis in varied(groups, Reading(lib)).axes] == ["heads"]
    two = [uid, study(lib, {"a": recalls(0.1), "c": recalls(0.3)}, title="Other").study or ""]
    groups, _ = group(lib, gather(lib, two))
    found = varied(groups, Reading(lib))
    assert (found.axes[0].name, found.axes[0].cases) == ("", ("Who remembers, a", "b", "Other, a", "c"))


def test_what_tuning_chose_is_said(lib: Library) -> None:
    tuned = Axis(name="heads", set="mem1.heads", values=[1, 2], tuned=Tuned())
    asked = document("Tuned").model_copy(update={"run": document().run.model_copy(update={"vary": [MEMORY, tuned]})})
    runs = [planned("attention", 0, document("Tuned", heads=2)), planned("delta rule", 0, document("Tuned", heads=1))]
    submitted = lib.submit(asked, runs, "Tuned")
    for uid, value in zip(submitted.runs, (0.5, 0.6), strict=True):
        finish(lib, uid, {"recall": value})
    groups, _ = group(lib, gather(lib, [submitted.study or ""]))
    assert chosen_words(groups, Reading(lib)) == {"attention": "heads 2", "delta rule": "heads 1"}
    figure = study_figure(lib, submitted.study or "")
    assert [dot.chosen for dot in figure.dots()] == ["heads 2", "heads 1"]
    assert figure.cells[0].words == "chosen: heads 2"
