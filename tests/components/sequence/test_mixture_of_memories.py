"""Mixture of memories: routing, untouched memories, own and single maps, the balance of the router, refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.catalogue import catalogue
from memstudio.components.sequence.mixture_of_memories.layers import MixtureOfMemories
from memstudio.components.sequence.mixture_of_memories.reference import balance_loss
from memstudio.experiment.entries import Catalogue, WrongValues, load_object
from memstudio.experiment.parameters import Refusal

DELTA = {"component": "sequence.gated_deltanet", "values": {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}}
ATTENTION = {"component": "sequence.attention", "values": {"heads": 2, "key_width": 4, "value_width": 3}}
KINDS = [DELTA, {**DELTA, "component": "sequence.deltanet"}, ATTENTION]


def cell(**values: object) -> MixtureOfMemories:
    torch.manual_seed(0)
    built = get("sequence.mixture_of_memories")(**{"inner": DELTA, "memories": 3, **values}).build(width=6)
    assert isinstance(built, MixtureOfMemories)
    return built.double()


def items(time: int = 9, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("inner", KINDS, ids=lambda kind: kind["component"])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("own_maps", [True, False])
def test_equals_the_equations_forward_and_backward(inner: dict[str, object], shared: bool, own_maps: bool) -> None:
    configured = get("sequence.mixture_of_memories")(inner=inner, memories=3, top_k=2, shared=shared, own_maps=own_maps)
    torch.manual_seed(0)
    built = configured.build(width=6).double()
    weights, x = dict(built.named_parameters()), items().requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], load_object(configured.entry.component.reference)(configured.values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("inner", KINDS, ids=lambda kind: kind["component"])
def test_feeding_in_pieces_gives_the_same(inner: dict[str, object]) -> None:
    built, x = cell(inner=inner), items(13)
    whole, last = built(x)
    state, answers = None, []
    for low, high in ((0, 1), (1, 7), (7, 12), (12, 13)):
        y, state = built(x[:, low:high], state)
        answers.append(y)
    torch.testing.assert_close(torch.cat(answers, 1), whole)
    assert state is not None
    torch.testing.assert_close(state["routed"], last["routed"])
    assert int(state["position"]) == 13


def test_each_position_chooses_k_memories_and_their_weights_add_up() -> None:
    built, x = cell(memories=5, top_k=3), items()
    weights, chosen = built.route(x)
    assert (chosen.sum(1) == 3).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(2, 9, dtype=torch.float64))
    assert ((weights > 0) == chosen).all()


def test_memories_that_are_not_chosen_stay_as_they_were() -> None:
    built, x = cell(memories=4, shared=False), items(3)
    _, before = built(x)
    step = items(4)[:, 3:]
    _, after = built(step, before)
    _, chosen = built.route(step)
    same = (before["memories"]["matrix"] == after["memories"]["matrix"]).flatten(2).all(-1)
    assert torch.equal(same, ~chosen[..., 0])


def test_tied_scores_still_choose_k() -> None:
    built, x = cell(memories=4), items()
    with torch.no_grad():
        built.router.weight.zero_()
    _, chosen = built.route(x)
    assert (chosen.sum(1) == 2).all()


def test_the_router_learns() -> None:
    built, x = cell(), items()
    built(x)[0].square().sum().backward()
    assert float(built.router.weight.grad.abs().max()) > 0


def penalty(built: MixtureOfMemories, x: Tensor) -> Tensor:
    added = built.penalty(built(x)[1])
    assert added is not None
    return added


@pytest.mark.parametrize("top_k", [2, 3])
def test_what_balance_adds_to_the_loss_equals_the_equations_with_gradients(top_k: int) -> None:
    configured = get("sequence.mixture_of_memories")(inner=DELTA, memories=4, top_k=top_k, balance=0.3)
    torch.manual_seed(0)
    built = configured.build(width=6).double()
    weights, x = dict(built.named_parameters()), items().requires_grad_()
    wanted = [x, weights["router.weight"]]
    fast, slow = penalty(built, x), balance_loss(configured.values, weights, x)
    torch.testing.assert_close(fast, slow)
    for one, other in zip(torch.autograd.grad(fast, wanted), torch.autograd.grad(slow, wanted), strict=True):
        assert one.any()
        torch.testing.assert_close(one, other)


def test_what_balance_adds_depends_neither_on_pieces_nor_on_how_many_items_there_are() -> None:
    built, x = cell(memories=4, balance=1.0), items(13)
    whole, state = penalty(built, x), built(x[:, :5])[1]
    torch.testing.assert_close(built.penalty(built(x[:, 5:], state)[1]), whole)
    torch.testing.assert_close(penalty(built, torch.cat([x, x, x])), whole)


def test_an_even_router_adds_least_and_a_stuck_one_most() -> None:
    """With one-sided scores all go to the same two of four: E; evenly spread: k."""
    built, x = cell(memories=4, balance=1.0), items(400).abs()
    with torch.no_grad():
        built.router.weight.copy_(torch.tensor([50.0, 50.0, -50.0, -50.0])[:, None].expand(4, 6))
        stuck = float(penalty(built, x))
        built.router.weight.normal_(generator=torch.Generator().manual_seed(0))
        even = float(penalty(built, items(400)))
    assert stuck == pytest.approx(4.0)
    assert 2.0 <= even < 3.0


def test_balance_alone_spreads_a_router_that_is_stuck() -> None:
    built, x = cell(memories=4, balance=1.0), items(25, batch=4)
    x = x + 1.0  # features with a common part: a router can prefer a memory everywhere
    with torch.no_grad():
        built.router.weight.copy_(torch.tensor([0.2, 0.2, -0.2, -0.2])[:, None] + 0.1 * built.router.weight)

    def largest() -> float:
        routed = built(x)[1]["routed"].sum(0)
        return float(routed.max() / routed.sum())

    before = largest()
    steps = torch.optim.SGD([built.router.weight], lr=3.0)
    for _ in range(100):
        steps.zero_grad()
        penalty(built, x).backward()
        steps.step()
    assert before > 0.4
    assert largest() < 0.3


def test_balance_touches_the_loss_and_not_the_answer() -> None:
    """Strength 0 adds nothing at all; whatever the strength, y is the same and no weight but the router's is pulled."""
    off, on = cell(balance=0.0), cell(balance=1.0)
    x = items()
    assert off.penalty(off(x)[1]) is None
    assert torch.equal(off(x)[0], on(x)[0])
    found = torch.autograd.grad(penalty(on, x), list(on.parameters()), materialize_grads=True)
    assert {name for (name, _), one in zip(on.named_parameters(), found, strict=True) if one.any()} == {"router.weight"}


