"""The wave RNN as a layer, with its state carried."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Cell, State, first_item, position_of
from memstudio.components.sequence.wave_rnn.ops import ring_matrix, wave


class WaveRnn(Cell):
    """Rings of units on which inputs travel as waves (Keller et al. 2024); all to all at speed 0: the identity RNN, without waves.

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: h (batch, channels, units), position.
    connections: "ring" or "dense"; reach: neighbours each side. At the start: order: how much of the recurrent map moves activity on, the
    rest being random; speed: the share of it that moves by one unit a position, the rest staying; source: how much of the inputs enters at
    unit 0 of each ring, the rest entering everywhere. activation: of the units.
    """

    #: Members of an ensemble one after another: 4 or 8 of them stepped through at once take 1.3 to 1.6 times as long (measured on a CPU),
    #: because each step is then a batch of small products instead of one.
    members_apart = True

    def __init__(
        self,
        *,
        width: int,
        channels: int,
        units: int,
        connections: str,
        reach: int,
        order: float,
        speed: float,
        source: float,
        activation: str,
    ) -> None:
        super().__init__()
        self.channels, self.units, self.activation = channels, units, activation
        size, dense = channels * units, connections == "dense"
        shift = torch.zeros(channels, channels, 2 * reach + 1)
        shift[..., reach], shift[..., reach + 1] = torch.eye(channels) * (1 - speed), torch.eye(channels) * speed
        if dense:
            shift = ring_matrix(shift, units)
        spread = (size if dense else channels * (2 * reach + 1)) ** -0.5
        link = order * shift + (1 - order) * torch.empty_like(shift).uniform_(-spread, spread)
        entrance = torch.zeros(channels, units, width)
        entrance[:, 0] = torch.randn(channels, width) * width**-0.5
        # Entering everywhere, a channel takes in as much altogether as through its one source.
        weight = source * entrance + (1 - source) * (units * width) ** -0.5 * torch.randn(channels, units, width)
        self.link = nn.Parameter(link)
        self.weight = nn.Parameter(weight.reshape(size, width))
        self.bias = nn.Parameter(torch.zeros(size))
        self.output = nn.Linear(size, width, bias=False)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        h = x.new_zeros(*x.shape[:-2], self.channels, self.units) if state is None else state["h"]
        shown, h = wave(x, h, self.weight, self.bias, self.link, self.activation)
        after: State = {"h": h, "position": position_of(state, x) + x.shape[-2]}
        return self.output(shown), after

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The activity round the rings, a row a channel (channels, units): with the shift start unit n shows what came n positions ago."""
        return {"activity round the rings": first_item(state["h"])}

    def figures(self, state: State) -> dict[str, float]:
        """state_norm (length of h), active (share of units that are not at 0)."""
        h = first_item(state["h"])
        return {"state_norm": float(h.norm()), "active": float((h != 0).float().mean())}
