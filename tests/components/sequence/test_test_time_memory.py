"""Test-time memories: gradients by hand, chunks, steps and equations give the same; switched off, they are their simpler kin."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.cell import State
from memstudio.components.sequence.chunks import pieces
from memstudio.components.sequence.gated_deltanet.ops import gated_delta_rule
from memstudio.components.sequence.test_time_memory.layers import NeuralMemory
from memstudio.components.sequence.test_time_memory.network import Layers, Norm, ask, plainly, trace
from memstudio.components.sequence.test_time_memory.objectives import pull
from memstudio.components.sequence.test_time_memory.ops import Entries, Fast, Rule, learn, read, retained, soft
from memstudio.components.sequence.test_time_memory.reference import run
from memstudio.experiment.entries import load_object
from memstudio.experiment.kinds import Inputs, Kind, Spec

PLAIN = Rule("l2", 3.0, "decay", 4.0)
SETTINGS: list[dict[str, Any]] = [
    {},
    {"chunk": 1},
    {"retention": "none"},
    {"momentum": True},
    {"depth": 2, "momentum": True},
    {"depth": 3, "momentum": True, "chunk": 1},
    {"depth": 2, "skip": True},
    {"skip": True, "objective": "dot", "momentum": True},
    {"objective": "dot"},
    {"objective": "lp", "power": 1.0},
    {"objective": "lp", "power": 2.0},
    {"depth": 2, "objective": "lp", "retention": "lq", "skip": True},
    {"retention": "lq", "retention_power": 3.0, "momentum": True},
    {"objective": "huber", "depth": 2, "skip": True},
    {"depth": 2, "retention": "kl", "skip": True},
    {"retention": "kl", "momentum": True},
    {"retention": "elastic", "depth": 2},
    {"retention": "elastic", "momentum": True, "objective": "huber", "chunk": 3},
]
RETENTIONS = ("decay", "lq", "kl", "elastic")


def cell(**values: Any) -> tuple[NeuralMemory, dict[str, Any]]:
    torch.manual_seed(0)
    configured = get("sequence.test_time_memory")(**{"heads": 2, "head_width": 3, "chunk": 4, **values})
    built = configured.build(width=5)
    assert isinstance(built, NeuralMemory)
    with torch.no_grad():  # larger steps than at the start, and gates that are not all alike
        built.writer.strength.bias.add_(1.0)
        for p in built.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return built.double(), dict(configured.values)


def items(time: int, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def entries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, width: int = 3, momentum: bool = True, **more: Any) -> Entries:
    """Random entries in float64, keys of length 1."""
    shape = (*lead, time, heads)
    return Entries(
        key=torch.nn.functional.normalize(draw(*shape, width, seed=1), dim=-1),
        value=draw(*shape, width, seed=2),
        strength=draw(*shape, seed=3).sigmoid() * 0.5,
        log_keep=-draw(*shape, seed=4).exp() * 0.2,
        log_momentum=torch.nn.functional.logsigmoid(draw(*shape, seed=5)) if momentum else None,
        bound=draw(*shape, seed=6).exp(),
        threshold=draw(*shape, seed=7).exp() * 0.01,
    )._replace(**more)


def begin(depth: int = 1, *, lead: tuple[int, ...] = (2,), heads: int = 2, width: int = 3, momentum: bool = True) -> Fast:
    widths = [width, *[2 * width] * (depth - 1), width]
    weights = tuple(0.7 * draw(*lead, heads, widths[i + 1], widths[i], seed=10 + i) for i in range(depth))
    return Fast(weights, weights, tuple(0.1 * draw(*w.shape, seed=20) for w in weights) if momentum else None)


def cuts(time: int, chunk: int, position: int = 0) -> list[tuple[int, int, bool]]:
    return list(pieces({"position": torch.tensor(position)}, time, chunk))


def queries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, width: int = 3) -> Tensor:
    return torch.nn.functional.normalize(draw(*lead, time, heads, width, seed=8), dim=-1)


def norm(heads: int = 2, width: int = 3) -> Norm:
    return Norm(1 + 0.3 * draw(heads, 1, width, seed=30), 0.3 * draw(heads, 1, width, seed=31))


def slowly(rule: Rule, scaling: Norm | None, query: Tensor, given: Entries, fast: Fast, chunk: int) -> tuple[Tensor, list[Tensor]]:
    """Position by position with a finished formula for a matrix (no automatic differentiation): answers and accumulators."""
    assert scaling is None
    assert len(fast.running) == 1
    running, surprise = fast.running[0], None if fast.momentum is None else fast.momentum[0]
    began, answers = running, []
    for t in range(given.key.shape[-3]):
        began = running if t % chunk == 0 else began
        k, v, q = (part[..., t, :, :, None] for part in (given.key, given.value, query))
        theta, alpha = given.strength[..., t, :, None, None], given.log_keep[..., t, :, None, None].exp()
        (weights,) = retained(rule, (began,))
        error = weights @ k - v
        update = -theta * error @ k.mT
        if surprise is not None:
            assert given.log_momentum is not None
            update = surprise = given.log_momentum[..., t, :, None, None].exp() * surprise + update
        running = alpha * running + update
        if rule.retention == "elastic":
            assert given.threshold is not None
            running = soft(running, given.threshold[..., t, :, None, None])
        answers.append((retained(rule, (running,))[0] @ q)[..., 0])
    return torch.stack(answers, -3), [running]


@pytest.mark.parametrize("values", SETTINGS, ids=str)
@pytest.mark.parametrize("time", [1, 9])
def test_fast_form_equals_the_equations_forward_and_backward(values: dict[str, Any], time: int) -> None:
    built, resolved = cell(**values)
    weights, x = dict(built.named_parameters()), items(time).requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(resolved, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("values", [SETTINGS[i] for i in (4, 11, 14, 17)], ids=str)
def test_left_out_positions_equal_the_equations(values: dict[str, Any]) -> None:
    built, resolved = cell(**values)
    write = torch.tensor([[True, False, False, True, True, False, True, True, False], [False] * 4 + [True] * 5])
    torch.testing.assert_close(built(items(9), write=write)[0], run(resolved, dict(built.named_parameters()), items(9), write))


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("objective", ["l2", "dot", "lp", "huber"])
def test_gradients_by_hand_equal_automatic_ones(depth: int, residual: bool, objective: str) -> None:
    scaling = norm() if residual else None
    weights = tuple(w.requires_grad_() for w in begin(depth).running)
    given = entries(5)
    key, value = given.key.movedim(-2, -3), given.value.movedim(-2, -3)
    bound = given.bound.movedim(-1, -2) if given.bound is not None else None
    traced = trace(weights, key, scaling, lambda answer: pull(objective, answer, value, 3.0, bound))
    answer = ask(plainly(weights), depth, key, scaling)
    error = answer - value
    length = error.square().sum(-1).sqrt()
    assert bound is not None
    assert bool((length < bound).any())
    assert bool((length > bound).any())
    losses = {
        "l2": 0.5 * error.square().sum(),
        "dot": -(answer * value).sum(),
        "lp": error.abs().pow(3).sum() / 3,
        "huber": torch.where(length < bound, 0.5 * length.square(), bound * (length - 0.5 * bound)).sum(),
    }
    for layer, expected in enumerate(torch.autograd.grad(losses[objective], weights)):
        found = traced.signals[layer].mT @ traced.inputs[layer]
        torch.testing.assert_close(found, expected, rtol=1e-5 if objective == "lp" else 1e-9, atol=1e-6 if objective == "lp" else 1e-11)


@pytest.mark.parametrize("retention", RETENTIONS)
@pytest.mark.parametrize("momentum", [False, True])
@pytest.mark.parametrize("chunk", [1, 2, 3, 8, 13, 64])
def test_every_chunk_size_equals_steps_on_the_same_grain(retention: str, momentum: bool, chunk: int) -> None:
    rule, given, fast = PLAIN._replace(retention=retention), entries(13, momentum=momentum), begin(momentum=momentum)
    answers, last = learn(rule, None, queries(13), given, fast, cuts(13, chunk))
    expected, running = slowly(rule, None, queries(13), given, fast, chunk)
    torch.testing.assert_close(answers, expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(list(last.running), running, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(read(rule, None, queries(13)[:, -1:], last.running), answers[:, -1:])


@settings(max_examples=10)
@given(edges=st.sets(st.integers(1, 12), max_size=5), chunk=st.sampled_from([1, 3, 4, 16]), retention=st.sampled_from(RETENTIONS))
def test_feeding_in_any_pieces_gives_the_same(edges: set[int], chunk: int, retention: str) -> None:
    rule, given, scaling = PLAIN._replace(retention=retention), entries(13), norm()
    whole, last = learn(rule, scaling, queries(13), given, begin(2), cuts(13, chunk))
    fast, answers = begin(2), []
    for low, high in itertools.pairwise([0, *sorted(edges), 13]):
        part = Entries(*(None if p is None else p[:, low:high] for p in given))
        piece, fast = learn(rule, scaling, queries(13)[:, low:high], part, fast, cuts(high - low, chunk, low))
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-9, atol=1e-11)
    for one, other in zip(fast, last, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("log_gate", [0.0, -1e-12, -50.0, -1e4, float("-inf")])
@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("retention", RETENTIONS)
def test_extreme_gates_stay_finite_and_right(log_gate: float, strength: float, retention: str) -> None:
    given, rule = entries(11), PLAIN._replace(retention=retention)
    assert given.log_momentum is not None
    every_third = torch.arange(11).view(1, -1, 1) % 3 == 0
    keep, momentum = (torch.where(every_third, log_gate, part) for part in (given.log_keep, given.log_momentum))
    parts = [p.requires_grad_() for p in (given.key, given.value, torch.full_like(given.strength, strength), keep, momentum)]
    given = Entries(*parts, given.bound, given.threshold)
    answers, last = learn(rule, None, queries(11), given, begin(), cuts(11, 4))
    expected, _ = slowly(rule, None, queries(11), given, begin(), 4)
    torch.testing.assert_close(answers, expected, rtol=1e-8, atol=1e-10)
    for gradient in torch.autograd.grad(answers.sum() + last.running[0].sum(), parts):
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("retention", RETENTIONS)
def test_gradients_by_finite_differences(retention: str) -> None:
    given, fast = entries(4, lead=(1,), heads=1, width=2), begin(2, lead=(1,), heads=1, width=2)
    rule, scaling = Rule("lp", 3.0, retention, 4.0), norm(1, 2)
    inputs = [x.requires_grad_() for x in (*given[:5], queries(4, lead=(1,), heads=1, width=2), *fast.running, *scaling)]

    def answer(*x: Tensor) -> Tensor:
        weights: Layers = (x[6], x[7])
        momentum = tuple(0.1 * w for w in weights)
        part = Entries(*x[:5], None, given.threshold)
        answers, last = learn(rule, Norm(x[8], x[9]), x[5], part, Fast(weights, weights, momentum), cuts(4, 3))
        return answers.sum() + answers.square().sum() + last.running[0].square().sum()

    assert torch.autograd.gradcheck(answer, inputs)


def test_leading_axes_are_only_batch_axes() -> None:
    for retention in RETENTIONS:
        rule = PLAIN._replace(retention=retention)
        given, fast = entries(7, lead=(2, 3, 1)), begin(2, lead=(2, 3, 1))
        answers, last = learn(rule, norm(), queries(7, lead=(2, 3, 1)), given, fast, cuts(7, 4))
        flat = Entries(*(None if p is None else p.reshape(6, *p.shape[3:]) for p in given))
        flat_fast = Fast(*(None if p is None else tuple(w.reshape(6, *w.shape[3:]) for w in p) for p in fast))  # type: ignore[arg-type]
        flat_answers, flat_last = learn(rule, norm(), queries(7, lead=(2, 3, 1)).reshape(6, 7, 2, 3), flat, flat_fast, cuts(7, 4))
        torch.testing.assert_close(answers.reshape(flat_answers.shape), flat_answers)
        torch.testing.assert_close(last.running[1].reshape(flat_last.running[1].shape), flat_last.running[1])


@pytest.mark.parametrize("retention", RETENTIONS)
def test_vmap_and_grad_go_through(retention: str) -> None:
    given, fast = entries(7, lead=(3, 2)), begin(2, lead=(3, 2))
    written = torch.arange(7).expand(3, 2, 7) % 3 > 0
    rule = Rule("huber", 3.0, retention, 4.0)
    inputs, scaling = (*given[:7], *fast.running, queries(7, lead=(3, 2))), norm()

    def loss(written: Tensor, *x: Tensor) -> Tensor:
        answers, last = learn(
            rule, scaling, x[9], Entries(*x[:7], written), Fast(x[7:9], x[7:9], tuple(0.1 * w for w in x[7:9])), cuts(7, 4)
        )
        return answers.square().sum() + sum(w.sum() for w in last.running)

    step = torch.func.grad_and_value(loss, argnums=tuple(range(1, 11)))
    together = torch.func.vmap(step)(written, *inputs)
    for member in range(3):
        gradients, value = step(written[member], *(x[member] for x in inputs))
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 8 bits of fraction; the weights stay in float32."""
    drawn = entries(33)
    given = Entries(*(None if p is None else p.bfloat16() for p in drawn._replace(strength=0.1 * drawn.strength)))
    fast = Fast(*(tuple(w.float() for w in part) for part in begin(2)))  # type: ignore[arg-type]
    answers, last = learn(PLAIN, None, queries(33).bfloat16(), given, fast, cuts(33, 8))
    exact = Entries(*(None if p is None else p.double() for p in given))
    wide = Fast(*(tuple(w.double() for w in part) for part in fast))  # type: ignore[arg-type, union-attr]
    expected, wanted = learn(PLAIN, None, queries(33).bfloat16().double(), exact, wide, cuts(33, 8))
    assert answers.dtype == torch.bfloat16
    assert last.running[0].dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (last.running[0].double() - wanted.running[0]).abs().max() < 1e-5


