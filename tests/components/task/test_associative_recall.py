"""Associative recall: what is asked was shown, answers and distances are right, gaps follow their law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from memstudio.components import get
from memstudio.components.runtime import Draws
from memstudio.components.task.associative_recall.items import BLANK, NO_DISTANCE, Items, Rules, make_items, slots
from memstudio.components.task.associative_recall.reference import solve
from memstudio.components.task.associative_recall.stream import AssociativeRecall
from memstudio.experiment.kinds import Inputs

DRAWS = Draws(seed=3, data_seed=7)


def stream(draws: Draws = DRAWS, uid: str = "task", **values: Any) -> AssociativeRecall:
    built = get("task.associative_recall")(**values).build(draws=draws, uid=uid)
    assert isinstance(built, AssociativeRecall)
    return built


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.equal(a, b)


@st.composite
def settings_of_items(draw: st.DrawFn) -> tuple[Rules, list[int], int]:
    loads = draw(st.lists(st.integers(1, 9), min_size=1, max_size=6))
    most = max(loads)
    length = draw(st.integers(4 * most, 4 * most + 15))
    vocabulary = draw(st.integers(2 * (most + 1), 60))
    gap = draw(st.sampled_from([0.0, 0.5, 0.99, 2.0]))
    filler = draw(st.sampled_from(["blank", "random"]))
    return Rules(vocabulary, length, gap, filler), loads, draw(st.integers(0, 2**40))


def made(rules: Rules, loads: list[int], seed: int) -> Items:
    return make_items(torch.tensor(loads), max(loads), rules, torch.Generator().manual_seed(seed))


@settings(max_examples=60)
@given(settings_of_items())
def test_items_ask_for_what_was_shown(case: tuple[Rules, list[int], int]) -> None:
    rules, loads, seed = case
    items = made(rules, loads, seed)
    half = rules.vocabulary // 2
    for row, load in enumerate(loads):
        tokens, mask = items.tokens[row].tolist(), items.mask[row].tolist()
        keys, values = tokens[: 2 * load : 2], tokens[1 : 2 * load : 2]
        assert len(set(keys)) == load
        assert all(1 <= key < half for key in keys)
        assert len(set(values)) == load
        assert all(half <= value < rules.vocabulary for value in values)
        asked = [position for position, is_asked in enumerate(mask) if is_asked]
        assert sorted(tokens[position] for position in asked) == sorted(keys)
        for position in asked:
            assert position >= 2 * load
            assert tokens[:position].count(tokens[position]) == 1
        assert solve(tokens, load) == {p: (int(items.targets[row, p]), int(items.distance[row, p])) for p in asked}
        for position in asked:
            assert keys[int(items.serial_position[row, position]) - 1] == tokens[position]


@settings(max_examples=40)
@given(settings_of_items())
def test_nothing_else_is_asked_or_shown(case: tuple[Rules, list[int], int]) -> None:
    rules, loads, seed = case
    items = made(rules, loads, seed)
    assert bool((items.targets[~items.mask] == 0).all())
    assert bool((items.distance[~items.mask] == NO_DISTANCE).all())
    assert bool((items.serial_position[~items.mask] == NO_DISTANCE).all())
    for row, load in enumerate(loads):
        behind = torch.arange(rules.length) >= 2 * load
        filler = items.tokens[row][behind & ~items.mask[row]]
        if rules.filler == "blank":
            assert bool((filler == BLANK).all())
        else:
            assert bool((filler > BLANK).all())
            assert bool((filler < rules.vocabulary).all())
            assert not set(filler.tolist()) & set(items.tokens[row, : 2 * load : 2].tolist())


@pytest.mark.parametrize("gap", [0.0, 0.99, 2.0])
def test_first_slots_follow_the_power_law(gap: float) -> None:
    rules, n = Rules(64, 44, gap, "blank"), 20_000
    drawn = slots(torch.full((n,), 2), 2, rules, torch.Generator().manual_seed(5))
    room = (44 - 4) // 2
    law = (np.arange(room) + 1.0) ** -gap
    seen = np.bincount(drawn[:, 0].numpy(), minlength=room)
    assert stats.chisquare(seen, n * law / law.sum()).pvalue > 1e-3
    # and not a neighbouring law
    other = (np.arange(room) + 1.0) ** -(gap + 0.3)
    assert stats.chisquare(seen, n * other / other.sum()).pvalue < 1e-6


def test_later_slots_are_drawn_from_those_that_are_left() -> None:
    rules, n = Rules(64, 16, 1.0, "blank"), 30_000
    drawn = slots(torch.full((n,), 4), 2, rules, torch.Generator().manual_seed(6)).numpy()
    law = 1.0 / np.arange(1, 5)
    law /= law.sum()
    expected = np.array([[0 if i == j else law[i] * law[j] / (1 - law[i]) for j in range(4)] for i in range(4)])
    seen = np.zeros((4, 4))
    np.add.at(seen, (drawn[:, 0], drawn[:, 1]), 1)
    assert seen.trace() == 0
    off = ~np.eye(4, dtype=bool)
    assert stats.chisquare(seen[off], n * expected[off]).pvalue > 1e-3


def test_keys_and_values_are_drawn_evenly() -> None:
    rules, rows = Rules(22, 20, 0.99, "blank"), 4000
    items = made(rules, [5] * rows, 9)
    for first, low, high in ((0, 1, 11), (1, 11, 22)):
        for place in range(5):
            seen = np.bincount(items.tokens[:, 2 * place + first].numpy(), minlength=22)[low:high]
            assert stats.chisquare(seen).pvalue > 1e-4


def test_training_mixes_the_loads() -> None:
    batch = stream(loads=[2, 4, 8], vocabulary=32, length=40).batch(0, 3000, DRAWS)
    assert batch.mask is not None
    counts = np.unique(batch.mask.sum(1).numpy(), return_counts=True)
    assert counts[0].tolist() == [2, 4, 8]
    assert stats.chisquare(counts[1]).pvalue > 1e-3
    assert batch.inputs.shape == batch.targets.shape == batch.mask.shape == (3000, 40)
    assert batch.inputs.dtype == batch.targets.dtype == torch.int64


def test_a_batch_depends_on_its_step_and_both_seeds_only() -> None:
    one, again = stream(), stream()
    first = one.batch(4, 8, DRAWS)
    one.batch(9, 16, DRAWS)
    assert same(first.inputs, one.batch(4, 8, DRAWS).inputs)
    assert same(first.inputs, again.batch(4, 8, DRAWS).inputs)
    assert not same(first.inputs, one.batch(5, 8, DRAWS).inputs)
    assert not same(first.inputs, one.batch(4, 8, DRAWS.member(1)).inputs)
    assert not same(first.inputs, stream(Draws(3, 8)).batch(4, 8, DRAWS).inputs)
    assert not same(first.inputs, stream(uid="other").batch(4, 8, DRAWS).inputs)


def test_parts_are_one_a_load_and_always_the_same() -> None:
    one = stream(loads=[2, 6], vocabulary=20, length=30, test_items=50)
    for split in ("validation", "test"):
        parts = one.parts(split)
        assert [dict(part.labels) for part in parts] == [{"load": 2}, {"load": 6}]
        assert all(part.main for part in parts)
        for part in parts:
            assert part.batch.mask is not None
            assert part.batch.mask.sum(1).tolist() == [part.labels["load"]] * 50
            for row in range(50):
                expected = solve(part.batch.inputs[row].tolist(), int(part.labels["load"]))
                seen = {p: int(part.batch.marks["distance"][row, p]) for p in range(30) if part.batch.mask[row, p]}
                assert seen == {position: distance for position, (_, distance) in expected.items()}
    assert not same(one.parts("validation")[1].batch.inputs, one.parts("test")[1].batch.inputs)
    again = stream(Draws(99, 7), loads=[2, 6], vocabulary=20, length=30, test_items=50)
    assert same(one.parts("test")[1].batch.inputs, again.parts("test")[1].batch.inputs)
    fewer = stream(loads=[6], vocabulary=20, length=30, test_items=50)
    assert same(one.parts("test")[1].batch.inputs, fewer.parts("test")[0].batch.inputs)


def test_the_fingerprint_is_of_the_data() -> None:
    prints = [stream(**values).fingerprint() for values in ({}, {}, {"gap": 0.5}, {"loads": [4]}, {"test_items": 9})]
    assert prints[0] == prints[1]
    assert len(set(prints[1:])) == 4
    assert stream(Draws(4, 7)).fingerprint() == prints[0]
    assert stream(Draws(3, 8)).fingerprint() != prints[0]


def test_the_sample_reads_as_what_it_is() -> None:
    sample = stream(loads=[2, 3], vocabulary=16, length=16).sample()
    assert [item["labels"] for item in sample["items"]] == [{"load": 2}, {"load": 3}]
    item = sample["items"][0]
    assert item["roles"][:4] == ["key", "value", "key", "value"]
    assert item["roles"].count("question") == 2
    for token, target, role in zip(item["tokens"], item["targets"], item["roles"], strict=True):
        assert (target is not None) == (role == "question")
        assert (token == BLANK) == (role == "filler")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"loads": [16], "length": 63}, "A load of 16 pairs needs a length of at least 64; it is 63."),
        ({"loads": [16], "vocabulary": 33}, "A load of 16 pairs needs a vocabulary of at least 34; it is 33."),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], says: str) -> None:
    assert get("task.associative_recall")(**values).refusal(Inputs()) == says


def test_the_smallest_that_fits_is_taken() -> None:
    configured = get("task.associative_recall")(loads=[3, 16], length=64, vocabulary=34)
    assert configured.refusal(Inputs()) is None
    built = stream(loads=[3, 16], length=64, vocabulary=34)
    assert built.batch(0, 32, DRAWS).inputs.shape == (32, 64)
    targets = configured.outputs(Inputs())["stream"].targets
    assert targets is not None
    assert targets.chance == built.chance == 1 / 17
