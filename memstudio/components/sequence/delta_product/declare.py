"""Products of Householder-like steps: several delta rules a position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag, Whole


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, heads = width_of(inputs), values["heads"]
    keys, data = heads * values["key_width"], heads * values["value_width"]
    return {
        "query": width * keys,
        "writer": width * (keys + data + heads) * values["steps"] + (width * heads + 2 * heads if values["gate"] else 0),
        "output": data * width * (1 + values["output_gate"]) + (values["value_width"] if values["output_norm"] else 0),
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts, and one matrix a head: at each step two products (what the key holds, what is written), at each position one answer."""
    width, heads, steps = width_of(inputs), values["heads"], values["steps"]
    keys, data, matrix = heads * values["key_width"], heads * values["value_width"], heads * values["key_width"] * values["value_width"]
    maps = width * (keys + (keys + data + heads) * steps + heads * values["gate"] + data * (1 + values["output_gate"]))
    return Cost(sum(parts(values, inputs).values()), matrix * BYTES, products(inputs, maps, (2 * steps + 1) * matrix))


SIEMS = Source(
    "Siems, Carstensen, Zela, Hutter, Pontil, Grazzi",
    2025,
    "DeltaProduct: Improving State-Tracking in Linear RNNs via Householder Products",
    "NeurIPS 2025",
)
GRAZZI = Source(
    "Grazzi, Siems, Zela, Franke, Hutter, Pontil", 2024, "Unlocking State-Tracking in Linear RNNs Through Negative Eigenvalues", "ICLR 2025"
)

COMPONENTS = (
    memory(
        id="sequence.delta_product",
        title="Delta product",
        summary="A matrix a head that each position changes by several delta rules in a row, so that it can reflect, turn and permute.",
        explanation=(
            "The delta rule changes the matrix S along one key a position. Here each position makes n such steps, each with a key, "
            "a value and a strength of its own, and only then is S read. Together the steps multiply S by a product of n matrices "
            "I − β k kᵀ. With one step S can only shrink or reflect along one direction; with two it can turn or exchange three "
            "entries, with n it can represent every permutation of n + 1 entries in one position. That is what tracking a state (a "
            "group, a finite automaton) needs.\n\n"
            "With strengths up to 1 every step only shrinks. Up to 2, its eigenvalue 1 − β lies between −1 and 1, and at β = 2 the "
            "step is an exact reflection: switch this off and swaps cannot be represented. With the gate on, the whole matrix fades "
            "by α once a position, before the first step. One step without reflections is the (gated) delta rule itself.\n\n"
            "All maps of x are learned. The steps are worked through in the chunks of the delta rule, as a sequence n times as long, "
            "so the time grows with n; the chunk changes the speed only. The authors' layer convolves queries, keys and values over "
            "time; here the short convolution of the surroundings does that, and with nested use it is absent."
        ),
        parameters=(
            HEADS,
            KEY_WIDTH,
            VALUE_WIDTH,
            Whole(
                name="steps",
                title="Steps a position",
                default=2,
                low=1,
                high=8,
                role="steps_a_position",
                meaning="Delta rules, each with its own key and value, that every position makes.",
            ),
            Flag(
                name="negative",
                title="Negative eigenvalues",
                default=True,
                role="negative_eigenvalues",
                meaning="Let strengths reach 2, where a step reflects, instead of 1, where it erases.",
            ),
            Flag(
                name="gate",
                title="Forget gate",
                default=False,
                role="gate",
                meaning="Let the whole matrix fade by α once a position.",
            ),
            OUTPUT_NORM,
            OUTPUT_GATE,
            replace(CHUNK, unit="steps", meaning="Steps worked on together; changes the speed only."),
        ),
        equations=(
            Equation("Steps", "Sₜ,ᵢ = Sₜ,ᵢ₋₁ (I − βₜ,ᵢ kₜ,ᵢ kₜ,ᵢᵀ) + βₜ,ᵢ vₜ,ᵢ kₜ,ᵢᵀ for i = 1 … n,  Sₜ,₀ = αₜ Sₜ₋₁,  Sₜ = Sₜ,ₙ"),
            Equation("Reading", "yₜ = Sₜ qₜ"),
            Equation(
                "Keys and queries", "kₜ,ᵢ = SiLU(Wⁱ_k xₜ) / ‖SiLU(Wⁱ_k xₜ)‖,  qₜ = SiLU(W_q xₜ) / ‖SiLU(W_q xₜ)‖,  vₜ,ᵢ = SiLU(Wⁱ_v xₜ)"
            ),
            Equation("Write strength", "βₜ,ᵢ = 2 σ(Wⁱ_β xₜ)  (without negative eigenvalues: σ(Wⁱ_β xₜ))"),
            Equation("Forget gate", "αₜ = exp(−A softplus(W_α xₜ + b))  (gate off: 1)"),
            Equation("Output", "oₜ = W_o (RMSnorm(yₜ) ⊙ SiLU(W_g xₜ))"),
        ),
        sources=(SIEMS, GRAZZI),
        traits=frozenset({"readable"}),
        implementation="memstudio.components.sequence.delta_product.layers:DeltaProduct",
        reference="memstudio.components.sequence.delta_product.reference:run",
        cost=cost,
        parts=parts,
        tiny={"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4},
        synonyms=("DeltaProduct", "Householder", "state tracking", "reflections", "permutations", "negative eigenvalues"),
        presets=(
            Preset(
                id="sequence.gated_delta_product",
                title="Gated delta product",
                values={"gate": True},
                summary="Several delta rules a position on a matrix that can also fade.",
                sources=(SIEMS,),
            ),
            Preset(
                id="sequence.negative_deltanet",
                title="Delta rule with negative eigenvalues",
                values={"steps": 1},
                summary="The delta rule with strengths up to 2, so that a position can reflect what the matrix holds.",
                sources=(GRAZZI,),
            ),
        ),
    ),
)
