"""Local linear attention: a weighted regression around each query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag, Real


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, keys, data = width_of(inputs), values["heads"] * values["key_width"], values["heads"] * values["value_width"]
    return {
        "query": width * keys,
        "writer": width * (keys + data),
        "output": data * width * (1 + values["output_gate"]) + (values["value_width"] if values["output_norm"] else 0),
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts, and a key and a value of every head for each position of the sequence.

    Products at position t with t keys: matches, the mean of the keys and their slopes 3 K, their covariance K², the values V; the
    products of keys with themselves are made once a position, and the solve eliminates (K³/3) and substitutes twice (K²).
    """
    width, time, heads, k, v = width_of(inputs), time_of(inputs), values["heads"], values["key_width"], values["value_width"]
    maps = width * heads * (2 * k + v + v * (1 + values["output_gate"]))
    once, seen = (heads * (2 * k**2 + k**3 // 3), heads * (3 * k + k**2 + v)) if values["slope"] else (0, heads * (k + v))
    flops = products(inputs, maps, once) + seen * time * (time + 1)
    return Cost(sum(parts(values, inputs).values()), time * heads * (k + v) * BYTES, flops)


COMPONENTS = (
    memory(
        id="sequence.local_linear_attention",
        title="Local linear attention",
        summary="Keeps every key and value, and at each query fits a line to the values of the keys near it.",
        explanation=(
            "Softmax attention answers with an average of values, weighted towards keys that match the query: a local constant. Where "
            "values change with their keys, such an average is wrong at the edge of what was seen, and wherever keys lie unevenly "
            "around the query. Here the same weights fit a constant and a slope, and the answer is the value of that line at the query. "
            "A very large ridge leaves no slope: softmax attention. A very large bandwidth makes all weights alike: one ridge regression "
            "from keys to values for all queries. In between the fit follows what changes over the sequence.\n\n"
            "The weights are scaled to sum to 1 before the ridge is added, so that a ridge means the same at every position. The paper "
            "solves with conjugate gradient; here every solve is exact, taken around the mean of the keys, where the paper's formula "
            "would divide one small difference by another. Each query needs a matrix of keys times keys of its own, so time and memory "
            "grow with the square of the key width as well as with the sequence. The bandwidth is given in units of √K: 1 is the usual "
            "scale of attention. Keys know nothing of their position unless the short convolution before them tells it. Whether the "
            "ridge of the paper stands beside scaled weights was not checked against its code."
        ),
        parameters=(
            HEADS,
            replace(KEY_WIDTH, default=16, meaning="Numbers in a key of one head; each query solves for so many slopes."),
            VALUE_WIDTH,
            Real(
                name="bandwidth",
                title="Bandwidth",
                default=1.0,
                low=0.01,
                high=1e6,
                log=True,
                unit="× √K",
                role="bandwidth",
                meaning="How far from the query keys still count; the larger, the more all keys count alike.",
            ),
            Flag(
                name="slope",
                title="Slope",
                default=True,
                role="slope",
                meaning="Fit a line around the query; off: a constant, which is softmax attention.",
            ),
            Real(
                name="ridge",
                title="Ridge",
                default=0.1,
                low=1e-3,
                high=1e6,
                log=True,
                role="ridge",
                meaning="Pull of the slope towards 0, in squared distances of keys; very large: softmax attention.",
                shown_when=("slope", True),
            ),
            Flag(
                name="unit_length",
                title="Keys of length 1",
                default=False,
                role="unit_length",
                meaning="Scale keys and queries of each head to length 1, so that their match is their distance.",
            ),
            replace(OUTPUT_NORM, default=False),
            replace(OUTPUT_GATE, default=False),
            replace(CHUNK, meaning="Queries worked on together; changes speed and memory only."),
        ),
        equations=(
            Equation("Problem", "min over b, W of Σᵢ≤ₜ wᵢ ‖vᵢ − b − W (kᵢ − qₜ)‖² + λ ‖W‖²,  yₜ = b"),
            Equation("Weights", "wᵢ = softmaxᵢ(qₜ·kᵢ / (h √K))"),
            Equation("Answer", "yₜ = Σᵢ wᵢ (1 + (kᵢ − k̄)·x) vᵢ,  x = (C + λI)⁻¹ (qₜ − k̄),  k̄ = Σ wᵢ kᵢ,  C = Σ wᵢ (kᵢ − k̄)(kᵢ − k̄)ᵀ"),
            Equation(
                "As in the paper",
                "yₜ = Σᵢ wᵢ (1 − (kᵢ − qₜ)·ρ) vᵢ / (1 − μ·ρ),  μ = Σ wᵢ (kᵢ − qₜ),  ρ = (Σ wᵢ (kᵢ − qₜ)(kᵢ − qₜ)ᵀ + λI)⁻¹ μ",
            ),
            Equation("Maps", "kₜ = W_k xₜ,  qₜ = W_q xₜ,  vₜ = W_v xₜ,  oₜ = W_o (RMSnorm(yₜ) ⊙ SiLU(W_g xₜ))"),
        ),
        sources=(
            Source(
                "Zuo, Yin, Zeng, Li, Zhu, Wang",
                2025,
                "Local Linear Attention: An Optimal Interpolation of Linear and Softmax Attention For Test-Time Regression",
                "arXiv 2510.01450",
                systems=("S162",),
            ),
        ),
        traits=frozenset({"readable", "growing"}),
        implementation="memstudio.components.sequence.local_linear_attention.layers:LocalLinearAttention",
        reference="memstudio.components.sequence.local_linear_attention.reference:run",
        cost=cost,
        parts=parts,
        tiny={"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4},
        synonyms=("LLA", "FlashLLA", "local polynomial regression", "higher-order attention", "kernel regression", "Nadaraya-Watson"),
    ),
)
