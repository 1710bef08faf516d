"""Memories that learn while they read: Titans' neural memory, and Moneta, Yaad and Memora of the Miras framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM
from memstudio.components.sequence.test_time_memory.sizes import numbers, taught
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Real, Whole


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer, the memory's first weights, and output."""
    width, heads, one = width_of(inputs), values["heads"], values["head_width"]
    every = heads * one
    gates = 1 + values["momentum"] + (values["objective"] == "huber")
    forgetting = width * heads + 2 * heads if values["retention"] != "none" else 0
    return {
        "query": width * every,
        "writer": 2 * width * every + gates * (width * heads + heads) + forgetting + heads * (values["retention"] == "elastic"),
        "start": heads * numbers(one, one, values["depth"]) + 2 * every * values["skip"],
        "output": every * width * (1 + values["output_gate"]) + (one if values["output_norm"] else 0),
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts; the network with its surprise and its weights where the chunk began; a position's gradient, its step and its reading."""
    width, heads, one = width_of(inputs), values["heads"], values["head_width"]
    network = heads * numbers(one, one, values["depth"])
    kept = network * (1 + values["momentum"] + (values["chunk"] > 1))
    forward, back = (heads * size for size in taught(one, one, values["depth"]))
    if values["objective"] == "dot" and not values["skip"]:
        forward -= heads * one * one * (1 if values["depth"] == 1 else 4)  # what the memory says does not enter the gradient
    gates = 1 + values["momentum"] + (values["objective"] == "huber") + (values["retention"] != "none")
    maps = width * (heads * gates + heads * one * (4 + values["output_gate"]))
    return Cost(sum(parts(values, inputs).values()), kept * BYTES, products(inputs, maps, forward, back, 2 * network))


TITANS = Source(
    "Behrouz, Zhong, Mirrokni", 2024, "Titans: Learning to Memorize at Test Time", "arXiv 2501.00663, equations 8 to 18", systems=("S036",)
)
MIRAS = Source(
    "Behrouz, Razaviyayn, Zhong, Mirrokni",
    2025,
    "It's All Connected: A Journey Through Test-Time Memorization, Attentional Bias, Retention, and Online Optimization",
    "arXiv 2504.13173, equations 10 to 32",
    systems=("S092",),
)
TTT = Source("Sun et al.", 2024, "Learning to (Learn at Test Time): RNNs with Expressive Hidden States", "arXiv 2407.04620")

COMPONENTS = (
    memory(
        id="sequence.test_time_memory",
        title="Test-time memory",
        summary="A small network a head that learns, by gradient steps while it reads, to answer each key with its value.",
        explanation=(
            "The state of each head is the weights of a small network M, and reading is training: at each position M is asked for "
            "the key, the answer is compared with the value, and the weights take one gradient step. Large errors (surprise) "
            "change much, what is known changes little. With momentum, surprise also carries over to the next positions; with "
            "forgetting, old weights fade. How large a step is, how long surprise lasts and how much is forgotten is decided at "
            "each position from the input. The rest of the model, and the weights that M begins a sequence with, are trained as "
            "usual, through all these steps.\n\n"
            "Four choices span the framework Miras: the network (depth 1 is a matrix, deeper ones have gelu between layers and "
            "hidden layers four times as wide; residual gives M(x) = x + LN(network)), what is minimised, what is retained, and "
            "momentum. A matrix with squared error, no momentum, no forgetting and a chunk of 1 is the delta rule (with forgetting, the "
            "gated delta rule but for one thing: its error is that of the faded matrix, here it is that before fading); with the dot "
            "product it is linear attention with decay; a residual matrix or network without forgetting is the memory of TTT.\n\n"
            "All gradients of a chunk are taken with the weights where the chunk began, as the authors do to train in parallel; so "
            "the chunk is part of the mathematics: smaller is closer to one step after another, and slower. Decay and momentum go "
            "on at every position. Steps start near 1 / (1 + chunk), so that those of a chunk together do not go too far; training "
            "may change that. The loss is half the squared error (p-th powers are divided by p), which only rescales the steps.\n\n"
            "Otherwise than in the papers: gates are one a head, not one a channel; forgetting is parametrised as in Mamba-2 and "
            "starts with spans of 10 to 1,000 positions, momentum starts at 0.5 and layers at variance 1 / inputs (the papers do "
            "not say); Huber's bound limits the length of the error (the paper's second variant, of which Yaad's is a mixture); "
            "lq divides each layer by its norm as the paper's Moneta does, without raising entries to a power; KL keeps each unit's "
            "inputs on a simplex. Both are exact at every position, where the authors work linearly within a chunk; they and "
            "elastic retention write out the weights of every position of a chunk and cost accordingly. Equations of Miras were "
            "checked against a reproduction, not against code of the authors. Short convolutions belong to the surroundings."
        ),
        parameters=(
            HEADS,
            replace(KEY_WIDTH, name="head_width", title="Head width", default=16, high=256, meaning="Numbers in a key and in a value."),
            Whole(
                name="depth",
                title="Layers of the memory",
                default=1,
                low=1,
                high=3,
                role="memory_depth",
                meaning="Layers of each head's network; 1 is a matrix.",
            ),
            Flag(
                name="skip",
                title="Residual memory",
                default=False,
                role="memory_residual",
                meaning="Let the memory give its input plus the layer norm of what its network gives.",
            ),
            Choice(
                name="objective",
                title="Objective",
                default="l2",
                options={"l2": "Squared error", "dot": "Dot product", "lp": "Power p of the error", "huber": "Huber"},
                role="memory_objective",
                meaning="What a step makes smaller: the error, in one of several measures, or the negative product with the value.",
            ),
            Real(
                name="power",
                title="Power p",
                default=3.0,
                low=1.0,
                high=4.0,
                role="memory_objective_power",
                meaning="The power of each entry of the error; 2 is the squared error, 1 cares for signs only.",
                shown_when=("objective", "lp"),
            ),
            Choice(
                name="retention",
                title="Retention",
                default="decay",
                options={
                    "none": "Keep everything",
                    "decay": "Decay",
                    "lq": "Decay and q-norm",
                    "kl": "KL divergence",
                    "elastic": "Elastic net",
                },
                role="memory_retention",
                meaning="What holds the weights back: fading, division by their size, staying on a simplex, or dropping small ones.",
            ),
            Real(
                name="retention_power",
                title="Power q",
                default=4.0,
                low=2.0,
                high=8.0,
                role="memory_retention_power",
                meaning="Weights are divided by their q-norm to the power q − 2; 2 changes nothing.",
                shown_when=("retention", "lq"),
            ),
            Flag(
                name="momentum",
                title="Momentum of surprise",
                default=False,
                role="memory_momentum",
                meaning="Let steps carry over to the positions that follow.",
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
            Equation("Surprise", "Sₜ = ηₜ Sₜ₋₁ − θₜ ∇ℓ(W_c; kₜ, vₜ),  W_c the weights where the chunk began"),
            Equation("Writing", "Aₜ = αₜ Aₜ₋₁ + Sₜ,  Wₜ = Aₜ  (Titans writes 1 − αₜ for αₜ)"),
            Equation("Reading", "yₜ = M(Wₜ; qₜ),  M(W; x) = W² gelu(W¹ x)  or  x + LN(W² gelu(W¹ x))"),
            Equation("Objective", "ℓ = ½ ‖e‖²  or  ‖e‖ₚᵖ / p  or  Huber(‖e‖, δₜ)  or  −⟨M(kₜ), vₜ⟩,  e = M(kₜ) − vₜ"),
            Equation("Retention lq", "Wₜ = Aₜ / ‖Aₜ‖_q^(q−2)"),
            Equation("Retention KL", "Wₜ = softmax(Aₜ) = softmax(αₜ log Wₜ₋₁ + Sₜ)"),
            Equation("Retention elastic", "Wₜ = sign(Aₜ) max(0, |Aₜ| − γₜ),  Aₜ = αₜ Wₜ₋₁ + Sₜ"),
            Equation("Gates", "θₜ = σ(W_θ xₜ + b),  ηₜ = σ(W_η xₜ + b),  αₜ = exp(−a softplus(W_α xₜ + b)),  δₜ = softplus(W_δ xₜ + b)"),
            Equation("Keys and queries", "kₜ = SiLU(W_k xₜ) / ‖SiLU(W_k xₜ)‖,  qₜ = SiLU(W_q xₜ) / ‖SiLU(W_q xₜ)‖,  vₜ = SiLU(W_v xₜ)"),
            Equation("Output", "oₜ = W_o (RMSnorm(yₜ) ⊙ SiLU(W_g xₜ))"),
        ),
        sources=(TITANS, MIRAS, TTT),
        traits=frozenset({"readable"}),
        implementation="memstudio.components.sequence.test_time_memory.layers:NeuralMemory",
        reference="memstudio.components.sequence.test_time_memory.reference:run",
        cost=cost,
        parts=parts,
        grain="chunk",
        tiny={"heads": 2, "head_width": 5, "depth": 2, "chunk": 4},
        synonyms=(
            "Titans",
            "neural memory",
            "LMM",
            "Miras",
            "Moneta",
            "Yaad",
            "Memora",
            "TTT",
            "fast weights",
            "surprise",
            "meta-learning",
        ),
        presets=(
            Preset(
                id="sequence.titans_memory",
                title="Titans memory",
                values={"depth": 2, "momentum": True},
                summary="A two-layer network a head, trained while reading with momentum of surprise and a forget gate.",
                sources=(TITANS,),
            ),
            Preset(
                id="sequence.moneta",
                title="Moneta",
                values={"depth": 2, "skip": True, "objective": "lp", "power": 3.0, "retention": "lq", "retention_power": 4.0},
                summary="A test-time network that minimises third powers of errors and is divided by its 4-norm.",
                sources=(MIRAS,),
            ),
            Preset(
                id="sequence.yaad",
                title="Yaad",
                values={"depth": 2, "skip": True, "objective": "huber"},
                summary="A test-time network whose steps are bounded where the error is large, so that outliers change little.",
                sources=(MIRAS,),
            ),
            Preset(
                id="sequence.memora",
                title="Memora",
                values={"depth": 2, "skip": True, "retention": "kl"},
                summary="A test-time network whose weights stay on a simplex: steps add up in their logarithms.",
                sources=(MIRAS,),
            ),
        ),
    ),
)
