"""Set disjointness: sets are sets, exactly what is declared is shared, orders and readings are what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components.task.set_disjointness.items import BEGIN, BETWEEN, Rules, make_items
from memstudio.components.task.set_disjointness.reference import solve
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

TASK = "task.set_disjointness"
SMALL: dict[str, Any] = {"small": [1, 3], "large": [4, 6], "elements": 12, "test_items": 16}
each_form = pytest.mark.parametrize(("asked", "times_read"), [("shared", 1), ("shared", 3), ("whether", 1), ("whether", 2)])


@each_form
def test_the_reference_answers_all(asked: str, times_read: int) -> None:
    made = stream(TASK, asked=asked, times_read=times_read, **SMALL)
    reference_answers_all(made, lambda tokens, part: solve(tokens, asked), ("distance",))


def test_items_by_hand() -> None:
    assert solve([1, 5, 6, 2, 7, 6, 8, 3, 0], "shared") == {7: (6, 1)}
    assert solve([1, 5, 6, 2, 7, 6, 8, 3, 0], "whether") == {7: (0, 1)}
    assert solve([1, 5, 6, 2, 7, 9, 8, 3, 0], "whether") == {7: (1, -1)}


@each_form
def test_sets_have_their_sizes_and_orders_and_share_one_element_or_none(asked: str, times_read: int) -> None:
    made = stream(TASK, asked=asked, times_read=times_read, **SMALL)
    parts = made.parts("test")
    assert [dict(part.labels) for part in parts] == [
        {"small": s, "large": n, "first": first} for s in (1, 3) for n in (4, 6) for first in ("small", "large")
    ]
    shared = []
    for part in parts:
        small, large = int(part.labels["small"]), int(part.labels["large"])
        sizes = (small, large) if part.labels["first"] == "small" else (large, small)
        for tokens in part.batch.inputs.tolist():
            reading = tokens[: small + large + 2]
            assert tokens[: times_read * len(reading)] == reading * times_read
            assert reading[0] == BEGIN
            a, b = reading[1 : 1 + sizes[0]], reading[2 + sizes[0] :]
            assert reading[1 + sizes[0]] == BETWEEN
            assert len(set(a)) == len(a) == sizes[0]
            assert len(set(b)) == len(b) == sizes[1]
            shared.append(len(set(a) & set(b)))
    if asked == "shared":
        assert set(shared) == {1}
    else:
        assert set(shared) == {0, 1}
        assert stats.binomtest(sum(shared), len(shared), 0.5).pvalue > 1e-4


def test_the_shared_element_stands_anywhere() -> None:
    n = 6000
    three, four = torch.full((n,), 3), torch.full((n,), 4)
    items = make_items(three, four, Rules("shared", 20, 1), torch.Generator().manual_seed(3))
    answer = items.targets[items.mask]
    first = (items.tokens[:, 1:4] == answer[:, None]).long().argmax(1)
    second = (items.tokens[:, 5:9] == answer[:, None]).long().argmax(1)
    counts = np.bincount((4 * first + second).numpy())
    assert counts.size == 12
    assert stats.chisquare(counts).pvalue > 1e-4


def test_guessing() -> None:
    guessing_is_right_by_chance(stream(TASK, **SMALL), TASK, 4, 16, **SMALL)
    whether = {**SMALL, "asked": "whether"}
    guessing_is_right_by_chance(stream(TASK, **whether), TASK, 0, 2, **whether)


def test_one_order_alone_is_the_same_as_in_both() -> None:
    for order in ("small", "large"):
        parts_do_not_depend_on_others(TASK, SMALL, {**SMALL, "order": order, "small": [3]})


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    fingerprints_differ(TASK, {"asked": "whether"}, {"order": "small"}, {"times_read": 2}, {"elements": 99}, {"small": [3]})
    sample_reads(stream(TASK, **SMALL), {"first set", "second set", "filler", "question"})


def test_what_does_not_fit_is_refused() -> None:
    assert refusal(TASK, small=[4], large=[16], elements=19) == "The largest two sets need 20 different elements; there are 19."
    assert refusal(TASK, small=[4], large=[16], elements=20) is None
