"""Selection along time and along features, one after the other, as one layer."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, silu, softplus

from memstudio.components.sequence.block import ShortConvolution
from memstudio.components.sequence.cell import Cell, State, effective_rank, first_item, position_of
from memstudio.components.sequence.dual_selection.ops import selective_scan
from memstudio.components.sequence.projections import TIME_STEPS, exact


class Scan(nn.Module):
    """A selective scan (S6) along the axis before the last, with all it makes of its input z.

    x̃ = SiLU(conv(W_x z)), B = W_B z, C = W_C z, Δ = softplus(W_Δ z + b), A = −exp(log_rate); y = scan(x̃) + D ⊙ x̃.
    """

    def __init__(self, *, width: int, hidden: int, states: int, taps: int, bias: bool) -> None:
        super().__init__()
        self.enter = nn.Linear(width, hidden, bias=bias)
        self.convolution = ShortConvolution(hidden, taps) if taps else None
        self.entry = nn.Linear(width, states, bias=bias)
        self.readout = nn.Linear(width, states, bias=bias)
        self.step = nn.Linear(width, hidden)
        # A starts at −1, −2, …, −N for each feature, as in Mamba
        self.log_rate = nn.Parameter(torch.arange(1, states + 1, dtype=torch.float32).log().repeat(hidden, 1))
        self.skip = nn.Parameter(torch.ones(hidden))
        start = torch.empty(hidden).uniform_(*(math.log(end) for end in TIME_STEPS)).exp()
        with torch.no_grad():
            self.step.bias.copy_(start + (-torch.expm1(-start)).log())  # softplus of it is `start`

    def forward(self, z: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """z (..., steps, width) and h (..., hidden, states) or None for zeros -> y (..., steps, hidden) and the last h."""
        x = self.enter(z)
        if self.convolution is not None:
            x, _ = self.convolution(x, None)
        x = silu(x)
        step, rate = softplus(exact(self.step(z))), -exact(self.log_rate).exp()
        y, last = selective_scan(x, step, rate, self.entry(z), self.readout(z), state)
        return y + self.skip * x, last


class TokenMixer(nn.Module):
    """W_o (scan along time ⊙ SiLU(W_z x))."""

    def __init__(self, *, width: int, hidden: int, states: int) -> None:
        super().__init__()
        self.scan = Scan(width=width, hidden=hidden, states=states, taps=0, bias=False)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.map = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """(batch, time, width) and h (batch, hidden, states) -> (batch, time, width) and the last h."""
        y, last = self.scan(x, state)
        return self.map(y * silu(self.gate(x))), last


class ChannelMixer(nn.Module):
    """W_o (scan along the features of one position, there and back, ⊙ SiLU(W_z x)); a step is `group` neighbouring features."""

    def __init__(self, *, width: int, group: int, hidden: int, states: int, taps: int, back: bool) -> None:
        super().__init__()
        self.width, self.group = width, group
        self.there = Scan(width=group, hidden=hidden, states=states, taps=taps, bias=True)
        self.back = Scan(width=group, hidden=hidden, states=states, taps=taps, bias=True) if back else None
        self.gate = nn.Linear(group, hidden)
        self.map = nn.Linear(hidden, group)

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width); where the groups do not come out even, zeros fill the last one."""
        z = pad(x, (0, -self.width % self.group))
        z = z.reshape(*z.shape[:-1], -1, self.group)
        y, _ = self.there(z)
        if self.back is not None:
            y = y + self.back(z.flip(-2))[0].flip(-2)
        out: Tensor = self.map(y * silu(self.gate(z))).flatten(-2)[..., : self.width]
        return out


class DualSelection(Cell):
    """A selective scan along time, then one along the features of each position (Behrouz et al. 2024).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: matrix h of the scan along time (batch, hidden, states),
    position. channels: `weighted` (learned weights of x and y_token into the channel mixer and of y_token and y_channel out of the layer),
    `chain` (one mixer after the other) or `none`.
    """

    def __init__(
        self,
        *,
        width: int,
        hidden: int,
        state_width: int,
        channels: str,
        directions: int,
        group: int,
        channel_width: int,
        channel_states: int,
        taps: int,
    ) -> None:
        super().__init__()
        self.token = TokenMixer(width=width, hidden=hidden, states=state_width)
        self.channel: ChannelMixer | None = None
        self.weights: nn.Parameter | None = None
        if channels != "none":
            self.channel = ChannelMixer(
                width=width, group=group, hidden=channel_width, states=channel_states, taps=taps, back=directions == 2
            )
            self.weights = nn.Parameter(torch.ones(4)) if channels == "weighted" else None

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        token, matrix = self.token(x, None if state is None else state["matrix"])
        after: State = {"matrix": matrix, "position": position_of(state, x) + x.shape[-2]}
        if self.channel is None:
            return token, after
        if self.weights is None:
            return self.channel(token), after
        of_input, of_token, token_out, channel_out = self.weights.unbind()
        channel = self.channel(of_input * x + of_token * token)
        return token_out * token + channel_out * channel, after

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The state of the scan along time: a row for each feature, a column for each number it keeps, from slow to fast."""
        return {"state (feature × decay, slow to fast)": first_item(state["matrix"])}

    def figures(self, state: State) -> dict[str, float]:
        """state_norm (Frobenius), effective_rank (how many directions hold something)."""
        matrix = first_item(state["matrix"])
        return {"state_norm": float(matrix.norm()), "effective_rank": effective_rank(matrix)}
