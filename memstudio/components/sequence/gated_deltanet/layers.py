"""The gated delta rule as a layer: what is asked, what is offered to the memory, and how answers leave it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from memstudio.components.sequence.cell import Readable, State, effective_rank, first_item, in_heads, position_of
from memstudio.components.sequence.gated_deltanet.ops import gated_delta_rule
from memstudio.components.sequence.projections import DecayGate, Output, UnitQuery, exact, unit


class Writer(nn.Module):
    """What a position offers: key, value, log decay and write strength.

    kₜ = SiLU(W_k xₜ) of length 1, vₜ = SiLU(W_v xₜ), βₜ = σ(W_β xₜ), log αₜ = −A softplus(W_α xₜ + b) (gate off: 0).
    """

    def __init__(self, *, width: int, heads: int, key_width: int, value_width: int, gate: bool) -> None:
        super().__init__()
        self.heads = heads
        self.key = nn.Linear(width, heads * key_width, bias=False)
        self.value = nn.Linear(width, heads * value_width, bias=False)
        self.strength = nn.Linear(width, heads, bias=False)
        self.decay = DecayGate(width=width, heads=heads) if gate else None

    def forward(self, x: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(batch, time, width) -> (batch, time, heads, key), (batch, time, heads, value), twice (batch, time, heads)."""
        key = unit(in_heads(silu(self.key(x)), self.heads))
        value = in_heads(silu(self.value(x)), self.heads)
        strength = exact(self.strength(x)).sigmoid()
        decay = torch.zeros_like(strength) if self.decay is None else self.decay(x)
        return key, value, decay, strength


class GatedDeltaNet(Readable):
    """A matrix memory a head, written by the gated delta rule (Yang et al. 2024a); gate off: the delta rule (Schlag et al. 2021).

    forward(x, state=None, write=None) -> (y, state), x and y (batch, time, width).
    State: matrix (batch, heads, value, key), position. chunk: positions worked on together; changes speed, not numbers.
    """

    def __init__(
        self, *, width: int, heads: int, key_width: int, value_width: int, gate: bool, output_norm: bool, output_gate: bool, chunk: int
    ) -> None:
        super().__init__()
        self.chunk = chunk
        self.query = UnitQuery(width=width, heads=heads, key_width=key_width)
        self.writer = Writer(width=width, heads=heads, key_width=key_width, value_width=value_width, gate=gate)
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=output_norm, gate=output_gate)

    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        key, value, log_decay, strength = entries
        if write is not None:
            log_decay, strength = (part * write[..., None].to(part.dtype) for part in (log_decay, strength))
        before = None if state is None else state["matrix"]
        answers, matrix = gated_delta_rule(queries, key, value, log_decay, strength, before, self.chunk)
        return answers, {"matrix": matrix, "position": position_of(state, key) + key.shape[-3]}

    def read(self, queries: Tensor, state: State) -> Tensor:
        matrix: Tensor = state["matrix"]
        return (queries.movedim(-2, -3) @ matrix.to(queries.dtype).mT).movedim(-3, -2)

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The matrix of each head, (value, key)."""
        return {f"head {index + 1}": matrix for index, matrix in enumerate(first_item(state["matrix"]).flatten(0, -3))}

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius), effective_rank (how many directions hold something)."""
        heads = first_item(state["matrix"]).flatten(0, -3)
        return {
            "state_norm": float(heads.square().sum((-2, -1)).sqrt().mean()),
            "effective_rank": sum(effective_rank(head) for head in heads) / len(heads),
        }
