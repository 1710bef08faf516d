"""The gated recurrent unit as a layer, with its state carried."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Cell, State, first_item, position_of
from memstudio.components.sequence.gru.ops import gru

#: A number of the memory counts as saturated beyond ± this: it lies between −1 and 1, and what is written hardly shows there.
SATURATED = 0.95


class Gru(Cell):
    """A vector memory with a reset and an update gate (Cho et al. 2014).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: h (batch, hidden), position.
    hidden: 0 stands for the width; projection: whether a map leads from h back to the width; keep_bias: where the bias of the update
    gate starts; reset: "before" or "after" the recurrent map of the candidate.
    """

    def __init__(self, *, width: int, hidden: int, projection: bool, keep_bias: float, reset: str) -> None:
        super().__init__()
        self.hidden = hidden or width
        # The first weights of torch's own GRU: uniform, scaled by the hidden width.
        spread = self.hidden**-0.5
        self.weight = nn.Parameter(torch.empty(3 * self.hidden, width).uniform_(-spread, spread))
        self.recurrent = nn.Parameter(torch.empty(3 * self.hidden, self.hidden).uniform_(-spread, spread))
        self.bias = nn.Parameter(torch.zeros(3 * self.hidden))
        with torch.no_grad():
            self.bias[self.hidden : 2 * self.hidden] = keep_bias
        self.output = nn.Linear(self.hidden, width, bias=False) if projection else None
        self.candidate_bias = nn.Parameter(torch.empty(self.hidden).uniform_(-spread, spread)) if reset == "after" else None

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        h = x.new_zeros(*x.shape[:-2], self.hidden) if state is None else state["h"]
        shown, h = gru(x, h, self.weight, self.recurrent, self.bias, self.candidate_bias)
        after: State = {"h": h, "position": position_of(state, x) + x.shape[-2]}
        return shown if self.output is None else self.output(shown), after

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The memory h as one row (1, hidden)."""
        return {"memory h": first_item(state["h"]).reshape(1, -1)}

    def figures(self, state: State) -> dict[str, float]:
        """state_norm (length of h), saturated (share of h that is nearly ±1)."""
        h = first_item(state["h"])
        return {"state_norm": float(h.norm()), "saturated": float((h.abs() > SATURATED).float().mean())}