# What it is when parts of it are off


def test_a_matrix_without_momentum_and_forgetting_and_a_chunk_of_1_is_the_delta_rule() -> None:
    """With ½‖·‖² the step θ is the delta rule's strength β."""
    given = entries(17, momentum=False)
    given = given._replace(log_keep=torch.zeros_like(given.log_keep))
    fast = begin(momentum=False)
    answers, last = learn(PLAIN, None, queries(17), given, fast, cuts(17, 1))
    expected, state = gated_delta_rule(queries(17), given.key, given.value, given.log_keep, given.strength, fast.running[0])
    torch.testing.assert_close(answers, expected)
    torch.testing.assert_close(last.running[0], state)


def test_with_the_dot_product_a_matrix_is_linear_attention_with_decay_whatever_the_chunk() -> None:
    given = entries(9, momentum=False)
    nothing = begin(momentum=False)
    zeros = tuple(torch.zeros_like(w) for w in nothing.running)
    for chunk in (1, 4, 16):
        answers, _ = learn(PLAIN._replace(objective="dot"), None, queries(9), given, Fast(zeros, zeros, None), cuts(9, chunk))
        for t in (0, 5, 8):
            expected = torch.zeros_like(answers[:, t])
            for s in range(t + 1):
                weight = given.strength[:, s] * given.log_keep[:, s + 1 : t + 1].sum(1).exp() * (given.key[:, s] * queries(9)[:, t]).sum(-1)
                expected = expected + weight[..., None] * given.value[:, s]
            torch.testing.assert_close(answers[:, t], expected)


