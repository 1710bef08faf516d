"""The linear state space layer step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import mapped


def legs(size: int) -> tuple[Tensor, Tensor]:
    """A (N, N) and B (N,) of HiPPO-LegS as published: −√((2n+1)(2k+1)) below the diagonal, −(n+1) on it, 0 above; √(2n+1)."""
    matrix = torch.zeros(size, size, dtype=torch.float64)
    for n in range(size):
        for k in range(n + 1):
            matrix[n, k] = -(n + 1) if n == k else -math.sqrt((2 * n + 1) * (2 * k + 1))
    return matrix, (2 * torch.arange(size, dtype=torch.float64) + 1).sqrt()


def learned(size: int, moved: list[Tensor], rate: float) -> Tensor:
    """A = −P (D + T⁻¹) Q with what is learned of its six parts added to where LegS has them."""
    n = torch.arange(size, dtype=torch.float64)
    p, q = ((2 * n + 1).sqrt() + rate * part for part in moved[:2])
    d = -n / (2 * n + 1) + rate * moved[2]
    tridiagonal = torch.diag(-1 + rate * moved[3], -1) + torch.diag(1 + rate * moved[4]) + torch.diag(rate * moved[5], 1)
    found: Tensor = -torch.diag(p) @ (torch.diag(d) + torch.linalg.inv(tridiagonal)) @ torch.diag(q)
    return found


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another."""
    width, size = x.shape[-1], values["state_width"]
    matrix, entry = legs(size)
    if values["matrix_rate"]:
        matrix = learned(size, [weights[f"moved.{i}"] for i in range(6)], values["matrix_rate"])
    low, high = math.log(values["shortest_step"]), math.log(values["longest_step"])
    one = torch.eye(size, dtype=torch.float64)
    decays, entries = [], []
    for h in range(width):
        step = torch.tensor(low + (high - low) * h / max(width - 1, 1), dtype=torch.float64)
        if values["step_rate"]:
            step = step + values["step_rate"] * weights["log_step"][h]
        inverse = torch.linalg.inv(one - step.exp() / 2 * matrix)
        decays.append(inverse @ (one + step.exp() / 2 * matrix))
        entries.append(inverse @ entry * step.exp())
    decay, given = torch.stack(decays), torch.stack(entries)
    state, out = x.new_zeros(x.shape[0], width, size), []
    for t in range(x.shape[1]):
        now = x[:, t]
        state = torch.einsum("hnk,bhk->bhn", decay, state) + given * now[..., None]
        y = torch.einsum("hmn,bhn->bhm", weights["readout"], state) + weights["skip"] * now[..., None]
        if values["activation"]:
            y = y * (1 + torch.erf(y / math.sqrt(2))) / 2
        out.append(mapped(weights, "mixing", y.flatten(1)))
    return torch.stack(out, 1)
