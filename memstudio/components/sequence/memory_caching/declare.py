"""Memory caching: a memory starts over every few positions, and what it held at the end of each segment stays readable."""

from __future__ import annotations

from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.parameters import Choice, Flag, Nested, Whole

#: More positions than any window keeps: a memory whose state is larger after so many than after one grows.
MANY = 1_000_000


def cost(values: Values, inputs: Inputs) -> Cost:
    """The inner memory segment by segment, the connector, and the reads of what is cached.

    A segment is closed when the next one begins. Reading a cached memory is counted as one product with every number of its state.
    """
    width, time, segment, inner = width_of(inputs), time_of(inputs), values["segment"], values["inner"]
    closed = max(time - 1, 0) // segment
    whole, last = _lasting(inner, inputs, segment), _lasting(inner, inputs, time - closed * segment)
    numbers = whole.state_bytes // BYTES
    lengths = [segment] * closed + [time - closed * segment]  # of the segments that have 0, 1, 2, … cached before them
    gated = values["reading"] != "residual"
    reads = sum(length * _reads(values, cached) for cached, length in enumerate(lengths))
    compared = sum(length * (cached + 1) for cached, length in enumerate(lengths)) if gated else 0
    inside = _lasting(inner, inputs, time).flops if values["carry"] else closed * whole.flops + last.flops
    return Cost(
        last.parameters + width * width * gated,
        closed * whole.state_bytes + last.state_bytes + (closed + 1) * width * BYTES * gated,
        inside + products(inputs, width * width * gated) + 2 * reads * numbers + 2 * compared * width,
    )


def _reads(values: Values, cached: int) -> int:
    """Products with a whole state, besides the inner memory's own, at a position that has so many segments cached before it."""
    if values["reading"] == "soup":
        return cached + 1 if cached else 0  # all of them and the running one are averaged; the average is read once, as without caching
    return min(cached, values["top_k"]) if values["reading"] == "sparse" else cached


def _lasting(inner: Configured, inputs: Inputs, time: int) -> Cost:
    """The inner memory's cost for a sequence of that length."""
    return inner.cost(Inputs({"sequence": (replace(inputs.one("sequence"), time=time),)}))


def unfit(inner: Configured, reading: str, carry: bool) -> str | None:
    """Why this memory cannot be cached this way, or None: states that are averaged or kept side by side must have one size."""
    if not (carry or reading == "soup"):
        return None
    first, late = (inner.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=1, time=time),)})).state_bytes for time in (1, MANY))
    if first == late:
        return None
    what = "carried on from segment to segment" if carry else "averaged with others"
    return f"{inner.entry.title} grows with what it reads and so cannot be {what}; choose another inner memory or switch this off."


def refuse(values: Values, inputs: Inputs) -> str | None:
    """What does not go together; and whatever the inner memory refuses."""
    reason: str | None = unfit(values["inner"], values["reading"], values["carry"]) or values["inner"].refusal(inputs)
    return reason


BEHROUZ = Source(
    "Behrouz, Li, Deng, Zhong, Razaviyayn, Mirrokni",
    2026,
    "Memory Caching: RNNs with Growing Memory",
    "arXiv 2602.24281",
    systems=("S314",),
)