@pytest.mark.parametrize("depth", [1, 2])
def test_options_at_their_neutral_value_change_nothing(depth: int) -> None:
    """Momentum 0, power 2, Huber with a far bound, q-norm with q = 2, elastic net with threshold 0."""
    given = entries(11)
    still = given._replace(log_momentum=torch.full_like(given.strength, float("-inf")))
    far = given._replace(bound=torch.full_like(given.strength, 1e6), threshold=torch.zeros_like(given.strength), log_momentum=None)
    without = begin(depth, momentum=False)
    fast = without._replace(momentum=tuple(torch.zeros_like(w) for w in without.running))
    expected, last = learn(PLAIN, norm(), queries(11), far, without, cuts(11, 4))
    same = [
        learn(PLAIN, norm(), queries(11), still, fast, cuts(11, 4)),
        learn(PLAIN._replace(objective="lp", power=2.0), norm(), queries(11), far, without, cuts(11, 4)),
        learn(PLAIN._replace(objective="huber"), norm(), queries(11), far, without, cuts(11, 4)),
        learn(PLAIN._replace(retention="lq", retention_power=2.0), norm(), queries(11), far, without, cuts(11, 4)),
        learn(PLAIN._replace(retention="elastic"), norm(), queries(11), far, without, cuts(11, 4)),
    ]
    for answers, after in same:
        torch.testing.assert_close(answers, expected, rtol=1e-6, atol=1e-8)
        torch.testing.assert_close(after.running, last.running, rtol=1e-6, atol=1e-8)
    near = learn(PLAIN._replace(objective="huber"), norm(), queries(11), given._replace(log_momentum=None), without, cuts(11, 4))
    assert not torch.allclose(near[0], expected)


