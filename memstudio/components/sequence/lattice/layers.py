"""Slots on the sphere as a layer: what is asked, what is offered to the memory, and how answers leave it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.chunks import pieces
from memstudio.components.sequence.lattice.ops import lattice, unit_slots
from memstudio.components.sequence.projections import Output, UnitQuery, exact, unit


class SoftmaxQuery(nn.Module):
    """qₜ = softmax(W_q xₜ) over the slots of each head."""

    def __init__(self, *, width: int, heads: int, key_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.map = nn.Linear(width, heads * key_width, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, slots)."""
        y: Tensor = self.map(x)
        return exact(in_heads(y, self.heads)).softmax(-1).to(y.dtype)


class Writer(nn.Module):
    """What a position offers: kₜ = SiLU(W_k xₜ) of length 1, vₜ = SiLU(W_v xₜ) and βₜ = σ(W_β xₜ)."""

    def __init__(self, *, width: int, heads: int, slots: int, value_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.key = nn.Linear(width, heads * slots, bias=False)
        self.value = nn.Linear(width, heads * value_width, bias=False)
        self.strength = nn.Linear(width, heads, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, time, width) -> (batch, time, heads, slots), (batch, time, heads, value), (batch, time, heads)."""
        key = unit(in_heads(silu(self.key(x)), self.heads))
        return key, in_heads(silu(self.value(x)), self.heads), exact(self.strength(x)).sigmoid()


class Lattice(Readable):
    """Slots of length 1 a head, each changed at right angles to itself (Karami et al. 2025).

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width). State: slots (batch, heads, value, slots) as they
    were where the chunk began, moved (the same shape): by how much they have changed since, unless the chunk is 1; position. The
    chunk is part of the mathematics.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        slots: int,
        value_width: int,
        loss: str,
        project: bool,
        normalise: bool,
        softmax: bool,
        output_norm: bool,
        output_gate: bool,
        chunk: int,
    ) -> None:
        super().__init__()
        self.loss, self.project, self.normalise, self.chunk = loss, project, normalise, chunk
        self.query = (SoftmaxQuery if softmax else UnitQuery)(width=width, heads=heads, key_width=slots)
        self.writer = Writer(width=width, heads=heads, slots=slots, value_width=value_width)
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value, strength = entries
        if write is not None:
            strength = strength * write[..., None].to(strength.dtype)
        before = None if state is None else (state["slots"], state.get("moved", torch.zeros_like(state["slots"])))
        time = key.shape[-3]
        answers, (slots, moved) = lattice(
            queries,
            key,
            value,
            strength,
            before,
            pieces(state, time, self.chunk),
            loss=self.loss,
            project=self.project,
            normalise=self.normalise,
        )
        after: State = {"slots": slots, "position": position_of(state, key) + time}
        return answers, after if self.chunk == 1 else {**after, "moved": moved}

    def read(self, queries: Tensor, state: State) -> Tensor:
        q = exact(queries)
        return (q.movedim(-2, -3) @ self._shown(state).to(q.dtype).mT).movedim(-3, -2).to(queries.dtype)

    def _shown(self, state: State) -> Tensor:
        """The slots as an answer sees them: (..., heads, value, slots)."""
        slots: Tensor = state["slots"] + state["moved"] if "moved" in state else state["slots"]
        return unit_slots(slots) if self.normalise else slots

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The slots of each head as columns, (value, slots)."""
        heads = first_item(self._shown(state)).flatten(0, -3)
        return {f"slots of head {index + 1}": head for index, head in enumerate(heads)}

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: effective_rank (directions the slots span), alike (how alike two slots are: mean |cosine|; 0 of one slot)."""
        heads = unit_slots(first_item(self._shown(state)).flatten(0, -3))
        count = heads.shape[-1]
        alike = (heads.mT @ heads).abs().sum((-2, -1)) - heads.square().sum((-2, -1))
        return {
            "effective_rank": sum(effective_rank(head) for head in heads) / len(heads),
            "alike": float(alike.mean()) / max(count * (count - 1), 1),
        }
