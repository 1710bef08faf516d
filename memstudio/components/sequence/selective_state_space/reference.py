"""The selective state space model step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import in_heads, mapped, silu


def decayed_sum(query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """hₜ = αₜ hₜ₋₁ + vₜ kₜᵀ, yₜ = hₜ qₜ, written out. Shapes as in ops.decayed_sum."""
    *lead, time, heads, keys = key.shape
    h = value.new_zeros(*lead, heads, value.shape[-1], keys) if state is None else state
    answers = []
    for t in range(time):
        h = log_decay[..., t, :, None, None].exp() * h + torch.einsum("...hv,...hk->...hvk", value[..., t, :, :], key[..., t, :, :])
        answers.append(torch.einsum("...hvk,...hk->...hv", h, query[..., t, :, :]))
    return torch.stack(answers, -3), h


def heads_of(values: Mapping[str, Any], weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    """SiLU(W x) in heads; the same for all of them where the maps are shared."""
    y = silu(mapped(weights, name, x))
    return torch.stack([y] * values["heads"], -2) if values["shared_maps"] else in_heads(y, values["heads"])


def output(values: Mapping[str, Any], weights: Mapping[str, Tensor], y: Tensor, x: Tensor) -> Tensor:
    """What leaves: y (batch, heads, value) plus D x, gated, then normed over everything, then mapped to (batch, width)."""
    if values["skip"]:
        y = y + weights["output.passed"][:, None] * in_heads(silu(mapped(weights, "output.skip", x)), values["heads"])
    y = y.reshape(x.shape[0], -1)
    if values["output_gate"]:
        y = y * silu(mapped(weights, "output.gate", x))
    if values["output_norm"]:
        y = y / ((y**2).mean(-1, keepdim=True) + 1e-5).sqrt() * weights["output.scale"]
    return mapped(weights, "output.map", y)


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor, write: Tensor | None = None) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another."""
    rate = -weights["writer.log_rate"].exp()
    h = x.new_zeros(x.shape[0], values["heads"], values["value_width"], values["key_width"])
    out = []
    for t in range(x.shape[1]):
        now = x[:, t]
        step = (1 + mapped(weights, "writer.step", now).exp()).log()
        b, c = heads_of(values, weights, "writer.key.map", now), heads_of(values, weights, "query.map", now)
        entering = in_heads(silu(mapped(weights, "writer.value", now)), values["heads"])
        after = (step * rate).exp()[..., None, None] * h + (step[..., None] * entering)[..., None] * b[..., None, :]
        h = after if write is None else torch.where(write[:, t, None, None, None], after, h)
        out.append(output(values, weights, (h @ c[..., None])[..., 0], now))
    return torch.stack(out, 1)
