"""Every task: seeded, disjoint splits, fixed parts, batches that depend on nothing but step and draws."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from memstudio.components.catalogue import catalogue
from memstudio.components.runtime import Batch, Draws, Stream
from memstudio.experiment.entries import Configured, Entry
from memstudio.experiment.kinds import Inputs, Kind, Spec, Targets
from memstudio.experiment.parameters import Choice, Flag, Real, Whole

each_task = pytest.mark.parametrize("entry", catalogue().of_family("task"), ids=lambda entry: entry.id)
Tiny = Callable[..., Configured]


def stream(configured: Configured, draws: Draws, uid: str = "aaa") -> Stream:
    made = configured.build(draws=draws, uid=uid, **configured.sizes(Inputs()))
    assert isinstance(made, Stream)
    return made


def same(one: Batch, other: Batch) -> bool:
    """Whether two batches are equal bit for bit."""
    if one.mask is None or other.mask is None:
        masks = one.mask is other.mask
    else:
        masks = torch.equal(one.mask, other.mask)
    marks = one.marks.keys() == other.marks.keys() and all(torch.equal(one.marks[name], other.marks[name]) for name in one.marks)
    return torch.equal(one.inputs, other.inputs) and torch.equal(one.targets, other.targets) and masks and marks


def rows(batch: Batch) -> set[bytes]:
    """Each item as bytes."""
    return {item.numpy().tobytes() for item in batch.inputs.contiguous()}


def value_spec(configured: Configured) -> Spec:
    return next(spec for spec in configured.outputs(Inputs()).values() if spec.kind.is_value)


def targets_of(configured: Configured) -> Targets:
    targets = next(spec for spec in configured.outputs(Inputs()).values() if spec.kind is Kind.STREAM).targets
    assert targets is not None
    return targets


@each_task
def test_it_gives_one_stream_and_the_data(entry: Entry, tiny: Tiny) -> None:
    kinds = [port.kind for port in entry.component.gives]
    assert kinds.count(Kind.STREAM) == 1
    assert any(kind.is_value for kind in kinds)
    assert value_spec(tiny(entry)).shape


@each_task
def test_it_says_whether_the_next_input_is_the_answer(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    targets = targets_of(tiny(entry))
    batch = stream(tiny(entry), draws).batch(0, 16, draws)
    if not targets.per_position or batch.inputs.shape != batch.targets.shape:
        assert not targets.shown_next
        return
    asked = torch.ones_like(batch.targets, dtype=torch.bool) if batch.mask is None else batch.mask.bool()
    shown = (batch.targets[:, :-1] == batch.inputs[:, 1:])[asked[:, :-1]]
    assert targets.shown_next == (shown.numel() > 0 and bool(shown.all()))


@each_task
def test_the_same_seeds_give_the_same_data_in_any_order_of_asking(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    one, other = stream(tiny(entry), draws), stream(tiny(entry), draws)
    first = [one.batch(step, 4, draws) for step in (0, 1, 5)]
    other.parts("test")
    again = [other.batch(step, 4, draws) for step in (5, 1, 0)][::-1]
    assert all(same(a, b) for a, b in zip(first, again, strict=True))
    for split in ("test", "validation"):
        for a, b in zip(one.parts(split), other.parts(split), strict=True):
            assert a.labels == b.labels
            assert same(a.batch, b.batch)
    assert one.fingerprint() == other.fingerprint()


@each_task
def test_global_generators_are_neither_read_nor_moved(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    made = stream(tiny(entry), draws)
    first = made.batch(2, 4, draws)
    made.parts("test")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert same(stream(tiny(entry), draws).batch(2, 4, draws), first)


@each_task
def test_steps_and_seeds_change_the_batch(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    made = stream(tiny(entry), draws)
    base = made.batch(0, 8, draws)
    assert not same(made.batch(1, 8, draws), base)
    assert not same(made.batch(0, 8, replace(draws, seed=draws.seed + 1)), base), "the run's seed decides the order"
    assert not same(made.batch(0, 8, draws.member(1)), base), "each member has an order of its own"


@each_task
def test_weights_of_a_run_do_not_change_the_data(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    """The run's seed alone leaves test data as they are; the data seed changes them."""
    one = stream(tiny(entry), draws)
    reseeded = stream(tiny(entry), replace(draws, seed=draws.seed + 1))
    other = stream(tiny(entry), replace(draws, data_seed=draws.data_seed + 1))
    assert one.fingerprint() == reseeded.fingerprint()
    assert all(same(a.batch, b.batch) for a, b in zip(one.parts("test"), reseeded.parts("test"), strict=True))
    assert one.fingerprint() != other.fingerprint()
    assert not all(same(a.batch, b.batch) for a, b in zip(one.parts("test"), other.parts("test"), strict=True))


