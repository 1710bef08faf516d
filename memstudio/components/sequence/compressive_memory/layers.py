"""Compressive memory as a layer: attention inside segments, a matrix of what came before them, and a gate between the two."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Cell, State, in_heads, position_of
from memstudio.components.sequence.compressive_memory.ops import compressive_memory
from memstudio.components.sequence.linear_attention.layers import measured, shown
from memstudio.components.sequence.projections import Output, exact


class CompressiveMemory(Cell):
    """Softmax attention inside segments, gated with a matrix memory of all segments before (Munkhdalai et al. 2024).

    forward(x, state=None) -> (y, state), x and y (batch, time, width).
    State: matrix (batch, heads, value + 1, key), its last row the sum of the keys; k (batch, positions of the unfinished segment,
    heads, key), v (the same, value); position.
    """

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        key_width: int,
        value_width: int,
        segment: int,
        update: str,
        gate: str,
        rotary: bool,
    ) -> None:
        super().__init__()
        self.heads, self.segment, self.delta, self.rotary = heads, segment, update == "delta", rotary
        self.query = nn.Linear(width, heads * key_width, bias=False)
        self.key = nn.Linear(width, heads * key_width, bias=False)
        self.value = nn.Linear(width, heads * value_width, bias=False)
        self.share = nn.Parameter(torch.zeros(heads)) if gate == "head" else None
        self.gate = None if gate == "head" else nn.Linear(width, heads)
        self.output = Output(width=width, heads=heads, value_width=value_width, norm=False, gate=False)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        query, key, value = (in_heads(part(x), self.heads) for part in (self.query, self.key, self.value))
        before = None if state is None else (state["matrix"], state["k"], state["v"])
        answers, (matrix, keys, values) = compressive_memory(
            query, key, value, self._share(x), before, self.segment, self.delta, self.rotary
        )
        return self.output(answers, x), {"matrix": matrix, "k": keys, "v": values, "position": position_of(state, x) + x.shape[-2]}

    def _share(self, x: Tensor) -> Tensor:
        """How much of an answer comes from the memory: (heads), or (batch, time, heads) where positions set it."""
        if self.share is not None:
            return exact(self.share).sigmoid()
        assert self.gate is not None
        return exact(self.gate(x)).sigmoid()

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The matrix of each head (value, key feature), and the sum of its keys as one row."""
        return shown(state["matrix"], normaliser=True)

    def figures(self, state: State) -> dict[str, float]:
        """Means over heads: state_norm (Frobenius), effective_rank, and with a gate a head memory_share (0: only attention)."""
        found = measured(state["matrix"], normaliser=True)
        return found if self.share is None else {**found, "memory_share": float(self.share.detach().sigmoid().mean())}
