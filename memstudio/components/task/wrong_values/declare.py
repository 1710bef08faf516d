"""Associative recall in which pairs come several times and some of them with a wrong value, declared."""

from __future__ import annotations

from memstudio.components.task.parameters import GAP, GIVES, TEST_ITEMS, VOCABULARY, outputs, too_many
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Whole, WholeList


def wrong_keys(load: int, percent: int) -> int:
    """How many of `load` keys are shown once with a wrong value; a half is rounded up."""
    return (2 * load * percent + 100) // 200


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
        labels=("load", "wrong"),
        marks=("distance", "misled"),
    )
    return outputs(values["length"], vocabulary, targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    load, shown = max(values["loads"]), max(values["loads"]) * values["times"]
    if values["length"] < 2 * (shown + load):
        return f"{shown:,} pairs and {load:,} questions need a length of at least {2 * (shown + load):,}; it is {values['length']:,}."
    needed = max(2 * (load + 1), 2 * (load + wrong_keys(load, max(values["wrong"]))) - 1)
    if values["vocabulary"] < needed:
        return f"{load:,} keys with so many wrong values need a vocabulary of at least {needed:,}; it is {values['vocabulary']:,}."
    return too_many(len(values["loads"]) * len(values["wrong"]))


COMPONENTS = [
    Component(
        id="task.wrong_values",
        title="Wrong values among right ones",
        summary="Associative recall in which each pair comes several times, for some keys once with a wrong value: outliers to be ignored.",
        explanation=(
            "An item shows each pair of a key and a value several times, in random order. For a share of the keys one showing is an "
            "outlier: it has a value that belongs to no key. Then every key is asked once, and the right answer is the value that "
            "most of its showings have. A memory that follows each new pair is misled by an outlier that comes late; one that "
            "averages is pulled aside by it; one with a robust objective should care less.\n\n"
            "Half of the vocabulary are keys (token 0 is blank), half are values; the true values of an item and its wrong ones all "
            "differ. Questions come behind the pairs at places drawn by a power law, as in associative recall.\n\n"
            "Training mixes the loads and the shares; the test has a part for each of both, and knows for each question the distance "
            "to the key's last showing and whether the key was shown with a wrong value (misled = 1). In the paper outliers are "
            "values far from all others; tokens are all alike in size before they are embedded, so here they are wrong, not large."
        ),
        equations=(
            Equation("An item", "k₁ v₁ k₂ v₂ k₁ w k₂ v₂ k₁ v₁ … │ … k₁ … k₂ …"),
            Equation("What is asked", "target at the question for kᵢ = the value that most showings of kᵢ have"),
            Equation("Outliers", "r = round(n · wrong / 100) keys, one showing of each"),
            Equation("Slot of a question", "P(slot g) ∝ g^(−power),  without replacement"),
        ),
        sources=(
            Source(
                "Behrouz, Razaviyayn, Zhong, Mirrokni",
                2025,
                "It's All Connected: A Journey Through Test-Time Memorization, Attentional Bias, Retention, and Online Optimization",
                "arXiv:2504.13173, the experiment only",
                ("S092",),
            ),
        ),
        gives=GIVES,
        parameters=(
            WholeList(
                name="loads",
                title="Loads",
                default=(4,),
                low=1,
                high=1024,
                unit="keys",
                role="loads",
                meaning="How many different keys an item has; training mixes these loads, tests are made for each.",
            ),
            WholeList(
                name="wrong",
                title="Wrong values",
                default=(0, 50, 100),
                low=0,
                high=100,
                unit="% of the keys",
                meaning="Which share of the keys is shown once with a wrong value; training mixes these shares, tests are made for each.",
            ),
            Whole(
                name="times",
                title="Showings",
                default=3,
                low=3,
                high=32,
                unit="a key",
                meaning="How often each pair is shown; with three or more, most showings of a key are right.",
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
                meaning="How many tokens an item has; two for each showing and two for each question at least.",
            ),
            GAP,
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.wrong_values.stream:WrongValues",
        reference="memstudio.components.task.wrong_values.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"loads": [2], "wrong": [0, 50], "times": 3, "vocabulary": 10, "length": 18, "test_items": 4},
        synonyms=("outliers", "noise", "robust", "label noise", "majority", "MQAR", "Miras"),
    )
]
