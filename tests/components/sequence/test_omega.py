"""The Omega rule: windows, features and Muon against the equations; switched off, it is the test-time memory."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.cell import State
from memstudio.components.sequence.chunks import pieces
from memstudio.components.sequence.omega import reference
from memstudio.components.sequence.omega.declare import feature_count, refuse
from memstudio.components.sequence.omega.features import features
from memstudio.components.sequence.omega.layers import Omega
from memstudio.components.sequence.omega.ops import Entries, Fast, Recent, latest, learn, newton_schulz, read, windows
from memstudio.components.sequence.test_time_memory import ops as single
from memstudio.experiment.entries import load_object
from memstudio.experiment.kinds import Inputs, Kind, Spec

SETTINGS: list[dict[str, Any]] = [
    {},
    {"window": 1, "optimiser": "gradient"},
    {"window": 5, "chunk": 1},
    {"window": 16, "chunk": 3, "optimiser": "gradient", "gate": False},
    {"degree": 2, "depth": 2},
    {"degree": 3, "optimiser": "gradient"},
    {"degree": 2, "depth": 3, "chunk": 1},
    {"optimiser": "muon"},
    {"optimiser": "muon", "degree": 2, "depth": 2, "gate": False},
    {"optimiser": "muon", "window": 1, "chunk": 1},
]
WRITE = torch.tensor([[True, False, False, True, True, False, True, True, False], [False] * 4 + [True] * 5])


def cell(**values: Any) -> tuple[Omega, dict[str, Any]]:
    torch.manual_seed(0)
    configured = get("sequence.omega")(**{"heads": 2, "head_width": 3, "window": 3, "chunk": 4, **values})
    built = configured.build(width=5)
    assert isinstance(built, Omega)
    with torch.no_grad():  # larger steps than at the start, and gates that are not all alike
        built.writer.strength.bias.add_(1.0)
        for p in built.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return built.double(), dict(configured.values)


def items(time: int, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def entries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, width: int = 3, momentum: bool = True) -> Entries:
    """Random entries in float64, keys of length 1."""
    shape = (*lead, time, heads)
    return Entries(
        key=torch.nn.functional.normalize(draw(*shape, width, seed=1), dim=-1),
        value=draw(*shape, width, seed=2),
        counts=draw(*shape, seed=6).sigmoid(),
        strength=draw(*shape, seed=3).sigmoid() * 0.3,
        log_keep=-draw(*shape, seed=4).exp() * 0.2,
        log_momentum=torch.nn.functional.logsigmoid(draw(*shape, seed=5)) if momentum else None,
    )


def begin(window: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, width: int = 3, momentum: bool = True, degree: int = 1) -> Fast:
    weights = (0.7 * draw(*lead, heads, width, feature_count(width, degree), seed=10),)
    before = (*lead, heads, window - 1)
    recent = Recent(draw(*before, width) * 0, draw(*before, width) * 0, draw(*before) * 0) if window > 1 else None
    return Fast(weights, weights, tuple(0.1 * draw(*w.shape, seed=20) for w in weights) if momentum else None, recent)


def cuts(time: int, chunk: int, position: int = 0) -> list[tuple[int, int, bool]]:
    return list(pieces({"position": torch.tensor(position)}, time, chunk))


def queries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, width: int = 3) -> Tensor:
    return torch.nn.functional.normalize(draw(*lead, time, heads, width, seed=8), dim=-1)


@pytest.mark.parametrize("values", SETTINGS, ids=str)
@pytest.mark.parametrize("time", [1, 9])
def test_fast_form_equals_the_equations_forward_and_backward(values: dict[str, Any], time: int) -> None:
    built, resolved = cell(**values)
    weights, x = dict(built.named_parameters()), items(time).requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], reference.run(resolved, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("values", [*SETTINGS[:4], *SETTINGS[7:]], ids=str)
def test_left_out_positions_equal_the_equations(values: dict[str, Any]) -> None:
    """They do not count in the window either: it holds the last written positions, also where pieces are fed."""
    built, resolved = cell(**values)
    expected = reference.run(resolved, dict(built.named_parameters()), items(9), WRITE)
    torch.testing.assert_close(built(items(9), write=WRITE)[0], expected)
    answers, state = [], None
    for low, high in ((0, 2), (2, 3), (3, 8), (8, 9)):
        y, state = built(items(9)[:, low:high], state, WRITE[:, low:high])
        answers.append(y)
    torch.testing.assert_close(torch.cat(answers, 1), expected)


@settings(max_examples=10)
@given(
    edges=st.sets(st.integers(1, 12), max_size=5),
    chunk=st.sampled_from([1, 3, 4, 16]),
    window=st.sampled_from([1, 2, 5, 20]),
    muon=st.booleans(),
)
def test_feeding_in_any_pieces_gives_the_same(edges: set[int], chunk: int, window: int, muon: bool) -> None:
    drawn = entries(13)
    whole, last = learn(queries(13), drawn, begin(window), window, None, muon, cuts(13, chunk))
    fast, answers = begin(window), []
    for low, high in itertools.pairwise([0, *sorted(edges), 13]):
        part = Entries(*(None if p is None else p[:, low:high] for p in drawn))
        piece, fast = learn(queries(13)[:, low:high], part, fast, window, None, muon, cuts(high - low, chunk, low))
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-9, atol=1e-11)
    for one, other in zip(fast[:3], last[:3], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)
    assert (fast.recent is None) == (last.recent is None)
    if fast.recent is not None and last.recent is not None:
        torch.testing.assert_close(tuple(fast.recent), tuple(last.recent))


@pytest.mark.parametrize("momentum", [False, True])
@pytest.mark.parametrize("chunk", [1, 4, 16])
def test_a_window_of_1_without_muon_is_the_test_time_memory(momentum: bool, chunk: int) -> None:
    """With degree 1, its squared error, and steps that a position's count has scaled."""
    drawn, fast = entries(11, momentum=momentum), begin(1, momentum=momentum)
    answers, last = learn(queries(11), drawn, fast, 1, None, False, cuts(11, chunk))
    same = single.Entries(drawn.key, drawn.value, drawn.strength * drawn.counts, drawn.log_keep, drawn.log_momentum)
    rule = single.Rule("l2", 2.0, "decay", 2.0)
    expected, after = single.learn(rule, None, queries(11), same, single.Fast(*fast[:3]), cuts(11, chunk))
    torch.testing.assert_close(answers, expected)
    torch.testing.assert_close(last.running, after.running)


