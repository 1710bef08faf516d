"""Test-time regression: chunks, recursive least squares and the normal equations give the same answers and gradients."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.regression import declare, ops, reference
from memstudio.experiment.kinds import Inputs, Kind, Spec

weights = pytest.mark.parametrize("decay", [False, True], ids=["none", "gated"])


def entries(time: int, decay: bool, *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4) -> list[Tensor]:
    """Random query, key, value, ridge, strength, and log decay where there is one, in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    q, k = (torch.nn.functional.normalize(draw(*lead, time, heads, keys), dim=-1) for _ in range(2))
    ridge = (0.3 * draw(*lead, 1, heads, keys)).exp()
    found = [q, k, draw(*lead, time, heads, values), ridge, draw(*lead, time, heads).sigmoid()]
    return [*found, -0.3 * draw(*lead, time, heads).exp()] if decay else found


def rule(*inputs: Tensor, state: Any = None, chunk: int = 8) -> tuple[Tensor, Any]:
    return ops.least_squares(*inputs[:5], inputs[5] if len(inputs) > 5 else None, state, chunk)


@weights
@pytest.mark.parametrize("time", [1, 2, 3, 7, 8, 9, 17])
def test_fast_form_equals_the_normal_equations_forward_and_backward(decay: bool, time: int) -> None:
    inputs = [x.requires_grad_() for x in entries(time, decay)]
    seen = []
    for answers in (rule(*inputs)[0], reference.least_squares(*inputs)):
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum()
        seen.append((answers, *torch.autograd.grad(target, inputs, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-11)


def test_sherman_and_morrison_step_by_step_equal_the_batch_solution() -> None:
    inputs = entries(23, False)
    steps = reference.recursive_least_squares(*inputs)
    torch.testing.assert_close(steps, reference.least_squares(*inputs), rtol=1e-9, atol=1e-11)
    for chunk in (1, 4, 32):
        torch.testing.assert_close(rule(*inputs, chunk=chunk)[0], steps, rtol=1e-9, atol=1e-11)


def test_without_decay_one_factor_a_chunk_equals_a_solve_at_each_position() -> None:
    """The quick form and the general one, asked for the same: a decay of exactly 1."""
    inputs = entries(21, False)
    torch.testing.assert_close(rule(*inputs, torch.zeros_like(inputs[4])), rule(*inputs), rtol=1e-10, atol=1e-12)


@weights
def test_every_chunk_size_gives_the_same(decay: bool) -> None:
    inputs = entries(37, decay)
    expected = rule(*inputs, chunk=1)
    for chunk in (2, 3, 5, 8, 16, 32, 37, 64, 256):
        torch.testing.assert_close(rule(*inputs, chunk=chunk), expected, rtol=1e-10, atol=1e-12)


@settings(max_examples=10)
@given(cuts=st.sets(st.integers(1, 36), max_size=6), chunk=st.sampled_from([1, 3, 8, 32]), decay=st.booleans())
def test_feeding_in_any_pieces_gives_the_same(cuts: set[int], chunk: int, decay: bool) -> None:
    q, k, v, ridge, *rest = entries(37, decay)
    whole, last = rule(q, k, v, ridge, *rest, chunk=chunk)
    answers, state = [], None
    for low, high in itertools.pairwise([0, *sorted(cuts), 37]):
        (q1, k1, v1, *rest1) = (x[:, low:high] for x in (q, k, v, *rest))
        piece, state = rule(q1, k1, v1, ridge, *rest1, state=state, chunk=chunk)
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("log_decay", [0.0, -50.0, -1e4, -1e30, float("-inf")])
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_extreme_weights_stay_finite_and_right(log_decay: float, strength: float) -> None:
    *inputs, b, g = entries(13, True)
    g = torch.where(torch.arange(13).view(1, -1, 1) % 3 == 0, log_decay, g)
    b = torch.where(torch.arange(13).view(1, -1, 1) % 2 == 0, strength, b)
    for given_ in ([*inputs, b, g], [*inputs, b]):
        leaves = [x.detach().requires_grad_() for x in given_]
        answers, _ = rule(*leaves)
        torch.testing.assert_close(answers, reference.least_squares(*leaves), rtol=1e-8, atol=1e-11)
        for gradient in torch.autograd.grad(answers.sum(), leaves, materialize_grads=True):
            assert torch.isfinite(gradient).all()


@weights
def test_gradients_by_finite_differences(decay: bool) -> None:
    inputs = [x.requires_grad_() for x in entries(5, decay, lead=(1,), heads=1, keys=2, values=2)]
    assert torch.autograd.gradcheck(lambda *x: rule(*x, chunk=4)[0], inputs)


@weights
def test_vmap_grad_and_leading_axes_go_through(decay: bool) -> None:
    inputs = entries(11, decay, lead=(3, 2))
    every = tuple(range(len(inputs)))

    def loss(*x: Tensor) -> Tensor:
        answers, (matrix, gram) = rule(*x, chunk=4)
        return answers.square().sum() + matrix.sum() + gram.sum()

    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=every))(*inputs)
    answers, _ = rule(*inputs, chunk=4)
    for member in range(3):
        mine = [x[member] for x in inputs]
        torch.testing.assert_close(rule(*mine, chunk=4)[0], answers[member])
        gradients, value = torch.func.grad_and_value(loss, argnums=every)(*mine)
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)


