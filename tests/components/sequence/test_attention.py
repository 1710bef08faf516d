"""Attention: the equations, the growing state, rotary positions, masks."""

from __future__ import annotations

import itertools
import math
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.attention import layers, ops, reference
from memstudio.components.sequence.attention.layers import Attention
from memstudio.components.sequence.attention.ops import attend, turned
from memstudio.components.sequence.attention.reference import run
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec


def cell(width: int = 6, **values: object) -> Attention:
    torch.manual_seed(0)
    built = get("sequence.attention")(**{"heads": 2, "key_width": 4, "value_width": 3, **values}).build(width=width)
    assert isinstance(built, Attention)
    return built.double()


def same_as_the_equations(values: dict[str, object], x: Tensor, write: Tensor | None = None, rtol: float = 1e-10) -> None:
    """Answers and gradients of the layer and of the steps."""
    configured = get("sequence.attention")(**values)
    torch.manual_seed(0)
    built = configured.build(width=x.shape[-1]).double()
    weights, x = dict(built.named_parameters()), x.requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x, write=write)[0], run(configured.values, weights, x, write)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=rtol, atol=1e-12)


def items(time: int = 9, width: int = 6, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("query_key_norm", [False, True])
@pytest.mark.parametrize("key_width", [1, 4, 5])
def test_equals_the_equations_forward_and_backward(rotary: bool, query_key_norm: bool, key_width: int) -> None:
    same_as_the_equations(
        {"heads": 2, "key_width": key_width, "value_width": 3, "rotary": rotary, "query_key_norm": query_key_norm}, items()
    )


OPTIONS = [
    {"window": 3},
    {"window": 3, "sinks": 2},
    {"window": 1, "sinks": 1},
    {"weights": "softmax_1"},
    {"weights": "entmax"},
    {"weights": "entmax", "alpha": 2.0},
    {"weights": "entmax", "alpha": 1.0},
    {"weights": "entmax", "alpha": 1.3},
    {"weights": "learned_entmax", "alpha": 1.7},
    {"projections": "add"},
    {"projections": "multiply", "query_key_norm": True},
    {"window": 4, "sinks": 1, "weights": "learned_entmax", "projections": "multiply"},
]
SMALL = {"heads": 2, "key_width": 4, "value_width": 3}


@pytest.mark.parametrize("time", [1, 2, 9])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_every_option_equals_the_equations_forward_and_backward(options: dict[str, object], time: int, masked: bool) -> None:
    write = torch.rand(2, time, generator=torch.Generator().manual_seed(3)) < 0.6 if masked else None
    if write is not None:
        write[:, 0] = True  # the steps' gradients need something written
    same_as_the_equations({**SMALL, **options}, items(time), write, rtol=1e-8)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_every_option_streams_in_any_pieces(options: dict[str, object], masked: bool) -> None:
    built, x = cell(**options), items(13)
    write = torch.rand(2, 13, generator=torch.Generator().manual_seed(3)) < 0.6 if masked else None
    whole, last = built(x, write=write)
    for cuts in ((1, 2, 3), (4, 9), (5, 6, 12)):
        answers, state = [], None
        for low, high in itertools.pairwise([0, *cuts, 13]):
            y, state = built(x[:, low:high], state, None if write is None else write[:, low:high])
            answers.append(y)
        torch.testing.assert_close(torch.cat(answers, 1), whole)
        assert state is not None
        assert state.keys() == last.keys()
        for name in last:
            torch.testing.assert_close(state[name], last[name])


def test_each_option_changes_the_answer() -> None:
    x, plain = items(9), {**SMALL, "weights": "softmax"}
    answers = [get("sequence.attention")(**{**plain, **options}) for options in ({}, *OPTIONS[:6], *OPTIONS[7:])]
    seen = []
    for configured in answers:
        torch.manual_seed(0)
        seen.append(configured.build(width=6).double()(x)[0])
    for one, other in itertools.combinations(seen, 2):
        assert (one - other).abs().max() > 1e-4


def test_a_window_as_long_as_the_sequence_is_attention() -> None:
    x = items(9)
    whole, _ = cell()(x)
    torch.testing.assert_close(cell(window=9)(x)[0], whole)
    torch.testing.assert_close(cell(window=4, sinks=5)(x)[0], whole)
    assert (cell(window=8)(x)[0] - whole).abs().max() > 1e-4


def test_a_window_sees_its_positions_and_the_sinks_and_nothing_else() -> None:
    built, x = cell(window=3, sinks=2), items(9).requires_grad_()
    gradient = torch.autograd.grad(built(x)[0][:, 8].square().sum(), x)[0]
    assert gradient.any(-1)[0].tolist() == [True, True, False, False, False, False, True, True, True]


def test_a_window_counts_written_positions_only() -> None:
    """Positions that were masked push nothing out."""
    built, x = cell(window=3, sinks=1, rotary=False), items(12)
    keep = torch.tensor([0, 1, 4, 5, 8, 11])
    write = torch.zeros(2, 12, dtype=torch.bool).index_fill(1, keep, True)
    y, state = built(x, write=write)
    torch.testing.assert_close(y[:, keep], built(x[:, keep])[0])
    assert state["k"].shape[1] == 4
    assert state["kept"].all()


def test_a_window_keeps_the_same_state_however_long_the_sequence() -> None:
    built, state = cell(window=5, sinks=2).float(), None
    for _ in range(20):
        _, state = built(items(100).float(), state)
        assert state["k"].shape == (2, 7, 2, 4)
        assert state["v"].shape == (2, 7, 2, 3)
    assert int(state["position"]) == 2000


def test_long_windowed_sequences_are_cut_without_a_trace() -> None:
    built, x = cell(window=3, sinks=2), items(9 + 2 * layers.PIECE)
    whole, last = built(x)
    seen = ops.visible(0, x.shape[1], None, 3, 2, x.device)
    position = torch.zeros((), dtype=torch.int64)
    answers = attend(built.query(x, position), *built.writer(x, position), seen)
    torch.testing.assert_close(whole, built.output(answers, x))
    assert last["k"].shape[1] == 5


@pytest.mark.parametrize("alpha", [1.01, 1.2, 1.5, 1.7, 1.9, 2.0])
@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_entmax_agrees_with_bisection(alpha: float, count: int) -> None:
    for scale in (0.01, 1.0, 30.0, 1e4):
        z = torch.randn(5, count, dtype=torch.float64, generator=torch.Generator().manual_seed(4)) * scale
        slow = torch.stack([reference.entmax(row, torch.tensor(alpha, dtype=torch.float64)) for row in z])
        for power in (alpha, torch.tensor(alpha, dtype=torch.float64)):
            torch.testing.assert_close(ops.entmax(z, power), slow, rtol=1e-9, atol=1e-12)
            total = ops.entmax(z.float(), power if isinstance(power, float) else power.float()).sum(-1)
            torch.testing.assert_close(total, torch.ones(5), rtol=1e-4, atol=1e-4)


def test_entmax_in_special_cases() -> None:
    """1 is the softmax; sparsemax of (1, 0.5, −1) is (0.75, 0.25, 0) by hand; 1.5 of (1, 0) solves (1/2 − τ)² + τ² = 1 with τ < 0."""
    z = torch.tensor([[1.0, 0.5, -1.0]], dtype=torch.float64)
    torch.testing.assert_close(ops.entmax(z, 1.0), z.softmax(-1))
    torch.testing.assert_close(ops.entmax(z, 1.0011), z.softmax(-1), rtol=2e-3, atol=1e-3)
    torch.testing.assert_close(ops.entmax(z, 2.0), torch.tensor([[0.75, 0.25, 0.0]], dtype=torch.float64))
    tau = (1 - 7**0.5) / 4
    wanted = torch.tensor([(0.5 - tau) ** 2, tau**2], dtype=torch.float64)
    torch.testing.assert_close(ops.entmax(torch.tensor([1.0, 0.0], dtype=torch.float64), 1.5), wanted)
    ties = ops.entmax(torch.zeros(4, dtype=torch.float64), 1.7)
    torch.testing.assert_close(ties, torch.full((4,), 0.25, dtype=torch.float64))


@pytest.mark.parametrize("alpha", [1.25, 1.5, 2.0])
def test_entmax_gradients_by_finite_differences(alpha: float) -> None:
    z = torch.tensor([[0.3, -0.2, 0.9, -3.0], [0.1, 0.11, 0.4, 0.2]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: ops.entmax(x, alpha), z)
    learned = torch.tensor([[alpha - 0.05], [alpha - 0.1]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ops.entmax, (z, learned))
    assert torch.autograd.gradcheck(ops.softmax_1, z)


def test_softmax_1_by_hand_and_when_nothing_matches() -> None:
    z = torch.tensor([0.0, 0.0, torch.tensor(2.0).log()], dtype=torch.float64)
    torch.testing.assert_close(ops.softmax_1(z), torch.tensor([0.2, 0.2, 0.4], dtype=torch.float64))
    assert ops.softmax_1(torch.full((3,), -1e4)).sum() == 0.0
    torch.testing.assert_close(ops.softmax_1(torch.tensor([1e4, 0.0])), torch.tensor([1.0, 0.0]))
    plain = torch.cat([z, torch.zeros(1, dtype=torch.float64)]).softmax(-1)[:3]
    torch.testing.assert_close(ops.softmax_1(z), plain)


@pytest.mark.parametrize("weights", ["softmax_1", "entmax"])
@pytest.mark.parametrize("size", [1e4, -1e4, 0.0])
def test_extreme_matches_stay_finite_with_their_gradients(weights: str, size: float) -> None:
    q = torch.full((1, 3, 1, 2), size).requires_grad_()
    k = torch.ones(1, 3, 1, 2).requires_grad_()
    for alpha in (1.2, 1.5, 2.0, torch.tensor([1.5])):
        y = attend(q, k, k, None, weights, alpha)
        assert torch.isfinite(y).all()
        assert all(torch.isfinite(g).all() for g in torch.autograd.grad(y.sum(), (q, k)))


def test_vmap_and_grad_go_through_every_kind_of_weights() -> None:
    q, k, v = (torch.randn(3, 2, 7, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in range(3))
    alpha = torch.tensor([[1.2, 1.6], [1.5, 1.4], [1.9, 1.3]], dtype=torch.float64)
    for weights in ("softmax", "softmax_1", "entmax"):

        def loss(q: Tensor, k: Tensor, v: Tensor, alpha: Tensor, weights: str = weights) -> Tensor:
            return attend(q, k, v, None, weights, alpha).square().sum()

        together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3)))(q, k, v, alpha)
        for member in range(3):
            one = torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3))(q[member], k[member], v[member], alpha[member])
            torch.testing.assert_close([part[member] for part in together[0]], list(one[0]))


