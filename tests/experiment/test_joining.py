"""What can be joined and why not; nodes put on wires and taken out of them."""

from __future__ import annotations

import pytest

from memstudio.experiment import edits
from memstudio.experiment.checking import fits
from memstudio.experiment.document import Document
from memstudio.experiment.joining import detach, fitting, is_free, joins, misplaced, put_on_wire
from memstudio.experiment.kinds import Kind
from memstudio.experiment.parameters import Refusal
from tests.experiment.small import CATALOGUE, document


def wires(given: Document) -> set[tuple[str, str]]:
    return {(wire.start, wire.end) for wire in given.wires}


# ---------------------------------------------------------------------------------------------- joins


def test_what_fits_comes_first_then_what_can_be_mended_then_the_rest_with_reasons() -> None:
    one, id = edits.add_node(document(), "sequence.gated", CATALOGUE, (480, 100))
    found = joins(one, CATALOGUE, id)
    fitting_ones = [j for j in found if j.reason is None]
    assert found[: len(fitting_ones)] == fitting_ones
    assert all(fits(one, CATALOGUE, j.start, j.end) == j.reason for j in found)
    mended = [j.mend is not None for j in found if j.reason is not None]
    assert mended == sorted(mended, reverse=True)
    assert any(j.reason == "Gated memory needs a sequence; Words gives tokens. Insert Token embedding?" for j in found)


def test_of_what_fits_the_open_and_the_near_come_first() -> None:
    one, id = edits.add_node(edits.disconnect(document(), "mem1.sequence", "classify.input"), "sequence.gated", CATALOGUE, (480, 100))
    ends = [(j.start, j.end) for j in joins(one, CATALOGUE, id) if j.reason is None]
    assert ends[0] == ("mem1.sequence", f"{id}.sequence")
    assert ends.index((f"{id}.sequence", "classify.input")) < ends.index((f"{id}.sequence", "mem1.sequence"))
    replaced = {(j.start, j.end): j.replaces for j in joins(one, CATALOGUE, id)}
    assert replaced[f"{id}.sequence", "mem1.sequence"]
    assert not replaced[f"{id}.sequence", "classify.input"]


def test_what_is_joined_already_is_not_listed_and_the_unknown_has_nothing() -> None:
    assert ("embed.sequence", "mem1.sequence") not in {(j.start, j.end) for j in joins(document(), CATALOGUE, "mem1")}
    nodes = [n.model_copy(update={"component": "sequence.absent"}) if n.id == "mem1" else n for n in document().nodes]
    assert joins(document(nodes=nodes), CATALOGUE, "mem1") == []


def test_a_node_does_not_feed_itself_and_closes_no_loop() -> None:
    assert fits(document(), CATALOGUE, "mem1.sequence", "mem1.sequence") == "Plain memory cannot feed itself; wires must lead forward."
    # Said before the kinds: what would be inserted would close the loop as well.
    reason = fits(document(), CATALOGUE, "classify.scores", "mem1.sequence")
    assert reason == "Plain memory already leads to Classifier; this wire would close a loop."


# ---------------------------------------------------------------------------------------------- what fits in the void


def test_the_void_offers_the_missing_step_before_another_memory_and_a_second_task_last() -> None:
    one = edits.remove(document(), ["classify"])
    after = [entry.id for entry in fitting(one, CATALOGUE, "mem1.sequence", Kind.SEQUENCE, "after")]
    assert after[0] == "readout.classifier"
    assert after.index("sequence.plain") < after.index("encoder.join")
    before = [entry.id for entry in fitting(document(), CATALOGUE, "embed.tokens", Kind.TOKENS, "before")]
    assert before == ["task.words"]
    whole = [entry.id for entry in fitting(document(), CATALOGUE, "mem1.sequence", Kind.SEQUENCE, "after")]
    assert whole.index("sequence.plain") < whole.index("readout.classifier")


# ---------------------------------------------------------------------------------------------- on a wire


def test_a_free_node_is_put_on_a_wire() -> None:
    one, id = edits.add_node(document(), "sequence.gated", CATALOGUE)
    new = put_on_wire(one, id, "mem1.sequence", "classify.input", CATALOGUE)
    assert {("mem1.sequence", f"{id}.sequence"), (f"{id}.sequence", "classify.input")} <= wires(new)
    assert ("mem1.sequence", "classify.input") not in wires(new)
    # Between the two, which stand apart far enough for it afterwards; what does not follow stays.
    assert new.node("mem1").place[0] + 160 < new.node(id).place[0] < new.node("classify").place[0] - 160
    assert new.node("embed").place == one.node("embed").place
    back = put_on_wire(edits.move(one, {id: (300.0, 120.0)}), id, "mem1.sequence", "classify.input", CATALOGUE)
    assert back.node(id).place == new.node(id).place


