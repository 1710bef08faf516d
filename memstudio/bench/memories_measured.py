"""What `bench memories` measures of one memory, in a process of its own: time, peak memory, step by step, several members."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from memstudio.bench.delta_loop import step_by_step
from memstudio.bench.peak import peak
from memstudio.components import get
from memstudio.components.sequence.gated_deltanet import ops as delta

MODES = ("forward", "training")
ATTENTION = "sequence.attention"


@dataclass(frozen=True)
class Plan:
    """What is measured: sequences of these lengths, so many at once, features a position; the least of so many rounds.

    limit: seconds that a row may take: a pass that would take longer is skipped, and no round is begun once they are over.
    members: networks trained together and one after another. delta: batch, positions, heads and width of a head of the row of the table.
    """

    lengths: tuple[int, ...] = (256, 1024, 4096)
    batch: int = 4
    width: int = 64
    rounds: int = 3
    limit: float = 10.0
    members: int = 4
    delta: tuple[int, int, int, int] = (8, 512, 4, 64)


def main(text: str) -> None:
    """Measures what a JSON text asks for ({"id": ..., "plan": {...}}; no id: the row of the table) and prints it as one line of JSON."""
    asked = json.loads(text)
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in asked["plan"].items()}
    plan = Plan(**given)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(json.dumps(measured(asked["id"], plan) if asked["id"] else delta_row(plan)), flush=True)


def measured(id: str, plan: Plan) -> dict[str, Any]:
    """Everything about one memory with its default values, bare; see `Plan`."""
    memory, attention = (get(name)().build(width=plan.width) for name in (id, ATTENTION))
    # First in processes of their own: the memory of this one is still as it was.
    peaks = {mode: Rows(memory, plan, mode) for mode in MODES}
    lengths: list[dict[str, Any]] = [{"time": n, **{mode: peaks[mode].row(n) for mode in MODES}} for n in plan.lengths]
    for length in lengths:
        for mode in MODES:
            if "skipped" not in length[mode]:
                length[mode] |= _timed(id, memory, attention, plan, length["time"], mode)
    return {
        "id": id,
        "lengths": lengths,
        "growth": {mode: growth([(row["time"], row[mode]["seconds"]) for row in lengths if "skipped" not in row[mode]]) for mode in MODES},
        "stepwise": {"time": plan.lengths[0], **{mode: _stepwise(memory, plan, mode, lengths[0][mode]) for mode in MODES}},
        "members": _members(id, plan, lengths[0]["training"]),
    }


class Rows:
    """Measures one length after another, and skips a length that would take longer than the limit."""

    def __init__(self, memory: nn.Module, plan: Plan, mode: str) -> None:
        self.memory, self.plan, self.mode = memory, plan, mode
        self.taken: list[tuple[int, float]] = []

    def row(self, length: int) -> dict[str, Any]:
        """Peak bytes of a pass over so many positions (None where it cannot be measured), or why it was skipped."""
        wanted, limit = expected(self.taken, length), self.plan.limit
        if wanted == math.inf:
            return {"skipped": "a shorter one was"}
        if wanted > limit:
            self.taken.append((length, math.inf))
            return {"skipped": f"a pass would take about {wanted:.0f} s, more than {limit:g} s"}
        warm, one = (passing(self.memory, self.plan, n, self.mode) for n in (2, length))
        bytes_, seconds = peak(warm, one, 4 * limit)
        if seconds is None:
            self.taken.append((length, math.inf))
            return {"skipped": f"a pass took more than {4 * limit:g} s, or more memory than there is"}
        self.taken.append((length, seconds))
        return {"peak_bytes": bytes_}


def expected(taken: Sequence[tuple[int, float]], length: int) -> float:
    """Seconds a pass of so many positions will take, from shorter ones: at least in proportion; 0 where nothing is known."""
    if not taken:
        return 0.0
    last, seconds = taken[-1]
    power = max(1.0, growth(taken[-2:]) or 1.0) if math.isfinite(seconds) else 1.0
    return float(seconds * (length / last) ** power)


def growth(taken: Sequence[tuple[int, float]]) -> float | None:
    """The exponent with which time grows with length: the slope of a line through the logarithms. None for fewer than two lengths."""
    if len(taken) < 2:
        return None
    x, y = ([math.log(pair[side]) for pair in taken] for side in (0, 1))
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    up = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return up / sum((a - middle_x) ** 2 for a in x)


def passing(module: nn.Module, plan: Plan, length: int, mode: str) -> Callable[[], object]:
    """One pass: forward without gradients, or forward and backward to the weights and to x."""
    x = torch.randn(plan.batch, length, plan.width, generator=torch.Generator().manual_seed(length))

    @torch.no_grad()
    def forward() -> object:
        return module(x)

    def training() -> object:
        module.zero_grad()
        given = x.clone().requires_grad_()
        module(given)[0].square().mean().backward()
        return given.grad

    return forward if mode == "forward" else training


def least(plan: Plan, *passes: Callable[[], object]) -> list[float]:
    """Seconds of each pass, the least of some rounds in which they take turns; no round begins once the limit is over."""
    found, begun = [math.inf] * len(passes), time.perf_counter()
    for _ in range(plan.rounds):
        for index, one in enumerate(passes):
            started = time.perf_counter()
            one()
            found[index] = min(found[index], time.perf_counter() - started)
        if time.perf_counter() - begun > plan.limit:
            break
    return found


def _timed(id: str, memory: nn.Module, attention: nn.Module, plan: Plan, length: int, mode: str) -> dict[str, Any]:
    """Seconds and tokens a second, beside full attention in the same rounds."""
    ours = passing(memory, plan, length, mode)
    seconds, full = least(plan, ours, passing(attention, plan, length, mode)) if id != ATTENTION else 2 * least(plan, ours)
    return {"seconds": seconds, "tokens_per_second": plan.batch * length / seconds, "against_attention": seconds / full}


class Fed(nn.Module):
    """A memory that is given one position at a time, its state carried on."""

    def __init__(self, memory: nn.Module) -> None:
        super().__init__()
        self.memory = memory

    def forward(self, x: Tensor) -> tuple[Tensor]:
        state, answers = None, []
        for now in torch.split(x, 1, 1):
            y, state = self.memory(now, state)
            answers.append(y)
        return (torch.cat(answers, 1),)


def _stepwise(memory: nn.Module, plan: Plan, mode: str, row: dict[str, Any]) -> dict[str, Any]:
    """The same sequence fed position by position with the state carried on, over feeding it at once."""
    if "skipped" in row:
        return {"skipped": row["skipped"]}
    length = plan.lengths[0]

    seconds, at_once = least(plan, passing(Fed(memory), plan, length, mode), passing(memory, plan, length, mode))
    return {"seconds": seconds, "ratio": seconds / at_once}


def _members(id: str, plan: Plan, row: dict[str, Any]) -> dict[str, Any]:
    """Forward and backward of some members at once by vmap, over one after another; and what an ensemble does."""
    members = [get(id)().build(width=plan.width) for _ in range(plan.members)]
    first = members[0]
    stacked = {name: torch.stack([m.get_parameter(name).detach() for m in members]) for name, _ in first.named_parameters()}
    x = torch.randn(plan.batch, plan.lengths[0], plan.width)

    def loss(parameters: dict[str, Tensor], given: Tensor) -> Tensor:
        y: Tensor = torch.func.functional_call(first, parameters, (given,))[0]
        return y.square().mean()

    def together(given: Tensor = x) -> object:
        return torch.func.vmap(torch.func.grad_and_value(loss), in_dims=(0, None), randomness="different")(stacked, given)

    def apart() -> None:
        for member in members:
            member.zero_grad()
            member(x)[0].square().mean().backward()

    how = "apart" if any(getattr(part, "members_apart", False) for part in first.modules()) else "together"
    if "skipped" in row:
        return {"members": plan.members, "ensemble": how, "skipped": row["skipped"]}
    try:
        together(x[:, :2])  # what torch.func reads in on its first call is not counted
        at_once, one_by_one = least(plan, together, apart)
    except Exception as error:  # what does not go through vmap is a result, and says why
        return {"members": plan.members, "ensemble": how, "skipped": f"{type(error).__name__}: {error}".splitlines()[0]}
    return {"members": plan.members, "ensemble": how, "together": at_once, "apart": one_by_one, "ratio": at_once / one_by_one}


def delta_row(plan: Plan) -> dict[str, Any]:
    """The gated delta rule in chunks over a batched step-by-step loop, forward and backward, in milliseconds."""
    batch, length, heads, width = plan.delta
    shape = (batch, heads, length, width)
    q, k = (nn.functional.normalize(torch.randn(shape), dim=-1) for _ in range(2))
    gates = torch.randn(2, *shape[:-1])
    parts = [part.requires_grad_() for part in (q, k, torch.randn(shape), nn.functional.logsigmoid(gates[0] + 3), gates[1].sigmoid())]

    def backward(form: Callable[..., tuple[Tensor, Tensor]]) -> Callable[[], object]:
        return lambda: torch.autograd.grad(form(*parts, None, 32)[0].square().mean(), parts)

    chunked, steps = least(dataclasses.replace(plan, limit=6 * plan.limit), backward(delta.chunkwise), backward(step_by_step))
    return {"ours": 1e3 * chunked, "against": 1e3 * steps, "ratio": chunked / steps}
