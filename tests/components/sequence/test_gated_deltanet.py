"""The gated delta rule: chunks, steps and the equations give the same numbers and gradients, whatever the gates."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.gated_deltanet import ops, reference


def entries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4, seed: int = 0) -> list[Tensor]:
    """Random query, key, value, log decay and strength in float64, keys and queries of length 1."""
    generator = torch.Generator().manual_seed(seed)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    q, k = (torch.nn.functional.normalize(draw(*lead, time, heads, keys), dim=-1) for _ in range(2))
    v = draw(*lead, time, heads, values)
    return [q, k, v, -draw(*lead, time, heads).exp() * 0.3, draw(*lead, time, heads).sigmoid()]


def start(lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4) -> Tensor:
    return torch.randn(*lead, heads, values, keys, dtype=torch.float64, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("time", [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33])
@pytest.mark.parametrize("carried", [False, True])
def test_fast_form_equals_the_equations_forward_and_backward(time: int, carried: bool) -> None:
    inputs = [x.requires_grad_() for x in (*entries(time), *([start()] if carried else []))]
    seen = []
    for rule in (partial(ops.gated_delta_rule, chunk=8), reference.gated_delta_rule):
        answers, state = rule(*inputs)
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum() + state.square().sum()
        seen.append((answers, state, *torch.autograd.grad(target, inputs)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-11, atol=1e-12)


def test_every_chunk_size_gives_the_same() -> None:
    inputs = entries(37)
    expected = reference.gated_delta_rule(*inputs)
    for chunk in (1, 2, 3, 5, 8, 16, 32, 37, 64, 256):
        torch.testing.assert_close(ops.gated_delta_rule(*inputs, chunk=chunk), expected, rtol=1e-11, atol=1e-12)


@settings(max_examples=25)
@given(cuts=st.sets(st.integers(1, 36), max_size=6), chunk=st.sampled_from([1, 3, 8, 32]))
def test_feeding_in_any_pieces_gives_the_same(cuts: set[int], chunk: int) -> None:
    inputs = entries(37)
    whole, last = ops.gated_delta_rule(*inputs, chunk=chunk)
    answers, state, edges = [], None, [0, *sorted(cuts), 37]
    for low, high in itertools.pairwise(edges):
        piece, state = ops.gated_delta_rule(*(x[:, low:high] for x in inputs), state, chunk)
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("log_decay", [0.0, -1e-12, -50.0, -1e4, -1e30, float("-inf")])
@pytest.mark.parametrize("strength", [0.0, 1.0, 0.5])
def test_extreme_gates_stay_finite_and_right(log_decay: float, strength: float) -> None:
    q, k, v, g, b = entries(19)
    g = torch.where(torch.arange(19).view(1, -1, 1) % 3 == 0, log_decay, g)
    inputs = [x.requires_grad_() for x in (q, k, v, g, torch.full_like(b, strength))]
    answers, state = ops.gated_delta_rule(*inputs, chunk=8)
    torch.testing.assert_close((answers, state), reference.gated_delta_rule(*inputs), rtol=1e-11, atol=1e-12)
    for gradient in torch.autograd.grad(answers.sum() + state.sum(), inputs):
        assert torch.isfinite(gradient).all()


def test_gentle_gates_keep_their_digits_after_an_extreme_one() -> None:
    """In float32 a difference of running sums would lose them: here 0.1 % of the decay would be gone."""
    inputs = entries(32)
    inputs[3] = torch.full_like(inputs[3], -0.01).index_fill(1, torch.tensor([3]), -1e5)
    expected, _ = reference.gated_delta_rule(*inputs)
    answers, _ = ops.gated_delta_rule(*(x.float() for x in inputs), chunk=32)
    assert (answers.double() - expected).abs().max() < 3e-6


def test_gradients_by_finite_differences() -> None:
    inputs = [x.requires_grad_() for x in (*entries(6, lead=(1,), heads=1, keys=2, values=2), start((1,), 1, 2, 2))]
    assert torch.autograd.gradcheck(partial(ops.gated_delta_rule, chunk=4), inputs)
    assert torch.autograd.gradcheck(lambda *x: ops.gated_delta_rule(*(part[:, :3] for part in x[:5]), x[5]), inputs)


def test_leading_axes_are_only_batch_axes() -> None:
    inputs = entries(11, lead=(2, 3, 1))
    answers, state = ops.gated_delta_rule(*inputs, chunk=4)
    flat_answers, flat_state = ops.gated_delta_rule(*(x.reshape(6, *x.shape[3:]) for x in inputs), chunk=4)
    torch.testing.assert_close(answers.reshape(flat_answers.shape), flat_answers)
    torch.testing.assert_close(state.reshape(flat_state.shape), flat_state)


def test_vmap_and_grad_go_through() -> None:
    inputs = entries(11, lead=(3, 2))

    def loss(*x: Tensor) -> Tensor:
        answers, state = ops.gated_delta_rule(*x, chunk=4)
        return answers.square().sum() + state.sum()

    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3, 4)))(*inputs)
    for member in range(3):
        gradients, value = torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3, 4))(*(x[member] for x in inputs))
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 8 bits of fraction (2⁻⁸ of the size) on answers of about 1; the state stays in float32."""
    inputs = [x.bfloat16() for x in entries(33)]
    answers, state = ops.gated_delta_rule(*inputs, chunk=8)
    expected, last = reference.gated_delta_rule(*(x.double() for x in inputs))
    assert answers.dtype == torch.bfloat16
    assert state.dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (state.double() - last).abs().max() < 1e-5


