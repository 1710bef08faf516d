"""Bigrams with triggers: outputs follow triggers, bigrams follow their law, optima are reached by the reference and by nothing less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components.runtime import Draws
from memstudio.components.task.induction.items import Bigrams, Rules, make_sequences
from memstudio.components.task.induction.reference import predictive, solve
from memstudio.components.task.induction.stream import Induction
from tests.components.task.token_streams import (
    DRAWS,
    fingerprints_differ,
    questions,
    refusal,
    sample_reads,
    seeds_decide,
    stream,
)

TASK = "task.induction"
MARKS = ("distance", "occurrence")
SMALL: dict[str, Any] = {"vocabulary": 9, "length": 40, "triggers": 2, "test_items": 30}


def made(draws: Draws = DRAWS, **values: Any) -> Induction:
    built = stream(TASK, draws, **{**SMALL, **values})
    assert isinstance(built, Induction)
    return built


def test_the_reference_answers_all_in_context_where_triggers_are_fixed() -> None:
    one = made(choice="fixed")
    triggers = set(one.bigrams.most_frequent(2).tolist())
    for split in ("validation", "test"):
        part = one.parts(split)[0]
        assert dict(part.labels) == {"asked": "in-context"}
        assert part.main
        for row, tokens in enumerate(part.batch.inputs.tolist()):
            assert questions(part.batch, row, MARKS) == solve(tokens, triggers)


def test_drawn_triggers_are_followed_by_one_thing_each() -> None:
    rows = 400
    bigrams = Bigrams.drawn(9, 1.0, torch.Generator().manual_seed(1))
    seen = make_sequences(rows, bigrams, Rules(40, 2, False), torch.Generator().manual_seed(2))
    for row in range(rows):
        tokens, following = seen.tokens[row].tolist(), seen.following[row].tolist()
        assert following[:-1] == tokens[1:]
        triggers = {token for token, known in zip(tokens, seen.is_trigger[row].tolist(), strict=True) if known}
        assert len(triggers) <= 2
        for trigger in triggers:
            assert len({after for token, after in zip(tokens, following, strict=True) if token == trigger}) == 1
        expected = solve(tokens, triggers)
        repeated = seen.is_trigger[row] & (seen.times[row] > 0)
        assert sorted(expected) == repeated.nonzero().flatten().tolist()
        for position, (answer, distance, occurrence) in expected.items():
            assert following[position] == answer
            assert position - int(seen.last[row, position]) - 1 == distance
            assert int(seen.times[row, position]) + 1 == occurrence


def test_what_follows_other_tokens_is_as_the_bigrams_say() -> None:
    one = made(test_items=3000)
    part = one.parts("test")[1]
    assert dict(part.labels) == {"asked": "global"}
    assert not part.main
    assert part.batch.mask is not None
    tokens, following = part.batch.inputs[part.batch.mask].numpy(), part.batch.targets[part.batch.mask].numpy()
    counts = np.zeros((9, 9))
    np.add.at(counts, (tokens, following), 1)
    expected = one.bigrams.next.numpy() * counts.sum(1, keepdims=True)
    # rows are fixed by their sums; a row at a time, corrected for how many rows there are
    assert min(stats.chisquare(row, law).pvalue for row, law in zip(counts, expected, strict=True)) > 1e-4 / 9
    # the best that weights can do: the most likely next token
    best = one.bigrams.next.numpy().argmax(1)
    right = counts[np.arange(9), best].sum() / counts.sum()
    share = counts.sum(1) / counts.sum()
    assert right == pytest.approx(float((share * one.bigrams.next.numpy().max(1)).sum()), abs=0.01)


def test_frequencies_are_stationary_and_triggers_drawn_by_them() -> None:
    bigrams = Bigrams.drawn(7, 2.0, torch.Generator().manual_seed(3))
    assert torch.allclose(bigrams.often @ bigrams.next, bigrams.often, atol=1e-9)
    assert torch.allclose(bigrams.next.sum(1), torch.ones(7, dtype=torch.float64))
    seen = make_sequences(6000, bigrams, Rules(4, 1, False), torch.Generator().manual_seed(4))
    first = np.bincount(seen.tokens[:, 0].numpy(), minlength=7)
    assert stats.chisquare(first, 6000 * bigrams.often.numpy()).pvalue > 1e-4
    is_first = np.bincount(seen.tokens[:, 0][seen.is_trigger[:, 0]].numpy(), minlength=7)
    law = bigrams.often.numpy() ** 2  # the first token, and the trigger, drawn independently
    assert stats.chisquare(is_first, is_first.sum() * law / law.sum()).pvalue > 1e-4


def test_the_predictive_probabilities_are_calibrated_and_beat_both_halves() -> None:
    one = made(choice="fixed", test_items=200)
    triggers = set(one.bigrams.most_frequent(2).tolist())
    law = one.bigrams.next.tolist()
    batch = one.batch(0, 150, DRAWS)
    assert batch.mask is not None
    assert bool(batch.mask.all())
    exact, only_bigrams, entropy = [], [], []
    for tokens, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        for row, token, target in zip(predictive(tokens, triggers, law), tokens, targets, strict=True):
            assert sum(row) == pytest.approx(1)
            assert row[target] > 0
            exact.append(-np.log(row[target]))
            entropy.append(-sum(p * np.log(p) for p in row if p > 0))
            only_bigrams.append(-np.log(law[token][target]))
    assert np.mean(exact) == pytest.approx(np.mean(entropy), abs=0.03)
    assert np.mean(exact) < np.mean(only_bigrams) - 0.2


def test_guessing_in_context() -> None:
    one = made(test_items=3000)
    assert one.chance == 1 / 9
    part = one.parts("test")[0]
    assert part.batch.mask is not None
    # one question an item, as those of one item have the same answers
    first = part.batch.mask.long().argmax(1)
    asked = part.batch.targets.gather(1, first[:, None])[part.batch.mask.any(1)].flatten().numpy()
    guesses = np.random.default_rng(1).integers(0, 9, size=asked.size)
    assert stats.binomtest(int((guesses == asked).sum()), asked.size, 1 / 9).pvalue > 1e-4
    for answer in range(9):
        assert abs((asked == answer).mean() - 1 / 9) < 0.06


def test_training_at_repeated_triggers_only() -> None:
    batch = made(choice="fixed", trained_on="triggers").batch(0, 20, DRAWS)
    triggers = set(made(choice="fixed").bigrams.most_frequent(2).tolist())
    for row, tokens in enumerate(batch.inputs.tolist()):
        assert questions(batch, row) == {position: answer[:1] for position, answer in solve(tokens, triggers).items()}


def test_one_item_by_hand() -> None:
    assert solve([1, 5, 2, 1, 5, 1], {1}) == {3: (5, 2, 2), 5: (5, 1, 3)}
    rows = predictive([1, 0, 1], {1}, [[0.25, 0.75], [0.5, 0.5]])
    assert rows == [[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]]


def test_seeds_fingerprint_sample_and_refusal() -> None:
    seeds_decide(TASK, **SMALL)
    changes = ({"vocabulary": 30}, {"length": 60}, {"triggers": 3}, {"choice": "fixed"}, {"sharpness": 1.0}, {"trained_on": "triggers"})
    fingerprints_differ(TASK, *changes)
    sample_reads(made(), {"read", "question"})
    assert refusal(TASK, vocabulary=5, triggers=5) == "5 triggers need a vocabulary of more than that many tokens; it has 5."
    assert refusal(TASK, vocabulary=6, triggers=5) is None
