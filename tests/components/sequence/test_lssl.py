"""The linear state space layer: convolution, steps and the equations agree, and the state is the past in Legendre polynomials."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.lssl import ops, reference
from memstudio.components.sequence.lssl.hippo import assembled, beginnings, entry_of, polynomials
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec

ID = "sequence.lssl"
TINY = {"state_width": 3, "outputs": 2}


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def legs(size: int) -> Tensor:
    p, q, d, lower, main, upper = (torch.tensor(part, dtype=torch.float64) for part in beginnings(size))
    return assembled((p, q, d, lower, main, upper))


def system(width: int = 3, size: int = 4, outputs: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """Ā, B̄ and C of a small model."""
    matrix = legs(size)
    decay, entry = ops.bilinear(matrix, entry_of(size, matrix), torch.logspace(-3, -1, width, dtype=torch.float64))
    return decay, entry, draw(width, outputs, size, seed=5)


def built(seed: int = 0, width: int = 6, **values: Any) -> Any:
    torch.manual_seed(seed)
    return get(ID)(**{**TINY, **values}).build(width=width).double()


@pytest.mark.parametrize("time", [1, 2, 3, 17, 32, 33, 129])
@pytest.mark.parametrize("carried", [False, True])
def test_convolution_equals_steps_forward_and_backward(time: int, carried: bool) -> None:
    inputs = [draw(2, time, 3, seed=1), *system(), *([draw(2, 3, 4, seed=2)] * carried)]
    inputs = [part.clone().requires_grad_() for part in inputs]
    seen = []
    for run in (ops.by_steps, ops.by_convolution):
        y, last = run(*inputs)
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum() + last.square().sum()
        seen.append((y, last, *torch.autograd.grad(target, inputs, materialize_grads=True)))
    for one, other in zip(*seen, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_convolution_equals_steps_over_2000_positions_cut_anywhere() -> None:
    u, parts = draw(1, 2000, 3), system()
    expected, last = ops.by_steps(u, *parts)
    for cuts in ((), (999,), (1, 2, 40, 1500)):
        answers, state = [], None
        for low, high in itertools.pairwise([0, *cuts, 2000]):
            y, state = ops.dense(u[:, low:high], *parts, state)
            assert state.shape == (1, 3, 4)
            answers.append(y)
        torch.testing.assert_close(torch.cat(answers, 1), expected, rtol=1e-9, atol=1e-10)
        torch.testing.assert_close(state, last, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 13])
def test_doubling_makes_every_power(count: int) -> None:
    matrix, vector = draw(2, 3, 3) / 2, draw(2, 3, seed=1)
    found, whole = ops.krylov(matrix, vector, count)
    for i in range(count):
        torch.testing.assert_close(found[..., i], (torch.linalg.matrix_power(matrix, i) @ vector[..., None])[..., 0])
    torch.testing.assert_close(whole, torch.linalg.matrix_power(matrix, count))


def test_hippo_by_hand() -> None:
    """N = 2: A = [[−1, 0], [−√3, −2]], B = (1, √3); N = 4 has −√5·1 and −√(7·5) below −1, −2, −3, −4."""
    root = 3**0.5
    torch.testing.assert_close(legs(2), torch.tensor([[-1, 0], [-root, -2]], dtype=torch.float64))
    torch.testing.assert_close(entry_of(2, legs(2)), torch.tensor([1, root], dtype=torch.float64))
    four = legs(4)
    assert four.diagonal().tolist() == pytest.approx([-1, -2, -3, -4])
    assert [float(four[2, 0]), float(four[3, 2]), float(four[0, 3])] == pytest.approx([-(5**0.5), -(35**0.5), 0.0])
    for size in (2, 5, 16):
        torch.testing.assert_close(legs(size), reference.legs(size)[0], rtol=1e-12, atol=1e-12)


def test_bilinear_by_hand() -> None:
    """N = 2, Δ = 2: (I − A)⁻¹ = [[1/2, 0], [−√3/6, 1/3]], so Ā = [[0, 0], [−√3/3, −1/3]] and B̄ = (1, √3/3)."""
    root = 3**0.5
    decay, entry = ops.bilinear(legs(2), entry_of(2, legs(2)), torch.tensor([2.0], dtype=torch.float64))
    torch.testing.assert_close(decay[0], torch.tensor([[0, 0], [-root / 3, -1 / 3]], dtype=torch.float64))
    torch.testing.assert_close(entry[0], torch.tensor([1, root / 3], dtype=torch.float64))
    y, last = ops.dense(torch.tensor([1.0, 0.0, 3.0], dtype=torch.float64).view(1, 3, 1), decay, entry, torch.eye(2).double()[None])
    assert y[0, :, 0, 0].tolist() == pytest.approx([1.0, 0.0, 3.0])
    # by hand: √3/3, then −√3/3 − √3/9, then (√3/3 + √3/9)/3 + 3 √3/3
    assert y[0, :, 0, 1].tolist() == pytest.approx([root / 3, -4 * root / 9, 4 * root / 27 + root])
    torch.testing.assert_close(last, y[:, -1])


def smooth(lags: Tensor) -> Tensor:
    return (1.5 * lags).sin() * (-0.2 * lags).exp() + 0.3 * lags.cos()


@pytest.mark.parametrize("size", [4, 12])
def test_the_state_is_the_past_in_legendre_polynomials(size: int) -> None:
    """xₙ = ∫ u(t − τ) √(2n+1) Pₙ(2e^(−τ) − 1) e^(−τ) dτ (HiPPO): after 20 units of time in steps of 0.002, to 10⁻³; and with 12
    coefficients they give the last 3 units back, to 3 % of their size."""
    step, time = 0.002, 10_000
    lags = torch.arange(time, dtype=torch.float64) * step + step / 2
    u = smooth(lags)
    decay, entry = ops.bilinear(legs(size), entry_of(size, legs(size)), torch.full((1,), step, dtype=torch.float64))
    _, last = ops.dense(u.flip(0).view(1, -1, 1), decay, entry, torch.ones(1, 1, size, dtype=torch.float64))
    expected = (u * polynomials(size, lags) * (-lags).exp()).sum(-1) * step
    torch.testing.assert_close(last[0, 0], expected, rtol=0, atol=1e-3)
    recent = torch.linspace(0, 3, 50, dtype=torch.float64)
    error = (last[0, 0] @ polynomials(size, recent) - smooth(recent)).abs().max() / smooth(recent).abs().max()
    assert float(error) < (0.03 if size == 12 else 0.4)


def test_polynomials_are_orthonormal_where_the_recent_past_counts_most() -> None:
    """∫₀^∞ pₙ pₖ e^(−τ) dτ = 1 for n = k, else 0."""
    lags = (torch.arange(200_000, dtype=torch.float64) + 0.5) * 2e-4
    found = polynomials(5, lags)
    torch.testing.assert_close((found * (-lags).exp()) @ found.mT * 2e-4, torch.eye(5, dtype=torch.float64), rtol=0, atol=1e-6)


def test_half_the_sampling_rate_with_twice_the_step_gives_the_same_memory() -> None:
    u, size = smooth(torch.arange(4000, dtype=torch.float64) * 0.005), 6
    states = []
    for stride in (1, 2):
        step = torch.full((1,), 0.005 * stride, dtype=torch.float64)
        decay, entry = ops.bilinear(legs(size), entry_of(size, legs(size)), step)
        states.append(ops.dense(u[::stride].view(1, -1, 1), decay, entry, torch.ones(1, 1, size, dtype=torch.float64))[1])
    assert float((states[0] - states[1]).norm() / states[0].norm()) < 0.02


@pytest.mark.parametrize("log_step", [-30.0, -8.0, 0.0, 6.0, 20.0])
@pytest.mark.parametrize("time", [9, 70])
def test_extreme_steps_stay_finite(log_step: float, time: int) -> None:
    cell = built(state_width=16).float()
    with torch.no_grad():
        cell.log_step.fill_(log_step)
    y, _ = cell(draw(2, time, 6).float())
    y.square().sum().backward()
    assert torch.isfinite(y).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in cell.parameters())


def test_float32_stays_near_float64_with_many_coefficients_over_2000_positions() -> None:
    decay, entry, readout = system(size=64)
    u = draw(1, 2000, 3)
    expected, last = ops.by_steps(u, decay, entry, readout)
    y, state = ops.dense(u.float(), decay.float(), entry.float(), readout.float())
    assert (y.double() - expected).abs().max() < 1e-3 * expected.abs().max()
    assert (state.double() - last).abs().max() < 1e-3 * last.abs().max()


def test_gradients_by_finite_differences() -> None:
    parts = [torch.tensor(part, dtype=torch.float64).requires_grad_() for part in beginnings(3)]
    step, u, c = torch.tensor([0.1, 0.8], dtype=torch.float64).requires_grad_(), draw(1, 5, 2).requires_grad_(), draw(2, 2, 3, seed=5)

    def model(u: Tensor, step: Tensor, c: Tensor, *parts: Tensor) -> Any:
        p, q, d, lower, main, upper = parts
        matrix = assembled((p, q, d, lower, main, upper))
        return ops.dense(u, *ops.bilinear(matrix, entry_of(3, matrix), step), c)

    assert torch.autograd.gradcheck(model, (u, step, c.requires_grad_(), *parts))


@pytest.mark.parametrize("time", [11, 40])
def test_leading_axes_are_only_batch_axes_and_vmap_and_grad_go_through(time: int) -> None:
    (decay, entry, readout), u, state = system(), draw(3, 2, time, 3), draw(3, 2, 3, 4, seed=1)
    y, last = ops.dense(u, decay, entry, readout, state)
    flat, flat_last = ops.dense(u.flatten(0, 1), decay, entry, readout, state.flatten(0, 1))
    torch.testing.assert_close((y.flatten(0, 1), last.flatten(0, 1)), (flat, flat_last))
    members = draw(3, 3, 2, 4, seed=2)

    def loss(u: Tensor, readout: Tensor, decay: Tensor) -> Tensor:
        y, last = ops.dense(u, decay, entry, readout, u.new_ones(2, 3, 4))
        return y.square().sum() + last.sum()

    given = (u, members, decay.expand(3, *decay.shape))
    together = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1, 2)))(*given)
    for member in range(3):
        for one, all_of_them in zip(torch.func.grad(loss, (0, 1, 2))(*(x[member] for x in given)), together, strict=True):
            torch.testing.assert_close(all_of_them[member], one)


def test_bfloat16_is_computed_in_float32() -> None:
    u, parts = draw(2, 70, 3).bfloat16(), system()
    y, last = ops.dense(u, *parts)
    expected, exact_last = ops.by_steps(u.double(), *parts)
    assert (y.dtype, last.dtype) == (torch.bfloat16, torch.float32)
    assert (y.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (last.double() - exact_last).abs().max() < 1e-4 * exact_last.abs().max()


def test_with_both_rates_0_only_the_readout_is_learned() -> None:
    cell = get("sequence.lssl_fixed")(**TINY).build(width=6).double()
    assert {name.split(".")[0] for name, _ in cell.named_parameters()} == {"readout", "skip", "mixing"}
    torch.testing.assert_close(cell.matrix(), reference.legs(3)[0])
    assert cell.step().log().diff().tolist() == pytest.approx([math.log(100) / 5] * 5)


def test_a_rate_scales_how_far_a_step_of_learning_moves_a() -> None:
    x, moved = draw(2, 9, 6), []
    for rate in (0.1, 0.2):
        cell = built(matrix_rate=rate)
        torch.testing.assert_close(cell.matrix(), reference.legs(3)[0])
        cell(x)[0].square().sum().backward()
        torch.optim.Adam(cell.parameters(), 1e-4).step()
        moved.append((cell.matrix() - reference.legs(3)[0]).detach())
    assert moved[0].abs().max() > 0
    torch.testing.assert_close(moved[1], 2 * moved[0], rtol=1e-3, atol=1e-9)


def test_cost_by_hand() -> None:
    """Width 6, N = 3, 2 readouts, 10 positions: a feature takes 9 for Ā x, 3 for B̄ u, 6 for C x; then the map 12 × 6."""
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    entry = get(ID)
    cost = Configured(entry, entry.resolve(TINY, True), True).cost(inputs)
    assert cost.flops == 2 * 10 * (6 * (9 + 3 + 6) + 72)
    assert cost.state_bytes == 4 * 18
    assert cost.parameters == 16 + 6 + 36 + 12 + 6 * 13


def test_pictures_show_the_past() -> None:
    """A constant past has only the coefficient 0: every lag shows it."""
    coefficients = torch.zeros(1, 6, 3).index_fill(2, torch.tensor([0]), 2.0)
    cell, state = built(), {"coefficients": coefficients, "position": torch.tensor(3)}
    past = cell.pictures(state)["past they describe (feature × lag, now to 3 / Δ)"]
    assert torch.equal(past, torch.full((6, 64), 2.0))
    assert cell.figures(state)["state_norm"] == pytest.approx(24**0.5)
    assert cell.figures(state)["longest_unit"] == pytest.approx(1000.0)
