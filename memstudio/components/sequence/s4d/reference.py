"""The diagonal state space model step by step, in complex128, from the equations. Read by tests only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import mapped, sigmoid


def rates(start: str, modes: int) -> Tensor:
    """A of each mode (modes,), complex, as published."""
    n, size = torch.arange(modes, dtype=torch.float64), 2 * modes
    if start == "lin":
        return torch.complex(-torch.ones_like(n) / 2, math.pi * n)
    if start == "inv":
        return torch.complex(-torch.ones_like(n) / 2, size / math.pi * (size / (2 * n + 1) - 1))
    if start == "legs":
        matrix = torch.zeros(size, size, dtype=torch.float64)
        for i in range(size):
            for j in range(size):
                matrix[i, j] = -math.sqrt((2 * i + 1) * (2 * j + 1)) if i > j else -(i + 1) if i == j else 0
                matrix[i, j] += math.sqrt((i + 0.5) * (j + 0.5))
        found = torch.linalg.eigvals(matrix)
        return torch.stack(sorted(found[found.imag > 0], key=lambda one: float(one.imag)))
    return torch.complex(-(n + 1), 0 * n) if start == "real" else torch.complex(-torch.ones_like(n) / 2, 0 * n)


def discretised(rate: Tensor, step: Tensor, rule: str) -> tuple[Tensor, Tensor]:
    """Ā and B̄, complex, of rate (..., modes) and step (..., 1)."""
    if rule == "zoh":
        decay = (step * rate).exp()
        return decay, (decay - 1) / rate
    return (1 + step * rate / 2) / (1 - step * rate / 2), step / (1 - step * rate / 2)


def kernel(rate: Tensor, step: Tensor, readout: Tensor, rule: str, time: int) -> Tensor:
    """Kₗ = 2 Re Σ C Āˡ B̄ for l < time, (..., time), by a direct sum."""
    decay, entry = discretised(rate, step, rule)
    return torch.stack([2 * (readout * decay**lag * entry).sum(-1).real for lag in range(time)], -1)


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another."""
    base = rates(values["start"], values["modes"])
    rate = torch.complex(base.real * weights["real"].exp(), base.imag + weights["imag"])
    decay, entry = discretised(rate, weights["log_step"].exp()[:, None], values["discretisation"])
    readout = torch.complex(weights["readout"][..., 0], weights["readout"][..., 1])
    state = torch.zeros(x.shape[0], *rate.shape, dtype=rate.dtype)
    out = []
    for t in range(x.shape[1]):
        state = decay * state + entry * x[:, t, :, None]
        y = 2 * (readout * state).sum(-1).real + weights["skip"] * x[:, t]
        if values["activation"]:
            y = y * (1 + torch.erf(y / math.sqrt(2))) / 2
        if values["mixing"] != "none":
            y = mapped(weights, "mixing", y)
        if values["mixing"] == "glu":
            one, other = y.chunk(2, -1)
            y = one * sigmoid(other)
        out.append(y)
    return torch.stack(out, 1)
