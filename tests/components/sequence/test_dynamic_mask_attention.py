"""Dynamic mask attention: who is kept, who is seen, what learns, special cases, costs by hand."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.attention.layers import PIECE, Attention
from memstudio.components.sequence.dynamic_mask_attention import ops
from memstudio.components.sequence.dynamic_mask_attention.layers import DynamicMaskAttention
from memstudio.components.sequence.dynamic_mask_attention.reference import run
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec

SMALL = {"heads": 2, "key_width": 4, "value_width": 3, "keep": 3}


def configured(**values: object) -> Configured:
    entry = get("sequence.dynamic_mask_attention")
    return Configured(entry, entry.resolve({**SMALL, **values}, nested=True), nested=True)


def cell(spread: float = 30.0, **values: object) -> DynamicMaskAttention:
    """With rates far enough from 0 that importances differ."""
    torch.manual_seed(0)
    built = configured(**values).build(width=6)
    assert isinstance(built, DynamicMaskAttention)
    with torch.no_grad():
        built.writer.rate.mul_(spread)
    return built.double()


def items(time: int = 11, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("keep", [1, 3, 20])
@pytest.mark.parametrize("importance", ["exp", "linear"])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_equals_the_equations_forward_and_backward(keep: int, importance: str, norm: bool, masked: bool) -> None:
    values = {"keep": keep, "importance": importance, "query_key_norm": norm, "rotary": not norm}
    built, x = cell(**values), items().requires_grad_()
    write = torch.rand(2, 11, generator=torch.Generator().manual_seed(3)) < 0.6 if masked else None
    weights = dict(built.named_parameters())
    wanted, seen = [x, *weights.values()], []
    for y in (built(x, write=write)[0], run(configured(**values).values, weights, x, write)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("keep", [1, 4, 20])
@pytest.mark.parametrize("masked", [False, True])
def test_feeding_in_any_pieces_gives_the_same(keep: int, masked: bool) -> None:
    built, x = cell(keep=keep), items(13)
    write = torch.rand(2, 13, generator=torch.Generator().manual_seed(3)) < 0.6 if masked else None
    whole, last = built(x, write=write)
    for cuts in ((1, 2), (3, 4, 5, 12), (8,), tuple(range(1, 13))):
        state, answers = None, []
        for low, high in itertools.pairwise([0, *cuts, 13]):
            y, state = built(x[:, low:high], state, None if write is None else write[:, low:high])
            answers.append(y)
        torch.testing.assert_close(torch.cat(answers, 1), whole)
        assert state is not None
        assert state.keys() == last.keys()
        for name in last:
            torch.testing.assert_close(state[name], last[name])


def test_long_sequences_are_cut_without_a_trace() -> None:
    built, x = cell(), items(PIECE + 9)
    whole, _ = built(x)
    _, state = built(x[:, : PIECE - 4])
    torch.testing.assert_close(built(x[:, PIECE - 4 :], state)[0], whole[:, PIECE - 4 :])


def test_who_is_seen_by_hand() -> None:
    """Importances 3, 1, 2, 3, 5 and two places: the second 3 is later than the first and so does not push it out."""
    importance = torch.tensor([3.0, 1.0, 2.0, 3.0, 5.0])[:, None]
    seen = ops.chosen(importance, 5, 2, None)[0].int().tolist()
    assert seen == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [1, 0, 0, 0, 1]]
    (kept,), real = ops.best((importance[..., None],), ops.chosen(importance, 5, 2, None)[..., -1, :], 2)
    assert kept.flatten().tolist() == [3.0, 5.0]
    assert real.all()


def test_with_room_for_all_and_rates_of_zero_it_is_attention() -> None:
    built, x = cell(spread=0.0, keep=20), items()
    plain = get("sequence.attention")(heads=2, key_width=4, value_width=3).build(width=6).double()
    assert isinstance(plain, Attention)
    weights = {name: weight for name, weight in built.state_dict().items() if "rate" not in name and "step" not in name}
    plain.load_state_dict(weights)
    torch.testing.assert_close(built(x)[0], plain(x)[0])


def test_with_rates_of_zero_the_first_keys_stay() -> None:
    built, x = cell(spread=0.0, keep=3), items().requires_grad_()
    gradient = torch.autograd.grad(built(x)[0][:, 9].square().sum(), x)[0].flatten(2).any(-1)
    assert gradient[0].tolist() == [True] * 3 + [False] * 6 + [True, False]


def test_the_importance_learns_through_the_kept_keys() -> None:
    built, x = cell(), items()
    built(x)[0].square().sum().backward()
    assert built.writer.rate.grad.all()
    assert built.writer.step.weight.grad.any()


def test_heads_keep_keys_of_their_own() -> None:
    built, x = cell(keep=2), items(20)
    _, state = built(x)
    key = built.writer.key(x, torch.zeros((), dtype=torch.int64))
    found = [[int((key[0, :, h] - state["k"][0, n, h]).abs().sum(-1).argmin()) for n in range(2)] for h in range(2)]
    importance = built.writer(x, torch.zeros((), dtype=torch.int64))[2]
    assert found == [sorted(importance[0, :, h].topk(2).indices.tolist()) for h in range(2)]
    assert found[0] != found[1]


@pytest.mark.parametrize("rate", [1e4, -1e4])
def test_extreme_importances_stay_finite(rate: float) -> None:
    built, x = cell().float(), items().float().requires_grad_()
    torch.nn.init.constant_(built.writer.rate, rate)
    y, state = built(x)
    assert torch.isfinite(y).all()
    assert torch.isfinite(state["importance"]).all()
    assert torch.isfinite(torch.autograd.grad(y.sum(), x)[0]).all()


def test_gradients_by_finite_differences_and_through_vmap() -> None:
    built = cell(keep=2)
    assert torch.autograd.gradcheck(lambda x: built(x)[0], items(4, 1).requires_grad_())

    def loss(x: Tensor) -> Tensor:
        return built(x)[0].square().sum()

    together = torch.func.vmap(torch.func.grad(loss))(items(7, 3)[:, None])
    for member, x in enumerate(items(7, 3)[:, None]):
        torch.testing.assert_close(together[member], torch.func.grad(loss)(x))


def test_leading_axes_are_only_batch_axes() -> None:
    built, x = cell(), items(7, 6)
    position = torch.zeros((), dtype=torch.int64)
    queries, entries = built.query(x, position), built.writer(x, position)
    write = torch.rand(6, 7, generator=torch.Generator().manual_seed(2)) < 0.7
    flat, _ = built.remember(queries, entries, None, write)
    split = tuple(part.unflatten(0, (2, 3)) for part in (queries, *entries, write))
    answers, _ = built.remember(split[0], split[1:4], None, split[4])
    torch.testing.assert_close(answers.flatten(0, 1), flat)


def test_the_state_stays_the_same_size() -> None:
    built, state = cell().float(), None
    for _ in range(20):
        _, state = built(items(100).float(), state)
        assert state["k"].shape == (2, 3, 2, 4)
        assert state["importance"].shape == (2, 3, 2)
    assert int(state["position"]) == 2000


def test_costs_counted_by_hand() -> None:
    """Width 6, 5 positions, one head of key 2 and value 3, 2 kept: 1, 2, 2, 2, 2 keys are seen."""
    cost = configured(heads=1, key_width=2, value_width=3, keep=2).cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=5),)}))
    assert cost.parameters == 6 * 7 + 3 + 1 + 18
    assert cost.state_bytes == 4 * 2 * (2 + 3 + 1)
    assert cost.flops == 5 * 2 * (6 * 7 + 3 + 18) + 2 * 9 * 5


def test_pictures_and_figures() -> None:
    built = cell()
    _, state = built(items())
    assert built.pictures(state)["importance of kept keys"].shape == (3, 2)
    figures = built.figures(state)
    assert figures["kept_keys"] == 3.0
    assert figures["importance"] == pytest.approx(float(state["importance"][0].detach().mean()))
