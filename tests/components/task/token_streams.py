"""What holds for the streams of all token tasks: seeds, independent parts, questions that a reference answers, guessing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from scipy import stats

from memstudio.components import get
from memstudio.components.runtime import Batch, Draws, Part
from memstudio.components.task.tokens import NOT_KNOWN, TokenStream
from memstudio.experiment.kinds import Inputs

DRAWS = Draws(seed=3, data_seed=7)
Answers = Mapping[int, tuple[int, ...]]


def stream(component: str, draws: Draws = DRAWS, uid: str = "task", **values: Any) -> TokenStream:
    """A task with some values, built."""
    built = get(component)(**values).build(draws=draws, uid=uid)
    assert isinstance(built, TokenStream)
    return built


def refusal(component: str, **values: Any) -> str | None:
    return get(component)(**values).refusal(Inputs())


def same(one: Batch, other: Batch) -> bool:
    assert one.mask is not None
    assert other.mask is not None
    pairs = ((one.inputs, other.inputs), (one.targets, other.targets), (one.mask, other.mask))
    return all(torch.equal(a, b) for a, b in pairs)


def questions(batch: Batch, row: int, marks: Sequence[str] = ()) -> dict[int, tuple[int, ...]]:
    """position -> (answer, then these marks) of one item."""
    assert batch.mask is not None
    asked = batch.mask[row].nonzero().flatten().tolist()
    return {p: (int(batch.targets[row, p]), *(int(batch.marks[name][row, p]) for name in marks)) for p in asked}


def reference_answers_all(made: TokenStream, solve: Callable[[list[int], Part | None], Answers], marks: Sequence[str]) -> None:
    """Every item of every part and of some training batches is what the reference says, its marks too; nothing else is asked."""
    for split in ("validation", "test"):
        for part in made.parts(split):
            assert part.batch.mask is not None
            assert set(part.batch.marks) == set(marks)
            for mark in part.batch.marks.values():
                assert bool((mark[~part.batch.mask] == NOT_KNOWN).all())
            assert bool((part.batch.targets[~part.batch.mask] == 0).all())
            for row in range(len(part.batch)):
                assert questions(part.batch, row, marks) == solve(part.batch.inputs[row].tolist(), part)
    for step in range(3):
        batch = made.batch(step, 16, DRAWS)
        assert batch.inputs.shape == batch.targets.shape == (16, made.length)
        for row in range(16):
            found = {position: answer[:1] for position, answer in solve(batch.inputs[row].tolist(), None).items()}
            assert questions(batch, row) == found


def seeds_decide(component: str, **values: Any) -> None:
    """A batch depends on its step, both seeds and the node only; parts on the data seed and the node."""
    one, again = stream(component, **values), stream(component, **values)
    first = one.batch(4, 8, DRAWS)
    one.batch(9, 16, DRAWS)
    assert same(first, one.batch(4, 8, DRAWS))
    assert same(first, again.batch(4, 8, DRAWS))
    assert not same(first, one.batch(5, 8, DRAWS))
    assert not same(first, one.batch(4, 8, DRAWS.member(1)))
    assert not same(first, stream(component, Draws(3, 8), **values).batch(4, 8, DRAWS))
    assert not same(first, stream(component, uid="other", **values).batch(4, 8, DRAWS))
    other_run = stream(component, Draws(99, 7), **values)
    assert all(same(a.batch, b.batch) for a, b in zip(one.parts("test"), other_run.parts("test"), strict=True))
    assert not same(one.parts("test")[0].batch, one.parts("validation")[0].batch)
    assert one.fingerprint() == other_run.fingerprint()
    assert one.fingerprint() != stream(component, Draws(3, 8), **values).fingerprint()


def fingerprints_differ(component: str, *changes: Mapping[str, Any]) -> None:
    """Each of these values gives a fingerprint of its own."""
    prints = {stream(component, **change).fingerprint() for change in ({}, *changes)}
    assert len(prints) == len(changes) + 1


def parts_do_not_depend_on_others(component: str, all_values: Mapping[str, Any], fewer: Mapping[str, Any]) -> None:
    """Parts with the same labels hold the same items, whatever other cases there are (but for blanks behind)."""
    whole = {tuple(sorted(part.labels.items())): part for part in stream(component, **all_values).parts("test")}
    alone = stream(component, **fewer).parts("test")
    assert len(alone) < len(whole)
    for part in alone:
        other = whole[tuple(sorted(part.labels.items()))]
        time = part.batch.inputs.shape[1]
        for a, b in ((part.batch.inputs, other.batch.inputs), (part.batch.targets, other.batch.targets)):
            shared = min(time, b.shape[1])
            assert torch.equal(a[:, :shared], b[:, :shared])
            assert not a[:, shared:].any()
            assert not b[:, shared:].any()


def answers_asked(batch: Batch) -> np.ndarray:
    assert batch.mask is not None
    return batch.targets[batch.mask].numpy()


def guessing_is_right_by_chance(made: TokenStream, component: str, low: int, high: int, **values: Any) -> None:
    """The answers are the tokens from low to high - 1, all as often: neither a blind guess nor a fixed answer beats chance."""
    targets = get(component)(**values).outputs(Inputs())["stream"].targets
    assert targets is not None
    assert made.chance == targets.chance == 1 / (high - low)
    asked = answers_asked(made.batch(0, 1500, DRAWS))
    assert low <= asked.min()
    assert asked.max() < high
    counts = np.bincount(asked - low, minlength=high - low)
    assert stats.chisquare(counts).pvalue > 1e-4
    guesses = np.random.default_rng(1).integers(low, high, size=asked.size)
    assert stats.binomtest(int((guesses == asked).sum()), asked.size, made.chance).pvalue > 1e-4


def sample_reads(made: TokenStream, roles: set[str]) -> None:
    """Items of the sample have a role for each token; questions, and no other, have an answer."""
    sample = made.sample()
    assert sample["items"]
    found: set[str] = set()
    for item in sample["items"]:
        assert len(item["tokens"]) == len(item["roles"]) == len(item["targets"])
        for target, role in zip(item["targets"], item["roles"], strict=True):
            assert (target is not None) == (role == "question")
        found |= set(item["roles"])
    assert found == roles
