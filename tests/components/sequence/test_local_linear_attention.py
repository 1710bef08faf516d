"""Local linear attention: equal to its least squares problem, and between softmax attention and ridge regression."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from memstudio.components import get
from memstudio.components.sequence.local_linear_attention import declare, ops, reference
from memstudio.experiment.kinds import Inputs, Kind, Spec


def entries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4) -> list[Tensor]:
    """Random query, key and value in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return [draw(*lead, time, heads, keys), draw(*lead, time, heads, keys), draw(*lead, time, heads, values)]


def causal(time: int) -> Tensor:
    return torch.ones(time, time, dtype=torch.bool).tril()


def rule(*inputs: Tensor, bandwidth: float = 1.0, ridge: float | None = 0.1, chunk: int = 8) -> Tensor:
    return ops.local_regression(*inputs, causal(inputs[0].shape[-3]), bandwidth, ridge, chunk, 0)


def one_by_one(*inputs: Tensor, bandwidth: float = 1.0, ridge: float | None = 0.1, solve: Any = reference.answer) -> Tensor:
    """The problem of each query of each head by itself, (batch, time, heads, value)."""
    q, k, v = inputs
    batch, time, heads, _ = q.shape
    found = [
        solve(q[b, t, h], k[b, : t + 1, h], v[b, : t + 1, h], bandwidth, ridge)
        for b in range(batch)
        for t in range(time)
        for h in range(heads)
    ]
    return torch.stack(found).reshape(batch, time, heads, -1)


