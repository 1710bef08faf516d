"""Compressive memory: attention inside segments and a matrix memory of the segments before."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.components.sequence.parameters import HEADS, KEY_WIDTH, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """Maps and gate; a matrix a head with the row of the sum of keys, and keys and values of the segment that is not yet full.

    Products: the memory is read at every position, attention reaches back to the segment's start, and each full segment is written
    once (with the delta rule it is first looked up).
    """
    width, time, heads, k, v = width_of(inputs), time_of(inputs), values["heads"], values["key_width"], values["value_width"]
    full, rest = divmod(time, values["segment"])
    gate = width * heads if values["gate"] == "position" else 0
    maps = width * heads * (2 * k + 2 * v) + gate
    matrix, waiting = heads * k * (v + 1), rest * heads * (k + v)
    pairs = full * values["segment"] * (values["segment"] + 1) // 2 + rest * (rest + 1) // 2
    written = full * values["segment"] * (heads * k * v + (matrix if values["update"] == "delta" else 0))
    flops = products(inputs, maps, matrix) + 2 * (pairs * heads * (k + v) + written)
    return Cost(maps + heads, (matrix + waiting) * BYTES, flops)


COMPONENTS = (
    memory(
        id="sequence.compressive_memory",
        title="Compressive memory",
        summary="Attends inside short segments and keeps all earlier segments in one matrix of fixed size a head.",
        explanation=(
            "A sequence is read in segments. Inside its segment a position attends to all positions before it, exactly; everything "
            "earlier is held in a matrix M that maps the features of keys to values, read as in linear attention and divided by the sum "
            "of the matches. A gate mixes the two answers. When a segment is full, all of it is written into the matrix at once, from "
            "the same keys and values: by adding, or by adding only what the memory does not yet answer (delta). The "
            "state holds the matrix and the keys and values of the segment that is not yet full.\n\n"
            "Rotary positions serve the attention only, as in the paper: the memory knows no positions. The gate is one learned number a "
            "head, or set by each position from its input. Retrieval of demonstrations (Liu et al.) uses the same block with the "
            "demonstrations read first: here they stand before the question in the sequence. What that paper's own gate and filter are "
            "was not checked; gates start at one half, and 10⁻⁶ is added to the sum of matches, so that an empty memory answers 0."
        ),
        parameters=(
            HEADS,
            KEY_WIDTH,
            VALUE_WIDTH,
            Whole(
                name="segment",
                title="Segment",
                default=16,
                low=1,
                high=1024,
                log=True,
                unit="positions",
                role="grain",
                meaning="Positions that attend to each other exactly before they are written into the memory together.",
            ),
            Choice(
                name="update",
                title="Update",
                default="delta",
                options={"linear": "add values times keys", "delta": "add what is not yet answered"},
                role="update",
                meaning="What a full segment writes into the matrix.",
            ),
            Choice(
                name="gate",
                title="Gate",
                default="head",
                options={"head": "one learned number a head", "position": "set by each position"},
                role="memory_share",
                meaning="What decides how much of an answer comes from the memory rather than from the segment.",
            ),
            Flag(
                name="rotary",
                title="Rotary positions",
                default=True,
                role="rotary",
                meaning="Turn keys and queries by their position for the attention inside the segment.",
            ),
        ),
        equations=(
            Equation("Reading", "yₜ = gₜ M σ(qₜ) / (z·σ(qₜ) + 10⁻⁶) + (1 − gₜ) Σᵢ softmaxᵢ(qₜ·kᵢ / √K) vᵢ,  i in the segment up to t"),
            Equation("Writing, linear", "M ← M + Σ vᵢ σ(kᵢ)ᵀ,  z ← z + Σ σ(kᵢ),  over a full segment"),
            Equation("Writing, delta", "M ← M + Σ (vᵢ − M σ(kᵢ) / (z·σ(kᵢ) + 10⁻⁶)) σ(kᵢ)ᵀ"),
            Equation("Features", "σ(x) = ELU(x) + 1"),
            Equation("Gate", "gₜ = σ(b) a head,  or σ(W_g xₜ + b) with the logistic σ"),
        ),
        sources=(
            Source(
                "Munkhdalai, Faruqui, Gopal",
                2024,
                "Leave No Context Behind: Efficient Infinite Context Transformers with Infini-attention",
                "arXiv 2404.07143, section 2.1",
            ),
            Source(
                "Liu et al.",
                2024,
                "A Compressive Memory-based Retrieval Approach for Event Argument Extraction",
                "arXiv 2409.09322",
                systems=("S064",),
            ),
        ),
        implementation="memstudio.components.sequence.compressive_memory.layers:CompressiveMemory",
        reference="memstudio.components.sequence.compressive_memory.reference:run",
        cost=cost,
        grain="segment",
        tiny={"heads": 2, "key_width": 3, "value_width": 4, "segment": 5},
        synonyms=("Infini-attention", "infinite context", "segment", "CMR", "local attention", "demonstrations"),
    ),
)
