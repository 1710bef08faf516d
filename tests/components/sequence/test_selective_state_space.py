"""The selective state space model: chunks, steps and the equations agree; linear attention and the mimetic start are special cases."""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.selective_state_space import ops, reference
from memstudio.experiment.entries import Configured, load_object
from memstudio.experiment.kinds import Inputs, Kind, Spec

ID = "sequence.selective_state_space"
TINY = {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}


def entries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4, seed: int = 0) -> list[Tensor]:
    """Random C, B, Δ x and log decay in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    q, k, v = draw(*lead, time, heads, keys), draw(*lead, time, heads, keys), draw(*lead, time, heads, values)
    return [q, k, v, -draw(*lead, time, heads).exp() * 0.3]


def start(lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4) -> Tensor:
    return torch.randn(*lead, heads, values, keys, dtype=torch.float64, generator=torch.Generator().manual_seed(9))


def built(seed: int = 0, width: int = 6, **values: Any) -> Any:
    torch.manual_seed(seed)
    return get(ID)(**{**TINY, **values}).build(width=width).double()


@pytest.mark.parametrize("time", [1, 2, 3, 4, 7, 8, 9, 17, 33])
@pytest.mark.parametrize("carried", [False, True])
def test_fast_form_equals_the_equations_forward_and_backward(time: int, carried: bool) -> None:
    inputs = [x.requires_grad_() for x in (*entries(time), *([start()] if carried else []))]
    seen = []
    for rule in (partial(ops.decayed_sum, chunk=8), reference.decayed_sum):
        answers, state = rule(*inputs)
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum() + state.square().sum()
        seen.append((answers, state, *torch.autograd.grad(target, inputs)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-11, atol=1e-12)


def test_every_chunk_size_gives_the_same() -> None:
    inputs = entries(37)
    expected = reference.decayed_sum(*inputs)
    for chunk in (1, 2, 3, 5, 8, 16, 32, 37, 64, 256):
        torch.testing.assert_close(ops.decayed_sum(*inputs, chunk=chunk), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("cuts", [(1,), (5, 6), (8, 9, 30), (36,)])
def test_feeding_in_pieces_gives_the_same(cuts: tuple[int, ...]) -> None:
    inputs = entries(37)
    whole, last = ops.decayed_sum(*inputs, chunk=8)
    answers, state = [], None
    for low, high in itertools.pairwise([0, *cuts, 37]):
        piece, state = ops.decayed_sum(*(x[:, low:high] for x in inputs), state, 8)
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("log_decay", [0.0, -1e-12, -50.0, -1e4, -1e30, float("-inf")])
def test_extreme_decays_stay_finite_and_right(log_decay: float) -> None:
    q, k, v, g = entries(19)
    g = torch.where(torch.arange(19).view(1, -1, 1) % 3 == 0, log_decay, g)
    inputs = [x.requires_grad_() for x in (q, k, v, g)]
    answers, state = ops.decayed_sum(*inputs, chunk=8)
    torch.testing.assert_close((answers, state), reference.decayed_sum(*inputs), rtol=1e-11, atol=1e-12)
    for gradient in torch.autograd.grad(answers.sum() + state.sum(), inputs):
        assert torch.isfinite(gradient).all()


def test_gradients_by_finite_differences() -> None:
    inputs = [x.requires_grad_() for x in (*entries(6, lead=(1,), heads=1, keys=2, values=2), start((1,), 1, 2, 2))]
    assert torch.autograd.gradcheck(partial(ops.decayed_sum, chunk=4), inputs)


def test_leading_axes_are_only_batch_axes_and_vmap_and_grad_go_through() -> None:
    inputs = entries(11, lead=(3, 2))
    answers, _ = ops.decayed_sum(*inputs, chunk=4)
    flat, _ = ops.decayed_sum(*(x.flatten(0, 1) for x in inputs), chunk=4)
    torch.testing.assert_close(answers.flatten(0, 1), flat)

    def loss(*x: Tensor) -> Tensor:
        answers, state = ops.decayed_sum(*x, chunk=4)
        return answers.square().sum() + state.sum()

    together = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1, 2, 3)))(*inputs)
    for member in range(3):
        for one, all_of_them in zip(torch.func.grad(loss, (0, 1, 2, 3))(*(x[member] for x in inputs)), together, strict=True):
            torch.testing.assert_close(all_of_them[member], one)


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 8 bits of fraction on answers; the state stays in float32."""
    inputs = [x.bfloat16() for x in entries(33)]
    answers, state = ops.decayed_sum(*inputs, chunk=8)
    expected, last = reference.decayed_sum(*(x.double() for x in inputs))
    assert (answers.dtype, state.dtype) == (torch.bfloat16, torch.float32)
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (state.double() - last).abs().max() < 1e-5


