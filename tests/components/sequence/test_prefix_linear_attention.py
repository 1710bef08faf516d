"""Prefix linear attention: equal to its sums, causal after the prefix, and linear attention where the prefix leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.cell import Cell
from memstudio.components.sequence.linear_attention.ops import linear_attention
from memstudio.components.sequence.prefix_linear_attention import declare, ops, reference
from memstudio.experiment.kinds import Inputs, Kind, Spec, Targets


def entries(time: int, prefix: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4) -> list[Tensor]:
    """Positive random queries and keys, values, and the keys and values of the prefix, in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    q, k = (draw(*lead, time, heads, keys).exp() for _ in range(2))
    v, early = draw(*lead, time, heads, values), draw(*lead, prefix, heads, keys).exp()
    return [q, k, v, early, draw(*lead, prefix, heads, values)]


def written_out(q: Tensor, k: Tensor, v: Tensor, e: Tensor, u: Tensor) -> Tensor:
    """Both sums of matches, the first causal, over the sum of all matches."""
    own, early = torch.einsum("bthf,bihf->bhti", q, k).tril(), torch.einsum("bthf,bihf->bhti", q, e)
    top = torch.einsum("bhti,bihv->bthv", own, v) + torch.einsum("bhti,bihv->bthv", early, u)
    return top / ((own.sum(-1) + early.sum(-1)).movedim(1, 2)[..., None] + 1e-6)