@pytest.mark.parametrize("time", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("ridge", [None, 0.01, 1.0])
def test_fast_form_equals_the_weighted_normal_equations_forward_and_backward(time: int, ridge: float | None) -> None:
    inputs = [x.requires_grad_() for x in entries(time)]
    seen = []
    for answers in (rule(*inputs, ridge=ridge, bandwidth=0.7), one_by_one(*inputs, ridge=ridge, bandwidth=0.7)):
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum()
        seen.append((answers, *torch.autograd.grad(target, inputs)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-9)


def test_it_is_the_formula_of_the_paper() -> None:
    """Σ wᵢ (1 − (kᵢ − q)·ρ) vᵢ / (ω − μ·ρ), here taken around the mean of the keys instead."""
    inputs = entries(9)
    torch.testing.assert_close(rule(*inputs), one_by_one(*inputs, solve=reference.by_rho), rtol=1e-9, atol=1e-11)


def test_a_very_large_ridge_and_no_slope_are_softmax_attention() -> None:
    inputs = entries(17)
    q, k, v = (x.movedim(-2, -3) for x in inputs)
    expected = scaled_dot_product_attention(q, k, v, is_causal=True).movedim(-3, -2)
    torch.testing.assert_close(rule(*inputs, ridge=None), expected)
    torch.testing.assert_close(rule(*inputs, ridge=1e12), expected)
    assert not torch.allclose(rule(*inputs, ridge=1.0), expected, atol=1e-3)


def test_constant_weights_are_one_ridge_regression_for_all_queries() -> None:
    """With an intercept, and a ridge that stands beside the mean of the squares (λ t beside their sum)."""
    q, k, v = (x[:1, :, :1] for x in entries(12))
    answers = rule(q, k, v, bandwidth=1e12, ridge=0.3)
    keys, data, query = k[0, :, 0], v[0, :, 0], q[0, 11, 0]
    centred = keys - keys.mean(0)
    slopes = torch.linalg.inv(centred.mT @ centred + 12 * 0.3 * torch.eye(3, dtype=torch.float64)) @ centred.mT @ (data - data.mean(0))
    torch.testing.assert_close(answers[0, 11, 0], data.mean(0) + (query - keys.mean(0)) @ slopes)


def test_a_line_is_continued_beyond_its_keys_where_attention_only_averages() -> None:
    """v = A k + c with enough keys and a small ridge: exact at any query, also far outside."""
    generator = torch.Generator().manual_seed(0)
    k = torch.randn(1, 20, 1, 3, dtype=torch.float64, generator=generator)
    a = torch.randn(3, 2, dtype=torch.float64, generator=generator)
    q = torch.full((1, 1, 1, 3), 3.0, dtype=torch.float64)
    seen = torch.ones(1, 20, dtype=torch.bool)
    answer = ops.local_regression(q, k, k @ a + 1, seen, 1.0, 1e-9)
    torch.testing.assert_close(answer, q @ a + 1, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(ops.local_regression(q, k, k @ a + 1, seen, 1.0, None), q @ a + 1, atol=0.1)


def test_a_case_by_hand() -> None:
    """Keys −1 and 1 with values 0 and 2, query 0: both weights ½, mean 0, covariance 1; at query 0 the answer is 1.

    A query that sees all alike (h very large) at 3 with λ = 1: x = 3 / (1 + 1), y = ½ (1 + 1.5) 2 = 2.5; the line itself has 4.
    """
    column = partial(torch.tensor, dtype=torch.float64)
    k, v, seen = column([-1.0, 1.0]).view(2, 1, 1), column([0.0, 2.0]).view(2, 1, 1), torch.ones(1, 2, dtype=torch.bool)
    torch.testing.assert_close(ops.local_regression(column([[[0.0]]]), k, v, seen, 1.0, 1.0), column([[[1.0]]]))
    torch.testing.assert_close(ops.local_regression(column([[[3.0]]]), k, v, seen, 1e15, 1.0), column([[[2.5]]]))


def test_every_chunk_size_gives_the_same() -> None:
    inputs = entries(19)
    expected = rule(*inputs, chunk=1)
    for chunk in (2, 3, 8, 19, 64):
        torch.testing.assert_close(rule(*inputs, chunk=chunk), expected, rtol=1e-10, atol=1e-12)


def test_one_key_with_nearly_all_the_weight_keeps_its_digits_in_float32() -> None:
    """Keys of length 17, λ = 10⁻³: the rounding of the covariance (2⁻²⁴ ‖k‖² / λ) allows 2 %; the first answer, of one key, is exact."""
    q, k, v = entries(9, lead=(1,))
    inputs = [q, 10 * k, v]
    expected = one_by_one(*inputs, ridge=1e-3)
    answers = rule(*(x.float() for x in inputs), ridge=1e-3)
    assert (answers.double() - expected).abs().max() < 2e-2 * expected.abs().max()
    assert (answers[:, 0].double() - v[:, 0]).abs().max() < 1e-6


@pytest.mark.parametrize("size", [0.0, 1e3])
def test_extreme_keys_stay_finite(size: float) -> None:
    inputs = [(size * x).float().requires_grad_() for x in entries(9)[:2]] + [entries(9)[2].float().requires_grad_()]
    answers = rule(*inputs)
    assert torch.isfinite(answers).all()
    for gradient in torch.autograd.grad(answers.sum(), inputs):
        assert torch.isfinite(gradient).all()


def test_gradients_by_finite_differences() -> None:
    inputs = [x.requires_grad_() for x in entries(4, lead=(1,), heads=1, keys=2, values=2)]
    assert torch.autograd.gradcheck(partial(rule, chunk=3), inputs)


def test_vmap_grad_and_leading_axes_go_through() -> None:
    inputs = entries(9, lead=(3, 2))

    def loss(*x: Tensor) -> Tensor:
        return rule(*x, chunk=4).square().sum()

    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=(0, 1, 2)))(*inputs)
    answers = rule(*inputs, chunk=4)
    for member in range(3):
        mine = [x[member] for x in inputs]
        torch.testing.assert_close(rule(*mine, chunk=4), answers[member])
        gradients, value = torch.func.grad_and_value(loss, argnums=(0, 1, 2))(*mine)
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 8 bits of fraction."""
    inputs = [x.bfloat16() for x in entries(17)]
    answers = rule(*inputs)
    expected = rule(*(x.double() for x in inputs))
    assert answers.dtype == torch.bfloat16
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()


@pytest.mark.parametrize(
    "values", [{}, {"slope": False}, {"unit_length": True, "bandwidth": 0.2}, {"output_norm": True, "output_gate": True}]
)
def test_each_choice_equals_the_reference_with_a_mask_and_its_cost(values: dict[str, Any]) -> None:
    torch.manual_seed(0)
    configured = get("sequence.local_linear_attention")(heads=2, key_width=3, value_width=4, chunk=4, **values)
    cell = configured.build(width=6).double()
    x, write = torch.randn(2, 9, 6, dtype=torch.float64), torch.rand(2, 9) < 0.7
    expected = reference.run(configured.values, dict(cell.named_parameters()), x, write)
    torch.testing.assert_close(cell(x, write=write)[0], expected, rtol=1e-9, atol=1e-11)
    first, state = cell(x[:, :4], write=write[:, :4])
    second, state = cell(x[:, 4:], state, write[:, 4:])
    torch.testing.assert_close(torch.cat([first, second], 1), expected, rtol=1e-9, atol=1e-11)
    cost = declare.cost(configured.values, Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=9),)}))
    assert cost.parameters == sum(p.numel() for p in cell.parameters())
    assert cost.state_bytes == 4 * (state["k"][0].numel() + state["v"][0].numel())


def test_products_counted_by_hand() -> None:
    """Width 6, 2 heads of 3 keys and 4 values, 10 positions: q, k 36 each, v, out 48; keys with themselves and the solve 2 · (9 + 9 + 9).

    Seen: 1 + ... + 10 = 55 keys, each 2 · (3 + 3 + 3 + 9 + 4); without slope 2 · (3 + 4).
    """
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    values = get("sequence.local_linear_attention")(heads=2, key_width=3, value_width=4).values
    assert declare.cost(values, inputs).flops == 2 * (10 * (36 + 36 + 48 + 48 + 54) + 55 * 44)
    assert declare.cost({**values, "slope": False}, inputs).flops == 2 * (10 * (36 + 36 + 48 + 48) + 55 * 14)
