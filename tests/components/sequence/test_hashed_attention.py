"""Hashed attention: buckets, selected keys, how the scorer learns, special cases, costs by hand."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.hashed_attention import ops
from memstudio.components.sequence.hashed_attention.layers import HashedAttention
from memstudio.components.sequence.hashed_attention.reference import ranking_loss, run
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec

SMALL = {"heads": 2, "key_width": 4, "value_width": 3, "directions": 2, "bucket_keys": 2, "selected": 2}


def configured(**values: object) -> Configured:
    entry = get("sequence.hashed_attention")
    return Configured(entry, entry.resolve({**SMALL, **values}, nested=True), nested=True)


def cell(**values: object) -> HashedAttention:
    torch.manual_seed(0)
    built = configured(**values).build(width=6)
    assert isinstance(built, HashedAttention)
    return built.double()


def items(time: int = 11, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("directions", "rounds"), [(1, 1), (2, 2), (5, 3)])
@pytest.mark.parametrize(("bucket_keys", "selected"), [(1, 1), (3, 2), (20, 1), (1, 20)])
def test_equals_the_equations_forward_and_backward(directions: int, rounds: int, bucket_keys: int, selected: int) -> None:
    values = {"directions": directions, "rounds": rounds, "bucket_keys": bucket_keys, "selected": selected, "draw": 3}
    built, x = cell(**values), items(9).requires_grad_()
    weights = dict(built.named_parameters())
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured(**values).values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-11)


def test_what_ranking_adds_to_the_loss_equals_the_equations_whole_and_in_pieces() -> None:
    built, x = cell(ranking=0.7), items(7)
    weights = dict(built.named_parameters())
    scorer = [weight for name, weight in weights.items() if name.startswith("scorer")]
    slow = ranking_loss(configured(ranking=0.7).values, weights, x)
    _, state = built(x[:, :3])
    for fast in (built.penalty(built(x)[1]), built.penalty(built(x[:, 3:], state)[1])):
        torch.testing.assert_close(fast, slow)
        for one, other in zip(
            torch.autograd.grad(fast, scorer, retain_graph=True), torch.autograd.grad(slow, scorer, retain_graph=True), strict=True
        ):
            torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-11)


def test_ranking_touches_nothing_but_the_scorer_and_may_be_off() -> None:
    built, x = cell(ranking=1.0), items()
    found = torch.autograd.grad(built.penalty(built(x)[1]), list(built.parameters()), materialize_grads=True)
    assert {name.split(".")[0] for (name, _), one in zip(built.named_parameters(), found, strict=True) if one.any()} == {"scorer"}
    assert cell(ranking=0.0).penalty(built(x)[1]) is None


def test_ranking_alone_puts_wanted_keys_first() -> None:
    built, x = cell(), items(12, 4)
    steps = torch.optim.Adam(built.scorer.parameters(), lr=0.02)
    first = float(built.penalty(built(x)[1]).detach())
    for _ in range(100):
        steps.zero_grad()
        built.penalty(built(x)[1]).backward()
        steps.step()
    assert float(built.penalty(built(x)[1]).detach()) < 0.6 * first


def test_the_straight_gradient_is_that_of_a_score_added_to_the_match() -> None:
    """With all keys selected: the scorer's gradient is as if the matches of attention had the scores added, at scores of 0."""
    built, x = cell(selected=20), items(6)
    torch.nn.init.zeros_(built.scorer.last.weight)
    torch.nn.init.zeros_(built.scorer.last.bias)
    position = torch.zeros((), dtype=torch.int64)
    query, key, value = (part(x, position).movedim(-2, -3) for part in (built.query, built.key, built.value))
    y, state = built(x)
    score = state["score"].movedim(-1, -2)[..., None, :]
    matches = (query @ key.mT / 2 + score).masked_fill(~torch.ones(6, 6, dtype=torch.bool).tril(), -1e300)
    plain = built.output((matches.softmax(-1) @ value).movedim(-3, -2), x)
    torch.testing.assert_close(plain, y)
    scorer = list(built.scorer.parameters())
    one, other = (torch.autograd.grad(out.square().sum(), scorer, retain_graph=True) for out in (y, plain))
    assert one[-2].any()
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("bucket_keys", "selected"), [(1, 1), (3, 4), (20, 20)])
def test_feeding_in_any_pieces_gives_the_same(bucket_keys: int, selected: int) -> None:
    built, x = cell(bucket_keys=bucket_keys, selected=selected), items(13)
    whole, last = built(x)
    for cuts in ((1, 2), (3, 4, 5, 12), (8,), tuple(range(1, 13))):
        state, answers = None, []
        for low, high in itertools.pairwise([0, *cuts, 13]):
            y, state = built(x[:, low:high], state)
            answers.append(y)
        torch.testing.assert_close(torch.cat(answers, 1), whole)
        assert state is not None
        for name in last:
            torch.testing.assert_close(state[name], last[name])