@weights
def test_bfloat16_is_computed_in_float32(decay: bool) -> None:
    """Only inputs and answers are rounded: 8 bits of fraction; the sums stay in float32."""
    inputs = [x.bfloat16() for x in entries(33, decay)]
    answers, (matrix, gram) = rule(*inputs)
    expected = reference.least_squares(*(x.double() for x in inputs))
    assert answers.dtype == torch.bfloat16
    assert matrix.dtype == gram.dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()


def test_a_small_ridge_and_many_alike_keys_stay_right_in_float32() -> None:
    """2,000 keys of nearly one direction and λ = 0.01: the condition number is about 10⁵, and 10⁻² of the answers is kept."""
    generator = torch.Generator().manual_seed(0)
    k = torch.nn.functional.normalize(
        torch.ones(4, dtype=torch.float64) + 0.3 * torch.randn(1, 2000, 1, 4, dtype=torch.float64, generator=generator), dim=-1
    )
    v = k @ torch.randn(4, 3, dtype=torch.float64, generator=generator)
    inputs = [k, k, v, torch.full((1, 1, 1, 4), 0.01, dtype=torch.float64), torch.ones(1, 2000, 1, dtype=torch.float64)]
    expected, _ = rule(*inputs)
    answers, _ = rule(*(x.float() for x in inputs))
    assert (answers - expected).abs().max() < 1e-2 * expected.abs().max()


def test_a_linear_map_is_found_exactly_where_the_hebbian_sum_mixes_keys() -> None:
    """v = A k with keys that resemble each other: with a vanishing ridge, as many examples as unknowns give A."""
    generator = torch.Generator().manual_seed(0)
    k = torch.nn.functional.normalize(torch.rand(1, 12, 1, 4, dtype=torch.float64, generator=generator), dim=-1)
    a = torch.randn(3, 4, dtype=torch.float64, generator=generator)
    ones = torch.ones(1, 12, 1, dtype=torch.float64)
    answers, _ = rule(k, k, k @ a.mT, torch.full((1, 1, 1, 4), 1e-10, dtype=torch.float64), ones)
    torch.testing.assert_close(answers[:, 4:], (k @ a.mT)[:, 4:], rtol=1e-4, atol=1e-4)


def test_a_case_by_hand() -> None:
    """k = 1, v = 2, λ = 1: 2 / (1 + 1) = 1; then k = 2, v = 3 with everything before halved: (1 + 6) / (0.5 + 4 + 1) = 14 / 11."""
    column = partial(torch.tensor, dtype=torch.float64)
    k, v, ones = column([1.0, 2.0]).view(2, 1, 1), column([2.0, 3.0]).view(2, 1, 1), column([[1.0], [1.0]])
    decay = column([[0.0], [0.5]]).clamp(min=0.5).log()
    answers, (matrix, gram) = ops.least_squares(ones[..., None], k, v, ones[:1, :, None], ones, decay)
    torch.testing.assert_close(answers.flatten(), column([1.0, 14 / 11]))
    torch.testing.assert_close((matrix.flatten(), gram.flatten()), (column([7.0]), column([4.5])))


VARIANTS = [
    {"solver": solver, "weights": weight, "regressor": regressor, "strength": weight != "decay", "unit_length": regressor == "linear"}
    for solver in ("hebbian", "gradient", "least_squares")
    for weight, regressor in (("none", "quadratic"), ("decay", "linear"), ("gated", "linear"))
]


