"""Associative treecall, declared: a tree is written out, and the parent or a sibling of its nodes is asked."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Choice, Whole, WholeList

#: tokens that are no nodes: the blank, and the one between the tree and the questions
SPECIAL = 2
#: nodes that a full tree may have
MOST_NODES = 4096


def nodes_of(branching: int, depth: int) -> int:
    """How many nodes a full tree has: every node but those at `depth` has all its children."""
    return sum(branching**level for level in range(depth + 1))


def longest(branching: int, depth: int, asked: str) -> int:
    """How many tokens the largest item has: each node, the token behind the tree, and the questions."""
    nodes = nodes_of(branching, depth)
    return nodes + 1 + (1 if asked == "one" else nodes - 1)


def answers(branching: int, names: int, relation: str) -> int:
    """How many names may be the answer: a parent has children, a sibling may have none."""
    return names * (branching if relation == "parent" else branching + 1)


def vocabulary_of(branching: int, names: int) -> int:
    """How many different tokens there are: special ones, and names for each number of children."""
    return SPECIAL + names * (branching + 1)


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    branching, names = values["branching"], values["names"]
    vocabulary = vocabulary_of(branching, names)
    targets = Targets(
        what="token",
        size=vocabulary,
        per_position=True,
        chance=1 / answers(branching, names, values["relation"]),
        labels=("depth",),
        marks=("distance", "serial_position", "apart"),
    )
    return outputs(longest(branching, max(values["depths"]), values["asked"]), vocabulary, targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    if values["relation"] == "sibling" and values["branching"] < 2:
        return "With one child a node there are no siblings; take a branching of 2 or more, or ask for the parent."
    nodes = nodes_of(values["branching"], max(values["depths"]))
    if nodes > MOST_NODES:
        return f"A full tree of this depth and branching has {nodes:,} nodes; at most {MOST_NODES:,} are written out."
    if values["names"] < nodes:
        return f"A full tree of this depth and branching has {nodes:,} nodes and needs as many names; there are {values['names']:,}."
    return None


COMPONENTS = [
    Component(
        id="task.treecall",
        title="Associative treecall",
        summary="A random tree is written out as a sentence; the parent or the last sibling of its nodes is asked.",
        explanation=(
            "In associative recall the answer stood right behind its key. Here what belongs together need not stand side by side: "
            "an item is a tree, drawn from a small grammar and written out node by node, and for a node its parent is asked, or its "
            "last sibling (the last child of the same parent). Looking at the next token does not help; the tree has to be "
            "understood.\n\n"
            "The grammar: a node has 0 to b children, each number equally likely, down to a depth; the root has at least two, where "
            "b allows it. Heads stand in front of their children or behind them. Names of the nodes of an item all differ and are "
            "drawn anew for each item; the vocabulary has names of its own for each number of children, so that a sentence has one "
            "tree only, as in Polish notation. Asked is every node once, in random order, or one of them; for siblings, those nodes "
            "that are not the last themselves.\n\n"
            "Training mixes the depths; the test has a part for each, and knows for each question how many tokens lie between it "
            "and the answer in the sentence, the place of the answer there from 1, and how many tokens lie between the node and the "
            "answer there (apart).\n\n"
            "The authors draw larger grammars (tens of nonterminals with a few random rules each, every one with its own "
            "distribution of heads), in which names repeat and a sentence may have several trees; they ask one question an item. "
            "Here a grammar in which the answer is always certain was chosen, so that a perfect reader is right every time. Very "
            "small trees may come twice by chance."
        ),
        equations=(
            Equation("Grammar", "N_k → N … N head_k,  k children, k uniform on 0 … b;  head in front or behind"),
            Equation("An item", "sentence of the tree │ x₁ x₂ …"),
            Equation("What is asked", "target at x = the name of parent(x), or of the last child of parent(x)"),
        ),
        sources=(
            Source(
                "Arora, Rathi, Selvam, Csordás, Jurafsky, Potts",
                2025,
                "Mechanistic Evaluation of Transformers and State Space Models",
                "arXiv:2505.15105",
                systems=("S140",),
            ),
        ),
        gives=GIVES,
        parameters=(
            WholeList(
                name="depths",
                title="Depths",
                default=(2, 3),
                low=1,
                high=12,
                unit="levels",
                meaning="How many levels of children a tree may have; training mixes these, tests are made for each.",
            ),
            Whole(
                name="branching",
                title="Branching",
                default=3,
                low=1,
                high=16,
                unit="children",
                meaning="How many children a node may have at most.",
            ),
            Choice(
                name="head",
                title="Head",
                default="behind",
                options={"behind": "Behind its children", "front": "In front of its children"},
                meaning="Whether a node is written behind or in front of what lies below it.",
            ),
            Choice(
                name="relation",
                title="What is asked",
                default="parent",
                options={"parent": "The parent", "sibling": "The last sibling"},
                meaning="Which node belongs to the one that a question names.",
            ),
            Choice(
                name="asked",
                title="Questions",
                default="all",
                options={"all": "Every node", "one": "One node"},
                meaning="Whether every node that has an answer is asked once, or one that is drawn.",
            ),
            Whole(
                name="names",
                title="Names",
                default=64,
                low=2,
                high=4096,
                log=True,
                unit="names",
                meaning="How many different names there are for each number of children, at least as many as a full tree has nodes.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.treecall.stream:Treecall",
        reference="memstudio.components.task.treecall.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"depths": [1, 2], "branching": 2, "names": 8, "test_items": 4},
        synonyms=("ATR", "PCFG", "hierarchy", "parent", "sibling", "grammar", "tinylang", "syntax"),
    )
]
