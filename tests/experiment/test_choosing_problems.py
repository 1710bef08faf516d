"""What checking says of matches, tuned axes, hopeless cells, budgets: each with a mend that mends it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memstudio.experiment import tuning
from memstudio.experiment.checking import check
from memstudio.experiment.document import Axis, Case, Document, Hopeless, Match, Range, Run, Tuned
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.problems import Problem
from memstudio.experiment.studies import plan
from tests.experiment.small import CATALOGUE, again, document

PLAIN = Case(label="plain", set={"mem1.component": "sequence.plain", "mem1.heads": 12})
GATED = Case(label="gated", set={"mem1.component": "sequence.gated"})
MATCH = Match(what="parameters", width="mem1.key_width", to="plain")
MEMORY = Axis(name="memory", cases=[PLAIN, GATED], match=MATCH)
HEADS = Axis(name="heads", set="mem1.heads", values=[1, 2, 4], tuned=Tuned())
LENGTH = Axis(name="length", set="task.length", values=[8, 16])
STEPS = Axis(name="steps", set="learn.steps", range=Range(low=10, high=100), tuned=Tuned())


def study(*axes: Axis, **run: object) -> Document:
    return document(run=Run(vary=list(axes), **run))  # pyright: ignore


def changed(axis: Axis, **changes: object) -> Axis:
    return axis.model_copy(update=changes)


@pytest.mark.parametrize("made", [study(MEMORY), study(MEMORY, LENGTH), study(HEADS, STEPS, LENGTH), study(LENGTH, minutes=3.0)])
def test_studies_in_order(made: Document) -> None:
    assert check(made, CATALOGUE) == []


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (study(MEMORY, changed(LENGTH, match=MATCH)), "both match a budget"),
        (study(changed(MEMORY, match=MATCH.model_copy(update={"to": "none"}))), "matches to 'none', which is none of its cases"),
        (study(changed(MEMORY, match=MATCH.model_copy(update={"width": "mem1.gate"}))), "which is no whole number"),
        (study(changed(MEMORY, match=MATCH.model_copy(update={"width": "learn.steps"}))), "do not depend on learn.steps"),
        (study(changed(MEMORY, tuned=Tuned())), "is tuned, so its cases are not matched"),
        (study(changed(HEADS, tuned=Tuned(by="accuracy"))), "a choice may not see test"),
        (study(HEADS, changed(STEPS, tuned=Tuned(seeds=3))), "are tuned together"),
        (study(changed(STEPS, tuned=None)), "out of which only a tuned axis can choose"),
        (study(changed(STEPS, values=[1, 2])), "has both cases and a range"),
        (study(changed(STEPS, range=Range(low=1, high=1e6))), "but Steps takes 1 – 10,000"),
        (study(LENGTH, packed=True), "there is one seed only"),
        (study(LENGTH, packed=True, replicates=3, hopeless=Hopeless(measure="loss[split=validation]")), "all seeds of a cell end together"),
        (study(changed(STEPS, tuned=Tuned()), packed=True, replicates=3), "cannot share a pass"),
        (study(LENGTH, replicates=5, hopeless=Hopeless(measure="accuracy")), "Hopeless cells are found by accuracy"),
        (study(Axis(name="time", set="run.minutes", values=[1, 2])), "which all cells share"),
    ],
)
def test_each_problem_has_a_mend_that_mends_it(made: Document, sentence: str) -> None:
    problems = check(made, CATALOGUE)
    found = [one for one in problems if sentence in one.reason]
    assert len(found) == 1, [one.reason for one in problems]
    assert found[0].severity == "error"
    assert found[0].parameter in ("vary", "packed", "hopeless")
    assert found[0].mends
    for mend in found[0].mends:
        left = check(mend.edit(made), CATALOGUE)
        assert not any(sentence in one.reason for one in left), mend.title


def test_a_missing_optuna_is_a_problem_with_a_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning.importlib.util, "find_spec", lambda name: None)
    made = study(changed(HEADS, tuned=Tuned(method="optuna")))
    (problem,) = check(made, CATALOGUE)
    assert "memstudio[tuning]" in problem.reason
    (mend,) = problem.mends
    assert mend.title == "Take random for heads"
    assert check(mend.edit(made), CATALOGUE) == []


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (study(changed(HEADS, tuned=Tuned(by="ece[split=validation]"))), "only loss and accuracy are sure to be measured on validation"),
        (study(LENGTH, replicates=5, hopeless=Hopeless(measure="ece[split=validation]")), "only loss and accuracy are sure"),
        (study(replicates=5, hopeless=Hopeless()), "There is only one cell"),
        (study(LENGTH, replicates=3, hopeless=Hopeless(after=3)), "a cell has only 3; nothing would be saved"),
        (study(minutes=3.0), "one run alone is not cut short by it"),
    ],
)
def test_what_only_may_disappoint_is_a_warning(made: Document, sentence: str) -> None:
    (problem,) = check(made, CATALOGUE)
    assert sentence in problem.reason
    assert problem.severity == "warning"
    for mend in problem.mends:
        assert check(mend.edit(made), CATALOGUE) == []


def reasons(problems: list[Problem]) -> list[str]:
    return [one.reason for one in problems]


def test_every_tuned_case_and_every_matched_cell_is_looked_at() -> None:
    wrong = changed(HEADS, values=[1, 99])
    assert any("Heads must be a whole number" in one for one in reasons(check(study(wrong, LENGTH), CATALOGUE)))
    odd = study(changed(MEMORY, cases=[PLAIN, Case(label="gated", set={**GATED.set, "mem1.channels": 99})]))
    assert any("Channels must be" in one for one in reasons(check(odd, CATALOGUE)))


def test_an_experiment_that_is_broken_is_not_also_told_that_it_cannot_be_matched() -> None:
    made = study(MEMORY).model_copy(update={"wires": []})
    assert not any("matched" in one for one in reasons(check(made, CATALOGUE)))


def test_what_is_unknown_beside_is_kept() -> None:
    extra = Hopeless.model_validate({"after": 4, "later": {"a": 1}})
    made = study(LENGTH, changed(STEPS, range=Range.model_validate({"low": 1, "high": 9, "base": 2})), replicates=9, hopeless=extra)
    assert again(made) == made
    assert again(made).run.hopeless == extra


anything = st.one_of(st.none(), st.booleans(), st.integers(-5, 5000), st.floats(-10, 1e6), st.sampled_from(["plain", "sequence.gated", ""]))
addresses = st.sampled_from(
    ["mem1.heads", "mem1.component", "mem1.key_width", "mem1.repeat", "learn.steps", "run.seed", "run.replicates", "nowhere.at", "mem1", ""]
)
measures = st.sampled_from(["loss[split=validation]", "accuracy", "ece[split=validation,stage=learn]", "[", ""])
cases = st.builds(Case, label=st.sampled_from(["a", "b", "plain", ""]), set=st.dictionaries(addresses, anything, max_size=2))
matches = st.builds(
    Match, what=st.sampled_from(["parameters", "state_bytes", "step_time"]), width=addresses, to=st.sampled_from(["a", "b", "x"])
)
tuned_ones = st.builds(Tuned, by=measures, method=st.sampled_from(["grid", "random", "optuna"]), trials=st.integers(1, 20))
ranges = st.builds(Range, low=st.floats(-10, 1e4), high=st.floats(-10, 1e4), log=st.booleans(), points=st.integers(2, 5))
axes = st.builds(
    Axis,
    name=st.sampled_from(["one", "two", "three"]),
    cases=st.one_of(st.none(), st.lists(cases, max_size=3)),
    set=st.one_of(st.none(), addresses),
    values=st.one_of(st.none(), st.lists(anything, max_size=3)),
    range=st.one_of(st.none(), ranges),
    match=st.one_of(st.none(), matches),
    tuned=st.one_of(st.none(), tuned_ones),
)
rules = st.one_of(st.none(), st.builds(Hopeless, measure=measures, after=st.integers(2, 5)))


@settings(max_examples=300, deadline=None)
@given(st.lists(axes, max_size=3), rules, st.one_of(st.none(), st.floats(0.1, 10)), st.integers(1, 4))
def test_whatever_stands_there_checking_answers_and_planning_refuses_in_words(
    vary: list[Axis], rule: Hopeless | None, minutes: float | None, replicates: int
) -> None:
    given_study = study(*vary, hopeless=rule, minutes=minutes, replicates=replicates)
    problems = check(given_study, CATALOGUE)
    for problem in problems:
        for mend in problem.mends:
            mend.edit(given_study)
    refused = ""
    planned = []
    try:
        planned = plan(given_study, CATALOGUE)
    except Refusal as refusal:
        refused = str(refusal)
    if refused:
        assert refused.endswith(".")
        # what cannot be planned was said before, a step's time apart, which nobody has measured
        assert "matches the time of a step" in refused or any(one.severity == "error" for one in problems)
    elif not any(one.severity == "error" for one in problems):
        assert len({(run.cell, run.replicate) for run in planned}) == len(planned) > 0
    assert again(given_study) == given_study
