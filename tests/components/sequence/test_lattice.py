"""Slots on the sphere: chunks and the equations agree; a step is the gradient's part along the sphere; what it is with parts off."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from memstudio.components import get
from memstudio.components.sequence.chunks import pieces
from memstudio.components.sequence.gated_deltanet.ops import gated_delta_rule
from memstudio.components.sequence.lattice import ops
from memstudio.experiment.entries import load_object
from memstudio.experiment.kinds import Inputs, Kind, Spec

LOSSES = ("decode", "encode", "similarity")
VARIANTS = list(itertools.product(LOSSES, [True, False], [True, False]))


def entries(time: int, *, lead: tuple[int, ...] = (2,), heads: int = 2, slots: int = 3, values: int = 4, seed: int = 0) -> list[Tensor]:
    """Random query, key (of length 1), value and strength in float64."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    q, k = (normalize(draw(*lead, time, heads, slots), dim=-1) for _ in range(2))
    return [q, k, draw(*lead, time, heads, values), draw(*lead, time, heads).sigmoid()]


def rule(*inputs: Tensor, chunk: int, loss: str = "decode", project: bool = True, normalise: bool = True) -> tuple[Tensor, Any]:
    cuts = pieces(None, inputs[1].shape[-3], chunk)
    return ops.lattice(*inputs, None, cuts, loss=loss, project=project, normalise=normalise)


