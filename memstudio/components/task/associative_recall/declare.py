"""Multi-query associative recall, declared."""

from __future__ import annotations

from memstudio.components.task.parameters import FILLER, GAP, VOCABULARY
from memstudio.experiment.declarations import Component, Equation, Port, Source, Values
from memstudio.experiment.kinds import Inputs, Kind, Spec, Targets
from memstudio.experiment.parameters import Whole, WholeList


def shortest(load: int) -> int:
    """The length that a load needs: two tokens for each pair, and a query slot of two tokens for each."""
    return 4 * load


def smallest_vocabulary(load: int) -> int:
    """The vocabulary that a load needs: its keys are different, and one token of the keys' half is the blank."""
    return 2 * (load + 1)


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
        labels=("load",),
        marks=("distance", "serial_position"),
    )
    return {
        "tokens": Spec(Kind.TOKENS, time=values["length"], vocabulary=vocabulary),
        "stream": Spec(Kind.STREAM, targets=targets),
    }


def _refuse(values: Values, inputs: Inputs) -> str | None:
    most = max(values["loads"])
    length, vocabulary = values["length"], values["vocabulary"]
    if length < shortest(most):
        return f"A load of {most:,} pairs needs a length of at least {shortest(most):,}; it is {length:,}."
    if vocabulary < smallest_vocabulary(most):
        return f"A load of {most:,} pairs needs a vocabulary of at least {smallest_vocabulary(most):,}; it is {vocabulary:,}."
    return None


COMPONENTS = [
    Component(
        id="task.associative_recall",
        title="Associative recall",
        summary="Pairs of a key and a value, then the keys again: at each, the memory must give its value.",
        explanation=(
            "Multi-query associative recall (MQAR). An item shows n pairs of a key and a value, then asks for every key once, at a "
            "place drawn by a power law, so that most questions come soon and some come late. At the position of a question the right "
            "answer is the value that stood behind that key; no other position counts.\n\n"
            "Half of the vocabulary are keys (token 0 is blank), half are values. The keys of an item differ, and so do its values. "
            "Question slots are every second position behind the pairs; slots are drawn without replacement, so each key is asked "
            "once. With a power of 0.99 the gaps are those of the paper's experiments (its power a = 0.01; the power here is 1 − a), "
            "with 0 every slot is equally likely.\n\n"
            "Training mixes the loads: each item draws its own n, and all items have one length. Validation and test have one part "
            "for each load, and know for each question the distance (how many tokens lie between the pair's value and the question) "
            "and the serial position (the pair's place among the pairs, from 1). "
            "Guessing among the values is right once in as many as there are values."
        ),
        equations=(
            Equation("An item", "k₁ v₁ k₂ v₂ … kₙ vₙ │ … k₂ … k₁ … kₙ …"),
            Equation("What is asked", "target at the question for kᵢ = vᵢ"),
            Equation("Slot of a question", "P(slot g) ∝ g^(−power),  g = 1 … (length − 2n)/2, without replacement"),
            Equation("Distance", "position of the question − position of vᵢ − 1"),
        ),
        sources=(
            Source(
                "Arora, Eyuboglu, Timalsina, Johnson, Poli, Zou, Rudra, Ré",
                2023,
                "Zoology: Measuring and Improving Recall in Efficient Language Models",
                "arXiv:2312.04927",
            ),
        ),
        gives=(Port("tokens", Kind.TOKENS, "Tokens"), Port("stream", Kind.STREAM, "Stream")),
        parameters=(
            WholeList(
                name="loads",
                title="Loads",
                default=(4, 8, 16),
                low=1,
                high=1024,
                unit="pairs",
                role="loads",
                meaning="How many pairs an item holds; training mixes these loads, tests are made for each.",
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
                meaning="How many tokens an item has; at least four for each pair of the largest load.",
            ),
            GAP,
            FILLER,
            Whole(
                name="test_items",
                title="Test items",
                default=256,
                low=1,
                high=100_000,
                log=True,
                unit="items a load",
                role="test_items",
                meaning="How many items of each load the test holds, and how many the validation.",
            ),
        ),
        implementation="memstudio.components.task.associative_recall.stream:AssociativeRecall",
        reference="memstudio.components.task.associative_recall.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"loads": [1, 2], "vocabulary": 8, "length": 12, "test_items": 4},
        synonyms=("MQAR", "key-value", "induction", "Zoology", "pairs", "in-context recall", "synthetic"),
    )
]
