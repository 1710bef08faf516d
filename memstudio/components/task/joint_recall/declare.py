"""Joint recall, declared: a value for each pair of a context and a key."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs, too_many
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Choice, Whole, WholeList

#: tokens that stand for nothing in the table: the blank, and the one between the table and the questions
SPECIAL = 2
#: tokens that an item may have
MOST_TOKENS = 65_536


def length_of(contexts: int, keys: int, layout: str, asked: str) -> int:
    """How many tokens an item has."""
    cells = contexts * keys
    table = contexts + 2 * cells if layout == "blocks" else 3 * cells
    if asked == "one":
        return table + 1 + 2
    return table + 1 + (table if layout == "blocks" else 2 * cells)


def vocabulary_of(values: Values) -> int:
    """How many different tokens there are: special ones, values, and as many contexts and keys as the larger of both."""
    return int(SPECIAL + values["values"] + 2 * max(*values["contexts"], *values["keys"]))


def longest(values: Values) -> int:
    """How many tokens the items of the largest table have."""
    return length_of(max(values["contexts"]), max(values["keys"]), values["layout"], values["asked"])


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    vocabulary = vocabulary_of(values)
    targets = Targets(
        what="token",
        size=vocabulary,
        per_position=True,
        chance=1 / values["values"],
        labels=("contexts", "keys", "load"),
        marks=("distance", "serial_position"),
        shown_next=True,
    )
    return outputs(longest(values), vocabulary, targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    if longest(values) > MOST_TOKENS:
        return f"The largest table makes items of {longest(values):,} tokens; at most {MOST_TOKENS:,} are made."
    return too_many(len(values["contexts"]) * len(values["keys"]))


COMPONENTS = [
    Component(
        id="task.joint_recall",
        title="Joint recall",
        summary="The same key has another value in each context; a question names the context and the key.",
        explanation=(
            "Context-dependent recall. An item is a table: for each of C contexts and each of K keys a value, drawn on its own. The "
            "table is listed, then questions name a context and a key, and the value in that cell must be given. Neither the "
            "context nor the key is enough: a memory must bind three things, and has to keep C · K values.\n\n"
            "In blocks, as published: a context stands once, and behind it its keys with their values; contexts come in random "
            "order, keys in a random order of their own in each. The questions have the same form in new random orders, each key is "
            "a question and its value follows it, as in a text that is predicted token by token. In triples: context, key and value "
            "stand together for each cell, all cells in random order, and a question is a context and a key, whose value is not "
            "shown.\n\n"
            "Either every cell of the table is asked once, or one cell. Training mixes every number of contexts with every number "
            "of keys; the test has a part for each, and knows for each question how many tokens lie between the value and the "
            "question and the place of the cell in the list, from 1. A smaller table uses the first contexts and keys of the "
            "vocabulary. The authors train on all table sizes from 5 × 5 up to a largest, and put a token at the beginning of each "
            "item, which is left out here; their tables with contexts on several levels are not made."
        ),
        equations=(
            Equation("A table in blocks", "c₂ (k₃ v₂₃)(k₁ v₂₁)… c₁ (k₁ v₁₁)(k₂ v₁₂)… │ questions in the same form"),
            Equation("A table in triples", "(c₂ k₁ v₂₁)(c₁ k₃ v₁₃)… │ (c₁ k₃)(c₂ k₁)…"),
            Equation("What is asked", "target at kⱼ in context cᵢ = vᵢⱼ,  vᵢⱼ uniform over the values"),
            Equation("What must be kept", "C · K · log₂ |V| bits"),
        ),
        sources=(
            Source(
                "Zhan, Zhao, Zhu, Tang",
                2025,
                "Overcoming Long-Context Limitations of State-Space Models via Context-Dependent Sparse Attention",
                "arXiv:2507.00449",
                systems=("S250",),
            ),
        ),
        gives=GIVES,
        parameters=(
            WholeList(
                name="contexts",
                title="Contexts",
                default=(2, 4),
                low=1,
                high=256,
                unit="contexts",
                meaning="How many contexts a table has; training mixes these numbers, tests are made for each.",
            ),
            WholeList(
                name="keys",
                title="Keys",
                default=(4, 8),
                low=1,
                high=256,
                unit="keys a context",
                meaning="How many keys each context has; training mixes these numbers, tests are made for each.",
            ),
            Whole(
                name="values",
                title="Values",
                default=16,
                low=2,
                high=16384,
                log=True,
                unit="values",
                meaning="How many different values there are; a value may stand in several cells.",
            ),
            Choice(
                name="layout",
                title="Layout",
                default="blocks",
                options={"blocks": "Blocks of a context", "triples": "Triples"},
                meaning="Whether a context stands once before its keys, or with every key.",
            ),
            Choice(
                name="asked",
                title="What is asked",
                default="table",
                options={"table": "The whole table", "one": "One cell"},
                meaning="Whether every cell is asked once, or one that is drawn.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.joint_recall.stream:JointRecall",
        reference="memstudio.components.task.joint_recall.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"contexts": [1, 2], "keys": [2], "values": 4, "test_items": 4},
        synonyms=("context-dependent recall", "HAX", "triples", "conjunctive binding", "multi-query", "table"),
    )
]
