"""A compressed window step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import mapped, sigmoid


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width): at each position the softmax over window and sinks is written out, and one position enters the memory."""
    inner, window, sinks = values["inner"], values["window"], values["sinks"]
    kind = importlib.import_module(inner.entry.component.reference.partition(":")[0]).Steps
    memory = kind(inner.values, {name.removeprefix("cell."): weight for name, weight in weights.items() if name.startswith("cell.")})
    out = []
    for t in range(x.shape[1]):
        seen = [i for i in range(t + 1) if i > t - window or i < sinks]
        query = heads(values, weights["attention.query.map.weight"], x[:, t], t)
        matches = [(query * heads(values, weights["attention.writer.key.map.weight"], x[:, i], i)).sum(-1) for i in seen]
        powers = (torch.stack(matches, -1) / values["key_width"] ** 0.5).exp()
        shares = powers / powers.sum(-1, keepdim=True)
        data = [heads({**values, "rotary": False}, weights["attention.writer.value.map.weight"], x[:, i], i) for i in seen]
        mixed = sum((shares[..., n, None] * v for n, v in enumerate(data)), torch.zeros_like(data[0]))
        y = mixed.reshape(x.shape[0], -1) @ weights["attention.output.map.weight"].mT
        left = t - window
        gone = left >= sinks
        memory.write(x[:, left] if gone else torch.zeros_like(x[:, t]), torch.full((x.shape[0],), gone))
        if gone:
            answer = memory.out(memory.read(memory.ask(x[:, t])), x[:, t])
            y = y + (sigmoid(mapped(weights, "gate", x[:, t])) if values["gate"] else 1.0) * answer
        out.append(y)
    return torch.stack(out, 1)


def heads(values: Mapping[str, Any], matrix: Tensor, x: Tensor, position: int) -> Tensor:
    """(batch, heads, n) of one position, turned by its rotary angle where that is on."""
    y = (x @ matrix.mT).reshape(x.shape[0], values["heads"], -1)
    half = y.shape[-1] // 2
    if not values["rotary"] or not half:
        return y
    angle = torch.tensor([position * 10_000.0 ** (-i / half) for i in range(half)], dtype=x.dtype)
    one, two, rest = y[..., :half], y[..., half : 2 * half], y[..., 2 * half :]
    return torch.cat([one * angle.cos() - two * angle.sin(), two * angle.cos() + one * angle.sin(), rest], -1)
