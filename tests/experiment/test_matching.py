"""Matched budgets: the nearest width, found as trying every one would find it; refusals; solutions that are kept and said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memstudio.experiment import edits, matching
from memstudio.experiment.addresses import put
from memstudio.experiment.cells import apply, bare, cell_cases, cells
from memstudio.experiment.document import Axis, Case, Document, Hopeless, Match, Run, Tuned
from memstudio.experiment.matching import FARTHEST, NotThis, Search, cost_of, solve
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import plan
from tests.experiment.small import CATALOGUE, again, document

PLAIN = Case(label="plain", set={"mem1.component": "sequence.plain", "mem1.heads": 12})
GATED = Case(label="gated", set={"mem1.component": "sequence.gated"})
BY_KEY_WIDTH = Match(what="parameters", width="mem1.key_width", to="plain")


def study(*axes: Axis, **run: object) -> Document:
    return document(run=Run(vary=list(axes), **run))  # pyright: ignore


def memory(match: Match | None = BY_KEY_WIDTH, plain: Case = PLAIN, gated: Case = GATED) -> Axis:
    return Axis(name="memory", cases=[plain, gated], match=match)


def tried_one_by_one(given: Document, sets: dict[str, object], width: str, widths: range, wanted: float, what: str) -> float | None:
    """The smallest distance that any width reaches: the reference."""
    found = []
    for value in widths:
        try:
            made = put(apply(bare(given), sets, CATALOGUE), width, value, CATALOGUE)[0]
            found.append(abs(getattr(cost_of(made, CATALOGUE), what) - wanted))
        except Refusal:
            continue
    return min(found, default=None)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 16).filter(lambda n: n <= 8 or n % 2 == 0),
    st.integers(1, 300),
    st.integers(1, 4),
    st.sampled_from(["parameters", "state_bytes"]),
)
def test_the_solution_is_as_near_as_any_width(heads: int, width: int, layers: int, what: str) -> None:
    plain = Case(label="plain", set={"mem1.component": "sequence.plain", "mem1.heads": heads, "mem1.repeat": layers})
    given_study = study(memory(BY_KEY_WIDTH.model_copy(update={"what": what}), plain))
    given_study = edits.set_value(given_study, "embed.width", width, CATALOGUE)
    wanted = float(getattr(cost_of(apply(bare(given_study), plain.set, CATALOGUE), CATALOGUE), what))
    nearest = tried_one_by_one(given_study, dict(GATED.set), "mem1.key_width", range(1, 257), wanted, what)
    assert nearest is not None
    try:
        (cell,) = (one for one in cell_cases(solve(given_study, CATALOGUE)) if one.matched)
    except Refusal:
        assert nearest > FARTHEST[what] * wanted
        return
    ((_, solved),) = cell.matched
    assert (solved.wants, abs(solved.has - wanted)) == (wanted, nearest)
    made = apply(bare(given_study), cell.sets, CATALOGUE)
    assert getattr(cost_of(made, CATALOGUE), what) == solved.has


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=60),
    st.sets(st.integers(0, 59)),
    st.integers(1, 300),
)
def test_widths_that_cannot_be_had_are_stepped_over(rises: list[int], missing: set[int], wanted: int) -> None:
    costs = [sum(rises[: place + 1]) + 1 for place in range(len(rises))]
    asked: list[int] = []

    def at(width: int) -> float:
        asked.append(width)
        if width - 3 in missing:
            raise NotThis
        return float(costs[width - 3])

    found = Search(range(3, 3 + len(costs)), at, float(wanted), exact=True).nearest()
    having = [cost for place, cost in enumerate(costs) if place not in missing]
    assert (found is None) == (not having)
    if found is not None:
        assert abs(found[1] - wanted) == min(abs(cost - wanted) for cost in having)
        assert found[1] == costs[found[0] - 3]
    assert len(asked) == len(set(asked))


def test_halving_asks_for_few_widths() -> None:
    asked: list[int] = []

    def at(width: int) -> float:
        asked.append(width)
        return 7.0 * width

    assert Search(range(1, 4097), at, 7.0 * 1234, exact=True).nearest() == (1234, 7.0 * 1234)
    assert len(asked) < 20


def test_a_measured_time_is_near_enough_and_never_measured_far_above() -> None:
    asked: list[int] = []

    def at(width: int) -> float:
        asked.append(width)
        return 0.001 * width

    found = Search(range(1, 4097), at, 0.0402, exact=False).nearest()
    assert found is not None
    assert abs(found[1] / 0.0402 - 1) <= matching.NEAR_ENOUGH
    assert max(asked) <= 128


def test_cells_say_and_set_what_was_found() -> None:
    steps = Axis(name="steps", set="learn.steps", values=[5, 50])
    solved = solve(study(memory(), steps), CATALOGUE)
    assert [label for label, _ in cells(solved)] == [
        "plain, steps 5",
        "plain, steps 50",
        "gated (key width 12), steps 5",
        "gated (key width 12), steps 50",
    ]
    last = cell_cases(solved)[-1]
    assert last.sets == {"mem1.component": "sequence.gated", "learn.steps": 50, "mem1.key_width": 12}
    assert (last.plain, last.cases) == ("gated, steps 50", (("memory", "gated"), ("steps", "steps 50")))
    assert (
        matching.sentences(solved)[0] == "'gated (key width 12), steps 5': 200 parameters, the same as 'plain'."
        or "8,520" in (matching.sentences(solved)[0])
    )
    run = plan(solved, CATALOGUE, cell="gated, steps 50")[0]
    assert (run.cell, run.document.node("mem1").values["key_width"]) == ("gated (key width 12), steps 50", 12)


def test_a_budget_that_depends_on_another_axis_is_matched_in_every_cell() -> None:
    wide = Axis(name="wide", cases=[Case(label="one", set={"ensemble.members": 1}), Case(label="layers", set={"mem1.repeat": 2})])
    sixteen = Case(label="plain", set={"mem1.component": "sequence.plain", "mem1.heads": 16})
    heads = memory(BY_KEY_WIDTH.model_copy(update={"what": "state_bytes"}), sixteen)
    given_study = study(heads, wide)
    for cell in cell_cases(solve(given_study, CATALOGUE)):
        to = "plain, " + dict(cell.cases)["wide"]
        wanted = next(one for one in cell_cases(solve(given_study, CATALOGUE)) if one.label == to)
        has = cost_of(apply(bare(given_study), cell.sets, CATALOGUE), CATALOGUE).state_bytes
        wants = cost_of(apply(bare(given_study), wanted.sets, CATALOGUE), CATALOGUE).state_bytes
        assert abs(has / wants - 1) <= FARTHEST["state_bytes"]


def test_members_of_an_ensemble_count() -> None:
    one = document()
    many = edits.set_value(one, "ensemble.members", 10, CATALOGUE)
    assert cost_of(many, CATALOGUE).parameters == 2 * cost_of(one, CATALOGUE).parameters


def test_a_solution_is_kept_while_the_experiment_is_the_same() -> None:
    solved = solve(study(memory()), CATALOGUE)
    assert solve(solved, CATALOGUE) is solved
    assert solve(again(solved), CATALOGUE) == again(solved)
    moved = edits.set_title(solved, "Another title")
    assert solve(moved, CATALOGUE) is moved
    wider = edits.set_value(solved, "mem1.repeat", 3, CATALOGUE)
    assert cells(wider)[1][0] == "gated"  # an old solution is not said of another experiment
    assert solve(wider, CATALOGUE) != wider


def test_step_times_are_measured_by_whoever_can() -> None:
    given_study = study(memory(BY_KEY_WIDTH.model_copy(update={"what": "step_time"})))
    with pytest.raises(Refusal, match="matches the time of a step, which has to be measured first"):
        plan(given_study, CATALOGUE)

    def step_time(made: Document) -> float:
        node = made.node("mem1")
        return 0.05 if node.component == "sequence.plain" else 0.001 * node.values["key_width"]

    (cell,) = (one for one in cell_cases(solve(given_study, CATALOGUE, step_time)) if one.matched)
    ((_, solved),) = cell.matched
    assert abs(solved.off) <= matching.NEAR_ENOUGH
    assert "seconds a step" in matching.sentences(solve(given_study, CATALOGUE, step_time))[0]


@pytest.mark.parametrize(
    ("axis", "sentence"),
    [
        (memory(match=BY_KEY_WIDTH.model_copy(update={"to": "plian"})), r"matches to 'plian' \(did you mean plain\?\), which is none"),
        (memory(gated=Case(label="gated", set={**GATED.set, "mem1.key_width": 3})), "sets mem1.key_width, which axis 'memory' is to find"),
        (memory(BY_KEY_WIDTH.model_copy(update={"width": "mem1.depth"})), "cannot be matched with 'gated'"),
        (memory(BY_KEY_WIDTH.model_copy(update={"width": "mem1.gate"})), "which is no whole number"),
        (memory(BY_KEY_WIDTH.model_copy(update={"width": "learn.steps"})), "do not depend on learn.steps"),
        (
            memory(plain=Case(label="plain", set={"mem1.component": "sequence.plain", "mem1.heads": 1}), match=BY_KEY_WIDTH.model_copy(
                update={"what": "state_bytes", "width": "mem1.repeat"})),
            r"already the smallest repeat \(1\) has 5,120 bytes of state, more than the 20 bytes of state of 'plain'",
        ),
        (
            memory(BY_KEY_WIDTH.model_copy(update={"what": "state_bytes", "width": "mem1.key_width", "to": "gated"}),
                   gated=Case(label="gated", set={**GATED.set})),
            "cannot be matched with 'plain'",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_matched_is_refused_in_a_sentence(axis: Axis, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence) as refused:
        solve(study(axis), CATALOGUE)
    assert str(refused.value).count(". ") == 0
    assert str(refused.value).endswith(".")


def test_one_axis_is_matched_at_most() -> None:
    other = Axis(name="other", set="learn.steps", values=[1, 2], match=Match(what="parameters", width="embed.width", to="steps 1"))
    with pytest.raises(Refusal, match="Axes 'memory' and 'other' both match a budget"):
        solve(study(memory(), other), CATALOGUE)


def test_a_tuned_value_may_not_change_what_is_matched() -> None:
    rate = Axis(name="steps", set="learn.steps", values=[5, 50], tuned=Tuned())
    assert solve(study(memory(), rate), CATALOGUE).run.vary[0].match != BY_KEY_WIDTH
    depth = Axis(name="depth", set="mem1.repeat", values=[1, 2], tuned=Tuned())
    with pytest.raises(Refusal, match="Axis 'depth' is tuned and changes the parameters that axis 'memory' matches"):
        solve(study(memory(), depth), CATALOGUE)


def test_what_is_matched_and_chosen_by_follows_a_renamed_node() -> None:
    tuned = Axis(name="steps", set="learn.steps", values=[5, 50], tuned=Tuned(by="nll[split=validation,stage=learn]"))
    rule = Hopeless(measure="loss[split=validation,stage=learn]")
    renamed = edits.rename(edits.rename(study(memory(), tuned, hopeless=rule), "mem1", "store"), "learn", "teach")
    first, second = renamed.run.vary
    assert first.match is not None
    assert first.match.width == "store.key_width"
    assert second.tuned is not None
    assert second.tuned.by == "nll[split=validation,stage=teach]"
    assert renamed.run.hopeless is not None
    assert renamed.run.hopeless.measure == "loss[split=validation,stage=teach]"


def test_what_cannot_be_measured_is_not_taken_for_a_width_that_cannot_be_had() -> None:
    asked: list[Document] = []

    def step_time(made: Document) -> float:
        asked.append(made)
        if made.node("mem1").component == "sequence.gated":
            raise Refusal("The time of a step could not be measured.")
        return 0.05

    with pytest.raises(Refusal, match="could not be measured"):
        solve(study(memory(BY_KEY_WIDTH.model_copy(update={"what": "step_time"}))), CATALOGUE, step_time)
    assert len(asked) == 2


def test_the_only_width_that_can_be_had_is_taken() -> None:
    def at(width: int) -> float:
        if width != 5:
            raise NotThis
        return 10.0

    search = Search(range(1, 9), at, 10.0, exact=True)
    assert search.nearest() == (5, 10.0)
    assert (search.ends, search.same) == ((5, 5), False)
