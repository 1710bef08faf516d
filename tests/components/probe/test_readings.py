"""What a readable memory answers: found, left and touched against plain loops, in toy memories and in every readable one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from memstudio.components import get
from memstudio.components.catalogue import catalogue
from memstudio.components.probe.memory_state.readings import LOOKS, Readings, readings
from memstudio.experiment.entries import Configured, Entry
from memstudio.measures.names import split_name
from tests.components.probe.sequences import WIDTH, Hebb, Holding

READABLE = [entry for entry in catalogue().of_family("sequence") if "readable" in entry.component.traits]
TIME = 7


def cell_of(id: str, **values: Any) -> Any:
    entry = catalogue().entry(id)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        made: Any = Configured(entry, entry.resolve({**entry.component.tiny, **values}, True), True).build(width=WIDTH)
        return made.double()


def x_of(time: int = TIME) -> torch.Tensor:
    return torch.randn(1, time, WIDTH, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def read(cell: Any, x: torch.Tensor) -> Readings:
    found = readings(cell, x)
    assert found is not None
    return found


def entries_of(cell: Any, x: torch.Tensor) -> tuple[np.ndarray, list[np.ndarray]]:
    """Queries, and the parts of the entries: (time, heads, ...)."""
    with torch.no_grad():
        position = torch.zeros((), dtype=torch.int64)
        return cell.query(x, position)[0].numpy(), [part[0].numpy() for part in cell.writer(x, position)]


def pooled(of_heads: np.ndarray, value: np.ndarray) -> float:
    """The share of a value in an answer over all heads, from the share in each: weighed by the squared length of the value there."""
    lengths = (value**2).sum(-1)
    return float((of_heads * lengths).sum() / lengths.sum())


def test_a_fading_linear_memory_is_as_written_out() -> None:
    cell, x = Hebb(key=4, value=3, alpha=0.8).double(), x_of()
    queries, (keys, values) = entries_of(cell, x)
    seen = read(cell, x)
    assert seen.after == tuple(range(TIME))
    for i in range(TIME):
        for j in range(TIME):
            kept = 0.8 ** (TIME - 1 - j)
            own = np.array([kept * keys[i, h] @ keys[j, h] for h in range(2)])
            assert seen.found[i, j] == pytest.approx(pooled(own, values[j]), abs=1e-12)
            asked = np.array([0.8 ** (i - j) * queries[i, h] @ keys[j, h] for h in range(2)])
            assert seen.touched[i, j] == pytest.approx(pooled(asked, values[j]) if j <= i else 0.0, abs=1e-12)
            assert seen.left[i, j] == pytest.approx(0.8 ** (j - i) if j >= i else 0.0, abs=1e-12)
    assert seen.own == pytest.approx(np.mean([0.8**t for t in range(TIME)]))
    beside = [sum(seen.found[i, j] ** 2 for j in range(TIME) if j != i) ** 0.5 for i in range(TIME)]
    assert seen.others == pytest.approx(np.mean(beside))


def test_a_delta_rule_is_as_written_out() -> None:
    cell, x = cell_of("sequence.gated_deltanet"), x_of()
    queries, (keys, values, log_decay, strength) = entries_of(cell, x)
    heads, width = keys.shape[1:]
    # the answer is linear in the values: what value j became of, after each position
    carried = np.zeros((TIME, TIME, heads, width))
    for j in range(TIME):
        for h in range(heads):
            row = np.zeros(width)
            for t in range(TIME):
                k, b, a = keys[t, h], strength[t, h], np.exp(log_decay[t, h])
                row = a * (row - b * (row @ k) * k) + (b * k if t == j else 0.0)
                carried[t, j, h] = row
    seen = read(cell, x)
    for i in range(TIME):
        for j in range(TIME):
            assert seen.found[i, j] == pytest.approx(pooled((carried[-1, j] * keys[i]).sum(-1), values[j]), abs=1e-10)
            assert seen.touched[i, j] == pytest.approx(pooled((carried[i, j] * queries[i]).sum(-1), values[j]), abs=1e-10)
            left = pooled((carried[j, i] * keys[i]).sum(-1), values[i]) if j >= i else 0.0
            assert seen.left[i, j] == pytest.approx(left, abs=1e-10)


def test_in_attention_the_shares_are_its_weights() -> None:
    cell, x = cell_of("sequence.attention"), x_of()
    queries, (keys, values) = entries_of(cell, x)
    seen = read(cell, x)
    scale = keys.shape[-1] ** -0.5
    for t in range(TIME):
        weights = np.array([np.exp([queries[t, h] @ keys[j, h] * scale for j in range(t + 1)]) for h in range(keys.shape[1])])
        weights = weights / weights.sum(-1, keepdims=True)
        for j in range(TIME):
            expected = pooled(weights[:, j], values[j]) if j <= t else 0.0
            assert seen.touched[t, j] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("entry", READABLE, ids=lambda entry: entry.id)
def test_every_readable_memory_shows_what_it_answers(entry: Entry) -> None:
    values = dict(entry.preset.values) if entry.preset else {}
    seen = read(cell_of(entry.component.id, **values), x_of())
    for part in (seen.found, seen.left, seen.touched):
        assert np.isfinite(part).all()
    later = np.triu_indices(TIME, 1)
    assert np.abs(seen.touched[later]).max() < 1e-6, "nothing is read before it is written"
    assert np.abs(seen.touched).max() > 0


def test_long_items_are_looked_at_sixteen_times_at_most() -> None:
    seen = read(Hebb(key=4, value=3).double(), x_of(40))
    assert len(seen.after) <= LOOKS
    assert seen.after[-1] == 39
    assert seen.left.shape == (40, len(seen.after))
    for row in range(40):
        for column, after in enumerate(seen.after):
            assert seen.left[row, column] == pytest.approx(float(after >= row), abs=1e-12)


def test_a_value_of_zero_has_no_share_and_one_position_says_nothing() -> None:
    cell = Hebb(key=4, value=3).double()
    with torch.no_grad():
        cell.writer.value.map.weight.zero_()
    assert not read(cell, x_of()).found.any()
    assert readings(cell, x_of(1)) is None


def test_the_probe_shows_them_by_node_and_layer() -> None:
    probe: Any = get("probe.memory_state")(positions=9).build()
    seen = probe.measure(Holding(lambda: [Hebb(), Hebb()]), full=False)
    names = [split_name(curve.name)[1]["picture"] for curve in seen.curves]
    titles = ("found by each key", "left of each position", "touched by each read")
    assert names == [f"layer {n} {title}" for n in (1, 2) for title in titles]
    assert {curve.kind for curve in seen.curves} == {"picture"}
    assert all(curve.values.shape == (9, 9) for curve in seen.curves)
    assert set(seen.values) == {f"{name}_layer_{n}[node=memory]" for name in ("own_value_found", "other_values_found") for n in (1, 2)}
    (one,) = {curve.name for curve in probe.measure(Holding(lambda: [Hebb()]), full=False).curves if "found" in curve.name}
    assert one == "state[node=memory,picture=found by each key]"
    off: Any = get("probe.memory_state")(positions=0).build()
    assert not off.measure(Holding(lambda: [Hebb()]), full=False).curves


def test_more_memories_than_there_is_time_for_are_left_out() -> None:
    probe: Any = get("probe.memory_state")(positions=4).build()
    seen = probe.measure(Holding(lambda: [Hebb() for _ in range(6)]), full=False)
    assert len(seen.curves) == 12
