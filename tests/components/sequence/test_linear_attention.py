"""Linear attention: chunks, halves and the equations give the same numbers and gradients, whatever the decay and the features."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.linear_attention import declare, features, ops, reference
from memstudio.experiment.kinds import Inputs, Kind, Spec

DECAYS = ("none", "head", "channel")
FEATURES = ("identity", "elu", "relu", "softmax", "taylor")
each_decay = pytest.mark.parametrize("decay", DECAYS)


def entries(
    time: int, decay: str = "none", *, lead: tuple[int, ...] = (2,), heads: int = 2, keys: int = 3, values: int = 4
) -> list[Tensor]:
    """Random query, key (positive, so that they can be normalised), value, and log decay where there is one, in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    q, k = (draw(*lead, time, heads, keys).exp() for _ in range(2))
    shape = {"none": None, "head": (*lead, time, heads), "channel": (*lead, time, heads, keys)}[decay]
    return [q, k, draw(*lead, time, heads, values), *([] if shape is None else [-0.3 * draw(*shape).exp()])]


def rule(*inputs: Tensor, state: Tensor | None = None, chunk: int = 8, normalise: bool = False) -> tuple[Tensor, Tensor]:
    return ops.linear_attention(*inputs[:3], inputs[3] if len(inputs) > 3 else None, state, chunk, normalise)


def written_out(*inputs: Tensor, state: Tensor | None = None, normalise: bool = False) -> tuple[Tensor, Tensor]:
    return reference.linear_attention(*inputs[:3], inputs[3] if len(inputs) > 3 else None, state, normalise)


@each_decay
@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("time", [1, 2, 3, 7, 8, 9, 17, 33])
@pytest.mark.parametrize("carried", [False, True])
def test_fast_form_equals_the_equations_forward_and_backward(decay: str, normalise: bool, time: int, carried: bool) -> None:
    inputs = [x.requires_grad_() for x in entries(time, decay)]
    rows = 4 + normalise
    state = torch.rand(2, 2, rows, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(9)).requires_grad_() if carried else None
    seen = []
    for run in (rule, written_out):
        answers, last = run(*inputs, state=state, normalise=normalise)
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum() + last.square().sum()
        wanted = [*inputs, *([state] if carried else [])]
        seen.append((answers, last, *torch.autograd.grad(target, wanted)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-11, atol=1e-11)


@each_decay
def test_every_chunk_size_gives_the_same(decay: str) -> None:
    inputs = entries(37, decay)
    expected = written_out(*inputs)
    for chunk in (1, 2, 3, 5, 8, 16, 32, 37, 64, 256):
        torch.testing.assert_close(rule(*inputs, chunk=chunk), expected, rtol=1e-11, atol=1e-11)


@settings(max_examples=15)
@given(cuts=st.sets(st.integers(1, 36), max_size=6), chunk=st.sampled_from([1, 3, 8, 32]), decay=st.sampled_from(DECAYS))
def test_feeding_in_any_pieces_gives_the_same(cuts: set[int], chunk: int, decay: str) -> None:
    inputs = entries(37, decay)
    whole, last = rule(*inputs, chunk=chunk)
    answers, state = [], None
    for low, high in itertools.pairwise([0, *sorted(cuts), 37]):
        piece, state = rule(*(x[:, low:high] for x in inputs), state=state, chunk=chunk)
        answers.append(piece)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(state, last, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("decay", ["head", "channel"])
@pytest.mark.parametrize("log_decay", [0.0, -1e-12, -50.0, -1e4, -1e30, float("-inf")])
def test_extreme_decays_stay_finite_and_right(decay: str, log_decay: float) -> None:
    *inputs, g = entries(19, decay)
    third = (torch.arange(19) % 3 == 0).view(-1, *[1] * (g.dim() - 2))
    inputs = [x.requires_grad_() for x in (*inputs, torch.where(third, log_decay, g))]
    answers, state = rule(*inputs, normalise=True)
    torch.testing.assert_close((answers, state), written_out(*inputs, normalise=True), rtol=1e-11, atol=1e-11)
    for gradient in torch.autograd.grad(answers.sum() + state.sum(), inputs):
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("decay", ["head", "channel"])
def test_gentle_decays_keep_their_digits_after_an_extreme_one(decay: str) -> None:
    """In float32 a difference of running sums would lose them: here 0.1 % of the decay would be gone."""
    inputs = entries(32, decay)
    inputs[3] = torch.full_like(inputs[3], -0.01).index_fill(1, torch.tensor([3]), -1e5)
    expected, _ = written_out(*inputs)
    answers, _ = rule(*(x.float() for x in inputs), chunk=32)
    assert (answers.double() - expected).abs().max() < 3e-6 * expected.abs().max()


@each_decay
def test_gradients_by_finite_differences(decay: str) -> None:
    inputs = [x.requires_grad_() for x in entries(5, decay, lead=(1,), heads=1, keys=2, values=2)]
    assert torch.autograd.gradcheck(partial(rule, chunk=4, normalise=True), inputs)


@each_decay
def test_leading_axes_are_only_batch_axes(decay: str) -> None:
    inputs = entries(11, decay, lead=(2, 3, 1))
    answers, state = rule(*inputs, chunk=4)
    flat_answers, flat_state = rule(*(x.reshape(6, *x.shape[3:]) for x in inputs), chunk=4)
    torch.testing.assert_close(answers.reshape(flat_answers.shape), flat_answers)
    torch.testing.assert_close(state.reshape(flat_state.shape), flat_state)


@each_decay
def test_vmap_and_grad_go_through(decay: str) -> None:
    inputs = entries(11, decay, lead=(3, 2))
    every = tuple(range(len(inputs)))

    def loss(*x: Tensor) -> Tensor:
        answers, state = rule(*x, chunk=4, normalise=True)
        return answers.square().sum() + state.sum()

    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=every))(*inputs)
    for member in range(3):
        gradients, value = torch.func.grad_and_value(loss, argnums=every)(*(x[member] for x in inputs))
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)


