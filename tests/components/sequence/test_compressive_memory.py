"""Compressive memory: equal to its equations at every length and cut, attention with the gate shut, linear attention between segments."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from memstudio.components import get
from memstudio.components.sequence.cell import Cell
from memstudio.components.sequence.compressive_memory import declare, ops, reference
from memstudio.components.sequence.linear_attention.features import mapped
from memstudio.components.sequence.linear_attention.ops import linear_attention
from memstudio.experiment.kinds import Inputs, Kind, Spec


def entries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 4, values: int = 3) -> list[Tensor]:
    """Random query, key, value and gate in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    q, k = (draw(*lead, time, heads, keys) for _ in range(2))
    return [q, k, draw(*lead, time, heads, values), draw(*lead, time, heads).sigmoid()]


def rule(*inputs: Tensor, before: Any = None, segment: int = 5, delta: bool = True, rotary: bool = False) -> tuple[Tensor, Any]:
    return ops.compressive_memory(*inputs, before, segment, delta, rotary)


def built(**values: Any) -> tuple[Cell, Any]:
    torch.manual_seed(0)
    configured = get("sequence.compressive_memory")(**{"heads": 2, "key_width": 4, "value_width": 3, "segment": 5, **values})
    cell = configured.build(width=6).double()
    with torch.no_grad():
        if cell.share is not None:
            cell.share.copy_(torch.tensor([-1.0, 0.5]))
    return cell, configured.values


@pytest.mark.parametrize("values", [{}, {"update": "linear"}, {"gate": "position"}, {"rotary": False}, {"segment": 1}, {"segment": 64}])
@pytest.mark.parametrize("time", [1, 2, 5, 6, 13])
def test_fast_form_equals_the_equations_forward_and_backward(values: dict[str, Any], time: int) -> None:
    cell, chosen = built(**values)
    x, weights = torch.randn(2, time, 6, dtype=torch.float64).requires_grad_(), dict(cell.named_parameters())
    seen = []
    for y in (cell(x)[0], reference.run(chosen, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, [x, *weights.values()], materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("cuts", [(1, 2, 3, 4), (5,), (5, 10), (4, 6), (7,)])
def test_feeding_in_any_pieces_gives_the_same(cuts: tuple[int, ...]) -> None:
    inputs = entries(13)
    whole, last = rule(*inputs, rotary=True)
    answers, state = [], None
    for low, high in itertools.pairwise([0, *cuts, 13]):
        piece, state = rule(*(x[:, low:high] for x in inputs), before=state, rotary=True)
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=1e-11, atol=1e-12)


def test_with_the_gate_shut_and_one_long_segment_it_is_attention() -> None:
    q, k, v, gate = entries(9)
    expected = scaled_dot_product_attention(*(x.movedim(-2, -3) for x in (q, k, v)), is_causal=True).movedim(-3, -2)
    torch.testing.assert_close(rule(q, k, v, 0 * gate, segment=9)[0], expected)
    assert not torch.allclose(rule(q, k, v, 0 * gate, segment=4)[0], expected, atol=1e-3)


def test_with_the_gate_open_and_segments_of_one_it_is_linear_attention_one_step_late() -> None:
    """Linear update: a position is answered by all positions before it, not yet by itself."""
    q, k, v, gate = entries(9)
    answers, (matrix, _, _) = rule(q, k, v, 0 * gate + 1, segment=1, delta=False)
    features = [mapped(x, "elu") for x in (q, k)]
    _, state = linear_attention(features[0][:, :1], features[1][:, :1], v[:, :1], normalise=True)
    for t in range(1, 9):
        late, _ = linear_attention(features[0][:, t : t + 1], 0 * features[1][:, t : t + 1], v[:, t : t + 1], None, state, normalise=True)
        torch.testing.assert_close(answers[:, t], late[:, 0], rtol=1e-9, atol=1e-11)
        _, state = linear_attention(features[0][:, t : t + 1], features[1][:, t : t + 1], v[:, t : t + 1], None, state, normalise=True)
    assert (answers[:, 0] == 0).all()
    torch.testing.assert_close(matrix, state)


def test_a_second_time_the_delta_update_writes_nothing_where_all_is_answered() -> None:
    """One key, one value: M σ(k) / z·σ(k) is the value already; adding writes it again. The answer is the same, the matrix is not."""
    q, k, v, gate = entries(1, lead=(1,))
    twice = [x.repeat(1, 2, *[1] * (x.dim() - 2)) for x in (q, k, v, gate)]
    once = rule(q, k, v, gate, segment=1)[1][0][..., :-1, :]
    delta, linear = (rule(*twice, segment=1, delta=which)[1][0][..., :-1, :] for which in (True, False))
    torch.testing.assert_close(delta, once, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(linear, 2 * once)


def test_a_case_by_hand() -> None:
    """Segments of 1, one head, k = 0 (σ = 1): M = 2, z = 1 after value 2; then value 5: linear M = 7, z = 2, delta 2 + (5 − 2) = 5.

    A third position asks with q = 0 and gate ½, its own value being 8: linear (3.5 + 8) / 2, delta (2.5 + 8) / 2.
    """
    zeros, values = torch.zeros(3, 1, 1), torch.tensor([2.0, 5.0, 8.0]).view(3, 1, 1)
    for delta, expected in ((False, 5.75), (True, 5.25)):
        answers, _ = rule(zeros, zeros, values, torch.full((1,), 0.5), segment=1, delta=delta)
        torch.testing.assert_close(answers[2].flatten(), torch.tensor([expected]), rtol=1e-5, atol=1e-5)


def test_gradients_by_finite_differences_vmap_and_leading_axes() -> None:
    small = [x.requires_grad_() for x in entries(5, lead=(1,), heads=1, keys=2, values=2)]
    assert torch.autograd.gradcheck(lambda *x: rule(*x, segment=2, rotary=True)[0], small)
    inputs = entries(9, lead=(3, 2))

    def loss(*x: Tensor) -> Tensor:
        answers, parts = rule(*x, segment=4)
        return answers.square().sum() + sum(part.sum() for part in parts)

    every = tuple(range(4))
    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=every))(*inputs)
    answers, _ = rule(*inputs, segment=4)
    for member in range(3):
        mine = [x[member] for x in inputs]
        torch.testing.assert_close(rule(*mine, segment=4)[0], answers[member])
        gradients, value = torch.func.grad_and_value(loss, argnums=every)(*mine)
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)


