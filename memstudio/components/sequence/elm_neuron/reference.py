"""The ELM neuron step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import mapped, sigmoid


def _constants(values: Mapping[str, Any], weights: Mapping[str, Tensor], units: int) -> Tensor:
    """τ of each memory unit."""
    low, high = float(values["tau_min"]), float(max(values["tau_min"], values["tau_max"]))
    if values["learned"]:
        share: Tensor = sigmoid(weights["place"])
        return low + (high - low) * share
    steps = [i / (units - 1) if units > 1 else 0.0 for i in range(units)]
    return torch.tensor([low * (high / low) ** step for step in steps], dtype=torch.float64)


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another, branch by branch."""
    units, width = values["units"], x.shape[-1]
    ends = [*range(0, width, values["synapses"]), width]
    tau = _constants(values, weights, units)
    kept, gain = (-1 / tau).exp(), values["gain"]
    written = 1 - (-gain / tau).exp() if values["bounded"] else gain * (1 - kept)
    synapse = math.exp(-1 / values["synapse_tau"])
    strength = torch.where(weights["strength"] > 0, weights["strength"], torch.zeros_like(weights["strength"]))
    trace, memory = x.new_zeros(x.shape[0], width), x.new_zeros(x.shape[0], units)
    out = []
    for t in range(x.shape[1]):
        trace = synapse * trace + strength * x[:, t]
        branch = torch.stack([trace[:, low:high].sum(-1) for low, high in pairwise(ends)], -1)
        z = torch.cat([branch, kept * memory], -1)
        for layer in range(values["layers"]):
            z = mapped(weights, f"network.{layer}", z)
            z = torch.where(z > 0, z, torch.zeros_like(z))
        z = 2 / 3 * mapped(weights, f"network.{values['layers']}", z)
        memory = kept * memory + written * 1.7159 * (1 - 2 / ((2 * z).exp() + 1))
        out.append(mapped(weights, "output", memory))
    return torch.stack(out, 1)
