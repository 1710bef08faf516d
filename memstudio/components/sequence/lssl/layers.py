"""The linear state space layer, with its state carried."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from memstudio.components.sequence.cell import Cell, State, first_item, position_of
from memstudio.components.sequence.lssl.hippo import assembled, beginnings, entry_of, polynomials
from memstudio.components.sequence.lssl.ops import bilinear, dense
from memstudio.components.sequence.projections import exact

#: Lags shown in the picture of the past: from now to this many units of time, in so many steps.
SHOWN, LAGS = 3.0, 64


class Lssl(Cell):
    """Of each feature its past, written in Legendre polynomials (Gu et al. 2021).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: coefficients (batch, width, N), position.
    matrix_rate, step_rate: what is learned of A and of log Δ is added this many times to where they start; 0: nothing is learned of them.
    """

    def __init__(
        self,
        *,
        width: int,
        state_width: int,
        outputs: int,
        shortest_step: float,
        longest_step: float,
        matrix_rate: float,
        step_rate: float,
        activation: bool,
    ) -> None:
        super().__init__()
        self.width, self.state_width, self.activation = width, state_width, activation
        self.ends = (math.log(shortest_step), math.log(longest_step))
        self.matrix_rate, self.step_rate = matrix_rate, step_rate
        moved = [nn.Parameter(torch.zeros(len(part))) for part in beginnings(state_width)]
        self.moved = nn.ParameterList(moved) if matrix_rate else None
        self.log_step = nn.Parameter(torch.zeros(width)) if step_rate else None
        self.readout = nn.Parameter(torch.randn(width, outputs, state_width))
        self.skip = nn.Parameter(torch.randn(width, outputs))
        self.mixing = nn.Linear(width * outputs, width)

    def step(self) -> Tensor:
        """Δ of each feature, (width,), in float32 or float64: evenly spaced in log Δ, plus what is learned."""
        like = exact(self.readout)
        log_step = torch.linspace(*self.ends, self.width, dtype=like.dtype, device=like.device)
        return log_step.exp() if self.log_step is None else (log_step + self.step_rate * exact(self.log_step)).exp()

    def matrix(self) -> Tensor:
        """A, (N, N), in float32 or float64: HiPPO-LegS, plus what is learned of its parts."""
        like = exact(self.readout)
        parts = [torch.tensor(part, dtype=like.dtype, device=like.device) for part in beginnings(self.state_width)]
        if self.moved is not None:
            parts = [part + self.matrix_rate * exact(moved) for part, moved in zip(parts, self.moved, strict=True)]
        p, q, d, lower, main, upper = parts
        return assembled((p, q, d, lower, main, upper))

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        matrix = self.matrix()
        decay, entry = bilinear(matrix, entry_of(self.state_width, matrix), self.step())
        y, after = dense(x, decay, entry, self.readout, None if state is None else state["coefficients"])
        y = y + self.skip * x[..., None]
        y = self.mixing((gelu(y) if self.activation else y).flatten(-2))
        return y, {"coefficients": after, "position": position_of(state, x) + x.shape[-2]}

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The coefficients, and the past they stand for as long as A is HiPPO-LegS: (feature, coefficient) and (feature, lag)."""
        found = first_item(state["coefficients"])
        past = found @ polynomials(self.state_width, torch.linspace(0.0, SHOWN, LAGS))
        return {"coefficients (feature × order)": found, f"past they describe (feature × lag, now to {SHOWN:g} / Δ)": past}

    def figures(self, state: State) -> dict[str, float]:
        """state_norm (length of all coefficients), longest_unit (positions in a unit of time of the slowest feature: 1 / Δ)."""
        return {
            "state_norm": float(first_item(state["coefficients"]).norm()),
            "longest_unit": float(1 / self.step().detach().min()),
        }