def test_with_strength_one_a_key_gives_back_exactly_its_last_value() -> None:
    _, k, v, g, b = entries(12)
    k[:, 7] = k[:, 2]
    answers, _ = ops.gated_delta_rule(k, k, v, torch.zeros_like(g), torch.ones_like(b), chunk=4)
    torch.testing.assert_close(answers, v)


def test_without_decay_and_with_orthogonal_keys_it_is_plain_storage() -> None:
    """Four unit keys, then all are asked: nothing interferes."""
    keys = torch.eye(4, dtype=torch.float64).view(1, 4, 1, 4)
    values = torch.randn(1, 4, 1, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    zero = torch.zeros(1, 4, 1, dtype=torch.float64)
    _, state = ops.gated_delta_rule(keys, keys, values, zero, zero + 1)
    answers, _ = ops.gated_delta_rule(keys, keys, values, zero, zero, state)
    torch.testing.assert_close(answers, values)


def test_the_preset_is_the_delta_rule() -> None:
    """Gate off: no gate parameters, and the reference with α = 1."""
    torch.manual_seed(0)
    cell = get("sequence.deltanet")(heads=2, key_width=3, value_width=4).build(width=6).double()
    assert not any("rate" in name or "step" in name for name, _ in cell.named_parameters())
    x = torch.randn(2, 9, 6, dtype=torch.float64)
    _, _, log_decay, _ = cell.writer(x, torch.zeros((), dtype=torch.int64))
    assert (log_decay == 0).all()


def test_the_gate_starts_with_spans_of_10_to_1000_positions() -> None:
    torch.manual_seed(0)
    writer = get("sequence.gated_deltanet")(heads=64).build(width=8).writer
    step = torch.nn.functional.softplus(writer.decay.step.bias.detach())
    assert 0.001 * 0.999 <= float(step.min()) < 0.003
    assert 0.04 < float(step.max()) <= 0.1 * 1.001
    assert (writer.decay.log_rate == 0).all()


def test_read_is_the_answer_without_writing() -> None:
    torch.manual_seed(0)
    cell = get("sequence.gated_deltanet")(heads=2, key_width=3, value_width=4).build(width=6).double()
    x = torch.randn(2, 9, 6, dtype=torch.float64)
    _, state = cell(x)
    query = torch.randn(2, 5, 2, 3, dtype=torch.float64)
    expected = torch.einsum("bhvk,bthk->bthv", state["matrix"], query)
    torch.testing.assert_close(cell.read(query, state), expected)


def test_figures_mean_what_they_say() -> None:
    cell = get("sequence.gated_deltanet")(heads=2, key_width=3, value_width=3).build(width=6)
    matrix = torch.stack([torch.eye(3), 2 * torch.ones(3, 3)])[None]
    figures = cell.figures({"matrix": matrix, "position": torch.tensor(4)})
    assert figures["state_norm"] == pytest.approx((3**0.5 + 6) / 2)
    assert figures["effective_rank"] == pytest.approx((3 + 1) / 2, rel=1e-6)
    pictures = cell.pictures({"matrix": matrix, "position": torch.tensor(4)})
    assert list(pictures) == ["head 1", "head 2"]
    assert torch.equal(pictures["head 2"], matrix[0, 1])
    assert cell.figures({"matrix": torch.zeros(1, 2, 3, 3), "position": torch.tensor(0)})["effective_rank"] == 0.0
