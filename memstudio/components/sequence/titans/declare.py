"""Titans: attention with a long-term memory as context, as gate or as layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from memstudio.components.sequence.attention import declare as attention
from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.components.sequence.parameters import HEADS, KEY_WIDTH, ROTARY, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Nested, Whole


def attention_values(values: Values) -> dict[str, Any]:
    """Values of the attention: its window is the segment, its sinks are the persistent tokens."""
    shared = {name: values[name] for name in ("heads", "key_width", "value_width", "rotary")}
    window = {"window": values["segment"], "sinks": values["persistent"]}
    return {**shared, **window, "query_key_norm": False, "weights": "softmax", "alpha": 1.5, "projections": "separate"}


def at_time(inputs: Inputs, time: int) -> Inputs:
    """The same inputs with so many positions."""
    return Inputs({**inputs.ports, "sequence": (replace(inputs.one("sequence"), time=time),)}, inputs.targets)


def cost(values: Values, inputs: Inputs) -> Cost:
    """The memory, the attention, the persistent tokens and (but for memory as layer) two norms' scales.

    Memory as context asks the memory twice a position, at the segment's start and when it writes: its products are counted twice.
    """
    width, time, persistent, segment = width_of(inputs), time_of(inputs), values["persistent"], values["segment"]
    keys, data = values["heads"] * values["key_width"], values["heads"] * values["value_width"]
    inner = values["inner"]
    maps = sum(attention.parts(attention_values(values), inputs).values())
    scales = 0 if values["variant"] == "MAL" else 2 * width
    parameters = inner.cost(inputs).parameters + maps + persistent * width + scales
    if values["variant"] == "MAC":
        rest = time % segment
        began = time - rest if rest else 0
        running, start = inner.cost(at_time(inputs, time)), inner.cost(at_time(inputs, began)) if began else Cost()
        # position i of a segment (from 0) meets the persistent tokens, i + 1 memory tokens and i + 1 positions
        seen = time * persistent + (time // segment) * segment * (segment + 1) + rest * (rest + 1)
        flops = 2 * running.flops + products(inputs, width * 3 * (keys + data)) + 2 * (keys + data) * seen
        return Cost(parameters, running.state_bytes + start.state_bytes + 2 * rest * (keys + data) * BYTES, flops)
    read = inner.cost(at_time(inputs, time + persistent))
    most = min(time, segment)
    seen = time * persistent + most * (most + 1) // 2 + (time - most) * most
    flops = read.flops + products(inputs, width * 2 * (keys + data)) + 2 * (keys + data) * seen
    return Cost(parameters, read.state_bytes + (persistent + most) * (keys + data) * BYTES, flops)


def refuse(values: Values, inputs: Inputs) -> str | None:
    """Whatever the inner memory refuses."""
    reason: str | None = values["inner"].refusal(inputs)
    return reason


COMPONENTS = (
    memory(
        id="sequence.titans",
        title="Titans, memory as context",
        summary="Attention over short segments, with a long-term memory that is asked first and written afterwards.",
        explanation=(
            "Three memories work together: attention over the last positions, a long-term memory that is written while the sequence "
            "is read, and persistent tokens, which are learned, the same for every sequence and always visible. Three "
            "ways to put them together:\n\n"
            "Memory as context (MAC): the sequence is cut into segments. Each position asks the long-term memory as it was when the "
            "segment began; what it hears becomes a token. Attention sees the persistent tokens, the memory tokens and the positions "
            "of the segment, both up to the position itself. What the attention gives is written into the memory, position by "
            "position, and gated by what the memory answers to it. So a segment is as the paper's, and no position hears anything "
            "later.\n"
            "Memory as gate (MAG): attention over a sliding window and the memory read the sequence side by side; one gates the "
            "other.\n"
            "Memory as layer (MAL): attention over a sliding window reads what the memory answers.\n\n"
            "The long-term memory can be any readable one. The paper's, a small network that learns by gradient descent while it "
            "reads, is the default; it takes its gradients where its own chunks begin. The gate is the product of "
            "the attention, scaled to root mean square 1, with the sigmoid of the memory's answer, scaled likewise: the paper says "
            "normalised with learned scales and a non-linearity, without more. In MAG and MAL the persistent tokens are first read by "
            "the memory, as the beginning of the sequence; for the window they stay visible to the end. Rotary positions count from "
            "the persistent tokens on, in MAC within the segment. The short convolution of the paper is part of the surroundings."
        ),
        parameters=(
            Nested(
                name="inner",
                title="Long-term memory",
                default={"component": "sequence.titans_memory", "values": {}},
                family="sequence",
                traits=frozenset({"readable"}),
                role="inner",
                meaning="The memory that is written while the sequence is read; it must be readable.",
            ),
            Choice(
                name="variant",
                title="Memory as",
                default="MAC",
                options={"MAC": "Context (MAC)", "MAG": "Gate (MAG)", "MAL": "Layer (MAL)"},
                role="titans_variant",
                meaning="How attention and long-term memory are put together.",
            ),
            Whole(
                name="segment",
                title="Segment",
                default=16,
                low=1,
                high=4096,
                unit="positions",
                role="grain",
                meaning="Positions of a segment (MAC), or positions that the sliding window sees (MAG, MAL).",
            ),
            Whole(
                name="persistent",
                title="Persistent tokens",
                default=4,
                low=0,
                high=256,
                role="persistent",
                meaning="How many learned tokens, the same for every sequence, the attention always sees.",
            ),
            replace(HEADS, meaning="Separate comparisons of the attention, side by side."),
            KEY_WIDTH,
            VALUE_WIDTH,
            ROTARY,
        ),
        equations=(
            Equation("MAC, context", "hᵢ = M₀*(q(xᵢ)),  yᵢ = Attn(xᵢ; [p₁ … p_P; h₁ … hᵢ; x₁ … xᵢ]),  M₀ as of the segment's start"),
            Equation("MAC, writing", "Mᵢ = Update(Mᵢ₋₁, yᵢ)"),
            Equation("MAC, gate", "oᵢ = (a ⊙ RMSnorm(yᵢ)) ⊙ σ(b ⊙ RMSnorm(Mᵢ*(yᵢ)))"),
            Equation("MAG", "oₜ = (a ⊙ RMSnorm(Window([p; x])ₜ)) ⊙ σ(b ⊙ RMSnorm(M([p; x])ₜ))"),
            Equation("MAL", "y = M([p; x]),  oₜ = Window(y)ₜ"),
        ),
        sources=(
            Source(
                "Behrouz, Zhong, Mirrokni",
                2024,
                "Titans: Learning to Memorize at Test Time",
                "arXiv 2501.00663, section 4",
                systems=("S036",),
            ),
        ),
        implementation="memstudio.components.sequence.titans.layers:Titans",
        reference="memstudio.components.sequence.titans.reference:run",
        cost=cost,
        refuse=refuse,
        tiny={
            "inner": {"component": "sequence.gated_deltanet", "values": {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}},
            "segment": 4,
            "persistent": 2,
            "heads": 2,
            "key_width": 4,
            "value_width": 3,
        },
        synonyms=("MAC", "neural memory", "test-time training", "long-term memory", "persistent memory", "surprise", "segment"),
        presets=(
            Preset(
                id="sequence.titans_gate",
                title="Titans, memory as gate",
                values={"variant": "MAG"},
                summary="A sliding window and a long-term memory read side by side; the memory gates the attention.",
            ),
            Preset(
                id="sequence.titans_layer",
                title="Titans, memory as layer",
                values={"variant": "MAL"},
                summary="A sliding window reads what a long-term memory answers.",
            ),
        ),
        grain="segment",
    ),
)
