"""Every sequence memory, bare and with its surroundings: causal, streaming, exact in state and cost, equal to its reference."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch import Tensor, nn

from memstudio.components.catalogue import catalogue
from memstudio.components.sequence.cell import Cell, Readable
from memstudio.experiment.declarations import Component
from memstudio.experiment.entries import Configured, Entry, load_object
from memstudio.experiment.kinds import Inputs, Kind, Spec
from memstudio.experiment.parameters import Nested, Whole

MEMORIES = catalogue().of_family("sequence")
WIDTH = 6

each_memory = pytest.mark.parametrize("entry", MEMORIES, ids=lambda entry: entry.id)
readable = pytest.mark.parametrize("entry", [e for e in MEMORIES if "readable" in e.component.traits], ids=lambda entry: entry.id)
bare_and_node = pytest.mark.parametrize("nested", [True, False], ids=["bare", "node"])
Tiny = Callable[..., Configured]


def built(configured: Configured, seed: int = 0) -> Cell:
    torch.manual_seed(seed)
    module = configured.build(width=WIDTH)
    assert isinstance(module, Cell)
    return module.double()


def prefix_of(entry: Entry) -> int:
    """So many first positions, at the tiny size, see each other and are read as one piece (trait `prefix`); 0 where all is causal."""
    if "prefix" not in entry.component.traits:
        return 0
    assert "causal" not in entry.component.traits
    (prefix,) = (entry.component.tiny[p.name] for p in entry.component.parameters if p.role == "prefix")
    return int(prefix)


def items(time: int, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def tensors(state: Any, at: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a state with its address; fails on anything that cannot be written to a checkpoint."""
    if isinstance(state, dict):
        for name, part in state.items():
            assert isinstance(name, str)
            yield from tensors(part, f"{at}.{name}" if at else name)
    elif isinstance(state, Tensor):
        yield at, state
    else:
        assert isinstance(state, int), f"{at} is a {type(state).__name__}"


def assert_same(one: Any, other: Any) -> None:
    found, expected = dict(tensors(one)), dict(tensors(other))
    assert found.keys() == expected.keys()
    for name in found:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-9, atol=1e-11, msg=lambda m, name=name: f"{name}: {m}")


