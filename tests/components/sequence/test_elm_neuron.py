"""The ELM neuron: the equations, traces in chunks, its special cases, its state, its cost."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.elm_neuron import ops
from memstudio.components.sequence.elm_neuron.layers import ElmNeuron
from memstudio.components.sequence.elm_neuron.reference import run
from memstudio.experiment.kinds import Inputs, Kind, Spec

WIDTH = 6
FORMS: list[dict[str, Any]] = [
    {},
    {"synapses": 4},
    {"synapses": 9},
    {"layers": 3},
    {"learned": True},
    {"bounded": True, "gain": 2.5},
    {"units": 1},
    {"synapse_tau": 0.1, "tau_min": 0.1, "tau_max": 0.2},
    {"tau_max": 1e6, "synapse_tau": 1000.0},
]


def at(time: int = 9) -> Inputs:
    return Inputs({"sequence": (Spec(Kind.SEQUENCE, width=WIDTH, time=time),)})


def cell(dtype: torch.dtype = torch.float64, **values: Any) -> ElmNeuron:
    torch.manual_seed(0)
    built = get("sequence.elm_neuron")(**{"units": 5, "hidden": 7, **values}).build(width=WIDTH)
    assert isinstance(built, ElmNeuron)
    return built.to(dtype)


def items(time: int = 9, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def operands(lead: tuple[int, ...] = (2,), time: int = 7, units: int = 3, branches: int = 3, hidden: int = 4) -> list[Tensor]:
    """x, branch, memory, strength, kept, written, and weight and bias of two layers."""
    generator = torch.Generator().manual_seed(3)
    shapes = [(*lead, time, WIDTH), (*lead, branches), (*lead, units), (WIDTH,), (units,), (units,)]
    shapes += [(hidden, branches + units), (hidden,), (units, hidden), (units,)]
    made = [torch.randn(*shape, dtype=torch.float64, generator=generator) for shape in shapes]
    return [*made[:4], made[4].sigmoid(), made[5].sigmoid(), *made[6:]]


def rule(*parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x, branch, memory, strength, kept, written, *rest = parts
    return ops.elm(x, branch, memory, strength, 2, 0.8, kept, written, list(zip(rest[::2], rest[1::2], strict=True)))


@pytest.mark.parametrize("values", FORMS, ids=str)
@pytest.mark.parametrize("time", [1, 2, 33, 65])
def test_equals_the_equations_forward_and_backward(values: dict[str, Any], time: int) -> None:
    configured, built = get("sequence.elm_neuron")(**{"units": 5, "hidden": 7, **values}), cell(**values)
    weights, x = dict(built.named_parameters()), items(time).requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured.values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kept", [0.0, 4e-5, 0.8, 0.999])
@pytest.mark.parametrize("time", [1, 2, 63, 64, 65, 130])
def test_traces_in_chunks_are_traces_step_by_step(kept: float, time: int) -> None:
    generator = torch.Generator().manual_seed(2)
    given, before = (torch.randn(*shape, dtype=torch.float64, generator=generator) for shape in ((2, time, 3), (2, 3)))
    whole, last = ops.traces(given, before, kept)
    for t in range(time):
        before = kept * before + given[:, t]
        torch.testing.assert_close(whole[:, t], before)
    torch.testing.assert_close(last, before)


def test_synapses_cannot_be_negative_and_go_to_branches_in_order() -> None:
    x = torch.tensor([1.0, 10.0, 100.0, 1e3, 1e4, 1e5])
    strength = torch.tensor([1.0, 2.0, -3.0, 1.0, 0.5, -1.0])
    assert ops.pooled(x, strength, 1).tolist() == [1, 20, 0, 1000, 5000, 0]
    assert ops.pooled(x, strength, 2).tolist() == [21, 1000, 5000]
    assert ops.pooled(x, strength, 4).tolist() == [1021, 5000]
    assert ops.pooled(x, strength, 9).tolist() == [6021]


def test_time_constants_are_spaced_evenly_on_a_logarithmic_scale() -> None:
    fixed = cell(units=4, tau_min=1.0, tau_max=1000.0).time_constants()
    torch.testing.assert_close(fixed, torch.tensor([1.0, 10.0, 100.0, 1000.0]).double())
    learned = cell(units=4, tau_min=1.0, tau_max=1000.0, learned=True)
    torch.testing.assert_close(learned.time_constants().detach(), fixed, rtol=1e-4, atol=0.1)
    learned.time_constants().log().sum().backward()
    assert learned.place is not None
    assert learned.place.grad is not None
    assert (learned.place.grad > 1e-5).all(), "every constant can move, those at the ends too"


def test_with_writing_off_the_memory_only_fades() -> None:
    """The network's last layer at 0: mₜ = κᵗ m₀, whatever comes in."""
    built = cell(units=4, tau_max=1000.0)
    with torch.no_grad():
        for part in built.network[-1].parameters():
            part.zero_()
    start = torch.tensor([[1.0, 2.0, 3.0, 4.0]]).double()
    _, after = built(items(30, 1), {"branch": torch.zeros(1, 6).double(), "memory": start, "position": torch.tensor(0)})
    taus = torch.tensor([1.0, 10.0, 100.0, 1000.0]).double()
    torch.testing.assert_close(after["memory"], start * (-30 / taus).exp())