def test_kl_retention_is_a_softmax_of_faded_logarithms() -> None:
    """Memora's equation: Wₜ = softmax(αₜ log Wₜ₋₁ − θₜ ∇), though only the sum in the exponent is carried."""
    rule, given, fast = PLAIN._replace(retention="kl"), entries(5, momentum=False), begin(momentum=False)
    weights = fast.running[0].softmax(-1)
    for t in range(5):
        k, v = given.key[:, t, :, :, None], given.value[:, t, :, :, None]
        gradient = (weights @ k - v) @ k.mT
        theta, alpha = given.strength[:, t, :, None, None], given.log_keep[:, t, :, None, None].exp()
        weights = (alpha * weights.log() - theta * gradient).softmax(-1)
    _, last = learn(rule, None, queries(5), given, fast, cuts(5, 1))
    torch.testing.assert_close(retained(rule, last.running)[0], weights)


def test_by_hand() -> None:
    """One number a key, value 2 at key 1 twice, step ½: from zero 1, then 1.5, or 2 when both steps start from zero."""
    two = torch.full((1, 2, 1, 1), 2.0)
    ones, zeros = torch.ones(1, 2, 1, 1), (torch.zeros(1, 1, 1, 1),)
    half = torch.full((1, 2, 1), 0.5)
    given = Entries(ones, two, half, torch.zeros(1, 2, 1))
    for chunk, expected in ((1, [1.0, 1.5]), (2, [1.0, 2.0])):
        answers, _ = learn(PLAIN, None, ones, given, Fast(zeros, zeros, None), cuts(2, chunk))
        torch.testing.assert_close(answers.flatten(), torch.tensor(expected))
    # Surprise 1, then half of it and half of the error 1 that is left: 1 + (½ + ½) = 2. Fading by ½ as well: 1, then ½ + 1.
    moving = given._replace(log_momentum=half.log())
    answers, last = learn(PLAIN, None, ones, moving, Fast(zeros, zeros, zeros), cuts(2, 1))
    torch.testing.assert_close(answers.flatten(), torch.tensor([1.0, 2.0]))
    assert last.momentum is not None
    torch.testing.assert_close(last.momentum[0].flatten(), torch.tensor([1.0]))
    answers, _ = learn(PLAIN, None, ones, moving._replace(log_keep=half.log()), Fast(zeros, zeros, zeros), cuts(2, 1))
    torch.testing.assert_close(answers.flatten(), torch.tensor([1.0, 1.5]))


