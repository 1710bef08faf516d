"""Titans: three ways of putting a memory to attention, segments, persistent tokens, special cases, costs by hand."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.titans.layers import Titans
from memstudio.components.sequence.titans.reference import run
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec

DELTA = {"component": "sequence.gated_deltanet", "values": {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}}
ATTENTION = {"component": "sequence.attention", "values": {"heads": 2, "key_width": 4, "value_width": 3}}
#: what is there by default, small: its gradients are taken where its own chunks of 3 begin
NEURAL = {"component": "sequence.titans_memory", "values": {"heads": 1, "head_width": 3, "chunk": 3}}
SMALL = {"inner": DELTA, "segment": 4, "persistent": 2, "heads": 2, "key_width": 4, "value_width": 3}
VARIANTS = ["MAC", "MAG", "MAL"]


def configured(**values: object) -> Configured:
    entry = get("sequence.titans")
    return Configured(entry, entry.resolve({**SMALL, **values}, nested=True), nested=True)


def cell(**values: object) -> Titans:
    torch.manual_seed(0)
    built = configured(**values).build(width=6)
    assert isinstance(built, Titans)
    return built.double()


def items(time: int = 11, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("inner", [DELTA, {**DELTA, "component": "sequence.deltanet"}], ids=lambda kind: kind["component"])
@pytest.mark.parametrize(("segment", "persistent", "rotary"), [(4, 2, True), (1, 1, True), (20, 0, True), (3, 0, False)])
def test_equals_the_equations_forward_and_backward(
    variant: str, inner: dict[str, object], segment: int, persistent: int, rotary: bool
) -> None:
    values = {"variant": variant, "inner": inner, "segment": segment, "persistent": persistent, "rotary": rotary}
    built, x = cell(**values), items().requires_grad_()
    weights = dict(built.named_parameters())
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured(**values).values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("inner", [DELTA, ATTENTION, NEURAL], ids=lambda kind: kind["component"])
@pytest.mark.parametrize(("segment", "persistent"), [(4, 2), (1, 0), (20, 1)])
def test_feeding_in_any_pieces_gives_the_same(variant: str, inner: dict[str, object], segment: int, persistent: int) -> None:
    built, x = cell(variant=variant, inner=inner, segment=segment, persistent=persistent), items(13)
    whole, last = built(x)
    for cuts in ((1, 2), (3, 4, 5, 12), (8,), tuple(range(1, 13))):
        state, answers = None, []
        for low, high in itertools.pairwise([0, *cuts, 13]):
            y, state = built(x[:, low:high], state)
            answers.append(y)
        torch.testing.assert_close(torch.cat(answers, 1), whole)
        assert state is not None
        assert state.keys() == last.keys()
        for name in last:
            torch.testing.assert_close(state[name], last[name])


@pytest.mark.parametrize("variant", VARIANTS)
def test_with_the_memory_of_the_paper_it_equals_the_equations_too(variant: str) -> None:
    """Segments of 4 over chunks of 3: the memory is asked in the middle of its chunk."""
    built, x = cell(variant=variant, inner=NEURAL), items(9)
    weights = dict(built.named_parameters())
    torch.testing.assert_close(built(x)[0], run(configured(variant=variant, inner=NEURAL).values, weights, x), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_by_finite_differences_and_through_vmap(variant: str) -> None:
    built = cell(variant=variant, segment=2, persistent=1)
    assert torch.autograd.gradcheck(lambda x: built(x)[0], items(3, 1).requires_grad_())

    def loss(x: Tensor) -> Tensor:
        return built(x)[0].square().sum()

    together = torch.func.vmap(torch.func.grad(loss))(items(5, 2)[:, None])
    for member, x in enumerate(items(5, 2)[:, None]):
        torch.testing.assert_close(together[member], torch.func.grad(loss)(x))


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_answer_depends_on_what_comes_later_and_all_on_what_came(variant: str) -> None:
    built, x = cell(variant=variant), items().requires_grad_()
    for t in (0, 3, 5, 9):
        gradient = torch.autograd.grad(built(x)[0][:, t].square().sum(), x)[0].flatten(2).any(-1)
        assert gradient[:, : t + 1].all()
        assert not gradient[:, t + 1 :].any()


def test_context_is_read_from_the_memory_as_it_was_when_the_segment_began() -> None:
    """With a memory that cannot answer, MAC is gated attention over segments and persistent tokens that start afresh each time."""
    built, x = cell(segment=4), items(8)
    torch.nn.init.zeros_(built.cell.output.map.weight)
    y, _ = built(x)
    again, _ = built(x[:, 4:])
    torch.testing.assert_close(y[:, 4:], again)
    shut = built.gate(torch.ones(1, 1, 6, dtype=torch.float64), torch.zeros(1, 1, 6, dtype=torch.float64))
    torch.testing.assert_close(shut, torch.full_like(shut, 0.5), rtol=1e-4, atol=1e-4)


def test_what_was_written_in_an_earlier_segment_is_heard_in_the_next() -> None:
    built, x = cell(segment=4), items(8)
    far = x.clone()
    far[:, 0] += 1.0
    assert (built(far)[0][:, 4:] - built(x)[0][:, 4:]).abs().max() > 1e-4


def test_memory_as_layer_is_window_attention_of_the_memory() -> None:
    built, x = cell(variant="MAL", persistent=0), items()
    torch.testing.assert_close(built(x)[0], built.attention(built.cell(x)[0])[0])


def test_memory_as_gate_is_window_attention_gated_by_the_memory() -> None:
    built, x = cell(variant="MAG", persistent=0), items()
    torch.testing.assert_close(built(x)[0], built.gate(built.attention(x)[0], built.cell(x)[0]))


@pytest.mark.parametrize("variant", VARIANTS)
def test_persistent_tokens_change_the_answer_and_learn(variant: str) -> None:
    built, x = cell(variant=variant), items()
    y, _ = built(x)
    y.square().sum().backward()
    assert built.persistent.grad.any(-1).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_state_stays_the_same_size(variant: str) -> None:
    built, state, seen = cell(variant=variant).float(), None, set()
    for _ in range(10):
        with torch.no_grad():
            _, state = built(items(101).float(), state)
            _, state = built(items(99).float(), state)
        seen.add(sum(part.numel() for name in state for part in ([state[name]] if name == "position" else state[name].values())))
    assert len(seen) == 1
    assert int(state["position"]) == 2000


def test_costs_counted_by_hand() -> None:
    """Width 6, 5 positions, segments of 4, one persistent token, one head of key 2 and value 3: 1 to 4 and then 1 of each kind seen."""
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=5),)})
    sizes = {"segment": 4, "persistent": 1, "heads": 1, "key_width": 2, "value_width": 3}
    context, gate = (configured(**sizes, variant=variant) for variant in ("MAC", "MAG"))
    inner = context.values["inner"].cost(inputs)
    cost = context.cost(inputs)
    assert cost.parameters == 6 * 7 + 18 + 6 + 12 + inner.parameters
    assert cost.state_bytes == 4 * 2 * 5 + 2 * inner.state_bytes
    seen = 5 * 1 + 2 * (1 + 2 + 3 + 4 + 1)
    assert cost.flops == 5 * 2 * (6 * 7 + 18 + 6 * 5) + 2 * 5 * seen + 2 * inner.flops
    longer = context.values["inner"].cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=6),)}))
    cost = gate.cost(inputs)
    assert cost.state_bytes == 4 * 5 * (1 + 4) + inner.state_bytes
    assert cost.flops == 5 * 2 * (6 * 7 + 18) + 2 * 5 * (5 * 1 + 1 + 2 + 3 + 4 + 4) + longer.flops


def test_a_growing_memory_is_counted_as_it_is_where_the_segment_began() -> None:
    for variant, time in itertools.product(VARIANTS, (1, 4, 6, 9)):
        made = configured(variant=variant, inner=ATTENTION)
        _, state = made.build(width=6)(items(time).float())
        found = [state]
        total = 0
        while found:
            part = found.pop()
            found.extend(part.values() if isinstance(part, dict) else [])
            total += 4 * part.numel() // 2 if isinstance(part, Tensor) and part.is_floating_point() else 0
        assert made.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=time),)})).state_bytes == total


def test_pictures_and_figures() -> None:
    built = cell()
    _, state = built(items(11))
    assert "memory, head 1" in built.pictures(state)
    assert built.figures(state)["segment_positions"] == 3.0
    gate = cell(variant="MAG")
    _, state = gate(items(11))
    assert "window, keys of head 1" in gate.pictures(state)
    assert gate.figures(state)["window_positions"] == 4.0