COMPONENTS = (
    memory(
        id="sequence.memory_caching",
        title="Memory caching",
        summary="A memory of fixed size whose state is kept at the end of every segment, so that later positions can read all of them.",
        explanation=(
            "A memory of fixed size must overwrite. Here the sequence is cut into segments; the memory reads each, and its state at "
            "the segment's end is kept. A position asks its own segment's running memory and all kept ones. Capacity grows with the "
            "number of segments, between that of one memory (one long segment) and of attention (segments of 1), and so do state "
            "and time: both are counted at the length of the sequence at this node.\n\n"
            "Answers can be added up (residual), weighted by a softmax of how well the position matches each segment's mean "
            "features (gated), or taken from the few best segments and the running one only (sparse). Or the states are averaged "
            "with those weights before one memory is asked (soup): the same as gated where answers are linear in the state, as "
            "with delta rules, and different for memories that are not. Learned are the inner memory's maps and the connector "
            "that makes the position's side of the match.\n\n"
            "A segment can start with an empty memory or carry on from the last one's end; the paper describes both and prefers "
            "neither. The inner memory must be readable. One that grows itself, like attention or a window that fills, can be "
            "cached, but neither carried on nor averaged.\n\n"
            "The running segment's mean is taken over its positions so far, for answers must not depend on what comes; for the "
            "sparse read the softmax is over what was chosen. The paper's equations leave both open, as far as could be checked. "
            "Cached memories are all read with a mask, so the time of the sparse read grows like that of the others, though fewer "
            "reads are counted. The soup needs the running memory after each position and so takes one position at a time."
        ),
        parameters=(
            Nested(
                name="inner",
                title="Inner memory",
                default={"component": "sequence.gated_deltanet", "values": {}},
                family="sequence",
                traits=frozenset({"readable"}),
                role="inner",
                meaning="The kind of memory that is cached; it must be readable.",
            ),
            Whole(
                name="segment",
                title="Segment",
                default=16,
                low=1,
                high=4096,
                log=True,
                unit="positions",
                role="grain",
                meaning="Positions after which the memory's state is kept.",
            ),
            Choice(
                name="reading",
                title="Reading",
                default="gated",
                options={"residual": "Residual", "gated": "Gated", "soup": "Memory soup", "sparse": "Sparse selective"},
                role="reading",
                meaning="How the running and the cached memories answer together.",
            ),
            Whole(
                name="top_k",
                title="Chosen segments",
                default=2,
                low=1,
                high=64,
                role="top_k",
                shown_when=("reading", "sparse"),
                meaning="Cached segments that a position reads.",
            ),
            Flag(
                name="carry",
                title="Carry on",
                default=False,
                role="carry",
                meaning="Let each segment continue from the last one's final state; off: start with an empty memory.",
            ),
        ),
        equations=(
            Equation("Caching", "Cᵢ = M at the end of segment i;  M starts segment s empty, or from Cₛ₋₁ (carry on)"),
            Equation("Residual", "yₜ = Mₜ(qₜ) + Σᵢ Cᵢ(qₜ)"),
            Equation("Gated", "yₜ = γₜˢ Mₜ(qₜ) + Σᵢ γₜⁱ Cᵢ(qₜ),  γₜ = softmaxᵢ((W_u xₜ)·mᵢ),  mᵢ = mean of x over segment i"),
            Equation("Soup", "yₜ = M*(qₜ),  M* with the state γₜˢ Mₜ + Σᵢ γₜⁱ Cᵢ"),
            Equation("Sparse", "as gated, over the running segment and the k cached ones with the largest (W_u xₜ)·mᵢ"),
        ),
        sources=(BEHROUZ,),
        traits=frozenset({"growing", "partial"}),  # partial: the sparse read
        grain="segment",
        implementation="memstudio.components.sequence.memory_caching.layers:MemoryCaching",
        reference="memstudio.components.sequence.memory_caching.reference:run",
        cost=cost,
        refuse=refuse,
        # An inner memory whose answers are not linear in its state, for otherwise soup and gated are the same.
        tiny={
            "inner": {"component": "sequence.lattice", "values": {"heads": 2, "slots": 3, "value_width": 4, "chunk": 2}},
            "segment": 3,
            "top_k": 1,
        },
        synonyms=("checkpoint", "growing memory", "GRM", "gated residual memory", "memory soup", "SSC", "segments"),
        presets=(
            Preset(
                id="sequence.selective_caching",
                title="Sparse selective caching",
                values={"reading": "sparse"},
                summary="A memory cached at the end of every segment, of which each position reads the few that match it best.",
                sources=(BEHROUZ,),
            ),
        ),
    ),
)
