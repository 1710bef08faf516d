"""The n-th farthest: distances rank as they should, questions are what the item says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components import get
from memstudio.components.runtime import Draws
from memstudio.components.task.nth_farthest.reference import solve
from memstudio.components.task.nth_farthest.stream import NthFarthest, make_items
from memstudio.experiment.kinds import Inputs

DRAWS = Draws(seed=3, data_seed=7)


def stream(draws: Draws = DRAWS, uid: str = "task", **values: Any) -> NthFarthest:
    built = get("task.nth_farthest")(**{"vectors": 5, "dimensions": 3, "test_items": 20, **values}).build(draws=draws, uid=uid)
    assert isinstance(built, NthFarthest)
    return built


@pytest.mark.parametrize(("vectors", "dimensions"), [(2, 1), (5, 3), (8, 16)])
def test_the_reference_answers_all(vectors: int, dimensions: int) -> None:
    made = stream(vectors=vectors, dimensions=dimensions)
    parts = made.parts("test")
    assert [dict(part.labels) for part in parts] == [{"rank": n} for n in range(1, vectors + 1)]
    for part in (*parts, *made.parts("validation")):
        batch = part.batch
        assert batch.mask is not None
        assert batch.mask.nonzero().tolist() == [[row, vectors - 1] for row in range(20)]
        for row in range(20):
            answer, place, n = solve(batch.inputs[row].tolist(), dimensions)
            assert n == part.labels["rank"]
            assert int(batch.targets[row, -1]) == answer
            assert int(batch.marks["serial_position"][row, -1]) == place
            assert batch.marks["serial_position"][row, :-1].tolist() == [-1] * (vectors - 1)
    batch = made.batch(0, 64, DRAWS)
    assert batch.inputs.shape == (64, vectors, dimensions + 3 * vectors)
    for row in range(64):
        assert int(batch.targets[row, -1]) == solve(batch.inputs[row].tolist(), dimensions)[0]


def test_one_item_by_hand() -> None:
    # vectors 0, 3 and 1 on a line with labels 2, 0 and 1; from label 2 (at 0) the farthest is label 0, then 1, then itself
    for n, answer, place in ((0, 0, 2), (1, 1, 3), (2, 2, 1)):
        rank = [float(i == n) for i in range(3)]
        rows = [[x, *(float(i == label) for i in range(3)), *rank, 0.0, 0.0, 1.0] for x, label in ((0.0, 2), (3.0, 0), (1.0, 1))]
        assert solve(rows, 1) == (answer, place, n + 1)


def test_what_is_drawn_is_drawn_evenly() -> None:
    n = 6000
    batch = make_items(torch.full((n,), 2), 4, 2, torch.Generator().manual_seed(1))
    vectors, labels, rank, m = batch.inputs.split([2, 4, 4, 4], dim=-1)
    assert stats.kstest(vectors.flatten().numpy(), "uniform", (-1, 2)).pvalue > 1e-4
    assert torch.equal(labels.sum(1), torch.ones(n, 4))
    assert torch.equal(rank[..., 1], torch.ones(n, 4))
    assert stats.chisquare(m[:, 0].sum(0).numpy()).pvalue > 1e-4
    orders = np.unique(labels.argmax(-1).numpy() @ np.array([64, 16, 4, 1]), return_counts=True)[1]
    assert orders.size == 24
    assert stats.chisquare(orders).pvalue > 1e-4


def test_guessing() -> None:
    made = stream()
    targets = get("task.nth_farthest")(vectors=5).outputs(Inputs())["stream"].targets
    assert targets is not None
    assert made.chance == targets.chance == 1 / 5
    asked = made.batch(0, 3000, DRAWS).targets[:, -1].numpy()
    assert stats.chisquare(np.bincount(asked, minlength=5)).pvalue > 1e-4


def test_seeds_parts_and_fingerprint() -> None:
    one, again = stream(), stream(Draws(99, 7))
    assert torch.equal(one.batch(4, 8, DRAWS).inputs, again.batch(4, 8, DRAWS).inputs)
    assert not torch.equal(one.batch(4, 8, DRAWS).inputs, one.batch(5, 8, DRAWS).inputs)
    assert not torch.equal(one.batch(4, 8, DRAWS).inputs, one.batch(4, 8, DRAWS.member(1)).inputs)
    assert not torch.equal(one.batch(4, 8, DRAWS).inputs, stream(uid="other").batch(4, 8, DRAWS).inputs)
    assert one.fingerprint() == again.fingerprint()
    assert len({stream(**v).fingerprint() for v in ({}, {"vectors": 6}, {"dimensions": 4}, {"test_items": 3})}) == 4
    assert stream(Draws(3, 8)).fingerprint() != one.fingerprint()


def test_the_sample_is_a_picture_of_an_item() -> None:
    made = stream()
    sample = made.sample()
    assert sample["kind"] == "images"
    assert sample["shape"] == [1, 5, 18]
    assert [item["labels"] for item in sample["items"]] == [{"rank": n} for n in (1, 2, 3, 4)]
    for item in sample["items"]:
        assert len(item["pixels"]) == 90
        assert all(0 <= number <= 1 for number in item["pixels"])