def test_a_window_over_everything_is_a_gradient_step_on_all_pairs() -> None:
    """Chunk 1, no decay, no momentum: each step goes down the squared error of all positions so far (global least squares)."""
    drawn = entries(7, momentum=False)
    drawn = drawn._replace(log_keep=torch.zeros_like(drawn.log_keep), counts=torch.ones_like(drawn.counts))
    fast = begin(7, momentum=False)
    weights = fast.running[0]
    _, last = learn(queries(7), drawn, fast, 7, None, False, cuts(7, 1))
    for t in range(7):
        keys, values = drawn.key[:, : t + 1].movedim(1, 2), drawn.value[:, : t + 1].movedim(1, 2)
        weights = weights - drawn.strength[:, t, :, None, None] * (keys @ weights.mT - values).mT @ keys
    torch.testing.assert_close(last.running[0], weights)


def test_many_steps_on_a_window_reach_least_squares_where_single_ones_do_not() -> None:
    """Two pairs that disagree about one direction of key: the window's steps settle on the compromise."""
    key = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64).repeat(100, 1).view(1, 200, 1, 2)
    value = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64).repeat(100, 1).view(1, 200, 1, 2)
    gate = torch.full((1, 200, 1), 0.5, dtype=torch.float64)
    drawn = Entries(key, value, torch.ones_like(gate), gate, torch.zeros_like(gate))
    fast = begin(2, lead=(1,), heads=1, width=2, momentum=False)
    _, last = learn(key, drawn, fast, 2, None, False, cuts(200, 1))
    exact = torch.linalg.lstsq(key[0, :2, 0], value[0, :2, 0]).solution.mT
    torch.testing.assert_close(last.running[0][0, 0], exact, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_features_have_the_kernel_of_all_products(degree: int) -> None:
    x, z = draw(5, 4, seed=1), draw(5, 4, seed=2)
    coefficients = torch.tensor([0.9, 0.5, 0.2][:degree], dtype=torch.float64)
    found = (features(x, coefficients) * features(z, coefficients)).sum(-1)
    kernel = sum(c**2 * (x * z).sum(-1) ** (i + 1) for i, c in enumerate(coefficients))
    torch.testing.assert_close(found, kernel)
    assert features(x, coefficients).shape[-1] == feature_count(4, degree)
    torch.testing.assert_close(features(x, coefficients), reference.features(x, coefficients))


def test_coefficients_start_as_in_the_series_of_the_exponential() -> None:
    assert get("sequence.omega")(degree=3).build(width=8).features.coefficients.tolist() == pytest.approx([1, 1 / 2, 1 / 6])
    assert get("sequence.omega")(degree=1).build(width=8).features.coefficients is None


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 5), (1, 4)])
def test_newton_schulz_gives_the_same_as_the_iteration_and_is_nearly_orthogonal(shape: tuple[int, int]) -> None:
    x = draw(6, *shape)
    y = newton_schulz(x)
    torch.testing.assert_close(y, reference.orthogonal(x), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(newton_schulz(x.float()).double(), y, rtol=1e-4, atol=1e-4)
    values = torch.linalg.svdvals(y)
    assert float(values.min()) > 0.6
    assert float(values.max()) < 1.25
    u, _, v = torch.linalg.svd(x, full_matrices=False)
    assert ((u.mT @ y @ v.mT).diagonal(dim1=-2, dim2=-1) > 0.6).all()
    zero = torch.zeros(*shape, requires_grad=True)
    newton_schulz(zero).sum().backward()
    assert not newton_schulz(zero).any()
    assert zero.grad is not None
    assert torch.isfinite(zero.grad).all()


def test_the_window_by_hand() -> None:
    """Window 3, two recent entries and three new ones, the second of which is left out."""
    one = torch.ones(())
    assert windows(3, 3, None, one).tolist() == [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1]]
    written = torch.tensor([[1.0, 0.0, 1.0]])
    seen = windows(3, 3, written, one)[0] * torch.tensor([1.0, 1, 1, 0, 1])
    assert seen.tolist() == [[1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 0, 1]]
    entry = torch.arange(5.0).view(1, 1, 5)
    recent = latest(Recent(entry[..., None], entry[..., None], entry), 2, written[:, None])
    assert recent.counts.flatten().tolist() == [2, 4]
    assert latest(Recent(entry[..., None], entry[..., None], entry), 2, None).key.flatten().tolist() == [3, 4]


