"""The GRU: the equations, torch's own layer, the kernel and the steps, its state, its special cases, its cost."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from memstudio.components import get
from memstudio.components.sequence.gru import ops
from memstudio.components.sequence.gru.layers import Gru
from memstudio.components.sequence.gru.reference import run
from memstudio.experiment.kinds import Inputs, Kind, Spec

WIDTH = 6
both = pytest.mark.parametrize("reset", ["before", "after"])


def at(width: int = WIDTH, time: int = 9) -> Inputs:
    return Inputs({"sequence": (Spec(Kind.SEQUENCE, width=width, time=time),)})


def cell(dtype: torch.dtype = torch.float64, **values: Any) -> Gru:
    torch.manual_seed(0)
    built = get("sequence.gru")(**{"hidden": 5, **values}).build(width=WIDTH)
    assert isinstance(built, Gru)
    return built.to(dtype)


def items(time: int = 9, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def operands(reset: str, dtype: torch.dtype = torch.float64, lead: tuple[int, ...] = (2,), time: int = 7, hidden: int = 5) -> list[Tensor]:
    """x, h, weight, recurrent, bias, and after: candidate_bias."""
    generator = torch.Generator().manual_seed(3)
    shapes = [(*lead, time, WIDTH), (*lead, hidden), (3 * hidden, WIDTH), (3 * hidden, hidden), (3 * hidden,)]
    shapes += [(hidden,)] if reset == "after" else []
    return [torch.randn(*shape, dtype=torch.float64, generator=generator).to(dtype) for shape in shapes]


def rule(*parts: Tensor) -> ops.Answers:
    return ops.gru(*parts[:5], parts[5] if len(parts) > 5 else None)


@pytest.mark.parametrize("values", [{}, {"reset": "after"}, {"hidden": 0, "projection": False}, {"keep_bias": -2.0, "reset": "after"}])
@pytest.mark.parametrize("time", [1, 2, 9])
def test_equals_the_equations_forward_and_backward(values: dict[str, Any], time: int) -> None:
    configured, built = get("sequence.gru")(**{"hidden": 5, **values}), cell(**values)
    weights, x = dict(built.named_parameters()), items(time).requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured.values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-12)


def theirs(built: Gru) -> nn.GRU:
    """torch's own layer with these weights: it has a bias of the gates twice, and wants theirs in the order reset, update, new."""
    layer = nn.GRU(WIDTH, built.hidden, batch_first=True).double()
    assert built.candidate_bias is not None
    with torch.no_grad():
        layer.weight_ih_l0.copy_(built.weight)
        layer.weight_hh_l0.copy_(built.recurrent)
        layer.bias_ih_l0.copy_(built.bias)
        layer.bias_hh_l0.copy_(torch.cat([torch.zeros(2 * built.hidden).double(), built.candidate_bias]))
    return layer


def test_reset_after_is_torchs_own_layer() -> None:
    built, x = cell(projection=False, hidden=0, reset="after", keep_bias=1.5), items()
    y, state = built(x)
    expected, h = theirs(built)(x)
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(state["h"], h[0])


def test_the_steps_of_reset_after_are_torchs_own_layer_too() -> None:
    built, x = cell(projection=False, hidden=0, reset="after"), items()
    assert built.candidate_bias is not None
    start = torch.randn(2, WIDTH, dtype=torch.float64)
    y, last = ops.reset_after(x, start, built.weight, built.recurrent, built.bias, built.candidate_bias)
    expected, h = theirs(built)(x, start[None])
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(last, h[0])


def test_before_and_after_are_two_networks() -> None:
    parts = operands("after")
    parts[5] = torch.zeros_like(parts[5])
    assert (rule(*parts)[0] - rule(*parts[:5])[0]).abs().max() > 0.1


def test_with_the_reset_gate_open_before_and_after_agree() -> None:
    """r = 1: where the gate stands makes no difference."""
    parts = operands("after")
    parts[5] = torch.zeros_like(parts[5])
    for part, to in ((parts[2], 0.0), (parts[3], 0.0), (parts[4], 200.0)):
        part[:5] = to
    torch.testing.assert_close(rule(*parts)[0], rule(*parts[:5])[0])


