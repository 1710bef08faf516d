"""The wave RNN step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import mapped


def _activated(name: str, z: Tensor) -> Tensor:
    if name == "relu":
        return torch.where(z > 0, z, torch.zeros_like(z))
    return 1 - 2 / ((2 * z).exp() + 1) if name == "tanh" else z


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position and one unit of a ring after another."""
    channels, units, link = values["channels"], values["units"], weights["link"]
    reach = values["reach"]
    h = x.new_zeros(x.shape[0], channels, units)
    out = []
    for t in range(x.shape[1]):
        entered = (x[:, t] @ weights["weight"].mT + weights["bias"]).reshape(h.shape)
        moved = []
        for to in range(channels):
            for p in range(units):
                if values["connections"] == "dense":
                    row = link[to * units + p].reshape(channels, units)
                    moved.append((h * row).sum((-2, -1)))
                else:
                    heard = [h[:, :, (p - s) % units] @ link[to, :, s + reach] for s in range(-reach, reach + 1)]
                    moved.append(torch.stack(heard).sum(0))
        h = _activated(values["activation"], torch.stack(moved, -1).reshape(h.shape) + entered)
        out.append(mapped(weights, "output", h.flatten(1)))
    return torch.stack(out, 1)
