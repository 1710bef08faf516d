"""Exact attention over a window, and a memory that takes what leaves it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from memstudio.components.sequence.attention import declare as attention
from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.components.sequence.parameters import HEADS, KEY_WIDTH, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag, Nested, Whole

COMPARISONS = replace(HEADS, meaning="Separate comparisons of the attention, side by side.")
ROTARY = Flag(
    name="rotary",
    title="Rotary positions",
    default=True,
    role="rotary",
    meaning="Turn queries and keys of the attention by their position, so that a match depends on the distance.",
)


def attention_values(values: Values) -> dict[str, Any]:
    """Values of the attention over the window."""
    shared = {name: values[name] for name in ("heads", "key_width", "value_width", "rotary", "window", "sinks")}
    return {**shared, "query_key_norm": False, "weights": "softmax", "alpha": 1.5, "projections": "separate"}


def cost(values: Values, inputs: Inputs) -> Cost:
    """The attention, the memory, the gate, and the features of the positions that wait inside the window for the memory."""
    width = width_of(inputs)
    waiting = min(time_of(inputs), values["window"]) * width * BYTES
    gate = Cost(width + 1, 0, products(inputs, width)) if values["gate"] else Cost()
    inner: Cost = values["inner"].cost(inputs)
    return attention.cost(attention_values(values), inputs) + inner + gate + Cost(0, waiting, 0)


def refuse(values: Values, inputs: Inputs) -> str | None:
    """Whatever the inner memory refuses."""
    reason: str | None = values["inner"].refusal(inputs)
    return reason


COMPONENTS = (
    memory(
        id="sequence.compressed_window",
        title="Compressed window",
        summary="Exact attention over the last positions; what leaves the window is folded into a memory of fixed size.",
        explanation=(
            "Attention sees the last positions exactly, and a few sinks at the very beginning. A position that falls out of the "
            "window is not lost: it is written into a memory of fixed size, by default the gated delta rule. Every position asks both, "
            "and the memory's answer is added to that of the attention, as strongly as a gate (one number a position) lets it. "
            "Sinks never go into the memory, and before anything has left the window the memory adds nothing.\n\n"
            "The memory must be readable: any kind can be chosen. Otherwise than in the authors' code it has query, key and value "
            "maps of its own, where theirs takes the keys, values and queries of the attention over, and its answer passes through "
            "its own output map and not through that of the attention; their gate is one a head inside the memory. "
            "The positions inside the window wait as features, and become keys and values of the memory when they leave.\n\n"
            "The paper adds the memory to a trained transformer with frozen weights and trains it alone, by distillation against the "
            "same model with full attention and windows of random size. That is a way of training and not part of this component: "
            "here everything learns together from the task."
        ),
        parameters=(
            Nested(
                name="inner",
                title="Memory",
                default={"component": "sequence.gated_deltanet", "values": {}},
                family="sequence",
                traits=frozenset({"readable"}),
                role="inner",
                meaning="The kind of memory that takes what leaves the window; it must be readable.",
            ),
            Whole(
                name="window",
                title="Window",
                default=32,
                low=1,
                high=4096,
                unit="positions",
                role="window",
                meaning="How many positions the attention sees, its own included.",
            ),
            Whole(
                name="sinks",
                title="Sinks",
                default=4,
                low=0,
                high=256,
                unit="positions",
                role="sinks",
                meaning="How many of the first positions the attention always sees; they never go into the memory.",
            ),
            COMPARISONS,
            KEY_WIDTH,
            VALUE_WIDTH,
            ROTARY,
            Flag(
                name="gate",
                title="Gate",
                default=True,
                role="memory_gate",
                meaning="Let each position choose how much of the memory's answer is added; off: all of it.",
            ),
        ),
        equations=(
            Equation("Window", "aₜ = W_o Σᵢ softmaxᵢ(qₜ·kᵢ / √K) vᵢ  over i > t − w and i ≤ s"),
            Equation("Memory", "Mₜ = Update(Mₜ₋₁, xₜ₋w) from t − w > s on,  by default the gated delta rule"),
            Equation("Reading", "yₜ = aₜ + g(xₜ) Read(Mₜ, xₜ),  g(xₜ) = σ(w_g·xₜ + b)"),
        ),
        sources=(
            Source(
                "Fang, Yu, Zhong, Ye, Xiong, Wei",
                2025,
                "Artificial Hippocampus Networks for Efficient Long-Context Modeling",
                "arXiv 2510.07318",
                systems=("S111",),
            ),
        ),
        implementation="memstudio.components.sequence.compressed_window.layers:CompressedWindow",
        reference="memstudio.components.sequence.compressed_window.reference:run",
        cost=cost,
        refuse=refuse,
        tiny={
            "inner": {"component": "sequence.gated_deltanet", "values": {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}},
            "window": 3,
            "sinks": 1,
            "heads": 2,
            "key_width": 4,
            "value_width": 3,
        },
        synonyms=("AHN", "artificial hippocampus", "sliding window", "compression", "hybrid", "attention sinks", "long context"),
    ),
)
