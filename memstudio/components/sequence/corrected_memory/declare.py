"""The associative memory of ARMT: a matrix and its normaliser, both corrected for keys that are written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag, Whole


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, heads = width_of(inputs), values["heads"]
    keys, data = heads * values["key_width"], heads * values["value_width"]
    return {
        "query": width * keys,
        "writer": width * (keys + data + heads) + heads,
        "output": data * width * (1 + values["output_gate"]) + (values["value_width"] if values["output_norm"] else 0),
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts; a head keeps a matrix and a normaliser of its features, and makes up to three products with one, two with the other."""
    width, heads = width_of(inputs), values["heads"]
    keys, data = heads * values["key_width"], heads * values["value_width"]
    features = 2 * values["features"] * keys
    matrix = features * values["value_width"]
    maps = width * (2 * keys + data + heads + data * (1 + values["output_gate"]))
    # what is held (with delta), what is written, what is found; the normaliser along the key (with either) and along the query
    made = (2 + values["delta"]) * matrix + (1 + (values["delta"] or values["correction"])) * features
    return Cost(sum(parts(values, inputs).values()), (matrix + features) * BYTES, products(inputs, maps, made))


COMPONENTS = (
    memory(
        id="sequence.corrected_memory",
        title="Corrected associative memory",
        summary="A normalised linear attention that replaces what a key held, and does not count a rewritten key twice.",
        explanation=(
            "Each head keeps a matrix A from keys to values and a normaliser z, the sum of the keys. An answer is what A gives for "
            "a query, divided by how much of the query z covers: an average of what was written. A position with key k first looks "
            "up what is held for k, and writes the difference to its value with strength β (delta). A key that is written again "
            "must then not grow z as well, or every later answer for it would shrink: so z takes only the share γ of k that it "
            "does not cover yet (correction). No gradient goes through γ.\n\n"
            "Keys and queries become features by DPFP: the positive and negative parts of a vector, each multiplied by its "
            "neighbours up to ν places on. They are never negative, mostly zero, and 2 ν times as many, so far more different keys "
            "fit than the width says. They are scaled to length 1. A query that shares no feature with anything written is answered "
            "with zeros.\n\n"
            "This is the memory of each layer of the Associative Recurrent Memory Transformer, alone: its segments and memory "
            "tokens are not part of it. There, a segment's memory tokens write all at once, into the memory as it was before the "
            "segment, and the whole next segment reads; here each position writes and then reads, as if a segment were one token "
            "long. There the answer is added to the layer's input as it is, and the value map starts at zero so as not to disturb a "
            "trained transformer; here an output map follows, and the value map starts like the others. The sums are worked through "
            "in chunks; the share γ, which needs no gradient, is found step after step."
        ),
        parameters=(
            HEADS,
            replace(
                KEY_WIDTH, default=16, low=2, meaning="Numbers in a key of one head, before they are made into 2 ν times as many features."
            ),
            VALUE_WIDTH,
            Whole(
                name="features",
                title="Features ν",
                default=3,
                low=1,
                high=6,
                role="features",
                meaning="Neighbours that each part of a key is multiplied by (DPFP-ν).",
            ),
            Flag(
                name="delta",
                title="Delta",
                default=True,
                role="delta",
                meaning="Write only the difference to what the key held; off: add up as linear attention does.",
            ),
            Flag(
                name="correction",
                title="Correction",
                default=True,
                role="correction",
                meaning="Add to the normaliser only the share of a key that it does not cover yet; off: every key in full.",
            ),
            replace(OUTPUT_NORM, default=False),
            replace(OUTPUT_GATE, default=False),
            CHUNK,
        ),
        equations=(
            Equation("What a key held", "v̄ₜ = Aₜ₋₁ᵀ kₜ / (zₜ₋₁·kₜ + ε)  (delta off: 0)"),
            Equation("Writing", "Aₜ = Aₜ₋₁ + kₜ (βₜ (vₜ − v̄ₜ))ᵀ"),
            Equation("Normaliser", "zₜ = zₜ₋₁ + γₜ kₜ,  γₜ = clip(1 − zₜ₋₁·kₜ / ‖kₜ‖², 0, 1)  (correction off: 1)"),
            Equation("Reading", "yₜ = Aₜᵀ qₜ / (zₜ·qₜ + ε)"),
            Equation("Features", "φ(x) = r ⊙ roll(r, j) for j = 1 … ν side by side,  r = [max(x, 0), max(−x, 0)]"),
            Equation("Maps", "kₜ = φ(W_k xₜ) / ‖φ(W_k xₜ)‖,  qₜ = φ(W_q xₜ) / ‖φ(W_q xₜ)‖,  vₜ = W_v xₜ,  βₜ = σ(W_β xₜ + b)"),
        ),
        sources=(
            Source(
                "Rodkin, Kuratov, Bulatov, Burtsev",
                2024,
                "Associative Recurrent Memory Transformer",
                "arXiv 2407.04841",
                systems=("S138",),
            ),
            Source("Schlag, Irie, Schmidhuber", 2021, "Linear Transformers Are Secretly Fast Weight Programmers", "ICML 2021"),
        ),
        traits=frozenset({"readable"}),
        implementation="memstudio.components.sequence.corrected_memory.layers:CorrectedMemory",
        reference="memstudio.components.sequence.corrected_memory.reference:run",
        cost=cost,
        parts=parts,
        # With fewer features a query and a key often share none at all, and a position has no influence.
        tiny={"heads": 2, "key_width": 8, "value_width": 4, "features": 5, "chunk": 4},
        synonyms=("ARMT", "associative memory", "DPFP", "delta rule", "linear attention", "normaliser", "fast weights"),
    ),
)