def state_bytes(state: Any, batch: int) -> int:
    """What one item keeps as float32: real numbers only, masks and positions apart."""
    return sum(4 * part.numel() // batch for _, part in tensors(state) if part.is_floating_point())


@each_memory
def test_it_says_that_it_is_causal_and_what_its_grain_is(entry: Entry) -> None:
    assert "causal" in entry.component.traits or prefix_of(entry)
    assert entry.component.grain in (1, "chunk", "segment")
    assert entry.component.reference


@each_memory
@bare_and_node
@pytest.mark.parametrize("time", [1, 2, 5, 13])
def test_shapes_at_odd_lengths(entry: Entry, nested: bool, time: int, tiny: Tiny) -> None:
    y, state = built(tiny(entry, nested))(items(time))
    assert y.shape == (2, time, WIDTH)
    assert int(state["position"]) == time


@each_memory
@pytest.mark.parametrize("time", [1, 2, 7, 13])
def test_the_fast_form_equals_the_reference_with_gradients(entry: Entry, time: int, tiny: Tiny) -> None:
    configured = tiny(entry, nested=True)
    cell = built(configured)
    steps = load_object(entry.component.reference)
    weights, x = dict(cell.named_parameters()), items(time).requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (cell(x)[0], steps(configured.values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-11)


@each_memory
@bare_and_node
@settings(max_examples=5)
@given(cuts=st.sets(st.integers(1, 12), max_size=4))
def test_feeding_in_any_pieces_gives_the_same(entry: Entry, nested: bool, cuts: set[int], tiny: Tiny) -> None:
    memory, x = built(tiny(entry, nested)), items(13)
    whole, last = memory(x)
    state, answers, edges = None, [], sorted({0, *(cut for cut in cuts if cut >= prefix_of(entry)), 13})
    for low, high in itertools.pairwise(edges):
        y, state = memory(x[:, low:high], state)
        answers.append(y)
    torch.testing.assert_close(torch.cat(answers, 1), whole, rtol=1e-9, atol=1e-11)
    assert_same(state, last)


@each_memory
def test_gradients_flow_through_a_carried_state(entry: Entry, tiny: Tiny) -> None:
    memory, x = built(tiny(entry)), items(9).requires_grad_()
    whole = torch.autograd.grad(memory(x)[0][:, 5:].square().sum(), x)[0]
    _, state = memory(x[:, :5])
    pieces = torch.autograd.grad(memory(x[:, 5:], state)[0].square().sum(), x)[0]
    torch.testing.assert_close(pieces, whole, rtol=1e-8, atol=1e-11)
    assert pieces[:, :5].any()


@each_memory
@bare_and_node
def test_no_answer_depends_on_what_comes_later(entry: Entry, nested: bool, tiny: Tiny) -> None:
    memory, x = built(tiny(entry, nested)), items(11).requires_grad_()
    for t in (0, 3, 9):
        gradient = torch.autograd.grad(memory(x)[0][:, t].square().sum(), x)[0]
        assert (gradient[:, max(t + 1, prefix_of(entry)) :] == 0).all()
        seen = gradient[:, : t + 1].flatten(2).any(-1)
        assert seen[:, -1].all()
        assert seen.all() or "partial" in entry.component.traits, "some earlier position has no influence"


@each_memory
@bare_and_node
@pytest.mark.parametrize("time", [1, 5, 12])
def test_state_bytes_are_exact(entry: Entry, nested: bool, time: int, tiny: Tiny) -> None:
    configured = tiny(entry, nested)
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=WIDTH, time=time),)})
    _, state = built(configured)(items(time))
    assert configured.cost(inputs).state_bytes == state_bytes(state, 2)


@each_memory
def test_matrix_products_are_counted(entry: Entry, tiny: Tiny) -> None:
    """In proportion to the length, and faster than that where each position reads what grows."""
    configured = tiny(entry, nested=True)
    short, long, longer = (
        configured.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=WIDTH, time=t),)})).flops for t in (400, 800, 1200)
    )
    assert 0 < short < long or entry.origin is not None, "only an add-on may leave it unsaid"
    assert (longer - long == long - short) or "growing" in entry.component.traits


@each_memory
def test_only_what_says_so_grows(entry: Entry, tiny: Tiny) -> None:
    configured = tiny(entry, nested=True)
    short, long = (configured.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=WIDTH, time=t),)})).state_bytes for t in (4, 40))
    assert (long > short) == ("growing" in entry.component.traits)


@each_memory
def test_parts_add_up_to_the_cost(entry: Entry, tiny: Tiny) -> None:
    """Wrappers that use parts on their own count them by `parts`."""
    configured = tiny(entry, nested=True)
    inputs = Inputs({"sequence": (Spec(Kind.SEQUENCE, width=WIDTH, time=4),)})
    parts = entry.component.parts(configured.values, inputs)
    assert bool(parts) == ("readable" in entry.component.traits)
    cell = built(configured)
    for name, count in parts.items():
        assert count == sum(p.numel() for p in cell.get_submodule(name).parameters()), name
    if parts:
        assert sum(parts.values()) == configured.cost(inputs).parameters


@each_memory
def test_the_state_can_be_written_and_read_back(entry: Entry, tiny: Tiny) -> None:
    memory, x = built(tiny(entry)), items(9)
    _, state = memory(x[:, :4])
    saved = load(save({name: part.contiguous() for name, part in tensors(state)}))

    def filled(part: Any, at: str = "") -> Any:
        if isinstance(part, dict):
            return {name: filled(inner, f"{at}.{name}" if at else name) for name, inner in part.items()}
        return saved[at] if isinstance(part, Tensor) else part

    assert torch.equal(memory(x[:, 4:], filled(state))[0], memory(x[:, 4:], state)[0])


