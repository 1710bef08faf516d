"""Prefix linear attention position by position, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import in_heads, mapped, output


def features(x: Tensor, name: str) -> Tensor:
    """φ(x) written out, (..., K) -> (..., features); for Taylor all K² products, as the authors keep them."""
    if name == "elu":
        return torch.where(x > 0, x + 1, x.clamp(max=0).exp())
    if name == "relu":
        return torch.where(x > 0, x, 0 * x)
    if name == "softmax":
        return x.exp() / x.exp().sum(-1, keepdim=True)
    root = x.shape[-1] ** 0.5
    pairs = (x[..., :, None] * x[..., None, :]).flatten(-2) / 2**0.5
    return torch.cat([torch.ones_like(x[..., :1]), x / root**0.5, pairs / root], -1)


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, x the first piece: each answer a sum over what its position sees."""
    heads, time = values["heads"], x.shape[1]

    def taken(name: str, at: int) -> Tensor:
        return in_heads(mapped(weights, name, x[:, at]), heads)

    out = []
    for t in range(time):
        query = features(taken("query.map", t), values["features"])
        seen = [("decoder", j) for j in range(t + 1)] + [("encoder", j) for j in range(min(values["prefix"], time))]
        matches = torch.stack([(query * features(taken(f"{which}.key.map", j), values["features"])).sum(-1) for which, j in seen])
        data = torch.stack([taken(f"{which}.value", j) for which, j in seen])
        answer = (matches[..., None] * data).sum(0) / (matches.sum(0)[..., None] + 1e-6)
        out.append(output(values, weights, answer, x[:, t]))
    return torch.stack(out, 1)
