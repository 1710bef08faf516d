"""Wrong values among right ones: shares are what they say, the majority is asked, outliers come anywhere."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components.task.wrong_values.declare import wrong_keys
from memstudio.components.task.wrong_values.items import Rules, make_items
from memstudio.components.task.wrong_values.reference import solve
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

TASK = "task.wrong_values"
MARKS = ("distance", "misled")
SMALL: dict[str, Any] = {"loads": [1, 4], "wrong": [0, 50, 100], "times": 3, "vocabulary": 18, "length": 40, "test_items": 14}


def test_the_reference_answers_all() -> None:
    made = stream(TASK, **SMALL)
    for split in ("validation", "test"):
        parts = made.parts(split)
        assert [dict(part.labels) for part in parts] == [{"load": n, "wrong": r} for n in (1, 4) for r in (0, 50, 100)]
        for part in parts:
            load, misled = int(part.labels["load"]), wrong_keys(int(part.labels["load"]), int(part.labels["wrong"]))
            for row, tokens in enumerate(part.batch.inputs.tolist()):
                expected = solve(tokens, 3 * load)
                assert questions(part.batch, row, MARKS) == expected
                assert len(expected) == load
                assert sorted(flag for *_, flag in expected.values()) == [0] * (load - misled) + [1] * misled
                shown = Counter(tokens[1 : 6 * load : 2])
                # a true value comes three times, or twice beside an outlier that belongs to no key
                assert sorted(shown.values()) == sorted([3] * (load - misled) + [2, 1] * misled)
                assert all(value >= 9 for value in shown)


def test_training_is_answered_too() -> None:
    made = stream(TASK, **{**SMALL, "loads": [4]})
    batch = made.batch(0, 200, DRAWS)
    for row, tokens in enumerate(batch.inputs.tolist()):
        assert questions(batch, row) == {position: answer[:1] for position, answer in solve(tokens, 12).items()}


def test_one_item_by_hand() -> None:
    tokens = [3, 10, 4, 11, 3, 12, 4, 11, 3, 10, 4, 11, 0, 0, 3, 0, 4, 0]
    assert solve(tokens, 6) == {14: (10, 4, 1), 16: (11, 4, 0)}


def test_an_outlier_is_the_first_the_second_or_the_last_showing() -> None:
    n = 6000
    items = make_items(torch.full((n,), 1), torch.full((n,), 100), Rules(20, 16, 0.5, 3), torch.Generator().manual_seed(2))
    values = items.tokens[:, [1, 3, 5]]
    odd = (values[:, [1, 0, 0]] == values[:, [2, 2, 1]]).long().argmax(1)
    assert stats.chisquare(np.bincount(odd.numpy())).pvalue > 1e-4


def test_guessing() -> None:
    guessing_is_right_by_chance(stream(TASK, **SMALL), TASK, 9, 18, **SMALL)


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    parts_do_not_depend_on_others(TASK, SMALL, {**SMALL, "loads": [4], "wrong": [50]})
    fingerprints_differ(TASK, {"wrong": [0]}, {"loads": [3]}, {"gap": 0.0}, {"times": 4}, {"length": 70})
    sample_reads(stream(TASK, **SMALL), {"key", "value", "filler", "question"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"loads": [8], "length": 63}, "24 pairs and 8 questions need a length of at least 64; it is 63."),
        ({"loads": [8], "vocabulary": 30}, "8 keys with so many wrong values need a vocabulary of at least 31; it is 30."),
        ({"loads": [8], "length": 64, "vocabulary": 31}, None),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], says: str | None) -> None:
    assert refusal(TASK, **values) == says
    if says is None:
        assert stream(TASK, **values).batch(0, 8, DRAWS).inputs.shape == (8, 64)