@each_task
def test_parts_are_fixed_whatever_was_trained(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    made = stream(tiny(entry), draws)
    before = [(part.labels, part.batch) for part in made.parts("test")]
    for step in range(3):
        made.batch(step, 4, draws)
    after = [(part.labels, part.batch) for part in made.parts("test")]
    assert all(a[0] == b[0] and same(a[1], b[1]) for a, b in zip(before, after, strict=True))


@each_task
def test_validation_and_test_share_no_item_with_each_other_or_with_training(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    made = stream(Configured(entry, entry.resolve({})), draws)
    splits = {split: set().union(*(rows(part.batch) for part in made.parts(split) if part.main)) for split in ("validation", "test")}
    train = set().union(*(rows(made.batch(step, 64, draws)) for step in range(8)))
    assert not splits["validation"] & splits["test"]
    assert not train & splits["test"]
    assert not train & splits["validation"]


@each_task
def test_batches_and_parts_are_what_was_declared(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    configured = tiny(entry)
    made, spec, targets = stream(configured, draws), value_spec(configured), targets_of(configured)
    batches = [made.batch(0, 3, draws), *(part.batch for split in ("validation", "test") for part in made.parts(split))]
    assert len(batches[0]) == 3
    for batch in batches:
        assert tuple(batch.inputs.shape[1:]) == spec.shape
        if spec.kind is Kind.TOKENS:
            assert batch.inputs.dtype == torch.int64
            assert spec.vocabulary is not None
            assert 0 <= int(batch.inputs.min()) <= int(batch.inputs.max()) < spec.vocabulary
        else:
            assert batch.inputs.dtype == torch.float32
            assert torch.isfinite(batch.inputs).all()
        assert len(batch.targets) == len(batch.inputs)
        if targets.numbers:
            assert tuple(batch.targets.shape[1:]) == (targets.size,)
            assert batch.targets.is_floating_point()
            continue
        assert (batch.targets.dim() == 2) == targets.per_position
        asked = batch.targets if batch.mask is None else batch.targets[batch.mask]
        assert asked.numel()
        assert 0 <= int(asked.min()) <= int(asked.max()) < targets.size
        # Where nothing is asked the target must still be a class: losses gather it before they weigh it.
        assert 0 <= int(batch.targets.min()) <= int(batch.targets.max()) < targets.size


@each_task
def test_parts_differ_by_the_declared_labels_and_know_the_declared_marks(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    configured = tiny(entry)
    made, targets = stream(configured, draws), targets_of(configured)
    parts = made.parts("test")
    assert any(part.main for part in parts)
    labels = [tuple(sorted(part.labels.items())) for part in parts]
    assert len(set(labels)) == len(labels), "two parts have the same labels"
    assert {name for part in parts for name in part.labels} <= set(targets.labels)
    for part in parts:
        assert set(part.batch.marks) == set(targets.marks)
        for mark in part.batch.marks.values():
            assert mark.shape in (part.batch.targets.shape, part.batch.targets.shape[:1])
    assert made.chance == targets.chance
    assert targets.chance is None or 0 < targets.chance <= 1
    assert all(part.main for part in made.parts("validation")), "choices must not see corrupted data"


@each_task
def test_the_sample_is_json_with_a_kind_the_inspector_knows(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    sample = stream(tiny(entry), draws).sample()
    assert sample["kind"] in ("tokens", "images", "rows")
    text = json.dumps(sample, allow_nan=False)
    assert json.loads(text) == sample
    assert len(text) < 100_000


@each_task
def test_items_can_be_looked_at_one_by_one_or_not_at_all(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    made = stream(tiny(entry), draws)
    first = made.item("test", 0, 0)
    if first is None:
        return
    kind = {"tokens": "tokens", "pixels": "images", "values": "rows"}[next(iter(first))]
    assert kind == made.sample()["kind"]
    for split in ("validation", "test"):
        parts = [part for experience in range(made.experiences) for part in made.parts(split, experience)]
        last = made.item(split, len(parts) - 1, len(parts[-1].batch) - 1)
        assert last is not None
        assert last.keys() == first.keys()
        json.dumps(last, allow_nan=False)
        if kind == "tokens":
            assert len(last["tokens"]) == len(last["targets"]) == len(last["roles"])


@each_task
def test_state_goes_round(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    one, other = stream(tiny(entry), draws), stream(tiny(entry), draws)
    for step in range(3):
        one.batch(step, 4, draws)
    other.load(one.state())
    assert same(one.batch(3, 4, draws), other.batch(3, 4, draws))


def ends(entry: Entry) -> list[dict[str, Any]]:
    """Each parameter at an end of its range (large ones capped) or at each option."""
    found: list[dict[str, Any]] = []
    for p in entry.component.parameters:
        if isinstance(p, Whole):
            found += [{p.name: p.low}, {p.name: min(p.high, max(p.low, 128))}]
        elif isinstance(p, Real):
            found += [{p.name: p.low}, {p.name: p.high}]
        elif isinstance(p, Choice):
            found += [{p.name: option} for option in p.options]
        elif isinstance(p, Flag):
            found += [{p.name: False}, {p.name: True}]
    return found


@each_task
def test_extreme_values_build_or_are_refused_with_a_reason(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    built = 0
    for values in ends(entry):
        configured = tiny(entry, **values)
        refusal = configured.refusal(Inputs())
        if refusal is None:
            made = stream(configured, draws)
            assert torch.isfinite(made.batch(0, 2, draws).inputs.double()).all()
            assert made.parts("test")
            built += 1
        else:
            assert refusal.endswith(".")
    assert built


@each_task
def test_another_node_has_other_data(entry: Entry, tiny: Tiny, draws: Draws) -> None:
    assert not same(stream(tiny(entry), draws, "aaa").batch(0, 8, draws), stream(tiny(entry), draws, "bbb").batch(0, 8, draws))