@each_memory
@bare_and_node
def test_pictures_and_figures_show_item_0(entry: Entry, nested: bool, tiny: Tiny) -> None:
    memory = built(tiny(entry, nested))
    _, state = memory(items(7))
    _, other = memory(torch.cat([items(7)[:1], 3 * items(7)[1:]]))
    pictures, figures = memory.pictures(state), memory.figures(state)
    assert pictures
    assert figures
    for title, picture in pictures.items():
        assert picture.dim() == 2, title
        assert not picture.requires_grad
        assert torch.isfinite(picture).all()
        assert torch.equal(picture, memory.pictures(other)[title]), "shows more than item 0"
    assert all(type(value) is float and value == value for value in figures.values())
    assert all(name.isidentifier() and name == name.lower() for name in figures), "figures are named as measures are"
    assert figures == memory.figures(other)


@each_memory
@bare_and_node
def test_bfloat16_stays_near_float32(entry: Entry, nested: bool, tiny: Tiny) -> None:
    """bfloat16 keeps 8 bits of fraction; through a handful of roundings an answer is off by at most 2⁻⁴ of the largest."""
    memory, x = built(tiny(entry, nested)).bfloat16(), items(13).bfloat16()
    y, _ = memory(x)
    assert y.dtype == torch.bfloat16
    exact = memory.double()
    expected, _ = exact(x.double())
    if not chooses(entry):
        assert (y.double() - expected).abs().max() < 2**-4 * expected.abs().max()
    y.float().sum().backward()
    assert torch.isfinite(y).all()


def chooses(entry: Entry) -> bool:
    """Whether rounding may flip a choice (a router's), so that answers may differ by more than rounding."""
    return any(p.role == "top_k" for p in entry.component.parameters)


@each_memory
def test_half_precision_by_autocast_trains(entry: Entry, tiny: Tiny) -> None:
    memory = built(tiny(entry)).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, _ = memory(items(9).float())
    y.float().square().mean().backward()
    for name, parameter in memory.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@each_memory
def test_chunks_change_the_speed_only(entry: Entry, tiny: Tiny) -> None:
    """Where the grain is 1, y does not depend on the chunk size; where it is the chunk, the size says so: it has another role."""
    chunked = any(p.role == "chunk" for p in entry.component.parameters)
    assert not (chunked and entry.component.grain != 1), "a chunk that changes the answers has the role `grain`"
    assert entry.component.grain == 1 or any(p.role == "grain" for p in entry.component.parameters)
    if not chunked:
        return
    expected, _ = built(tiny(entry, chunk=1))(items(13))
    for chunk in (2, 3, 8, 64):
        torch.testing.assert_close(built(tiny(entry, chunk=chunk))(items(13))[0], expected, rtol=1e-9, atol=1e-11)


@readable
def test_masked_positions_leave_no_trace(entry: Entry, tiny: Tiny) -> None:
    """They are answered, but no later answer depends on them, and the memory neither takes nor loses anything."""
    cell, x = built(tiny(entry, nested=True)), items(9).requires_grad_()
    write = torch.tensor([[True, False, False, True, True, False, True, True, True], [False] * 4 + [True] * 5])
    y, _ = cell(x, write=write)
    gradient = torch.autograd.grad(y[:, 8].square().sum(), x)[0]
    assert (gradient[:, :8][~write[:, :8]] == 0).all()
    assert gradient[:, :8][write[:, :8]].flatten(1).any(-1).all() or "partial" in entry.component.traits
    _, before = cell(x)
    _, after = cell(items(3), before, torch.zeros(2, 3, dtype=torch.bool))
    assert cell.figures(before) == pytest.approx(cell.figures(after)) or "growing" in entry.component.traits
    query = cell.query(items(2), torch.tensor(12))
    torch.testing.assert_close(cell.read(query, after), cell.read(query, before))


