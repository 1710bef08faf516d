"""Products of delta rules: chunks, steps and the equations agree; one step is the delta rule; reflections permute and signs matter."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.delta_product import ops, reference
from memstudio.components.sequence.gated_deltanet.ops import gated_delta_rule
from memstudio.experiment.kinds import Inputs, Kind, Spec


def entries(
    time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4, steps: int = 2, seed: int = 0
) -> list[Tensor]:
    """Random query, keys, values, log decay and strengths up to 2 in float64, keys and queries of length 1."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    q, k = (torch.nn.functional.normalize(draw(*lead, time, heads, *n, keys), dim=-1) for n in ((), (steps,)))
    v = draw(*lead, time, heads, steps, values)
    return [q, k, v, -draw(*lead, time, heads).exp() * 0.3, 2 * draw(*lead, time, heads, steps).sigmoid()]


def start(lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4) -> Tensor:
    return torch.randn(*lead, heads, values, keys, dtype=torch.float64, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("time", [1, 2, 5, 9, 17])
@pytest.mark.parametrize("carried", [False, True])
def test_fast_forms_equal_the_equations_forward_and_backward(steps: int, time: int, carried: bool) -> None:
    inputs = [x.requires_grad_() for x in (*entries(time, steps=steps), *([start()] if carried else []))]
    seen = []
    for rule in (partial(ops.delta_product, chunk=8), ops.stepwise, reference.delta_product):
        answers, state = rule(*inputs)
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum() + state.square().sum()
        seen.append((answers, state, *torch.autograd.grad(target, inputs)))
    for chunked, stepped, slow in zip(*seen, strict=True):
        torch.testing.assert_close(chunked, slow, rtol=1e-10, atol=1e-11)
        torch.testing.assert_close(stepped, slow, rtol=1e-10, atol=1e-11)


def test_every_chunk_size_gives_the_same_also_where_a_chunk_ends_within_a_position() -> None:
    inputs = entries(19, steps=3)
    expected = reference.delta_product(*inputs)
    for chunk in (1, 2, 3, 4, 7, 8, 32, 57, 256):
        torch.testing.assert_close(ops.delta_product(*inputs, chunk=chunk), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("cuts", [(1, 2), (5,), (3, 4, 18)])
def test_feeding_in_pieces_gives_the_same(cuts: tuple[int, ...]) -> None:
    inputs = entries(19, steps=2)
    whole, last = ops.delta_product(*inputs, chunk=8)
    answers, state = [], None
    for low, high in itertools.pairwise((0, *cuts, 19)):
        piece, state = ops.delta_product(*(x[:, low:high] for x in inputs), state, 8)
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=1e-11, atol=1e-12)


def test_one_step_is_the_gated_delta_rule() -> None:
    q, k, v, g, b = entries(13, steps=1)
    expected = gated_delta_rule(q, k[..., 0, :], v[..., 0, :], g, b[..., 0], chunk=4)
    torch.testing.assert_close(ops.delta_product(q, k, v, g, b, chunk=4), expected)


@pytest.mark.parametrize("gate", [False, True])
def test_with_one_step_and_no_reflections_the_layer_is_the_delta_rule_with_the_same_weights(gate: bool) -> None:
    sizes = {"heads": 2, "key_width": 3, "value_width": 4, "gate": gate}
    rule = get("sequence.gated_deltanet")(**sizes).build(width=6).double()
    product = get("sequence.delta_product")(steps=1, negative=False, **sizes).build(width=6).double()
    product.load_state_dict(rule.state_dict())
    x = torch.randn(2, 9, 6, dtype=torch.float64)
    torch.testing.assert_close(product(x)[0], rule(x)[0])
    torch.testing.assert_close(product(x)[1]["matrix"], rule(x)[1]["matrix"])


def test_two_reflections_track_a_permutation_of_three_exactly() -> None:
    """Each position exchanges entries by two swaps (or none): S is the product of all permutations so far, which one query reads."""

    def swap(i: int, j: int) -> Tensor:
        key = torch.zeros(3, dtype=torch.float64)
        key[i], key[j] = 0.5**0.5, -(0.5**0.5)
        return key

    swaps = {(0, 1, 2): (), (1, 0, 2): ((0, 1),), (0, 2, 1): ((1, 2),), (2, 1, 0): ((0, 2),)}
    swaps |= {(1, 2, 0): ((0, 1), (1, 2)), (2, 0, 1): ((1, 2), (0, 1))}
    order = torch.randint(6, (40,), generator=torch.Generator().manual_seed(3)).tolist()
    key, strength = torch.zeros(1, 40, 1, 2, 3, dtype=torch.float64), torch.zeros(1, 40, 1, 2, dtype=torch.float64)
    key[..., 0] = 1.0  # any key does where the strength is 0
    now, expected = torch.eye(3, dtype=torch.float64), []
    for t, index in enumerate(order):
        for i, pair in enumerate(list(swaps.values())[index]):
            key[0, t, 0, i], strength[0, t, 0, i] = swap(*pair), 2.0
            exchange = torch.eye(3, dtype=torch.float64)[[{pair[0]: pair[1], pair[1]: pair[0]}.get(c, c) for c in range(3)]]
            now = now @ exchange
        expected.append(now)
    query = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64).expand(1, 40, 1, 3)
    nothing, zero = torch.zeros(1, 40, 1, 2, 3, dtype=torch.float64), torch.zeros(1, 40, 1, dtype=torch.float64)
    answers, state = ops.delta_product(query, key, nothing, zero, strength, torch.eye(3, dtype=torch.float64).view(1, 1, 3, 3), 8)
    torch.testing.assert_close(answers[0, :, 0], torch.stack([each[:, 0] for each in expected]), rtol=0, atol=1e-13)
    torch.testing.assert_close(state[0, 0], expected[-1], rtol=0, atol=1e-13)
    assert len({tuple(each.flatten().round().tolist()) for each in expected}) == 6, "all six permutations occur"


