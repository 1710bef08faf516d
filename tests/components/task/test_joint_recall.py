"""Joint recall: tables are listed and asked for whole, values belong to cells, both layouts are what they say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from memstudio.components.task.joint_recall.declare import length_of
from memstudio.components.task.joint_recall.items import ASK, Rules, make_items
from memstudio.components.task.joint_recall.reference import solve
from tests.components.task.token_streams import (
    fingerprints_differ,
    guessing_is_right_by_chance,
    parts_do_not_depend_on_others,
    reference_answers_all,
    refusal,
    sample_reads,
    seeds_decide,
    stream,
)

TASK = "task.joint_recall"
SMALL: dict[str, Any] = {"contexts": [1, 3], "keys": [2, 4], "values": 5, "test_items": 12}
FORMS = [(layout, asked) for layout in ("blocks", "triples") for asked in ("table", "one")]
each_form = pytest.mark.parametrize(("layout", "asked"), FORMS)


@each_form
def test_the_reference_answers_all(layout: str, asked: str) -> None:
    made = stream(TASK, layout=layout, asked=asked, **SMALL)
    reference_answers_all(made, lambda tokens, part: solve(tokens, 5), ("distance", "serial_position"))
    for part in made.parts("test"):
        assert part.batch.mask is not None
        cells = int(part.labels["contexts"]) * int(part.labels["keys"])
        assert part.labels["load"] == cells
        assert part.batch.mask.sum(1).tolist() == [cells if asked == "table" else 1] * 12


def test_two_items_by_hand() -> None:
    # values 2 and 3, contexts 4 and 6, keys 5 and 7
    blocks = [6, 5, 2, 7, 3, 4, 7, 2, 5, 2, 1, 4, 5, 2, 7, 2, 6, 7, 3, 5, 2]
    assert solve(blocks, 2) == {12: (2, 2, 4), 14: (2, 6, 3), 17: (3, 12, 2), 19: (2, 16, 1)}
    triples = [6, 5, 2, 4, 5, 3, 1, 4, 5, 6, 5]
    assert solve(triples, 2) == {8: (3, 2, 2), 10: (2, 7, 1)}


@settings(max_examples=60)
@given(
    form=st.sampled_from(FORMS),
    tables=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 5)), min_size=1, max_size=5),
    seed=st.integers(0, 2**40),
)
def test_each_cell_is_listed_once_and_asked_once(form: tuple[str, str], tables: list[tuple[int, int]], seed: int) -> None:
    layout, asked = form
    contexts, keys = torch.tensor(tables).T
    items = make_items(contexts, keys, Rules(3, layout, asked), torch.Generator().manual_seed(seed))
    for row, (c, k) in enumerate(tables):
        tokens = items.tokens[row].tolist()
        assert tokens.index(ASK) == (c + 2 * c * k if layout == "blocks" else 3 * c * k)
        length = length_of(c, k, layout, asked)
        assert all(tokens[:length])
        assert not any(tokens[length:])
        listed = Counter(tokens[: tokens.index(ASK)])
        for i in range(c):
            assert listed[5 + 2 * i] == (1 if layout == "blocks" else k)
        for j in range(k):
            assert listed[6 + 2 * j] == c
        answers = solve(tokens, 3)
        assert sorted(number for _, _, number in answers.values()) == (
            list(range(1, c * k + 1)) if asked == "table" else [answers[max(answers)][2]]
        )
        if asked == "table" and layout == "blocks":
            for position, (value, _, _) in answers.items():
                assert tokens[position + 1] == value


def test_every_cell_is_asked_as_often_when_one_is() -> None:
    n = 6000
    items = make_items(torch.full((n,), 2), torch.full((n,), 3), Rules(4, "triples", "one"), torch.Generator().manual_seed(3))
    number = items.marks["serial_position"][items.mask].numpy()
    assert stats.chisquare(np.bincount(number)[1:]).pvalue > 1e-4
    cell = items.tokens[:, -2:].numpy() @ np.array([100, 1])
    assert np.unique(cell).size == 6
    assert stats.chisquare(np.unique(cell, return_counts=True)[1]).pvalue > 1e-4


def test_orders_of_listing_and_asking_are_independent() -> None:
    n = 8000
    items = make_items(torch.full((n,), 2), torch.full((n,), 2), Rules(4, "blocks", "table"), torch.Generator().manual_seed(4))
    order = torch.stack([items.tokens[:, place] for place in (0, 1, 6, 11, 12, 17)], 1)
    kinds = np.unique(order.numpy(), axis=0, return_counts=True)[1]
    assert kinds.size == 2**6
    assert stats.chisquare(kinds).pvalue > 1e-4


@each_form
def test_guessing(layout: str, asked: str) -> None:
    values = {**SMALL, "layout": layout, "asked": asked}
    guessing_is_right_by_chance(stream(TASK, **values), TASK, 2, 7, **values)


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    for layout, asked in FORMS:
        form = {**SMALL, "layout": layout, "asked": asked}
        parts_do_not_depend_on_others(TASK, form, {**form, "contexts": [3], "keys": [2]})
    fingerprints_differ(TASK, {"layout": "triples"}, {"asked": "one"}, {"contexts": [3]}, {"keys": [5]}, {"values": 3})
    sample_reads(stream(TASK, **SMALL), {"context", "key", "value", "filler", "question"})


def test_what_does_not_fit_is_refused() -> None:
    says = "The test would have 81 parts, one for each combination of the lists; shorten a list, at most 64 fit."
    assert refusal(TASK, contexts=list(range(1, 10)), keys=list(range(1, 10))) == says
    assert refusal(TASK, contexts=[128], keys=[128]) == "The largest table makes items of 65,793 tokens; at most 65,536 are made."
    assert refusal(TASK, contexts=[128], keys=[127]) is None
