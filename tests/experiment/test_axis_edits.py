from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.components.catalogue import catalogue
from memstudio.experiment import axis_edits, matching, studies
from memstudio.experiment.document import Axis, Case, Document, Match, Range, Tuned
from memstudio.experiment.files import parse, to_text
from memstudio.experiment.parameters import Refusal
from tests.documents import recall

CATALOGUE = catalogue()
MEMORIES = {
    "name": "memory",
    "cases": [
        {"label": "attention", "set": {"mem1.component": "sequence.attention", "mem1.key_width": 8}},
        {"label": "delta rule", "set": {"mem1.component": "sequence.deltanet", "mem1.key_width": 4}},
    ],
}
STEPS = {"name": "steps", "set": "learn.steps", "values": [4, 8]}


@pytest.fixture
def document() -> Document:
    return parse(json.dumps(recall(vary=[MEMORIES, STEPS])), "small")


def labels(document: Document, name: str = "memory") -> list[str]:
    return [case.label for case in axis_edits.axis(document, name).all_cases()]


def test_an_axis_is_renamed_but_never_to_what_another_is_called(document: Document) -> None:
    assert [axis.name for axis in axis_edits.rename(document, "memory", " store ").run.vary] == ["store", "steps"]
    for wrong, words in (("", "needs a name"), ("steps", "Another axis")):
        with pytest.raises(Refusal, match=words):
            axis_edits.rename(document, "memory", wrong)
    with pytest.raises(Refusal, match="did you mean memory"):
        axis_edits.rename(document, "memry", "x")


@given(st.integers(-9, 9))
def test_axes_move_and_stay_at_the_ends(by: int) -> None:
    document = parse(json.dumps(recall(vary=[MEMORIES, STEPS])), "small")
    moved = [axis.name for axis in axis_edits.move(document, "memory", by).run.vary]
    assert moved == (["memory", "steps"] if by <= 0 else ["steps", "memory"])


def test_cases_are_added_under_free_labels_moved_labelled_and_removed(document: Document) -> None:
    made = axis_edits.add_case(document, "memory", Case(label="attention", set={"mem1.component": "sequence.lstm"}))
    assert labels(made) == ["attention", "delta rule", "attention 2"]
    made = axis_edits.move_case(made, "memory", 2, -2)
    assert labels(made) == ["attention 2", "attention", "delta rule"]
    made = axis_edits.label_case(made, "memory", 0, "LSTM")
    assert labels(made) == ["LSTM", "attention", "delta rule"]
    for wrong in ("", "attention"):
        with pytest.raises(Refusal):
            axis_edits.label_case(made, "memory", 0, wrong)
    made = axis_edits.remove_case(made, "memory", 1)
    assert labels(made) == ["LSTM", "delta rule"]


def test_the_last_case_takes_its_axis_with_it(document: Document) -> None:
    made = axis_edits.remove_case(axis_edits.remove_case(document, "memory", 0), "memory", 0)
    assert [axis.name for axis in made.run.vary] == ["steps"]


def test_a_case_sets_what_its_own_component_has(document: Document) -> None:
    made = axis_edits.set_in_case(document, "memory", 1, "mem1.chunk", 4, CATALOGUE)
    assert axis_edits.axis(made, "memory").all_cases()[1].set["mem1.chunk"] == 4
    with pytest.raises(Refusal, match="chunk"):
        axis_edits.set_in_case(document, "memory", 0, "mem1.chunk", 4, CATALOGUE)
    with pytest.raises(Refusal, match="whole number"):
        axis_edits.set_in_case(document, "memory", 0, "mem1.key_width", 0.5, CATALOGUE)
    assert axis_edits.found_in_case(document, axis_edits.axis(document, "memory").all_cases()[0], "mem1.chunk", CATALOGUE) is None


def test_a_case_sets_something_or_is_removed(document: Document) -> None:
    made = axis_edits.leave_out(document, "memory", 0, "mem1.key_width")
    assert axis_edits.axis(made, "memory").all_cases()[0].set == {"mem1.component": "sequence.attention"}
    with pytest.raises(Refusal, match="would set nothing"):
        axis_edits.leave_out(made, "memory", 0, "mem1.component")


