"""Memory caching: every read equals the equations with every kind of inner memory; what it is with linear memories."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.catalogue import catalogue
from memstudio.components.sequence.cell import Readable
from memstudio.components.sequence.memory_caching import ops
from memstudio.components.sequence.memory_caching.declare import unfit
from memstudio.components.sequence.memory_caching.layers import MemoryCaching
from memstudio.experiment.entries import load_object
from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.parameters import Refusal

SMALL = {"heads": 2, "value_width": 4}
DELTA = {"component": "sequence.gated_deltanet", "values": {**SMALL, "key_width": 3, "chunk": 4}}
PLAIN = {"component": "sequence.deltanet", "values": {**SMALL, "key_width": 3, "chunk": 4}}
PRODUCT = {"component": "sequence.delta_product", "values": {**SMALL, "key_width": 3}}
CORRECTED = {"component": "sequence.corrected_memory", "values": {**SMALL, "key_width": 6, "features": 5}}
LATTICE = {"component": "sequence.lattice", "values": {**SMALL, "slots": 3, "chunk": 2}}
ATTENTION = {"component": "sequence.attention", "values": {"heads": 2, "key_width": 4, "value_width": 3, "rotary": False}}
LINEAR, OTHERS = [DELTA, PRODUCT], [CORRECTED, LATTICE]
READINGS = ("residual", "gated", "soup", "sparse")


def cell(**values: object) -> MemoryCaching:
    torch.manual_seed(0)
    built = get("sequence.memory_caching")(**{"inner": DELTA, "segment": 3, "top_k": 2, **values}).build(width=6)
    assert isinstance(built, MemoryCaching)
    return built.double()


def items(time: int = 11, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def named(inner: Any) -> str:
    return str(inner["component"]).removeprefix("sequence.") if isinstance(inner, dict) else str(inner)


CASES = [
    (inner, reading, carry)
    for inner, reading, carry in itertools.product([*LINEAR, *OTHERS, ATTENTION], READINGS, [False, True])
    if inner is not ATTENTION or not (carry or reading == "soup")
]


@pytest.mark.parametrize(("inner", "reading", "carry"), CASES, ids=named)
def test_equals_the_equations_forward_and_backward(inner: dict[str, object], reading: str, carry: bool) -> None:
    configured = get("sequence.memory_caching")(inner=inner, segment=3, top_k=2, reading=reading, carry=carry)
    torch.manual_seed(0)
    built = configured.build(width=6).double()
    weights, x = dict(built.named_parameters()), items().requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], load_object(configured.entry.component.reference)(configured.values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("inner", [DELTA, *OTHERS], ids=named)
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("segment", [1, 2, 4, 32])
def test_feeding_in_pieces_gives_the_same_for_each_segment(inner: dict[str, object], reading: str, segment: int) -> None:
    built, x = cell(inner=inner, reading=reading, segment=segment), items(13)
    whole, last = built(x)
    state, answers = None, []
    for low, high in itertools.pairwise((0, 1, 4, 5, 12, 13)):
        y, state = built(x[:, low:high], state)
        answers.append(y)
    torch.testing.assert_close(torch.cat(answers, 1), whole)
    assert state is not None
    assert state.keys() == last.keys()
    torch.testing.assert_close(ops.each(lambda part: part, [state]), ops.each(lambda part: part, [last]))


READABLE = [
    (entry.id, reading)
    for entry in catalogue().of_family("sequence")
    for reading in READINGS
    if "readable" in entry.component.traits and unfit(entry(**entry.component.tiny), reading, carry=False) is None
]


@pytest.mark.parametrize(("id", "reading"), READABLE)
def test_every_readable_memory_can_be_cached_and_costs_what_is_predicted(id: str, reading: str) -> None:
    """Carried on where its state keeps its size, so that every kind of state is kept beside later ones of itself."""
    inner = {"component": id, "values": dict(catalogue().entry(id).component.tiny)}
    carry = unfit(catalogue().entry(id)(**inner["values"]), reading, carry=True) is None
    configured = get("sequence.memory_caching")(inner=inner, segment=4, reading=reading, carry=carry)
    torch.manual_seed(0)
    built, x = configured.build(width=6).double(), items(11).requires_grad_()
    y, state = built(x)
    assert torch.isfinite(y).all()
    assert torch.isfinite(torch.autograd.grad(y.sum(), x)[0]).all()
    cost = configured.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=11),)}))
    assert cost.state_bytes == sum(4 * part.numel() // 2 for part in tensors(state) if part.is_floating_point())
    assert cost.parameters == sum(p.numel() for p in built.parameters())


def tensors(state: Any) -> list[Tensor]:
    return [part for inner in state.values() for part in (tensors(inner) if isinstance(inner, dict) else [inner])]


@pytest.mark.parametrize("reading", READINGS)
def test_within_the_first_segment_it_is_the_inner_memory(reading: str) -> None:
    built, x = cell(reading=reading, segment=16), items()
    torch.testing.assert_close(built(x)[0], built.cell(x)[0])


@pytest.mark.parametrize("inner", LINEAR, ids=named)
@pytest.mark.parametrize("carry", [False, True])
def test_for_linear_memories_the_soup_is_the_gated_read(inner: dict[str, object], carry: bool) -> None:
    gated, souped = cell(inner=inner, reading="gated", carry=carry), cell(inner=inner, reading="soup", carry=carry)
    torch.testing.assert_close(souped(items())[0], gated(items())[0])


@pytest.mark.parametrize("inner", OTHERS, ids=named)
def test_for_other_memories_it_is_not(inner: dict[str, object]) -> None:
    gated, souped = cell(inner=inner, reading="gated"), cell(inner=inner, reading="soup")
    assert not torch.allclose(souped(items())[0], gated(items())[0], rtol=1e-3, atol=1e-4)


def test_the_sparse_read_of_as_many_as_there_are_is_the_gated_read_and_of_fewer_is_not() -> None:
    gated = cell(reading="gated")(items())[0]
    torch.testing.assert_close(cell(reading="sparse", top_k=3)(items())[0], gated)
    assert not torch.allclose(cell(reading="sparse", top_k=1)(items())[0], gated)


def test_equal_scores_make_the_gated_read_a_mean_and_the_residual_read_its_multiple() -> None:
    """With the connector at 0 each of s memories weighs 1 / s."""
    gated, residual = cell(inner=PLAIN, reading="gated"), cell(inner=PLAIN, reading="residual")
    residual.cell.load_state_dict(gated.cell.state_dict())
    assert gated.connector is not None
    with torch.no_grad():
        gated.connector.weight.zero_()
    found: list[list[Tensor]] = [[], []]
    for built, answers in zip((gated, residual), found, strict=True):
        built.cell.output = Kept(answers)
        built(items(9))
    counts = torch.tensor([1.0, 1, 1, 2, 2, 2, 3, 3, 3]).view(1, 9, 1, 1)
    torch.testing.assert_close(found[0][0] * counts, found[1][0])


class Kept(torch.nn.Module):
    """Keeps the answers that an output is given."""

    def __init__(self, found: list[Tensor]) -> None:
        super().__init__()
        self.found = found

    def forward(self, answers: Tensor, x: Tensor) -> Tensor:
        self.found.append(answers)
        return x


def test_a_case_by_hand() -> None:
    """Segments of 1, so that each cached matrix is β v kᵀ of one position: the residual read is linear attention over all of them."""
    built, x = cell(inner=PLAIN, reading="residual", segment=1), items(7)
    found: list[Tensor] = []
    built.cell.output = Kept(found)
    built(x)
    query = built.cell.query(x, torch.tensor(0))
    key, value, _, strength = built.cell.writer(x, torch.tensor(0))
    weights = torch.einsum("bthk,bshk->bhts", query, key).tril()
    torch.testing.assert_close(found[0], torch.einsum("bhts,bsh,bshv->bthv", weights, strength, value))


def test_rotary_positions_count_from_the_sequence_s_start() -> None:
    """Each segment is a softmax of its own, over keys turned by where they stood in the whole sequence."""
    built, x = cell(inner={"component": "sequence.attention", "values": {"heads": 1, "key_width": 4, "value_width": 3}}), items(8)
    found: list[Tensor] = []
    built.cell.output = Kept(found)
    assert built.connector is not None
    with torch.no_grad():
        built.connector.weight.zero_()
    built(x)
    query = built.cell.query(x, torch.tensor(0))[:, 7, 0]
    key, value = (part[..., 0, :] for part in built.cell.writer(x, torch.tensor(0)))
    parts = [
        torch.einsum("bs,bsv->bv", (torch.einsum("bk,bsk->bs", query, key[:, low:high]) / 2).softmax(-1), value[:, low:high])
        for low, high in ((0, 3), (3, 6), (6, 8))
    ]
    torch.testing.assert_close(found[0][:, 7, 0], torch.stack(parts).mean(0))


def test_what_was_written_before_the_memory_overflowed_is_found_again() -> None:
    """Keys of 2 numbers hold 2 pairs; of 8 pairs the plain memory has lost the first, the memory cached every 2 still has each."""
    built = cell(inner={"component": "sequence.deltanet", "values": {"heads": 1, "key_width": 2, "value_width": 3}}, segment=2)
    assert isinstance(built.cell, Readable)
    keys = torch.eye(2, dtype=torch.float64).repeat(4, 1).view(1, 8, 1, 2)
    values = torch.randn(1, 8, 1, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    strength, decay = torch.ones(1, 8, 1, dtype=torch.float64), torch.zeros(1, 8, 1, dtype=torch.float64)
    cache = None
    for low in range(0, 8, 2):
        entries = tuple(part[:, low : low + 2] for part in (keys, values, decay, strength))
        cache = ops.with_segment(cache, built.cell.remember(entries[0], entries, None, None)[1])
    assert cache is not None
    found = built.cell.read(torch.eye(2, dtype=torch.float64).view(1, 1, 2, 1, 2).expand(1, 4, 2, 1, 2), cache)
    torch.testing.assert_close(found.reshape(1, 8, 1, 3), values)
    _, plain = built.cell.remember(keys, (keys, values, decay, strength), None, None)
    assert not torch.allclose(built.cell.read(keys[:, :2], plain), values[:, :2])


@pytest.mark.parametrize("reading", ["residual", "gated", "soup"])
def test_every_earlier_position_has_influence(reading: str) -> None:
    built, x = cell(reading=reading), items().requires_grad_()
    gradient = torch.autograd.grad(built(x)[0][:, 10].square().sum(), x)[0]
    assert gradient.flatten(2).any(-1).all()


def test_carrying_on_changes_the_second_segment_only_from_its_start() -> None:
    fresh, carried = (cell(carry=carry, reading="residual")(items())[0] for carry in (False, True))
    torch.testing.assert_close(fresh[:, :3], carried[:, :3])
    assert not torch.allclose(fresh[:, 3:], carried[:, 3:])


def test_what_grows_can_neither_be_carried_on_nor_averaged() -> None:
    for values in ({"carry": True}, {"reading": "soup"}):
        configured = get("sequence.memory_caching")(inner=ATTENTION, **values)
        reason = configured.refusal(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=6, time=5),)}))
        assert reason is not None
        assert "Attention grows" in reason
        with pytest.raises(Refusal, match="grows"):
            configured.build(width=6)
    assert cell(inner=ATTENTION)(items())[0].shape == (2, 11, 6)


def test_only_readable_memories_are_taken() -> None:
    with pytest.raises(Refusal, match="readable"):
        cell(inner={"component": "sequence.memory_caching", "values": {}})


def test_the_state_holds_a_copy_of_each_segment() -> None:
    built, x = cell(segment=3), items(10)
    _, state = built(x)
    _, first = built.cell(x[:, :3])
    assert state["cache"]["matrix"].shape == (2, 3, 2, 4, 3)
    torch.testing.assert_close(state["cache"]["matrix"][:, 0], first["matrix"])
    torch.testing.assert_close(state["means"][:, 1], x[:, 3:6].mean(1))
    torch.testing.assert_close(state["total"], x[:, 9])
    pictures, figures = built.pictures(state), built.figures(state)
    assert list(pictures)[::2] == ["segment 1, head 1", "segment 2, head 1", "segment 3, head 1", "running segment, head 1"]
    torch.testing.assert_close(pictures["segment 1, head 2"], first["matrix"][0, 1].float())
    assert figures["cached_segments"] == 3.0


def test_matrix_products_by_hand() -> None:
    """Width 2, delta rule with 1 head, keys of 2, values of 3, no gates; 5 positions in segments of 2: 0, 0, 1, 1, 2 cached.

    Inside: maps 22 and three products with 6 numbers at each position: 2 × 5 × 40 = 400. Cached reads: 4 × 2 × 6 = 48. Gated besides:
    the connector 2 × 5 × 4 = 40; compared segments 1 + 1 + 2 + 2 + 3 = 9, each 2 × 2: 36. Sparse with one: 3 reads: 36. Soup averages
    2, 2 and 3 states: 7 × 12 = 84. State: 3 matrices of 6 numbers; gated: 3 means of 2.
    """
    inner = {"component": "sequence.deltanet", "values": {"heads": 1, "key_width": 2, "value_width": 3, "output_norm": False}}
    inner["values"] |= {"output_gate": False}
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=2, time=5),)})
    found = {reading: get("sequence.memory_caching")(inner=inner, segment=2, reading=reading, top_k=1).cost(inputs) for reading in READINGS}
    assert {reading: cost.flops for reading, cost in found.items()} == {
        "residual": 448,
        "gated": 448 + 76,
        "soup": 400 + 84 + 76,
        "sparse": 400 + 36 + 76,
    }
    assert (found["residual"].state_bytes, found["gated"].state_bytes) == (4 * 18, 4 * 24)
    assert (found["residual"].parameters, found["gated"].parameters) == (22, 26)
    carried = get("sequence.memory_caching")(inner=inner, segment=2, reading="residual", carry=True).cost(inputs)
    assert carried == found["residual"]
