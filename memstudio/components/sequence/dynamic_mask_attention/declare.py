"""Dynamic mask attention: attention over the keys that are most important, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.components.sequence.parameters import HEADS, KEY_WIDTH, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Whole


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, heads = width_of(inputs), values["heads"]
    keys, data = heads * values["key_width"], heads * values["value_width"]
    scale = values["key_width"] if values["query_key_norm"] else 0
    return {"query": width * keys + scale, "writer": width * (keys + data) + data * heads + heads + scale, "output": data * width}


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts; a key, a value and an importance a head for each position kept; each query meets at most those."""
    width, time, heads, keep = width_of(inputs), time_of(inputs), values["heads"], values["keep"]
    keys, data = heads * values["key_width"], heads * values["value_width"]
    most = min(time, keep)
    seen = most * (most + 1) // 2 + (time - most) * most
    flops = products(inputs, width * (2 * keys + data), data * heads, data * width) + 2 * (keys + data) * seen
    return Cost(sum(parts(values, inputs).values()), most * (keys + data + heads) * BYTES, flops)


COMPONENTS = (
    memory(
        id="sequence.dynamic_mask_attention",
        title="Dynamic mask attention",
        summary="Attention over the few keys that a head finds most important, whoever asks; all others are dropped.",
        explanation=(
            "From the values of a position each head computes an importance of its key. It does two things: it is added to every match "
            "with that key, and it decides whether the key is seen at all: a head attends only to the keys of the highest importance "
            "so far. The choice does not depend on the query, so all queries of a head share it. Causally, a position sees the "
            "best among the keys up to its own; its own key may be missing. Since importances never change, a key that was outdone "
            "by enough others never comes back, and the state keeps just the best of each head: it stops growing. Of two "
            "equally important keys the earlier stays.\n\n"
            "The choice itself has no gradient; the importance learns through the bias of the keys that are kept. So the bias cannot "
            "be switched off here. The paper's equation is exp(A softplus(W v)); the authors' published model leaves the exponential "
            "out, for numerical stability, as it says: both are offered. Here the exponent ends at 30. Their kernels "
            "skip masked blocks; this one compares with at most the kept keys and those of the piece that is read."
        ),
        parameters=(
            replace(HEADS, meaning="Separate comparisons, side by side, each with its own choice of keys."),
            KEY_WIDTH,
            VALUE_WIDTH,
            Flag(
                name="rotary",
                title="Rotary positions",
                default=True,
                role="rotary",
                meaning="Turn queries and keys by their position, so that a match depends on the distance.",
            ),
            Flag(
                name="query_key_norm",
                title="Query-key norm",
                default=False,
                role="query_key_norm",
                meaning="Scale queries and keys to root mean square 1 before they are compared, as the authors' model does.",
            ),
            Whole(
                name="keep",
                title="Kept keys",
                default=32,
                low=1,
                high=4096,
                unit="a head",
                role="top_k",
                meaning="How many keys a head keeps and sees: those of the highest importance so far.",
            ),
            Choice(
                name="importance",
                title="Importance",
                default="exp",
                options={"exp": "Exponential, as in the paper", "linear": "Without the exponential, as in the authors' model"},
                role="importance_form",
                meaning="How the importance follows from the values.",
            ),
        ),
        equations=(
            Equation("Importance", "δᵢ = exp(A softplus(W_δ vᵢ))  or  A softplus(W_δ vᵢ),  vᵢ the values of all heads"),
            Equation("Mask", "Wₜ = the w keys i ≤ t of the highest δᵢ"),
            Equation("Reading", "yₜ = Σᵢ∈Wₜ softmaxᵢ(qₜ·kᵢ / √K + δᵢ) vᵢ"),
        ),
        sources=(
            Source(
                "Shi, Wu, Wu, Peng, Wang, Liu, Luo", 2025, "Trainable Dynamic Mask Sparse Attention", "arXiv 2508.02124", systems=("S234",)
            ),
        ),
        traits=frozenset({"readable", "partial"}),
        implementation="memstudio.components.sequence.dynamic_mask_attention.layers:DynamicMaskAttention",
        reference="memstudio.components.sequence.dynamic_mask_attention.reference:run",
        cost=cost,
        parts=parts,
        tiny={"heads": 2, "key_width": 4, "value_width": 3, "keep": 3},
        synonyms=("DMA", "sparse attention", "Doge", "top-k keys", "flash-dmattn", "eviction", "content-aware sparsity"),
    ),
)
