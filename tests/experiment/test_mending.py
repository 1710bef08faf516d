"""Mending all at once takes the first mends, and nothing away."""

from __future__ import annotations

from memstudio.experiment import edits
from memstudio.experiment.checking import check
from memstudio.experiment.document import Axis, Case, Document, Node, Run
from memstudio.experiment.entries import Catalogue, Unread
from memstudio.experiment.mending import mend_all
from tests.experiment.small import CATALOGUE, document


def test_several_are_mended_and_counted() -> None:
    broken = edits.disconnect(edits.disconnect(document(), "task.tokens", "embed.tokens"), "mem1.sequence", "classify.input")
    found = mend_all(broken, CATALOGUE)
    assert (found.mended, found.left) == (2, 0)
    assert check(found.document, CATALOGUE) == []


def test_nothing_is_taken_away_and_no_component_is_changed() -> None:
    odd = Node(id="lost", component="sequence.nothing_like_it", place=(0, 400))
    misspelt = Node(id="slip", component="sequence.plan", place=(0, 500))
    broken = document(nodes=[*document().nodes, odd, misspelt])
    slip = next(problem for problem in check(broken, CATALOGUE) if problem.node == "slip")
    assert slip.mends[0].edit(broken).node("slip").component == "sequence.plain", "by itself it is mended"
    broken = edits.disconnect(broken, "task.tokens", "embed.tokens")
    found = mend_all(broken, CATALOGUE)
    assert [node.component for node in found.document.nodes] == [node.component for node in broken.nodes]
    assert found.mended == 1
    assert found.left >= 2
    axis = Axis(name="empty", cases=[Case(label="a", set={"mem1.nothing": 1})])
    varied = document(run=Run(vary=[axis]))
    assert check(varied, CATALOGUE)
    assert mend_all(varied, CATALOGUE).document.run.vary == [axis]


def test_a_document_in_order_stays_as_it_is() -> None:
    given = document()
    found = mend_all(given, CATALOGUE)
    assert found.document is given
    assert found.mended == 0
    assert mend_all(Document(), CATALOGUE).document == Document()


def with_absent(*absent: Unread) -> Catalogue:
    return Catalogue(CATALOGUE.families.values(), [entry.component for entry in CATALOGUE if entry.preset is None], absent)


def lost(absent: Unread) -> str:
    given = document(nodes=[*document().nodes, Node(id="lost", component="sequence.theirs")])
    return next(problem.reason for problem in check(given, with_absent(absent)) if problem.node == "lost")


def test_a_missing_component_names_the_addon_that_would_bring_it() -> None:
    refused = Unread("theirs", "layers.py is missing.", "refused", ("sequence.theirs",))
    assert lost(refused).endswith("cannot be run. The add-on theirs would bring it, and was refused: layers.py is missing.")
    asked = Unread("theirs", "You have not said yet whether this folder may be used.", "asked", ("sequence.theirs",))
    assert "The add-on theirs would bring it: say yes to it, in Settings under Add-ons." in lost(asked)
    off = Unread("theirs", "You said no to this folder.", "off", ("sequence.theirs",))
    assert "it can be used again, in Settings under Add-ons." in lost(off)
    assert "You said no to this folder." in lost(off)
    assert "add-on" not in lost(Unread("theirs", "", "refused", ("sequence.others",)))


def test_only_refused_addons_are_unread_the_others_are_absent() -> None:
    made = with_absent(Unread("a", ""), Unread("b", "", "asked"))
    assert [one.place for one in made.unread] == ["a"]
    assert [one.place for one in made.absent] == ["a", "b"]


def test_of_a_family_alone_no_component_is_guessed() -> None:
    given = document(nodes=[*document().nodes, Node(id="lost", component="sequence.not_here")])
    problem = next(one for one in check(given, CATALOGUE) if one.node == "lost")
    assert "did you mean" not in problem.reason
    assert [mend.title for mend in problem.mends] == ["Remove the node"]