@pytest.mark.parametrize(("time", "prefix"), [(1, 1), (3, 3), (9, 4), (17, 16), (33, 5)])
def test_fast_form_equals_the_sums_forward_and_backward(time: int, prefix: int) -> None:
    inputs = [x.requires_grad_() for x in entries(time, prefix)]
    seen = []
    for answers in (ops.prefix_linear_attention(*inputs, chunk=8)[0], written_out(*inputs)):
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum()
        seen.append((answers, *torch.autograd.grad(target, inputs)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-12)


def test_every_chunk_size_gives_the_same() -> None:
    inputs = entries(37, 9)
    for chunk in (1, 3, 8, 64):
        torch.testing.assert_close(ops.prefix_linear_attention(*inputs, chunk=chunk)[0], written_out(*inputs), rtol=1e-10, atol=1e-12)


def test_after_the_prefix_linear_attention_goes_on_with_its_state() -> None:
    q, k, v, e, u = entries(20, 6)
    whole, last = ops.prefix_linear_attention(q, k, v, e, u)
    first, state = ops.prefix_linear_attention(q[:, :6], k[:, :6], v[:, :6], e, u)
    second, state = linear_attention(q[:, 6:], k[:, 6:], v[:, 6:], None, state, normalise=True)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(state, last)


def test_with_a_prefix_that_writes_nothing_it_is_linear_attention() -> None:
    q, k, v, e, u = entries(12, 5)
    expected = linear_attention(q, k, v, normalise=True)
    torch.testing.assert_close(ops.prefix_linear_attention(q, k, v, 0 * e, u), expected)


def test_a_case_by_hand() -> None:
    """One feature, all keys and queries 1: values 2, 4 and a prefix of one position with value 6: (2 + 6) / 2, (2 + 4 + 6) / 3."""
    ones, values = torch.ones(2, 1, 1), torch.tensor([2.0, 4.0]).view(2, 1, 1)
    answers, state = ops.prefix_linear_attention(ones, ones, values, ones[:1], torch.full((1, 1, 1), 6.0))
    torch.testing.assert_close(answers.flatten(), torch.tensor([4.0, 4.0]))
    torch.testing.assert_close(state.flatten(), torch.tensor([12.0, 3.0]))


def test_gradients_by_finite_differences_vmap_and_leading_axes() -> None:
    small = [x.requires_grad_() for x in entries(4, 2, lead=(1,), heads=1, keys=2, values=2)]
    assert torch.autograd.gradcheck(lambda *x: ops.prefix_linear_attention(*x, chunk=3)[0], small)
    inputs = entries(9, 4, lead=(3, 2))

    def loss(*x: Tensor) -> Tensor:
        return ops.prefix_linear_attention(*x, chunk=4)[0].square().sum()

    every = tuple(range(5))
    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=every))(*inputs)
    answers, _ = ops.prefix_linear_attention(*inputs, chunk=4)
    for member in range(3):
        mine = [x[member] for x in inputs]
        torch.testing.assert_close(ops.prefix_linear_attention(*mine, chunk=4)[0], answers[member])
        gradients, value = torch.func.grad_and_value(loss, argnums=every)(*mine)
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 8 bits of fraction; the state stays in float32."""
    inputs = [x.bfloat16() for x in entries(33, 9)]
    answers, state = ops.prefix_linear_attention(*inputs)
    expected = written_out(*(x.double() for x in inputs))
    assert answers.dtype == torch.bfloat16
    assert state.dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()


def built(**values: Any) -> Cell:
    torch.manual_seed(0)
    chosen = {"heads": 2, "key_width": 3, "value_width": 4, "prefix": 4, **values}
    return get("sequence.prefix_linear_attention")(**chosen).build(width=6).double()


def test_the_prefix_sees_itself_and_nothing_after_it() -> None:
    cell, x = built(), torch.randn(1, 10, 6, dtype=torch.float64).requires_grad_()
    for t, last in ((0, 3), (2, 3), (3, 3), (4, 4), (8, 8)):
        seen = torch.autograd.grad(cell(x)[0][:, t].square().sum(), x)[0].flatten(2).any(-1)[0]
        assert seen[: last + 1].all()
        assert not seen[last + 1 :].any()


def test_pieces_after_the_prefix_change_nothing_and_a_short_first_piece_is_the_prefix() -> None:
    cell, x = built(), torch.randn(2, 12, 6, dtype=torch.float64)
    whole, _ = cell(x)
    for cut in (4, 5, 9):
        first, state = cell(x[:, :cut])
        torch.testing.assert_close(torch.cat([first, cell(x[:, cut:], state)[0]], 1), whole)
    short = built(prefix=2)
    short.load_state_dict(cell.state_dict())
    first, state = cell(x[:, :2])
    torch.testing.assert_close(torch.cat([first, cell(x[:, 2:], state)[0]], 1), short(x)[0])


@pytest.mark.parametrize("values", [{}, {"features": "elu"}, {"features": "relu"}, {"features": "softmax"}, {"prefix": 30}])
@pytest.mark.parametrize("normed", [False, True])
def test_each_choice_equals_the_reference_and_its_cost(values: dict[str, Any], normed: bool) -> None:
    cell = built(**values, output_norm=normed, output_gate=normed)
    chosen = {"heads": 2, "key_width": 3, "value_width": 4, "prefix": 4, **values, "output_norm": normed, "output_gate": normed}
    configured = get("sequence.prefix_linear_attention")(**chosen)
    x = torch.randn(2, 9, 6, dtype=torch.float64)
    y, state = cell(x)
    torch.testing.assert_close(y, reference.run(configured.values, dict(cell.named_parameters()), x), rtol=1e-9, atol=1e-11)
    cost = declare.cost(configured.values, Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=9),)}))
    assert cost.parameters == sum(p.numel() for p in cell.parameters())
    assert cost.state_bytes == 4 * state["matrix"][0].numel()


def test_products_counted_by_hand() -> None:
    """Width 6, 2 heads of 3 keys (10 features) and 4 values, 10 positions: q, k 36 each, v, out 48; write 80, read 80 + 20.

    The first 4 positions besides: e 36, u 48, write 80.
    """
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    values = get("sequence.prefix_linear_attention")(heads=2, key_width=3, value_width=4, prefix=4).values
    assert declare.cost(values, inputs).flops == 2 * (10 * (36 + 36 + 48 + 48 + 180) + 4 * (36 + 48 + 80))


def test_a_long_stream_keeps_a_state_of_the_same_size() -> None:
    cell, state, sizes = built().float(), None, set()
    with torch.no_grad():
        for _ in range(20):
            y, state = cell(torch.randn(1, 100, 6), state)
            sizes.add(state["matrix"].numel())
            assert torch.isfinite(y).all()
    assert len(sizes) == 1
    assert int(state["position"]) == 2000


def test_a_task_whose_answers_follow_is_refused() -> None:
    sequence = {"sequence": (Spec(Kind.SEQUENCE, width=6, time=12),)}
    asks = Targets(what="token", size=8, per_position=True, shown_next=True)
    values = {"prefix": 4}
    sentence = declare.refuse(values, Inputs(sequence, asks))
    assert sentence is not None
    assert "4 positions of the prefix" in sentence
    assert declare.refuse({"prefix": 1}, Inputs(sequence, asks)) is None
    assert declare.refuse(values, Inputs(sequence, replace(asks, shown_next=False))) is None