def test_by_hand() -> None:
    """One number a key, values 2 and 0 at key 1, steps ½: 1; then both pairs pull: 1 − ½ ((1 − 2) + (1 − 0)) = 1, not ½."""
    ones, value = torch.ones(1, 2, 1, 1), torch.tensor([2.0, 0.0]).view(1, 2, 1, 1)
    gate, zeros = torch.full((1, 2, 1), 0.5), (torch.zeros(1, 1, 1, 1),)
    drawn = Entries(ones, value, torch.ones(1, 2, 1), gate, torch.zeros(1, 2, 1))
    recent = Recent(torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 1))
    for window, expected in ((1, [1.0, 0.5]), (2, [1.0, 1.0])):
        fast = Fast(zeros, zeros, None, recent if window == 2 else None)
        answers, _ = learn(ones, drawn, fast, window, None, False, cuts(2, 1))
        torch.testing.assert_close(answers.flatten(), torch.tensor(expected))
    # The same with both gradients where nothing was known yet: 1, then again +½ · 2 from the first pair and 0 from the second.
    answers, _ = learn(ones, drawn, Fast(zeros, zeros, None, recent), 2, None, False, cuts(2, 2))
    torch.testing.assert_close(answers.flatten(), torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize("log_gate", [0.0, -1e-12, -50.0, -1e4, float("-inf")])
@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("muon", [False, True])
def test_extreme_gates_stay_finite_and_right(log_gate: float, strength: float, muon: bool) -> None:
    """Whole chunks equal the same read in chunks' pieces of one position, gradients are finite."""
    drawn = entries(9)
    assert drawn.log_momentum is not None
    every_third = torch.arange(9).view(1, -1, 1) % 3 == 0
    keep, momentum = (torch.where(every_third, log_gate, part) for part in (drawn.log_keep, drawn.log_momentum))
    parts = [p.requires_grad_() for p in (drawn.key, drawn.value, drawn.counts, torch.full_like(drawn.strength, strength), keep, momentum)]
    answers, last = learn(queries(9), Entries(*parts), begin(3), 3, None, muon, cuts(9, 4))
    singly = [(t, t + 1, t % 4 == 3) for t in range(9)]
    expected, _ = learn(queries(9), Entries(*parts), begin(3), 3, None, muon, singly)
    torch.testing.assert_close(answers, expected, rtol=1e-8, atol=1e-10)
    for gradient in torch.autograd.grad(answers.sum() + last.running[0].sum(), parts):
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("muon", [False, True])
def test_gradients_by_finite_differences(muon: bool) -> None:
    drawn, fast = entries(4, lead=(1,), heads=1, width=2), begin(2, lead=(1,), heads=1, width=2, degree=2)
    inputs = [
        x.requires_grad_()
        for x in (*drawn[:6], queries(4, lead=(1,), heads=1, width=2), fast.running[0], torch.tensor([1.0, 0.5], dtype=torch.float64))
        if x is not None
    ]

    def answer(*x: Tensor) -> Tensor:
        begun = Fast((x[7],), (x[7],), (0.1 * x[7],), fast.recent)
        answers, last = learn(x[6], Entries(*x[:6]), begun, 2, x[8], muon, cuts(4, 3))
        return answers.sum() + answers.square().sum() + last.running[0].square().sum()

    assert torch.autograd.gradcheck(answer, inputs)


def test_leading_axes_are_only_batch_axes() -> None:
    drawn, fast, written = entries(7, lead=(2, 3, 1)), begin(3, lead=(2, 3, 1)), draw(2, 3, 1, 7) > -0.5
    answers, last = learn(queries(7, lead=(2, 3, 1)), drawn._replace(written=written), fast, 3, None, False, cuts(7, 4))
    flat = Entries(*(None if p is None else p.reshape(6, *p.shape[3:]) for p in drawn))._replace(written=written.reshape(6, 7))
    assert fast.momentum is not None
    assert fast.recent is not None
    weights, momentum = fast.running[0].reshape(6, 2, 3, 3), fast.momentum[0].reshape(6, 2, 3, 3)
    recent = Recent(*(p.reshape(6, *p.shape[3:]) for p in fast.recent))
    query = queries(7, lead=(2, 3, 1)).reshape(6, 7, 2, 3)
    flat_answers, flat_last = learn(query, flat, Fast((weights,), (weights,), (momentum,), recent), 3, None, False, cuts(7, 4))
    torch.testing.assert_close(answers.reshape(flat_answers.shape), flat_answers)
    torch.testing.assert_close(last.running[0].reshape(6, 2, 3, 3), flat_last.running[0])


@pytest.mark.parametrize("muon", [False, True])
def test_vmap_and_grad_go_through(muon: bool) -> None:
    drawn, fast = entries(7, lead=(3, 2)), begin(3, lead=(3, 2))
    written = torch.arange(7).expand(3, 2, 7) % 3 > torch.arange(3).view(3, 1, 1) - 1
    inputs = (*drawn[:6], fast.running[0], queries(7, lead=(3, 2)))
    nothing = begin(3).recent

    def loss(written: Tensor, *x: Tensor) -> Tensor:
        begun = Fast((x[6],), (x[6],), (0.1 * x[6],), nothing)
        answers, last = learn(x[7], Entries(*x[:6], written), begun, 3, None, muon, cuts(7, 4))
        return answers.square().sum() + last.running[0].sum()

    step = torch.func.grad_and_value(loss, argnums=tuple(range(1, 9)))
    together = torch.func.vmap(step)(written, *inputs)
    for member in range(3):
        gradients, value = step(written[member], *(x[member] for x in inputs))
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)


