"""Associative recall in which keys are bound again, declared."""

from __future__ import annotations

from memstudio.components.task.parameters import FILLER, GAP, GIVES, TEST_ITEMS, VOCABULARY, outputs, too_many
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Whole, WholeList


def again(load: int, percent: int) -> int:
    """How many of `load` keys are bound a second time; a half is rounded up."""
    return (2 * load * percent + 100) // 200


def most_pairs(values: Values) -> int:
    """How many pairs the largest item shows."""
    return int(max(values["loads"]) + again(max(values["loads"]), max(values["rebound"])))


def values_known(vocabulary: int) -> int:
    """How many tokens of a vocabulary are values: the upper half."""
    return vocabulary - vocabulary // 2


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    vocabulary = values["vocabulary"]
    targets = Targets(
        what="token",
        size=vocabulary,
        per_position=True,
        chance=1 / values_known(vocabulary),
        labels=("load", "rebound"),
        marks=("distance", "serial_position", "bindings"),
    )
    return outputs(values["length"], vocabulary, targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    load, pairs = max(values["loads"]), most_pairs(values)
    if values["length"] < 2 * (pairs + load):
        return f"{pairs:,} pairs and {load:,} questions need a length of at least {2 * (pairs + load):,}; it is {values['length']:,}."
    needed = max(2 * (load + 1), 2 * pairs - 1)
    if values["vocabulary"] < needed:
        return f"{pairs:,} different values for {load:,} keys need a vocabulary of at least {needed:,}; it is {values['vocabulary']:,}."
    return too_many(len(values["loads"]) * len(values["rebound"]))


COMPONENTS = [
    Component(
        id="task.rebinding",
        title="Re-binding",
        summary="Associative recall in which some keys come a second time with a new value: only the newest value counts.",
        explanation=(
            "An item shows pairs of a key and a value, as in associative recall, but a share of the keys comes twice, the second "
            "time with another value. Then every key is asked once, and the right answer is the value it was bound to last. A "
            "memory that only adds keeps both values and cannot tell which is newer; one that erases what a key had before it "
            "writes (the delta rule) or fades what is old (gates) can.\n\n"
            "All pairs stand in random order, so that first and second bindings are mixed. The values of an item all differ. Half "
            "of the vocabulary are keys (token 0 is blank), half are values; questions come at places drawn by a power law, as in "
            "associative recall.\n\n"
            "Training mixes the loads (different keys) and the shares; the test has a part for each of both, and knows for each "
            "question the distance to the newest value, the serial position of that pair, and how often the key was bound (1 or 2). "
            "An answer that names the first value of a key that was bound twice is an intrusion, and counts as wrong."
        ),
        equations=(
            Equation("An item", "k₁ v₁ k₂ v₂ k₁ v₃ … │ … k₁ … k₂ …"),
            Equation("What is asked", "target at the question for kᵢ = the value of its last binding"),
            Equation("Pairs", "n + r,  r = round(n · rebound / 100)"),
            Equation("Slot of a question", "P(slot g) ∝ g^(−power),  without replacement"),
        ),
        sources=(
            Source(
                "Arora, Eyuboglu, Timalsina, Johnson, Poli, Zou, Rudra, Ré",
                2023,
                "Zoology: Measuring and Improving Recall in Efficient Language Models",
                "arXiv:2312.04927",
            ),
            Source(
                "Schlag, Irie, Schmidhuber",
                2021,
                "Linear Transformers Are Secretly Fast Weight Programmers",
                "ICML, arXiv:2102.11174",
            ),
        ),
        gives=GIVES,
        parameters=(
            WholeList(
                name="loads",
                title="Loads",
                default=(4, 8),
                low=1,
                high=1024,
                unit="keys",
                role="loads",
                meaning="How many different keys an item has; training mixes these loads, tests are made for each.",
            ),
            WholeList(
                name="rebound",
                title="Bound again",
                default=(0, 50, 100),
                low=0,
                high=100,
                unit="% of the keys",
                meaning="Which share of the keys comes a second time; training mixes these shares, tests are made for each.",
            ),
            VOCABULARY,
            Whole(
                name="length",
                title="Length",
                default=64,
                low=4,
                high=65536,
                log=True,
                unit="tokens",
                role="length",
                meaning="How many tokens an item has; two for each pair and two for each question at least.",
            ),
            GAP,
            FILLER,
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.rebinding.stream:Rebinding",
        reference="memstudio.components.task.rebinding.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"loads": [2], "rebound": [0, 50], "vocabulary": 10, "length": 14, "test_items": 4},
        synonyms=("overwriting", "updates", "rebound keys", "last value wins", "forgetting", "interference", "MQAR", "intrusion"),
    )
]
