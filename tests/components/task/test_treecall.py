"""Associative treecall: sentences are trees, grammar and order are what they say, a stack reads every answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components.task.treecall.items import Rules, make_items
from memstudio.components.task.treecall.reference import parents, solve
from tests.components.task.token_streams import (
    DRAWS,
    answers_asked,
    fingerprints_differ,
    parts_do_not_depend_on_others,
    reference_answers_all,
    refusal,
    sample_reads,
    seeds_decide,
    stream,
)

TASK = "task.treecall"
SMALL: dict[str, Any] = {"depths": [1, 3], "branching": 3, "names": 41, "test_items": 16}
MARKS = ("distance", "serial_position", "apart")


@pytest.mark.parametrize("head", ["behind", "front"])
@pytest.mark.parametrize("relation", ["parent", "sibling"])
@pytest.mark.parametrize("asked", ["all", "one"])
def test_the_reference_answers_all(head: str, relation: str, asked: str) -> None:
    made = stream(TASK, head=head, relation=relation, asked=asked, **SMALL)
    reference_answers_all(made, lambda tokens, part: solve(tokens, 3, head == "front", relation), MARKS)
    for part in made.parts("test"):
        assert part.batch.mask is not None
        for tokens, mask in zip(part.batch.inputs.tolist(), part.batch.mask.tolist(), strict=True):
            sentence = tokens[: tokens.index(1)]
            parent = parents(sentence, 3, head == "front")
            assert len(parent) == len(sentence) - 1
            assert len(set(sentence)) == len(sentence)
            deep = 0
            for name in sentence:
                above = 0
                while name in parent:
                    name, above = parent[name], above + 1
                deep = max(deep, above)
            assert deep <= int(part.labels["depth"])
            last = {parent[name]: name for name in sentence if name in parent}
            may_ask = [name for name in parent if relation == "parent" or last[parent[name]] != name]
            named = [token for token, is_asked in zip(tokens, mask, strict=True) if is_asked]
            assert (sorted(named) == sorted(may_ask)) if asked == "all" else (len(named) == 1 and named[0] in may_ask)


def test_one_tree_by_hand() -> None:
    # with at most two children: names 2 + 3 i + children; leaves 2, 5, 8, one child 9, two children 13
    behind = [2, 5, 9, 13, 1, 5, 2]
    assert parents(behind[:4], 2, False) == {5: 9, 9: 13, 2: 13}
    assert solve(behind, 2, False, "parent") == {5: (9, 2, 3, 0), 6: (13, 2, 4, 2)}
    assert solve([2, 5, 9, 13, 1, 2], 2, False, "sibling") == {5: (9, 2, 3, 1)}
    front = [13, 2, 9, 5, 1, 5]
    assert parents(front[:4], 2, True) == {2: 13, 9: 13, 5: 9}
    assert solve(front, 2, True, "parent") == {5: (9, 2, 3, 0)}


@pytest.mark.parametrize("relation", ["parent", "sibling"])
def test_the_grammar(relation: str) -> None:
    n = 6000
    rules = Rules(2, "front", relation, "one", 9)
    items = make_items(torch.full((n,), 2), rules, torch.Generator().manual_seed(1))
    assert bool(((items.tokens[:, 0] - 2) % 3 == 2).all())
    sizes = (items.tokens == 1).long().argmax(1).numpy()
    # root and two children, each with 0, 1 or 2 of their own
    seen = np.bincount(sizes, minlength=8)[3:]
    assert stats.chisquare(seen, n * np.array([1, 2, 3, 2, 1]) / 9).pvalue > 1e-4
    first = ((items.tokens[:, 1] - 2) % 3).numpy()
    assert stats.chisquare(np.bincount(first)).pvalue > 1e-4
    chain = make_items(torch.full((300,), 3), Rules(1, "front", "parent", "one", 9), torch.Generator().manual_seed(1))
    assert bool(((chain.tokens[:, 0] - 2) % 2 == 1).all())


def test_what_belongs_together_need_not_stand_together() -> None:
    part = stream(TASK, **SMALL).parts("test")[1]
    apart = part.batch.marks["apart"][part.batch.mask]
    assert int(apart.min()) == 0
    assert int(apart.max()) > 5


@pytest.mark.parametrize("relation", ["parent", "sibling"])
def test_guessing(relation: str) -> None:
    made = stream(TASK, **SMALL, relation=relation, asked="one")
    possible = [2 + 4 * name + children for name in range(41) for children in range(relation == "parent", 4)]
    assert made.chance == 1 / len(possible)
    asked = answers_asked(made.batch(0, 4000, DRAWS))
    assert set(asked.tolist()) <= set(possible)
    guesses = np.random.default_rng(1).choice(possible, size=asked.size)
    assert stats.binomtest(int((guesses == asked).sum()), asked.size, made.chance).pvalue > 1e-4
    assert stats.chisquare(np.bincount((asked - 2) // 4, minlength=41)).pvalue > 1e-4


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    for head in ("behind", "front"):
        parts_do_not_depend_on_others(TASK, {**SMALL, "head": head}, {**SMALL, "head": head, "depths": [3]})
    fingerprints_differ(
        TASK, {"head": "front"}, {"relation": "sibling"}, {"asked": "one"}, {"depths": [2]}, {"branching": 2}, {"names": 50}
    )
    sample_reads(stream(TASK, **SMALL), {"node", "filler", "question"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"branching": 1, "relation": "sibling"},
            "With one child a node there are no siblings; take a branching of 2 or more, or ask for the parent.",
        ),
        ({"depths": [3], "names": 39}, "A full tree of this depth and branching has 40 nodes and needs as many names; there are 39."),
        ({"depths": [8]}, "A full tree of this depth and branching has 9,841 nodes; at most 4,096 are written out."),
        ({"branching": 1, "depths": [12]}, None),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], says: str | None) -> None:
    assert refusal(TASK, **values) == says
    if says is None:
        assert stream(TASK, **values).batch(0, 4, DRAWS).inputs.shape == (4, 26)
