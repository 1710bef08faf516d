"""Causal attention: of everything or of a window with sinks; by softmax, softmax_1 or α-entmax; maps of its own or shared by heads."""

from __future__ import annotations

from collections.abc import Mapping

from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag, Real, Whole


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, heads, key, value = width_of(inputs), values["heads"], values["key_width"], values["value_width"]
    # a shared map has the columns of one head, and a row of embeddings for each
    own, rows = (heads, 0) if values["projections"] == "separate" else (1, heads)
    keys, data = own * key, own * value
    scale = key if values["query_key_norm"] else 0
    sharpness = heads if values["weights"] == "learned_entmax" else 0
    return {
        "query": width * keys + rows * key + scale + sharpness,
        "writer": width * (keys + data) + rows * (key + value) + scale,
        "output": heads * value * width,
    }


def kept(values: Values, time: int) -> int:
    """Positions in the state after so many: all, or those of the window and the sinks."""
    return min(time, values["window"] + values["sinks"]) if values["window"] else time


def seen(values: Values, time: int) -> int:
    """Keys that the queries of so many positions are compared with, added up."""
    most = kept(values, time)
    return most * (most + 1) // 2 + (time - most) * most


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts, and a key and a value of every head for each position that is kept; each query meets those, and averages them."""
    width, time, heads = width_of(inputs), time_of(inputs), values["heads"]
    keys, data = heads * values["key_width"], heads * values["value_width"]
    shared = 1 if values["projections"] == "separate" else heads
    maps = width * (2 * keys + data) // shared
    flops = products(inputs, maps, data * width) + 2 * (keys + data) * seen(values, time)
    return Cost(sum(parts(values, inputs).values()), kept(values, time) * (keys + data) * BYTES, flops)


STREAMING = Source("Xiao, Tian, Chen, Han, Lewis", 2024, "Efficient Streaming Language Models with Attention Sinks", "ICLR 2024")
OUTLIERS = Source(
    "Hu, Chang, Luo, Chen, Li, Wang, Liu",
    2024,
    "Outlier-Efficient Hopfield Layers for Large Transformer-Based Models",
    "ICML 2024",
    systems=("S129",),
)
STANHOP = Source(
    "Wu, Hu, Li, Chen, Liu",
    2024,
    "STanHop: Sparse Tandem Hopfield Model for Memory-Enhanced Time Series Prediction",
    "ICLR 2024",
    systems=("S082",),
)
PETERS = Source("Peters, Niculae, Martins", 2019, "Sparse Sequence-to-Sequence Models", "ACL 2019 (α-entmax)")
CORREIA = Source("Correia, Niculae, Martins", 2019, "Adaptively Sparse Transformers", "EMNLP 2019 (the learned α)")
MARTINS = Source("Martins, Astudillo", 2016, "From Softmax to Sparsemax", "ICML 2016")
EMBEDDINGS = Source(
    "Xue, Aletras",
    2023,
    "Pit One Against Many: Leveraging Attention-head Embeddings for Parameter-efficient Multi-head Attention",
    "Findings of EMNLP 2023",
    systems=("S195",),
)

COMPONENTS = (
    memory(
        id="sequence.attention",
        title="Attention",
        summary="Keeps every key and value it has seen and compares each query with all of them.",
        explanation=(
            "Every position leaves a key and a value in each head. A later position compares its query with all keys so far and "
            "takes the average of the values, weighted by a softmax of the matches. Nothing is ever overwritten, so recall does not "
            "suffer under load, but the state grows with the sequence: its size is counted at the length of the sequence at this "
            "node. With a window a position sees its own and the last positions only, and beside them the very first ones, the sinks; "
            "the state stops growing when they are full. Positions that are masked from writing do not count. Sinks keep their "
            "true positions; the paper on them moves positions together inside the cache.\n\n"
            "Rotary positions turn queries and keys by an angle that grows with the position, so that a match depends on the "
            "distance. The query-key norm scales both to root mean square 1 with a learned scale, which keeps the softmax from "
            "saturating.\n\n"
            "The weights need not be a softmax. Softmax_1 adds one to the sum below the fraction line, as if there were an empty "
            "pattern with match 0: where nothing matches, the weights add up to less than 1 and a head can stay silent. α-entmax "
            "gives weights that are exactly 0 below a threshold, the sparser the larger α: 1 is the softmax, 2 is sparsemax. It is "
            "solved to rounding (sorted for 1.5 and 2, else by Newton's iteration) with exact first derivatives. α can be "
            "learned, one a head, between 1.01 and 1.99; heads then start at different ones around the "
            "one given. Of the two Hopfield papers behind these weights only the attention is here: "
            "their other layers, the retrieval of several steps and the quantisation, are not.\n\n"
            "Shared projections use one map for all heads; each head adds its own embedding to what the map gives, or multiplies by "
            "1 plus it. That saves nearly all parameters of the maps. Embeddings start as normal numbers of variance 1; the paper "
            "could not be checked on that."
        ),
        parameters=(
            Whole(name="heads", title="Heads", default=2, low=1, high=64, role="heads", meaning="Separate comparisons, side by side."),
            Whole(
                name="key_width",
                title="Key width",
                default=32,
                low=1,
                high=512,
                log=True,
                unit="a head",
                role="key_width",
                meaning="Numbers in a key and a query of one head.",
            ),
            Whole(
                name="value_width",
                title="Value width",
                default=32,
                low=1,
                high=512,
                log=True,
                unit="a head",
                role="value_width",
                meaning="Numbers in a value of one head.",
            ),
            Flag(
                name="rotary",
                title="Rotary positions",
                default=True,
                role="rotary",
                meaning="Turn queries and keys by their position, so that a match depends on the distance.",
            ),
            Flag(
                name="query_key_norm",
                title="Query-key norm",
                default=False,
                role="query_key_norm",
                meaning="Scale queries and keys to root mean square 1 before they are compared.",
            ),
            Whole(
                name="window",
                title="Window",
                default=0,
                low=0,
                high=4096,
                unit="positions",
                role="window",
                meaning="How many positions a query sees, its own included; 0 is all of them.",
            ),
            Whole(
                name="sinks",
                title="Sinks",
                default=0,
                low=0,
                high=256,
                unit="positions",
                role="sinks",
                meaning="How many of the first positions stay visible beside a window; without a window all do.",
            ),
            Choice(
                name="weights",
                title="Weights",
                default="softmax",
                options={
                    "softmax": "Softmax",
                    "softmax_1": "Softmax_1",
                    "entmax": "Entmax of α",
                    "learned_entmax": "Entmax, α learned a head",
                },
                role="separation",
                meaning="How matches become weights: always spread, able to stay silent, or exactly 0 for weak matches.",
            ),
            Real(
                name="alpha",
                title="Alpha of entmax",
                default=1.5,
                low=1.0,
                high=2.0,
                role="entmax_alpha",
                meaning="How sparse α-entmax is, or where a learned α starts: 1 is the softmax, 2 is sparsemax.",
            ),
            Choice(
                name="projections",
                title="Projections",
                default="separate",
                options={"separate": "A map a head", "add": "Shared, adding an embedding", "multiply": "Shared, times 1 + embedding"},
                role="projections",
                meaning="Whether heads have maps of their own, or share one and tell themselves apart by an embedding.",
            ),
        ),
        equations=(
            Equation("Reading", "yₜ = Σᵢ≤ₜ softmaxᵢ(qₜ·kᵢ / √K) vᵢ"),
            Equation("Maps", "qₜ = R(t) W_q xₜ,  kₜ = R(t) W_k xₜ,  vₜ = W_v xₜ,  oₜ = W_o yₜ"),
            Equation("Rotary positions", "R(t) turns features (i, i + K/2) by t · 10,000^(−2i/K)"),
            Equation("Window w with s sinks", "i > t − w or i ≤ s"),
            Equation("Softmax_1", "pᵢ = exp(zᵢ) / (1 + Σⱼ exp(zⱼ))"),
            Equation("α-entmax", "pᵢ = [(α − 1) zᵢ − τ]₊^(1/(α−1)),  τ such that Σᵢ pᵢ = 1,  learned: α = 1 + σ(a)"),
            Equation("Shared projections", "qʰₜ = W_q xₜ + eʰ  or  W_q xₜ ⊙ (1 + eʰ);  keys and values likewise"),
        ),
        sources=(
            Source("Vaswani et al.", 2017, "Attention Is All You Need", "NeurIPS 2017, section 3.2"),
            Source(
                "Su, Lu, Pan, Murtadha, Wen, Liu", 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding", "arXiv 2104.09864"
            ),
            Source("Henry, Dachapally, Pawar, Chen", 2020, "Query-Key Normalization for Transformers", "Findings of EMNLP 2020"),
            STREAMING,
            OUTLIERS,
            STANHOP,
            PETERS,
            CORREIA,
            MARTINS,
            EMBEDDINGS,
        ),
        # partial: with a window or with weights of exactly 0; the plain one is tested to see everything
        traits=frozenset({"readable", "growing", "partial"}),
        implementation="memstudio.components.sequence.attention.layers:Attention",
        reference="memstudio.components.sequence.attention.reference:run",
        cost=cost,
        parts=parts,
        tiny={"heads": 2, "key_width": 4, "value_width": 3},
        synonyms=(
            "transformer",
            "softmax",
            "self-attention",
            "KV cache",
            "rotary",
            "RoPE",
            "QK norm",
            "local attention",
            "attention sinks",
            "StreamingLLM",
            "sparsemax",
            "OutEffHop",
            "STanHop",
            "MHE",
        ),
        presets=(
            Preset(
                id="sequence.window_attention",
                title="Sliding window attention",
                values={"window": 32, "sinks": 4},
                summary="Attention that sees its last positions and the very first ones; its state stops growing.",
                sources=(STREAMING,),
            ),
            Preset(
                id="sequence.softmax_1_attention",
                title="Softmax_1 attention",
                values={"weights": "softmax_1"},
                summary="Attention whose weights may add up to less than 1, so that a head can stay silent.",
                sources=(OUTLIERS,),
            ),
            Preset(
                id="sequence.entmax_attention",
                title="Entmax attention",
                values={"weights": "learned_entmax"},
                summary="Attention that gives weak matches no weight at all; each head learns how sparse it is.",
                sources=(STANHOP, PETERS, CORREIA),
            ),
            Preset(
                id="sequence.shared_projection_attention",
                title="Shared-projection attention",
                values={"projections": "multiply", "heads": 4},
                summary="One map for all heads, which tell themselves apart by an embedding each.",
                sources=(EMBEDDINGS,),
            ),
        ),
    ),
)