@each_decay
def test_bfloat16_is_computed_in_float32(decay: str) -> None:
    """Only inputs and answers are rounded: 8 bits of fraction on the answers; the state stays in float32."""
    inputs = [x.bfloat16() for x in entries(33, decay)]
    answers, state = rule(*inputs, normalise=True)
    expected, last = written_out(*(x.double() for x in inputs), normalise=True)
    assert answers.dtype == torch.bfloat16
    assert state.dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()
    assert (state.double() - last).abs().max() < 1e-5 * last.abs().max()


def test_a_case_by_hand() -> None:
    """Two positions, one head: S₁ = 3 · [1 2] = [3 6], S₂ = ½ S₁ + 5 · [0 1] = [1.5 8]; z₂ = ½ [1 2] + [0 1] = [0.5 2]."""
    key, value = torch.tensor([[1.0, 2.0], [0.0, 1.0]]).view(2, 1, 2), torch.tensor([3.0, 5.0]).view(2, 1, 1)
    query, half = torch.tensor([[1.0, 0.0], [2.0, 1.0]]).view(2, 1, 2), torch.log(torch.tensor([1.0, 0.5])).view(2, 1)
    answers, state = ops.linear_attention(query, key, value, half)
    torch.testing.assert_close(answers.flatten(), torch.tensor([3.0, 11.0]))
    torch.testing.assert_close(state, torch.tensor([[[1.5, 8.0]]]))
    answers, state = ops.linear_attention(query, key, value, half, normalise=True)
    torch.testing.assert_close(answers.flatten(), torch.tensor([3 / 1, 11 / 3]), rtol=1e-6, atol=1e-5)
    torch.testing.assert_close(state, torch.tensor([[[1.5, 8.0], [0.5, 2.0]]]))


@pytest.mark.parametrize("name", FEATURES)
def test_features_are_their_equations(name: str) -> None:
    x = 2 * torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = features.mapped(x, name)
    torch.testing.assert_close(found, reference.features(x, name))
    assert found.shape[-1] == declare.feature_count(name, 5)
    assert name == "identity" or (found >= 0).all() or name == "taylor"
    assert features.mapped(x.bfloat16(), name).dtype == torch.bfloat16


