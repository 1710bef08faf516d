"""The variants of the LSTM (Greff et al. 2017): the equations, what each is a special case of, state, cost, and that the default stays."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from memstudio.components import get
from memstudio.components.sequence.lstm.layers import Lstm
from memstudio.components.sequence.lstm.reference import run
from memstudio.components.sequence.lstm.variants import VARIANTS, steps
from memstudio.experiment.kinds import Inputs, Kind, Spec

WIDTH = 6
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def at(time: int = 9) -> Inputs:
    return Inputs({"sequence": (Spec(Kind.SEQUENCE, width=WIDTH, time=time),)})


def cell(variant: str, dtype: torch.dtype = torch.float64, **values: Any) -> Lstm:
    torch.manual_seed(0)
    built = get("sequence.lstm")(**{"hidden": 5, "variant": variant, **values}).build(width=WIDTH)
    assert isinstance(built, Lstm)
    return built.to(dtype)


def items(time: int = 9, batch: int = 2) -> Tensor:
    return torch.randn(batch, time, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def vanilla_like(variant: str, rows: str, gates: str) -> tuple[Lstm, Lstm]:
    """A variant and a vanilla LSTM with the same weights in the rows that both have; those of the vanilla one alone are 0."""
    one, whole = cell(variant), cell("vanilla")
    with torch.no_grad():
        for name in ("weight", "recurrent", "bias", "peepholes"):
            mine, theirs = one.get_parameter(name), whole.get_parameter(name)
            theirs.zero_()
            for index, part in enumerate(gates if name == "peepholes" else rows):
                if name == "peepholes":
                    theirs["ifo".index(part)] = mine[index]
                else:
                    place = "ifzo".index(part) * 5
                    theirs[place : place + 5] = mine[index * 5 : index * 5 + 5]
        assert whole.output is not None
        assert one.output is not None
        whole.output.weight.copy_(one.output.weight)
    return one, whole


def test_the_default_is_what_it_was_bit_for_bit() -> None:
    """The same draws give the same weights, under the names that old files have."""
    built = cell("np", torch.float32)
    assert torch.equal(built(items().float())[0], get_default()(items().float())[0])
    torch.manual_seed(0)
    weight, recurrent = (torch.empty(20, size).uniform_(-(5**-0.5), 5**-0.5) for size in (WIDTH, 5))
    output = torch.nn.Linear(5, WIDTH, bias=False).weight
    bias = torch.tensor([0.0] * 5 + [1.0] * 5 + [0.0] * 10)
    expected = {"weight": weight, "recurrent": recurrent, "bias": bias, "output.weight": output}
    assert built.state_dict().keys() == expected.keys()
    assert all(torch.equal(part, expected[name]) for name, part in built.state_dict().items())


def get_default() -> Lstm:
    torch.manual_seed(0)
    built = get("sequence.lstm")(hidden=5).build(width=WIDTH)
    assert isinstance(built, Lstm)
    return built


@each_variant
@pytest.mark.parametrize("time", [1, 2, 9])
@pytest.mark.parametrize("values", [{}, {"hidden": 0, "projection": False, "forget_bias": -2.0}], ids=["projected", "bare"])
def test_equals_the_equations_forward_and_backward(variant: str, time: int, values: dict[str, Any]) -> None:
    built = cell(variant, **values)
    configured = get("sequence.lstm")(**{"hidden": 5, "variant": variant, **values})
    weights, x = dict(built.named_parameters()), items(time).requires_grad_()
    wanted, seen = [x, *weights.values()], []
    for y in (built(x)[0], run(configured.values, weights, x)):
        target = (y * torch.linspace(-1, 1, y.numel(), dtype=torch.float64).view_as(y)).sum()
        seen.append((y, *torch.autograd.grad(target, wanted, materialize_grads=True)))
    for fast, slow in zip(*seen, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-12)


def test_vanilla_without_its_peepholes_is_the_default() -> None:
    vanilla, default = cell("vanilla"), cell("np")
    with torch.no_grad():
        vanilla.get_parameter("peepholes").zero_()
    torch.testing.assert_close(vanilla(items())[0], default(items())[0])


def test_full_gate_recurrence_without_its_map_is_vanilla() -> None:
    full, vanilla = cell("fgr"), cell("vanilla")
    with torch.no_grad():
        full.get_parameter("between").zero_()
    torch.testing.assert_close(full(items())[0], vanilla(items())[0])


@pytest.mark.parametrize(("variant", "rows", "gates"), [("nig", "fzo", "fo"), ("nfg", "izo", "io"), ("nog", "ifz", "if")])
def test_an_absent_gate_is_one_that_stands_open(variant: str, rows: str, gates: str) -> None:
    one, whole = vanilla_like(variant, rows, gates)
    absent = ({"i", "f", "o"} - set(gates)).pop()
    with torch.no_grad():
        place = "ifzo".index(absent) * 5
        whole.bias[place : place + 5] = 1e3
    torch.testing.assert_close(one(items())[0], whole(items())[0])


def test_coupled_is_vanilla_whose_forget_gate_mirrors_the_input_gate() -> None:
    """1 − σ(z) = σ(−z)."""
    coupled, whole = vanilla_like("cifg", "izo", "io")
    with torch.no_grad():
        for part in (whole.weight, whole.recurrent, whole.bias):
            part[5:10] = -part[:5]
        whole.get_parameter("peepholes")[1] = -whole.get_parameter("peepholes")[0]
    torch.testing.assert_close(coupled(items())[0], whole(items())[0])


def test_one_step_by_hand() -> None:
    """One unit, every weight 1, biases 0 (forget bias too), x = 0.5 on one feature, h = 0.2, c = 0.3, last gates all 0.4."""
    names = ("weight", "recurrent", "bias", "peepholes", "between", "output.weight")
    sigmoid, tanh = (lambda z: 1 / (1 + math.exp(-z))), math.tanh
    start = {"h": torch.tensor([[0.2]]), "c": torch.tensor([[0.3]]), "gates": torch.full((1, 3), 0.4), "position": torch.tensor(0)}
    gate = sigmoid(0.7 + 0.3)
    c = {
        "np": sigmoid(0.7) * 0.3 + sigmoid(0.7) * tanh(0.7),
        "vanilla": gate * 0.3 + gate * tanh(0.7),
        "nig": gate * 0.3 + tanh(0.7),
        "nfg": 0.3 + gate * tanh(0.7),
        "nog": gate * 0.3 + gate * tanh(0.7),
        "niaf": gate * 0.3 + gate * 0.7,
        "noaf": gate * 0.3 + gate * tanh(0.7),
        "cifg": (1 - gate) * 0.3 + gate * tanh(0.7),
        "fgr": sigmoid(1.0 + 1.2) * 0.3 + sigmoid(1.0 + 1.2) * tanh(0.7),
    }
    for variant, memory in c.items():
        torch.manual_seed(0)
        built = get("sequence.lstm")(hidden=1, variant=variant).build(width=1).double()
        with torch.no_grad():
            for name, part in built.named_parameters():
                assert name in names
                part.fill_(0.0 if name == "bias" else 1.0)
        asked = {"np": 0.7, "fgr": 0.7 + 1.2 + memory}.get(variant, 0.7 + memory)
        shown = (1.0 if variant == "nog" else sigmoid(asked)) * (memory if variant == "noaf" else tanh(memory))
        y, after = built(torch.tensor([[[0.5]]]).double(), {name: part.double() for name, part in start.items()})
        assert after["c"].item() == pytest.approx(memory, abs=1e-7), variant
        assert y.item() == pytest.approx(shown, abs=1e-7), variant


@each_variant
def test_a_new_network_forgets_as_its_forget_bias_says(variant: str) -> None:
    """All maps and peepholes at 0 and nothing to write: c fades by σ(bias), by 1 − σ(−bias) where coupled, not at all without the gate."""
    built = cell(variant, forget_bias=2.0)
    with torch.no_grad():
        for name, part in built.named_parameters():
            if name != "bias":
                part.zero_()
    before = {"h": torch.zeros(2, 5).double(), "c": torch.ones(2, 5).double(), "position": torch.tensor(3)}
    before["gates"] = torch.zeros(2, 15).double()
    _, after = built(items(4), before)
    kept = 1.0 if variant == "nfg" else 1 / (1 + math.exp(-2.0))
    torch.testing.assert_close(after["c"], torch.full((2, 5), kept**4).double())


@each_variant
def test_feeding_in_any_pieces_gives_the_same(variant: str) -> None:
    built, x = cell(variant), items(40, 2)
    with torch.no_grad():
        whole, last = built(x)
        answers, state = [], None
        for low, high in itertools.pairwise([0, 1, 8, 9, 39, 40]):
            y, state = built(x[:, low:high], state)
            answers.append(y)
    assert state is not None
    torch.testing.assert_close(torch.cat(answers, 1), whole)
    assert state.keys() == last.keys() == {"h", "c", "position"} | ({"gates"} if variant == "fgr" else set())
    for name in last:
        torch.testing.assert_close(state[name], last[name])


@each_variant
def test_members_together_are_members_apart(variant: str) -> None:
    members, x = [cell(variant) for _ in range(3)], items()
    with torch.no_grad():
        for k, member in enumerate(members):
            for part in member.parameters():
                part.add_(0.1 * k)
    stacked = {name: torch.stack([m.get_parameter(name).detach() for m in members]) for name, _ in members[0].named_parameters()}

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        y: Tensor = torch.func.functional_call(members[0], parameters, (x,))[0]
        return y.square().sum()

    gradients, losses = torch.func.vmap(torch.func.grad_and_value(loss))(stacked)
    for k, member in enumerate(members):
        alone = member(x)[0].square().sum()
        torch.testing.assert_close(losses[k], alone)
        for (name, _), gradient in zip(
            member.named_parameters(), torch.autograd.grad(alone, list(member.parameters()), materialize_grads=True), strict=True
        ):
            torch.testing.assert_close(gradients[name][k], gradient)
    assert members[0].members_apart == (variant == "np")


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "np"])
def test_gradients_by_finite_differences(variant: str) -> None:
    torch.manual_seed(0)
    built = get("sequence.lstm")(hidden=2, variant=variant).build(width=2).double()
    x, h, c = torch.randn(2, 3, 2).double(), torch.randn(2, 2).double(), torch.randn(2, 2).double()
    gates = torch.rand(2, 6).double() if variant == "fgr" else None
    parts = [x, h, c, *(p.detach() for p in (built.weight, built.recurrent, built.bias, built.peepholes))]
    extra = [] if gates is None else [gates, built.between.detach()]

    def rule(*given: Tensor) -> tuple[Tensor, ...]:
        before, between = (given[7], given[8]) if extra else (None, None)
        answers = steps(VARIANTS[variant], *given[:3], before, (given[3], given[4], given[5], given[6], between))
        return tuple(part for part in answers if part is not None)

    assert torch.autograd.gradcheck(rule, [part.requires_grad_() for part in (*parts, *extra)])


@each_variant
def test_extreme_inputs_stay_finite(variant: str) -> None:
    built, x = cell(variant), (1e4 * items(20)).requires_grad_()
    y, _ = built(x)
    for part in (y, *torch.autograd.grad(y.sum(), [x, *built.parameters()], materialize_grads=True)):
        assert torch.isfinite(part).all()


@each_variant
def test_half_precision_keeps_the_memory_in_full(variant: str) -> None:
    """x, weights and answers are rounded to 8 bits of fraction; the state stays in float32, and so does all of it under autocast."""
    rounded, x = cell(variant).bfloat16(), items().bfloat16()
    y, state = rounded(x)
    assert y.dtype == torch.bfloat16
    expected, exact = rounded.double()(x.double())
    assert (y.double() - expected).abs().max() < 2**-6 * expected.abs().max()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, under = cell(variant, torch.float32)(items().float())
    full = cell(variant, torch.float32)(items().float())[1]
    for name in exact.keys() - {"position"}:
        assert state[name].dtype == torch.float32
        torch.testing.assert_close(state[name].double(), exact[name], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(under[name], full[name])


def test_costs_counted_by_hand() -> None:
    """Width 6, hidden 5, 9 positions: a gate's maps are 5 (6 + 5) = 55 and 5 biases, a peephole 5, the projection 30."""
    counted = {
        "np": (4 * 60 + 30, 2, 4 * 55 + 30),
        "vanilla": (4 * 60 + 15 + 30, 2, 4 * 55 + 30),
        "nig": (3 * 60 + 10 + 30, 2, 3 * 55 + 30),
        "cifg": (3 * 60 + 10 + 30, 2, 3 * 55 + 30),
        "fgr": (4 * 60 + 15 + 9 * 25 + 30, 5, 4 * 55 + 9 * 25 + 30),
    }
    for variant, (parameters, vectors, made) in counted.items():
        cost = get("sequence.lstm")(hidden=5, variant=variant).cost(at())
        assert (cost.parameters, cost.state_bytes, cost.flops) == (parameters, 4 * 5 * vectors, 2 * made * 9), variant


@each_variant
def test_costs_are_exact(variant: str) -> None:
    built = cell(variant, torch.float32)
    cost = get("sequence.lstm")(hidden=5, variant=variant).cost(at())
    assert cost.parameters == sum(p.numel() for p in built.parameters())
    _, state = built(items().float())
    assert cost.state_bytes == sum(4 * part[0].numel() for name, part in state.items() if name != "position")
    assert set(built.pictures(state)) >= {"memory c", "output h"}
