"""Methods in words, made from documents."""

from __future__ import annotations

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Axis, Case, Document, Hopeless, Match, Run, Solved, Tuned
from memstudio.experiment.gallery import find, gallery
from memstudio.report.methods import all_values, design, given_words, paragraphs, running, used


def said(document: Document) -> dict[str, str]:
    return {one.heading: " ".join([one.text, *one.items]) for one in paragraphs(document, catalogue())}


@pytest.mark.parametrize("item", gallery(), ids=lambda item: item.id)
def test_every_study_of_the_gallery_can_be_told(item: object) -> None:
    document = item.document  # type: ignore[attr-defined]
    found = said(document)
    assert {"Task", "Model", "Design", "Running", "Analysis"} <= set(found)
    assert all(text.strip() and "None" not in text and "{" not in text for text in found.values())
    # every node is told of, and every component that a cell puts in
    whole = " ".join(found.values())
    assert all(f"({node.id}" in whole for node in document.nodes)
    assert all(
        one.sources or one.equations or one.entry.component.family in ("probe", "task", "encoder") for one in used(document, catalogue())
    )


def test_a_component_that_every_cell_replaces_is_not_used() -> None:
    document = find("who-remembers-under-load").document
    ids = {one.entry.id: one.where for one in used(document, catalogue())}
    assert ids["sequence.attention"] == ("attention",)
    assert ids["sequence.deltanet"] == ("delta rule",)
    assert ids["probe.recall"] == ("recall",)


def test_values_have_titles_and_units() -> None:
    entry = catalogue().entry("learner.gradient_descent")
    assert given_words({"steps": 1500, "batch": 32, "rate": 0.003}, entry) == "steps 1,500; batch 32 items; learning rate 0.003"
    assert given_words({"anything": True}, None) == "anything on"
    values = {one.id: one for one in all_values(find("who-remembers-under-load").document, catalogue())}
    assert ("Steps", "1,500", True) in values["learn"].values
    assert any(not given for _, _, given in values["learn"].values)


def test_design_of_one_setting() -> None:
    assert design(Document()) == "One setting with seed 0: 1 run."
    assert "2 seeds (5 to 6)" in design(Document(run=Run(seed=5, replicates=2)))
    assert "The seeds of the data are their own: 2 seeds (9 to 10)." in design(Document(run=Run(seed=5, data_seed=9, replicates=2)))


def test_design_of_what_was_matched_tuned_and_given_up() -> None:
    cases = [Case(label="attention", set={"mem1.heads": 1}), Case(label="delta", set={"mem1.heads": 2})]
    match = Match(what="state_bytes", width="mem1.key_width", to="attention", solved={"delta": Solved(value=18, has=102, wants=100)})
    axes = [Axis(name="memory", cases=cases, match=match), Axis(name="rate", set="learn.rate", values=[0.1, 0.01], tuned=Tuned(seeds=2))]
    text = design(Document(run=Run(vary=axes, replicates=3, hopeless=Hopeless(after=3, margin=0.5), minutes=90, packed=True)))
    for words in (
        "Every case was given the same bytes of state as attention, by its mem1.key_width: delta 18 (+2.0 %).",
        "Tuned for each cell: rate among rate 0.1 and rate 0.01, by the lowest loss, validation of all settings of a grid",
        "After 3 seeds a cell was given up where its loss, validation lay above the best by more than 0.5, beyond doubt over seeds.",
        "After 90 minutes of work what still waited was stopped.",
        "as members of one pass",
    ):
        assert words in text, words


def test_where_it_runs() -> None:
    assert running(Document(run=Run(device="cuda:0", deterministic=False))).startswith(
        "float32 on cuda:0, 1 thread a run, algorithms that may differ"
    )