def test_taylor_features_match_by_the_second_order_form_of_exp() -> None:
    q, k = torch.randn(2, 7, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    s = (q * k).sum(-1) / 6**0.5
    match = (features.mapped(q, "taylor") * features.mapped(k, "taylor")).sum(-1)
    torch.testing.assert_close(match, 1 + s + s**2 / 2)
    assert (match > 0.5 - 1e-12).all()  # (1 + (1 + s)²) / 2: matches are never below a half, so they can be normalised


def test_one_gate_a_channel_equals_one_a_head_where_they_are_equal() -> None:
    q, k, v, g = entries(21, "head")
    torch.testing.assert_close(rule(q, k, v, g[..., None].expand_as(k)), rule(q, k, v, g), rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(rule(q, k, v, 0 * g), rule(q, k, v), rtol=1e-11, atol=1e-11)


def test_normalised_it_is_attention_with_another_kernel() -> None:
    """Katharopoulos et al. 2020, equation 7: yₜ = Σ φ(q)·φ(k) v / Σ φ(q)·φ(k)."""
    q, k, v = entries(9)
    weights = torch.einsum("bthf,bihf->bhti", q, k).tril()
    expected = torch.einsum("bhti,bihv->bthv", weights / weights.sum(-1, keepdim=True), v)
    torch.testing.assert_close(rule(q, k, v, normalise=True)[0], expected, rtol=1e-5, atol=1e-5)


def test_retention_is_its_parallel_form() -> None:
    """Sun et al. 2023, equation 5: (Q Kᵀ ⊙ D) V with Dₜᵢ = γ^(t−i), keys and queries turned, keys over √K."""
    torch.manual_seed(0)
    cell = get("sequence.retention")(heads=2, key_width=4, value_width=3).build(width=6).double()
    x = torch.randn(1, 9, 6, dtype=torch.float64)
    start = torch.zeros((), dtype=torch.int64)
    q, (k, v, log_decay) = cell.query(x, start), cell.writer(x, start)
    assert torch.allclose(log_decay[0, 4].exp(), torch.tensor([1 - 2.0**-5, 1 - 2.0**-6], dtype=torch.float64))
    plain = cell.writer.key.map(x).reshape(1, 9, 2, 4)
    torch.testing.assert_close(k.norm(dim=-1), plain.norm(dim=-1) / 2)
    torch.testing.assert_close(k[:, 0], plain[:, 0] / 2)  # position 0 is not turned
    apart = torch.arange(9)[:, None] - torch.arange(9)
    fade = (torch.tensor([1 - 2.0**-5, 1 - 2.0**-6], dtype=torch.float64)[:, None, None] ** apart.clamp(min=0)).tril()
    expected = torch.einsum("bhti,bihv->bthv", torch.einsum("bthf,bihf->bhti", q, k) * fade, v)
    torch.testing.assert_close(cell.remember(q, (k, v, log_decay), None, None)[0], expected)


@pytest.mark.parametrize("preset", ["sequence.linear_attention", "sequence.retention", "sequence.gated_linear_attention", "sequence.based"])
def test_presets_equal_their_reference_with_a_mask(preset: str) -> None:
    torch.manual_seed(0)
    configured = get(preset)(heads=2, key_width=3, value_width=4, chunk=4)
    cell = configured.build(width=6).double()
    x, write = torch.randn(2, 11, 6, dtype=torch.float64), torch.rand(2, 11) < 0.7
    torch.testing.assert_close(
        cell(x, write=write)[0], reference.run(configured.values, dict(cell.named_parameters()), x, write), rtol=1e-9, atol=1e-11
    )


@pytest.mark.parametrize(
    "values",
    [
        {"features": "softmax"},
        {"features": "relu", "unit_length": True, "rotary": True},
        {"features": "taylor", "decay": "channel", "output_norm": True},
        {"features": "identity", "decay": "head", "normaliser": False, "unit_length": True, "output_gate": True},
        {"features": "elu", "decay": "fixed", "rotary": True},
    ],
    ids=lambda values: "-".join(map(str, values.values())),
)
def test_each_choice_equals_the_reference_and_its_cost(values: dict[str, object]) -> None:
    torch.manual_seed(0)
    configured = get("sequence.linear_attention")(heads=2, key_width=3, value_width=4, chunk=4, **values)
    cell = configured.build(width=6).double()
    x = torch.randn(2, 9, 6, dtype=torch.float64).requires_grad_()
    y, state = cell(x)
    expected = reference.run(configured.values, dict(cell.named_parameters()), x)
    torch.testing.assert_close(y, expected, rtol=1e-9, atol=1e-11)
    for fast, slow in zip(*(torch.autograd.grad(out.square().sum(), [x, *cell.parameters()]) for out in (y, expected)), strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-11)
    entry = configured.entry
    cost = entry(heads=2, key_width=3, value_width=4, chunk=4, **values)
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=9),)})
    assert declare.cost(cost.values, inputs).parameters == sum(p.numel() for p in cell.parameters())
    assert declare.cost(cost.values, inputs).state_bytes == 4 * state["matrix"][0].numel()


def test_products_counted_by_hand() -> None:
    """Width 6, 2 heads of 3 keys and 4 values, 10 positions: q, k 36 each, v, out 48; write 2·3·4 = 24, read 24 and 6 (normaliser)."""
    values = get("sequence.linear_attention")(heads=2, key_width=3, value_width=4).values
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    assert declare.cost(values, inputs).flops == 2 * 10 * (36 + 36 + 48 + 48 + 24 + 24 + 6)


def test_plain_keys_cannot_be_normalised() -> None:
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=10),)})
    assert "negatively" in (get("sequence.linear_attention")(features="identity").refusal(inputs) or "")
    assert get("sequence.retention")().refusal(inputs) is None


def test_a_channel_gate_starts_near_one() -> None:
    """Logs over 16: gates of a half before that are 0.958."""
    torch.manual_seed(0)
    cell = get("sequence.gated_linear_attention")().build(width=32)
    gates = cell.writer(torch.randn(1, 64, 32), torch.zeros((), dtype=torch.int64))[2].exp()
    assert 0.9 < float(gates.detach().min()) <= float(gates.detach().max()) < 1


@pytest.mark.parametrize("preset", ["sequence.linear_attention", "sequence.gated_linear_attention"])
def test_a_long_stream_keeps_a_state_of_the_same_size(preset: str) -> None:
    torch.manual_seed(0)
    cell = get(preset)(heads=2, key_width=8, value_width=8).build(width=16)
    state, size = None, set()
    with torch.no_grad():
        for _ in range(20):
            y, state = cell(torch.randn(1, 100, 16), state)
            size.add(state["matrix"].numel())
            assert torch.isfinite(y).all()
    assert len(size) == 1
    assert int(state["position"]) == 2000
