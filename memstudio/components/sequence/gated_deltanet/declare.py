"""The gated delta rule, and the delta rule as its preset."""

from __future__ import annotations

from collections.abc import Mapping

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, heads = width_of(inputs), values["heads"]
    keys, data = heads * values["key_width"], heads * values["value_width"]
    return {
        "query": width * keys,
        "writer": width * (keys + data + heads) + (width * heads + 2 * heads if values["gate"] else 0),
        "output": data * width * (1 + values["output_gate"]) + (values["value_width"] if values["output_norm"] else 0),
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts, and one matrix a head, with which three products are made: what a key holds, what is written, what a query finds."""
    width, heads = width_of(inputs), values["heads"]
    keys, data, matrix = heads * values["key_width"], heads * values["value_width"], heads * values["key_width"] * values["value_width"]
    maps = width * (2 * keys + data + heads * (1 + values["gate"]) + data * (1 + values["output_gate"]))
    return Cost(sum(parts(values, inputs).values()), matrix * BYTES, products(inputs, maps, 3 * matrix))


SCHLAG = Source("Schlag, Irie, Schmidhuber", 2021, "Linear Transformers Are Secretly Fast Weight Programmers", "ICML 2021")
YANG_PARALLEL = Source(
    "Yang, Wang, Zhang, Shen, Kim", 2024, "Parallelizing Linear Transformers with the Delta Rule over Sequence Length", "NeurIPS 2024"
)
YANG_GATED = Source("Yang, Kautz, Hatamizadeh", 2024, "Gated Delta Networks: Improving Mamba2 with Delta Rule", "ICLR 2025, equation 10")

COMPONENTS = (
    memory(
        id="sequence.gated_deltanet",
        title="Gated delta rule",
        summary="A matrix a head that replaces what a key held before, and can forget everything at once.",
        explanation=(
            "Each head keeps one matrix S that maps keys to values. A position with key k first looks up what S holds for k, and "
            "writes only the difference to its own value v, with strength β: old and new do not pile up, as they do in linear "
            "attention. A gate α between 0 and 1 lets the whole matrix fade, so that outdated content makes room. The state has the "
            "same size after any number of positions.\n\n"
            "Keys and queries are scaled to length 1, so with β = 1 the old value of a key is replaced exactly. With the gate off, "
            "α is 1: the delta rule. At the start heads forget over 10 to 1,000 positions. A sequence is worked through in chunks, "
            "with one triangular solve a chunk; the chunk size changes the speed, not the result. The short convolution that "
            "belongs to the published layer is part of the surroundings; with nested use it is absent."
        ),
        parameters=(
            HEADS,
            KEY_WIDTH,
            VALUE_WIDTH,
            Flag(
                name="gate", title="Forget gate", default=True, role="gate", meaning="Let the whole matrix fade by α; off: the delta rule."
            ),
            OUTPUT_NORM,
            OUTPUT_GATE,
            CHUNK,
        ),
        equations=(
            Equation("Writing", "Sₜ = αₜ Sₜ₋₁ (I − βₜ kₜ kₜᵀ) + βₜ vₜ kₜᵀ"),
            Equation("Reading", "yₜ = Sₜ qₜ"),
            Equation("Keys and queries", "kₜ = SiLU(W_k xₜ) / ‖SiLU(W_k xₜ)‖,  qₜ = SiLU(W_q xₜ) / ‖SiLU(W_q xₜ)‖,  vₜ = SiLU(W_v xₜ)"),
            Equation("Write strength", "βₜ = σ(W_β xₜ)"),
            Equation("Forget gate", "αₜ = exp(−A softplus(W_α xₜ + b))"),
            Equation("Output", "oₜ = W_o (RMSnorm(yₜ) ⊙ SiLU(W_g xₜ))"),
        ),
        sources=(YANG_GATED, YANG_PARALLEL, SCHLAG),
        traits=frozenset({"readable"}),
        implementation="memstudio.components.sequence.gated_deltanet.layers:GatedDeltaNet",
        reference="memstudio.components.sequence.gated_deltanet.reference:run",
        cost=cost,
        parts=parts,
        version=2,  # 2: the names of the gate's weights
        tiny={"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4},
        synonyms=("DeltaNet", "fast weights", "linear attention", "linear transformer", "matrix memory", "Gated DeltaNet", "GDN"),
        presets=(
            Preset(
                id="sequence.deltanet",
                title="Delta rule",
                values={"gate": False},
                summary="A matrix a head that replaces what a key held before, and never fades.",
                sources=(SCHLAG, YANG_PARALLEL),
            ),
        ),
    ),
)