def test_a_bounded_step_is_no_longer_than_its_bound() -> None:
    """Huber: an outlier pulls with δ, whatever its size."""
    value = torch.tensor([[[[3.0, 4.0, 0.0]]], [[[3000.0, 4000.0, 0.0]]]])
    signal = pull("huber", torch.zeros_like(value), value, 2.0, torch.full((2, 1, 1), 2.5))
    torch.testing.assert_close(signal.flatten(1), torch.tensor([[-1.5, -2.0, 0.0], [-1.5, -2.0, 0.0]]))


# The layer


@pytest.mark.parametrize("name", ["titans_memory", "memora"])
def test_a_mixture_of_such_memories_equals_its_equations(name: str) -> None:
    inner = {"component": f"sequence.{name}", "values": {"heads": 2, "head_width": 5, "chunk": 4}}
    torch.manual_seed(0)
    configured = get("sequence.mixture_of_memories")(inner=inner, memories=3)
    built, x = configured.build(width=6).double(), draw(2, 7, 6)
    expected = load_object(configured.entry.component.reference)(configured.values, dict(built.named_parameters()), x)
    y, state = built(x)
    torch.testing.assert_close(y, expected)
    assert built.pictures(state)["memory 2, head 1, layer 1"].shape == (20, 5)


@pytest.mark.parametrize("name", ["test_time_memory", "titans_memory", "moneta", "yaad", "memora"])
def test_long_streams_need_no_more_state_and_stay_finite(name: str) -> None:
    torch.manual_seed(0)
    built = get(f"sequence.{name}")(heads=2, head_width=8).build(width=8)
    state: State | None = None
    sizes = set()
    x = torch.randn(1, 2000, 8, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        for part in x.split(501, 1):
            y, state = built(part, state)
            assert torch.isfinite(y).all()
            assert state is not None
            sizes.add(tuple((name, tuple(part.shape)) for name, part in state.items()))
    assert len(sizes) == 1
    assert y.abs().max() < 100


def test_steps_start_near_one_over_one_and_the_chunk() -> None:
    for chunk in (1, 8):
        torch.manual_seed(0)
        writer = get("sequence.test_time_memory")(heads=64, chunk=chunk).build(width=8).writer
        assert float(writer.strength.bias.detach().sigmoid().mean()) == pytest.approx(1 / (1 + chunk))


def test_a_plain_matrix_begins_empty_and_a_network_does_not() -> None:
    assert not get("sequence.test_time_memory")().build(width=8).start.layers[0].any()
    for values in ({"depth": 2}, {"skip": True}, {"retention": "kl"}, {"retention": "lq"}):
        assert get("sequence.test_time_memory")(**values).build(width=8).start.layers[0].any()


@pytest.mark.parametrize(("chunk", "copies"), [(1, 2), (4, 3)])
def test_products_and_state_by_hand(chunk: int, copies: int) -> None:
    """Titans, width 5, 2 heads of 3, hidden 12: maps 5 × (key 6, value 6, query 6, output 6, output gate 6, three gates of 2) = 180.

    A network 12 × 3 + 3 × 12 = 72 a head: through 72, back to the first layer 36, outer products 72, reading 72: 252 a head.
    """
    configured = get("sequence.titans_memory")(heads=2, head_width=3, chunk=chunk)
    cost = configured.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=5, time=7),)}))
    assert cost.flops == 7 * 2 * (180 + 2 * 252)
    assert cost.state_bytes == 4 * copies * 2 * 72
    assert cost.parameters == sum(p.numel() for p in configured.build(width=5).parameters())


