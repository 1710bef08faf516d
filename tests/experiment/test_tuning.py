"""Tuned axes: what is tried, what is chosen, and that nothing which chooses can be told to look at test."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.experiment import tuning
from memstudio.experiment.cells import Cell, cell_cases, count
from memstudio.experiment.document import Axis, Case, Document, Range, Run, Tuned
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import chosen, first, plan, trials
from memstudio.experiment.tuning import SEEDS_APART, Tried, choose, proposals, settings
from tests.experiment.small import CATALOGUE, again, document

GRID = Tuned(by="accuracy[split=validation]", better="highest", seeds=2)
HEADS = Axis(name="heads", set="mem1.heads", values=[1, 2, 4], tuned=GRID)
STEPS = Axis(name="steps", set="learn.steps", range=Range(low=10, high=1000, log=True, points=3), tuned=GRID)
LENGTH = Axis(name="length", set="task.length", values=[8, 16])
needs_optuna = pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="optuna is an extra")


def study(*axes: Axis, **run: object) -> Document:
    return document(run=Run(vary=list(axes), **run))  # pyright: ignore


def by(method: str, number: int = 6, **more: object) -> Document:
    tuned = Tuned.model_validate({"method": method, "trials": number, **more})
    rate = Axis(name="steps", set="learn.steps", range=Range(low=10, high=1000, log=True), tuned=tuned)
    heads = Axis(name="heads", set="mem1.heads", values=[1, 2, 4], tuned=tuned)
    return study(rate, heads, LENGTH)


def first_cell(given: Document) -> Cell:
    return cell_cases(given)[0]


# ---------------------------------------------------------------------------------------------- what is tried


def test_a_grid_is_every_combination() -> None:
    given = study(HEADS, STEPS, LENGTH)
    points = proposals(given, CATALOGUE, first_cell(given), [])
    assert [point.label for point in points][:4] == ["heads 1, steps 10", "heads 1, steps 100", "heads 1, steps 1000", "heads 2, steps 10"]
    assert points[1].sets == {"mem1.heads": 1, "learn.steps": 100}
    assert len(points) == 9
    assert proposals(given, CATALOGUE, first_cell(given), [Tried(point.sets, 0.5) for point in points]) == []
    assert (count(given).cells, count(given).trials, count(given).text) == (2, 2 * 9 * 2, "2 length × 1 seed, after 36 trials")


@pytest.mark.parametrize("method", ["random", pytest.param("optuna", marks=needs_optuna)])
def test_what_is_drawn_is_seeded_and_within_its_range(method: str) -> None:
    given = by(method)
    cell = first_cell(given)
    points = proposals(given, CATALOGUE, cell, [])
    assert points == proposals(again(given), CATALOGUE, cell, [])
    assert points == proposals(given, CATALOGUE, cell_cases(given)[1], [])  # every cell is tried alike
    assert points != proposals(given.model_copy(update={"run": given.run.model_copy(update={"seed": 1})}), CATALOGUE, cell, [])
    assert len(points) == (6 if method == "random" else tuning.ROUND)
    for point in points:
        assert isinstance(point.sets["learn.steps"], int)
        assert 10 <= point.sets["learn.steps"] <= 1000
        assert point.sets["mem1.heads"] in (1, 2, 4)
    assert len({repr(point.sets) for point in points}) == len(points)


@needs_optuna
def test_optuna_learns_from_round_to_round_and_ends() -> None:
    given = by("optuna", 10, better="lowest")
    cell = first_cell(given)
    ended: list[Tried] = []
    rounds = []
    while points := proposals(given, CATALOGUE, cell, ended):
        assert points == proposals(given, CATALOGUE, cell, list(ended))
        rounds.append(len(points))
        # 300 steps are best, and one fails
        ended += [Tried(p.sets, None if p.sets["mem1.heads"] == 4 else abs(p.sets["learn.steps"] - 300) / 300) for p in points]
    assert rounds == [4, 4, 2]
    assert len({repr(sorted(one.sets.items())) for one in ended}) == 10
    other = [Tried(one.sets, one.value if place else 0.0) for place, one in enumerate(ended[:8])]
    assert proposals(given, CATALOGUE, cell, other) != proposals(given, CATALOGUE, cell, ended[:8])


@needs_optuna
def test_optuna_stops_where_everything_was_tried() -> None:
    tuned = Tuned(method="optuna", trials=50)
    given = study(Axis(name="heads", set="mem1.heads", values=[1, 2, 4], tuned=tuned))
    ended: list[Tried] = []
    while points := proposals(given, CATALOGUE, first_cell(given), ended):
        ended += [Tried(point.sets, 1.0) for point in points]
    assert sorted(one.sets["mem1.heads"] for one in ended) == [1, 2, 4]


def test_random_takes_no_setting_twice() -> None:
    given = study(HEADS.model_copy(update={"tuned": Tuned(method="random", trials=50)}))
    assert sorted(point.sets["mem1.heads"] for point in proposals(given, CATALOGUE, first_cell(given), [])) == [1, 2, 4]


def test_without_optuna_a_sentence_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "import importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'optuna' else found(name, package)\n"
        "from memstudio.experiment.document import Tuned\n"
        "from memstudio.experiment.tuning import missing_method\n"
        "print(missing_method(Tuned(method='optuna')))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "pip install 'memstudio[tuning]'" in said
    assert "or choose method random" in said


def test_trials_have_seeds_that_no_reported_run_has() -> None:
    given = study(HEADS, LENGTH, seed=7, data_seed=3, replicates=1000)
    runs = plan(given, CATALOGUE, replicates=2)
    assert {run.trial_of for run in runs} == {"length 8", "length 16"}
    assert {(run.seed, run.data_seed, run.replicate) for run in runs} == {
        (7 + SEEDS_APART, 3 + SEEDS_APART, 0),
        (8 + SEEDS_APART, 4 + SEEDS_APART, 1),
    }
    cell = first_cell(given)
    reported = chosen(given, CATALOGUE, cell, {"mem1.heads": 4})
    assert not {run.seed for run in reported} & {run.seed for run in runs}
    assert not {run.data_seed for run in reported} & {run.data_seed for run in runs}
    assert (reported[5].cell, reported[5].sets) == ("length 8", {"task.length": 8, "mem1.heads": 4})
    assert reported[5].document.node("mem1").values["heads"] == 4
    assert reported[5].document.run.vary == []


def test_trials_are_complete_runs() -> None:
    given = study(HEADS, LENGTH)
    for run in trials(given, CATALOGUE, first_cell(given), proposals(given, CATALOGUE, first_cell(given), [])):
        assert run.document.run.vary == []
        assert run.document.node("mem1").values["heads"] == run.sets["mem1.heads"]
        assert run.cell == f"length 8, heads {run.sets['mem1.heads']}"
        assert run.trial_sets == {"task.length": 8}


# ---------------------------------------------------------------------------------------------- what is chosen


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=12), st.sampled_from(["lowest", "highest"]))
def test_the_best_is_chosen_and_of_equals_the_first(values: list[float | None], better: str) -> None:
    place = choose(Tuned.model_validate({"better": better}), [Tried({}, value) for value in values])
    known = [value for value in values if value is not None]
    if not known:
        assert place is None
    else:
        assert place == values.index(min(known) if better == "lowest" else max(known))


def test_a_trial_that_is_no_number_is_never_chosen() -> None:
    assert choose(Tuned(better="highest"), [Tried({}, float("nan")), Tried({}, 0.1), Tried({}, float("inf"))]) == 1


@pytest.mark.parametrize("measure", ["accuracy", "loss", "recall[load=16]", "loss[split=train]", "nll[stage=calibrate]", "no measure"])
def test_nothing_chooses_by_what_is_not_of_validation(measure: str) -> None:
    bad = Tuned(by=measure)
    given = study(HEADS.model_copy(update={"tuned": bad}))
    for ask in (
        lambda: settings(given),
        lambda: plan(given, CATALOGUE),
        lambda: proposals(given, CATALOGUE, first_cell(given), []),
        lambda: choose(bad, [Tried({}, 1.0)]),
    ):
        with pytest.raises(Refusal):
            ask()
    with pytest.raises(Refusal, match=r"so write accuracy\[split=validation\]"):
        settings(study(HEADS.model_copy(update={"tuned": Tuned(by="accuracy")})))
    with pytest.raises(Refusal, match=r"so write nll\[split=validation,stage=calibrate\]"):
        settings(study(HEADS.model_copy(update={"tuned": Tuned(by="nll[stage=calibrate]")})))


@pytest.mark.parametrize(
    ("axis", "sentence"),
    [
        (STEPS.model_copy(update={"range": Range(low=0, high=10, log=True)}), "is logarithmic, so it cannot begin at 0"),
        (STEPS.model_copy(update={"range": Range(low=10, high=10)}), "the first must be the smaller one"),
        (STEPS.model_copy(update={"range": Range(low=1, high=1e6)}), "but Steps takes 1 – 10,000"),
        (STEPS.model_copy(update={"range": Range(low=1.5, high=10)}), "takes whole numbers"),
        (STEPS.model_copy(update={"set": "mem1.label"}), "takes no number"),
        (STEPS.model_copy(update={"set": "mem1.depth"}), "has no parameter 'depth'"),
        (STEPS.model_copy(update={"set": None}), "does not say what it sets"),
        (Axis(name="none", cases=[], tuned=GRID), "has no case to try"),
        (HEADS.model_copy(update={"name": "other", "tuned": Tuned()}), "are tuned together, so both need the same `tuned`"),
    ],
)
def test_what_cannot_be_tuned_is_refused(axis: Axis, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        plan(study(STEPS if axis.name == "other" else LENGTH, axis), CATALOGUE)


def test_true_and_false_stand_for_the_defaults_and_none() -> None:
    assert Axis.model_validate({"name": "a", "tuned": True}).tuned == Tuned()
    assert Axis.model_validate({"name": "a", "tuned": False}).tuned is None
    cases = [Case(label="a", set={"mem1.heads": 1})]
    assert again(study(Axis(name="a", cases=cases, tuned=Tuned()))).run.vary[0].tuned == Tuned()


def test_the_first_run_alone_takes_tuned_values_as_they_stand() -> None:
    run = first(study(HEADS, LENGTH, replicates=3), CATALOGUE)
    assert (run.cell, run.seed, run.trial_of) == ("length 8", 0, None)
    assert run.document.node("mem1").values["heads"] == document().node("mem1").values["heads"]
