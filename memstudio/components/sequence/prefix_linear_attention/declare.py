"""Prefix linear attention: a prefix that is read back and forth before a memory of fixed size goes on."""

from __future__ import annotations

from dataclasses import replace

from memstudio.components.sequence.family import BYTES, memory, products, time_of, width_of
from memstudio.components.sequence.linear_attention.declare import ARORA, FEATURES, feature_count
from memstudio.components.sequence.parameters import CHUNK, HEADS, KEY_WIDTH, OUTPUT_GATE, OUTPUT_NORM, VALUE_WIDTH
from memstudio.experiment.declarations import Cost, Equation, Source, Values
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Whole


def cost(values: Values, inputs: Inputs) -> Cost:
    """Maps, and one matrix a head with the row of the normaliser; the prefix is written twice, by maps of two kinds."""
    width, heads, time = width_of(inputs), values["heads"], time_of(inputs)
    keys, data = heads * values["key_width"], heads * values["value_width"]
    features = heads * feature_count(values["features"], values["key_width"])
    written, matrix = features * values["value_width"], features * (values["value_width"] + 1)
    out = data * width * (1 + values["output_gate"])
    parameters = width * (3 * keys + 2 * data) + out + (values["value_width"] if values["output_norm"] else 0)
    prefix = 2 * min(time, values["prefix"]) * (width * (keys + data) + written)
    return Cost(parameters, matrix * BYTES, products(inputs, width * (2 * keys + data) + out, written, matrix) + prefix)


def refuse(values: Values, inputs: Inputs) -> str | None:
    """A prefix that sees the answers: they are the inputs that follow."""
    if values["prefix"] > 1 and inputs.targets is not None and inputs.targets.shown_next:
        return (
            f"The {values['prefix']} positions of the prefix see each other, and this task shows each answer at the next position: "
            "they would be read off. Set the prefix to 1, or take a task that asks after the prefix."
        )
    return None


COMPONENTS = (
    memory(
        id="sequence.prefix_linear_attention",
        title="Prefix linear attention",
        summary="Reads its first positions back and forth, all at once, and everything after them with a memory of fixed size.",
        explanation=(
            "A memory of fixed size must choose what to keep before it knows the question, so the order of what it reads matters. Here "
            "the first positions, the prefix, are read twice: once as in linear attention, each seeing those before it, and once all "
            "together with keys and values of their own. Both sums are added, so after the prefix the memory is one matrix a head, as "
            "in linear attention, and streams in pieces of any size.\n\n"
            "Positions inside the prefix see each other, also those that come later: what is asked there must not be found in the "
            "inputs that follow, as it is when each position predicts the next token; such a task is refused. Ask for answers after "
            "the prefix, as the paper does. The prefix must come in one piece: where the first piece is shorter than the prefix, that "
            "piece is the prefix, as in the authors' code. The paper trains with a second loss, masked tokens to be filled in inside "
            "the prefix; it needs the readout and changed inputs, which a memory does not have, and is missing here. The products of "
            "two features are kept once each, where the authors keep both orders, and 10⁻⁶ is added to the normaliser where they add "
            "10⁻¹²."
        ),
        parameters=(
            HEADS,
            replace(KEY_WIDTH, default=16, meaning="Numbers in a key of one head before its features are taken."),
            VALUE_WIDTH,
            Whole(
                name="prefix",
                title="Prefix",
                default=32,
                low=1,
                high=4096,
                log=True,
                unit="positions",
                role="prefix",
                meaning="First positions that are read all together, each seeing all of them.",
            ),
            replace(FEATURES, default="taylor", options={name: title for name, title in FEATURES.options.items() if name != "identity"}),
            replace(OUTPUT_NORM, default=False),
            replace(OUTPUT_GATE, default=False),
            CHUNK,
        ),
        equations=(
            Equation("Reading", "yₜ = (Sₜ + P) φ(qₜ) / ((zₜ + p)·φ(qₜ) + 10⁻⁶)"),
            Equation("Memory", "Sₜ = Sₜ₋₁ + vₜ φ(kₜ)ᵀ,  zₜ = zₜ₋₁ + φ(kₜ)"),
            Equation("Prefix of M positions", "P = Σⱼ≤M uⱼ φ(eⱼ)ᵀ,  p = Σⱼ≤M φ(eⱼ)"),
            Equation("Maps", "kₜ = W_k xₜ,  qₜ = W_q xₜ,  vₜ = W_v xₜ,  eₜ = W_e xₜ,  uₜ = W_u xₜ,  oₜ = W_o (RMSnorm(yₜ) ⊙ SiLU(W_g xₜ))"),
            Equation("Taylor features", "φ(q)·φ(k) = 1 + s + s²/2 with s = q·k / √K"),
        ),
        sources=(
            Source(
                "Arora et al.",
                2024,
                "Just read twice: closing the recall gap for recurrent language models",
                "arXiv 2407.05483, section 4",
                systems=("S329",),
            ),
            ARORA,
        ),
        traits=frozenset({"prefix"}),
        implementation="memstudio.components.sequence.prefix_linear_attention.layers:PrefixLinearAttention",
        reference="memstudio.components.sequence.prefix_linear_attention.reference:run",
        cost=cost,
        refuse=refuse,
        tiny={"heads": 2, "key_width": 3, "value_width": 4, "prefix": 3, "chunk": 4},
        synonyms=("JRT", "JRT-RNN", "just read twice", "encoder", "non-causal", "PLA", "prefix LM"),
    ),
)
