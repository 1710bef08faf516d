"""Studies: cells, labels, seeds, and documents that are complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from memstudio.experiment.document import Axis, Case, Document, Match, Run, Tuned
from memstudio.experiment.files import parse, to_text
from memstudio.experiment.matching import solve
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import apply, cells, count, plan
from tests.experiment.small import CATALOGUE, again, document

MEMORY = Axis(
    name="memory",
    cases=[
        Case(label="plain", set={"mem1.heads": 8}),
        Case(label="gated", set={"mem1.key_width": 4, "mem1.component": "sequence.gated"}),
        Case(label="ungated", set={"mem1.component": "sequence.ungated"}),
    ],
)
STEPS = Axis(name="steps", set="learn.steps", values=[5, 50])


def study(*axes: Axis, **run: object) -> Document:
    return document(run=Run(vary=list(axes), **run))  # pyright: ignore


def test_nothing_varies() -> None:
    (run,) = plan(document(), CATALOGUE)
    assert (run.cell, run.sets, run.replicate, run.seed, run.data_seed) == ("", {}, 0, 0, 0)
    assert run.document.run.data_seed == 0
    assert run.document.nodes == document().nodes


def test_cells_are_the_product_of_the_axes() -> None:
    one = study(MEMORY, STEPS, replicates=3)
    labels = [label for label, _ in cells(one)]
    assert labels == ["plain, steps 5", "plain, steps 50", "gated, steps 5", "gated, steps 50", "ungated, steps 5", "ungated, steps 50"]
    assert cells(one)[2][1] == {"mem1.key_width": 4, "mem1.component": "sequence.gated", "learn.steps": 5}
    assert (count(one).cells, count(one).runs, count(one).text) == (6, 18, "3 memory × 2 steps × 3 seeds")
    assert count(document()).text == "1 run"


def test_every_seed_pairs_over_all_cells() -> None:
    runs = plan(study(MEMORY, replicates=2, seed=7), CATALOGUE)
    assert [(run.cell, run.replicate, run.seed, run.data_seed) for run in runs] == [
        ("plain", 0, 7, 7),
        ("gated", 0, 7, 7),
        ("ungated", 0, 7, 7),
        ("plain", 1, 8, 8),
        ("gated", 1, 8, 8),
        ("ungated", 1, 8, 8),
    ]


def test_planned_documents_are_complete() -> None:
    for run in plan(study(MEMORY, STEPS, replicates=2, data_seed=100, seed=3), CATALOGUE):
        assert run.document.run.vary == []
        assert run.document.run.replicates == 1
        assert (run.document.run.seed, run.document.run.data_seed) == (3 + run.replicate, 100 + run.replicate)
        assert run.document.node("learn").values["steps"] in (5, 50)
        assert [node.uid for node in run.document.nodes] == [node.uid for node in document().nodes]
        assert plan(run.document, CATALOGUE)[0].document == run.document


def test_swaps_come_before_values_and_carry_by_role() -> None:
    plain, gated, ungated = (run.document.node("mem1") for run in plan(study(MEMORY), CATALOGUE))
    assert (plain.component, plain.values) == ("sequence.plain", {"heads": 8})
    assert (gated.component, gated.values) == ("sequence.gated", {"channels": 2, "key_width": 4})
    assert (ungated.component, ungated.values, ungated.version) == ("sequence.ungated", {"channels": 2}, 1)


def test_nested_components_are_swapped_after_what_holds_them() -> None:
    sets = {"mem1.inner.key_width": 4, "mem1.inner.component": "sequence.gated", "mem1.component": "sequence.mixture"}
    values = apply(document(), sets, CATALOGUE).node("mem1").values
    assert values == {"inner": {"component": "sequence.gated", "values": {"key_width": 4}}}


def test_the_command_lines_say() -> None:
    runs = plan(study(MEMORY, replicates=5), CATALOGUE, seed=40, replicates=2, cell="gated")
    assert [(run.cell, run.seed, run.data_seed) for run in runs] == [("gated", 40, 40), ("gated", 41, 41)]
    with pytest.raises(Refusal, match=r"There is no cell 'gatde' \(did you mean gated\?\); there are 'plain', 'gated', 'ungated'\."):
        plan(study(MEMORY), CATALOGUE, cell="gatde")
    with pytest.raises(Refusal, match="replicates must be at least 1"):
        plan(document(), CATALOGUE, replicates=0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (study(STEPS.model_copy(update={"match": Match(what="parameters", width="mem1.heads", to="plain")})), "matches to 'plain'"),
        (study(STEPS.model_copy(update={"tuned": Tuned(by="accuracy")})), "a choice may not see test"),
        (study(packed=True), "there is one seed only"),
        (study(Axis(name="empty", cases=[])), "Axis 'empty' has no case"),
        (study(Axis(name="same", cases=[Case(label="a"), Case(label="a")])), "Two cells of the study are called 'a'"),
        (study(Axis(name="bad", set="mem1.heads", values=[99])), "Cell 'heads 99' cannot be made: mem1.heads: Heads must be"),
        (study(Axis(name="bad", set="absent.heads", values=[1])), "there is no node 'absent'"),
        (study(*(Axis(name=f"a{n}", set="mem1.heads", values=list(range(1, 31))) for n in range(3))), "27,000 runs"),
        (study(seed=2**31 - 1, replicates=2), "is too large"),
    ],
)
def test_what_cannot_be_run_is_refused(given: Document, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        plan(given, CATALOGUE)
    assert sentence in str(refused.value)


def test_match_and_tuned_are_kept_in_the_file() -> None:
    tuned = Tuned.model_validate({"by": "accuracy[split=validation]", "seeds": 2, "of a later version": [1, 2]})
    axis = STEPS.model_copy(update={"match": Match(what="parameters", width="mem1.heads", to="plain"), "tuned": tuned})
    assert again(study(axis)) == study(axis)
    assert '"trials"' not in to_text(study(axis))


def test_a_study_with_every_key_is_written_as_it_was_read_and_its_solution_holds() -> None:
    text = (Path(__file__).parent / "golden" / "format1-study.memx").read_text("utf-8")
    golden = parse(text)
    assert to_text(golden) == text
    assert solve(golden, CATALOGUE) is golden
    assert [label for label, _ in cells(golden)] == ["plain", "gated (key width 12)"]
    assert (count(golden).text, count(golden).all) == ("2 memory × 5 seeds, after 16 trials", 26)
    assert {run.trial_of for run in plan(golden, CATALOGUE)} == {"plain", "gated (key width 12)"}
