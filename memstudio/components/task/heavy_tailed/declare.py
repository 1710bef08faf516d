"""Associations whose frequencies have a heavy tail, declared: facts that weights must learn."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Real, Whole


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    facts = values["facts"]
    targets = Targets(what="token", size=facts, per_position=True, chance=1 / facts, labels=("bin",), marks=("rank",))
    return outputs(values["length"], facts, targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    if values["bins"] > values["facts"]:
        return f"{values['facts']:,} facts cannot be shared out among {values['bins']:,} bins."
    return None


COMPONENTS = [
    Component(
        id="task.heavy_tailed",
        title="Heavy-tailed associations",
        summary="Facts to be learned by heart, a few shown very often and most of them rarely; the test is by frequency.",
        explanation=(
            "There are K facts: to each of K keys belongs one of K values, each value to one key, drawn once by the data seed. "
            "Nothing in an item tells a value; the facts must be learned by the weights. What an optimiser does with rare facts "
            "shows here: gradients of common facts are seen first, those of the tail hardly ever.\n\n"
            "In training, key number r in order of frequency comes with a probability in proportion to r to the minus exponent "
            "(Zipf's law; 0 makes all equally frequent). An item is a row of keys, each drawn on its own, and at every position the "
            "value of that key is asked: no position helps another, so a model without memory of the sequence (embedding, blocks, "
            "classifier) is enough, and one linear layer is the associative memory of the paper.\n\n"
            "The test has a part for each bin of frequencies, bin 1 with the most frequent keys, all bins with about as many keys; "
            "within a bin all keys are asked equally often. So the bare recall gives each fact about the same weight. The facts of "
            "the test are those of training: only their order in an item is new. Which token is how frequent is drawn too, so that "
            "the number of a token says nothing. How keys are embedded (one-hot, orthogonal, Gaussian) is decided by the model, not "
            "here; the paper trains on all facts at once, weighted by their frequency, where here they are drawn."
        ),
        equations=(
            Equation("Frequency of rank r", "P(r) = r^(−s) / Σᵢ i^(−s),  r = 1 … K"),
            Equation("What is asked", "target at key k = π(k),  π a permutation drawn once"),
            Equation("Bin of rank r", "⌊(r − 1) · bins / K⌋ + 1"),
        ),
        sources=(
            Source(
                "Wang, Zhang, Li, Du, Du, Pang, Yang, Hong, Tan",
                2025,
                "Muon Outperforms Adam in Tail-End Associative Memory Learning",
                "arXiv:2509.26030",
                systems=("S133",),
            ),
        ),
        gives=GIVES,
        parameters=(
            Whole(
                name="facts",
                title="Facts",
                default=256,
                low=2,
                high=65536,
                log=True,
                unit="facts",
                role="facts",
                meaning="How many associations there are: as many keys and as many values.",
            ),
            Real(
                name="exponent",
                title="Exponent",
                default=1.0,
                low=0.0,
                high=4.0,
                meaning="How quickly frequencies fall: rank r comes in proportion to r to the minus this; 0 makes all equal.",
            ),
            Whole(
                name="length",
                title="Length",
                default=16,
                low=1,
                high=4096,
                log=True,
                unit="keys",
                role="length",
                meaning="How many keys an item has; each is asked.",
            ),
            Whole(
                name="bins",
                title="Bins of frequency",
                default=8,
                low=1,
                high=32,
                unit="bins",
                meaning="Into how many bins the facts are put by their frequency; each is a part of the test.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.heavy_tailed.stream:HeavyTailed",
        reference="memstudio.components.task.heavy_tailed.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"facts": 12, "length": 6, "bins": 3, "test_items": 4},
        synonyms=("Zipf", "long tail", "facts", "memorisation", "knowledge", "Muon", "frequency", "rare"),
    )
]