def test_learned_alphas_start_around_the_given_one_and_learn() -> None:
    many = get("sequence.attention")(weights="learned_entmax", alpha=1.3, heads=64).build(width=4).query.alpha().detach()
    assert 1.2 < float(many.median()) < 1.4
    assert 1.01 <= float(many.min()) < 1.15
    built = cell(weights="learned_entmax", alpha=1.3)
    y, state = built(items())
    y.square().sum().backward()
    assert built.query.sharpness.grad.all()
    assert built.figures(state)["alpha"] == pytest.approx(float(built.query.alpha().detach().mean()))
    torch.nn.init.constant_(built.query.sharpness, math.log(0.3 / 0.7))
    fixed = cell(weights="entmax", alpha=1.3)
    fixed.load_state_dict({name: weight for name, weight in built.state_dict().items() if name != "query.sharpness"})
    torch.testing.assert_close(fixed(items())[0], built(items())[0])


@pytest.mark.parametrize("weights", ["softmax", "softmax_1"])
def test_without_window_and_with_dense_weights_every_earlier_position_counts(weights: str) -> None:
    """The component says `partial` for the sake of its options."""
    built, x = cell(weights=weights), items(11).requires_grad_()
    for t in (0, 3, 10):
        gradient = torch.autograd.grad(built(x)[0][:, t].square().sum(), x)[0]
        assert gradient[:, : t + 1].flatten(2).any(-1).all()


