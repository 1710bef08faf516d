"""Titans step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width): attention written out for one position after another, the memory as a step machine."""
    return {"MAC": as_context, "MAG": windowed, "MAL": windowed}[values["variant"]](values, weights, x)


def as_context(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    count, segment = values["persistent"], values["segment"]
    memory = machine(values, weights, x.shape[0])
    persistent = [weights["persistent"][j].expand_as(x[:, 0]) for j in range(count)]
    out = []
    for t in range(x.shape[1]):
        i = t % segment
        if i == 0:
            start, told, here = snapshot(memory), [], []
            # A machine that differentiates by its own weights must not find a way around, through what the attention heard from them.
            memory = snapshot(memory, fresh=True)
        asked = snapshot(start)
        asked.write(x[:, t], torch.zeros(x.shape[0], dtype=torch.bool))  # no trace: it only makes room in a memory that is empty
        told.append(asked.out(asked.read(asked.ask(x[:, t])), x[:, t]))
        here.append(x[:, t])
        context = [*persistent, *told, *here]
        places = [*range(count), *(count + n for n in range(i + 1)), *(count + segment + n for n in range(i + 1))]
        y = attention(values, weights, x[:, t], count + segment + i, context, places)
        memory.write(y)
        out.append(gated(weights, y, memory.out(memory.read(memory.ask(y)), y)))
    return torch.stack(out, 1)


def windowed(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    count, segment = values["persistent"], values["segment"]
    memory = machine(values, weights, x.shape[0])
    tokens = [weights["persistent"][j].expand_as(x[:, 0]) for j in range(count)] + list(x.unbind(1))
    answers = []
    for token in tokens:
        memory.write(token)
        answers.append(memory.out(memory.read(memory.ask(token)), token))
    read = tokens if values["variant"] == "MAG" else answers
    out = []
    for t in range(count, len(tokens)):
        places = [*range(count), *(n for n in range(count, t + 1) if n > t - segment)]
        y = attention(values, weights, read[t], t, [read[n] for n in places], places)
        out.append(gated(weights, y, answers[t]) if values["variant"] == "MAG" else y)
    return torch.stack(out, 1)


def machine(values: Mapping[str, Any], weights: Mapping[str, Tensor], batch: int) -> Any:
    """The step machine of the inner memory; some are told how many items they read."""
    inner = values["inner"]
    kind = importlib.import_module(inner.entry.component.reference.partition(":")[0]).Steps
    own = {name.removeprefix("cell."): weight for name, weight in weights.items() if name.startswith("cell.")}
    return kind(inner.values, own, *([batch] if "batch" in inspect.signature(kind).parameters else []))


def snapshot(memory: Any, fresh: bool = False) -> Any:
    """The machine as it is now, not touched by what the other one reads; fresh: with tensors of its own, equal to the other's."""
    taken = copy.copy(memory)
    for name, part in vars(memory).items():
        if isinstance(part, list):
            setattr(taken, name, [one.clone() if fresh else one for one in part])
    return taken


def attention(
    values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor, place: int, context: Sequence[Tensor], places: Sequence[int]
) -> Tensor:
    """W_o Σ softmax(q·k / √K) v of one position over a context, each at its place."""
    query = heads(values, weights["attention.query.map.weight"], x, place)
    keys = [heads(values, weights["attention.writer.key.map.weight"], one, at) for one, at in zip(context, places, strict=True)]
    data = [heads({**values, "rotary": False}, weights["attention.writer.value.map.weight"], one, 0) for one in context]
    powers = (torch.stack([(query * key).sum(-1) for key in keys], -1) / values["key_width"] ** 0.5).exp()
    shares = powers / powers.sum(-1, keepdim=True)
    mixed = sum((shares[..., n, None] * v for n, v in enumerate(data)), torch.zeros_like(data[0]))
    return mixed.reshape(x.shape[0], -1) @ weights["attention.output.map.weight"].mT


def heads(values: Mapping[str, Any], matrix: Tensor, x: Tensor, position: int) -> Tensor:
    """(batch, heads, n) of one position, turned by its rotary angle where that is on."""
    y = (x @ matrix.mT).reshape(x.shape[0], values["heads"], -1)
    half = y.shape[-1] // 2
    if not values["rotary"] or not half:
        return y
    angle = torch.tensor([position * 10_000.0 ** (-i / half) for i in range(half)], dtype=x.dtype)
    one, two, rest = y[..., :half], y[..., half : 2 * half], y[..., 2 * half :]
    return torch.cat([one * angle.cos() - two * angle.sin(), two * angle.cos() + one * angle.sin(), rest], -1)


def gated(weights: Mapping[str, Tensor], y: Tensor, answer: Tensor) -> Tensor:
    """(a ⊙ RMSnorm(y)) ⊙ σ(b ⊙ RMSnorm(m))."""
    normed = [part / (part.square().mean(-1, keepdim=True) + 1e-5).sqrt() for part in (y, answer)]
    return normed[0] * weights["gate.attention"] / (1 + (-normed[1] * weights["gate.memory"]).exp())
