"""A mixture of memories step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width): every memory is its own step machine; the router's weights are written out item by item."""
    inner, count = values["inner"], values["memories"] + values["shared"]
    kind = importlib.import_module(inner.entry.component.reference.partition(":")[0]).Steps
    cell = {name.removeprefix("cell."): weight for name, weight in weights.items() if name.startswith("cell.")}
    memories = []
    for m in range(count):
        own = dict(cell)
        if m and values["own_maps"]:
            mine = f"writers.{m - 1}."
            own |= {f"writer.{name.removeprefix(mine)}": weight for name, weight in weights.items() if name.startswith(mine)}
        memories.append(kind(inner.values, own))
    out = []
    for t in range(x.shape[1]):
        here = x[:, t]
        share = here @ weights["router.weight"].mT
        order = share.argsort(-1, descending=True)[:, : values["top_k"]]
        mixed: Tensor | float = 0.0
        for m, memory in enumerate(memories):
            always = m == values["memories"]
            chosen = torch.tensor([always or m in row.tolist() for row in order])
            memory.write(here, chosen)
            g = torch.stack(
                [
                    torch.ones((), dtype=x.dtype) if always else share[b, m].exp() / share[b, order[b]].exp().sum() * float(chosen[b])
                    for b in range(x.shape[0])
                ]
            )
            mixed = mixed + g[:, None, None] * memory.read(memory.ask(here))
        out.append(memories[0].out(mixed, here))
    return torch.stack(out, 1)


def balance_loss(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """λ E Σ f P, counted position by position: f how often a memory is among the best k, P the mean of its softmax."""
    count = values["memories"]
    chosen, likely = [0.0] * count, [torch.zeros((), dtype=x.dtype)] * count
    positions = x.shape[0] * x.shape[1]
    for item in x:
        for here in item:
            share = here @ weights["router.weight"].mT
            best = share.argsort(descending=True)[: values["top_k"]].tolist()
            for m in range(count):
                chosen[m] += (m in best) / positions
                likely[m] = likely[m] + share[m].exp() / share.exp().sum() / positions
    total: Tensor = torch.stack([f * p for f, p in zip(chosen, likely, strict=True)]).sum()
    return total * float(values["balance"] * count)