@pytest.mark.parametrize("values", VARIANTS, ids=lambda values: "-".join(map(str, values.values())))
def test_each_solver_equals_the_reference_with_a_mask_and_its_cost(values: dict[str, Any]) -> None:
    torch.manual_seed(0)
    configured = get("sequence.regression")(heads=2, key_width=3, value_width=4, chunk=4, ridge=0.5, **values)
    cell = configured.build(width=6).double()
    x, write = torch.randn(2, 11, 6, dtype=torch.float64).requires_grad_(), torch.rand(2, 11) < 0.7
    y, state = cell(x, write=write)
    expected = reference.run(configured.values, dict(cell.named_parameters()), x, write)
    torch.testing.assert_close(y, expected, rtol=1e-9, atol=1e-11)
    wanted = [x, *cell.parameters()]
    seen = [torch.autograd.grad(out.square().sum(), wanted, materialize_grads=True) for out in (y, expected)]
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-7, atol=1e-10)
    cost = declare.cost(configured.values, Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=11),)}))
    assert cost.parameters == sum(p.numel() for p in cell.parameters())
    assert cost.state_bytes == 4 * sum(state[name][0].numel() for name in ("matrix", "gram") if name in state)
    assert cell.pictures(state)
    assert ("key_rank" in cell.figures(state)) == (values["solver"] == "least_squares")


def test_each_value_of_a_choice_changes_the_answers() -> None:
    x = torch.randn(1, 7, 6, generator=torch.Generator().manual_seed(1))
    seen: list[Tensor] = []
    for solver in ("hebbian", "gradient", "least_squares"):
        for values in (
            {},
            {"weights": "decay"},
            {"weights": "gated"},
            {"regressor": "quadratic"},
            {"unit_length": False},
            {"strength": False},
        ):
            torch.manual_seed(0)
            seen.append(get("sequence.regression")(solver=solver, heads=2, key_width=3, value_width=4, **values).build(width=6)(x)[0])
    torch.manual_seed(0)
    seen.append(get("sequence.regression")(heads=2, key_width=3, value_width=4, ridge=0.1).build(width=6)(x)[0])
    for one, two in itertools.combinations(seen, 2):
        assert not torch.allclose(one, two, atol=1e-6)


def test_the_ridge_starts_where_it_is_told_and_stays_above_a_quarter() -> None:
    cell = get("sequence.mesa")(ridge=2.0, key_width=4).build(width=8)
    start = torch.zeros((), dtype=torch.int64)
    torch.testing.assert_close(cell.query(torch.randn(1, 1, 8), start)[..., 4:], torch.full((1, 1, 2, 4), 2.0))
    with torch.no_grad():
        cell.query.excess.fill_(-1e9)
    torch.testing.assert_close(cell.query(torch.randn(1, 1, 8), start)[..., 4:], torch.full((1, 1, 2, 4), 0.5))


def test_products_counted_by_hand() -> None:
    """Width 6, 2 heads of 3 keys, 4 values, 10 positions; maps: q, k 36 each, v 48, β 12, out 48 and its gate 48.

    Least squares: G and its reading 2·12 each, H 2·9, elimination 2·27/3 = 18, substitution 2·9. Gradient: three times 24.
    """
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    maps = 36 + 36 + 48 + 12 + 48 + 48
    for solver, work in (("least_squares", 24 + 24 + 18 + 18 + 18), ("gradient", 72), ("hebbian", 48)):
        values = get("sequence.regression")(heads=2, key_width=3, value_width=4, solver=solver).values
        assert declare.cost(values, inputs).flops == 2 * 10 * (maps + work)


def test_too_many_unknowns_are_refused() -> None:
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    assert "561 unknowns" in (get("sequence.regression")(regressor="quadratic").refusal(inputs) or "")
    assert get("sequence.regression")(regressor="quadratic", solver="gradient").refusal(inputs) is None


@pytest.mark.parametrize("preset", ["sequence.recursive_least_squares", "sequence.mesa"])
def test_a_long_stream_keeps_a_state_of_the_same_size(preset: str) -> None:
    torch.manual_seed(0)
    cell = get(preset)(heads=2, key_width=8, value_width=8).build(width=16)
    state, size = None, set()
    with torch.no_grad():
        for _ in range(20):
            y, state = cell(torch.randn(1, 100, 16), state)
            size.add(state["matrix"].numel() + state["gram"].numel())
            assert torch.isfinite(y).all()
    assert len(size) == 1
    assert int(state["position"]) == 2000
