"""The diagonal state space model: convolution, steps and the equations agree; the starts are those of the paper."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.s4d import ops, reference
from memstudio.components.sequence.s4d.starts import normal_part, rates
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec

ID = "sequence.s4d"
STARTS = ("lin", "inv", "legs", "real", "random")
RULES = ("zoh", "bilinear")


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def system(width: int = 3, modes: int = 4, rule: str = "zoh", start: str = "lin") -> list[ops.Pair]:
    """Ā, B̄ and C of a small model, float64 pairs."""
    real, imag = (torch.tensor(part, dtype=torch.float64).expand(width, modes) for part in rates(start, modes))
    step = torch.logspace(-3, -1, width, dtype=torch.float64)
    decay, entry = ops.discretised((-real, imag), step, rule)
    return [decay, entry, (draw(width, modes, seed=5), draw(width, modes, seed=6))]


def built(seed: int = 0, width: int = 6, **values: Any) -> Any:
    torch.manual_seed(seed)
    return get(ID)(**{"modes": 2, **values}).build(width=width).double()


def forms() -> list[Any]:
    return [ops.by_steps, ops.by_convolution]


@pytest.mark.parametrize("time", [1, 2, 3, 17, 32, 33, 50, 129])
@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_convolution_equals_steps_forward_and_backward(time: int, carried: bool, rule: str) -> None:
    inputs = [draw(2, time, 3, seed=1), *(part for pair in system(rule=rule) for part in pair), *([draw(2, 3, 4, 2, seed=2)] * carried)]
    inputs = [part.clone().requires_grad_() for part in inputs]
    u, ar, ai, br, bi, cr, ci, *state = inputs
    seen = []
    for run in forms():
        y, last = run(u, (ar, ai), (br, bi), (cr, ci), *state)
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum() + last.square().sum()
        seen.append((y, last, *torch.autograd.grad(target, inputs)))
    for one, other in zip(*seen, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_convolution_equals_steps_over_2000_positions_cut_anywhere() -> None:
    u, parts = draw(1, 2000, 3), system()
    expected, last = ops.by_steps(u, *parts)
    for cuts in ((), (999,), (1, 2, 40, 1500)):
        answers, state = [], None
        for low, high in itertools.pairwise([0, *cuts, 2000]):
            y, state = ops.diagonal(u[:, low:high], *parts, state)
            assert state.shape == (1, 3, 4, 2)
            answers.append(y)
        torch.testing.assert_close(torch.cat(answers, 1), expected, rtol=1e-9, atol=1e-10)
        torch.testing.assert_close(state, last, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("start", STARTS)
def test_the_kernel_is_the_direct_sum(rule: str, start: str) -> None:
    """An impulse gives the kernel; the reference sums C Āˡ B̄ term by term in complex numbers."""
    parts = system(rule=rule, start=start)
    impulse = torch.zeros(1, 40, 3, dtype=torch.float64).index_fill(1, torch.tensor([0]), 1.0)
    step = torch.logspace(-3, -1, 3, dtype=torch.float64)[:, None]
    expected = reference.kernel(reference.rates(start, 4).expand(3, 4), step, torch.complex(*parts[2]), rule, 40)
    torch.testing.assert_close(ops.diagonal(impulse, *parts)[0][0].mT, expected, rtol=1e-9, atol=1e-11)


def test_starts_by_hand() -> None:
    """N = 2: Lin 0, Inv 2/π, LegS √3/2; N = 4: Lin 0 and π, Inv 12/π and 4/(3π). All fade at 1/2; Real at 1, 2."""
    assert rates("lin", 2) == ((0.5, 0.5), (0.0, math.pi))
    assert rates("inv", 1) == ((0.5,), (2 / math.pi,))
    assert rates("inv", 2)[1] == pytest.approx((12 / math.pi, 4 / (3 * math.pi)))
    assert rates("legs", 1)[1] == pytest.approx((3**0.5 / 2,))
    assert rates("real", 2) == ((1.0, 2.0), (0.0, 0.0))


def test_legs_are_the_eigenvalues_of_the_normal_part_of_hippo() -> None:
    found = reference.rates("legs", 5)
    torch.testing.assert_close(found.real, torch.full_like(found.real, -0.5), rtol=0, atol=1e-12)
    torch.testing.assert_close(found.imag, torch.tensor(normal_part(10), dtype=torch.float64), rtol=1e-10, atol=1e-10)


def test_inv_approximates_legs() -> None:
    """The paper: Inv is how the imaginary parts of LegS grow for large N; the largest agree to a few per cent."""
    legs, inv = normal_part(64)[-3:], sorted(rates("inv", 32)[1])[-3:]
    assert inv == pytest.approx(legs, rel=0.1)


def test_the_modes_of_lin_remember_a_fourier_series() -> None:
    """Continuous: sₙ(t) = ∫ u(t − τ) exp(−τ/2 + iπnτ) dτ. With Δ = 0.001 the steps come within 10⁻³ of the integral."""
    step, time = 0.001, 6000
    lags = torch.arange(time, dtype=torch.float64) * step + step / 2
    u = (1.3 * lags).sin() + 0.2 * lags
    real, imag = (torch.tensor(part, dtype=torch.float64)[None] for part in rates("lin", 4))
    decay, entry = ops.discretised((-real, imag), torch.full((1,), step, dtype=torch.float64), "zoh")
    _, last = ops.diagonal(u.flip(0).view(1, -1, 1), decay, entry, decay)
    for n in range(4):
        for part, wave in enumerate((torch.cos, torch.sin)):
            expected = (u * (-lags / 2).exp() * wave(math.pi * n * lags)).sum() * step
            assert float(last[0, 0, n, part]) == pytest.approx(float(expected), abs=1e-3)


def test_zero_order_hold_by_hand() -> None:
    """A = −1, Δ = ln 2: Ā = 1/2, B̄ = 1/2; bilinear with Δ = 1: Ā = (1 − ½)/(1 + ½) = 1/3, B̄ = 1/1.5."""
    rate = (-torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64))
    decay, entry = ops.discretised(rate, torch.tensor([math.log(2)], dtype=torch.float64), "zoh")
    assert [float(x) for x in (*decay, *entry)] == pytest.approx([0.5, 0.0, 0.5, 0.0])
    decay, entry = ops.discretised(rate, torch.ones(1, dtype=torch.float64), "bilinear")
    assert [float(x) for x in (*decay, *entry)] == pytest.approx([1 / 3, 0.0, 2 / 3, 0.0])
    one = (torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64))
    decay, entry = ops.discretised(rate, torch.tensor([math.log(2)], dtype=torch.float64), "zoh")
    y, _ = ops.diagonal(torch.tensor([4.0, 0.0, 8.0], dtype=torch.float64).view(1, 3, 1), decay, entry, one)
    assert y.flatten().tolist() == pytest.approx([4.0, 2.0, 9.0])  # 2 Re: twice 2, 1, 0.5 + 4


@pytest.mark.parametrize("rule", RULES)
def test_bilinear_and_zero_order_hold_meet_as_steps_shrink(rule: str) -> None:
    rate = (torch.tensor([[-0.5]], dtype=torch.float64), torch.tensor([[3.0]], dtype=torch.float64))
    small = torch.tensor([1e-9], dtype=torch.float64)
    decay, entry = ops.discretised(rate, small, rule)
    torch.testing.assert_close(entry[0] / small, torch.ones_like(entry[0]), rtol=1e-8, atol=0)
    torch.testing.assert_close(decay[1] / small, rate[1], rtol=1e-8, atol=0)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("log_step", [-40.0, -10.0, math.log(4.0), 5.0, 30.0])
@pytest.mark.parametrize("time", [9, 70])
def test_extreme_steps_stay_finite(rule: str, log_step: float, time: int) -> None:
    """Δ = 4 makes the bilinear Ā of A = −1/2 exactly 0."""
    cell = built(discretisation=rule).float()
    with torch.no_grad():
        cell.log_step.fill_(log_step)
    y, _ = cell(draw(2, time, 6).float())
    y.square().sum().backward()
    assert torch.isfinite(y).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in cell.parameters())


def test_gradients_by_finite_differences() -> None:
    u = draw(1, 5, 2).requires_grad_()
    rate = [(-draw(2, 2, seed=3).abs() - 0.1).requires_grad_(), draw(2, 2, seed=4).requires_grad_()]
    step, c = torch.tensor([0.1, 0.7], dtype=torch.float64).requires_grad_(), draw(2, 2, seed=5).requires_grad_()
    for rule in RULES:

        def model(u: Tensor, real: Tensor, imag: Tensor, step: Tensor, c: Tensor, rule: str = rule) -> Any:
            return ops.diagonal(u, *ops.discretised((real, imag), step, rule), (c, c))

        assert torch.autograd.gradcheck(model, (u, *rate, step, c))


@pytest.mark.parametrize("time", [11, 40])
def test_leading_axes_are_only_batch_axes_and_vmap_and_grad_go_through(time: int) -> None:
    u, state, parts = draw(3, 2, time, 3), draw(3, 2, 3, 4, 2, seed=1), system()
    y, last = ops.diagonal(u, *parts, state)
    flat, flat_last = ops.diagonal(u.flatten(0, 1), *parts, state.flatten(0, 1))
    torch.testing.assert_close((y.flatten(0, 1), last.flatten(0, 1)), (flat, flat_last))
    readout = draw(3, 2, 3, 4, seed=2)

    def loss(u: Tensor, readout: Tensor) -> Tensor:
        y, last = ops.diagonal(u, parts[0], parts[1], (readout[0], readout[1]))
        return y.square().sum() + last.sum()

    together = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1)))(u, readout)
    for member in range(3):
        for one, all_of_them in zip(torch.func.grad(loss, (0, 1))(u[member], readout[member]), together, strict=True):
            torch.testing.assert_close(all_of_them[member], one)


def test_bfloat16_is_computed_in_float32() -> None:
    u, parts = draw(2, 70, 3).bfloat16(), system()
    y, last = ops.diagonal(u, *parts)
    expected, exact_last = ops.by_steps(u.double(), *parts)
    assert (y.dtype, last.dtype) == (torch.bfloat16, torch.float32)
    assert (y.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (last.double() - exact_last).abs().max() < 1e-4 * exact_last.abs().max()


def test_the_convolution_by_fourier_transforms_is_causal_up_to_rounding() -> None:
    u = draw(1, 200, 3).requires_grad_()
    y, _ = ops.diagonal(u, *system())
    gradient = torch.autograd.grad(y[:, 90].sum(), u)[0]
    assert gradient[:, 91:].abs().max() < 1e-12 * gradient.abs().max()
    assert gradient[:, :91].abs().min() > 0


def test_steps_start_log_uniform_and_readouts_with_variance_one() -> None:
    torch.manual_seed(0)
    cell = get(ID)(modes=8, shortest_step=0.002, longest_step=0.05).build(width=512)
    step = cell.log_step.detach().exp()
    assert 0.002 * 0.999 <= float(step.min()) < 0.0022
    assert 0.047 < float(step.max()) <= 0.05 * 1.001
    assert float(cell.log_step.detach().mean()) == pytest.approx(math.log(0.01), abs=0.1)
    assert float(cell.readout.detach().square().sum(-1).mean()) == pytest.approx(1.0, abs=0.05)


def test_learned_differences_move_the_rates_from_their_start() -> None:
    cell = built()
    with torch.no_grad():
        cell.real.fill_(math.log(3.0))
        cell.imag.fill_(0.25)
    real, imag = cell.rate()
    assert real[0].tolist() == pytest.approx([-1.5, -1.5])
    assert imag[0].tolist() == pytest.approx([0.25, math.pi + 0.25])


def test_cost_by_hand() -> None:
    """Width 6, 2 modes, 10 positions: 24 numbers enter and 24 are read; GLU 6 × 12. Rates and readouts are 2 × 24 numbers."""
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    entry = get(ID)
    cost = Configured(entry, entry.resolve({"modes": 2}, True), True).cost(inputs)
    assert cost.flops == 2 * 10 * (24 + 24 + 72)
    assert cost.state_bytes == 4 * 24
    assert cost.parameters == 6 + 6 + 24 + 24 + 12 * 7


def test_figures_mean_what_they_say() -> None:
    cell = built()
    with torch.no_grad():
        cell.log_step.fill_(math.log(0.1))
    modes = torch.zeros(1, 6, 2, 2).index_fill(3, torch.tensor([1]), 2.0)
    state = {"modes": modes, "position": torch.tensor(3)}
    assert cell.figures(state) == pytest.approx({"state_norm": 48**0.5, "longest_span": 20.0})
    assert cell.pictures(state)["strength of each oscillation (feature × mode)"].tolist() == [[2.0, 2.0]] * 6
