"""Dual selection: stepping, halving and the equations agree; the scan along features stays within a position."""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.dual_selection import ops, reference
from memstudio.components.sequence.selective_state_space.ops import decayed_sum
from memstudio.experiment.entries import Configured, load_object
from memstudio.experiment.kinds import Inputs, Kind, Spec

ID = "sequence.dual_selection"
TINY = {"hidden": 5, "state_width": 3, "group": 4, "channel_width": 3, "channel_states": 2, "taps": 2}


def entries(time: int, *, lead: tuple[int, ...] = (2,), width: int = 4, states: int = 3, seed: int = 0) -> list[Tensor]:
    """Random x, Δ, A, B and C in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x, step = draw(*lead, time, width), draw(*lead, time, width).exp() * 0.3
    return [x, step, -draw(width, states).exp(), draw(*lead, time, states), draw(*lead, time, states)]


def start(lead: tuple[int, ...] = (2,), width: int = 4, states: int = 3) -> Tensor:
    return torch.randn(*lead, width, states, dtype=torch.float64, generator=torch.Generator().manual_seed(9))


def built(seed: int = 0, width: int = 6, **values: Any) -> Any:
    torch.manual_seed(seed)
    return get(ID)(**{**TINY, **values}).build(width=width).double()


@pytest.mark.parametrize("few", [0, 10**9])
@pytest.mark.parametrize("time", [1, 2, 3, 4, 5, 7, 8, 16, 17, 33])
@pytest.mark.parametrize("carried", [False, True])
def test_both_forms_equal_the_equations_forward_and_backward(few: int, time: int, carried: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "FEW", few)
    inputs = [x.requires_grad_() for x in (*entries(time), *([start()] if carried else []))]
    seen = []
    for rule in (ops.selective_scan, reference.selective_scan):
        answers, state = rule(*inputs)
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum() + state.square().sum()
        seen.append((answers, state, *torch.autograd.grad(target, inputs, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("few", [0, 10**9])
def test_feeding_in_pieces_gives_the_same_over_2000_positions(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "FEW", few)
    x, step, rate, entry, readout = entries(2000, lead=(1,))
    whole, last = ops.selective_scan(x, step, rate, entry, readout)
    answers, state = [], None
    for low, high in itertools.pairwise([0, 1, 3, 700, 1999, 2000]):
        piece, state = ops.selective_scan(*(part[:, low:high] for part in (x, step)), rate, entry[:, low:high], readout[:, low:high], state)
        assert state.shape == (1, 4, 3)
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("few", [0, 10**9])
@pytest.mark.parametrize("size", [0.0, 1e-12, 50.0, 1e4, 1e30])
def test_extreme_steps_stay_finite_and_right(few: int, size: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "FEW", few)
    x, step, rate, entry, readout = entries(19)
    step = torch.where(torch.arange(19).view(1, -1, 1) % 3 == 0, size, step)
    inputs = [part.requires_grad_() for part in (x, step, rate, entry, readout)]
    answers, state = ops.selective_scan(*inputs)
    torch.testing.assert_close((answers, state), reference.selective_scan(*inputs), rtol=1e-11, atol=1e-12)
    for gradient in torch.autograd.grad(answers.sum() + state.sum(), inputs):
        assert torch.isfinite(gradient).all()


def test_gradients_by_finite_differences() -> None:
    inputs = [x.requires_grad_() for x in (*entries(6, lead=(1,), width=2, states=2), start((1,), 2, 2))]
    assert torch.autograd.gradcheck(ops.selective_scan, inputs)


def test_leading_axes_are_only_batch_axes_and_vmap_and_grad_go_through() -> None:
    x, step, rate, entry, readout = entries(11, lead=(3, 2))
    answers, _ = ops.selective_scan(x, step, rate, entry, readout)
    flat, _ = ops.selective_scan(*(part.flatten(0, 1) for part in (x, step)), rate, entry.flatten(0, 1), readout.flatten(0, 1))
    torch.testing.assert_close(answers.flatten(0, 1), flat)

    def loss(*given: Tensor) -> Tensor:
        answers, state = ops.selective_scan(*given)
        return answers.square().sum() + state.sum()

    given = (x, step, rate.expand(3, 4, 3), entry, readout)
    together = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1, 2, 3, 4)))(*given)
    for member in range(3):
        for one, all_of_them in zip(torch.func.grad(loss, (0, 1, 2, 3, 4))(*(part[member] for part in given)), together, strict=True):
            torch.testing.assert_close(all_of_them[member], one)


def test_bfloat16_is_computed_in_float32() -> None:
    inputs = [part.bfloat16() for part in entries(33)]
    answers, state = ops.selective_scan(*inputs)
    expected, last = reference.selective_scan(*(part.double() for part in inputs))
    assert (answers.dtype, state.dtype) == (torch.bfloat16, torch.float32)
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (state.double() - last).abs().max() < 1e-5 * max(1.0, float(last.abs().max()))


def test_one_case_by_hand() -> None:
    """One feature with decays ½ and ¼ a step of Δ = 1: h = (2, 0), then (1, 0) + (0, 3), then (½, ¾) + (4, 4); C = (1, 1)."""
    x, ones = torch.tensor([2.0, 3.0, 4.0], dtype=torch.float64).view(1, 3, 1), torch.ones(1, 3, 1, dtype=torch.float64)
    rate = torch.tensor([[math.log(0.5), math.log(0.25)]], dtype=torch.float64)
    entry = torch.tensor([[1, 0], [0, 1], [1, 1]], dtype=torch.float64)[None]
    answers, state = ops.selective_scan(x, ones, rate, entry, torch.ones_like(entry))
    assert answers.flatten().tolist() == pytest.approx([2.0, 4.0, 9.25])
    assert state.flatten().tolist() == pytest.approx([4.5, 4.75])


def test_with_one_step_and_one_rate_for_all_it_is_the_selective_state_space_with_one_head() -> None:
    x, step, _, entry, readout = entries(21)
    step, rate = step[..., :1].expand_as(step), torch.full((4, 3), -0.7, dtype=torch.float64)
    answers, state = ops.selective_scan(x, step, rate, entry, readout)
    value = (step * x)[..., None, :]
    expected, matrix = decayed_sum(readout[..., None, :], entry[..., None, :], value, -0.7 * step[..., :1], chunk=8)
    torch.testing.assert_close(answers, expected[..., 0, :])
    torch.testing.assert_close(state, matrix[:, 0])


def test_the_scan_along_features_stays_within_a_position() -> None:
    """With the scan along time taken out, no position sees another, but every group of features sees every other."""
    cell = built(width=10)
    with torch.no_grad():
        cell.token.map.weight.zero_()
    x = torch.randn(1, 5, 10, dtype=torch.float64).requires_grad_()
    for feature in (0, 9):
        gradient = torch.autograd.grad(cell(x)[0][0, 2, feature], x)[0][0]
        assert (gradient[[0, 1, 3, 4]] == 0).all()
        assert (gradient[2] != 0).all()


def test_in_one_direction_features_see_only_those_before_them() -> None:
    cell = built(width=10, directions=1)
    with torch.no_grad():
        cell.token.map.weight.zero_()
    x = torch.randn(1, 5, 10, dtype=torch.float64).requires_grad_()
    gradient = torch.autograd.grad(cell(x)[0][0, 2, 5], x)[0][0, 2]
    assert (gradient[:8] != 0).all()
    assert (gradient[8:] == 0).all()  # groups of 4: feature 5 is in the second


def test_the_way_back_is_the_way_there_with_features_turned_round() -> None:
    """With equal maps there and back, turning the groups of features round turns the answer round."""
    mixer = built(width=8).channel
    mixer.back.load_state_dict(mixer.there.state_dict())
    x = torch.randn(2, 3, 8, dtype=torch.float64)

    def turned(x: Tensor) -> Tensor:
        return x.unflatten(-1, (2, 4)).flip(-2).flatten(-2)

    torch.testing.assert_close(mixer(turned(x)), turned(mixer(x)))


def test_weighted_connections_hold_the_chain_and_mamba() -> None:
    """Weights (0, 1, 0, 1): one scan after the other; (·, ·, 1, 0): the scan along time alone."""
    weighted, chain, alone = (built(channels=kind) for kind in ("weighted", "chain", "none"))
    shared = {name: part for name, part in weighted.state_dict().items() if name != "weights"}
    chain.load_state_dict(shared)
    alone.load_state_dict({name: part for name, part in shared.items() if name.startswith("token")})
    x = torch.randn(2, 7, 6, dtype=torch.float64)
    with torch.no_grad():
        assert weighted.weights.tolist() == [1, 1, 1, 1]
        weighted.weights.copy_(torch.tensor([0.0, 1.0, 0.0, 1.0]))
        torch.testing.assert_close(weighted(x)[0], chain(x)[0])
        weighted.weights.copy_(torch.tensor([1.0, 1.0, 1.0, 0.0]))
        torch.testing.assert_close(weighted(x)[0], alone(x)[0])


@pytest.mark.parametrize("width", [1, 6, 9])
@pytest.mark.parametrize(
    "changed", [{"channels": "chain"}, {"channels": "none"}, {"directions": 1}, {"taps": 0}, {"group": 1}, {"group": 20}]
)
def test_each_variant_equals_the_reference_at_odd_widths(width: int, changed: dict[str, Any]) -> None:
    cell, configured = built(width=width, **changed), get(ID)(**{**TINY, **changed})
    x = torch.randn(2, 9, width, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    steps = load_object(configured.entry.component.reference)
    torch.testing.assert_close(cell(x)[0], steps(configured.values, dict(cell.named_parameters()), x))


def test_the_start_is_that_of_mamba() -> None:
    torch.manual_seed(0)
    cell = get(ID)(hidden=256, state_width=4).build(width=8)
    scan = cell.token.scan
    torch.testing.assert_close(scan.log_rate.detach().exp(), torch.tensor([1.0, 2.0, 3.0, 4.0]).expand(256, 4))
    step = torch.nn.functional.softplus(scan.step.bias.detach())
    assert 0.001 * 0.999 <= float(step.min()) < 0.002
    assert 0.07 < float(step.max()) <= 0.1 * 1.001
    assert (scan.skip == 1).all()


def test_cost_by_hand() -> None:
    """Width 6, 10 positions. Along time: maps 6 × (5 + 5 + 3 + 3) and twice 6 × 5, 15 written, 15 read. Along features two steps of
    4: each way 4 × (3 + 3 + 2 + 2), 6 written, 6 read; gate and way out 12 each."""
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    entry = get(ID)
    cost = Configured(entry, entry.resolve(TINY, True), True).cost(inputs)
    assert cost.flops == 2 * 10 * (96 + 60 + 30 + 2 * (2 * (40 + 12) + 24))
    assert cost.state_bytes == 4 * 15
    one = 40 + 10 + 6 + 3 + 6  # maps, their biases, rates, D, taps
    assert cost.parameters == (96 + 5 + 15 + 5 + 60) + 2 * one + (12 + 3) + (12 + 4) + 4


def test_figures_mean_what_they_say() -> None:
    state = {"matrix": 2 * torch.eye(5, 3)[None], "position": torch.tensor(4)}
    assert built().figures(state) == pytest.approx({"state_norm": 12**0.5, "effective_rank": 3.0})
