"""Heavy-tailed associations: facts are fixed, frequencies follow the law, bins hold what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components import get
from memstudio.components.runtime import Draws
from memstudio.components.task.heavy_tailed.reference import learn, solve
from memstudio.components.task.heavy_tailed.stream import HeavyTailed, edges, zipf
from memstudio.experiment.kinds import Inputs
from tests.components.task.token_streams import (
    DRAWS,
    fingerprints_differ,
    refusal,
    sample_reads,
    seeds_decide,
    stream,
)

TASK = "task.heavy_tailed"
SMALL: dict[str, Any] = {"facts": 20, "length": 8, "bins": 3, "test_items": 30}


def made(draws: Draws = DRAWS, **values: Any) -> HeavyTailed:
    built = stream(TASK, draws, **{**SMALL, **values})
    assert isinstance(built, HeavyTailed)
    return built


def test_what_was_learned_by_heart_answers_the_test() -> None:
    one = made()
    table: dict[int, int] = {}
    for step in range(60):
        batch = one.batch(step, 32, DRAWS)
        assert batch.mask is not None
        assert bool(batch.mask.all())
        for keys, values in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
            learn(keys, values, table)
    assert sorted(table) == sorted(table.values()) == list(range(20))
    for split in ("validation", "test"):
        for part in one.parts(split):
            for keys, values in zip(part.batch.inputs.tolist(), part.batch.targets.tolist(), strict=True):
                assert solve(keys, table) == dict(enumerate(values))


def test_the_reference_refuses_two_values() -> None:
    table: dict[int, int] = {}
    learn([1, 2, 1], [5, 6, 5], table)
    assert solve([2, 3, 1], table) == {0: 6, 1: None, 2: 5}
    with pytest.raises(ValueError, match="two values"):
        learn([2], [5], table)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_training_follows_zipfs_law(exponent: float) -> None:
    one = made(exponent=exponent)
    keys = torch.cat([one.batch(step, 500, DRAWS).inputs.flatten() for step in range(10)])
    rank_of_key = one.key_of_rank.argsort()
    seen = np.bincount(rank_of_key[keys].numpy(), minlength=20)
    law = np.arange(1, 21.0) ** -exponent
    law /= law.sum()
    assert zipf(20, exponent).numpy() == pytest.approx(law)
    assert stats.chisquare(seen, seen.sum() * law).pvalue > 1e-4
    other = np.arange(1, 21.0) ** -(exponent + 0.2)
    assert stats.chisquare(seen, seen.sum() * other / other.sum()).pvalue < 1e-6


def test_bins_share_out_the_ranks_and_ask_each_as_often() -> None:
    assert edges(20, 3) == [0, 7, 14, 20]
    assert edges(3, 3) == [0, 1, 2, 3]
    one = made(test_items=600)
    parts = one.parts("test")
    assert [dict(part.labels) for part in parts] == [{"bin": 1}, {"bin": 2}, {"bin": 3}]
    for part, low, high in zip(parts, (0, 7, 14), (7, 14, 20), strict=True):
        rank = part.batch.marks["rank"]
        assert torch.equal(one.key_of_rank[rank - 1], part.batch.inputs)
        counts = np.bincount(rank.flatten().numpy() - 1, minlength=20)
        assert counts.sum() == counts[low:high].sum()
        assert stats.chisquare(counts[low:high]).pvalue > 1e-4


def test_guessing_and_the_most_frequent_answer() -> None:
    one = made()
    targets = get(TASK)(**SMALL).outputs(Inputs())["stream"].targets
    assert targets is not None
    assert one.chance == targets.chance == 1 / 20
    asked = torch.cat([part.batch.targets.flatten() for part in one.parts("test")]).numpy()
    guesses = np.random.default_rng(1).integers(0, 20, size=asked.size)
    assert stats.binomtest(int((guesses == asked).sum()), asked.size, 1 / 20).pvalue > 1e-4
    # the answer that is right most often in training is worth no more than another where bins are asked evenly
    common = int(one.value_of_key[one.key_of_rank[0]])
    assert float((one.batch(0, 500, DRAWS).targets == common).double().mean()) > 0.2
    assert float((torch.from_numpy(asked) == common).double().mean()) < 0.08


def test_facts_are_of_the_data_seed_and_node() -> None:
    assert torch.equal(made().value_of_key, made(Draws(9, 7)).value_of_key)
    assert not torch.equal(made().value_of_key, made(Draws(3, 8)).value_of_key)
    seeds_decide(TASK, **SMALL)


def test_fingerprint_sample_and_refusal() -> None:
    fingerprints_differ(TASK, {"facts": 99}, {"exponent": 0.5}, {"length": 5}, {"bins": 2})
    sample_reads(made(), {"question"})
    assert refusal(TASK, facts=7, bins=8) == "7 facts cannot be shared out among 8 bins."
    assert refusal(TASK, facts=8, bins=8) is None
