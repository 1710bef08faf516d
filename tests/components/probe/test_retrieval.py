"""Retrieval: signal and noise of reads against plain loops and against theory, in toy memories and in every readable one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from memstudio.components import get
from memstudio.components.catalogue import catalogue
from memstudio.components.probe.cells import met, offered
from memstudio.components.probe.retrieval.measure import Retrieval, doubling, of_random
from memstudio.components.runtime import Curve, Measured
from memstudio.experiment.entries import Configured, Entry
from tests.components.probe.sequences import WIDTH, Hebb, Holding

READABLE = [entry for entry in catalogue().of_family("sequence") if "readable" in entry.component.traits]


def probe(**values: Any) -> Retrieval:
    made = get("probe.retrieval")(**values).build()
    assert isinstance(made, Retrieval)
    return made


def curves(measured: Measured) -> dict[str, Curve]:
    return {curve.name: curve for curve in measured.curves}


RANDOM, ITEMS = (f"retrieval_snr_db_by_pairs[keys={keys},node=memory]" for keys in ("random", "items"))


def test_a_linear_memory_of_random_keys_is_as_theory_says() -> None:
    seen = probe(repeats=8).measure(Holding(lambda: [Hebb(key=16, value=24)]), full=True)
    curve = curves(seen)[RANDOM]
    assert curve.axes[0].values == (2, 4, 8, 16, 32, 64, 128)
    assert curve.rows == ("measured", "theory")
    assert curve.values[1] == pytest.approx([10 * np.log10(16 / (n - 1)) for n in curve.axes[0].values])
    assert curve.values[0] == pytest.approx(curve.values[1], abs=0.6)
    assert seen.values["retrieval_capacity_theory[keys=random,node=memory]"] == 17
    assert seen.values["retrieval_capacity[keys=random,node=memory]"] == pytest.approx(17, abs=1.5)
    assert seen.values["readable_memories"] == 1


def test_with_the_models_keys_noise_is_what_their_overlaps_add() -> None:
    trained = Holding(lambda: [Hebb(key=6, value=40)], time=16)
    curve = curves(probe(keys="items", repeats=32).measure(trained, full=True))[ITEMS]
    assert curve.axes[0].values == (2, 4, 8, 16), "items are no longer"
    (one,) = met(trained, 12, 16, heaviest=True)
    keys = one.cell.writer(one.x, torch.zeros(()))[0].detach().numpy()
    for column, n in enumerate((2, 4, 8, 16)):
        noise = [
            sum(float(keys[item, i, head] @ keys[item, j, head]) ** 2 for i in range(n) if i != j)
            for item in range(12)
            for head in range(2)
            for j in range(n)
        ]
        assert curve.values[0, column] == pytest.approx(-10 * np.log10(np.mean(noise)), abs=0.4)
    assert curve.values[2, -1] == pytest.approx(-10 * np.log10(np.mean(noise)), abs=1e-6), "of these keys, at the largest number"


def test_a_fading_memory_lies_below_theory_by_what_it_loses() -> None:
    alpha, n, d = 0.9, 32, 16
    seen = probe(keys="random", largest=n, repeats=16).measure(Holding(lambda: [Hebb(key=d, value=24, alpha=alpha)]), full=True)
    powers = [alpha ** (2 * (n - 1 - j)) for j in range(n)]
    noise = [sum(p for i, p in enumerate(powers) if i != j) / d for j in range(n)]
    expected = 10 * np.log10(sum(powers) / sum(noise))
    assert curves(seen)[RANDOM].values[0, -1] == pytest.approx(expected, abs=0.5)


def test_a_delta_rule_is_clearer_than_theory_below_its_width() -> None:
    cell = _cell("sequence.deltanet", key_width=32, value_width=16)
    with torch.no_grad():
        cell.writer.strength.weight.zero_()  # strength one half everywhere
    curve = curves(probe(keys="random", largest=16).measure(Holding(lambda: [cell]), full=True))[RANDOM]
    assert (curve.values[0] > curve.values[1]).all()


def _cell(id: str, **values: Any) -> Any:
    entry = catalogue().entry(id)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return Configured(entry, entry.resolve({**entry.component.tiny, **values}, True), True).build(width=WIDTH)


def test_random_keys_are_as_long_as_the_models_and_positive_where_those_are() -> None:
    trained = Holding(lambda: [Hebb()])
    (one,) = met(trained, 4, 20)
    with torch.no_grad():
        own = offered(one.cell, one.x)
    assert own is not None
    keys, more, rest = of_random(own, 5, 3, torch.Generator().manual_seed(0))
    assert keys.shape == (3, 5, 2, 1, 8)
    assert rest == ()
    assert more.shape == (3, 5, 2, 0)
    assert keys.norm(dim=-1).numpy() == pytest.approx(np.ones((3, 5, 2, 1)), abs=1e-6)
    assert (keys < 0).any()
    keys, _, _ = of_random(type(own)(own.queries, own.keys.abs() * 3, own.values, ()), 5, 3, torch.Generator().manual_seed(0))
    assert (keys >= 0).all()
    assert keys.norm(dim=-1).numpy() == pytest.approx(np.full((3, 5, 2, 1), 3), abs=1e-5)


def test_what_is_drawn_is_the_same_at_every_look_and_the_global_generator_is_left_alone() -> None:
    trained = Holding(lambda: [Hebb()])
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    one, other = probe().measure(trained, full=False), probe().measure(trained, full=False)
    assert one.values == other.values
    assert all(np.array_equal(a.values, b.values) for a, b in zip(one.curves, other.curves, strict=True))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_each_layer_has_its_own_and_what_no_layer_calls_has_none() -> None:
    seen = probe(largest=4).measure(Holding(lambda: [Hebb(), Hebb()]), full=False)
    assert seen.values["readable_memories"] == 2
    assert {curve.name for curve in seen.curves} == {
        f"retrieval_snr_db_by_pairs[keys={keys},layer={layer},node=memory]" for keys in ("random", "items") for layer in (1, 2)
    }
    mixture = _cell("sequence.mixture_of_memories")
    assert probe().measure(Holding(lambda: [mixture]), full=False) == Measured({"readable_memories": 0.0})
    recurrent = _cell("sequence.lstm")
    assert probe().measure(Holding(lambda: [recurrent]), full=False) == Measured({"readable_memories": 0.0})


@pytest.mark.parametrize("entry", READABLE, ids=lambda entry: entry.id)
def test_every_readable_memory_can_be_asked(entry: Entry) -> None:
    values = dict(entry.preset.values) if entry.preset else {}
    trained = Holding(lambda: [_cell(entry.component.id, **values)])
    state = {name: tensor.clone() for name, tensor in trained.graph.state_dict().items()}
    seen = probe(largest=12).measure(trained, full=False)
    assert seen.values["readable_memories"] == 1
    assert set(curves(seen)) == {RANDOM, ITEMS}, "its entries begin with a key, shaped as a query, and a value"
    for curve in seen.curves:
        assert np.isfinite(curve.values).all()
    assert all(torch.equal(state[name], tensor) for name, tensor in trained.graph.state_dict().items())


def test_a_position_that_writes_several_pairs_counts_as_many() -> None:
    cell = _cell("sequence.delta_product", steps=2)
    curve = curves(probe(keys="items", largest=16).measure(Holding(lambda: [cell]), full=False))[ITEMS]
    assert curve.axes[0].values == (4, 8, 16)


def test_numbers_double_up_to_the_largest() -> None:
    assert doubling(1) == [1]
    assert doubling(2) == [2]
    assert doubling(8) == [2, 4, 8]
    assert doubling(20) == [2, 4, 8, 16, 20]