def test_values_are_checked_and_can_be_written_out_as_cases(document: Document) -> None:
    made = axis_edits.set_values(document, "steps", [2, 4, 8], CATALOGUE)
    assert axis_edits.axis(made, "steps").values == [2, 4, 8]
    with pytest.raises(Refusal, match="Steps"):
        axis_edits.set_values(document, "steps", [0], CATALOGUE)
    with pytest.raises(Refusal, match="cases of its own"):
        axis_edits.set_values(document, "memory", [1], CATALOGUE)
    with pytest.raises(Refusal, match="write them out"):
        axis_edits.move_case(document, "steps", 0, 1)
    out = axis_edits.to_cases(made, "steps")
    assert labels(out, "steps") == ["steps 2", "steps 4", "steps 8"]
    assert studies.cells(out) == studies.cells(made)


def test_a_budget_is_found_by_the_width_that_no_other_case_sets(document: Document) -> None:
    match = Match(what="state_bytes", width="mem1.key_width", to="attention")
    made = axis_edits.set_match(document, "memory", match)
    first, second = axis_edits.axis(made, "memory").all_cases()
    assert "mem1.key_width" in first.set
    assert "mem1.key_width" not in second.set
    solved = matching.solve(made, CATALOGUE)
    assert matching.sentences(solved)
    renamed = axis_edits.label_case(made, "memory", 0, "full attention")
    kept = axis_edits.axis(renamed, "memory").match
    assert kept is not None
    assert kept.to == "full attention"
    assert axis_edits.axis(axis_edits.remove_case(made, "memory", 0), "memory").match is None
    assert axis_edits.axis(axis_edits.set_match(made, "memory", None), "memory").match is None


def test_tuned_axes_share_their_settings_and_are_written_out_again(document: Document) -> None:
    made = axis_edits.set_tuned(document, "steps", Tuned(method="random", trials=4), CATALOGUE)
    made = axis_edits.set_range(made, "steps", Range(low=2, high=8, points=3), CATALOGUE)
    assert axis_edits.axis(made, "steps").values is None
    made = axis_edits.set_tuned(made, "memory", Tuned(seeds=2), CATALOGUE)
    assert {axis.tuned for axis in made.run.vary if axis.tuned is not None} == {Tuned(seeds=2)}
    back = axis_edits.set_tuned(made, "steps", None, CATALOGUE)
    assert (axis_edits.axis(back, "steps").values, axis_edits.axis(back, "steps").range) == ([2, 5, 8], None)
    with pytest.raises(Refusal, match="not tuned"):
        axis_edits.set_range(document, "steps", Range(low=2, high=8), CATALOGUE)
    with pytest.raises(Refusal, match="Steps"):
        axis_edits.set_range(made, "steps", Range(low=0, high=8), CATALOGUE)


@given(st.floats(1e-6, 1.0), st.floats(1.5, 1e4), st.booleans(), st.integers(2, 30))
def test_a_range_is_spread_from_end_to_end_and_rises(low: float, factor: float, log: bool, points: int) -> None:
    wanted = Range(low=low, high=low * factor, log=log, points=points)
    found = axis_edits.spread(wanted)
    assert len(found) == points
    assert (found[0], found[-1]) == (wanted.low, wanted.high)
    assert found == sorted(found)


def test_whole_numbers_come_once_each() -> None:
    assert axis_edits.spread(Range(low=1, high=4, points=8), whole=True) == [1, 2, 3, 4]
    assert axis_edits.spread(Range(low=1, high=16, log=True, points=5), whole=True) == [1, 2, 4, 8, 16]


def test_every_edit_leaves_a_document_that_reads_back(document: Document) -> None:
    made = axis_edits.add_case(axis_edits.move(document, "steps", -1), "memory", Case(label="x", set={"mem1.heads": 2}))
    assert parse(to_text(made), "again") == made


def test_a_list_reads_as_its_numbers(document: Document) -> None:
    made = axis_edits.with_axes(document, [Axis(name="loads", set="task.loads", values=[[1], [1, 2]])])
    assert labels(made, "loads") == ["loads 1", "loads 1 2"]
