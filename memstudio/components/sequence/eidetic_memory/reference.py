"""Eidetic and fading memory step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width): the fading memory as a step machine, then each item and position by itself."""
    faded = outputs(values, weights, x)
    chunk = values["summary_chunk"]
    out = []
    for b in range(x.shape[0]):
        surprise = [innovation(faded[b, : t + 1].detach(), values["order"]) for t in range(x.shape[1])]
        rows = []
        for t in range(x.shape[1]):
            left = range(max(t - values["window"] + 1, 0))
            banked = sorted(left, key=lambda i: (-surprise[i], i))[: values["bank"]]
            ends = [n * chunk - 1 for n in range(1, t + 2) if n * chunk - 1 <= t][-values["summaries"] :]
            window = range(max(t - values["window"] + 1, 0), t + 1)
            context = [*((x[b, i], i) for i in banked), *((faded[b, i], i) for i in ends), *((x[b, i], i) for i in window)]
            query = heads(values, weights["query.map.weight"], x[b, t], t)
            keys = torch.stack([heads(values, weights["writer.key.map.weight"], token, at) for token, at in context])
            plain = {**values, "rotary": False}
            data = torch.stack([heads(plain, weights["writer.value.map.weight"], token, at) for token, at in context])
            powers = ((query * keys).sum(-1) / values["key_width"] ** 0.5).exp()
            rows.append((powers[..., None] * data / powers.sum(0)[:, None]).sum(0).flatten() @ weights["output.map.weight"].mT)
        out.append(torch.stack(rows))
    return torch.stack(out)


def outputs(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """f (batch, time, width) of the fading memory."""
    inner = values["inner"]
    kind = importlib.import_module(inner.entry.component.reference.partition(":")[0]).Steps
    own = {name.removeprefix("cell."): weight for name, weight in weights.items() if name.startswith("cell.")}
    steps = kind(inner.values, own, *([x.shape[0]] if "batch" in inspect.signature(kind).parameters else []))
    found = []
    for t in range(x.shape[1]):
        steps.write(x[:, t])
        found.append(steps.out(steps.read(steps.ask(x[:, t])), x[:, t]))
    return torch.stack(found, 1)


def innovation(faded: Tensor, order: int) -> float:
    """e of the last of the outputs (time, width): damped least squares over all before it, positions before the first being zero."""
    padded = torch.cat([faded.new_zeros(order, faded.shape[1]), faded])
    normal, right = faded.new_zeros(order, order), faded.new_zeros(order)
    for s in range(faded.shape[0] - 1):
        past = torch.stack([padded[order + s - j] for j in range(1, order + 1)])
        normal, right = normal + past @ past.mT, right + past @ padded[order + s]
    damped = normal + (1e-4 * normal.diagonal().mean() + 1e-6) * torch.eye(order, dtype=faded.dtype)
    a = torch.linalg.inv(damped) @ right
    last = torch.stack([padded[-1 - j] for j in range(1, order + 1)])
    return float((faded[-1] - a @ last).square().sum().sqrt())


def heads(values: Mapping[str, Any], matrix: Tensor, x: Tensor, position: int) -> Tensor:
    """(heads, n) of one position of one item, turned by its rotary angle where that is on."""
    y = (x @ matrix.mT).reshape(values["heads"], -1)
    half = y.shape[-1] // 2
    if not values["rotary"] or not half:
        return y
    angle = torch.tensor([position * 10_000.0 ** (-i / half) for i in range(half)], dtype=x.dtype)
    one, two, rest = y[..., :half], y[..., half : 2 * half], y[..., 2 * half :]
    return torch.cat([one * angle.cos() - two * angle.sin(), two * angle.cos() + one * angle.sin(), rest], -1)
