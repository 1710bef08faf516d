"""Mixture of memories: several memories of one kind and a router."""

from __future__ import annotations

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Flag, Nested, Real, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """The inner memory with a writer for each further memory, the router, and two counts of the router for each memory.

    Its products are counted as if each memory were asked and answered by maps of its own, which are shared.
    """
    inner, count = values["inner"], values["memories"] + values["shared"]
    one = inner.cost(inputs)
    writer = inner.entry.component.parts(inner.values, inputs)["writer"]
    parameters = one.parameters + writer * (count - 1) * values["own_maps"] + width_of(inputs) * values["memories"]
    flops = one.flops * count + products(inputs, width_of(inputs) * values["memories"])
    return Cost(parameters, one.state_bytes * count + 2 * values["memories"] * BYTES, flops)


def too_many(top_k: int, memories: int) -> str | None:
    """Why so many cannot be chosen, or None."""
    if top_k <= memories:
        return None
    return f"Chosen a position is {top_k} but there are only {memories} memories; choose fewer or add memories."


def refuse(values: Values, inputs: Inputs) -> str | None:
    """No more can be chosen than there are; and whatever the inner memory refuses."""
    reason: str | None = too_many(values["top_k"], values["memories"]) or values["inner"].refusal(inputs)
    return reason


COMPONENTS = (
    memory(
        id="sequence.mixture_of_memories",
        title="Mixture of memories",
        summary="Several memories of one kind; a router sends each position to a few of them, which cuts interference.",
        explanation=(
            "A router scores the memories for each position. The best k of them are written, each by its own rule and (if wanted) "
            "with its own key and value maps; all others stay exactly as they are. The answer is the sum of what the chosen "
            "memories say to one shared query, weighted by the softmax of their scores. A shared memory, written at every position, "
            "keeps what everybody needs.\n\n"
            "The inner memory must be readable: it can be asked without writing and told which positions to leave out. At least two "
            "memories are chosen a position, because the weight of a single one would always be 1 and the router could not learn. "
            "Left alone, a router may send everything to the same few memories. So the load-balancing loss of mixtures of experts is "
            "added while the layer learns: it is smallest where all memories are chosen equally often. The figures say how evenly "
            "the router spreads positions.\n\n"
            "Otherwise than in the authors' code, a short convolution stands before the router and not within each memory, each "
            "memory with own maps has a decay rate of its own, and no position is dropped where many choose the same memory. "
            "Every memory computes over the whole sequence with a mask, so the time grows with the number of memories, not with k."
        ),
        parameters=(
            Nested(
                name="inner",
                title="Inner memory",
                default={"component": "sequence.gated_deltanet", "values": {}},
                family="sequence",
                traits=frozenset({"readable"}),
                role="inner",
                meaning="The kind of each memory; it must be readable.",
            ),
            Whole(
                name="memories",
                title="Memories",
                default=4,
                low=2,
                high=32,
                role="memories",
                meaning="How many memories the router chooses from.",
            ),
            Whole(
                name="top_k",
                title="Chosen a position",
                default=2,
                low=2,
                high=32,
                role="top_k",
                meaning="How many memories each position writes to and reads from.",
            ),
            Flag(
                name="shared",
                title="Shared memory",
                default=True,
                role="shared",
                meaning="Add one memory that every position writes to and reads from.",
            ),
            Flag(
                name="own_maps",
                title="Own key and value maps",
                default=True,
                role="own_maps",
                meaning="Give each memory its own maps (and gates) from features to keys and values; off: one for all.",
            ),
            Real(
                name="balance",
                title="Balance",
                default=0.01,
                low=0.0,
                high=10.0,
                role="balance",
                meaning="How strongly the loss pushes the router to choose all memories equally often; 0 leaves it alone.",
            ),
        ),
        equations=(
            Equation("Routing", "gₜ = softmax(TopK(xₜ W_g))"),
            Equation("Writing", "Mₜᵐ = Update(Mₜ₋₁ᵐ, kₜᵐ, vₜᵐ) for each chosen m, else Mₜ₋₁ᵐ"),
            Equation("Reading", "oₜ = qₜ (Σₘ gₜᵐ Mₜᵐ + Mₜˢʰᵃʳᵉᵈ)"),
            Equation("Added to the loss", "λ E Σₘ fₘ Pₘ,  fₘ = share of positions that choose m,  Pₘ = mean of softmax(xₜ W_g)ₘ"),
        ),
        sources=(
            Source(
                "Du, Sun, Lan, Hu, Cheng",
                2025,
                "MoM: Linear Sequence Modeling with Mixture-of-Memories",
                "arXiv 2502.13685",
                systems=("S068",),
            ),
        ),
        implementation="memstudio.components.sequence.mixture_of_memories.layers:MixtureOfMemories",
        reference="memstudio.components.sequence.mixture_of_memories.reference:run",
        cost=cost,
        refuse=refuse,
        tiny={
            "inner": {"component": "sequence.gated_deltanet", "values": {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}},
            "memories": 3,
        },
        synonyms=("MoM", "router", "mixture of experts", "interference", "sparse memory"),
    ),
)