def test_a_constant_answer_of_the_network_fills_the_memory_up_to_the_gain() -> None:
    """Δm = 1.7159 tanh(⅔ b) for ever: m goes to λ Δm (or, bounded, to (1 − κ^λ) / (1 − κ) Δm)."""
    for bounded in (False, True):
        built = cell(units=2, tau_min=1.0, tau_max=2.0, gain=3.0, bounded=bounded)
        with torch.no_grad():
            built.network[-1].weight.zero_()
            built.network[-1].bias.fill_(0.3)
        _, after = built(items(200, 1))
        kept = (-1 / torch.tensor([1.0, 2.0]).double()).exp()
        rise = (1 - kept**3) / (1 - kept) if bounded else torch.full((2,), 3.0).double()
        torch.testing.assert_close(after["memory"][0], rise * 1.7159 * math.tanh(0.2))


def test_one_step_by_hand() -> None:
    """One synapse, one unit, one hidden unit: x = 2, w_s = 0.5, κ_s = 0.8, trace 1, memory 3, κ = 0.5, written 0.25, all weights 1."""
    one = torch.ones(1).double()
    layers = [(torch.ones(1, 2).double(), 0 * one), (torch.ones(1, 1).double(), 0 * one)]
    x, branch, memory = 2 * one[None, None], one[None], 3 * one[None]
    shown, branch, memory = ops.elm(x, branch, memory, 0.5 * one, 1, 0.8, 0.5 * one, 0.25 * one, layers)
    trace = 0.8 * 1 + 0.5 * 2
    expected = 0.5 * 3 + 0.25 * 1.7159 * math.tanh(2 / 3 * (trace + 0.5 * 3))
    assert branch.item() == pytest.approx(trace, abs=1e-12)
    assert memory.item() == shown.item() == pytest.approx(expected, abs=1e-12)


def test_slow_units_hold_what_quick_ones_have_lost() -> None:
    """An impulse, then 200 positions of silence, the network blind to the memory: the slower half holds nearly all that is left."""
    built = cell(units=8, tau_max=1000.0)
    with torch.no_grad():
        for part in built.network:
            part.bias.zero_()
        built.network[0].weight[:, WIDTH:] = 0
    x = torch.zeros(1, 201, WIDTH).double()
    x[:, 0] = 3.0
    _, soon = built(x[:, :1])
    _, late = built(x)
    assert built.figures(late)["slow_share"] > 0.99
    assert built.figures(soon)["slow_share"] < 0.5


def test_leading_axes_are_only_batch_axes() -> None:
    parts = operands(lead=(3, 2))
    answers = rule(*parts)
    flat = rule(*(part.flatten(0, 1) for part in parts[:3]), *parts[3:])
    for one, other in zip(answers, flat, strict=True):
        torch.testing.assert_close(one.flatten(0, 1), other)


def test_gradients_by_finite_differences() -> None:
    assert torch.autograd.gradcheck(rule, [part.requires_grad_() for part in operands(time=4)])