def test_shared_projections_with_no_embedding_are_one_head_repeated() -> None:
    for projections in ("add", "multiply"):
        built, x = cell(projections=projections), items()
        for part in (built.query, built.writer.key, built.writer.value):
            torch.nn.init.zeros_(part.embedding)
        position = torch.zeros((), dtype=torch.int64)
        query = built.query(x, position)
        torch.testing.assert_close(query[..., 0, :], query[..., 1, :])
        single = cell(heads=1)
        single.query.map.load_state_dict(built.query.map.state_dict())
        torch.testing.assert_close(query[..., :1, :], single.query(x, position))


def test_weights_from_before_the_options_load() -> None:
    assert set(cell(query_key_norm=True).state_dict()) == {
        "query.map.weight",
        "query.scale",
        "writer.key.map.weight",
        "writer.key.scale",
        "writer.value.map.weight",
        "output.map.weight",
    }


def test_costs_counted_by_hand() -> None:
    """Width 6, 5 positions, one head of key 2 and value 3, a window of 2 and one sink: positions see 1, 2, 3, 3, 3 keys."""
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=5),)})
    small = {"heads": 1, "key_width": 2, "value_width": 3}
    entry = get("sequence.attention")
    cost = Configured(entry, entry.resolve({**small, "window": 2, "sinks": 1}, nested=True), nested=True).cost(inputs)
    assert cost.state_bytes == 3 * (2 + 3) * 4
    assert cost.parameters == 6 * (2 + 2 + 3) + 3 * 6
    assert cost.flops == 5 * 2 * (6 * 7 + 18) + 2 * (1 + 2 + 3 + 3 + 3) * (2 + 3)