def test_on_a_wire_that_comes_back_a_node_stays_where_it_was_let_go() -> None:
    one = edits.move(document(), {"classify": (0.0, 300.0)})
    one, id = edits.add_node(one, "sequence.gated", CATALOGUE, (240.0, 140.0))
    new = put_on_wire(one, id, "mem1.sequence", "classify.input", CATALOGUE)
    assert new.node(id).place == (240.0, 140.0)
    assert new.node("classify").place == (0.0, 300.0)


def test_what_does_not_fit_on_a_wire_says_which_side() -> None:
    at = ("mem1.sequence", "classify.input")
    assert misplaced(document(), "sequence.gated", *at, CATALOGUE) is None
    assert misplaced(document(), "ensemble.deep", *at, CATALOGUE) == "Deep ensemble takes a model; this wire carries a sequence."
    assert misplaced(document(), "task.words", *at, CATALOGUE) == "Words takes nothing; this wire carries a sequence."
    needs = "Classifier gives scores; Classifier needs a sequence or features."
    assert misplaced(document(), "readout.classifier", *at, CATALOGUE) == needs
    one, id = edits.add_node(document(), "ensemble.deep", CATALOGUE)
    with pytest.raises(Refusal, match="this wire carries a sequence"):
        put_on_wire(one, id, *at, CATALOGUE)
    with pytest.raises(Refusal, match="has wires already"):
        put_on_wire(document(), "mem1", "task.tokens", "embed.tokens", CATALOGUE)
    with pytest.raises(Refusal, match="no node 'absent'"):
        put_on_wire(document(), "absent", *at, CATALOGUE)


# ---------------------------------------------------------------------------------------------- off its wires


def test_a_detached_node_leaves_what_was_before_joined_with_what_is_after() -> None:
    new = detach(document(), ["mem1"], CATALOGUE)
    assert ("embed.sequence", "classify.input") in wires(new)
    assert is_free(new, "mem1")
    assert not is_free(new, "embed")


def test_of_several_the_wires_among_them_stay() -> None:
    one, id = edits.insert_on_wire(document(), "mem1.sequence", "classify.input", "sequence.gated", CATALOGUE)
    new = detach(one, ["mem1", id], CATALOGUE)
    assert ("mem1.sequence", f"{id}.sequence") in wires(new)
    assert ("embed.sequence", "classify.input") in wires(new)
    assert len(new.wires) == len(one.wires) - 1


def test_where_before_and_after_do_not_fit_they_are_not_joined() -> None:
    new = detach(document(), ["classify"], CATALOGUE)
    assert is_free(new, "classify")
    assert wires(new) == wires(document()) - {("mem1.sequence", "classify.input"), ("classify.scores", "ensemble.model")}


def test_two_ways_through_are_not_mixed() -> None:
    """What went through one of two detached nodes comes out behind that one."""
    one = document()
    one, second = edits.add_node(one, "task.words", CATALOGUE)
    one, embed2 = edits.add_node(one, "encoder.embedding", CATALOGUE)
    one, mem2 = edits.add_node(one, "sequence.plain", CATALOGUE)
    one, classify2 = edits.add_node(one, "readout.classifier", CATALOGUE)
    for start, end in (
        (f"{second}.tokens", f"{embed2}.tokens"),
        (f"{embed2}.sequence", f"{mem2}.sequence"),
        (f"{mem2}.sequence", f"{classify2}.input"),
    ):
        one = edits.connect(one, start, end, CATALOGUE)
    new = detach(one, ["mem1", mem2], CATALOGUE)
    assert {("embed.sequence", "classify.input"), (f"{embed2}.sequence", f"{classify2}.input")} <= wires(new)


def test_nothing_to_detach_is_said() -> None:
    one, id = edits.add_node(document(), "sequence.gated", CATALOGUE)
    with pytest.raises(Refusal, match="no wires to be taken out of"):
        detach(one, [id], CATALOGUE)
    with pytest.raises(Refusal, match="no node 'absent'"):
        detach(one, ["absent"], CATALOGUE)