def test_vmap_and_grad_go_through() -> None:
    together = [torch.stack([part + k for k in (0.0, 0.1, 0.2)]) for part in operands()]

    def loss(*parts: Tensor) -> Tensor:
        shown, branch, memory = rule(*parts)
        return shown.square().sum() + branch.sum() + memory.sum()

    every = tuple(range(len(together)))
    gradients, losses = torch.func.vmap(torch.func.grad_and_value(loss, argnums=every))(*together)
    for k in range(3):
        alone = [part[k].detach().requires_grad_() for part in together]
        value = loss(*alone)
        torch.testing.assert_close(losses[k], value)
        for one, all_of_them in zip(torch.autograd.grad(value, alone), gradients, strict=True):
            torch.testing.assert_close(all_of_them[k], one)


def test_feeding_in_any_pieces_gives_the_same_in_the_same_state() -> None:
    """2,000 positions in pieces of odd lengths: the state stays as it is."""
    built, x = cell(torch.float32, synapses=4), items(2000, 1).float()
    with torch.no_grad():
        whole, last = built(x)
        answers, state = [], None
        for low, high in itertools.pairwise([0, 1, 8, 500, 501, 1999, 2000]):
            y, state = built(x[:, low:high], state)
            answers.append(y)
            assert {name: tuple(part.shape) for name, part in state.items()} == {"branch": (1, 2), "memory": (1, 5), "position": ()}
    assert state is not None
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(state["memory"], last["memory"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [0.0, 1e4, -1e4])
def test_extreme_inputs_stay_finite_and_bounded(size: float) -> None:
    """|m| never exceeds λ 1.7159 where it starts at 0."""
    built, x = cell(gain=5.0), (items(40) * size).requires_grad_()
    y, state = built(x)
    assert state["memory"].abs().max() <= 5 * 1.7159
    for gradient in torch.autograd.grad(y.sum(), [x, *built.parameters()]):
        assert torch.isfinite(gradient).all()


def test_half_precision_keeps_the_memory_in_full() -> None:
    """Only x, weights and answers are rounded, to 8 bits of fraction; the state stays in float32, under autocast too."""
    parts = [part.bfloat16() for part in operands(time=33)]
    shown, branch, memory = rule(*parts)
    expected, *exact = rule(*(part.double() for part in parts))
    assert shown.dtype == torch.bfloat16
    assert (shown.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    for one, other in zip((branch, memory), exact, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one.double(), other, rtol=1e-5, atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, state = cell(torch.float32)(items().float())
    torch.testing.assert_close(state["memory"], cell(torch.float32)(items().float())[1]["memory"])


def test_costs_counted_by_hand() -> None:
    """Width 6, 5 units, 7 hidden, 9 positions. Network (6 + 5) 7 + 7 · 5 = 112 and 12 biases, output 30 and 6, synapses 6."""
    elm = get("sequence.elm_neuron")(units=5, hidden=7)
    assert (elm.cost(at()).parameters, elm.cost(at()).state_bytes) == (112 + 12 + 36 + 6, 4 * (6 + 5))
    assert elm.cost(at()).flops == 2 * (112 + 30) * 9
    branch = get("sequence.branch_elm")(units=5, hidden=7, learned=True, layers=2)
    assert branch.values["synapses"] == 4
    network = (2 + 5) * 7 + 7 * 7 + 7 * 5
    assert branch.cost(at()).parameters == network + 7 + 7 + 5 + 36 + 6 + 5
    assert (branch.cost(at()).state_bytes, branch.cost(at()).flops) == (4 * (2 + 5), 2 * (network + 30) * 9)


def test_time_constants_the_wrong_way_round_are_refused() -> None:
    reason = get("sequence.elm_neuron")(tau_min=20.0, tau_max=3.0).refusal(at())
    assert reason == "The longest time constant, 3, is below the shortest, 20; raise it."
    assert get("sequence.elm_neuron")(tau_min=3.0, tau_max=3.0).refusal(Inputs()) is None


def test_pictures_go_from_the_quickest_to_the_slowest() -> None:
    built = cell(torch.float32, units=3, learned=True)
    assert built.place is not None
    with torch.no_grad():
        built.place.copy_(torch.tensor([2.0, -3.0, 0.0]))
    state = {"branch": torch.zeros(2, 6), "memory": torch.tensor([[1.0, 2.0, -3.0], [9.0] * 3]), "position": torch.tensor(1)}
    assert built.pictures(state)["memory, quickest to slowest"].tolist() == [[2.0, -3.0, 1.0]]
    assert built.figures(state) == pytest.approx({"state_norm": 14**0.5, "trace_norm": 0.0, "slow_share": 4 / 6})