@readable
def test_a_mask_of_ones_is_no_mask(entry: Entry, tiny: Tiny) -> None:
    cell, x = built(tiny(entry, nested=True)), items(9)
    torch.testing.assert_close(cell(x, write=torch.ones(2, 9, dtype=torch.bool))[0], cell(x)[0])


@readable
def test_reading_equals_answering_and_writes_nothing(entry: Entry, tiny: Tiny) -> None:
    cell, x = built(tiny(entry, nested=True)), items(9)
    assert isinstance(cell, Readable)
    y, state = cell(x)
    kept = {name: part.clone() for name, part in tensors(state)}
    answers = cell.read(cell.query(x[:, 8:], torch.tensor(8)), state)
    torch.testing.assert_close(cell.output(answers, x[:, 8:]), y[:, 8:])
    assert all(torch.equal(part, kept[name]) for name, part in tensors(state))


@each_memory
def test_an_ensemble_runs_over_it_with_carried_state(entry: Entry, tiny: Tiny) -> None:
    """The state passes through vmap too: K members that stream equal K separate ones."""
    members = [built(tiny(entry), seed) for seed in range(2)]
    stacked = {name: torch.stack([dict(m.named_parameters())[name].detach() for m in members]) for name, _ in members[0].named_parameters()}
    x = items(9)

    def two_pieces(parameters: dict[str, Tensor]) -> Tensor:
        _, state = torch.func.functional_call(members[0], parameters, (x[:, :5],))
        y, _ = torch.func.functional_call(members[0], parameters, (x[:, 5:], state))
        return y

    together = torch.func.vmap(two_pieces)(stacked)
    for index, member in enumerate(members):
        torch.testing.assert_close(together[index], member(x)[0][:, 5:])


@each_memory
def test_nested_memories_are_bare_and_of_any_readable_kind(entry: Entry, tiny: Tiny) -> None:
    for p in entry.component.parameters:
        if not isinstance(p, Nested):
            continue
        for inner in MEMORIES:
            if p.traits <= inner.component.traits:
                chosen = {"component": inner.id, "values": dict(inner.component.tiny)}
                memory = built(tiny(entry, **{p.name: chosen}))
                y, _ = memory(items(5))
                assert torch.isfinite(y).all()
                assert sum(q.numel() for q in memory.parameters()) == cost_of(tiny(entry, **{p.name: chosen})).parameters


def cost_of(configured: Configured) -> Any:
    return configured.cost(Inputs({"sequence": (Spec(Kind.SEQUENCE, width=WIDTH, time=5),)}))


@each_memory
def test_sizes_of_state_follow_roles(entry: Entry, tiny: Tiny) -> None:
    """More heads, wider keys or more layers cost parameters and never less state."""
    base = cost_of(tiny(entry))
    for p in entry.parameters():
        if isinstance(p, Whole) and p.role in ("heads", "key_width", "value_width", "repeat", "memories"):
            larger = cost_of(tiny(entry, **{p.name: tiny(entry).values[p.name] + 1}))
            assert larger.parameters > base.parameters, p.name
            assert larger.state_bytes >= base.state_bytes, p.name


@each_memory
def test_a_component_inside_others_declares_the_family_ports(entry: Entry, inputs_for: Callable[[Component], Inputs]) -> None:
    assert [port.name for port in entry.component.takes] == ["sequence"]
    assert [port.name for port in entry.component.gives] == ["sequence"]
    inputs = inputs_for(entry.component)
    assert entry.component.outputs({}, inputs)["sequence"] == inputs.one("sequence")


def test_modules_hold_no_state_of_their_own() -> None:
    """Two sequences through one module do not meet: everything carried is in the state."""
    for entry in MEMORIES:
        module: nn.Module = entry(**entry.component.tiny).build(width=WIDTH)
        assert not list(module.buffers())
