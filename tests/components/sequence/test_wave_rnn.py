"""The wave RNN: the equations, matrix and shifts, waves that go round, its control, its state, its cost."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from memstudio.components import get
from memstudio.components.sequence.wave_rnn import ops
from memstudio.components.sequence.wave_rnn.layers import WaveRnn
from memstudio.components.sequence.wave_rnn.reference import run
from memstudio.experiment.kinds import Inputs, Kind, Spec

WIDTH = 6
FORMS: list[dict[str, Any]] = [
    {},
    {"order": 0.5, "speed": 0.3, "source": 0.2},
    {"order": 0.0, "reach": 3, "activation": "tanh"},
    {"units": 3, "reach": 4, "order": 0.1, "activation": "identity"},
    {"connections": "dense", "order": 0.7},
    {"connections": "dense", "speed": 0.0, "source": 0.0, "activation": "tanh"},
]


def at(time: int = 9) -> Inputs:
    return Inputs({"sequence": (Spec(Kind.SEQUENCE, width=WIDTH, time=time),)})


def cell(dtype: torch.dtype = torch.float64, **values: Any) -> WaveRnn:
    torch.manual_seed(0)
    built = get("sequence.wave_rnn")(**{"channels": 2, "units": 5, **values}).build(width=WIDTH)
    assert isinstance(built, WaveRnn)
    return built.to(dtype)


def items(time: int = 9, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def operands(taps: int, lead: tuple[int, ...] = (2,), time: int = 7, channels: int = 2, units: int = 4) -> list[Tensor]:
    """x, h, weight, bias, link; taps 0: all to all."""
    generator = torch.Generator().manual_seed(3)
    size = channels * units
    shapes = [(*lead, time, WIDTH), (*lead, channels, units), (size, WIDTH), (size,)]
    shapes.append((channels, channels, taps) if taps else (size, size))
    return [0.5 * torch.randn(*shape, dtype=torch.float64, generator=generator) for shape in shapes]


@pytest.fixture(params=[ops.FEW, 0], ids=["matrix", "shifts"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of going round a ring."""
    monkeypatch.setattr(ops, "FEW", request.param)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("values", FORMS, ids=str)
@pytest.mark.parametrize("time", [1, 2, 13])
def test_equals_the_equations_forward_and_backward(values: dict[str, Any], time: int) -> None:
    configured, built = get("sequence.wave_rnn")(**{"channels": 2, "units": 5, **values}), cell(**values)
    weights, x = dict(built.named_parameters()), items(time).requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured.values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("taps", [1, 3, 5, 9])
