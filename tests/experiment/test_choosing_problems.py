"""What checking says of matches, tuned axes, hopeless cells, budgets: each with a mend that mends it."""

from __future__ import annotations

import pytest

from memstudio.experiment import tuning
from memstudio.experiment.checking import check
from memstudio.experiment.document import Axis, Case, Document, Hopeless, Match, Range, Run, Tuned
from memstudio.experiment.problems import Problem
from tests.experiment.small import CATALOGUE, document

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


@pytest.mark.parametrize("given", [study(MEMORY), study(MEMORY, LENGTH), study(HEADS, STEPS, LENGTH), study(LENGTH, minutes=3.0)])
def test_studies_in_order(given: Document) -> None:
    assert check(given, CATALOGUE) == []


@pytest.mark.parametrize(
    ("given", "sentence"),
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
        (study(LENGTH, packed=True), "cannot be run yet"),
        (study(LENGTH, replicates=5, hopeless=Hopeless(measure="accuracy")), "Hopeless cells are found by accuracy"),
        (study(Axis(name="time", set="run.minutes", values=[1, 2])), "which all cells share"),
    ],
)
def test_each_problem_has_a_mend_that_mends_it(given: Document, sentence: str) -> None:
    problems = check(given, CATALOGUE)
    found = [one for one in problems if sentence in one.reason]
    assert len(found) == 1, [one.reason for one in problems]
    assert found[0].severity == "error"
    assert found[0].parameter in ("vary", "packed", "hopeless")
    assert found[0].mends
    for mend in found[0].mends:
        left = check(mend.edit(given), CATALOGUE)
        assert not any(sentence in one.reason for one in left), mend.title


def test_a_missing_optuna_is_a_problem_with_a_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning.importlib.util, "find_spec", lambda name: None)
    given = study(changed(HEADS, tuned=Tuned(method="optuna")))
    (problem,) = check(given, CATALOGUE)
    assert "memstudio[tuning]" in problem.reason
    (mend,) = problem.mends
    assert mend.title == "Take random for heads"
    assert check(mend.edit(given), CATALOGUE) == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (study(changed(HEADS, tuned=Tuned(by="ece[split=validation]"))), "only loss and accuracy are sure to be measured on validation"),
        (study(LENGTH, replicates=5, hopeless=Hopeless(measure="ece[split=validation]")), "only loss and accuracy are sure"),
        (study(replicates=5, hopeless=Hopeless()), "There is only one cell"),
        (study(LENGTH, replicates=3, hopeless=Hopeless(after=3)), "a cell has only 3; nothing would be saved"),
        (study(minutes=3.0), "one run alone is not cut short by it"),
    ],
)
def test_what_only_may_disappoint_is_a_warning(given: Document, sentence: str) -> None:
    (problem,) = check(given, CATALOGUE)
    assert sentence in problem.reason
    assert problem.severity == "warning"
    for mend in problem.mends:
        assert check(mend.edit(given), CATALOGUE) == []


def reasons(problems: list[Problem]) -> list[str]:
    return [one.reason for one in problems]


def test_every_tuned_case_and_every_matched_cell_is_looked_at() -> None:
    wrong = changed(HEADS, values=[1, 99])
    assert any("Heads must be a whole number" in one for one in reasons(check(study(wrong, LENGTH), CATALOGUE)))
    odd = study(changed(MEMORY, cases=[PLAIN, Case(label="gated", set={**GATED.set, "mem1.channels": 99})]))
    assert any("Channels must be" in one for one in reasons(check(odd, CATALOGUE)))


def test_an_experiment_that_is_broken_is_not_also_told_that_it_cannot_be_matched() -> None:
    given = study(MEMORY).model_copy(update={"wires": []})
    assert not any("matched" in one for one in reasons(check(given, CATALOGUE)))


def test_what_is_unknown_beside_is_kept() -> None:
    from tests.experiment.small import again

    extra = Hopeless.model_validate({"after": 4, "later": {"a": 1}})
    given = study(LENGTH, changed(STEPS, range=Range.model_validate({"low": 1, "high": 9, "base": 2})), replicates=9, hopeless=extra)
    assert again(given) == given
    assert again(given).run.hopeless == extra