@settings(max_examples=15)
@given(cuts=st.sets(st.integers(1, 12), max_size=5), masked=st.booleans())
def test_feeding_in_any_pieces_gives_the_same(cuts: set[int], masked: bool) -> None:
    built, x = cell(), items(13)
    write = torch.rand(2, 13, generator=torch.Generator().manual_seed(3)) < 0.5 if masked else None
    whole, last = built(x, write=write)
    answers, state, edges = [], None, [0, *sorted(cuts), 13]
    for low, high in itertools.pairwise(edges):
        y, state = built(x[:, low:high], state, None if write is None else write[:, low:high])
        answers.append(y)
    torch.testing.assert_close(torch.cat(answers, 1), whole)
    assert state is not None
    assert state.keys() == last.keys()
    for name in last:
        torch.testing.assert_close(state[name], last[name])


def test_a_mask_may_begin_late() -> None:
    built, x = cell(), items(8)
    late = torch.tensor([[True, False, True, True], [False, False, True, True]])
    _, state = built(x[:, :4])
    y, state = built(x[:, 4:], state, late)
    whole, last = built(x, write=torch.cat([torch.ones(2, 4, dtype=torch.bool), late], 1))
    torch.testing.assert_close(y, whole[:, 4:])
    assert torch.equal(state["kept"], last["kept"])
    back, state = built(x, state)
    assert state["kept"].shape == (2, 16)
    assert torch.isfinite(back).all()


def test_masked_positions_leave_nothing() -> None:
    """Without rotary positions, dropping the masked positions altogether gives the others the same answers."""
    built, x = cell(rotary=False), items(8)
    keep = torch.tensor([0, 2, 3, 6, 7])
    write = torch.zeros(2, 8, dtype=torch.bool).index_fill(1, keep, True)
    y, _ = built(x, write=write)
    torch.testing.assert_close(y[:, keep], built(x[:, keep])[0])


