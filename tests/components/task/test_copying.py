"""Copying: lists are given back rightly in each mode, places and delays are what was declared."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from memstudio.components.task.copying.items import ASK, Rules, make_items
from memstudio.components.task.copying.reference import solve
from memstudio.components.task.tokens import BLANK
from tests.components.task.token_streams import (
    DRAWS,
    fingerprints_differ,
    guessing_is_right_by_chance,
    parts_do_not_depend_on_others,
    reference_answers_all,
    sample_reads,
    seeds_decide,
    stream,
)

TASK = "task.copying"
MODES = ("copy", "selective", "reverse")
SMALL = {"loads": [2, 3, 7], "symbols": 5, "delay": 4, "test_items": 20}


@pytest.mark.parametrize("mode", MODES)
def test_the_reference_answers_all(mode: str) -> None:
    made = stream(TASK, mode=mode, **SMALL)
    reference_answers_all(made, lambda tokens, part: solve(tokens, mode), ("distance", "serial_position"))


@settings(max_examples=60)
@given(
    mode=st.sampled_from(MODES),
    loads=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    delay=st.integers(0, 9),
    seed=st.integers(0, 2**40),
)
def test_items_are_a_list_a_delay_and_as_many_questions(mode: str, loads: list[int], delay: int, seed: int) -> None:
    items = make_items(torch.tensor(loads), Rules(mode, 6, delay), torch.Generator().manual_seed(seed))
    for row, load in enumerate(loads):
        tokens = items.tokens[row].tolist()
        listed, asked, behind = tokens[: load + delay], tokens[load + delay : 2 * load + delay], tokens[2 * load + delay :]
        symbols = [token for token in listed if token > ASK]
        assert len(symbols) == load
        assert asked == [ASK] * load
        assert behind == [BLANK] * (2 * (max(loads) - load))
        answers = items.targets[row][items.mask[row]].tolist()
        assert answers == (symbols[::-1] if mode == "reverse" else symbols)
        if mode != "selective":
            assert listed[:load] == symbols


def test_one_item_by_hand() -> None:
    assert solve([5, 4, 0, 0, 1, 1, 0], "copy") == {4: (5, 3, 1), 5: (4, 3, 2)}
    assert solve([5, 4, 0, 0, 1, 1, 0], "reverse") == {4: (4, 2, 2), 5: (5, 4, 1)}
    assert solve([0, 5, 0, 4, 1, 1, 0], "selective") == {4: (5, 2, 1), 5: (4, 1, 2)}


def test_in_selective_copy_every_choice_of_places_is_equally_likely() -> None:
    n = 12_000
    items = make_items(torch.full((n,), 2), Rules("selective", 3, 2), torch.Generator().manual_seed(1))
    places = (items.tokens[:, :4] > ASK).numpy() @ np.array([1, 2, 4, 8])
    counts = np.unique(places, return_counts=True)[1]
    assert counts.size == 6
    assert stats.chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("mode", MODES)
def test_guessing(mode: str) -> None:
    values = {**SMALL, "mode": mode}
    guessing_is_right_by_chance(stream(TASK, **values), TASK, 2, 7, **values)


def test_training_mixes_the_loads() -> None:
    batch = stream(TASK, **SMALL).batch(0, 3000, DRAWS)
    assert batch.mask is not None
    loads, counts = np.unique(batch.mask.sum(1).numpy(), return_counts=True)
    assert loads.tolist() == [2, 3, 7]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    parts_do_not_depend_on_others(TASK, SMALL, {**SMALL, "loads": [3]})
    parts_do_not_depend_on_others(TASK, {**SMALL, "mode": "selective"}, {**SMALL, "mode": "selective", "loads": [2]})
    fingerprints_differ(TASK, {"mode": "reverse"}, {"delay": 3}, {"loads": [4]}, {"symbols": 9}, {"test_items": 9})
    sample_reads(stream(TASK, **SMALL), {"value", "filler", "question"})
