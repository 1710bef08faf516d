"""Sequence order recall: pieces are pieces of the document, as far apart as they should be, in either order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components.task.sequence_order.items import ANY_GAP, Rules, make_items
from memstudio.components.task.sequence_order.reference import solve
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

TASK = "task.sequence_order"
SMALL: dict[str, Any] = {"lengths": [9, 14], "gaps": [0, 3, 5], "segment": 2, "events": 15, "test_items": 20}


@pytest.mark.parametrize("segment", [1, 2])
def test_the_reference_answers_all(segment: int) -> None:
    made = stream(TASK, **{**SMALL, "segment": segment})
    reference_answers_all(made, lambda tokens, part: solve(tokens), ("distance", "serial_position"))


def test_one_item_by_hand() -> None:
    assert solve([5, 6, 7, 8, 9, 1, 8, 9, 2, 5, 6, 3, 0]) == {11: (1, 6, 1)}
    assert solve([5, 6, 7, 8, 9, 1, 6, 7, 2, 8, 9, 3, 0]) == {11: (0, 6, 2)}


def test_gaps_and_lengths_are_those_of_the_part() -> None:
    parts = stream(TASK, **SMALL).parts("test")
    assert [dict(part.labels) for part in parts] == [{"length": n, "gap": g} for n in (9, 14) for g in (0, 3, 5)]
    for part in parts:
        length, gap = int(part.labels["length"]), int(part.labels["gap"])
        for tokens in part.batch.inputs.tolist():
            document = tokens[:length]
            assert len(set(document)) == length
            assert tokens[length] == 1
            starts = sorted(document.index(tokens[length + 1 + shift]) for shift in (0, 3))
            assert starts[1] - starts[0] - 2 == gap
            assert not any(tokens[length + 7 :])


def test_places_gaps_and_orders_are_drawn_evenly() -> None:
    n = 12_000
    items = make_items(torch.full((n,), 6), torch.full((n,), ANY_GAP), Rules(2, 9), torch.Generator().manual_seed(1))
    gap_of = (items.tokens[:, :6, None] == items.tokens[:, None, [7, 10]]).long().argmax(1).sort(1).values
    gaps = np.bincount((gap_of[:, 1] - gap_of[:, 0] - 2).numpy())
    assert gaps.size == 3
    assert stats.chisquare(gaps).pvalue > 1e-4
    begins = gap_of[:, 0][gap_of[:, 1] - gap_of[:, 0] == 2].numpy()
    assert stats.chisquare(np.bincount(begins)).pvalue > 1e-4


def test_guessing() -> None:
    guessing_is_right_by_chance(stream(TASK, **SMALL), TASK, 0, 2, **SMALL)


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    parts_do_not_depend_on_others(TASK, SMALL, {**SMALL, "lengths": [9], "gaps": [3]})
    fingerprints_differ(TASK, {"lengths": [40]}, {"gaps": [1]}, {"segment": 3}, {"events": 99})
    sample_reads(stream(TASK, **SMALL), {"event", "piece", "filler", "question"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"events": 63}, "A document of 64 different events needs at least as many; there are 63."),
        ({"gaps": [25]}, "Two pieces of 4 with 25 events between them need documents of 33; one has 32."),
        ({"gaps": [24], "events": 64}, None),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], says: str | None) -> None:
    assert refusal(TASK, **values) == says