def test_a_ring_is_torchs_circular_convolution(taps: int) -> None:
    """Mirrored: torch's kernel is a correlation. A kernel wider than the ring goes round more than once."""
    generator = torch.Generator().manual_seed(2)
    kernel, h = (torch.randn(*shape, dtype=torch.float64, generator=generator) for shape in ((3, 3, taps), (2, 3, 5)))
    expected = nn.functional.conv1d(nn.functional.pad(h, (taps // 2, taps // 2), mode="circular"), kernel.flip(-1))
    torch.testing.assert_close((h.flatten(1) @ ops.ring_matrix(kernel, 5).mT).view_as(h), expected)
    nothing = torch.zeros(2, 1, 3, 5, dtype=torch.float64)
    torch.testing.assert_close(ops.around(nothing, h, kernel, torch.clone)[1].view_as(h), expected)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("connections", ["ring", "dense"])
def test_a_new_network_passes_what_enters_on_round_the_ring(connections: str) -> None:
    """An impulse stands n units on after n positions, unchanged, and after a whole turn it is back where it entered."""
    built = cell(units=5, connections=connections)
    x = torch.zeros(1, 7, WIDTH).double()
    x[:, 0] = items(1, 1)[:, 0]
    entered = (built.weight @ x[0, 0]).reshape(2, 5)
    assert (entered[:, 1:] == 0).all()
    assert (entered[:, 0] != 0).all()
    state = None
    for t in range(7):
        _, state = built(x[:, t : t + 1], state)
        torch.testing.assert_close(state["h"][0], entered.relu().roll(t, -1))


def test_what_came_one_after_the_other_lies_side_by_side() -> None:
    built = cell(units=9, channels=1, activation="identity")
    x = items(6, 1)
    _, state = built(x)
    came = x[0] @ built.weight[0]
    torch.testing.assert_close(state["h"][0, 0, :6], came.flip(0))
    assert (state["h"][0, 0, 6:] == 0).all()


def test_half_speed_moves_half_on() -> None:
    built = cell(units=5, channels=1, speed=0.5, activation="identity")
    start = torch.zeros(1, 1, 5).double()
    start[..., 0] = 1.0
    _, after = built(torch.zeros(1, 2, WIDTH).double(), {"h": start, "position": torch.tensor(0)})
    assert after["h"].flatten().tolist() == [0.25, 0.5, 0.25, 0, 0]


def test_the_control_has_no_waves() -> None:
    """Identity RNN: what enters stays where it entered, and adds up."""
    torch.manual_seed(0)
    control = get("sequence.identity_rnn")(channels=2, units=5, activation="identity").build(width=WIDTH).double()
    assert torch.equal(control.link, torch.eye(10).double())
    x = items(4, 1)
    _, state = control(x)
    torch.testing.assert_close(state["h"].flatten(), control.weight @ x[0].sum(0))


def test_the_control_is_torchs_own_layer() -> None:
    torch.manual_seed(0)
    control, x = get("sequence.identity_rnn")(channels=2, units=5).build(width=WIDTH).double(), items()
    theirs = nn.RNN(WIDTH, 10, nonlinearity="relu", batch_first=True).double()
    with torch.no_grad():
        control.link.add_(0.1 * torch.randn(10, 10))
        control.bias.add_(0.1 * torch.randn(10))
        for name, part in (("weight_ih_l0", control.weight), ("weight_hh_l0", control.link), ("bias_ih_l0", control.bias)):
            theirs.get_parameter(name).copy_(part)
        theirs.bias_hh_l0.zero_()
    y, state = control(x)
    expected, h = theirs(x)
    torch.testing.assert_close(y, control.output(expected))
    torch.testing.assert_close(state["h"].flatten(1), h[0])


def test_one_step_by_hand() -> None:
    """One ring of three: h = (1, 2, 3), u = (10, 100, 1000) for s = −1, 0, 1, x = 5 times V = (1, 0, −2), b = (0, 7, 0)."""
    h, kernel = torch.tensor([[[1.0, 2.0, 3.0]]]).double(), torch.tensor([[[10.0, 100.0, 1000.0]]]).double()
    weight, bias = torch.tensor([[1.0], [0.0], [-2.0]]).double(), torch.tensor([0.0, 7.0, 0.0]).double()
    shown, last = ops.wave(torch.tensor([[[5.0]]]).double(), h, weight, bias, kernel, "relu")
    # unit p hears h[p + 1] through s = −1, h[p] through 0, h[p − 1] through 1
    expected = [10 * 2 + 100 * 1 + 1000 * 3 + 5, 10 * 3 + 100 * 2 + 1000 * 1 + 7, 10 * 1 + 100 * 3 + 1000 * 2 - 10]
    assert shown.flatten().tolist() == last.flatten().tolist() == expected


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("taps", [0, 3])
def test_leading_axes_are_only_batch_axes(taps: int) -> None:
    parts = operands(taps, lead=(3, 2))
    y, last = ops.wave(*parts, "tanh")
    flat, flat_last = ops.wave(*(part.flatten(0, 1) for part in parts[:2]), *parts[2:], "tanh")
    torch.testing.assert_close(y.flatten(0, 1), flat)
    torch.testing.assert_close(last.flatten(0, 1), flat_last)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("taps", [0, 3])
def test_gradients_by_finite_differences(taps: int) -> None:
    parts = [part.requires_grad_() for part in operands(taps, time=3)]
    assert torch.autograd.gradcheck(lambda *given: ops.wave(*given, "tanh"), parts)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("taps", [0, 3])
def test_vmap_and_grad_go_through(taps: int) -> None:
    together = [torch.stack([part + k for k in (0.0, 0.1, 0.2)]) for part in operands(taps)]

    def loss(*parts: Tensor) -> Tensor:
        y, last = ops.wave(*parts, "relu")
        return y.square().sum() + last.sum()

    every = tuple(range(len(together)))
    gradients, losses = torch.func.vmap(torch.func.grad_and_value(loss, argnums=every))(*together)
    for k in range(3):
        alone = [part[k].detach().requires_grad_() for part in together]
        value = loss(*alone)
        torch.testing.assert_close(losses[k], value)
        for one, all_of_them in zip(torch.autograd.grad(value, alone), gradients, strict=True):
            torch.testing.assert_close(all_of_them[k], one)


@pytest.mark.usefixtures("form")
def test_feeding_in_any_pieces_gives_the_same_in_the_same_state() -> None:
    """2,000 positions in pieces of odd lengths: the state stays one number a unit."""
    built, x = cell(torch.float32, activation="tanh"), items(2000, 1).float()
    with torch.no_grad():
        whole, last = built(x)
        answers, state = [], None
        for low, high in itertools.pairwise([0, 1, 8, 500, 501, 1999, 2000]):
            y, state = built(x[:, low:high], state)
            answers.append(y)
            assert state["h"].shape == (1, 2, 5)
    assert state is not None
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(state["h"], last["h"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_extreme_inputs_stay_finite(activation: str) -> None:
    built, x = cell(activation=activation), (1e6 * items(40)).requires_grad_()
    y, _ = built(x)
    for part in (y, *torch.autograd.grad(y.sum(), [x, *built.parameters()])):
        assert torch.isfinite(part).all()


def test_half_precision_keeps_the_memory_in_full() -> None:
    """Only x, weights and answers are rounded, to 8 bits of fraction; the state stays in float32, under autocast too."""
    parts = [part.bfloat16() for part in operands(3, time=33)]
    y, last = ops.wave(*parts, "tanh")
    expected, exact = ops.wave(*(part.double() for part in parts), "tanh")
    assert y.dtype == torch.bfloat16
    assert last.dtype == torch.float32
    assert (y.double() - expected).abs().max() < 2**-8
    torch.testing.assert_close(last.double(), exact, rtol=1e-5, atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, state = cell(torch.float32)(items().float())
    torch.testing.assert_close(state["h"], cell(torch.float32)(items().float())[1]["h"])


def test_costs_counted_by_hand() -> None:
    """Width 6, 2 rings of 5, 9 positions: maps in and out 60 each, biases 10; kernel 2 · 2 · 3 = 12 at each of 5 units, or 100."""
    ring, dense = (get("sequence.wave_rnn")(channels=2, units=5, connections=kind).cost(at()) for kind in ("ring", "dense"))
    assert (ring.parameters, ring.state_bytes, ring.flops) == (60 + 60 + 10 + 12, 40, 2 * (120 + 60) * 9)
    assert (dense.parameters, dense.state_bytes, dense.flops) == (60 + 60 + 10 + 100, 40, 2 * (120 + 100) * 9)


def test_pictures_and_figures_are_of_the_rings() -> None:
    built = cell(torch.float32, units=3)
    state = {"h": torch.tensor([[[3.0, 0.0, 4.0], [0.0, 0.0, 12.0]], [[9.0] * 3] * 2]), "position": torch.tensor(1)}
    assert built.pictures(state)["activity round the rings"].tolist() == state["h"][0].tolist()
    assert built.figures(state) == pytest.approx({"state_norm": 13.0, "active": 0.5})
