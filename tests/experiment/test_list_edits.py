"""Components of a list inside a node: taken out, moved up and down."""

from __future__ import annotations

import pytest

from memstudio.experiment import edits
from memstudio.experiment.document import Document
from memstudio.experiment.list_edits import remove_inside, shift_inside
from memstudio.experiment.parameters import Refusal
from tests.experiment.small import CATALOGUE


@pytest.fixture
def mixture() -> Document:
    one, _ = edits.add_node(Document(), "sequence.mixture", CATALOGUE)
    helpers = [{"component": name, "values": {}} for name in ("sequence.plain", "sequence.gated", "sequence.closed")]
    return edits.set_value(one, "mem1.helpers", helpers, CATALOGUE)


def names(given: Document) -> list[str]:
    return [one["component"].partition(".")[2] for one in given.node("mem1").values["helpers"]]


def test_one_of_a_list_is_taken_out(mixture: Document) -> None:
    assert names(remove_inside(mixture, "mem1.helpers.1", CATALOGUE)) == ["plain", "closed"]


def test_one_of_a_list_is_moved_and_stays_at_the_ends(mixture: Document) -> None:
    assert names(shift_inside(mixture, "mem1.helpers.0", 1, CATALOGUE)) == ["gated", "plain", "closed"]
    assert names(shift_inside(mixture, "mem1.helpers.2", -1, CATALOGUE)) == ["plain", "closed", "gated"]
    assert names(shift_inside(mixture, "mem1.helpers.0", -1, CATALOGUE)) == names(mixture)


@pytest.mark.parametrize("address", ["mem1.helpers.7", "mem1.inner", "mem1.inner.component", "", "mem1"])
def test_what_is_no_place_in_a_list_is_refused(mixture: Document, address: str) -> None:
    with pytest.raises(Refusal):
        remove_inside(mixture, address, CATALOGUE)
