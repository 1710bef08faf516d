"""The selective state space model in the form of Mamba-2, and its mimetic start as a preset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag, Real


def keys_of(values: Values) -> int:
    """Numbers that W_B and W_C each make at a position."""
    return int(values["key_width"] * (1 if values["shared_maps"] else values["heads"]))


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, heads = width_of(inputs), values["heads"]
    keys, data = keys_of(values), heads * values["value_width"]
    maps = 1 + values["skip"] + values["output_gate"]
    return {
        "query": width * keys,
        "writer": width * (keys + data + heads) + 2 * heads,
        "output": data * width * maps + heads * values["skip"] + data * values["output_norm"],
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts, and one matrix a head, with which two products are made: what is written and what is asked."""
    width, heads = width_of(inputs), values["heads"]
    data, matrix = heads * values["value_width"], heads * values["key_width"] * values["value_width"]
    maps = width * (2 * keys_of(values) + data + heads + data * (1 + values["skip"] + values["output_gate"]))
    return Cost(sum(parts(values, inputs).values()), matrix * BYTES, products(inputs, maps, 2 * matrix))


DAO = Source(
    "Dao, Gu",
    2024,
    "Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space Duality",
    "ICML 2024",
)
MAMBA = Source("Gu, Dao", 2023, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", "COLM 2024")
TROCKMAN = Source(
    "Trockman, Harutyunyan, Kolter, Kumar, Bhojanapalli",
    2024,
    "Mimetic Initialization Helps State Space Models Learn to Recall",
    "arXiv 2410.11135",
    systems=("S070",),
)

COMPONENTS = (
    memory(
        id="sequence.selective_state_space",
        title="Selective state space",
        summary="A sum that fades: each position chooses what enters it, how much of the old goes, and what is asked.",
        explanation=(
            "Each head keeps a matrix h, a sum of what was written, every part of which fades over time. A position writes its features "
            "x in a direction B and reads in a direction C, both made from what comes in; a time step Δ, made in the same way, says how "
            "much is written and how much of the old fades: a large Δ resets the head to the present, a small one passes a position "
            "over. That is the selection. Nothing is corrected: what is written in the same direction adds up, as in linear attention "
            "with a decay.\n\n"
            "This is the form of Mamba-2: one decay a head, B and C shared by all heads (or one pair a head), D x passed by, a gate z "
            "and then a norm over all heads. It is worked on in chunks, which changes the speed, not the result. Three things differ "
            "from the published layer. Its short convolution stands here before the maps, with the surroundings, and not between them "
            "and SiLU. x is made a second time for what is passed by, so that a wrapper can exchange what writes; both maps start "
            "equal, as one. And in the surroundings there is a feed-forward, which Mamba does without.\n\n"
            "The mimetic start changes only the first weights: the decay is near 1, Δ is 1 everywhere (W_Δ = 0) and C is made as B is, "
            "so that at first the layer is linear attention that finds what is alike; values between 0 and 1 mix both starts. The rate "
            "it starts from (0.001, forgetting over 1,000 positions) is a choice: the paper's own scale could not be checked. That the "
            "short convolution starts as the identity, which the paper does in some of its models, is not included: it belongs to the "
            "surroundings."
        ),
        parameters=(
            HEADS,
            replace(KEY_WIDTH, title="State width", meaning="Directions in which a head can write and read; N in the paper."),
            replace(VALUE_WIDTH, title="Head width", meaning="Features of one head."),
            Flag(
                name="shared_maps",
                title="Shared B and C",
                default=True,
                meaning="All heads write and read in the same directions, as in Mamba-2; off: each head in its own.",
            ),
            Flag(
                name="skip",
                title="Pass-through",
                default=True,
                meaning="Let D times what comes in pass by the memory to the output.",
            ),
            replace(OUTPUT_NORM, meaning="Scale the answers of all heads together to root mean square 1, after the gate."),
            OUTPUT_GATE,
            Real(
                name="mimetic",
                title="Mimetic start",
                default=0.0,
                low=0.0,
                high=1.0,
                meaning="First weights that make the layer linear attention which finds what is alike: 1 all the way, 0 the usual start.",
            ),
            CHUNK,
        ),
        equations=(
            Equation("State", "hₜ = exp(−A Δₜ) hₜ₋₁ + Δₜ x̃ₜ Bₜᵀ"),
            Equation("Reading", "yₜ = hₜ Cₜ + D ⊙ x̃ₜ"),
            Equation("Selection", "Bₜ = SiLU(W_B xₜ),  Cₜ = SiLU(W_C xₜ),  x̃ₜ = SiLU(W_x xₜ),  Δₜ = softplus(W_Δ xₜ + b)"),
            Equation("Output", "oₜ = W_o RMSnorm(yₜ ⊙ SiLU(W_z xₜ))"),
            Equation("Usual start", "A ~ U(1, 16),  softplus(b) log-uniform in [0.001, 0.1],  D = 1"),
            Equation("Mimetic start", "W_Δ = 0,  b = softplus⁻¹(1),  A = 0.001,  W_C = W_B"),
        ),
        sources=(DAO, MAMBA, TROCKMAN),
        traits=frozenset({"readable"}),
        implementation="memstudio.components.sequence.selective_state_space.layers:SelectiveStateSpace",
        reference="memstudio.components.sequence.selective_state_space.reference:run",
        cost=cost,
        parts=parts,
        tiny={"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4},
        synonyms=("Mamba", "Mamba-2", "SSM", "SSD", "state space duality", "S6", "selective scan"),
        presets=(
            Preset(
                id="sequence.mimetic_state_space",
                title="Selective state space, mimetic start",
                values={"mimetic": 1.0},
                summary="A fading sum whose first weights make it linear attention that finds what is alike.",
                sources=(TROCKMAN,),
            ),
        ),
    ),
)