def test_strengths_of_at_most_1_cannot_swap_and_those_up_to_2_can() -> None:
    """A swap has determinant −1; every step contributes 1 − β."""
    x = torch.randn(1, 50, 6, generator=torch.Generator().manual_seed(0)) * 30
    for negative, least in ((False, 0.0), (True, -1.0)):
        torch.manual_seed(0)
        writer = get("sequence.delta_product")(negative=negative).build(width=6).writer
        _, _, _, strength = writer(x, torch.zeros((), dtype=torch.int64))
        assert float((1 - strength.detach()).min()) == pytest.approx(least, abs=1e-2)


def test_a_case_by_hand() -> None:
    """S₀ = 0, α = 1/2: first k = (1, 0), v = 4, β = 1 writes (4, 0); then k = (0.6, 0.8), v = 0, β = 1/2 holds 2.4: −1.2 k is added."""
    key = torch.tensor([[1.0, 0.0], [0.6, 0.8]]).view(1, 1, 1, 2, 2)
    value, strength = torch.tensor([4.0, 0.0]).view(1, 1, 1, 2, 1), torch.tensor([1.0, 0.5]).view(1, 1, 1, 2)
    query, decay = torch.tensor([1.0, 1.0]).view(1, 1, 1, 2), torch.full((1, 1, 1), 0.5).log()
    answers, state = ops.delta_product(query, key, value, decay, strength)
    torch.testing.assert_close(state[0, 0], torch.tensor([[4.0 - 0.72, -0.96]]))
    assert float(answers) == pytest.approx(2.32)
    # Once more: the whole fades to (1.64, −0.48) before the first step replaces what (1, 0) holds by 4.
    _, state = ops.delta_product(query, key, value, decay, strength * torch.tensor([1.0, 0.0]), state)
    torch.testing.assert_close(state[0, 0], torch.tensor([[4.0, -0.48]]))


@pytest.mark.parametrize("log_decay", [0.0, -50.0, -1e30, float("-inf")])
@pytest.mark.parametrize("strength", [0.0, 1.0, 2.0])
def test_extreme_gates_stay_finite_and_right(log_decay: float, strength: float) -> None:
    q, k, v, g, b = entries(13)
    g = torch.where(torch.arange(13).view(1, -1, 1) % 3 == 0, log_decay, g)
    inputs = [x.requires_grad_() for x in (q, k, v, g, torch.full_like(b, strength))]
    answers, state = ops.delta_product(*inputs, chunk=8)
    torch.testing.assert_close((answers, state), reference.delta_product(*inputs), rtol=1e-10, atol=1e-11)
    for gradient in torch.autograd.grad(answers.sum() + state.sum(), inputs):
        assert torch.isfinite(gradient).all()


def test_gradients_by_finite_differences() -> None:
    inputs = [x.requires_grad_() for x in (*entries(3, lead=(1,), heads=1, keys=2, values=2), start((1,), 1, 2, 2))]
    assert torch.autograd.gradcheck(partial(ops.delta_product, chunk=4), inputs)


def test_vmap_and_grad_go_through_and_leading_axes_are_batch_axes() -> None:
    inputs = entries(7, lead=(3, 2))

    def loss(*x: Tensor) -> Tensor:
        answers, state = ops.delta_product(*x, chunk=4)
        return answers.square().sum() + state.sum()

    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3, 4)))(*inputs)
    for member in range(3):
        gradients, value = torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3, 4))(*(x[member] for x in inputs))
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)
    answers, _ = ops.delta_product(*inputs, chunk=4)
    flat, _ = ops.delta_product(*(x.flatten(0, 1) for x in inputs), chunk=4)
    torch.testing.assert_close(answers.flatten(0, 1), flat)


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 2⁻⁸ of the size; the state stays in float32."""
    inputs = [x.bfloat16() for x in entries(17)]
    answers, state = ops.delta_product(*inputs, chunk=8)
    expected, last = reference.delta_product(*(x.double() for x in inputs))
    assert answers.dtype == torch.bfloat16
    assert state.dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (state.double() - last).abs().max() < 1e-5


def test_a_long_stream_keeps_the_size_of_its_state() -> None:
    cell = get("sequence.delta_product")(heads=1, key_width=3, value_width=3).build(width=4)
    x, state = torch.randn(1, 2000, 4, generator=torch.Generator().manual_seed(0)), None
    with torch.no_grad():
        for piece in x.split(500, 1):
            y, state = cell(piece, state)
    assert state is not None
    assert state["matrix"].shape == (1, 1, 3, 3)
    assert torch.isfinite(y).all()


def test_matrix_products_by_hand() -> None:
    """Width 2, 1 head, keys of 2, values of 3, 2 steps, no gates; 5 positions.

    Maps: query 2×2, keys 2×4, values 2×6, strengths 2×2, output 3×2: 34. The matrix has 6 numbers and is used twice a step and once for
    the answer: 5 × 6. In all 2 × 5 × (34 + 30).
    """
    node = get("sequence.delta_product")(heads=1, key_width=2, value_width=3, output_norm=False, output_gate=False)
    cost = node.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=2, time=5),)}))
    assert cost.flops == 640
    assert cost.parameters == 34
    assert cost.state_bytes == 24
