"""Bigrams with triggers, declared: what follows most tokens is learned, what follows triggers must be looked up in the item."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Choice, Real, Whole


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    targets = Targets(
        what="token",
        size=values["vocabulary"],
        per_position=True,
        chance=1 / values["vocabulary"],
        labels=("asked",),
        marks=("distance", "occurrence"),
        shown_next=True,
    )
    return outputs(values["length"], values["vocabulary"], targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    if values["triggers"] >= values["vocabulary"]:
        return f"{values['triggers']:,} triggers need a vocabulary of more than that many tokens; it has {values['vocabulary']:,}."
    return None


COMPONENTS = [
    Component(
        id="task.induction",
        title="Bigrams with triggers",
        summary="Next-token prediction in which a few trigger tokens are followed by what followed them before in the same item.",
        explanation=(
            "Most tokens are followed by what a chain of bigrams says, the same in all items: weights can learn it. But behind each "
            "of K triggers always comes the trigger's output, drawn anew for each item: the first time nobody can know it, from the "
            "second time on it can be looked up. Doing so is the job of an induction head, which finds the earlier place of the "
            "present token and copies what stood behind it.\n\n"
            "The main part of the test asks only at triggers that have occurred before in the item (asked = in-context): an optimal "
            "reader is always right there when triggers are fixed, and guessing is right once in as many as there are tokens, as "
            "outputs are uniform. A second part, which does not count in the bare measure, asks at tokens that are no triggers "
            "(asked = global): there the best possible is to follow the bigrams, which is right now and then only. Training asks at "
            "every position, as in the paper, or only at repeated triggers.\n\n"
            "Triggers are fixed (the most frequent tokens) or drawn for each item by the tokens' frequency; drawn ones have to be "
            "recognised by what follows them, and what the optimum is there is not said here. The paper counts its bigrams in a "
            "text of letters; here their probabilities are drawn by the data seed, softmax of Gaussian numbers times the sharpness. "
            "For each question it is known how many tokens lie between it and the trigger's last place, and how often it has come, "
            "itself included."
        ),
        equations=(
            Equation("Next token", "zₜ₊₁ = oₖ where zₜ = qₖ is a trigger, else zₜ₊₁ ~ P(· | zₜ)"),
            Equation("Outputs of an item", "oₖ uniform over the vocabulary, drawn anew for each item"),
            Equation("Bigrams", "P(b | a) = softmax_b (sharpness · gₐᵦ),  gₐᵦ ~ N(0, 1)"),
            Equation("What is asked", "target at t = zₜ₊₁"),
        ),
        sources=(
            Source(
                "Bietti, Cabannes, Bouchacourt, Jégou, Bottou",
                2023,
                "Birth of a Transformer: A Memory Viewpoint",
                "NeurIPS, arXiv:2306.00802",
                systems=("S086",),
            ),
            Source(
                "Olsson, Elhage, Nanda, Joseph, et al.",
                2022,
                "In-Context Learning and Induction Heads",
                "Transformer Circuits, arXiv:2209.11895",
            ),
        ),
        gives=GIVES,
        parameters=(
            Whole(
                name="vocabulary",
                title="Vocabulary",
                default=65,
                low=3,
                high=4096,
                log=True,
                unit="tokens",
                role="vocabulary",
                meaning="How many different tokens there are.",
            ),
            Whole(
                name="length",
                title="Length",
                default=128,
                low=4,
                high=4096,
                log=True,
                unit="tokens",
                role="length",
                meaning="How many tokens an item has.",
            ),
            Whole(
                name="triggers",
                title="Triggers",
                default=5,
                low=1,
                high=256,
                unit="tokens",
                meaning="How many tokens are triggers in an item.",
            ),
            Choice(
                name="choice",
                title="Which are triggers",
                default="drawn",
                options={"fixed": "The most frequent tokens", "drawn": "Drawn for each item"},
                meaning="Whether the same tokens are triggers in every item, or others each time.",
            ),
            Real(
                name="sharpness",
                title="Sharpness of the bigrams",
                default=1.5,
                low=0.0,
                high=10.0,
                meaning="How much more likely some next tokens are than others; at 0 all are equally likely.",
            ),
            Choice(
                name="trained_on",
                title="Trained on",
                default="all",
                options={"all": "Every position", "triggers": "Repeated triggers only"},
                meaning="Where the loss of training counts.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.induction.stream:Induction",
        reference="memstudio.components.task.induction.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"vocabulary": 8, "length": 24, "triggers": 2, "test_items": 4},
        synonyms=("induction heads", "bigram", "in-context learning", "copying", "previous token", "Markov chain"),
    )
]
