"""Re-binding: shares are what they say, the newest value is asked, and order is chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components.task.rebinding.declare import again
from memstudio.components.task.rebinding.items import Rules, make_items
from memstudio.components.task.rebinding.reference import solve
from tests.components.task.token_streams import (
    DRAWS,
    fingerprints_differ,
    guessing_is_right_by_chance,
    parts_do_not_depend_on_others,
    questions,
    refusal,
    sample_reads,
    seeds_decide,
    stream,
)

TASK = "task.rebinding"
MARKS = ("distance", "serial_position", "bindings")
SMALL: dict[str, Any] = {"loads": [1, 4], "rebound": [0, 50, 100], "vocabulary": 18, "length": 30, "test_items": 14}


def pairs_of(tokens: list[int], vocabulary: int) -> int:
    """How many pairs an item begins with: keys and values in turn."""
    places = range(0, len(tokens) - 1, 2)
    half = vocabulary // 2
    return next(p // 2 for p in places if not (0 < tokens[p] < half <= tokens[p + 1]))


@pytest.mark.parametrize("filler", ["blank", "random"])
def test_the_reference_answers_all(filler: str) -> None:
    made = stream(TASK, filler=filler, **SMALL)
    for split in ("validation", "test"):
        parts = made.parts(split)
        assert [dict(part.labels) for part in parts] == [{"load": n, "rebound": r} for n in (1, 4) for r in (0, 50, 100)]
        for part in parts:
            load, twice = int(part.labels["load"]), again(int(part.labels["load"]), int(part.labels["rebound"]))
            for row, tokens in enumerate(part.batch.inputs.tolist()):
                expected = solve(tokens, load + twice)
                assert questions(part.batch, row, MARKS) == expected
                assert len(expected) == load
                assert sorted(times for *_, times in expected.values()) == [1] * (load - twice) + [2] * twice
                shown = tokens[1 : 2 * (load + twice) : 2]
                assert len(set(shown)) == load + twice
                assert all(value >= 9 for value in shown)
            assert part.batch.mask is not None
            rest = part.batch.inputs[~part.batch.mask].numpy()
            assert (rest == 0).any() == (filler == "blank")


def test_training_is_answered_too() -> None:
    made = stream(TASK, **SMALL)
    batch = made.batch(0, 200, DRAWS)
    for row, tokens in enumerate(batch.inputs.tolist()):
        answers = solve(tokens, pairs_of(tokens, 18))
        assert questions(batch, row) == {position: answer[:1] for position, answer in answers.items()}


def test_one_item_by_hand() -> None:
    assert solve([3, 10, 4, 11, 3, 12, 0, 0, 3, 0, 4, 0], 3) == {8: (12, 2, 3, 2), 10: (11, 6, 2, 1)}


def test_shares_are_rounded_half_up() -> None:
    assert [again(5, percent) for percent in (0, 9, 10, 50, 90, 100)] == [0, 0, 1, 3, 5, 5]
    loads, percent = torch.tensor([5, 5, 3, 1]), torch.tensor([10, 50, 50, 50])
    items = make_items(loads, percent, Rules(40, 60, 0.5, "blank"), torch.Generator().manual_seed(1))
    twice = ((items.marks["bindings"] == 2) & items.mask).sum(1)
    assert twice.tolist() == [1, 3, 2, 1]


def test_pairs_come_in_any_order() -> None:
    n = 9000
    rules = Rules(20, 20, 0.5, "blank")
    items = make_items(torch.full((n,), 2), torch.full((n,), 50), rules, torch.Generator().manual_seed(2))
    keys = items.tokens[:, [0, 2, 4]]
    # the key that stands alone is the first, second or third pair equally often
    alone = (keys[:, [1, 0, 0]] == keys[:, [2, 2, 1]]).long().argmax(1)
    counts = np.bincount(alone.numpy())
    assert stats.chisquare(counts).pvalue > 1e-4
    # and the newest value of the other is the second or third accordingly
    newest = items.marks["serial_position"][items.mask & (items.marks["bindings"] == 2)]
    assert torch.equal(newest, torch.where(alone == 2, 2, 3))


def test_guessing() -> None:
    guessing_is_right_by_chance(stream(TASK, **SMALL), TASK, 9, 18, **SMALL)


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    parts_do_not_depend_on_others(TASK, SMALL, {**SMALL, "loads": [4], "rebound": [50]})
    fingerprints_differ(TASK, {"rebound": [0]}, {"loads": [3]}, {"gap": 0.0}, {"filler": "random"}, {"length": 70})
    sample_reads(stream(TASK, **SMALL), {"key", "value", "filler", "question"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"loads": [8], "length": 47}, "16 pairs and 8 questions need a length of at least 48; it is 47."),
        ({"loads": [8], "vocabulary": 30}, "16 different values for 8 keys need a vocabulary of at least 31; it is 30."),
        ({"loads": [8], "rebound": [0], "vocabulary": 17}, "8 different values for 8 keys need a vocabulary of at least 18; it is 17."),
        ({"loads": [8], "length": 48, "vocabulary": 31}, None),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], says: str | None) -> None:
    assert refusal(TASK, **values) == says
    if says is None:
        assert stream(TASK, **values).batch(0, 8, DRAWS).inputs.shape == (8, 48)
