"""A compressed window: what is seen exactly, what goes into the memory and when, special cases, costs by hand."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.compressed_window.layers import CompressedWindow
from memstudio.components.sequence.compressed_window.reference import run
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec

DELTA = {"component": "sequence.gated_deltanet", "values": {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}}
ATTENTION = {"component": "sequence.attention", "values": {"heads": 2, "key_width": 4, "value_width": 3, "rotary": False}}
SMALL = {"inner": DELTA, "window": 3, "sinks": 1, "heads": 2, "key_width": 4, "value_width": 3}


def configured(**values: object) -> Configured:
    entry = get("sequence.compressed_window")
    return Configured(entry, entry.resolve({**SMALL, **values}, nested=True), nested=True)


def cell(**values: object) -> CompressedWindow:
    torch.manual_seed(0)
    built = configured(**values).build(width=6)
    assert isinstance(built, CompressedWindow)
    return built.double()


def items(time: int = 11, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("inner", [DELTA, {**DELTA, "component": "sequence.deltanet"}, ATTENTION], ids=lambda kind: kind["component"])
@pytest.mark.parametrize("window", [1, 3, 9, 20])
@pytest.mark.parametrize(("sinks", "gate"), [(0, True), (2, True), (1, False)])
def test_equals_the_equations_forward_and_backward(inner: dict[str, object], window: int, sinks: int, gate: bool) -> None:
    values = {"inner": inner, "window": window, "sinks": sinks, "gate": gate, "rotary": inner is not ATTENTION}
    built, x = cell(**values), items().requires_grad_()
    weights = dict(built.named_parameters())
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured(**values).values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("inner", [DELTA, ATTENTION], ids=lambda kind: kind["component"])
@pytest.mark.parametrize("window", [1, 4, 20])
def test_feeding_in_any_pieces_gives_the_same(inner: dict[str, object], window: int) -> None:
    built, x = cell(inner=inner, window=window), items(13)
    whole, last = built(x)
    for cuts in ((1, 2), (3, 4, 5, 12), (6,)):
        state, answers = None, []
        for low, high in itertools.pairwise([0, *cuts, 13]):
            y, state = built(x[:, low:high], state)
            answers.append(y)
        torch.testing.assert_close(torch.cat(answers, 1), whole)
        assert state is not None
        torch.testing.assert_close(state["waiting"], last["waiting"])
        torch.testing.assert_close(state["window"], last["window"])


def test_while_nothing_has_left_it_is_attention() -> None:
    built, x = cell(window=5, sinks=1), items(7)
    plain, _ = built.attention(x)
    y, _ = built(x)
    torch.testing.assert_close(y[:, :6], plain[:, :6])  # position 0 is a sink: the first to go is 1, when 6 comes
    assert (y[:, 6] - plain[:, 6]).abs().max() > 1e-4


class Ones(torch.nn.Module):
    """An output that says something even of an empty memory."""

    def forward(self, answers: Tensor, x: Tensor) -> Tensor:
        return torch.ones_like(x)


def test_before_anything_has_left_even_a_memory_that_knows_something_adds_nothing() -> None:
    built, x = cell(window=5, sinks=1, gate=False), items(7)
    built.cell.output = Ones()
    plain, _ = built.attention(x)
    torch.testing.assert_close(built(x)[0][:, :6], plain[:, :6])
    torch.testing.assert_close(built(x)[0][:, 6], plain[:, 6] + 1.0)


def test_what_leaves_is_written_at_its_own_position() -> None:
    inner = {"component": "sequence.attention", "values": {"heads": 2, "key_width": 4, "value_width": 3}}
    built, x = cell(inner=inner, window=3, sinks=1), items(11)
    _, state = built(x)
    key, _ = built.cell.writer(x, torch.zeros((), dtype=torch.int64))
    torch.testing.assert_close(state["memory"]["k"][:, 4:], key[:, 1:8])
    assert state["memory"]["kept"].sum(-1).tolist() == [7, 7]


def test_with_the_gate_shut_it_is_window_attention() -> None:
    built, x = cell(), items()
    torch.nn.init.zeros_(built.gate.weight)
    torch.nn.init.constant_(built.gate.bias, -1e4)
    torch.testing.assert_close(built(x)[0], built.attention(x)[0])


def test_a_position_is_in_the_window_or_in_the_memory_never_in_both() -> None:
    """The memory holds what the inner cell holds after reading exactly the positions that left."""
    built, x = cell(window=4, sinks=2), items(11)
    _, state = built(x)
    _, alone = built.cell(x[:, 2:7])
    torch.testing.assert_close(state["memory"]["matrix"], alone["matrix"])
    assert state["window"]["k"].shape[1] == 6
    torch.testing.assert_close(state["waiting"], x[:, 7:])


def test_everything_reaches_the_answer_but_nothing_later() -> None:
    built, x = cell(), items().requires_grad_()
    gradient = torch.autograd.grad(built(x)[0][:, 8].square().sum(), x)[0].flatten(2).any(-1)
    assert gradient[:, :9].all()
    assert not gradient[:, 9:].any()


def test_gradients_by_finite_differences_and_through_vmap() -> None:
    built = cell(window=2, sinks=0)
    assert torch.autograd.gradcheck(lambda x: built(x)[0], items(4, 1).requires_grad_())

    def loss(x: Tensor) -> Tensor:
        return built(x)[0].square().sum()

    together = torch.func.vmap(torch.func.grad(loss))(items(7, 2)[:, None])
    for member, x in enumerate(items(7, 2)[:, None]):
        torch.testing.assert_close(together[member], torch.func.grad(loss)(x))


def test_the_state_stays_the_same_size() -> None:
    built, state = cell().float(), None
    for _ in range(20):
        _, state = built(items(100).float(), state)
        assert state["window"]["k"].shape == (2, 4, 2, 4)
        assert state["waiting"].shape == (2, 3, 6)
        assert state["memory"]["matrix"].shape == (2, 2, 4, 3)
    assert int(state["position"]) == 2000


def test_costs_counted_by_hand() -> None:
    """Width 6, 5 positions; attention of one head, key 2, value 3, window 2, one sink: 1 + 2 + 3 + 3 + 3 keys seen."""
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=5),)})
    made = configured(window=2, sinks=1, heads=1, key_width=2, value_width=3)
    inner = made.values["inner"].cost(inputs)
    cost = made.cost(inputs)
    assert cost.parameters == 6 * 7 + 18 + 7 + inner.parameters
    assert cost.state_bytes == 4 * (3 * 5 + 2 * 6) + inner.state_bytes
    assert cost.flops == 5 * 2 * (6 * 7 + 18 + 6) + 2 * 12 * 5 + inner.flops


def test_pictures_and_figures_name_window_and_memory() -> None:
    built = cell()
    _, state = built(items())
    pictures, figures = built.pictures(state), built.figures(state)
    assert {"memory, head 1", "window, keys of head 2"} <= set(pictures)
    assert figures["window_cached_keys"] == 4.0
    assert figures["state_norm"] > 0
