"""Lattice: slots of length 1, each changed only at right angles to itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Whole


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, heads = width_of(inputs), values["heads"]
    keys, data = heads * values["slots"], heads * values["value_width"]
    return {
        "query": width * keys,
        "writer": width * (keys + data + heads),
        "output": data * width * (1 + values["output_gate"]) + (values["value_width"] if values["output_norm"] else 0),
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts; the slots, twice where a chunk also keeps how far they have moved since its start.

    Products with the slots at every position: what the loss compares, how much of the step lies along each slot, the step, the answer.
    """
    width, heads = width_of(inputs), values["heads"]
    keys, data = heads * values["slots"], heads * values["value_width"]
    slots = keys * values["value_width"]
    maps = width * (2 * keys + data + heads + data * (1 + values["output_gate"]))
    # Encoding compares with the slots along the value, which is also what lies along each slot.
    steps = {"decode": 1 + values["project"], "encode": 1, "similarity": int(values["project"])}[values["loss"]] + 2
    kept = slots * BYTES * (1 + (values["chunk"] > 1))
    return Cost(sum(parts(values, inputs).values()), kept, products(inputs, maps, steps * slots))


COMPONENTS = (
    memory(
        id="sequence.lattice",
        title="Lattice",
        summary="A few slots of length 1; each position turns them, and only by what is at right angles to what they hold.",
        explanation=(
            "Each head keeps m slots, vectors of length 1. A position says by its key how much each slot takes part, and the slots' "
            "weighted sum should give its value. One gradient step on that loss, with strength β, changes the slots; what lies "
            "along a slot is left out of its step, so a slot only takes in what it does not hold yet, and then it is scaled back to "
            "length 1. That is a gradient step on the sphere (Riemannian): turning towards the new is also how the old is "
            "forgotten, and no forget gate is needed.\n\n"
            "The loss can be how well the slots give back the value (decode), how well the slots' matches with the value give the "
            "key (encode), or how well the two agree (similarity). With neither projection nor normalisation, decode is the delta "
            "rule and similarity is linear attention.\n\n"
            "Within a chunk all steps are taken from the slots as they were at its start: errors and projections are frozen there, "
            "the steps add up, and the slots are normalised at the chunk's end (what is read on the way is normalised for the "
            "answer). So the chunk is part of the mathematics; with 1 it is the exact recurrence. Maps of x are learned; the slots "
            "start as the axes of the value space.\n\n"
            "The paper could be read only in part when this was built. Not checked against it: how its chunks are approximated "
            "within the chunk, the first slots, whether queries go through a softmax over slots (an option here), and whether it "
            "adds forget gates (none here). Keys, queries and values are made as in the delta rule."
        ),
        parameters=(
            HEADS,
            Whole(
                name="slots",
                title="Slots",
                default=32,
                low=1,
                high=512,
                log=True,
                unit="a head",
                role="key_width",
                meaning="Vectors of one head; a key has one number for each.",
            ),
            replace(VALUE_WIDTH, meaning="Numbers in a slot and in a value of one head."),
            Choice(
                name="loss",
                title="Loss",
                default="decode",
                options={"decode": "Decode: values from keys", "encode": "Encode: keys from values", "similarity": "Similarity"},
                role="slot_loss",
                meaning="What the gradient step of each position makes smaller.",
            ),
            Flag(
                name="project",
                title="Right angles only",
                default=True,
                role="project",
                meaning="Leave out of each slot's step what lies along the slot.",
            ),
            Flag(
                name="normalise",
                title="Slots of length 1",
                default=True,
                role="normalise",
                meaning="Scale slots back to length 1 after a chunk, and for every answer.",
            ),
            Flag(
                name="softmax",
                title="Softmax over slots",
                default=False,
                role="softmax_query",
                meaning="Make queries by a softmax over slots instead of SiLU and length 1.",
            ),
            OUTPUT_NORM,
            OUTPUT_GATE,
            replace(
                CHUNK,
                default=4,
                role="grain",
                meaning="Positions whose steps start from the same slots; 1 is the exact recurrence, more is quicker but not the same.",
            ),
        ),
        equations=(
            Equation("Step (decode)", "δₜ,ᵢ = kₜ,ᵢ (I − sᵢ sᵢᵀ) (vₜ − S kₜ), S = [s₁ … sₘ] at the chunk's start"),
            Equation("Step (encode)", "δₜ,ᵢ = (kₜ,ᵢ − sᵢ·vₜ) (I − sᵢ sᵢᵀ) vₜ"),
            Equation("Step (similarity)", "δₜ,ᵢ = kₜ,ᵢ (I − sᵢ sᵢᵀ) vₜ"),
            Equation("Writing", "s̃ₜ,ᵢ = s̃ₜ₋₁,ᵢ + βₜ δₜ,ᵢ,  at a chunk's end sᵢ = s̃ᵢ = s̃ₜ,ᵢ / ‖s̃ₜ,ᵢ‖"),
            Equation("Reading", "yₜ = Σᵢ qₜ,ᵢ s̃ₜ,ᵢ / ‖s̃ₜ,ᵢ‖"),
            Equation("Maps", "kₜ = SiLU(W_k xₜ) / ‖SiLU(W_k xₜ)‖, qₜ likewise (or softmax(W_q xₜ)),  vₜ = SiLU(W_v xₜ),  βₜ = σ(W_β xₜ)"),
        ),
        sources=(
            Source(
                "Karami, Pascanu, Mirrokni",
                2025,
                "Lattice: Learning to Efficiently Compress the Memory",
                "arXiv 2504.05646",
                systems=("S097",),
            ),
        ),
        traits=frozenset({"readable"}),
        grain="chunk",
        implementation="memstudio.components.sequence.lattice.layers:Lattice",
        reference="memstudio.components.sequence.lattice.reference:run",
        cost=cost,
        parts=parts,
        tiny={"heads": 2, "slots": 3, "value_width": 4, "chunk": 4},
        synonyms=("orthogonal update", "memory slots", "Riemannian", "sphere", "unit norm", "compression", "OSR"),
    ),
)
