"""The tour's steps, over documents alone."""

from __future__ import annotations

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.desktop.tour.steps import CHAIN, LEARNER, STEPS, VALUES, Seen, current, loose, nodes_of, unset
from memstudio.experiment import edits
from memstudio.experiment.checking import errors
from memstudio.experiment.document import Document


def built(number: int, wired: bool = True) -> Document:
    """The first so many components of the chain, joined."""
    document = Document()
    before = ""
    for component, start, end in CHAIN[:number]:
        document, id = edits.add_node(document, component, catalogue())
        if before and (wired or component != CHAIN[number - 1][0]):
            document = edits.connect(document, f"{before}.{start}", f"{id}.{end}", catalogue())
        before = id
    return document


def with_values(document: Document) -> Document:
    (learner,) = nodes_of(document, LEARNER)
    for name, value in VALUES:
        document = edits.set_value(document, f"{learner}.{name}", value, catalogue())
    return document


@pytest.mark.parametrize("number", range(len(CHAIN) + 1))
def test_each_component_that_is_joined_is_a_step_done(number: int) -> None:
    assert current(Seen(built(number))) == number


@pytest.mark.parametrize("number", range(2, len(CHAIN) + 1))
def test_one_that_nothing_leads_to_is_not_done(number: int) -> None:
    document = built(number, wired=False)
    assert current(Seen(document)) == number - 1
    assert loose(document, number - 1) is not None
    assert loose(built(number), number - 1) is None


def test_values_near_enough_are_as_good() -> None:
    document = built(len(CHAIN))
    assert unset(document) == list(VALUES)
    (learner,) = nodes_of(document, LEARNER)
    document = edits.set_value(document, f"{learner}.steps", 500, catalogue())
    assert unset(document) == [("rate", 0.003)]
    assert unset(edits.set_value(document, f"{learner}.rate", 0.5, catalogue())) == [("rate", 0.003)]
    assert STEPS[current(Seen(document))].id == "values"
    assert STEPS[current(Seen(with_values(document)))].id == "run"


def test_what_is_built_has_no_problem() -> None:
    assert errors(with_values(built(len(CHAIN))), catalogue()) == []


def test_once_it_runs_edits_lead_no_longer_back() -> None:
    assert STEPS[current(Seen(Document(), submitted=True))].id == "points"
    assert STEPS[current(Seen(Document(), submitted=True, points=True))].id == "scrub"
    assert current(Seen(Document(), submitted=True, points=True, scrubbed=True)) == len(STEPS)
    assert STEPS[current(Seen(with_values(built(len(CHAIN))), points=True))].id == "run"


def test_a_second_component_beside_the_chain_is_no_obstacle() -> None:
    document, _ = edits.add_node(built(3), CHAIN[1][0], catalogue())
    assert current(Seen(document)) == 3
