"""What each case of an axis becomes before it is applied."""

from __future__ import annotations

import json

from memstudio.components.catalogue import catalogue
from memstudio.experiment import axis_edits, edits, matching
from memstudio.experiment.case_previews import carried, preview
from memstudio.experiment.document import Axis, Case, Document, Match
from memstudio.experiment.files import parse
from tests.documents import recall


def document() -> Document:
    return parse(json.dumps(recall()), "The document")


def varied(*components: str, match: Match | None = None, **sets: int) -> Document:
    cases = [Case(label=one, set={"mem1.component": one, **{f"mem1.{name}": value for name, value in sets.items()}}) for one in components]
    return edits.set_axis(document(), Axis(name="memory", cases=cases, match=match))


def test_values_that_carry_over_and_those_that_do_not() -> None:
    known = catalogue()
    made = edits.set_value(document(), "mem1.heads", 8, known)
    made = edits.set_value(made, "mem1.convolution", 2, known)
    made = edits.set_value(made, "mem1.output_gate", False, known)
    kept, lost = carried(made, "mem1.component", "sequence.gru", known)
    assert "Short convolution" in [title for title, _ in kept], "what the family puts around its members stays"
    assert "Output gate" in lost
    assert "Forget gate" not in lost, "what is as by default is no loss"
    kept, lost = carried(made, "mem1.component", made.by_id["mem1"].component, known)
    assert (kept, lost) == ([], []), "the same component loses nothing"


def test_what_a_case_sets_itself_is_not_said_to_carry_over() -> None:
    known = catalogue()
    made = edits.set_value(document(), "mem1.heads", 8, known)
    axis = Axis(name="memory", cases=[Case(label="linear", set={"mem1.component": "sequence.linear_attention", "mem1.heads": 2})])
    assert "Heads" not in preview(edits.set_axis(made, axis), "memory", known).cases[0].kept


def test_widths_are_found_and_the_model_is_costed_with_them() -> None:
    known = catalogue()
    match = Match(what="parameters", width="mem1.key_width", to="sequence.attention")
    made = varied("sequence.attention", "sequence.linear_attention", match=match)
    found = preview(made, "memory", known)
    assert found.refused == ""
    first, second = found.cases
    assert first.solved == ()
    assert first.cost is not None
    assert second.cost is not None
    solution = second.solved[0]
    assert second.cost.parameters == solution.has
    assert abs(solution.has / first.cost.parameters - 1) < 0.1
    solved = axis_edits.axis(matching.solve(made, known), "memory").match
    assert solved is not None
    assert solution in solved.solved.values()
    assert made.run.vary[0].match == match, "the document itself is as it was"


def test_why_nothing_is_found_and_what_is_measured_later_are_said() -> None:
    known = catalogue()
    match = Match(what="state_bytes", width="mem1.chunk", to="sequence.linear_attention")
    assert (
        "cannot be matched" in preview(varied("sequence.linear_attention", "sequence.gated_deltanet", match=match), "memory", known).refused
    )
    later = preview(
        varied("sequence.attention", "sequence.gru", match=match.model_copy(update={"what": "step_time", "to": "sequence.gru"})),
        "memory",
        known,
    )
    assert later.measured_later


def test_a_case_that_cannot_be_says_why() -> None:
    found = preview(varied("sequence.gru", heads=2), "memory", catalogue())
    assert "heads" in found.cases[0].refused