def test_one_case_by_hand() -> None:
    """One head, one direction, one feature; decays ½ and ¼: h = 2, then 2/2 + 3·1 = 4, then 4/4 + 0 = 1; C = 1, 10, 100."""
    q, k, v = (torch.tensor(x, dtype=torch.float64).view(1, 3, 1, 1) for x in ([1, 10, 100], [1, 3, 5], [2, 1, 0]))
    g = torch.tensor([-7.0, math.log(0.5), math.log(0.25)], dtype=torch.float64).view(1, 3, 1)
    answers, state = ops.decayed_sum(q, k, v, g)
    torch.testing.assert_close(answers.flatten(), torch.tensor([2.0, 40.0, 100.0], dtype=torch.float64))
    assert float(state) == pytest.approx(1.0)


def test_without_decay_it_is_linear_attention() -> None:
    q, k, v, g = entries(21)
    scores = torch.einsum("bthk,bshk->bhts", q, k).tril()
    answers, _ = ops.decayed_sum(q, k, v, torch.zeros_like(g), chunk=8)
    torch.testing.assert_close(answers, torch.einsum("bhts,bshv->bthv", scores, v))


def test_a_large_step_resets_a_head_to_the_present_and_a_small_one_passes_a_position_over() -> None:
    cell = built(skip=False)
    x = torch.randn(1, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        cell.writer.step.weight.zero_()
        cell.writer.step.bias.fill_(800.0)
    reset, last = cell(x)[1]["matrix"], cell(x[:, -1:])[1]["matrix"]
    torch.testing.assert_close(reset, last)
    with torch.no_grad():
        cell.writer.step.bias.fill_(-800.0)
    assert (cell(x, {"matrix": reset, "position": torch.tensor(6)})[1]["matrix"] == reset).all()


def test_the_mimetic_start_is_linear_attention_that_finds_what_is_alike() -> None:
    cell = built(mimetic=1.0, skip=False, output_gate=False)
    x = torch.randn(2, 9, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    key, value, log_decay = cell.writer(x, torch.zeros((), dtype=torch.int64))
    torch.testing.assert_close(log_decay, torch.full_like(log_decay, -1e-3), rtol=1e-6, atol=0)
    torch.testing.assert_close(value.flatten(-2), torch.nn.functional.silu(cell.writer.value(x)), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(cell.query(x, torch.zeros((), dtype=torch.int64)), key)
    assert torch.equal(cell.query.map.weight, cell.writer.key.map.weight)
    assert cell.query.map.weight.data_ptr() != cell.writer.key.map.weight.data_ptr(), "equal at the start, not the same weights"


def test_the_mimetic_start_changes_the_first_weights_only() -> None:
    usual, mimetic, half = built(), built(mimetic=1.0), built(mimetic=0.5)
    x = torch.randn(2, 9, 6, dtype=torch.float64)
    assert not torch.allclose(usual(x)[0], mimetic(x)[0])
    for name in ("query.map.weight", "writer.step.weight", "writer.step.bias", "writer.log_rate"):
        one, other, mixed = (dict(cell.named_parameters())[name] for cell in (usual, mimetic, half))
        torch.testing.assert_close(mixed, (one + other) / 2, rtol=1e-6, atol=1e-7)
    for name in ("writer.key.map.weight", "writer.value.weight", "output.map.weight", "output.gate.weight"):
        assert torch.equal(dict(usual.named_parameters())[name], dict(mimetic.named_parameters())[name])
    mimetic.load_state_dict(usual.state_dict())
    assert torch.equal(usual(x)[0], mimetic(x)[0])


def test_the_usual_start_is_that_of_the_paper() -> None:
    torch.manual_seed(0)
    cell = get(ID)(heads=64, key_width=2, value_width=2).build(width=8)
    rate, step = cell.writer.log_rate.detach().exp(), torch.nn.functional.softplus(cell.writer.step.bias.detach())
    assert 1.0 <= float(rate.min()) < 2.5
    assert 14.0 < float(rate.max()) <= 16.001
    assert 0.001 * 0.999 <= float(step.min()) < 0.003
    assert 0.04 < float(step.max()) <= 0.1 * 1.001
    assert (cell.output.passed == 1).all()
    assert torch.equal(cell.output.skip.weight, cell.writer.value.weight)


def test_shared_maps_read_and_write_in_the_same_directions() -> None:
    position, x = torch.zeros((), dtype=torch.int64), torch.randn(2, 5, 6, dtype=torch.float64)
    shared, own = built(), built(shared_maps=False)
    assert torch.equal(shared.query(x, position)[..., 0, :], shared.query(x, position)[..., 1, :])
    assert not torch.equal(own.query(x, position)[..., 0, :], own.query(x, position)[..., 1, :])


@pytest.mark.parametrize("name", ["shared_maps", "skip", "output_norm", "output_gate"])
def test_each_flag_off_equals_the_reference_with_a_mask(name: str) -> None:
    cell, configured = built(**{name: False}), get(ID)(**{**TINY, name: False})
    x = torch.randn(2, 9, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    write = torch.rand(2, 9, generator=torch.Generator().manual_seed(5)) < 0.6
    steps = load_object(configured.entry.component.reference)
    torch.testing.assert_close(cell(x, write=write)[0], steps(configured.values, dict(cell.named_parameters()), x, write=write))


def test_the_state_stays_the_same_size_over_2000_positions() -> None:
    cell, state = built().float(), None
    x = torch.randn(1, 2000, 6, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        whole, _ = cell(x)
        for piece in x.split(173, 1):
            y, state = cell(piece, state)
            assert state["matrix"].shape == (1, 2, 4, 3)
    torch.testing.assert_close(y, whole[:, -y.shape[1] :], rtol=1e-4, atol=1e-5)
    assert int(state["position"]) == 2000


def test_cost_by_hand() -> None:
    """Width 6, 2 heads, N = 3, head width 4, 10 positions: maps 6 × (3 + 3 + 8 + 2 + 3 × 8), then 2 × 24 for what is written and asked."""
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    entry = get(ID)
    cost = Configured(entry, entry.resolve(TINY, True), True).cost(inputs)
    assert cost.flops == 2 * 10 * (6 * 40 + 48)
    assert cost.state_bytes == 4 * 24
    assert cost.parameters == 6 * 3 + (6 * (3 + 8 + 2) + 4) + (8 * 6 * 3 + 2 + 8)


def test_figures_mean_what_they_say() -> None:
    matrix = torch.stack([torch.eye(3), 2 * torch.ones(3, 3)])[None]
    figures = built().figures({"matrix": matrix, "position": torch.tensor(4)})
    assert figures["state_norm"] == pytest.approx((3**0.5 + 6) / 2)
    assert figures["effective_rank"] == pytest.approx((3 + 1) / 2, rel=1e-6)