@pytest.mark.parametrize("muon", [False, True])
def test_bfloat16_is_computed_in_float32(muon: bool) -> None:
    """Only inputs and answers are rounded: 8 bits of fraction; the weights stay in float32."""
    drawn, fast = entries(33), begin(3)
    drawn = Entries(*(None if p is None else p.bfloat16() for p in drawn._replace(strength=0.1 * drawn.strength)))
    assert fast.momentum is not None
    assert fast.recent is not None
    half = Fast(*(tuple(w.float() for w in part) for part in fast[:3]), Recent(*(p.float() for p in fast.recent)))  # type: ignore[arg-type]
    answers, last = learn(queries(33).bfloat16(), drawn, half, 3, None, muon, cuts(33, 8))
    exact = Entries(*(None if p is None else p.double() for p in drawn))
    wide = Fast(*(tuple(w.double() for w in part) for part in half[:3]), fast.recent)  # type: ignore[arg-type, union-attr]
    expected, wanted = learn(queries(33).bfloat16().double(), exact, wide, 3, None, muon, cuts(33, 8))
    assert answers.dtype == torch.bfloat16
    assert last.running[0].dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (last.running[0].double() - wanted.running[0]).abs().max() < 1e-4


def test_reading_equals_answering() -> None:
    coefficients = torch.tensor([1.0, 0.5], dtype=torch.float64)
    answers, last = learn(queries(6), entries(6), begin(3, degree=2), 3, coefficients, False, cuts(6, 4))
    torch.testing.assert_close(read(queries(6)[:, 5:], last.running, coefficients), answers[:, 5:])


