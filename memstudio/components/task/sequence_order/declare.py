"""Which of two pieces of a document came first, declared."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs, too_many
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Whole, WholeList

#: tokens that are no events: the blank, before the first piece, before the second, the question
SPECIAL = 4


def length_of(document: int, segment: int) -> int:
    """How many tokens an item has: the document, both pieces with a token before each, and the question."""
    return document + 2 * segment + 3


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    targets = Targets(
        what="which piece came first",
        size=2,
        per_position=True,
        chance=0.5,
        labels=("length", "gap"),
        marks=("distance", "serial_position"),
    )
    return outputs(length_of(max(values["lengths"]), values["segment"]), values["events"] + SPECIAL, targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    most, least, segment, gap = max(values["lengths"]), min(values["lengths"]), values["segment"], max(values["gaps"])
    if values["events"] < most:
        return f"A document of {most:,} different events needs at least as many; there are {values['events']:,}."
    if least < 2 * segment + gap:
        return f"Two pieces of {segment:,} with {gap:,} events between them need documents of {2 * segment + gap:,}; one has {least:,}."
    return too_many(len(values["lengths"]) * len(values["gaps"]))


COMPONENTS = [
    Component(
        id="task.sequence_order",
        title="Sequence order recall",
        summary="A document, then two pieces of it in either order: which came first? By length and by how far apart they were.",
        explanation=(
            "An item is a document of events, all different. Behind it stand two pieces of it that do not overlap, in either order, "
            "and the question which of them came first in the document (answer 0: the one shown first; 1: the other). What happened "
            "is shown again; only the order in time has to be remembered.\n\n"
            "The test has a part for each length of the document and each gap (events between the two pieces); training mixes "
            "lengths and draws any gap that fits. Pieces stand anywhere. Known of each question are how many tokens lie between it "
            "and the end of the later piece in the document, and the place in the document where the earlier piece begins, from 1.\n\n"
            "This is the synthetic, in-context form of the Sequence Order Recall Tasks: their documents are books, and their "
            "comparison with models that saw the text only in training, or only retrieved pieces without order, is a matter of the "
            "model and its training and not made here."
        ),
        equations=(
            Equation("An item", "e₁ e₂ … e_D ( piece ; piece ?"),
            Equation("What is asked", "target at ? = [ the second piece shown came first ]"),
            Equation("Guessing", "P(right) = 1 / 2"),
        ),
        sources=(
            Source(
                "Pink, Vo, Wu, Mu, Turek, Hasson, Norman, Michelmann, Huth, Toneva",
                2024,
                "Assessing Episodic Memory in LLMs with Sequence Order Recall Tasks",
                "arXiv:2410.08133",
                systems=("S096",),
            ),
        ),
        gives=GIVES,
        parameters=(
            WholeList(
                name="lengths",
                title="Lengths",
                default=(32, 64),
                low=2,
                high=16384,
                unit="events",
                role="lengths",
                meaning="How many events a document has; training mixes these lengths, tests are made for each.",
            ),
            WholeList(
                name="gaps",
                title="Gaps",
                default=(0, 8, 24),
                low=0,
                high=16384,
                unit="events",
                meaning="How many events lie between the two pieces in test items; training draws any gap that fits.",
            ),
            Whole(
                name="segment",
                title="Length of a piece",
                default=4,
                low=1,
                high=1024,
                log=True,
                unit="events",
                meaning="How many events each of the two pieces has.",
            ),
            Whole(
                name="events",
                title="Different events",
                default=96,
                low=2,
                high=65532,
                log=True,
                unit="events",
                meaning="How many different events there are, at least as many as the longest document has.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.sequence_order.stream:SequenceOrder",
        reference="memstudio.components.task.sequence_order.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"lengths": [8], "gaps": [0, 2], "segment": 2, "events": 12, "test_items": 4},
        synonyms=("SORT", "episodic memory", "temporal order", "recency", "which came first", "events"),
    )
]
