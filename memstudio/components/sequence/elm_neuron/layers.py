"""The expressive leaky memory neuron as a layer, with its state carried."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from memstudio.components.sequence.cell import Cell, State, first_item, position_of
from memstudio.components.sequence.elm_neuron.ops import elm

#: Where synapses' weights start, as in the authors' code.
STRENGTH = 0.5
#: How near a learned time constant starts to the ends of its range, as a share of it: at an end it could never leave.
MARGIN = 1e-4


class ElmNeuron(Cell):
    """A neuron with many leaky memories of log-spaced time constants and a network that writes them (Spieler et al. 2024).

    forward(x, state=None) -> (y, state), x and y (batch, time, width). State: branch (batch, branches), memory (batch, units), position.
    units: memories; synapses: of a branch; hidden: of the network, 0 is twice the units; layers: hidden layers of the network.
    tau_min, tau_max: time constants in positions; learned: whether they are trained; synapse_tau: of the branch traces; gain: λ;
    bounded: whether 1 − κ^λ is written instead of λ (1 − κ).
    """

    def __init__(
        self,
        *,
        width: int,
        units: int,
        synapses: int,
        hidden: int,
        layers: int,
        tau_min: float,
        tau_max: float,
        learned: bool,
        synapse_tau: float,
        gain: float,
        bounded: bool,
    ) -> None:
        super().__init__()
        self.units, self.synapses, self.branches = units, synapses, -(-width // synapses)
        self.tau_min, self.tau_max, self.gain, self.bounded = tau_min, max(tau_min, tau_max), gain, bounded
        self.synapse_kept = math.exp(-1 / synapse_tau)
        hidden = hidden or 2 * units
        sizes = [self.branches + units, *[hidden] * layers, units]
        self.strength = nn.Parameter(torch.full((width,), STRENGTH))
        self.network = nn.ModuleList(nn.Linear(*ends) for ends in pairwise(sizes))
        self.output = nn.Linear(units, width)
        self.place = nn.Parameter(self._places()) if learned else None

    def _places(self) -> Tensor:
        """Log-spaced time constants, as logits of where they stand between the shortest and the longest."""
        reach = max(self.tau_max - self.tau_min, 1e-6)
        share = ((self._spaced("cpu") - self.tau_min) / reach).clamp(MARGIN, 1 - MARGIN)
        return share.logit().float()

    def _spaced(self, device: torch.device | str) -> Tensor:
        return torch.logspace(math.log10(self.tau_min), math.log10(self.tau_max), self.units, dtype=torch.float64, device=device)

    def time_constants(self) -> Tensor:
        """τ of each memory unit in positions, (units,), in float64 or the type they are learned in."""
        if self.place is None:
            return self._spaced(self.strength.device)
        return self.tau_min + (self.tau_max - self.tau_min) * self.place.sigmoid()

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        lead = x.shape[:-2]
        branch = x.new_zeros(*lead, self.branches) if state is None else state["branch"]
        memory = x.new_zeros(*lead, self.units) if state is None else state["memory"]
        leak = -1 / self.time_constants().to(torch.promote_types(x.dtype, torch.float32))
        written = -torch.expm1(self.gain * leak) if self.bounded else -self.gain * torch.expm1(leak)
        layers = [(part.weight, part.bias) for part in self.network if isinstance(part, nn.Linear)]
        shown, branch, memory = elm(x, branch, memory, self.strength, self.synapses, self.synapse_kept, leak.exp(), written, layers)
        after: State = {"branch": branch, "memory": memory, "position": position_of(state, x) + x.shape[-2]}
        return self.output(shown), after

    def pictures(self, state: State) -> dict[str, Tensor]:
        """The memories from the quickest to the slowest, and the branch traces, each as one row."""
        return {
            "memory, quickest to slowest": first_item(state["memory"])[self._order()].reshape(1, -1),
            "traces of the branches": first_item(state["branch"]).reshape(1, -1),
        }

    def figures(self, state: State) -> dict[str, float]:
        """state_norm (of the memories), trace_norm (of the branches), slow_share (share of what is held that the slower half holds)."""
        memory = first_item(state["memory"])
        held = memory.abs()
        slow = held[self._order()][self.units // 2 :].sum()
        return {
            "state_norm": float(memory.norm()),
            "trace_norm": float(first_item(state["branch"]).norm()),
            "slow_share": float(slow / held.sum()) if held.any() else 0.0,
        }

    def _order(self) -> Tensor:
        """Memory units from the quickest to the slowest: learned time constants may change places."""
        return self.time_constants().detach().argsort().cpu()