def test_buckets_by_hand() -> None:
    """Directions along the axes: the bucket is the largest coordinate, or (counted after them) the smallest one's opposite."""
    directions = torch.eye(2)[None, None]
    x = torch.tensor([[2.0, 1.0], [1.0, 2.0], [-3.0, 1.0], [0.5, -0.6]])[:, None]
    assert ops.bucket(x, directions).flatten().tolist() == [0, 1, 2, 3]
    key = torch.tensor([0, 1, 0, 0, 1])[:, None, None]
    seen = ops.hashed(torch.tensor([0, 0, 0, 0, 1])[:, None, None], key, 2)[0].int().tolist()
    assert seen == [[1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 1, 1, 0], [0, 1, 0, 0, 1]]


def test_the_bucket_depends_on_the_direction_alone() -> None:
    directions = ops.drawn(5, 3, 2, 4, 6)
    x = torch.randn(2, 9, 2, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(ops.bucket(x, directions), ops.bucket(17.0 * x, directions))
    opposite = (ops.bucket(x, directions) + 6) % 12
    assert torch.equal(ops.bucket(-x, directions), opposite)
    assert not torch.equal(ops.drawn(6, 3, 2, 4, 6), directions)


def test_near_vectors_share_a_bucket_more_often_than_far_ones() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(500, 1, 8, generator=generator)
    near, far = x + 0.1 * torch.randn(500, 1, 8, generator=generator), torch.randn(500, 1, 8, generator=generator)
    directions = ops.drawn(0, 1, 1, 8, 4)
    shared = [(ops.bucket(x, directions) == ops.bucket(other, directions)).double().mean() for other in (near, far)]
    assert shared[0] > 0.8
    assert shared[1] < 0.25


def test_with_all_keys_selected_it_is_attention() -> None:
    built, x = cell(selected=20), items()
    plain = get("sequence.attention")(heads=2, key_width=4, value_width=3, rotary=False).build(width=6).double()
    plain.load_state_dict(
        {
            "query.map.weight": built.query.map.weight,
            "writer.key.map.weight": built.key.map.weight,
            "writer.value.map.weight": built.value.map.weight,
            "output.map.weight": built.output.map.weight,
        }
    )
    torch.testing.assert_close(built(x)[0], plain(x)[0])


def test_seeds_share_the_directions_and_they_are_no_weights() -> None:
    one = configured().build(width=6)
    torch.manual_seed(7)
    other = configured().build(width=6)
    assert torch.equal(one.directions, other.directions)
    assert not any("direction" in name for name in one.state_dict())
    assert not torch.equal(configured(draw=1).build(width=6).directions, one.directions)


def test_vmap_and_grad_go_through() -> None:
    built = cell()

    def loss(x: Tensor) -> Tensor:
        y, state = built(x)
        return y.square().sum() + built.penalty(state)

    together = torch.func.vmap(torch.func.grad(loss))(items(7, 3)[:, None])
    for member, x in enumerate(items(7, 3)[:, None]):
        torch.testing.assert_close(together[member], torch.func.grad(loss)(x))


def test_costs_counted_by_hand() -> None:
    """Width 6, 5 positions, one head of key 2 and value 3, 2 directions in 1 round, 1 + 1 keys: 1, 2, 2, 2, 2 are seen."""
    sizes = {"heads": 1, "key_width": 2, "value_width": 3, "directions": 2, "rounds": 1, "bucket_keys": 1, "selected": 1}
    cost = configured(**sizes).cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=5),)}))
    assert cost.parameters == 6 * 7 + 18 + (16 + 4) * 2 + 4 + 1
    assert cost.state_bytes == 4 * (5 * (2 + 3 + 2) + 2)
    assert cost.flops == 5 * 2 * (6 * 7 + 18 + 2 * 2 * 2 + 16 + 16 + 4) + 2 * 5 * 9 + 2 * 2 * 15


def test_pictures_and_figures() -> None:
    built = cell()
    _, state = built(items())
    assert built.pictures(state)["scores of keys"].shape == (11, 2)
    figures = built.figures(state)
    assert figures["cached_keys"] == 11.0
    assert 1.0 <= figures["buckets_used"] <= 4.0
    assert 0.25 <= figures["largest_bucket"] <= 1.0
