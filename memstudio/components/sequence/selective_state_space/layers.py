"""The selective state space model as a layer (Mamba-2 form), with the usual or the mimetic first weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu, softplus

from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.projections import ANSWER_EPSILON, TIME_STEPS, exact
from memstudio.components.sequence.selective_state_space.ops import decayed_sum

#: Where the rates A start, drawn evenly between these, as in the authors' code.
RATES = (1.0, 16.0)
#: The rate A of the mimetic start: with Δ = 1 a head forgets over 1,000 positions. The paper asks for a decay near 1; its own scale could
#: not be checked.
MIMETIC_RATE = 1e-3
#: softplus of it is 1: where the bias of Δ starts in the mimetic start.
MIMETIC_STEP = math.log(math.e - 1)


class Selected(nn.Module):
    """SiLU(W xₜ) in heads: C when asked, B when written. shared: one for all heads."""

    def __init__(self, *, width: int, heads: int, key_width: int, shared: bool) -> None:
        super().__init__()
        self.heads, self.groups = heads, 1 if shared else heads
        self.map = nn.Linear(width, self.groups * key_width, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, key)."""
        y = in_heads(silu(self.map(x)), self.groups)
        return y.expand(*y.shape[:-2], self.heads, y.shape[-1])


class Writer(nn.Module):
    """What a position offers: B, Δ x and log decay.

    B = SiLU(W_B xₜ), Δ = softplus(W_Δ xₜ + b), the value Δ SiLU(W_x xₜ), log α = −A Δ.
    """

    def __init__(self, *, width: int, heads: int, key_width: int, value_width: int, shared: bool) -> None:
        super().__init__()
        self.heads = heads
        self.key = Selected(width=width, heads=heads, key_width=key_width, shared=shared)
        self.value = nn.Linear(width, heads * value_width, bias=False)
        self.step = nn.Linear(width, heads)
        self.log_rate = nn.Parameter(torch.empty(heads).uniform_(*RATES).log())
        start = torch.empty(heads).uniform_(*(math.log(end) for end in TIME_STEPS)).exp()
        with torch.no_grad():
            self.step.bias.copy_(start + (-torch.expm1(-start)).log())  # softplus of it is `start`

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, time, width) -> (batch, time, heads, key), (batch, time, heads, value), (batch, time, heads)."""
        step = softplus(exact(self.step(x)))
        value = silu(self.value(x))
        written = step[..., None] * in_heads(value, self.heads)
        return self.key(x, position), written.to(value.dtype), -exact(self.log_rate).exp() * step


class Output(nn.Module):
    """W_o norm((y + D ⊙ x) ⊙ SiLU(W_z xₜ)): first the gate, then the norm over all heads together; each part may be off."""

    def __init__(self, *, width: int, heads: int, value_width: int, skip: bool, norm: bool, gate: bool) -> None:
        super().__init__()
        self.heads = heads
        self.skip = nn.Linear(width, heads * value_width, bias=False) if skip else None
        self.passed = nn.Parameter(torch.ones(heads)) if skip else None
        self.gate = nn.Linear(width, heads * value_width, bias=False) if gate else None
        self.scale = nn.Parameter(torch.ones(heads * value_width)) if norm else None
        self.map = nn.Linear(heads * value_width, width, bias=False)

    def forward(self, answers: Tensor, x: Tensor) -> Tensor:
        """Answers (batch, time, heads, value) and x (batch, time, width) -> (batch, time, width)."""
        if self.skip is not None and self.passed is not None:
            answers = answers + self.passed[:, None] * in_heads(silu(self.skip(x)), self.heads)
        y = answers.flatten(-2)
        if self.gate is not None:
            y = y * silu(self.gate(x))
        if self.scale is not None:
            root = exact(y)
            y = (root * torch.rsqrt(root.square().mean(-1, keepdim=True) + ANSWER_EPSILON)).to(y.dtype) * self.scale
        out: Tensor = self.map(y)
        return out


@torch.no_grad()
def lean(query: Selected, writer: Writer, share: float) -> None:
    """Takes the first weights this far (0 to 1) towards those of linear attention: decay near 1, Δ = 1 everywhere, C = B."""
    query.map.weight.lerp_(writer.key.map.weight, share)
    writer.step.weight.mul_(1 - share)
    writer.step.bias.mul_(1 - share).add_(share * MIMETIC_STEP)
    writer.log_rate.mul_(1 - share).add_(share * math.log(MIMETIC_RATE))


class SelectiveStateSpace(Readable):
    """A decaying sum of outer products a head, each position choosing what enters, what is asked and how much fades (Dao & Gu 2024).

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width). State: matrix h (batch, heads, value, key), position.
    mimetic: how far the first weights are taken from the usual to the mimetic ones (Trockman et al. 2024), 0 to 1; later it plays no
    part. chunk: positions worked on together; changes speed, not numbers.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        shared_maps: bool,
        skip: bool,
        output_norm: bool,
        output_gate: bool,
        mimetic: float,
        chunk: int,
    ) -> None:
        super().__init__()
        self.chunk = chunk
        query = Selected(width=width, heads=heads, key_width=key_width, shared=shared_maps)
        writer = Writer(width=width, heads=heads, key_width=key_width, value_width=value_width, shared=shared_maps)
        output = Output(width=width, heads=heads, value_width=value_width, skip=skip, norm=output_norm, gate=output_gate)
        with torch.no_grad():
            if output.skip is not None:
                output.skip.weight.copy_(writer.value.weight)
            lean(query, writer, mimetic)
        self.query, self.writer, self.output = query, writer, output

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value, log_decay = entries
        if write is not None:
            log_decay = log_decay * write[..., None].to(log_decay.dtype)
            value = value * write[..., None, None].to(value.dtype)
        before = None if state is None else state["matrix"]
        answers, matrix = decayed_sum(queries, key, value, log_decay, before, self.chunk)
        return answers, {"matrix": matrix, "position": position_of(state, key) + key.shape[-3]}

    def read(self, queries: Tensor, state: State) -> Tensor:
        matrix: Tensor = state["matrix"]
        return (queries.movedim(-2, -3) @ matrix.to(queries.dtype).mT).movedim(-3, -2)

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The state of each head: a row for each of its features, a column for each direction that B and C can point in."""
        return {f"state of head {i + 1} (feature × direction)": one for i, one in enumerate(first_item(state["matrix"]).flatten(0, -3))}

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius), effective_rank (how many directions hold something)."""
        heads = first_item(state["matrix"]).flatten(0, -3)
        return {
            "state_norm": float(heads.square().sum((-2, -1)).sqrt().mean()),
            "effective_rank": sum(effective_rank(head) for head in heads) / len(heads),
        }
