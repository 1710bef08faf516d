"""Hashed attention with selected keys: sparse attention whose pattern depends on the content."""

from __future__ import annotations

from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.components.sequence.parameters import HEADS, KEY_WIDTH, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Real, Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """The maps and the scorer; a key, a value, a score and a demand a head for each position, and the sum of the queries.

    A query is counted as meeting as many keys as it may: those of its bucket and the selected ones. To know how much keys are
    wanted, each is compared with all later queries.
    """
    width, time, heads, key = width_of(inputs), time_of(inputs), values["heads"], values["key_width"]
    keys, data = heads * key, heads * values["value_width"]
    scorer = 2 * (2 * key) ** 2 + 2 * key
    parameters = width * (2 * keys + data) + data * width + scorer + 4 * key + 1
    most = min(time, values["bucket_keys"] + values["selected"])
    seen = most * (most + 1) // 2 + (time - most) * most
    hashes = 2 * keys * values["directions"] * values["rounds"]
    flops = products(inputs, width * (2 * keys + data), data * width, hashes, heads * scorer) + 2 * (keys + data) * seen
    return Cost(parameters, (time * (keys + data + 2 * heads) + keys) * BYTES, flops + keys * time * (time + 1))


COMPONENTS = (
    memory(
        id="sequence.hashed_attention",
        title="Hashed attention",
        summary="Each query sees the last keys of its own hash bucket, and a few keys that a learned scorer selects for all.",
        explanation=(
            "Full attention compares a query with every key. Here the content decides which few are compared. First, queries and keys "
            "are hashed: random directions are drawn, and the bucket is the direction, or its opposite, along which a vector reaches "
            "furthest. Vectors that point the same way fall into one bucket, and a query sees the last keys of its bucket. Second, a "
            "scorer gives every key a score, and all queries of a head see the keys of the highest scores so far. "
            "Made for standing beside a state space layer, which alone cannot answer many context-dependent questions: put one before "
            "it. There are no rotary positions, so that a bucket depends on the content alone.\n\n"
            "The scorer reads the key and the direction of the sum of all queries so far. It learns in two ways. The authors' code "
            "orders keys by a ranking loss: of two keys the one that queries wanted more (the sum of σ(q·k) over later queries) should "
            "have the higher score. It is added to the loss while the layer learns, here over all pairs, there over a random draw of "
            "keys. And straight through: the score of a selected key counts as part of the match when gradients flow back, though it "
            "adds nothing to the match itself. The second is ours; it also works with the ranking switched off.\n\n"
            "Otherwise than in the authors' code the directions are drawn once, from the number given, and not anew at every "
            "step (a sequence fed in pieces gives the same answers); queries and keys are not centred by their mean over the sequence, "
            "which would look ahead; opposite directions are buckets too; several rounds of hashing are joined. The keys are all "
            "kept, and what is not seen is masked: what is saved is the reach of a query, not time or room."
        ),
        parameters=(
            replace(HEADS, meaning="Separate comparisons, side by side, each with its own buckets and selected keys."),
            KEY_WIDTH,
            VALUE_WIDTH,
            Whole(
                name="directions",
                title="Directions",
                default=8,
                low=1,
                high=256,
                unit="a round",
                role="directions",
                meaning="Random directions of a round of hashing; there are twice as many buckets.",
            ),
            Whole(
                name="rounds",
                title="Rounds",
                default=2,
                low=1,
                high=16,
                role="rounds",
                meaning="How many times is hashed; one common bucket is enough to be seen.",
            ),
            Whole(
                name="bucket_keys",
                title="Keys of the bucket",
                default=16,
                low=1,
                high=4096,
                role="bucket_keys",
                meaning="How many keys of its buckets a query sees at most, the last ones.",
            ),
            Whole(
                name="selected",
                title="Selected keys",
                default=16,
                low=1,
                high=4096,
                role="top_k",
                meaning="How many keys every query sees because of their score.",
            ),
            Real(
                name="ranking",
                title="Ranking loss",
                default=0.1,
                low=0.0,
                high=10.0,
                role="ranking",
                meaning="How strongly the loss teaches the scorer to put wanted keys first; 0 leaves it to the straight gradient.",
            ),
            Whole(
                name="draw",
                title="Draw",
                default=0,
                low=0,
                high=1_000_000,
                role="draw",
                meaning="Which random directions are drawn; all seeds and members of a run share them.",
            ),
        ),
        equations=(
            Equation("Bucket", "h(x) = argmax [xR; −xR],  R random and fixed, in each round"),
            Equation("Hashed keys", "Bₜ = the last b keys i ≤ t with h(kᵢ) = h(qₜ) in some round"),
            Equation("Selected keys", "Sₜ = the s keys i ≤ t of the highest score uᵢ = MLP([kᵢ; Σⱼ≤ᵢ qⱼ / ‖Σⱼ≤ᵢ qⱼ‖])"),
            Equation("Reading", "yₜ = Σᵢ∈Bₜ∪Sₜ softmaxᵢ(qₜ·kᵢ / √K) vᵢ,  backwards with + uᵢ for i ∈ Sₜ"),
            Equation("Added to the loss", "λ mean over pairs of BCE(σ(uᵢ − uⱼ), [wᵢ > wⱼ]),  wᵢ = Σₜ≥ᵢ σ(qₜ·kᵢ)"),
        ),
        sources=(
            Source(
                "Zhan, Zhao, Zhu, Tang",
                2025,
                "Overcoming Long-Context Limitations of State-Space Models via Context-Dependent Sparse Attention",
                "NeurIPS 2025",
                systems=("S250",),
            ),
            Source("Kitaev, Kaiser, Levskaya", 2020, "Reformer: The Efficient Transformer", "ICLR 2020 (hashing by rotations)"),
        ),
        traits=frozenset({"growing", "partial"}),
        implementation="memstudio.components.sequence.hashed_attention.layers:HashedAttention",
        reference="memstudio.components.sequence.hashed_attention.reference:run",
        cost=cost,
        tiny={"heads": 2, "key_width": 4, "value_width": 3, "directions": 2, "bucket_keys": 2, "selected": 2},
        synonyms=("HAX", "LSH", "locality-sensitive hashing", "Reformer", "sparse attention", "key selection", "joint recall"),
    ),
)