def written_out(
    query: Tensor, key: Tensor, value: Tensor, strength: Tensor, *, chunk: int, loss: str, project: bool, normalise: bool
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The equations, one position and one slot after another, for any leading axes."""
    width, count = value.shape[-1], key.shape[-1]
    axes = torch.eye(width, dtype=value.dtype)[:, torch.arange(count) % width]
    start = now = axes.expand(*value.shape[:-3], value.shape[-2], width, count)

    def unit(slots: Tensor) -> Tensor:
        return slots / slots.square().sum(-2, keepdim=True).sqrt() if normalise else slots

    answers = []
    for t in range(key.shape[-3]):
        q, k, v, b = (part[..., t, :, :] for part in (query, key, value, strength[..., None]))
        columns = []
        for i in range(count):
            s = start[..., i]
            step = {
                "decode": k[..., i, None] * (v - (start * k[..., None, :]).sum(-1)),
                "encode": (k[..., i, None] - (s * v).sum(-1, keepdim=True)) * v,
                "similarity": k[..., i, None] * v,
            }[loss]
            if project:
                step = step - s * (s * step).sum(-1, keepdim=True) / s.square().sum(-1, keepdim=True)
            columns.append(now[..., i] + b * step)
        now = torch.stack(columns, -1)
        answers.append((unit(now) * q[..., None, :]).sum(-1))
        if (t + 1) % chunk == 0:
            start = now = unit(now)
    return torch.stack(answers, -3), (start, now - start)


@pytest.mark.parametrize(("loss", "project", "normalise"), VARIANTS)
@pytest.mark.parametrize(("time", "chunk"), [(1, 4), (3, 1), (4, 4), (11, 4), (9, 16)])
def test_chunks_equal_the_equations_forward_and_backward(time: int, chunk: int, loss: str, project: bool, normalise: bool) -> None:
    inputs = [x.requires_grad_() for x in entries(time)]
    seen = []
    for one in (rule, written_out):
        answers, state = one(*inputs, chunk=chunk, loss=loss, project=project, normalise=normalise)
        target = (answers * torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view_as(answers)).sum()
        target = target + (state[0] + 2 * state[1]).square().sum()
        seen.append((answers, *state, *torch.autograd.grad(target, inputs)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("loss", "project", "normalise"), VARIANTS)
def test_the_layer_equals_its_reference(loss: str, project: bool, normalise: bool) -> None:
    values = {"loss": loss, "project": project, "normalise": normalise, "softmax": loss == "encode", "chunk": 3}
    configured = get("sequence.lattice")(heads=2, slots=5, value_width=3, **values)
    torch.manual_seed(0)
    cell = configured.build(width=6).double()
    weights, x = dict(cell.named_parameters()), torch.randn(2, 8, 6, dtype=torch.float64)
    torch.testing.assert_close(cell(x)[0], load_object(configured.entry.component.reference)(configured.values, weights, x))


@pytest.mark.parametrize("chunk", [1, 3, 4, 8, 32])
def test_feeding_in_pieces_gives_the_same_for_each_chunk(chunk: int) -> None:
    torch.manual_seed(0)
    cell = get("sequence.lattice")(heads=2, slots=3, value_width=4, chunk=chunk).build(width=6).double()
    x = torch.randn(2, 19, 6, dtype=torch.float64)
    whole, last = cell(x)
    answers, state = [], None
    for low, high in itertools.pairwise((0, 1, 2, 9, 12, 19)):
        y, state = cell(x[:, low:high], state)
        answers.append(y)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-10, atol=1e-11)
    assert state is not None
    assert state.keys() == last.keys()
    for name in last:
        torch.testing.assert_close(state[name], last[name], rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_is_minus_the_gradient_through_the_normalisation(loss: str) -> None:
    """Taken by autograd, at slots of length 1, with β = 1 and nothing else: S + step is what the op makes before it normalises."""
    _, k, v, _ = entries(1, lead=(), heads=1)
    slots = normalize(torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(5)), dim=0).requires_grad_()
    unit, key, value = slots / slots.norm(dim=0), k[0, 0], v[0, 0]
    made = {
        "decode": (value - unit @ key).square().sum() / 2,
        "encode": (key - unit.mT @ value).square().sum() / 2,
        "similarity": -(value * (unit @ key)).sum(),
    }[loss]
    step = -torch.autograd.grad(made, slots)[0]
    one, plain = torch.ones(1, 1, dtype=torch.float64), slots.detach()
    _, last = ops.steps(k[0], k[0], v[0], one, plain, plain, loss=loss, project=True, normalise=True)
    torch.testing.assert_close(last - plain, step)


def test_slots_keep_length_1_and_steps_stand_at_right_angles() -> None:
    q, k, v, b = entries(12)
    slots = torch.eye(4, dtype=torch.float64)[:, :3]
    for t in range(12):
        here = [part[0, t : t + 1, 0] for part in (q, k, v, b[..., None])]
        _, last = ops.steps(*here, slots, slots, loss="decode", project=True, normalise=True)
        torch.testing.assert_close(((last - slots) * slots).sum(0), torch.zeros(3, dtype=torch.float64))
        slots = ops.unit_slots(last)
        torch.testing.assert_close(slots.norm(dim=0), torch.ones(3, dtype=torch.float64))


def test_a_case_by_hand() -> None:
    """One slot (1, 0), k = 1, β = 1, v = (1, 1): e = (0, 1) stands at right angles: (1, 1) / √2. Once more: e lies along it: no change."""
    key, strength = torch.ones(1, 2, 1, 1, dtype=torch.float64), torch.ones(1, 2, 1, dtype=torch.float64)
    value = torch.ones(1, 2, 1, 2, dtype=torch.float64)
    answers, (slots, _) = rule(key, key, value, strength, chunk=1)
    torch.testing.assert_close(answers, value / 2**0.5)
    torch.testing.assert_close(slots[0, 0, :, 0], value[0, 0, 0] / 2**0.5)
    # In one chunk both steps are taken from (1, 0): (1, 2) / √5; similarity and encoding (k − s·v = 0: no step) differ.
    torch.testing.assert_close(rule(key, key, value, strength, chunk=2)[0][0, 1, 0], torch.tensor([1.0, 2.0]).double() / 5**0.5)
    torch.testing.assert_close(rule(key, key, value, strength, chunk=1, loss="similarity")[0][0, 0, 0], value[0, 0, 0] / 2**0.5)
    torch.testing.assert_close(rule(key, key, value, strength, chunk=1, loss="encode")[0][0, 0, 0], torch.tensor([1.0, 0.0]).double())


def test_without_projection_and_normalisation_decode_is_the_delta_rule() -> None:
    q, k, v, b = entries(9)
    expected, last = gated_delta_rule(q, k, v, torch.zeros_like(b), b, torch.eye(4, 3, dtype=torch.float64).expand(2, 2, 4, 3))
    answers, (slots, _) = rule(q, k, v, b, chunk=1, project=False, normalise=False)
    torch.testing.assert_close(answers, expected)
    torch.testing.assert_close(slots, last)


def test_without_projection_and_normalisation_encode_is_the_delta_rule_with_keys_and_values_exchanged() -> None:
    q, k, v, b = entries(9)
    v = normalize(v, dim=-1)
    _, last = gated_delta_rule(v, v, k, torch.zeros_like(b), b, torch.eye(3, 4, dtype=torch.float64).expand(2, 2, 3, 4))
    _, (slots, _) = rule(q, k, v, b, chunk=1, loss="encode", project=False, normalise=False)
    torch.testing.assert_close(slots, last.mT)


@pytest.mark.parametrize("chunk", [1, 4])
def test_without_projection_and_normalisation_similarity_is_linear_attention(chunk: int) -> None:
    q, k, v, b = entries(9)
    weights = torch.einsum("bthk,bshk->bhts", q, k).tril()
    expected = torch.einsum("bhts,bsh,bshv->bthv", weights, b, v) + q @ torch.eye(3, 4, dtype=torch.float64)
    torch.testing.assert_close(rule(q, k, v, b, chunk=chunk, loss="similarity", project=False, normalise=False)[0], expected)


def test_the_chunk_changes_the_answers() -> None:
    inputs = entries(9)
    assert not torch.allclose(rule(*inputs, chunk=1)[0], rule(*inputs, chunk=3)[0])


def test_more_slots_than_axes_start_over() -> None:
    expected = torch.tensor([[1.0, 0, 1, 0, 1], [0, 1, 0, 1, 0]])
    assert torch.equal(ops.first_slots(2, 5, torch.zeros(1)), expected)


def test_gradients_by_finite_differences() -> None:
    inputs = [x.requires_grad_() for x in entries(5, lead=(1,), heads=1, slots=2, values=2)]
    for loss in LOSSES:
        assert torch.autograd.gradcheck(lambda *x, loss=loss: rule(*x, chunk=2, loss=loss)[0], inputs)


@pytest.mark.parametrize("size", [0.0, 1e-6, 30.0])
def test_extreme_values_stay_finite_and_right(size: float) -> None:
    q, k, v, b = entries(13)
    inputs = [x.detach().requires_grad_() for x in (q, k, size * v, torch.ones_like(b))]
    answers, _ = rule(*inputs, chunk=8)
    expected, _ = written_out(*inputs, chunk=8, loss="decode", project=True, normalise=True)
    torch.testing.assert_close(answers, expected, rtol=1e-7, atol=1e-8)
    for gradient in torch.autograd.grad(answers.sum(), inputs):
        assert torch.isfinite(gradient).all()


def test_float32_keeps_its_digits_where_values_are_large() -> None:
    """Squared lengths are made of sums of products; values of length 200 over 16 positions leave 3 digits of the answers."""
    inputs = [x.float() for x in entries(16)]
    inputs[2] = 100 * inputs[2]
    answers, _ = rule(*inputs, chunk=16)
    expected, _ = written_out(*(x.double() for x in inputs), chunk=16, loss="decode", project=True, normalise=True)
    assert (answers - expected).abs().max() < 1e-3


def test_vmap_and_grad_go_through_and_leading_axes_are_batch_axes() -> None:
    inputs = entries(7, lead=(3, 2))

    def loss(*x: Tensor) -> Tensor:
        answers, (slots, moved) = rule(*x, chunk=3)
        return answers.square().sum() + slots.sum() + moved.sum()

    together = torch.func.vmap(torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3)))(*inputs)
    for member in range(3):
        gradients, value = torch.func.grad_and_value(loss, argnums=(0, 1, 2, 3))(*(x[member] for x in inputs))
        torch.testing.assert_close(together[1][member], value)
        for one, all_of_them in zip(gradients, together[0], strict=True):
            torch.testing.assert_close(all_of_them[member], one)
    answers, _ = rule(*inputs, chunk=3)
    torch.testing.assert_close(answers.flatten(0, 1), rule(*(x.flatten(0, 1) for x in inputs), chunk=3)[0])


def test_bfloat16_is_computed_in_float32() -> None:
    """Only inputs and answers are rounded: 2⁻⁸ of the size; the state stays in float32."""
    inputs = [x.bfloat16() for x in entries(17)]
    answers, (slots, _) = rule(*inputs, chunk=4)
    expected, _ = written_out(*(x.double() for x in inputs), chunk=4, loss="decode", project=True, normalise=True)
    assert answers.dtype == torch.bfloat16
    assert slots.dtype == torch.float32
    assert (answers.double() - expected).abs().max() < 2**-8 * expected.abs().max()


def test_a_long_stream_keeps_its_slots_at_length_1() -> None:
    cell = get("sequence.lattice")(heads=1, slots=3, value_width=4, chunk=8).build(width=4)
    x, state = torch.randn(1, 2000, 4, generator=torch.Generator().manual_seed(0)), None
    with torch.no_grad():
        for piece in x.split(500, 1):
            _, state = cell(piece, state)
    assert state is not None
    assert state["slots"].shape == state["moved"].shape == (1, 1, 4, 3)
    torch.testing.assert_close(state["slots"].norm(dim=-2), torch.ones(1, 1, 3))


def test_pictures_and_figures_mean_what_they_say() -> None:
    cell = get("sequence.lattice")(heads=1, slots=2, value_width=2, chunk=1).build(width=6)
    state = {"slots": torch.tensor([[1.0, 0.6], [0.0, 0.8]])[None, None], "position": torch.tensor(3)}
    assert cell.figures(state)["alike"] == pytest.approx(0.6)
    (picture,) = cell.pictures(state).values()
    torch.testing.assert_close(picture, state["slots"][0, 0])


def test_matrix_products_by_hand() -> None:
    """Width 2, 1 head, 2 slots of 3 numbers, no gates; 5 positions; chunk 1.

    Maps: query 2×2, key 2×2, value 2×3, strength 2×1, output 3×2: 22. The slots have 6 numbers; decode with projection looks up S k,
    finds what lies along, makes the step, answers: 24. In all 2 × 5 × 46. Without projection 18, encoding 18, similarity 18.
    """
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=2, time=5),)})
    sizes = {"heads": 1, "slots": 2, "value_width": 3, "output_norm": False, "output_gate": False, "chunk": 1}
    cost = get("sequence.lattice")(**sizes).cost(inputs)
    assert (cost.flops, cost.parameters, cost.state_bytes) == (460, 22, 24)
    for changed in ({"project": False}, {"loss": "encode"}, {"loss": "similarity"}):
        assert get("sequence.lattice")(**{**sizes, **changed}).cost(inputs).flops == 400
    assert get("sequence.lattice")(**{**sizes, "chunk": 2}).cost(inputs).state_bytes == 48