def test_figures_and_pictures_mean_what_they_say() -> None:
    built, _ = cell(momentum=True)
    eye = torch.stack([torch.eye(3), 2 * torch.ones(3, 3)])[None]
    state = {"running_1": eye, "began_1": eye, "momentum_1": 0.5 * eye, "position": torch.tensor(4)}
    figures, pictures = built.figures(state), built.pictures(state)
    assert figures["state_norm"] == pytest.approx((3**0.5 + 6) / 2)
    assert figures["momentum_norm"] == pytest.approx((3**0.5 + 6) / 4)
    assert figures["effective_rank"] == pytest.approx((3 + 1) / 2, rel=1e-5)
    assert list(pictures) == ["head 1", "head 2"]
    assert torch.equal(pictures["head 2"], eye[0, 1])
    deep, _ = cell(depth=2, retention="kl")
    _, after = deep(items(3))
    shown = deep.pictures(after)
    assert list(shown) == ["head 1, layer 1", "head 2, layer 1", "head 1, layer 2", "head 2, layer 2"]
    torch.testing.assert_close(shown["head 1, layer 2"].sum(-1), torch.ones(3))


def test_surprise_is_large_for_what_is_new() -> None:
    """The same pair again and again: ever smaller steps; a new value for the key: a large one."""
    key = torch.tensor([1.0, 0.0, 0.0]).expand(1, 12, 1, 3)
    value = torch.cat([torch.ones(1, 11, 1, 3), -torch.ones(1, 1, 1, 3)], 1)
    given = Entries(key, value, torch.full((1, 12, 1), 0.5), torch.zeros(1, 12, 1))
    zeros = (torch.zeros(1, 1, 3, 3),)
    moves, fast = [], Fast(zeros, zeros, None)
    one = partial(learn, PLAIN, None)
    for t in range(12):
        before = fast.running[0]
        _, fast = one(key[:, t : t + 1], Entries(*(p[:, t : t + 1] for p in given[:4])), fast, cuts(1, 1, t))
        moves.append(float((fast.running[0] - before).norm()))
    assert all(later < earlier for earlier, later in itertools.pairwise(moves[:11]))
    assert moves[11] > moves[0]