def test_own_maps_differ_and_a_single_one_is_shared() -> None:
    own, single = cell(), cell(own_maps=False)
    assert len(own.writers) == 3
    assert len(single.writers) == 0
    assert not torch.equal(own.writers[0].key.weight, own.cell.writer.key.weight)


def test_only_readable_memories_are_taken_with_the_reason() -> None:
    with pytest.raises(Refusal, match="readable"):
        cell(inner={"component": "sequence.mixture_of_memories", "values": {}})
    plain = [replace(e.component, traits=e.component.traits - {"readable"}) for e in catalogue() if e.preset is None]
    without = Catalogue(catalogue().families.values(), plain)
    with pytest.raises(Refusal, match="needs a component that is readable; Attention is not"):
        without.entry("sequence.mixture_of_memories")(inner=ATTENTION)


def test_more_chosen_than_there_are_is_refused() -> None:
    with pytest.raises(Refusal, match="only 3 memories"):
        cell(top_k=4)


def test_a_wrong_value_inside_is_named_by_its_address() -> None:
    with pytest.raises(WrongValues) as caught:
        cell(inner={"component": "sequence.gated_deltanet", "values": {"heads": 0}})
    assert [wrong.address for wrong in caught.value.wrong] == ["inner.heads"]


def test_pictures_and_figures_name_the_memories() -> None:
    built = cell()
    _, state = built(items())
    pictures, figures = built.pictures(state), built.figures(state)
    assert len(pictures) == (3 + 1) * 2
    torch.testing.assert_close(pictures["memory 2, head 1"], state["memories"]["matrix"][0, 1, 0].float())
    torch.testing.assert_close(pictures["shared memory, head 2"], state["memories"]["matrix"][0, 3, 1].float())
    assert 0 <= figures["share_smallest"] <= 1 / 3 <= figures["share_largest"] <= 0.5
