"""The diagonal state space model as a layer, with its state carried."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, glu

from memstudio.components.sequence.cell import Cell, State, first_item, position_of
from memstudio.components.sequence.projections import exact
from memstudio.components.sequence.s4d.ops import Pair, diagonal, discretised
from memstudio.components.sequence.s4d.starts import rates


class S4d(Cell):
    """Of each feature a few damped oscillations that what comes in sets going (Gu et al. 2022).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: modes (batch, width, modes, 2: real and imaginary part),
    position. The rates are what they start from plus what is learned: −Re A = exp(log start + real), Im A = start + imag.
    """

    def __init__(
        self,
        *,
        width: int,
        modes: int,
        start: str,
        discretisation: str,
        shortest_step: float,
        longest_step: float,
        activation: bool,
        mixing: str,
    ) -> None:
        super().__init__()
        self.start, self.rule, self.activation = start, discretisation, activation
        ends = (math.log(shortest_step), math.log(longest_step))
        self.log_step = nn.Parameter(torch.empty(width).uniform_(*ends))
        self.real = nn.Parameter(torch.zeros(width, modes))
        self.imag = nn.Parameter(torch.randn(width, modes).exp() if start == "random" else torch.zeros(width, modes))
        # a complex normal number of variance 1, as in the authors' code
        self.readout = nn.Parameter(torch.randn(width, modes, 2) * 0.5**0.5)
        self.skip = nn.Parameter(torch.randn(width))
        self.doubled = mixing == "glu"
        self.mixing = None if mixing == "none" else nn.Linear(width, width * (2 if self.doubled else 1))

    def rate(self) -> Pair:
        """A of each feature and mode, a pair of (width, modes), in float32 or float64."""
        real, imag = exact(self.real), exact(self.imag)
        damping, turning = (torch.tensor(part, dtype=real.dtype, device=real.device) for part in rates(self.start, real.shape[-1]))
        return -damping * real.exp(), turning + imag

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        decay, entry = discretised(self.rate(), exact(self.log_step).exp(), self.rule)
        readout = exact(self.readout)
        y, modes = diagonal(x, decay, entry, (readout[..., 0], readout[..., 1]), None if state is None else state["modes"])
        y = y + self.skip * x
        if self.activation:
            y = gelu(y)
        if self.mixing is not None:
            y = self.mixing(y)
            y = glu(y) if self.doubled else y
        return y, {"modes": modes, "position": position_of(state, x) + x.shape[-2]}

    def pictures(self, state: State) -> dict[str, Tensor]:
        """How strongly each oscillation swings, and where in its swing it is: (feature, mode)."""
        modes = first_item(state["modes"])
        return {"strength of each oscillation (feature × mode)": modes.norm(dim=-1), "real part (feature × mode)": modes[..., 0]}

    def figures(self, state: State) -> dict[str, float]:
        """state_norm (length of all modes together), longest_span (positions until the slowest mode has faded to 1/e)."""
        damping = -self.rate()[0].detach() * exact(self.log_step).detach().exp()[..., None]
        return {"state_norm": float(first_item(state["modes"]).norm()), "longest_span": float(1 / damping.min())}
