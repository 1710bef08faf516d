"""Selection along time and along features (MambaMixer), and the selective scan along time alone (Mamba) as a preset."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """The scan along time keeps `state_width` numbers a feature; that along features starts anew at each position and keeps nothing.

    Products of a scan, at each of its steps: the maps, what is written (an outer product) and what is read.
    """
    width, hidden, states = width_of(inputs), values["hidden"], values["state_width"]
    maps = width * (2 * hidden + 2 * states)  # W_x, W_Δ, W_B, W_C
    parameters = maps + hidden + hidden * states + hidden + 2 * hidden * width
    made = [maps + 2 * hidden * width, 2 * hidden * states]
    if values["channels"] != "none":
        group, narrow, few = values["group"], values["channel_width"], values["channel_states"]
        scans, steps = values["directions"], -(-width // group)
        inner = group * (2 * narrow + 2 * few)
        of_one = inner + 2 * narrow + 2 * few + narrow * few + narrow + values["taps"] * narrow
        parameters += scans * of_one + (group + 1) * narrow + (narrow + 1) * group + 4 * (values["channels"] == "weighted")
        made += [steps * (scans * (inner + 2 * narrow * few) + 2 * group * narrow)]
    return Cost(parameters, hidden * states * BYTES, products(inputs, *made))


BEHROUZ = Source(
    "Behrouz, Santacatterina, Zabih",
    2024,
    "MambaMixer: Efficient Selective State Space Models with Dual Token and Channel Selection",
    "arXiv 2403.19888",
    systems=("S161",),
)
MAMBA = Source("Gu, Dao", 2023, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", "COLM 2024")

COMPONENTS = (
    memory(
        id="sequence.dual_selection",
        title="Dual selection (MambaMixer)",
        summary="A scan along time that chooses what to remember, then a scan along the features that chooses which of them meet.",
        explanation=(
            "The first scan runs along time and is the memory: each feature keeps a few numbers that decay at rates of their own, and a "
            "position chooses by its step Δ, its direction B and its readout C what is written, how much fades and what is asked. It "
            "treats every feature for itself. The second scan runs along the features of one position, there and back, with steps, "
            "directions and readouts that depend on the features just passed: it chooses which features meet, as the first chooses "
            "which positions do. It starts anew at each position and sees no other, so nothing comes from the future and nothing of it "
            "is kept.\n\n"
            "In the paper a feature enters the second scan with its values at all positions, which a stream does not have; here a few "
            "neighbouring features of one position make one step of it, with the same maps at every step, as in the paper. Directions "
            "and steps are made from what enters the layer, as the paper writes it, and not from the convolved x̃ as in Mamba. The "
            "short convolution along time stands before all maps, with the surroundings; the one along features is inside. Maps of the "
            "second scan have a bias, since one step has few features.\n\n"
            "The paper feeds every mixer a learned weighted sum of what all earlier mixers of all layers gave. One cell has only its "
            "own: the second scan reads a weighted sum of the layer's input and of what the first gave, and what leaves is a weighted "
            "sum of both; all four weights start at 1, which is a choice. Connections between layers, the scans over images (ViM2), and "
            "the two-dimensional norm and auxiliary inputs for time series (TSM2) are not included. With the channel selection off it "
            "is the selective scan of the first Mamba."
        ),
        parameters=(
            Whole(
                name="hidden",
                title="Hidden width",
                default=128,
                low=1,
                high=4096,
                log=True,
                role="hidden",
                meaning="Features of the scan along time; twice the width in the papers.",
            ),
            Whole(
                name="state_width",
                title="State width",
                default=16,
                low=1,
                high=256,
                log=True,
                unit="a feature",
                role="state_width",
                meaning="Numbers that each feature of the scan along time keeps.",
            ),
            Choice(
                name="channels",
                title="Channel selection",
                default="weighted",
                options={"weighted": "With weighted connections", "chain": "After the scan along time", "none": "None (Mamba)"},
                meaning="Scan the features of each position too: beside the scan along time by learned weights, or simply after it.",
            ),
            Whole(
                name="directions",
                title="Directions",
                default=2,
                low=1,
                high=2,
                meaning="Scan the features there and back, with separate maps, and add what they give; 1: there only.",
            ),
            Whole(
                name="group",
                title="Features a step",
                default=4,
                low=1,
                high=256,
                log=True,
                meaning="Neighbouring features that make one step of the scan along features.",
            ),
            Whole(
                name="channel_width",
                title="Channel width",
                default=8,
                low=1,
                high=256,
                log=True,
                meaning="Features inside the scan along features.",
            ),
            Whole(
                name="channel_states",
                title="Channel state width",
                default=4,
                low=1,
                high=256,
                log=True,
                meaning="Numbers that each feature inside the scan along features keeps on its way.",
            ),
            Whole(
                name="taps",
                title="Channel convolution",
                default=4,
                low=0,
                high=16,
                unit="taps",
                meaning="Mix each step of the scan along features with the last ones before it; 0 is off.",
            ),
        ),
        equations=(
            Equation("Selective scan", "hₜ = exp(Δₜ A) ⊙ hₜ₋₁ + (Δₜ x̃ₜ) Bₜᵀ,  S6(z)ₜ = hₜ Cₜ + D ⊙ x̃ₜ"),
            Equation("Selection", "x̃ = SiLU(conv(W_x z)),  B = W_B z,  C = W_C z,  Δ = softplus(W_Δ z + b)"),
            Equation("Along time", "y_token = W_o (S6(x) ⊙ SiLU(W_z x))"),
            Equation("Along features", "u = θ₀ x + θ₁ y_token,  y_channel = W_p ((S6(u) + flip S6′(flip u)) ⊙ SiLU(W_g u))"),
            Equation("Output", "o = α y_token + β y_channel"),
            Equation("Start", "A = −1, −2, …, −N;  softplus(b) log-uniform in [0.001, 0.1];  D = θ = α = β = 1"),
        ),
        sources=(BEHROUZ, MAMBA),
        implementation="memstudio.components.sequence.dual_selection.layers:DualSelection",
        reference="memstudio.components.sequence.dual_selection.reference:run",
        cost=cost,
        tiny={"hidden": 5, "state_width": 3, "group": 4, "channel_width": 3, "channel_states": 2, "taps": 2},
        synonyms=("MambaMixer", "Mamba", "S6", "selective scan", "channel mixing", "TSM2", "ViM2", "SSM"),
        presets=(
            Preset(
                id="sequence.mamba",
                title="Selective scan (Mamba)",
                values={"channels": "none"},
                summary="Each feature keeps a few numbers that fade, and each position chooses what is written and asked.",
                sources=(MAMBA,),
            ),
        ),
    ),
)
