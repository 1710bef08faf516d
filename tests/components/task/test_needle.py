"""The needle in a haystack: it is where its depth says, it is what is asked, and nothing else could be taken for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components.task.needle.items import ANNOUNCE, ANY_DEPTH, ASK, Rules, make_items
from memstudio.components.task.needle.reference import solve
from tests.components.task.token_streams import (
    DRAWS,
    fingerprints_differ,
    guessing_is_right_by_chance,
    parts_do_not_depend_on_others,
    reference_answers_all,
    refusal,
    sample_reads,
    seeds_decide,
    stream,
)

TASK = "task.needle"
SMALL = {"lengths": [9, 12], "test_lengths": [9, 20], "depths": [0, 50, 100], "vocabulary": 23, "test_items": 12}


@pytest.mark.parametrize("filler", ["words", "any", "sentence"])
@pytest.mark.parametrize("passkey", [1, 3])
def test_the_reference_answers_all(filler: str, passkey: int) -> None:
    made = stream(TASK, filler=filler, passkey=passkey, **SMALL)
    reference_answers_all(made, lambda tokens, part: solve(tokens, passkey), ("distance", "serial_position"))


def test_one_item_by_hand() -> None:
    assert solve([3, 1, 8, 9, 4, 2, 8, 0], 2) == {5: (8, 2, 1), 6: (9, 2, 2)}


def test_the_passkey_stands_at_its_depth() -> None:
    made = stream(TASK, **{**SMALL, "passkey": 2, "depths": [0, 25, 50, 100]})
    assert [dict(part.labels) for part in made.parts("test")] == [{"length": n, "depth": d} for n in (9, 20) for d in (0, 25, 50, 100)]
    assert [part.labels["length"] for part in made.parts("validation")] == [9] * 4 + [12] * 4
    for part in made.parts("test"):
        length, depth = int(part.labels["length"]), int(part.labels["depth"])
        words = length - 5
        expected = int(depth * words / 100 + 0.5)
        for tokens in part.batch.inputs.tolist():
            assert tokens.index(ANNOUNCE) == expected
            assert tokens.index(ASK) == length - 2
            assert not any(tokens[length:])
            assert all(tokens[:length])


def test_training_has_every_depth_as_often() -> None:
    n = 6000
    items = make_items(torch.full((n,), 12), torch.full((n,), ANY_DEPTH), Rules(23, 1, "words"), torch.Generator().manual_seed(2))
    places = (items.tokens == ANNOUNCE).long().argmax(1).numpy()
    counts = np.bincount(places)
    assert counts.size == 10
    assert stats.chisquare(counts).pvalue > 1e-4


def test_what_the_haystack_is_made_of() -> None:
    first = Rules(23, 1, "words").first_value
    assert first == 13
    for filler, values_in_it in (("words", False), ("any", True), ("sentence", False)):
        inputs = stream(TASK, **{**SMALL, "filler": filler, "test_lengths": [60], "depths": [100]}).parts("test")[0].batch.inputs
        hay = inputs[:, :57]
        assert bool((hay >= first).any()) == values_in_it
        assert bool((hay >= 3).all())
        assert torch.equal(hay[:, 16:], hay[:, :-16]) == (filler == "sentence")
        assert len({tuple(row) for row in hay[:, :16].tolist()}) == 12


def test_guessing() -> None:
    values = {**SMALL, "passkey": 2}
    guessing_is_right_by_chance(stream(TASK, **values), TASK, 13, 23, **values)


def test_training_mixes_its_own_lengths_only() -> None:
    batch = stream(TASK, **SMALL).batch(0, 2000, DRAWS)
    lengths, counts = np.unique((batch.inputs > 0).sum(1).numpy(), return_counts=True)
    assert lengths.tolist() == [9, 12]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    parts_do_not_depend_on_others(TASK, SMALL, {**SMALL, "test_lengths": [9], "depths": [50]})
    fingerprints_differ(TASK, {"filler": "any"}, {"passkey": 2}, {"lengths": [16]}, {"test_lengths": [64]}, {"depths": [1]})
    sample_reads(stream(TASK, **SMALL), {"key", "value", "word", "filler", "question"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"passkey": 16}, "A passkey of 16 tokens needs lengths of at least 33; the shortest is 32."),
        (
            {"test_lengths": list(range(32, 60, 2))},
            "The test would have 70 parts, one for each combination of the lists; shorten a list, at most 64 fit.",
        ),
        ({"passkey": 15}, None),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, object], says: str | None) -> None:
    assert refusal(TASK, **values) == says
