"""A needle in a haystack, by length and depth, declared."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs, too_many
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Choice, Whole, WholeList

#: tokens that are neither words nor values: the blank, the one before the passkey, the one that asks
SPECIAL = 3
#: words of the sentence that is repeated
SENTENCE = 16


def values_known(vocabulary: int) -> int:
    """How many tokens of a vocabulary may be in a passkey: the upper half of those that are not special."""
    return (vocabulary - SPECIAL) // 2


def shortest(passkey: int) -> int:
    """The length that a passkey needs: itself and the token before it, the question and the passkey but for its last token again."""
    return 2 * passkey + 1


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    targets = Targets(
        what="token",
        size=values["vocabulary"],
        per_position=True,
        chance=1 / values_known(values["vocabulary"]),
        labels=("length", "depth"),
        marks=("distance", "serial_position"),
    )
    return outputs(max(*values["lengths"], *values["test_lengths"]), values["vocabulary"], targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    least, needed = min(*values["lengths"], *values["test_lengths"]), shortest(values["passkey"])
    if least < needed:
        return f"A passkey of {values['passkey']} tokens needs lengths of at least {needed}; the shortest is {least}."
    return too_many(max(len(values["lengths"]), len(values["test_lengths"])) * len(values["depths"]))


COMPONENTS = [
    Component(
        id="task.needle",
        title="Needle in a haystack",
        summary="A passkey stands somewhere in a long text; at the end it is asked for: by length, by depth, at lengths never trained.",
        explanation=(
            "An item is filler text of a given length with one passkey in it: a token that announces it, then one token or a few. "
            "At the end stands the question. The passkey has to be kept apart from all that came before and after it; everything "
            "else may be forgotten.\n\n"
            "The test has a part for each length and each depth: depth 0 has the passkey at the very beginning, 100 just before the "
            "question. Training draws the length from its own list and any depth. Test lengths may be longer than those: this shows "
            "whether a memory still works beyond the lengths it was trained at. Validation is at the training lengths, so that no "
            "choice sees the longer ones.\n\n"
            "The filler is made of random words that are never in a passkey, of any tokens (then only the announcing token tells "
            "the passkey from the rest), or of one sentence of 16 words, drawn for each item and repeated, as the noise of passkey "
            "tests. With a passkey of several tokens the earlier ones are shown at the question, as when a language model writes "
            "the answer.\n\n"
            "All items have the length of the longest, with blanks behind the question: long test lengths make training steps "
            "slower, and change nothing in what a memory that reads from left to right is asked. Larimar's tests place sentences in "
            "real text, with a language model around; this is their synthetic form."
        ),
        equations=(
            Equation("An item", "w w w ! p₁ … pₖ w w w w ? p₁ … pₖ₋₁"),
            Equation("What is asked", "target at the question = p₁,  and at pⱼ behind it = pⱼ₊₁"),
            Equation("Depth d", "words before the needle = round(d (n − 2k − 1) / 100)"),
        ),
        sources=(
            Source(
                "Nelson, Kollias, Das, Chaudhury, Dan",
                2024,
                "Needle in the Haystack for Memory Based Large Language Models",
                "arXiv:2407.01437",
                systems=("S115",),
            ),
            Source(
                "Mohtashami, Jaggi",
                2023,
                "Landmark Attention: Random-Access Infinite Context Length for Transformers",
                "NeurIPS, arXiv:2305.16300",
            ),
        ),
        gives=GIVES,
        parameters=(
            WholeList(
                name="lengths",
                title="Training lengths",
                default=(32, 64),
                low=3,
                high=65536,
                unit="tokens",
                role="lengths",
                meaning="How long the items are that are trained on; training mixes these lengths.",
            ),
            WholeList(
                name="test_lengths",
                title="Test lengths",
                default=(32, 64, 128),
                low=3,
                high=65536,
                unit="tokens",
                role="test_lengths",
                meaning="How long the items are that are tested; longer ones than in training show what happens beyond.",
            ),
            WholeList(
                name="depths",
                title="Depths",
                default=(0, 25, 50, 75, 100),
                low=0,
                high=100,
                unit="%",
                meaning="Where the passkey stands in test items, from 0 (the beginning) to 100 (just before the question).",
            ),
            Whole(
                name="vocabulary",
                title="Vocabulary",
                default=64,
                low=7,
                high=65536,
                log=True,
                unit="tokens",
                role="vocabulary",
                meaning="How many different tokens there are: three special ones, then half words, half values of passkeys.",
            ),
            Whole(
                name="passkey",
                title="Length of the passkey",
                default=1,
                low=1,
                high=64,
                unit="tokens",
                meaning="How many tokens the passkey has; each is asked for.",
            ),
            Choice(
                name="filler",
                title="Filler",
                default="words",
                options={"words": "Random words", "any": "Random tokens, values too", "sentence": "One sentence, repeated"},
                role="haystack",
                meaning="What the haystack is made of; with values in it, only the announcing token tells the passkey.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.needle.stream:Needle",
        reference="memstudio.components.task.needle.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"lengths": [5, 7], "test_lengths": [5, 9], "depths": [0, 50], "vocabulary": 16, "test_items": 4},
        synonyms=("passkey", "NIAH", "long context", "length extrapolation", "length generalisation", "depth", "Larimar"),
    )
]
