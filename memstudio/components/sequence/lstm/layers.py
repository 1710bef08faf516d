"""Long short-term memory as a layer, with its state carried."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Cell, State, first_item, position_of
from memstudio.components.sequence.lstm.ops import lstm
from memstudio.components.sequence.lstm.variants import VARIANTS, Parts, steps

#: A number of the memory counts as saturated where its tanh is beyond ± this: what is added to it then hardly shows.
SATURATED = 0.95


class Lstm(Cell):
    """A vector memory with input, forget and output gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000; variants: Greff et al. 2017).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: h and c (batch, hidden), position; with full gate
    recurrence also gates (batch, 3 × hidden). hidden: 0 stands for the width; projection: whether a map leads from h back to the width.
    """

    def __init__(self, *, width: int, hidden: int, projection: bool, forget_bias: float, variant: str) -> None:
        super().__init__()
        self.hidden = hidden or width
        self.parts = VARIANTS[variant]
        #: Members of an ensemble one after another where torch's kernel runs: under vmap it cannot, and 8 members stepped through together
        #: take 1.6 to 2 times as long (measured on a CPU). The other variants are stepped through anyway: all members at once.
        self.members_apart = variant == "np"
        # The first weights of torch's own LSTM: uniform, scaled by the hidden width.
        spread, rows = self.hidden**-0.5, (self.parts.gates + 1) * self.hidden
        self.weight = nn.Parameter(torch.empty(rows, width).uniform_(-spread, spread))
        self.recurrent = nn.Parameter(torch.empty(rows, self.hidden).uniform_(-spread, spread))
        self.bias = nn.Parameter(torch.zeros(rows))
        with torch.no_grad():
            _start(self.bias, self.parts, self.hidden, forget_bias)
        self.output = nn.Linear(self.hidden, width, bias=False) if projection else None
        self.peepholes = (
            nn.Parameter(torch.empty(self.parts.gates, self.hidden).uniform_(-spread, spread)) if self.parts.peepholes else None
        )
        gates = self.parts.gates * self.hidden
        self.between = nn.Parameter(torch.empty(gates, gates).uniform_(-spread, spread)) if self.parts.full else None

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        nothing = x.new_zeros(*x.shape[:-2], self.hidden)
        h, c = (nothing, nothing) if state is None else (state["h"], state["c"])
        after: State = {"position": position_of(state, x) + x.shape[-2]}
        if self.peepholes is None:
            shown, after["h"], after["c"] = lstm(x, h, c, self.weight, self.recurrent, self.bias)
        else:
            before = None
            if self.between is not None:
                before = x.new_zeros(*x.shape[:-2], len(self.between)) if state is None else state["gates"]
            weights = (self.weight, self.recurrent, self.bias, self.peepholes, self.between)
            shown, after["h"], after["c"], gates = steps(self.parts, x, h, c, before, weights)
            if gates is not None:
                after["gates"] = gates
        return shown if self.output is None else self.output(shown), after

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The memory c and what it shows, h, each as one row (1, hidden); with full gate recurrence the gates as three rows."""
        shown = {"memory c": first_item(state["c"]).reshape(1, -1), "output h": first_item(state["h"]).reshape(1, -1)}
        if "gates" in state:
            shown["input, forget and output gate"] = first_item(state["gates"]).reshape(self.parts.gates, -1)
        return shown

    def figures(self, state: State) -> dict[str, float]:
        """state_norm (length of h and c together), memory_norm (of c), saturated (share of c whose tanh is nearly ±1)."""
        h, c = first_item(state["h"]), first_item(state["c"])
        return {
            "state_norm": float(torch.cat([h, c], -1).norm()),
            "memory_norm": float(c.norm()),
            "saturated": float((c.tanh().abs() > SATURATED).float().mean()),
        }


def _start(bias: Tensor, parts: Parts, size: int, forget_bias: float) -> None:
    """Where a new network forgets by a gate, that gate starts at σ(forget_bias); coupled, f = 1 − i, the input gate at its complement."""
    if parts.coupled:
        bias[:size] = -forget_bias
    elif parts.forget_gate:
        bias[(parts.early - 1) * size : parts.early * size] = forget_bias
