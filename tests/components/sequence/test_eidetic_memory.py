"""Eidetic and fading memory: innovation, bank, summaries, window; special cases, costs by hand."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.attention.layers import PIECE
from memstudio.components.sequence.eidetic_memory import ops
from memstudio.components.sequence.eidetic_memory.layers import EideticMemory
from memstudio.components.sequence.eidetic_memory.reference import innovation, run
from memstudio.experiment.entries import Configured
from memstudio.experiment.kinds import Inputs, Kind, Spec

DELTA = {"component": "sequence.gated_deltanet", "values": {"heads": 2, "key_width": 3, "value_width": 4, "chunk": 4}}
ATTENTION = {"component": "sequence.attention", "values": {"heads": 2, "key_width": 4, "value_width": 3}}
SMALL = {
    "inner": DELTA,
    "window": 2,
    "bank": 2,
    "order": 2,
    "summary_chunk": 2,
    "summaries": 2,
    "heads": 2,
    "key_width": 4,
    "value_width": 3,
}


def configured(**values: object) -> Configured:
    entry = get("sequence.eidetic_memory")
    return Configured(entry, entry.resolve({**SMALL, **values}, nested=True), nested=True)


def cell(**values: object) -> EideticMemory:
    torch.manual_seed(0)
    built = configured(**values).build(width=6)
    assert isinstance(built, EideticMemory)
    return built.double()


def items(time: int = 11, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


OPTIONS = [
    {},
    {"bank": 0},
    {"window": 1, "bank": 1, "order": 1, "summary_chunk": 1, "summaries": 1},
    {"window": 4, "bank": 3, "order": 3, "summary_chunk": 5, "summaries": 1},
    {"window": 3, "bank": 20, "summary_chunk": 3, "summaries": 20},
    {"window": 20},
    {"inner": ATTENTION, "rotary": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equals_the_equations_forward_and_backward(options: dict[str, object]) -> None:
    built, x = cell(**options), items().requires_grad_()
    weights = dict(built.named_parameters())
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured(**options).values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_feeding_in_any_pieces_gives_the_same(options: dict[str, object]) -> None:
    built, x = cell(**options), items(13)
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


def test_long_sequences_are_cut_without_a_trace() -> None:
    built, x = cell(), items(PIECE + 9)
    whole, _ = built(x)
    _, state = built(x[:, : PIECE - 4])
    torch.testing.assert_close(built(x[:, PIECE - 4 :], state)[0], whole[:, PIECE - 4 :])


def test_innovation_equals_least_squares_position_by_position() -> None:
    outputs = items(9)
    before, gram = torch.zeros(2, 3, 6, dtype=torch.float64), torch.zeros(2, 4, 4, dtype=torch.float64)
    found, _, _ = ops.innovation(outputs, before, gram)
    wanted = [[innovation(item[: t + 1], 3) for t in range(9)] for item in outputs]
    torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float64))
    torch.testing.assert_close(found[:, 0], outputs[:, 0].norm(dim=-1))


def test_what_can_be_predicted_is_no_surprise_and_a_break_is() -> None:
    """A rotation obeys fₜ = 2 cos(ω) fₜ₋₁ − fₜ₋₂: order 2 learns it (the zeros before the beginning fade as 1/t), and a jump stands out."""
    angle = torch.arange(40, dtype=torch.float64)
    outputs = torch.stack([angle.cos(), angle.sin()], -1)[None]
    outputs = torch.cat([outputs[:, :30], outputs[:, 30:] + 1.0], 1)
    zero = torch.zeros(1, 2, 2, dtype=torch.float64), torch.zeros(1, 3, 3, dtype=torch.float64)
    found, _, _ = ops.innovation(outputs, *zero)
    assert found[0, 10:30].max() < 0.1
    assert found[0, 30] > 1.0


def test_the_bank_by_hand() -> None:
    """Window 1, two places, innovations 2, 5, 1, 3: what is in the bank when positions 0 to 3 come."""
    surprise = torch.tensor([2.0, 5.0, 1.0, 3.0])
    assert ops.surprising(surprise, 3, 4, 2).int().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]
    assert ops.surprising(surprise, 3, 4, 1).int().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]]


def test_the_bank_holds_the_most_surprising_positions_that_left_the_window() -> None:
    built, x = cell(window=3, bank=2), items(20)
    _, state = built(x)
    zero = torch.zeros(2, 2, 6, dtype=torch.float64), torch.zeros(2, 3, 3, dtype=torch.float64)
    surprise, _, _ = ops.innovation(built.cell(x)[0], *zero)
    best = surprise[:, :17].topk(2).indices.sort().values
    key = built.writer(x, torch.zeros((), dtype=torch.int64))[0]
    torch.testing.assert_close(state["bank_k"], torch.stack([key[b, best[b]] for b in range(2)]))


def test_a_window_as_long_as_the_sequence_without_summaries_is_attention() -> None:
    built, x = cell(window=20, summary_chunk=1000), items()
    plain = get("sequence.attention")(heads=2, key_width=4, value_width=3).build(width=6).double()
    plain.load_state_dict({name: weight for name, weight in built.state_dict().items() if not name.startswith("cell.")})
    torch.testing.assert_close(built(x)[0], plain(x)[0])


def test_without_a_bank_nothing_is_predicted_and_the_rest_is_the_same() -> None:
    built, x = cell(bank=0), items(3)
    y, state = built(x)
    assert not {"outputs", "gram", "bank_k"} & set(state)
    with_bank = cell(window=2, bank=2)
    torch.testing.assert_close(with_bank(x)[0][:, :2], y[:, :2])
    assert (with_bank(x)[0][:, 2] - y[:, 2]).abs().max() > 1e-5


def test_everything_reaches_the_answer_but_nothing_later() -> None:
    built, x = cell(), items().requires_grad_()
    for t in (0, 4, 9):
        gradient = torch.autograd.grad(built(x)[0][:, t].square().sum(), x)[0].flatten(2).any(-1)
        assert gradient[:, : t + 1].all()
        assert not gradient[:, t + 1 :].any()


def test_the_state_stays_the_same_size() -> None:
    built, state = cell().float(), None
    for _ in range(20):
        with torch.no_grad():
            _, state = built(items(100).float(), state)
        assert state["bank_k"].shape == (2, 2, 2, 4)
        assert state["recent_k"].shape == (2, 2, 2, 4)
        assert state["told_v"].shape == (2, 2, 2, 3)
        assert torch.isfinite(state["gram"]).all()
    assert int(state["position"]) == 2000


def test_gradients_by_finite_differences_and_through_vmap() -> None:
    built = cell()
    assert torch.autograd.gradcheck(lambda x: built(x)[0], items(5, 1).requires_grad_())

    def loss(x: Tensor) -> Tensor:
        return built(x)[0].square().sum()

    together = torch.func.vmap(torch.func.grad(loss))(items(7, 3)[:, None])
    for member, x in enumerate(items(7, 3)[:, None]):
        torch.testing.assert_close(together[member], torch.func.grad(loss)(x))


def test_outputs_of_zero_stay_finite() -> None:
    built, x = cell(), torch.zeros(1, 9, 6, dtype=torch.float64).requires_grad_()
    y, _ = built(x)
    assert torch.isfinite(torch.autograd.grad(y.sum(), x)[0]).all()


def test_costs_counted_by_hand() -> None:
    """Width 6, 5 positions, one head of key 2, value 3; window 2, bank 1, order 1, a summary every 2, one seen.

    Window: 1 + 2 + 2 + 2 + 2; bank: 0 + 0 + 1 + 1 + 1; summaries: 0 + 1 + 1 + 1 + 1.
    """
    sizes = {"window": 2, "bank": 1, "order": 1, "summary_chunk": 2, "summaries": 1, "heads": 1, "key_width": 2, "value_width": 3}
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=5),)})
    made = configured(**sizes)
    inner, cost = made.values["inner"].cost(inputs), made.cost(inputs)
    assert cost.parameters == 6 * 7 + 18 + inner.parameters
    assert cost.state_bytes == 4 * ((2 + 1 + 1) * 5 + (2 + 1) + 4 + 6) + inner.state_bytes
    assert cost.flops == 5 * 2 * (6 * 7 + 18 + 4 * 6 + 6) + 2 * 2 * 6 * 5 + 2 * 5 * (9 + 3 + 4) + inner.flops


def test_pictures_and_figures() -> None:
    built = cell()
    _, state = built(items())
    pictures, figures = built.pictures(state), built.figures(state)
    assert pictures["keys in the bank"].shape == (2, 8)
    assert pictures["innovations in the bank"].shape == (1, 2)
    assert figures["bank_positions"] == 2.0
    assert figures["bank_innovation"] == pytest.approx(float(state["bank_surprise"][0].mean()), rel=1e-6)
