"""Long short-term memory."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Real, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """Maps of the gates and the candidate, the projection, and a vector each of h and c; with full gate recurrence also of three gates."""
    width, variant = width_of(inputs), values["variant"]
    hidden = values["hidden"] or width
    gates = 2 if variant in ("nig", "nfg", "nog", "cifg") else 3
    between = 9 * hidden * hidden if variant == "fgr" else 0
    made = (gates + 1) * hidden * (width + hidden) + (hidden * width if values["projection"] else 0) + between
    vectors = (gates + 1) * hidden + (0 if variant == "np" else gates * hidden)
    return Cost(made + vectors, (5 if between else 2) * hidden * BYTES, products(inputs, made))


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


GREFF = Source(
    "Greff, Srivastava, Koutník, Steunebrink, Schmidhuber",
    2017,
    "LSTM: A Search Space Odyssey",
    "IEEE Transactions on Neural Networks and Learning Systems 28(10)",
    systems=("S201",),
)

COMPONENTS = (
    memory(
        id="sequence.lstm",
        title="LSTM",
        summary="A vector that three gates write, keep and show: the recurrent network with a forget gate.",
        explanation=(
            "The memory is one vector c. At each position a candidate z is made from what comes in and what was shown last; the input "
            "gate decides which of its numbers are written, the forget gate which of the old ones stay, and the output gate which of "
            "them are shown as h. As long as the forget gate is open, c is passed on unchanged but for what is added, so an error can "
            "reach far back without fading. The state has the same small size after any number of positions, and must hold everything: "
            "unlike a matrix memory it has no keys by which to find one thing among many.\n\n"
            "This is the form that is in use since the forget gate was added (Gers et al. 2000), without peepholes. The forget gate "
            "starts open by its bias; at 1 a new network keeps most of what it holds. Every step waits for the one before, so a sequence "
            "cannot be worked on in chunks. In an ensemble the members are computed one after another, which is quicker here than all at "
            "once.\n\n"
            "The variants are the nine of Greff et al. 2017. Their vanilla LSTM has peepholes, by which the gates see the memory itself, "
            "and each other variant differs from it by one part: a gate or an activation is taken off, the forget gate is tied to the "
            "input gate, or the gates also see all gates of the step before. The form above is their NP, and the only one for which "
            "there is a fast kernel; the others are stepped through and take about three times as long. The weights start as torch's "
            "LSTM does, uniformly and scaled by the width, peepholes too, where the paper draws them from a normal distribution; the "
            "forget bias is not the paper's."
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
                meaning="A learned map from what is shown back to the width of the sequence; off: it leaves as it is.",
            ),
            Real(
                name="forget_bias",
                title="Forget bias",
                default=1.0,
                low=-5.0,
                high=10.0,
                role="forget_bias",
                meaning="Where the bias of the forget gate starts; the higher, the longer a new network remembers.",
            ),
            Choice(
                name="variant",
                title="Variant",
                default="np",
                options={
                    "np": "NP: no peepholes, the form in use",
                    "vanilla": "Vanilla: with peepholes",
                    "nig": "NIG: vanilla without input gate",
                    "nfg": "NFG: vanilla without forget gate",
                    "nog": "NOG: vanilla without output gate",
                    "niaf": "NIAF: vanilla without input activation",
                    "noaf": "NOAF: vanilla without output activation",
                    "cifg": "CIFG: vanilla with coupled input and forget gate",
                    "fgr": "FGR: vanilla with full gate recurrence",
                },
                role="lstm_variant",
                meaning="Which parts there are, by the names of the paper; without a forget gate (NFG) the forget bias has no meaning.",
            ),
        ),
        equations=(
            Equation("Gates", "iₜ, fₜ, oₜ = σ(W xₜ + U hₜ₋₁ + b)"),
            Equation("Peepholes", "iₜ, fₜ = σ(… + p ⊙ cₜ₋₁),  oₜ = σ(… + p_o ⊙ cₜ)"),
            Equation("Coupled (CIFG)", "fₜ = 1 − iₜ"),
            Equation("Full gate recurrence (FGR)", "iₜ, fₜ, oₜ = σ(… + R_i iₜ₋₁ + R_f fₜ₋₁ + R_o oₜ₋₁)"),
            Equation("Candidate", "zₜ = tanh(W_z xₜ + U_z hₜ₋₁ + b_z)"),
            Equation("Memory", "cₜ = fₜ ⊙ cₜ₋₁ + iₜ ⊙ zₜ"),
            Equation("Output", "hₜ = oₜ ⊙ tanh(cₜ),  yₜ = W_y hₜ"),
        ),
        sources=(
            Source("Hochreiter, Schmidhuber", 1997, "Long Short-Term Memory", "Neural Computation 9(8)"),
            Source("Gers, Schmidhuber, Cummins", 2000, "Learning to Forget: Continual Prediction with LSTM", "Neural Computation 12(10)"),
            Source(
                "Jozefowicz, Zaremba, Sutskever",
                2015,
                "An Empirical Exploration of Recurrent Network Architectures",
                "ICML 2015: forget bias",
            ),
            GREFF,
        ),
        implementation="memstudio.components.sequence.lstm.layers:Lstm",
        reference="memstudio.components.sequence.lstm.reference:run",
        cost=cost,
        refuse=refuse,
        tiny={"hidden": 0},
        synonyms=("long short-term memory", "recurrent", "RNN", "gates", "forget gate", "cell state", "vector memory", "peephole", "CIFG"),
        presets=(
            Preset(
                id="sequence.peephole_lstm",
                title="LSTM with peepholes",
                values={"variant": "vanilla"},
                summary="An LSTM whose gates also see the memory itself: the vanilla form of the search space odyssey.",
                sources=(GREFF,),
            ),
            Preset(
                id="sequence.coupled_lstm",
                title="Coupled LSTM",
                values={"variant": "cifg"},
                summary="An LSTM that forgets exactly where it writes: input and forget gate add up to 1.",
                sources=(GREFF,),
            ),
        ),
    ),
)
