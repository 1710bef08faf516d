"""Compressive memory position by position and segment by segment, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import in_heads, mapped, sigmoid


def sigma(x: Tensor) -> Tensor:
    """ELU(x) + 1."""
    return torch.where(x > 0, x + 1, x.clamp(max=0).exp())


def turned(x: Tensor, position: int) -> Tensor:
    """Rotary positions of (batch, heads, K): features i and i + K/2 turned by position · 10,000^(−i / (K/2))."""
    half, columns = x.shape[-1] // 2, list(x.unbind(-1))
    for i in range(half):
        angle = torch.tensor(position * 10_000.0 ** (-i / half), dtype=x.dtype)
        one, two = columns[i], columns[half + i]
        columns[i], columns[half + i] = one * angle.cos() - two * angle.sin(), two * angle.cos() + one * angle.sin()
    return torch.stack(columns, -1)


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights."""
    heads, rotary = values["heads"], values["rotary"]
    matrix = x.new_zeros(x.shape[0], heads, values["value_width"], values["key_width"])
    total = x.new_zeros(x.shape[0], heads, values["key_width"])
    segment: list[tuple[Tensor, Tensor]] = []
    out = []

    def recalled(feature: Tensor) -> Tensor:
        return (matrix * feature[..., None, :]).sum(-1) / ((total * feature).sum(-1, keepdim=True) + 1e-6)

    for t in range(x.shape[1]):
        q, k, v = (in_heads(mapped(weights, name, x[:, t]), heads) for name in ("query", "key", "value"))
        segment.append((k, v))
        first = t + 1 - len(segment)
        asked = turned(q, t) if rotary else q
        keys = [turned(key, first + i) if rotary else key for i, (key, _) in enumerate(segment)]
        matches = torch.stack([((asked * key).sum(-1) / values["key_width"] ** 0.5).exp() for key in keys])
        here = (matches[..., None] * torch.stack([value for _, value in segment])).sum(0) / matches.sum(0)[..., None]
        gate = sigmoid(weights["share"] if values["gate"] == "head" else mapped(weights, "gate", x[:, t]))[..., None]
        answer = gate * recalled(sigma(q)) + (1 - gate) * here
        out.append(mapped(weights, "output.map", answer.reshape(x.shape[0], -1)))
        if len(segment) == values["segment"]:
            added = torch.zeros_like(matrix)
            for key, value in segment:
                wrong = value - recalled(sigma(key)) if values["update"] == "delta" else value
                added = added + wrong[..., :, None] * sigma(key)[..., None, :]
            matrix = matrix + added
            total = total + torch.stack([sigma(key) for key, _ in segment]).sum(0)
            segment = []
    return torch.stack(out, 1)
