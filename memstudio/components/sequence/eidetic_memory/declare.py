"""B'MOJO: a fading memory, a bank of what surprised it, and a window."""

from __future__ import annotations

from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.components.sequence.parameters import HEADS, KEY_WIDTH, ROTARY, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Nested, Whole


def ramp(steps: int, most: int) -> int:
    """min(1, most) + min(2, most) + … over so many steps."""
    high = min(steps, most)
    return high * (high + 1) // 2 + (steps - high) * most


def cost(values: Values, inputs: Inputs) -> Cost:
    """The fading memory, the maps, what window, bank and summaries keep, and with a bank the predictor; each query meets those."""
    width, time, window, bank = width_of(inputs), time_of(inputs), values["window"], values["bank"]
    chunk, summaries, order = values["summary_chunk"], values["summaries"], values["order"]
    keys, data = values["heads"] * values["key_width"], values["heads"] * values["value_width"]
    maps = width * (2 * keys + data) + data * width
    ended, rest = divmod(time, chunk)
    kept = min(time, window) + min(max(time - window, 0), bank)
    state = (kept + min(ended, summaries)) * (keys + data)
    flops = products(inputs, maps) + 2 * ended * width * (keys + data)
    if bank:
        state += kept + (order + 1) ** 2 + order * width
        flops += products(inputs, (order + 1) ** 2 * width, order * width)
    heard = chunk * ramp(ended - 1, summaries) + (rest + 1) * min(ended, summaries) if ended else 0
    flops += 2 * (keys + data) * (ramp(time, window) + ramp(max(time - window, 0), bank) + heard)
    inner: Cost = values["inner"].cost(inputs)
    return Cost(maps, state * BYTES, flops) + inner


def refuse(values: Values, inputs: Inputs) -> str | None:
    """Whatever the inner memory refuses."""
    reason: str | None = values["inner"].refusal(inputs)
    return reason


COMPONENTS = (
    memory(
        id="sequence.eidetic_memory",
        title="Eidetic and fading memory",
        summary="Attention over a window, summaries of a fading memory, and a bank of positions that surprised it.",
        explanation=(
            "Three kinds of the past stand side by side, and one attention reads them all. The last positions are seen as they are. A "
            "fading memory (a recurrence of fixed size) reads everything; what it says at the end of every chunk is a summary token. "
            "And a bank keeps some positions word for word: when a position leaves the window, it may enter the bank if it surprised. "
            "Surprise is measured by innovation: from the last outputs of the fading memory a short linear predictor says what "
            "the next should be, and the distance to what came is the innovation. The bank holds the positions of the largest so "
            "far; a larger one pushes the smallest out for good. Without the bank this is B'MOJO-F.\n\n"
            "The paper leaves details open, and no code of the authors was found, so these are ours: the predictor has one coefficient "
            "for each of the last outputs, fitted to the sequence itself by (slightly damped) least squares over all that was read, "
            "without trained weights; the number of summary tokens is bounded and the oldest go; the summaries pass through the same key "
            "and value maps as the positions; the bank is a top-m and has no threshold. The choice has no gradient: what the bank "
            "holds learns as keys and values. The fading memory is by default the gated delta rule, where the paper has a selective state "
            "space model; any readable memory can be chosen. A chunk longer than the window leaves positions that are for a while "
            "in neither."
        ),
        parameters=(
            Nested(
                name="inner",
                title="Fading memory",
                default={"component": "sequence.gated_deltanet", "values": {}},
                family="sequence",
                traits=frozenset({"readable"}),
                role="inner",
                meaning="The recurrence that reads everything; it must be readable.",
            ),
            Whole(
                name="window",
                title="Window",
                default=16,
                low=1,
                high=4096,
                unit="positions",
                role="window",
                meaning="How many positions the attention sees as they are, its own included.",
            ),
            Whole(
                name="bank",
                title="Bank",
                default=16,
                low=0,
                high=4096,
                unit="positions",
                role="top_k",
                meaning="How many surprising positions from before the window are kept word for word; 0 is none (B'MOJO-F).",
            ),
            Whole(
                name="order",
                title="Order of the predictor",
                default=4,
                low=1,
                high=16,
                unit="outputs",
                role="order",
                meaning="From how many of its last outputs the next output of the fading memory is predicted.",
            ),
            Whole(
                name="summary_chunk",
                title="Chunk of a summary",
                default=8,
                low=1,
                high=1024,
                unit="positions",
                role="summary_chunk",
                meaning="After how many positions the fading memory leaves a summary token.",
            ),
            Whole(
                name="summaries",
                title="Summaries",
                default=4,
                low=1,
                high=256,
                unit="tokens",
                role="summaries",
                meaning="How many of the last summary tokens are seen.",
            ),
            replace(HEADS, meaning="Separate comparisons of the attention, side by side."),
            KEY_WIDTH,
            VALUE_WIDTH,
            ROTARY,
        ),
        equations=(
            Equation("Fading memory", "fₜ = Memory(xₜ),  summary tokens Fₜ = the last s of f_c, f_2c, … up to t"),
            Equation("Innovation", "eₜ = ‖fₜ − Σⱼ aⱼ fₜ₋ⱼ‖,  a = argmin Σₛ<ₜ ‖fₛ − Σⱼ aⱼ fₛ₋ⱼ‖² (damped)"),
            Equation("Bank", "Eₜ = the m positions i ≤ t − w of the largest eᵢ"),
            Equation("Reading", "yₜ = W_o Attn(qₜ; [Eₜ; Fₜ; xₜ₋w₊₁ … xₜ])"),
        ),
        sources=(
            Source(
                "Zancato, Seshadri, Dukler, Golatkar, Shen, Bowman, Trager, Achille, Soatto",
                2024,
                "B'MOJO: Hybrid State Space Realizations of Foundation Models with Eidetic and Fading Memory",
                "NeurIPS 2024",
                systems=("S020",),
            ),
        ),
        implementation="memstudio.components.sequence.eidetic_memory.layers:EideticMemory",
        reference="memstudio.components.sequence.eidetic_memory.reference:run",
        cost=cost,
        refuse=refuse,
        tiny={
            "inner": {"component": "sequence.gated_deltanet", "values": {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}},
            "window": 2,
            "bank": 2,
            "order": 2,
            "summary_chunk": 2,
            "summaries": 2,
            "heads": 2,
            "key_width": 4,
            "value_width": 3,
        },
        synonyms=("B'MOJO", "BMOJO", "innovation", "surprise", "hybrid", "state space", "eidetic", "sliding window", "summary tokens"),
        presets=(
            Preset(
                id="sequence.fading_memory",
                title="Fading memory with window",
                values={"bank": 0},
                summary="Attention over a window and over summaries of a fading memory: B'MOJO-F, without the bank.",
            ),
        ),
    ),
)
