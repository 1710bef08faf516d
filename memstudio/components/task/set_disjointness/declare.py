"""Set disjointness, declared: two sets one after the other, in either order, read once or more often."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs, too_many
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Choice, Whole, WholeList

#: tokens that are no elements: the blank, before the first set, between the sets, the question
SPECIAL = 4


def length_of(small: int, large: int, times_read: int) -> int:
    """How many tokens an item has: both sets with a token before each, as often as they are read, and the question."""
    return times_read * (small + large + 2) + 1


def orders(order: str) -> tuple[int, ...]:
    """Whether the small set comes first (1) or second (0), for what the choice stands for."""
    return {"small": (1,), "large": (0,), "both": (1, 0)}[order]


def answers(asked: str, elements: int) -> int:
    """How many answers there are."""
    return elements if asked == "shared" else 2


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    vocabulary = values["elements"] + SPECIAL
    shared = values["asked"] == "shared"
    targets = Targets(
        what="token" if shared else "whether the sets are disjoint",
        size=vocabulary if shared else 2,
        per_position=True,
        chance=1 / answers(values["asked"], values["elements"]),
        labels=("small", "large", "first"),
        marks=("distance",),
    )
    return outputs(length_of(max(values["small"]), max(values["large"]), values["times_read"]), vocabulary, targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    most = max(values["small"]) + max(values["large"])
    if values["elements"] < most:
        return f"The largest two sets need {most:,} different elements; there are {values['elements']:,}."
    return too_many(len(values["small"]) * len(values["large"]) * len(orders(values["order"])))


COMPONENTS = [
    Component(
        id="task.set_disjointness",
        title="Set disjointness",
        summary="Two sets one after the other: which element is in both, or is there none? It depends on which set comes first.",
        explanation=(
            "An item lists a set A, then a set B, then asks about both. To answer, a memory of fixed size must keep the set that "
            "comes first and compare it with each element of the second: if the small set comes first little has to be kept, if the "
            "large one comes first much. Attention over everything does not care. The gap between both orders is what recurrent "
            "memories lose by having to choose what to keep before they know what it is for.\n\n"
            "Reading the sets twice before the question (or three times) takes the disadvantage away: at the second reading the "
            "other set is known.\n\n"
            "Asked is either which element is in both (one always is, as in the authors' experiments), or whether the sets are "
            "disjoint (half of the items are; the others share one element; answer 1 is disjoint). Elements of a set differ. The "
            "test has a part for each pair of sizes and each order. The distance of a question is how many tokens lie between it "
            "and the shared element where that was last seen. Who knows the sets but not what they share guesses better than "
            "chance: once in the size of the smaller set."
        ),
        equations=(
            Equation("An item", "( a₁ a₂ … ; b₁ b₂ … ) repeated as often as it is read, then ?"),
            Equation("What is asked, which", "target = the only x in A ∩ B"),
            Equation("What is asked, whether", "target = [ A ∩ B = ∅ ]"),
            Equation("What must be kept", "about |A| log₂ N bits for A first, so min(|A|, |B|) in the better order"),
        ),
        sources=(
            Source(
                "Arora, Timalsina, Singhal, Spector, Eyuboglu, Zhao, Rao, Rudra, Ré",
                2024,
                "Just Read Twice: Closing the Recall Gap for Recurrent Language Models",
                "arXiv:2407.05483",
                systems=("S329",),
            ),
        ),
        gives=GIVES,
        parameters=(
            WholeList(
                name="small",
                title="Small set",
                default=(4,),
                low=1,
                high=1024,
                unit="elements",
                meaning="How many elements the one set has; training mixes these sizes, tests are made for each.",
            ),
            WholeList(
                name="large",
                title="Large set",
                default=(16, 32),
                low=1,
                high=4096,
                unit="elements",
                meaning="How many elements the other set has; training mixes these sizes, tests are made for each.",
            ),
            Choice(
                name="order",
                title="Order",
                default="both",
                options={"small": "Small set first", "large": "Large set first", "both": "Either, tested apart"},
                meaning="Which set comes first.",
            ),
            Choice(
                name="asked",
                title="What is asked",
                default="shared",
                options={"shared": "Which element is in both", "whether": "Whether they are disjoint"},
                meaning="Whether the shared element is to be named, or only whether there is one.",
            ),
            Whole(
                name="elements",
                title="Different elements",
                default=128,
                low=2,
                high=65532,
                log=True,
                unit="elements",
                meaning="How many different elements there are; the vocabulary has four tokens more.",
            ),
            Whole(
                name="times_read",
                title="Times read",
                default=1,
                low=1,
                high=3,
                unit="times",
                role="times_read",
                meaning="How often the two sets are shown before the question.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.set_disjointness.stream:SetDisjointness",
        reference="memstudio.components.task.set_disjointness.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"small": [2], "large": [3, 4], "elements": 9, "test_items": 4},
        synonyms=("just read twice", "JRT", "intersection", "communication complexity", "order", "streaming"),
    )
]