@pytest.mark.parametrize("name", ["omega", "omeganet", "atlas"])
def test_long_streams_need_no_more_state_and_stay_finite(name: str) -> None:
    torch.manual_seed(0)
    built = get(f"sequence.{name}")(heads=2, head_width=4).build(width=8)
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


def test_steps_start_so_that_those_from_one_place_add_up_to_about_one() -> None:
    for optimiser, together in (("gradient", 8 * 4), ("momentum", 8 * 4), ("muon", 8)):
        writer = get("sequence.omega")(chunk=8, window=4, optimiser=optimiser).build(width=8).writer
        assert float(writer.strength.bias.detach().sigmoid().mean()) == pytest.approx(1 / (1 + together))


def test_products_and_state_by_hand() -> None:
    """Width 5, 2 heads of 3, degree 2 (9 features), window 3, Muon, matrix: maps 5 × (5 × 6 + four gates of 2) = 190.

    A head's matrix 3 × 9 = 27: gradients of three positions, through and outer product: 3 × 54, reading 27; Newton–Schulz five times
    9 · 9 twice (81 + 81) and 27: 5 × 189. State: matrix, surprise, where the chunk began, two positions of 3 + 3 + 1.
    """
    configured = get("sequence.omega")(heads=2, head_width=3, degree=2, window=3, optimiser="muon", chunk=4)
    cost = configured.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=5, time=7),)}))
    assert cost.flops == 7 * 2 * (190 + 2 * (3 * 54 + 27 + 5 * 189))
    assert cost.state_bytes == 4 * 2 * (3 * 27 + 2 * 7)
    assert cost.parameters == sum(p.numel() for p in configured.build(width=5).parameters())


@pytest.mark.parametrize("optimiser", ["momentum", "muon"])
def test_a_mixture_of_such_memories_equals_its_equations(optimiser: str) -> None:
    inner = {"component": "sequence.omega", "values": {"heads": 2, "head_width": 3, "window": 3, "chunk": 4, "optimiser": optimiser}}
    torch.manual_seed(0)
    configured = get("sequence.mixture_of_memories")(inner=inner, memories=3)
    built, x = configured.build(width=6).double(), draw(2, 7, 6)
    expected = load_object(configured.entry.component.reference)(configured.values, dict(built.named_parameters()), x)
    y, state = built(x)
    torch.testing.assert_close(y, expected)
    assert built.pictures(state)["memory 2, head 1"].shape == (3, 3)


def test_too_many_features_are_refused() -> None:
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=5, time=7),)})
    assert refuse({"head_width": 24, "degree": 3}, inputs) is None
    sentence = refuse({"head_width": 64, "degree": 3}, inputs)
    assert sentence is not None
    assert f"{64 + math.comb(65, 2) + math.comb(66, 3):,} features" in sentence


def test_figures_and_pictures_mean_what_they_say() -> None:
    built, _ = cell(window=1, chunk=1, optimiser="gradient")
    matrix = torch.stack([torch.eye(3), 2 * torch.ones(3, 3)])[None]
    state = {"running_1": matrix, "position": torch.tensor(4)}
    figures, pictures = built.figures(state), built.pictures(state)
    assert figures["state_norm"] == pytest.approx((3**0.5 + 6) / 2)
    assert figures["effective_rank"] == pytest.approx((3 + 1) / 2, rel=1e-5)
    assert torch.equal(pictures["head 2"], matrix[0, 1])
    deep, _ = cell(depth=2, degree=2)
    _, after = deep(items(3))
    assert {title: tuple(picture.shape) for title, picture in deep.pictures(after).items()} == {
        "head 1, layer 1": (12, 9),
        "head 2, layer 1": (12, 9),
        "head 1, layer 2": (3, 12),
        "head 2, layer 2": (3, 12),
    }
