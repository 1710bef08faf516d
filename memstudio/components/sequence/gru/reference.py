"""The GRU step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import mapped, sigmoid


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another, gate by gate."""
    hidden = weights["recurrent"].shape[-1]
    rows = {part: slice(i * hidden, (i + 1) * hidden) for i, part in enumerate(("reset", "update", "candidate"))}

    def heard(part: str, now: Tensor) -> Tensor:
        """W xₜ + b."""
        return now @ weights["weight"][rows[part]].mT + weights["bias"][rows[part]]

    def carried(part: str, h: Tensor) -> Tensor:
        """U h."""
        return h @ weights["recurrent"][rows[part]].mT

    h = x.new_zeros(x.shape[0], hidden)
    out = []
    for t in range(x.shape[1]):
        now = x[:, t]
        r, z = (sigmoid(heard(part, now) + carried(part, h)) for part in ("reset", "update"))
        if values["reset"] == "before":
            asked = heard("candidate", now) + carried("candidate", r * h)
        else:
            asked = heard("candidate", now) + r * (carried("candidate", h) + weights["candidate_bias"])
        n = 1 - 2 / ((2 * asked).exp() + 1)
        h = z * h + (1 - z) * n
        out.append(mapped(weights, "output", h) if values["projection"] else h)
    return torch.stack(out, 1)