@pytest.mark.parametrize("size", [0.0, 50.0, 1e4])
def test_extreme_keys_stay_finite(size: float) -> None:
    """σ of a very negative key is 0: the memory then answers 0 rather than 0 / 0."""
    inputs = [(size * x).float().requires_grad_() for x in entries(13)[:2]] + [x.float().requires_grad_() for x in entries(13)[2:]]
    answers, _ = rule(*inputs)
    assert torch.isfinite(answers).all()
    for gradient in torch.autograd.grad(answers.sum(), inputs, materialize_grads=True):
        assert torch.isfinite(gradient).all()


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 8 bits of fraction; the matrix stays in float32."""
    inputs = [x.bfloat16() for x in entries(23)]
    answers, (matrix, _, _) = rule(*inputs)
    expected, _ = rule(*(x.double() for x in inputs))
    assert answers.dtype == torch.bfloat16
    assert matrix.dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()


def test_cost_by_hand() -> None:
    """Width 6, 2 heads of 4 keys and 3 values, segments of 5, 12 positions: two full segments and 2 positions more.

    Maps 2·6·4 + 2·6·3 twice = 168, reading 2·4·4 = 32, attention (15 + 15 + 3) · 2·7, writing 10 · (2·12 + 32).
    """
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=12),)})
    _, values = built()
    cost = declare.cost(values, inputs)
    assert cost.flops == 2 * (12 * (168 + 32) + 33 * 14 + 10 * (24 + 32))
    assert declare.cost({**values, "update": "linear"}, inputs).flops == 2 * (12 * (168 + 32) + 33 * 14 + 10 * 24)
    assert cost.state_bytes == 4 * (2 * 4 * 4 + 2 * 2 * 7)
    for gate in ("head", "position"):
        cell, values = built(gate=gate)
        assert declare.cost(values, inputs).parameters == sum(p.numel() for p in cell.parameters())
        assert ("memory_share" in cell.figures(cell(torch.randn(1, 3, 6, dtype=torch.float64))[1])) == (gate == "head")


def test_a_long_stream_keeps_a_state_of_bounded_size() -> None:
    cell, state, sizes = built()[0].float(), None, set()
    with torch.no_grad():
        for _ in range(20):
            y, state = cell(torch.randn(1, 100, 6), state)
            sizes.add(sum(part.numel() for part in state.values()))
            assert torch.isfinite(y).all()
    assert len(sizes) == 1
    assert int(state["position"]) == 2000
