"""Linear attention, with retention, gated linear attention and Based as its presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, width_of
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Preset, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Choice, Flag

#: Rank of the map that makes a gate for each channel, and what its log is divided by (Yang et al. 2024, section 4.4).
LOW_RANK, TEMPERATURE = 16, 16.0

FEATURES = Choice(
    name="features",
    title="Features",
    default="elu",
    options={
        "identity": "as they are",
        "elu": "ELU + 1",
        "relu": "ReLU",
        "softmax": "softmax over the features",
        "taylor": "second-order Taylor form of exp",
    },
    role="feature_map",
    meaning="What becomes of keys and queries before they are compared.",
)


def feature_count(features: str, key_width: int) -> int:
    """Numbers in φ(k): the key's own, or 1, the key's own and each product of two."""
    return 1 + key_width + key_width * (key_width + 1) // 2 if features == "taylor" else key_width


def sizes(values: Values) -> tuple[int, int, int]:
    """Of all heads: features of keys, numbers of values, numbers of the matrices (with the row of the normaliser)."""
    heads, features = values["heads"], feature_count(values["features"], values["key_width"])
    return heads * features, heads * values["value_width"], heads * features * (values["value_width"] + values["normaliser"])


def gate_numbers(values: Values, width: int) -> tuple[int, int]:
    """Trained numbers of the decay, and how many of them stand in its matrices."""
    heads, features = values["heads"], sizes(values)[0]
    if values["decay"] == "head":
        return width * heads + 2 * heads, width * heads
    if values["decay"] == "channel":
        return width * LOW_RANK + LOW_RANK * features + features, width * LOW_RANK + LOW_RANK * features
    return 0, 0


def parts(values: Values, inputs: Inputs) -> Mapping[str, int]:
    """Trained numbers of query, writer and output."""
    width, keys, data = width_of(inputs), values["heads"] * values["key_width"], values["heads"] * values["value_width"]
    return {
        "query": width * keys,
        "writer": width * (keys + data) + gate_numbers(values, width)[0],
        "output": data * width * (1 + values["output_gate"]) + (values["value_width"] if values["output_norm"] else 0),
    }


def cost(values: Values, inputs: Inputs) -> Cost:
    """All parts, and one matrix a head: what is written and what a query finds (the sum of keys is only read by a product)."""
    width, keys = width_of(inputs), values["heads"] * values["key_width"]
    features, data, matrix = sizes(values)
    maps = width * (2 * keys + data + data * (1 + values["output_gate"])) + gate_numbers(values, width)[1]
    written = features * values["value_width"]
    return Cost(sum(parts(values, inputs).values()), matrix * BYTES, products(inputs, maps, written, matrix))


def refuse(values: Values, inputs: Inputs) -> str | None:
    """Plain features may match negatively, and a sum of such matches is nothing to divide by."""
    if values["normaliser"] and values["features"] == "identity":
        return "Keys as they are can match a query negatively, so there is nothing to divide by; choose other features or no normaliser."
    return None


KATHAROPOULOS = Source(
    "Katharopoulos, Vyas, Pappas, Fleuret",
    2020,
    "Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention",
    "ICML 2020, equations 16 to 20",
)
SUN = Source(
    "Sun et al.", 2023, "Retentive Network: A Successor to Transformer for Large Language Models", "arXiv 2307.08621, equations 5 to 8"
)
YANG = Source(
    "Yang, Wang, Shen, Panda, Kim", 2024, "Gated Linear Attention Transformers with Hardware-Efficient Training", "ICML 2024, section 4"
)
ARORA = Source("Arora et al.", 2024, "Simple linear attention language models balance the recall-throughput tradeoff", "ICML 2024 (Based)")

COMPONENTS = (
    memory(
        id="sequence.linear_attention",
        title="Linear attention",
        summary="A matrix a head to which every position adds its value times its key; nothing is corrected or overwritten.",
        explanation=(
            "Attention without the softmax: the match of a query and a key is the product of their features φ, so the sum over all "
            "earlier positions can be kept as one matrix S a head, of the same size after any number of positions. Writing only adds. "
            "Keys that resemble each other therefore mix their values, and recall fades as the matrix fills. The normaliser divides by "
            "the sum of all matches, as softmax does; it needs features that are not negative. The products of the Taylor form are "
            "kept once each, where the authors keep both orders: the same answers from half the state.\n\n"
            "With a decay the matrix fades: at a fixed rate a head (retention: 1 − 2⁻⁵, 1 − 2⁻⁶, ...), by one learned gate a head, or by "
            "one learned gate a key channel (gated linear attention), made by a map of rank 16 whose log is divided by 16, so that gates "
            "begin near 1. Plain keys are scaled by 1/√K unless they are scaled to length 1; other features take them as they are. "
            "Rotary positions turn keys and queries before the feature map; with plain features they are the turning of retention. "
            "Retention's published layer has values twice as wide as its keys and norms without a learned scale; here the widths are "
            "free and the scale is learned. The products of features that a Taylor form needs are not counted as matrix products."
        ),
        parameters=(
            HEADS,
            KEY_WIDTH,
            VALUE_WIDTH,
            FEATURES,
            Choice(
                name="decay",
                title="Decay",
                default="none",
                options={
                    "none": "none",
                    "fixed": "fixed, a rate a head",
                    "head": "learned, a gate a head",
                    "channel": "learned, a gate a key channel",
                },
                role="decay_kind",
                meaning="How the whole memory fades from one position to the next.",
            ),
            Flag(
                name="normaliser",
                title="Normaliser",
                default=True,
                role="normaliser",
                meaning="Divide each answer by the sum of all matches, so that it is an average of values.",
            ),
            Flag(
                name="unit_length",
                title="Keys of length 1",
                default=False,
                role="unit_length",
                meaning="Scale keys and queries of each head to length 1 before the feature map.",
            ),
            Flag(
                name="rotary",
                title="Rotary positions",
                default=False,
                role="rotary",
                meaning="Turn keys and queries by their position before the feature map.",
            ),
            replace(OUTPUT_NORM, default=False),
            replace(OUTPUT_GATE, default=False),
            CHUNK,
        ),
        equations=(
            Equation("Writing", "Sₜ = Sₜ₋₁ diag(αₜ) + vₜ φ(kₜ)ᵀ,  zₜ = diag(αₜ) zₜ₋₁ + φ(kₜ)"),
            Equation("Reading", "yₜ = Sₜ φ(qₜ),  normalised: yₜ = Sₜ φ(qₜ) / (zₜ·φ(qₜ) + 10⁻⁶)"),
            Equation("Maps", "kₜ = W_k xₜ,  qₜ = W_q xₜ,  vₜ = W_v xₜ,  oₜ = W_o (RMSnorm(yₜ) ⊙ SiLU(W_g xₜ))"),
            Equation("Features", "φ(x) = x,  ELU(x) + 1,  max(x, 0),  softmax(x),  or φ(q)·φ(k) = 1 + s + s²/2 with s = q·k / √K"),
            Equation("Decay", "αₜ = 1,  1 − 2^(−5−h),  exp(−A softplus(W_α xₜ + b)),  or σ(W₂ W₁ xₜ + b)^(1/16)"),
        ),
        sources=(KATHAROPOULOS, SUN, YANG, ARORA),
        traits=frozenset({"readable"}),
        implementation="memstudio.components.sequence.linear_attention.layers:LinearAttention",
        reference="memstudio.components.sequence.linear_attention.reference:run",
        cost=cost,
        parts=parts,
        refuse=refuse,
        tiny={"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4},
        synonyms=("linear transformer", "kernel attention", "RetNet", "GLA", "Hedgehog", "outer product memory", "fast weights"),
        presets=(
            Preset(
                id="sequence.retention",
                title="Retention",
                values={
                    "features": "identity",
                    "decay": "fixed",
                    "normaliser": False,
                    "rotary": True,
                    "output_norm": True,
                    "output_gate": True,
                },
                summary="Linear attention whose heads fade at fixed rates, with rotary positions.",
                sources=(SUN,),
            ),
            Preset(
                id="sequence.gated_linear_attention",
                title="Gated linear attention",
                values={"features": "identity", "decay": "channel", "normaliser": False, "output_norm": True, "output_gate": True},
                summary="Linear attention in which each key channel fades by a gate of its own that each position sets.",
                sources=(YANG,),
            ),
            Preset(
                id="sequence.based",
                title="Taylor linear attention",
                values={"features": "taylor", "key_width": 16},
                summary="Linear attention whose matches are the second-order Taylor form of attention's exponential.",
                sources=(ARORA,),
            ),
        ),
    ),
)
