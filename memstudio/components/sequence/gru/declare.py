"""The gated recurrent unit."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Real, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """Maps of two gates and the candidate with a bias each (the candidate two where the reset comes after), the projection; h."""
    width = width_of(inputs)
    hidden = values["hidden"] or width
    made = 3 * hidden * (width + hidden) + (hidden * width if values["projection"] else 0)
    biases = (4 if values["reset"] == "after" else 3) * hidden
    return Cost(made + biases, hidden * BYTES, products(inputs, made))


def refuse(values: Values, inputs: Inputs) -> str | None:
    """Without a projection what leaves is h, which must then be as wide as the sequence."""
    if values["projection"] or not inputs.ports.get("sequence"):
        return None
    width = width_of(inputs)
    if values["hidden"] in (0, width):
        return None
    return (
        f"Without the projection the hidden width must be that of the sequence, {width:,}, not {values['hidden']:,}; "
        "set it to 0 or switch the projection on."
    )


CHO = Source(
    "Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio",
    2014,
    "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation",
    "EMNLP 2014, section 2.3",
)

COMPONENTS = (
    memory(
        id="sequence.gru",
        title="GRU",
        summary="A vector that two gates keep and overwrite: a lighter LSTM with one state instead of two.",
        explanation=(
            "The memory is one vector h, which is also what is shown. At each position a candidate is made from what comes in and from "
            "those parts of h that the reset gate lets through. The update gate then says, number by number, how much of the old h stays "
            "and how much of the candidate takes its place; what is kept and what is written add up to 1. With the update gate near 1 h "
            "is passed on unchanged, so an error can reach far back.\n\n"
            "As published, the reset gate acts on h before the recurrent map of the candidate, which makes two products a step that wait "
            "for each other. In the form that fast kernels compute it acts on the result of that map, with a bias of its own; the two "
            "are different networks. The paper writes its equations without biases; here there are some, as in its code and everywhere "
            "since, and the keep bias, which is not the paper's, lets a new network remember longer. Every step waits for the one before, "
            "so a sequence cannot be worked on in chunks."
        ),
        parameters=(
            Whole(
                name="hidden",
                title="Hidden width",
                default=64,
                low=0,
                high=4096,
                role="hidden",
                meaning="Numbers in the memory and in each gate; 0 is the width of the sequence.",
            ),
            Flag(
                name="projection",
                title="Projection",
                default=True,
                role="projection",
                meaning="A learned map from the memory back to the width of the sequence; off: it leaves as it is.",
            ),
            Real(
                name="keep_bias",
                title="Keep bias",
                default=0.0,
                low=-5.0,
                high=10.0,
                role="keep_bias",
                meaning="Where the bias of the update gate starts; the higher, the longer a new network remembers.",
            ),
            Choice(
                name="reset",
                title="Reset gate",
                default="before",
                options={"before": "Before the recurrent map", "after": "After the recurrent map"},
                role="reset",
                meaning="Whether the reset gate acts on the memory, as published, or on what the recurrent map made of it, as in kernels.",
            ),
        ),
        equations=(
            Equation("Gates", "rₜ, zₜ = σ(W xₜ + U hₜ₋₁ + b)"),
            Equation("Candidate", "h̃ₜ = tanh(W_h xₜ + U_h (rₜ ⊙ hₜ₋₁) + b_h)"),
            Equation("Candidate, reset after", "h̃ₜ = tanh(W_h xₜ + b_h + rₜ ⊙ (U_h hₜ₋₁ + b_U))"),
            Equation("Memory", "hₜ = zₜ ⊙ hₜ₋₁ + (1 − zₜ) ⊙ h̃ₜ,  yₜ = W_y hₜ"),
        ),
        sources=(
            CHO,
            Source(
                "Chung, Gulcehre, Cho, Bengio",
                2014,
                "Empirical Evaluation of Gated Recurrent Neural Networks on Sequence Modeling",
                "NIPS 2014 Deep Learning Workshop",
            ),
        ),
        implementation="memstudio.components.sequence.gru.layers:Gru",
        reference="memstudio.components.sequence.gru.reference:run",
        cost=cost,
        refuse=refuse,
        tiny={"hidden": 0},
        synonyms=("gated recurrent unit", "recurrent", "RNN", "gates", "reset gate", "update gate", "vector memory"),
        presets=(
            Preset(
                id="sequence.gru_reset_after",
                title="GRU, reset after",
                values={"reset": "after"},
                summary="The GRU as fast kernels compute it: the reset gate acts on the result of the recurrent map.",
            ),
        ),
    ),
)
