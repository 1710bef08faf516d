"""The corrected associative memory: chunks and the equations agree; a rewritten key keeps its answer; what it is with options off."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.corrected_memory import ops, reference
from memstudio.components.sequence.gated_deltanet.ops import gated_delta_rule
from memstudio.experiment.kinds import Inputs, Kind, Spec

OPTIONS = list(itertools.product([True, False], [True, False]))


def entries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4, seed: int = 0) -> list[Tensor]:
    """Random query, key (features of vectors of `keys` numbers), value and strength in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    q, k = (ops.features(draw(*lead, time, heads, keys), 3) for _ in range(2))
    return [q, k, draw(*lead, time, heads, values), draw(*lead, time, heads).sigmoid()]


def written_out(
    query: Tensor, key: Tensor, value: Tensor, strength: Tensor, *, delta: bool = True, correction: bool = True
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The equations, one position after another, for any leading axes."""
    z = torch.zeros_like(key[..., 0, :, :])
    a = torch.zeros(*z.shape, value.shape[-1], dtype=z.dtype)
    answers = []
    for t in range(key.shape[-3]):
        q, k, v, b = (part[..., t, :, :] for part in (query, key, value, strength[..., None]))
        covered = (z * k).sum(-1, keepdim=True)
        old = (k[..., None] * a).sum(-2) / (covered + 1e-5) if delta else 0.0
        gamma = (1 - covered / k.square().sum(-1, keepdim=True)).clamp(0, 1).detach() if correction else 1.0
        a = a + k[..., None] * (b * (v - old))[..., None, :]
        z = z + gamma * k
        answers.append((q[..., None] * a).sum(-2) / ((z * q).sum(-1, keepdim=True) + 1e-5))
    return torch.stack(answers, -3), (a.mT, z)


@pytest.mark.parametrize(("delta", "correction"), OPTIONS)
@pytest.mark.parametrize("time", [1, 2, 7, 8, 17])
def test_chunks_equal_the_equations_forward_and_backward(time: int, delta: bool, correction: bool) -> None:
    inputs = [x.requires_grad_() for x in entries(time)]
    seen = []
    for rule in (partial(ops.corrected_memory, chunk=8), written_out):
        answers, (matrix, z) = rule(*inputs, delta=delta, correction=correction)
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum()
        target = target + matrix.square().sum() + z.sum()
        seen.append((answers, matrix, z, *torch.autograd.grad(target, inputs)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("delta", "correction"), OPTIONS)
def test_every_chunk_size_and_any_pieces_give_the_same(delta: bool, correction: bool) -> None:
    inputs = entries(19)
    rule = partial(ops.corrected_memory, delta=delta, correction=correction)
    whole, last = rule(*inputs, chunk=1)
    for chunk in (2, 3, 8, 19, 64):
        torch.testing.assert_close(rule(*inputs, chunk=chunk), (whole, last), rtol=1e-10, atol=1e-11)
    answers, state = [], None
    for low, high in itertools.pairwise((0, 1, 2, 9, 10, 19)):
        piece, state = rule(*(x[:, low:high] for x in inputs), state, chunk=4)
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(state, last, rtol=1e-10, atol=1e-11)


def test_features_by_hand() -> None:
    """x = (2, −1): r = (2, 0, 0, 1); ν = 1 multiplies each with its left neighbour in a circle: (2·1, 0, 0, 0); ν = 3 two and three on."""
    x = torch.tensor([2.0, -1.0], dtype=torch.float64)
    torch.testing.assert_close(ops.features(x, 1), torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64))
    expected = torch.tensor([2.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2.0], dtype=torch.float64)
    torch.testing.assert_close(ops.features(x, 3), expected / 8**0.5)
    torch.testing.assert_close(ops.features(x, 3), reference.features(x, 3))


def test_a_case_by_hand() -> None:
    """Keys e₁, (0.6, 0.8), e₁; values 1, 3, 5; β = 1, 1/2, 1. ε is 10⁻⁵ and left out.

    1: A = (1, 0), z = (1, 0). 2: z·k = 0.6, v̄ = 0.6 / 0.6 = 1, so A += 0.5 (3 − 1) k = (1.6, 0.8); γ = 0.4, z = (1.24, 0.32).
    3: z·k = 1.24, v̄ = 1.6 / 1.24, A = (1.6 + 5 − 1.290323, 0.8); γ = clip(−0.24) = 0: z stays. Query e₁ finds 5.309677 / 1.24.
    """
    key = torch.tensor([[1.0, 0.0], [0.6, 0.8], [1.0, 0.0]], dtype=torch.float64).view(1, 3, 1, 2)
    value = torch.tensor([1.0, 3.0, 5.0], dtype=torch.float64).view(1, 3, 1, 1)
    strength = torch.tensor([1.0, 0.5, 1.0], dtype=torch.float64).view(1, 3, 1)
    query = torch.tensor([1.0, 0.0], dtype=torch.float64).expand(1, 3, 1, 2)
    answers, (matrix, z) = ops.corrected_memory(query, key, value, strength)
    torch.testing.assert_close(z[0, 0], torch.tensor([1.24, 0.32], dtype=torch.float64), rtol=0, atol=1e-4)
    torch.testing.assert_close(matrix[0, 0, 0], torch.tensor([5.309677, 0.8], dtype=torch.float64), rtol=0, atol=1e-4)
    torch.testing.assert_close(answers.flatten(), torch.tensor([1.0, 1.6 / 1.24, 5.309677 / 1.24], dtype=torch.float64), rtol=0, atol=1e-4)


def test_a_key_written_again_gives_back_its_last_value_only_with_delta_and_correction() -> None:
    """Without the correction z counts it twice and the answer halves; without delta the values add up."""
    _, k, v, b = entries(2, keys=8)
    k, one = k[:, :1].expand_as(k), torch.ones_like(b)
    found = {options: ops.corrected_memory(k, k, v, one, delta=options[0], correction=options[1])[0][:, 1] for options in OPTIONS}
    for options, factor in (((True, True), v[:, 1]), ((True, False), v[:, 1] / 2)):
        torch.testing.assert_close(found[options], factor, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found[False, False], v.mean(1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found[False, True], v.sum(1), rtol=1e-4, atol=1e-4)


def test_with_both_off_it_is_normalised_linear_attention() -> None:
    q, k, v, b = entries(9)
    weights = torch.einsum("bthk,bshk->bhts", q, k).tril()
    expected = torch.einsum("bhts,bsh,bshv->bthv", weights, b, v) / (weights.sum(-1).mT[..., None] + 1e-5)
    torch.testing.assert_close(ops.corrected_memory(q, k, v, b, delta=False, correction=False, chunk=4)[0], expected)


def test_where_the_normaliser_covers_each_key_once_its_matrix_is_that_of_the_delta_rule() -> None:
    """Orthogonal keys, each written several times: z·k is 1 from the second time on, so what was held is Aᵀk, as in the delta rule."""
    _, _, v, b = entries(9, keys=3)
    k = torch.eye(3, dtype=torch.float64)[torch.tensor([0, 1, 2, 2, 0, 1, 0, 0, 2])].view(1, 9, 1, 3).expand(2, 9, 2, 3)
    _, (matrix, z) = ops.corrected_memory(k, k, v, b, chunk=4)
    _, expected = gated_delta_rule(k, k, v, torch.zeros_like(b), b, chunk=4)
    torch.testing.assert_close(matrix, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(z, torch.ones_like(z), rtol=1e-4, atol=1e-4)


def test_no_gradient_goes_through_the_share() -> None:
    """The same gradients as with the shares given as constants."""
    q, k, v, b = (x.requires_grad_() for x in entries(6))
    z, shares = torch.zeros(2, 2, k.shape[-1], dtype=torch.float64), []
    for t in range(6):
        shares.append((1 - (z * k[:, t]).sum(-1) / k[:, t].square().sum(-1)).clamp(0, 1).detach())
        z = (z + shares[-1][..., None] * k[:, t]).detach()
    constant = torch.stack(shares, 1)
    fixed = torch.einsum("bth,bthk->bthk", constant, k).cumsum(1)
    found = torch.autograd.grad(ops.corrected_memory(q, k, v, b, chunk=4)[1][1].square().sum(), k)[0]
    expected = torch.autograd.grad(fixed[:, -1].square().sum(), k)[0]
    torch.testing.assert_close(found, expected)


def test_gradients_by_finite_differences_without_the_correction() -> None:
    """With it the share is held still, which a finite difference cannot see. Keys and queries without zeros: features have corners."""
    _, _, v, b = entries(5, lead=(1,), heads=1, values=2)
    q, k = torch.rand(2, 1, 5, 1, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) + 0.1
    inputs = [x.requires_grad_() for x in (q, k, v, b)]
    assert torch.autograd.gradcheck(lambda *x: ops.corrected_memory(*x, correction=False, chunk=4)[0], inputs)


@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("same", [False, True], ids=["new keys", "one key"])
def test_extreme_strengths_stay_finite_and_right(strength: float, same: bool) -> None:
    q, k, v, b = entries(13, keys=8)
    if same:
        k = k[:, :1].expand_as(k)
    inputs = [x.detach().clone().requires_grad_() for x in (q, k, v, torch.full_like(b, strength))]
    answers, state = ops.corrected_memory(*inputs, chunk=8)
    torch.testing.assert_close((answers, state), written_out(*inputs), rtol=1e-8, atol=1e-9)
    for gradient in torch.autograd.grad(answers.sum(), inputs):
        assert torch.isfinite(gradient).all()


def test_what_is_left_out_leaves_no_trace() -> None:
    q, k, v, b = entries(9)
    write = torch.tensor([True, False, True, True, False, False, True, True, False])
    _, state = ops.corrected_memory(q, k, v, b, write=write.expand(2, 9), chunk=4)
    _, expected = ops.corrected_memory(*(x[:, write] for x in (q, k, v, b)), chunk=4)
    torch.testing.assert_close(state, expected)


def test_vmap_and_grad_go_through_and_leading_axes_are_batch_axes() -> None:
    inputs = entries(7, lead=(3, 2))

    def loss(*x: Tensor) -> Tensor:
        answers, (matrix, _) = ops.corrected_memory(*x, chunk=4)
        return answers.square().sum() + matrix.sum()

    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3)))(*inputs)
    for member in range(3):
        gradients, value = torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3))(*(x[member] for x in inputs))
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)
    answers, _ = ops.corrected_memory(*inputs, chunk=4)
    flat, _ = ops.corrected_memory(*(x.flatten(0, 1) for x in inputs), chunk=4)
    torch.testing.assert_close(answers.flatten(0, 1), flat)


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 2⁻⁸ of the size; the state stays in float32. Keys are wide enough to be covered."""
    inputs = [x.bfloat16() for x in entries(17, keys=16)]
    answers, (matrix, z) = ops.corrected_memory(*inputs, chunk=8)
    expected, (last, _) = written_out(*(x.double() for x in inputs))
    assert answers.dtype == torch.bfloat16
    assert matrix.dtype == z.dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (matrix.double() - last).abs().max() < 1e-4 * last.abs().max()


def test_a_long_stream_keeps_the_size_of_its_state() -> None:
    cell = get("sequence.corrected_memory")(heads=1, key_width=4, value_width=3).build(width=4)
    x, state = torch.randn(1, 2000, 4, generator=torch.Generator().manual_seed(0)), None
    with torch.no_grad():
        for piece in x.split(500, 1):
            y, state = cell(piece, state)
    assert state is not None
    assert state["matrix"].shape == (1, 1, 3, 24)
    assert state["normaliser"].shape == (1, 1, 24)
    assert torch.isfinite(y).all()


def test_pictures_and_figures_mean_what_they_say() -> None:
    cell = get("sequence.corrected_memory")(heads=1, key_width=2, features=1, value_width=2).build(width=6)
    state = {"matrix": torch.eye(2, 4)[None, None], "normaliser": torch.tensor([[[3.0, 0, 0, 4]]]), "position": torch.tensor(3)}
    assert cell.figures(state) == pytest.approx({"state_norm": 2**0.5, "effective_rank": 2.0, "covered": 5.0})
    assert [tuple(picture.shape) for picture in cell.pictures(state).values()] == [(2, 4), (1, 4)]


def test_matrix_products_by_hand() -> None:
    """Width 2, 1 head, keys of 2 (12 features), values of 3, no gates; 5 positions.

    Maps: query 2×2, key 2×2, value 2×3, strength 2×1, output 3×2: 22. The matrix has 36 numbers: held, written, found: 108; the
    normaliser along key and query: 24. In all 2 × 5 × 154. Trained: 22 and the strength's shift. Kept: 36 + 12 numbers of 4 bytes.
    """
    node = get("sequence.corrected_memory")(heads=1, key_width=2, value_width=3)
    cost = node.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=2, time=5),)}))
    assert (cost.flops, cost.parameters, cost.state_bytes) == (1540, 23, 192)
