"""The LSTM: the equations, torch's own layer, the kernel and the steps, its state, members apart, refusals."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from memstudio.components import get
from memstudio.components.ensemble.deep_ensemble.members import DeepEnsemble
from memstudio.components.runtime import Batch, Draws, Graph, Readout
from memstudio.components.sequence.lstm import ops
from memstudio.components.sequence.lstm.layers import Lstm
from memstudio.components.sequence.lstm.reference import run
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.parameters import Refusal

WIDTH = 6


def at(width: int = WIDTH, time: int = 9) -> Inputs:
    return Inputs({"sequence": (Spec(Kind.SEQUENCE, width=width, time=time),)})


def cell(dtype: torch.dtype = torch.float64, **values: Any) -> Lstm:
    torch.manual_seed(0)
    built = get("sequence.lstm")(**{"hidden": 5, **values}).build(width=WIDTH)
    assert isinstance(built, Lstm)
    return built.to(dtype)


def items(time: int = 9, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def operands(dtype: torch.dtype = torch.float64, lead: tuple[int, ...] = (2,), time: int = 7, hidden: int = 5) -> list[Tensor]:
    """x, h, c, weight, recurrent, bias."""
    generator = torch.Generator().manual_seed(3)
    shapes = [(*lead, time, WIDTH), (*lead, hidden), (*lead, hidden), (4 * hidden, WIDTH), (4 * hidden, hidden), (4 * hidden,)]
    return [torch.randn(*shape, dtype=torch.float64, generator=generator).to(dtype) for shape in shapes]


@pytest.mark.parametrize("values", [{}, {"hidden": 0}, {"hidden": 0, "projection": False}, {"forget_bias": -2.0}])
def test_equals_the_equations_forward_and_backward(values: dict[str, Any]) -> None:
    configured = get("sequence.lstm")(**{"hidden": 5, **values})
    built = cell(**values)
    weights, x = dict(built.named_parameters()), items().requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured.values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-12)


def test_equals_torchs_own_layer() -> None:
    built, x = cell(projection=False, hidden=0), items()
    theirs = nn.LSTM(WIDTH, WIDTH, batch_first=True).double()
    with torch.no_grad():
        for name, part in (("weight_ih_l0", built.weight), ("weight_hh_l0", built.recurrent), ("bias_ih_l0", built.bias)):
            theirs.get_parameter(name).copy_(part)
        theirs.bias_hh_l0.zero_()
    y, state = built(x)
    expected, (h, c) = theirs(x)
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(state["h"], h[0])
    torch.testing.assert_close(state["c"], c[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("lead", [(2,), (), (3, 2)])
@pytest.mark.parametrize("time", [1, 2, 7])
def test_kernel_and_steps_give_the_same_with_gradients(dtype: torch.dtype, lead: tuple[int, ...], time: int) -> None:
    seen = []
    for form in (ops.kernel, ops.stepwise):
        given_ = [part.requires_grad_() for part in operands(dtype, lead, time)]
        answers = form(*given_)
        target = sum(((i + 1) * part.sin()).sum() for i, part in enumerate(answers))
        seen.append((*answers, *torch.autograd.grad(target, given_)))
    for fast, slow in zip(*seen, strict=True):
        assert fast.shape == slow.shape
        torch.testing.assert_close(fast, slow)


def test_gradients_by_finite_differences() -> None:
    parts = [part.requires_grad_() for part in operands(time=3, hidden=2)]
    assert torch.autograd.gradcheck(ops.lstm, parts)
    assert torch.autograd.gradcheck(ops.stepwise, parts)


@given(cuts=st.sets(st.integers(1, 12), max_size=5))
def test_feeding_in_any_pieces_gives_the_same(cuts: set[int]) -> None:
    built, x = cell(torch.float32), items(13).float()
    whole, last = built(x)
    answers, state = [], None
    for low, high in itertools.pairwise([0, *sorted(cuts), 13]):
        y, state = built(x[:, low:high], state)
        answers.append(y)
    assert state is not None
    torch.testing.assert_close(torch.cat(answers, 1), whole)
    torch.testing.assert_close(state["c"], last["c"])
    assert int(state["position"]) == 13


def test_the_same_twice_is_the_same_bit_for_bit() -> None:
    built, x = cell(torch.float32), items(40, 8).float()
    seen = []
    for _ in range(2):
        built.zero_grad()
        built(x)[0].square().sum().backward()
        seen.append([p.grad.clone() for p in built.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*seen, strict=True))


def test_a_forget_bias_decides_how_long_a_new_network_remembers() -> None:
    """With all other weights 0 the forget gate is σ(bias): c fades by that much a position."""
    for bias in (-1.0, 0.0, 4.0):
        built = cell(forget_bias=bias)
        assert built.bias.tolist() == [0] * 5 + [bias] * 5 + [0] * 10
        with torch.no_grad():
            built.weight.zero_()
            built.recurrent.zero_()
        before = {"h": torch.zeros(2, 5).double(), "c": torch.ones(2, 5).double(), "position": torch.tensor(3)}
        _, after = built(items(4), before)
        torch.testing.assert_close(after["c"], torch.full((2, 5), (1 / (1 + math.exp(-bias))) ** 4).double())


@pytest.mark.parametrize("hidden", [0, 1, 6, 9])
@pytest.mark.parametrize("projection", [True, False])
def test_costs_are_exact_or_the_sizes_are_refused(hidden: int, projection: bool) -> None:
    configured = get("sequence.lstm")(hidden=hidden, projection=projection)
    if not projection and hidden not in (0, WIDTH):
        reason = configured.refusal(at())
        assert reason is not None
        assert reason.startswith(f"Without the projection the hidden width must be that of the sequence, 6, not {hidden};")
        return
    assert configured.refusal(at()) is None
    assert configured.refusal(Inputs()) is None
    built = configured.build(width=WIDTH)
    assert configured.cost(at()).parameters == sum(p.numel() for p in built.parameters())
    _, state = built(items().float())
    assert configured.cost(at()).state_bytes == 4 * sum(state[name].numel() for name in ("h", "c")) // 2
    assert configured.cost(at(time=900)).state_bytes == configured.cost(at()).state_bytes, "the state does not grow"


def test_a_mixture_of_memories_refuses_it_with_the_reason() -> None:
    with pytest.raises(Refusal, match="Inner memory needs a component that is readable; LSTM is not") as caught:
        get("sequence.mixture_of_memories")(inner={"component": "sequence.lstm", "values": {}})
    assert "\n" not in str(caught.value)


def test_half_precision_keeps_the_memory_in_full() -> None:
    built, x = cell().bfloat16(), items().bfloat16()
    y, state = built(x)
    assert y.dtype == torch.bfloat16
    assert state["c"].dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, state = cell(torch.float32)(items().float())
    exact = cell(torch.float32)(items().float())[1]
    torch.testing.assert_close(state["c"], exact["c"])


def test_what_is_added_little_by_little_is_not_lost_in_half_precision() -> None:
    """Beyond 1, steps of 0.002 vanish in a bfloat16 sum; the memory goes on counting."""
    built = cell(hidden=1, projection=True)
    with torch.no_grad():
        built.weight.zero_()
        built.recurrent.zero_()
        built.bias.copy_(torch.tensor([40.0, 40.0, math.atanh(0.002), 0.0]))
    start = {"h": torch.zeros(1, 1), "c": torch.ones(1, 1), "position": torch.tensor(0)}
    _, after = built.bfloat16()(torch.zeros(1, 500, WIDTH, dtype=torch.bfloat16), start)
    assert float(after["c"].detach()) == pytest.approx(2, abs=0.02)


def test_pictures_and_figures_are_of_c_and_h() -> None:
    built = cell(torch.float32)
    _, state = built(items().float())
    state["c"] = torch.tensor([[3.0, 0.0, -4.0, 0.0, 0.0], [9.0] * 5])
    state["h"] = torch.tensor([[0.0, 12.0, 0.0, 0.0, 0.0], [9.0] * 5])
    pictures, figures = built.pictures(state), built.figures(state)
    assert pictures["memory c"].tolist() == [[3.0, 0.0, -4.0, 0.0, 0.0]]
    assert pictures["output h"].tolist() == [[0.0, 12.0, 0.0, 0.0, 0.0]]
    assert figures == pytest.approx({"state_norm": 13.0, "memory_norm": 5.0, "saturated": 0.4})


def test_a_node_has_its_surroundings_and_carries_the_state_in_them() -> None:
    entry = get("sequence.lstm")
    node = Configured(entry, entry.resolve({"hidden": 5, "repeat": 2}))
    torch.manual_seed(0)
    block = node.build(width=WIDTH).double()
    whole, _ = block(items())
    first, state = block(items()[:, :4])
    torch.testing.assert_close(torch.cat([first, block(items()[:, 4:], state)[0]], 1), whole)
    assert set(block.pictures(state)) == {f"layer {i}, {name}" for i in (1, 2) for name in ("memory c", "output h")}


class Reading(Graph):
    """Rows of numbers through an LSTM into a classifier."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.cell = get("sequence.lstm")(hidden=5).build(width=WIDTH)
        readout = get("readout.classifier")().build(width=WIDTH, classes=3, per_position=False)
        assert isinstance(readout, Readout)
        self.readout = readout
        self.double()

    def forward(self, inputs: Tensor) -> Tensor:
        scores: Tensor = self.readout(self.cell(inputs)[0])
        return scores

    def stream(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return self(inputs), None

    def states(self, inputs: Tensor) -> dict[str, Any]:
        return {}


def test_members_of_an_ensemble_are_computed_apart_by_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def together(*parts: Tensor) -> ops.Answers:
        raise AssertionError("stepped through instead of by the kernel")

    monkeypatch.setattr(ops, "stepwise", together)
    batch = Batch(items(batch=4), torch.tensor([0, 1, 2, 0]))
    ensemble = DeepEnsemble(members=3, own_batches=False, combination="mean", make=Reading, draws=Draws(0, 0))
    losses = ensemble.backward(batch)
    gradients = {name: parameter.grad for name, parameter in ensemble.parameters().items()}
    assert ensemble.scores(batch.inputs).shape == (3, 4, 3)
    for k in range(3):
        alone = Reading(k)
        loss = alone.readout.loss(alone(batch.inputs), batch)
        loss.backward()
        torch.testing.assert_close(losses[k], loss.detach())
        for name, parameter in alone.named_parameters():
            gradient = gradients[name]
            assert gradient is not None
            torch.testing.assert_close(gradient[k], parameter.grad)


def test_it_learns_to_carry_one_bit_over_many_positions() -> None:
    """The sign of the first number, asked after 20 positions of noise."""
    torch.manual_seed(0)
    built = get("sequence.lstm")(hidden=8).build(width=1)
    optimiser = torch.optim.Adam(built.parameters(), 0.02)
    generator = torch.Generator().manual_seed(0)
    right = 0.0
    for _ in range(150):
        sign = torch.randint(2, (32,), generator=generator).float() * 2 - 1
        x = 0.1 * torch.randn(32, 20, 1, generator=generator)
        x[:, 0, 0] = sign
        y = built(x)[0][:, -1, 0]
        loss = nn.functional.softplus(-y * sign).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        right = float((y * sign > 0).float().mean())
    assert right == 1.0
