"""Perplexity: how well a model foretells the next token."""

from __future__ import annotations

from memstudio.components.probe.family import SHARED, TRAINED, classes_only
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs


def _refuse(values: Values, inputs: Inputs) -> str | None:
    if inputs.targets is not None and not inputs.targets.numbers and not inputs.targets.per_position:
        return "It measures tokens that are foretold at each position; this task asks once an item, which Calibration's NLL measures."
    return classes_only(values, inputs)


COMPONENTS = (
    Component(
        id="probe.perplexity",
        title="Perplexity",
        summary="How well tokens are foretold: bits a token and perplexity, in all and by how much of an item was read.",
        explanation=(
            "Every token that counts costs −log₂ of the probability the model gave it. Their mean is bits a token (bits a character "
            "where tokens are characters), and 2 to that power is the perplexity: among how many equally likely tokens the model "
            "seems to choose. 1 is certainty; guessing evenly has as many as there are tokens to choose from.\n\n"
            "Perplexities compare only where tokens are the same: words cost more bits than characters, and a smaller vocabulary is "
            "easier. Where the task knows how many characters a token stands for, bits a character (all bits over all characters) "
            "compare across both. The mean is over tokens, not over items, and the perplexity is taken of the mean of bits, not "
            "averaged itself.\n\n"
            "Bits by position show whether more context helps: the first token of an item, the 2nd and 3rd, the 4th to 7th and so on, "
            "counted over the tokens that count. Parts with labels (length) are measured by themselves, and a label with numbers gives "
            "a curve; parts that are not main (longer than what was trained) stand in it and not in the mean over all. The dashed line "
            "is guessing evenly, where the task knows its chance.\n\n"
            "Probabilities below 1.2e-38 count as that (126 bits), and a perplexity above 1e30 as that. Of an ensemble the combined "
            "answer is measured."
        ),
        takes=(TRAINED,),
        parameters=SHARED,
        equations=(
            Equation("Bits a token", "b = −(1 / N) Σᵢ log₂ pᵢ,yᵢ"),
            Equation("Bits a character", "−Σᵢ log₂ pᵢ,yᵢ / Σᵢ characters of yᵢ"),
            Equation("Perplexity", "P = 2^b = exp(NLL)"),
        ),
        sources=(
            Source(
                "Jelinek, Mercer, Bahl, Baker", 1977, "Perplexity — a measure of the difficulty of speech recognition tasks", "JASA 62, S63"
            ),
            Source("Shannon", 1951, "Prediction and entropy of printed English", "Bell System Technical Journal 30"),
        ),
        implementation="memstudio.components.probe.perplexity.measure:Perplexity",
        reference="memstudio.components.probe.perplexity.reference:perplexity",
        refuse=_refuse,
        tiny={"every": 1, "items": 8},
        synonyms=("bits per character", "bits per token", "language model", "cross entropy", "NLL", "text", "next token"),
    ),
)