def test_with_gates_set_by_hand_it_is_a_plain_recurrent_network() -> None:
    """r = 1, z = 0: hₜ = tanh(W xₜ + U hₜ₋₁ + b)."""
    parts = operands("before")
    for part, to in ((parts[2], 0.0), (parts[3], 0.0)):
        part[:10] = to
    parts[4][:5], parts[4][5:10] = 800.0, -800.0
    x, h, weight, recurrent, bias = parts
    y, _ = rule(*parts)
    for t in range(7):
        h = (x[:, t] @ weight[10:].mT + h @ recurrent[10:].mT + bias[10:]).tanh()
        torch.testing.assert_close(y[:, t], h)


def test_one_step_by_hand() -> None:
    """One unit, one feature: x = 2, h = 0.5, every weight 1, every bias 0."""
    one = torch.ones(3, 1, dtype=torch.float64)
    x, h = torch.tensor([[[2.0]]]).double(), torch.tensor([[0.5]]).double()
    r = z = 1 / (1 + math.exp(-2.5))
    y, _ = ops.gru(x, h, one, one, torch.zeros(3).double(), None)
    assert y.item() == pytest.approx(z * 0.5 + (1 - z) * math.tanh(2 + r * 0.5), abs=1e-12)
    y, _ = ops.gru(x, h, one, one, torch.zeros(3).double(), torch.tensor([3.0]).double())
    assert y.item() == pytest.approx(z * 0.5 + (1 - z) * math.tanh(2 + r * 3.5), abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("lead", [(2,), (), (3, 2)])
@pytest.mark.parametrize("time", [1, 2, 7])
def test_kernel_and_steps_give_the_same_with_gradients(dtype: torch.dtype, lead: tuple[int, ...], time: int) -> None:
    seen = []
    for form in (ops.kernel, ops.reset_after):
        given = [part.requires_grad_() for part in operands("after", dtype, lead, time)]
        answers = form(*given)
        target = sum(((i + 1) * part.sin()).sum() for i, part in enumerate(answers))
        seen.append((*answers, *torch.autograd.grad(target, given)))
    for fast, slow in zip(*seen, strict=True):
        assert fast.shape == slow.shape
        torch.testing.assert_close(fast, slow)


def test_leading_axes_are_only_batch_axes() -> None:
    parts = operands("before", lead=(3, 2))
    y, last = rule(*parts)
    flat, flat_last = rule(parts[0].flatten(0, 1), parts[1].flatten(0, 1), *parts[2:])
    torch.testing.assert_close(y.flatten(0, 1), flat)
    torch.testing.assert_close(last.flatten(0, 1), flat_last)


@both
def test_gradients_by_finite_differences(reset: str) -> None:
    parts = [part.requires_grad_() for part in operands(reset, time=3, hidden=2)]
    assert torch.autograd.gradcheck(rule, parts)


@both
def test_vmap_and_grad_go_through(reset: str) -> None:
    together = [torch.stack([part + k for k in (0.0, 0.1, 0.2)]) for part in operands(reset)]

    def loss(*parts: Tensor) -> Tensor:
        y, last = rule(*parts)
        return y.square().sum() + last.sum()

    every = tuple(range(len(together)))
    gradients, losses = torch.func.vmap(torch.func.grad_and_value(loss, argnums=every))(*together)
    for k in range(3):
        alone = [part[k].detach().requires_grad_() for part in together]
        value = loss(*alone)
        torch.testing.assert_close(losses[k], value)
        for one, all_of_them in zip(torch.autograd.grad(value, alone), gradients, strict=True):
            torch.testing.assert_close(all_of_them[k], one)


@both
def test_feeding_in_any_pieces_gives_the_same_in_the_same_state(reset: str) -> None:
    """2,000 positions in pieces of odd lengths: the state stays one vector."""
    built, x = cell(torch.float32, reset=reset), items(2000, 1).float()
    with torch.no_grad():
        whole, last = built(x)
        answers, state = [], None
        for low, high in itertools.pairwise([0, 1, 8, 500, 501, 1999, 2000]):
            y, state = built(x[:, low:high], state)
            answers.append(y)
            assert state["h"].shape == (1, 5)
    assert state is not None
    torch.testing.assert_close(torch.cat(answers, 1), whole)
    torch.testing.assert_close(state["h"], last["h"])
    assert int(state["position"]) == 2000


@both
@pytest.mark.parametrize("bias", [-1e4, 1e4])
def test_extreme_gates_are_finite_and_right(reset: str, bias: float) -> None:
    """Update gate shut or open all the way: h is the candidate alone, or does not move at all."""
    parts = operands(reset)
    parts[4][5:10] = bias
    given = [part.requires_grad_() for part in parts]
    y, last = rule(*given)
    if bias > 0:
        torch.testing.assert_close(y, parts[1][:, None].expand_as(y))
    assert torch.isfinite(y).all()
    assert y.abs().max() <= max(1.0, float(parts[1].detach().abs().max()))
    for gradient in torch.autograd.grad(y.sum() + last.sum(), given):
        assert torch.isfinite(gradient).all()


@both
def test_a_keep_bias_decides_how_long_a_new_network_remembers(reset: str) -> None:
    for bias in (-1.0, 0.0, 4.0):
        built = cell(keep_bias=bias, reset=reset)
        assert built.bias.tolist() == [0] * 5 + [bias] * 5 + [0] * 5
        with torch.no_grad():
            for part in (built.weight, built.recurrent, built.candidate_bias):
                if part is not None:
                    part.zero_()
        _, after = built(items(4), {"h": torch.ones(2, 5).double(), "position": torch.tensor(3)})
        torch.testing.assert_close(after["h"], torch.full((2, 5), (1 / (1 + math.exp(-bias))) ** 4).double())


@both
def test_half_precision_keeps_the_memory_in_full(reset: str) -> None:
    """Only x, weights and answers are rounded, to 8 bits of fraction (2⁻⁸ of the size); the state stays in float32."""
    parts = [part.bfloat16() for part in operands(reset, time=33)]
    y, last = rule(*parts)
    expected, exact = rule(*(part.double() for part in parts))
    assert y.dtype == torch.bfloat16
    assert last.dtype == torch.float32
    assert (y.double() - expected).abs().max() < 2**-8
    torch.testing.assert_close(last.double(), exact, rtol=1e-5, atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, state = cell(torch.float32, reset=reset)(items().float())
    torch.testing.assert_close(state["h"], cell(torch.float32, reset=reset)(items().float())[1]["h"])


def test_costs_counted_by_hand() -> None:
    """Width 6, hidden 5, 9 positions. Maps 3 (6 + 5) 5 = 165, projection 30, biases 15 or 20; twice the products at each position."""
    before, after = (get("sequence.gru")(hidden=5, reset=reset).cost(at()) for reset in ("before", "after"))
    assert (before.parameters, before.state_bytes, before.flops) == (165 + 30 + 15, 20, 2 * 195 * 9)
    assert (after.parameters, after.state_bytes, after.flops) == (165 + 30 + 20, 20, 2 * 195 * 9)


@pytest.mark.parametrize("hidden", [0, 1, 6, 9])
def test_without_a_projection_other_widths_are_refused(hidden: int) -> None:
    configured = get("sequence.gru")(hidden=hidden, projection=False)
    reason = configured.refusal(at())
    assert configured.refusal(Inputs()) is None
    assert (reason is None) == (hidden in (0, WIDTH))
    if reason is not None:
        assert reason.startswith(f"Without the projection the hidden width must be that of the sequence, 6, not {hidden};")


def test_pictures_and_figures_are_of_h() -> None:
    built = cell(torch.float32)
    state = {"h": torch.tensor([[0.6, 0.0, -0.98, 0.0, 0.0], [1.0] * 5]), "position": torch.tensor(1)}
    assert built.pictures(state)["memory h"].tolist() == state["h"][:1].tolist()
    assert built.figures(state) == pytest.approx({"state_norm": math.hypot(0.6, 0.98), "saturated": 0.2})
