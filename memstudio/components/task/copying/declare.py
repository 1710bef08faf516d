"""Copying, selective copying and reversing, declared."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs
from memstudio.experiment.declarations import Component, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Choice, Whole, WholeList

#: tokens that are no symbols: the blank, and the one that asks
SPECIAL = 2


def length_of(load: int, delay: int) -> int:
    """How many tokens an item has: the symbols, the delay, and as many questions."""
    return 2 * load + delay


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    vocabulary = values["symbols"] + SPECIAL
    targets = Targets(
        what="token",
        size=vocabulary,
        per_position=True,
        chance=1 / values["symbols"],
        labels=("load",),
        marks=("distance", "serial_position"),
    )
    return outputs(length_of(max(values["loads"]), values["delay"]), vocabulary, targets)


ARJOVSKY = Source("Arjovsky, Shah, Bengio", 2016, "Unitary Evolution Recurrent Neural Networks", "ICML, arXiv:1511.06464")
GU = Source("Gu, Dao", 2023, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", "arXiv:2312.00752")
GRAVES = Source("Graves, Wayne, Danihelka", 2014, "Neural Turing Machines", "arXiv:1410.5401")

COMPONENTS = [
    Component(
        id="task.copying",
        title="Copying",
        summary="A list of symbols, a delay, then the list must be given back: in its order, scattered among blanks, or backwards.",
        explanation=(
            "An item shows n symbols, each drawn on its own, so that one may come twice. After a delay of blanks the token that "
            "asks stands n times, and at each the next symbol of the list must be given: a pure test of how much is kept and for "
            "how long, with nothing to look up by.\n\n"
            "Copy: the symbols stand at the beginning, one behind the other; how far back each lies is the same for all, so that a "
            "fixed delay line solves it. Selective copy: they are scattered at random places among the blanks and keep their order; "
            "now what is kept must depend on what is seen. Reverse: the list is asked for backwards, so the last symbol first.\n\n"
            "Training mixes the loads (lengths of the list); the test has a part for each, and knows for each question the distance "
            "(tokens between the symbol and the question) and the serial position (the symbol's place in the list, from 1), which "
            "shows whether the first or the last ones are forgotten. Items with shorter lists are filled up with blanks behind. The "
            "papers end their items with other tokens (one delimiter and then blanks, or the answers themselves); here every "
            "question carries the same token, and answers are never shown."
        ),
        equations=(
            Equation("Copy", "s₁ s₂ … sₙ · · · · ? ? … ?"),
            Equation("Selective copy", "· s₁ · · s₂ … · sₙ · ? ? … ?"),
            Equation("What is asked", "target at question j = sⱼ;  reversed: sₙ₊₁₋ⱼ"),
            Equation("Guessing", "P(right) = 1 / symbols"),
        ),
        sources=(ARJOVSKY, GU, GRAVES),
        gives=GIVES,
        parameters=(
            Choice(
                name="mode",
                title="What is done",
                default="copy",
                options={"copy": "Copy", "selective": "Selective copy", "reverse": "Reverse"},
                meaning="Whether the list stands together or scattered, and whether it is asked for in its order or backwards.",
            ),
            WholeList(
                name="loads",
                title="Loads",
                default=(8, 16, 32),
                low=1,
                high=1024,
                unit="symbols",
                role="loads",
                meaning="How many symbols a list has; training mixes these loads, tests are made for each.",
            ),
            Whole(
                name="symbols",
                title="Different symbols",
                default=32,
                low=2,
                high=65534,
                log=True,
                unit="symbols",
                role="symbols",
                meaning="How many different symbols there are; the vocabulary has two tokens more, the blank and the one that asks.",
            ),
            Whole(
                name="delay",
                title="Delay",
                default=16,
                low=0,
                high=16384,
                unit="blanks",
                role="delay",
                meaning="How many blanks there are before the questions; in the selective form the symbols lie among them.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.copying.stream:Copying",
        reference="memstudio.components.task.copying.reference:solve",
        outputs=_outputs,
        tiny={"loads": [2, 3], "symbols": 6, "delay": 2, "test_items": 4},
        synonyms=("copy memory", "delayed recall", "serial recall", "reversal", "adding delay", "order", "serial position"),
        presets=(
            Preset(
                id="task.selective_copying",
                title="Selective copying",
                values={"mode": "selective"},
                summary="Symbols are scattered among blanks; they must be given back in their order.",
                sources=(GU,),
            ),
            Preset(
                id="task.reversing",
                title="Reversing",
                values={"mode": "reverse"},
                summary="A list of symbols must be given back from its end to its beginning.",
                sources=(GRAVES,),
            ),
        ),
    )
]
