"""The Omega rule: memories that learn a window of positions together; OmegaNet and ATLAS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM
from memstudio.components.sequence.test_time_memory.sizes import numbers, sizes, taught
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Whole

#: More features of a key than this are refused: the memory would have millions of weights a head.
MOST_FEATURES = 5000


def feature_count(width: int, degree: int) -> int:
    """Different products of 1 to `degree` entries of a key of that width."""
    return sum(math.comb(width + i - 1, i) for i in range(1, degree + 1))


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer, features, the memory's first weights, and output."""
    width, heads, one = width_of(inputs), values["heads"], values["head_width"]
    every = heads * one
    return {
        "query": width * every,
        "writer": width * (2 * every + heads * (2 + (values["optimiser"] != "gradient"))) + heads
        + (width * heads + 2 * heads if values["gate"] else 0),
        "features": values["degree"] if values["degree"] > 1 else 0,
        "start": heads * numbers(feature_count(one, values["degree"]), one, values["depth"]),
        "output": every * width * (1 + values["output_gate"]) + (one if values["output_norm"] else 0),
    }  # fmt: skip


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts; the network, its surprise, its weights where the chunk began, recent positions; gradients of a window, Muon, reading.

    Making features takes no matrix products; five Newton–Schulz steps take three products each, in the smaller of the two sizes.
    """
    width, heads, one, window = width_of(inputs), values["heads"], values["head_width"], values["window"]
    shapes = sizes(feature_count(one, values["degree"]), one, values["depth"])
    network = heads * sum(rows * columns for rows, columns in shapes)
    moved = values["optimiser"] != "gradient"
    kept = network * (1 + moved + (values["chunk"] > 1)) + heads * (window - 1) * (2 * one + 1)
    taken = heads * sum(taught(feature_count(one, values["degree"]), one, values["depth"])) + network
    maps = width * (heads * (2 + moved + values["gate"]) + heads * one * (4 + values["output_gate"]))
    muon = heads * sum(5 * (2 * min(shape) ** 2 * max(shape) + min(shape) ** 3) for shape in shapes)
    every = products(inputs, maps, window * taken, network, muon * (values["optimiser"] == "muon"))
    return Cost(sum(parts(values, inputs).values()), kept * BYTES, every)


def refuse(values: Values, inputs: Inputs) -> str | None:
    """Not too many features."""
    count = feature_count(values["head_width"], values["degree"])
    if count <= MOST_FEATURES:
        return None
    return (
        f"Keys of {values['head_width']} numbers have {count:,} features of degree {values['degree']}, more than {MOST_FEATURES:,}; "
        "lower the head width or the degree."
    )


ATLAS = Source(
    "Behrouz, Li, Kacham, Daliri, Deng, Zhong, Razaviyayn, Mirrokni",
    2025,
    "ATLAS: Learning to Optimally Memorize the Context at Test Time",
    "arXiv 2505.23735, equations 5, 9 to 11, 32 and 33",
    systems=("S157",),
)
MUON = Source("Jordan et al.", 2024, "Muon: An optimizer for hidden layers in neural networks", "kellerjordan.github.io/posts/muon")

COMPONENTS = (
    memory(
        id="sequence.omega",
        title="Omega rule",
        summary="A memory that learns while it reads, each step on its last few positions together, with polynomial features of keys.",
        explanation=(
            "The state of each head is the weights of a matrix or a small network M that is trained while reading, as in the "
            "test-time memory. There, a step looks at one position only. Here each step makes the error of the last c positions "
            "smaller together, each counting by a learned gate, so that a pair is learned again while others come in. Keys and "
            "queries are replaced by all products of up to p of their entries: a matrix then holds about as many pairs as there "
            "are products, not as there are entries. The coefficients of the degrees are learned and start at 1 / i!, as in the "
            "series of the exponential.\n\n"
            "Steps are plain, carry over with momentum, or are made orthogonal (Muon): five Newton–Schulz iterations set all "
            "directions of the step to about the same size, so that rare directions are learned as fast as frequent ones.\n\n"
            "All gradients of a chunk, those of a window that reaches back behind it too, are taken with the weights where the "
            "chunk began, as the authors do; so the chunk is part of the mathematics. With a window of 1, degree 1 and no Muon it "
            "is the test-time memory with squared error. Positions that are left out (in a mixture of memories) do not count in "
            "the window either.\n\n"
            "Otherwise than in the paper: gates are one a head; the gate of a position is the same in each window it is in; the "
            "constant feature is left out (keys have length 1, so that squares already hold it); a network has no residual path, as "
            "keys have more features than values have numbers; Muon's step size stands outside the orthogonalisation; the paper says "
            "neither how gates nor how weights start: gates of positions and momentum at 0.5, steps so that those from one place do "
            "not go too far. Equations were checked against reproductions, there being no code of the authors. DeepTransformers, "
            "whose exponential features have no end, are not offered. Muon writes out the steps of every position and costs "
            "accordingly: the ATLAS of the palette is a matrix, the paper's has two layers, which take over ten times as long on a CPU."
        ),
        parameters=(
            HEADS,
            replace(KEY_WIDTH, name="head_width", title="Head width", default=16, high=64, meaning="Numbers in a key and in a value."),
            Whole(
                name="depth",
                title="Layers of the memory",
                default=1,
                low=1,
                high=3,
                role="memory_depth",
                meaning="Layers of each head's network; 1 is a matrix.",
            ),
            Whole(
                name="window",
                title="Window",
                default=4,
                low=1,
                high=64,
                log=True,
                unit="positions",
                role="memory_window",
                meaning="Last positions that each step learns together.",
            ),
            Whole(
                name="degree",
                title="Degree of features",
                default=1,
                low=1,
                high=3,
                role="memory_degree",
                meaning="Features are all products of up to so many entries of a key; 1 leaves keys as they are.",
            ),
            Choice(
                name="optimiser",
                title="Steps",
                default="momentum",
                options={"gradient": "Gradient", "momentum": "Momentum", "muon": "Muon"},
                role="memory_optimiser",
                meaning="How gradients become steps: as they are, carried over, or carried over and made orthogonal.",
            ),
            Flag(
                name="gate",
                title="Forget gate",
                default=True,
                role="gate",
                meaning="Let the weights fade by α; off: they are kept until overwritten.",
            ),
            OUTPUT_NORM,
            OUTPUT_GATE,
            replace(
                CHUNK,
                default=8,
                role="grain",
                meaning="Positions whose gradients are taken with the same weights, those where the chunk began.",
            ),
        ),
        equations=(
            Equation("Window", "Gₜ = Σᵢ γᵢ ∇ ½ ‖M(W_c; φ(kᵢ)) − vᵢ‖²,  i = t − c + 1 … t,  W_c the weights where the chunk began"),
            Equation("Writing", "Sₜ = ηₜ Sₜ₋₁ − θₜ Gₜ,  Wₜ = αₜ Wₜ₋₁ + Sₜ"),
            Equation("Writing with Muon", "Sₜ = ηₜ Sₜ₋₁ − Gₜ,  Wₜ = αₜ Wₜ₋₁ + θₜ NewtonSchulz₅(Sₜ)"),
            Equation("Reading", "yₜ = M(Wₜ; φ(qₜ))"),
            Equation("Features", "φ(x) = [a₁ x, a₂ x ⊗ x, …, a_p x^⊗p],  aᵢ = 1 / i! at the start"),
            Equation("Newton–Schulz", "X₀ = S / ‖S‖,  X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X,  a, b, c = 3.4445, −4.7750, 2.0315"),
            Equation("Gates", "γₜ = σ(W_γ xₜ),  θₜ = σ(W_θ xₜ + b),  ηₜ = σ(W_η xₜ),  αₜ = exp(−a softplus(W_α xₜ + b))"),
            Equation("Keys and queries", "kₜ = SiLU(W_k xₜ) / ‖SiLU(W_k xₜ)‖,  qₜ = SiLU(W_q xₜ) / ‖SiLU(W_q xₜ)‖,  vₜ = SiLU(W_v xₜ)"),
            Equation("Output", "oₜ = W_o (RMSnorm(yₜ) ⊙ SiLU(W_g xₜ))"),
        ),
        sources=(ATLAS, MUON),
        traits=frozenset({"readable"}),
        implementation="memstudio.components.sequence.omega.layers:Omega",
        reference="memstudio.components.sequence.omega.reference:run",
        cost=cost,
        parts=parts,
        refuse=refuse,
        grain="chunk",
        tiny={"heads": 2, "head_width": 3, "window": 3, "degree": 2, "chunk": 4},
        synonyms=("ATLAS", "OmegaNet", "Muon", "polynomial features", "test-time training", "sliding window", "context memorisation"),
        presets=(
            Preset(
                id="sequence.omeganet",
                title="OmegaNet",
                values={"degree": 2, "optimiser": "gradient"},
                summary="Plain steps on a window of positions, with products of key entries as features.",
                sources=(ATLAS,),
            ),
            Preset(
                id="sequence.atlas",
                title="ATLAS",
                values={"degree": 2, "optimiser": "muon"},
                summary="A matrix trained on a window of positions by orthogonal steps, with products of key entries as features.",
                sources=(ATLAS, MUON),
            ),
        ),
    ),
)
