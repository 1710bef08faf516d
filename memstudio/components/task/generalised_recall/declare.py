"""Generalised associative recall, declared: bindings of an item and facts that are known, composed in one question."""

from __future__ import annotations

from memstudio.components.task.parameters import GIVES, TEST_ITEMS, outputs
from memstudio.experiment.declarations import Component, Equation, Source, Values
from memstudio.experiment.kinds import Inputs, Spec, Targets
from memstudio.experiment.parameters import Choice, Flag, Whole, WholeList

#: the blank, the question, the negated question, and the answers true and false
SPECIAL = 5


def vocabulary_of(groups: int, classes: int, members: int) -> int:
    """How many different tokens there are: special ones, groups, classes, persons and things."""
    return SPECIAL + (groups + classes) * (members + 1)


def length_of(pairs: int, most_hops: int, form: str) -> int:
    """How many tokens an item has: pairs, the question with its group and class, and who is judged where someone is."""
    return 2 * pairs + 2 + (most_hops == 2) + (form == "classify")


def chance_of(groups: int, members: int, form: str) -> float:
    """The accuracy of guessing: among all persons, or between true and false."""
    return 1 / (groups * members) if form == "generate" else 0.5


def _outputs(values: Values, inputs: Inputs) -> dict[str, Spec]:
    vocabulary = vocabulary_of(values["groups"], values["classes"], values["members"])
    targets = Targets(
        what="token",
        size=vocabulary,
        per_position=True,
        chance=chance_of(values["groups"], values["members"], values["form"]),
        labels=("hops", "negated"),
        marks=("distance", "serial_position"),
    )
    return outputs(length_of(values["pairs"], max(values["hops"]), values["form"]), vocabulary, targets)


def _refuse(values: Values, inputs: Inputs) -> str | None:
    if values["members"] < values["pairs"]:
        return f"{values['pairs']} pairs need groups and classes of at least as many members; they have {values['members']}."
    return None


COMPONENTS = [
    Component(
        id="task.generalised_recall",
        title="Generalised associative recall",
        summary="Who has the apple, who has a fruit, which child has a fruit: what an item says is joined with facts that are known.",
        explanation=(
            "An item binds persons to things (John apple, Mary dog …), then asks for a person. Besides, there are facts that no "
            "item says: every thing is of a class, every person of a group. They are the same in all items, drawn once by the data "
            "seed, and have to be learned in training; the bindings are new each time.\n\n"
            "Hops are how many such facts a question needs. 0: who has this thing (associative recall). 1: who has a thing of this "
            "class. 2: who of this group has a thing of this class; somebody else has one too but is of another group, and somebody "
            "else of the group has something else, so both facts are needed. Negated: who has none of this class (1 hop: everybody "
            "else has), or who of this group has none (2 hops).\n\n"
            "The person is to be named, or one is proposed and the answer is true or false; half of the proposed ones are right, "
            "the others are persons of the item. Training mixes all kinds of questions; the test has a part for each. Who names any "
            "person of the item is right more often than chance, once in as many as there are pairs.\n\n"
            "This is the synthetic form of the benchmark, whose sentences are written for language models that know the facts "
            "already, with relations such as kind, gender, usage, occupation and place; here they are reduced to two, membership of "
            "a class and of a group."
        ),
        equations=(
            Equation("An item", "p₁ t₁ p₂ t₂ … pₙ tₙ │ ? t,  ? class  or  ? group class"),
            Equation("1 hop", "target = the pᵢ with class(tᵢ) = c;  negated: with class(tᵢ) ≠ c"),
            Equation("2 hops", "target = the pᵢ with group(pᵢ) = g and class(tᵢ) = c;  negated: … and class(tᵢ) ≠ c"),
        ),
        sources=(
            Source(
                "Ni, Xiao, Meng, Li, Zheng, Liang",
                2024,
                "Benchmarking and Understanding Compositional Relational Reasoning of LLMs",
                "arXiv:2412.12841",
                systems=("S202",),
            ),
        ),
        gives=GIVES,
        parameters=(
            WholeList(
                name="hops",
                title="Hops",
                default=(0, 1, 2),
                low=0,
                high=2,
                unit="facts",
                meaning="How many known facts a question needs; training mixes these, tests are made for each.",
            ),
            Flag(
                name="negation",
                title="Negated questions too",
                default=False,
                meaning="Whether questions of one and two hops are also asked negated.",
            ),
            Choice(
                name="form",
                title="Answer",
                default="generate",
                options={"generate": "Name the person", "classify": "True or false"},
                meaning="Whether the person is named, or one that is proposed is judged.",
            ),
            Whole(
                name="pairs",
                title="Pairs",
                default=4,
                low=3,
                high=64,
                unit="pairs",
                meaning="How many persons with a thing an item has.",
            ),
            Whole(
                name="groups",
                title="Groups",
                default=4,
                low=2,
                high=64,
                unit="groups",
                meaning="How many groups of persons there are.",
            ),
            Whole(
                name="classes",
                title="Classes",
                default=6,
                low=2,
                high=64,
                unit="classes",
                meaning="How many classes of things there are.",
            ),
            Whole(
                name="members",
                title="Members",
                default=8,
                low=3,
                high=256,
                unit="members",
                meaning="How many persons each group has, and things each class; at least as many as an item has pairs.",
            ),
            TEST_ITEMS,
        ),
        implementation="memstudio.components.task.generalised_recall.stream:GeneralisedRecall",
        reference="memstudio.components.task.generalised_recall.reference:solve",
        outputs=_outputs,
        refuse=_refuse,
        tiny={"pairs": 3, "groups": 2, "classes": 3, "members": 3, "negation": True, "test_items": 4},
        synonyms=("GAR", "compositional", "relations", "knowledge", "multi-hop", "is-a", "negation", "reasoning"),
    )
]
