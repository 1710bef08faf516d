"""Selection along time and along features step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import mapped, silu


def selective_scan(
    x: Tensor, step: Tensor, rate: Tensor, entry: Tensor, readout: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """hₜ = exp(Δₜ A) ⊙ hₜ₋₁ + (Δₜ xₜ) Bₜᵀ, yₜ = hₜ Cₜ, written out. Shapes as in ops.selective_scan."""
    h = x.new_zeros(*x.shape[:-2], *rate.shape) if state is None else state
    answers = []
    for t in range(x.shape[-2]):
        now = step[..., t, :, None]
        h = (now * rate).exp() * h + now * x[..., t, :, None] * entry[..., t, None, :]
        answers.append(torch.einsum("...dn,...n->...d", h, readout[..., t, :]))
    return torch.stack(answers, -2), h


def scanned(weights: Mapping[str, Tensor], name: str, z: Tensor) -> Tensor:
    """One scan with all it makes of z (..., steps, width)."""
    x = mapped(weights, f"{name}.enter", z)
    taps = weights.get(f"{name}.convolution.weight")
    if taps is not None:
        rows = [sum(taps[j] * x[..., t - j, :] for j in range(min(len(taps), t + 1))) for t in range(x.shape[-2])]
        x = torch.stack([torch.as_tensor(row) for row in rows], -2)
    x = silu(x)
    step = (1 + mapped(weights, f"{name}.step", z).exp()).log()
    rate = -weights[f"{name}.log_rate"].exp()
    y, _ = selective_scan(x, step, rate, mapped(weights, f"{name}.entry", z), mapped(weights, f"{name}.readout", z))
    return y + weights[f"{name}.skip"] * x


def channel(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """The channel mixer at one position: (batch, width) -> (batch, width)."""
    group, width = values["group"], x.shape[-1]
    steps = -(-width // group)
    z = torch.cat([x, x.new_zeros(x.shape[0], steps * group - width)], -1).reshape(x.shape[0], steps, group)
    y = scanned(weights, "channel.there", z)
    if values["directions"] == 2:
        y = y + scanned(weights, "channel.back", z.flip(1)).flip(1)
    return mapped(weights, "channel.map", y * silu(mapped(weights, "channel.gate", z))).reshape(x.shape[0], -1)[:, :width]


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another."""
    token = mapped(weights, "token.map", scanned(weights, "token.scan", x) * silu(mapped(weights, "token.gate", x)))
    if values["channels"] == "none":
        return token
    out = []
    for t in range(x.shape[1]):
        if values["channels"] == "weighted":
            a, b, c, d = weights["weights"]
            out.append(c * token[:, t] + d * channel(values, weights, a * x[:, t] + b * token[:, t]))
        else:
            out.append(channel(values, weights, token[:, t]))
    return torch.stack(out, 1)