def test_where_nothing_is_kept_the_answer_is_zero() -> None:
    built, x = cell(), items(5)
    y, state = built(x.requires_grad_(), write=torch.zeros(2, 5, dtype=torch.bool))
    assert (y == 0).all()
    y.sum().backward()
    assert torch.isfinite(x.grad).all()
    assert built.figures(state)["cached_keys"] == 0.0


def test_rotary_positions_make_matches_depend_on_the_distance_alone() -> None:
    q, k = (torch.randn(8, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 1))

    def match(at: int, other: int) -> Tensor:
        one = turned(q.view(1, 1, 8), torch.tensor(at))
        two = turned(k.view(1, 1, 8), torch.tensor(other))
        return (one * two).sum()

    torch.testing.assert_close(match(3, 1), match(103, 101))
    torch.testing.assert_close(match(5, 5), (q * k).sum())
    assert abs(float(match(3, 1) - match(3, 2))) > 1e-3


def test_fused_and_written_out_forms_agree_and_vmap_is_quiet() -> None:
    q, k, v = (torch.randn(3, 2, 7, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in range(3))
    plain = torch.stack([attend(q[i], k[i], v[i], None) for i in range(3)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        together = torch.func.vmap(lambda *x: attend(*x, None))(q, k, v)
    torch.testing.assert_close(together, plain)
    seen = torch.ones(7, 7, dtype=torch.bool).tril()
    torch.testing.assert_close(attend(q, k, v, seen), plain)


def test_gradients_by_finite_differences() -> None:
    q, k, v = (torch.randn(1, 4, 1, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(s)).requires_grad_() for s in range(3))
    seen = torch.tensor([[False, False, False, False], [True, False, False, False], [True, True, False, False], [True, False, True, True]])
    assert torch.autograd.gradcheck(lambda *x: attend(*x, seen), (q, k, v))
    assert torch.autograd.gradcheck(lambda *x: attend(*x, None), (q, k, v))


def test_read_is_the_answer_without_writing() -> None:
    built, x = cell(rotary=False), items(6)
    _, state = built(x)
    query = torch.randn(2, 3, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    weights = torch.einsum("bthk,bshk->bhts", query, state["k"]).div(2.0).softmax(-1)
    torch.testing.assert_close(built.read(query, state), torch.einsum("bhts,bshv->bthv", weights, state["v"]))
    _, state = built(x, write=torch.tensor([[True] * 3 + [False] * 3] * 2))
    weights = torch.einsum("bthk,bshk->bhts", query, state["k"][:, :3]).div(2.0).softmax(-1)
    torch.testing.assert_close(built.read(query, state), torch.einsum("bhts,bshv->bthv", weights, state["v"][:, :3]))


def test_pictures_are_the_cache() -> None:
    built, x = cell(), items(6)
    _, state = built(x)
    pictures = built.pictures(state)
    assert list(pictures) == ["keys of head 1", "keys of head 2", "values of head 1", "values of head 2"]
    torch.testing.assert_close(pictures["keys of head 2"], state["k"][0, :, 1].float())
    torch.testing.assert_close(pictures["values of head 1"], state["v"][0, :, 0].float())
    assert built.figures(state)["cached_keys"] == 6.0


def test_huge_scores_do_not_overflow() -> None:
    q = torch.full((1, 3, 1, 2), 1e4)
    for seen in (None, torch.ones(3, 3, dtype=torch.bool).tril()):
        assert torch.isfinite(attend(q, q, q, seen)).all()


@pytest.mark.parametrize("carried", [False, True])
def test_mixed_types_under_autocast(carried: bool) -> None:
    """The norm's scale stays in float32 while maps give bfloat16; keys of both kinds meet in the cache."""
    built, x = cell(query_key_norm=True).float(), items(8).float()
    expected, state = built(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, after = built(x, state if carried else None)
    assert torch.isfinite(y).all()
    assert after["k"].shape[1] == (16 if carried else 8)
    if not carried:
        assert (y.float() - expected).abs().max() < 2**-5 * expected.abs().max()
