"""What can follow a node, for the same reasons that checking gives."""

from __future__ import annotations

import json

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment import edits
from memstudio.experiment.checking import fits
from memstudio.experiment.document import Document, Node
from memstudio.experiment.files import parse
from memstudio.experiment.following import Following
from memstudio.experiment.inference import infer
from tests.documents import recall


def of(component: str, title: str = "") -> Following:
    return Following(Node(id="here", component=component, title=title), catalogue())


@pytest.mark.parametrize(
    "component",
    ["task.associative_recall", "task.patterns", "sequence.gated_deltanet"],
)
def test_what_is_said_to_fit_is_what_checking_lets_be_connected(component: str) -> None:
    following = of(component)
    gives = [port.name for port in catalogue().entry(component).component.gives if port.kind != "stream"]
    for entry in catalogue():
        if not entry.component.alone:
            continue
        document = Document(nodes=[following.node, Node(id="there", component=entry.id)])
        reasons = [fits(document, catalogue(), f"here.{start}", f"there.{port.name}") for start in gives for port in entry.component.takes]
        assert following.fits(entry) == (None in reasons), entry.id
        why = following.why_not(entry)
        assert (why is None) == following.fits(entry), entry.id
        if why is not None and reasons and entry.id != component:
            assert why in reasons, entry.id


def test_the_sentence_names_both_and_what_would_help() -> None:
    why = of("task.associative_recall").why_not(catalogue().entry("sequence.gated_deltanet"))
    assert why == "Gated delta rule needs a sequence; Associative recall gives tokens. Insert Token embedding?"
    assert of("sequence.deltanet", "Mine").why_not(catalogue().entry("task.digits")) == (
        "Handwritten digits takes nothing: it comes first, and cannot follow Mine."
    )
    assert of("probe.recall").why_not(catalogue().entry("probe.cost")) == "Recall gives nothing, so nothing can follow it."


def test_what_stands_inside_another_follows_only_what_has_a_place_for_it() -> None:
    inner = next(entry for entry in catalogue() if not entry.component.alone)
    holder = next(entry for entry in catalogue() if entry.list_for(inner) is not None)
    assert of(holder.id).why_not(inner) is None
    assert "does not stand by itself" in (of("task.associative_recall").why_not(inner) or "")


def test_a_node_that_is_not_known_is_followed_by_nothing_and_says_so() -> None:
    why = of("sequence.from_elsewhere").why_not(catalogue().entry("readout.classifier"))
    assert why is not None
    assert "is not known here" in why


def test_the_kind_that_came_in_counts_where_a_node_gives_it_on() -> None:
    """Add gives what it is given: behind features it gives features, and a sequence memory no longer fits."""
    adding = next(entry for entry in catalogue() if any(port.also for port in entry.component.gives) and entry.component.takes[0].also)
    document = parse(json.dumps(recall()), "x")
    document, here = edits.add_node(document, adding.id, catalogue())
    port = adding.component.takes[0]
    declared = adding.component.gives[0]
    assert Following(document.node(here), catalogue(), infer(document, catalogue())).fits(catalogue().entry("sequence.deltanet"))
    document, digits = edits.add_node(document, "task.digits", catalogue())
    document, flat = edits.add_node(document, "encoder.flat_pixels", catalogue())
    document = edits.connect(document, f"{digits}.image", f"{flat}.image", catalogue())
    document = edits.connect(document, f"{flat}.features", f"{here}.{port.name}", catalogue())
    inferred = infer(document, catalogue())
    assert inferred.outputs[here][declared.name].kind != declared.kind
    following = Following(document.node(here), catalogue(), inferred)
    assert not following.fits(catalogue().entry("sequence.deltanet"))
    assert "gives features here" in (following.why_not(catalogue().entry("sequence.deltanet")) or "")
    assert following.key != Following(document.node(here), catalogue()).key
