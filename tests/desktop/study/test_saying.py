from __future__ import annotations

import json

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.desktop.study import places, saying
from memstudio.experiment.cells import Count
from memstudio.experiment.document import Axis, Case, Document, Match
from memstudio.experiment.files import parse
from tests.documents import recall, study

CATALOGUE = catalogue()


@pytest.fixture
def document() -> Document:
    return parse(json.dumps(study()), "small")


@pytest.mark.parametrize(
    ("number", "name", "words"),
    [
        (3, "memory", "3 memories"),
        (1, "memory", "1 memory"),
        (3, "load", "3 loads"),
        (2, "heads", "2 heads"),
        (1, "heads", "1 head"),
        (2, "decay", "2 decays"),
        (2, "heads of mem2", "2 heads of mem2"),
        (1, "loss", "1 loss"),
    ],
)
def test_how_many_cases_an_axis_has(number: int, name: str, words: str) -> None:
    assert saying.plural(number, name) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (Count((), 1, 1), "1 run"),
        (Count((), 1, 5), "5 seeds = 5 runs"),
        (Count((("memory", 3), ("load", 3)), 9, 5), "3 memories × 3 loads × 5 seeds = 45 runs"),
        (Count((("memory", 3),), 3, 1), "3 memories × 1 seed = 3 runs"),
        (Count((("memory", 3),), 3, 5, 48), "3 memories × 5 seeds = 15 runs, after 48 trials"),
    ],
)
def test_how_much_a_study_is(count: Count, words: str) -> None:
    assert saying.count_text(count) == words


def test_what_a_case_sets(document: Document) -> None:
    case = Case(label="x", set={"mem1.component": "sequence.attention", "mem1.heads": 2, "task.loads": [2, 4], "run.threads": 2})
    assert saying.case_text(document, case, CATALOGUE) == "Attention, heads 2, loads 2 4, threads 2"
    lost = Case(label="x", set={"gone.width": 3})
    assert saying.case_text(document, lost, CATALOGUE) == "width 3"


def test_what_is_held_equal(document: Document) -> None:
    axis = Axis(name="memory", cases=[], match=Match(what="state_bytes", width="mem1.key_width", to="attention"))
    assert saying.match_text(document, axis, CATALOGUE) == "same state bytes as attention, by key width"
    assert saying.match_text(document, Axis(name="memory", cases=[]), CATALOGUE) == ""


def test_places_are_those_of_the_nodes_and_of_the_run(document: Document) -> None:
    found = {group.title: [place.title for place in group.places] for group in places.places(document, CATALOGUE)}
    assert found["Associative recall"][:2] == ["Component", "Loads"]
    assert "Heads" in found["Gated delta rule"]
    assert found["Run"] == ["Seed", "Device", "Precision", "Threads", "Deterministic"]
    in_case = places.places(document, CATALOGUE, Case(label="x", set={"mem1.component": "sequence.attention"}))
    attention = next(group for group in in_case if group.title == "Attention")
    assert "Chunk" not in [place.title for place in attention.places]


def test_widths_of_what_is_varied_come_first(document: Document) -> None:
    found = places.widths(document, CATALOGUE)
    assert [place.address for place in found[:2]] == ["mem1.key_width", "mem1.value_width"]
    assert found[0].title == "key width"
    assert found[-1].title.endswith(" of Cost")
    assert all(not place.address.startswith("run.") for place in found)
    assert places.parameter_at(document, "mem1.component", CATALOGUE) is None
    assert places.parameter_at(parse(json.dumps(recall()), "x"), "nowhere.at_all", CATALOGUE) is None
