"""Local linear attention step by step, in float64, from its weighted least squares problem. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import in_heads, mapped, output, unit


def answer(query: Tensor, keys: Tensor, data: Tensor, bandwidth: float, ridge: float | None) -> Tensor:
    """One query (K) over keys (S, K) and values (S, V): b of the normal equations of the columns (1, kᵢ − q); without ridge the average."""
    weights = torch.exp(keys @ query / (bandwidth * query.shape[-1] ** 0.5))
    weights = weights / weights.sum()
    if ridge is None:
        return weights @ data
    columns = torch.cat([torch.ones_like(keys[:, :1]), keys - query], -1)
    penalty = ridge * torch.eye(columns.shape[-1], dtype=keys.dtype)
    penalty[0, 0] = 0.0
    solution = torch.linalg.inv(columns.mT @ (weights[:, None] * columns) + penalty) @ (columns.mT @ (weights[:, None] * data))
    constant: Tensor = solution[0]
    return constant


def by_rho(query: Tensor, keys: Tensor, data: Tensor, bandwidth: float, ridge: float) -> Tensor:
    """The same by the formula of the paper: Σ wᵢ (1 − (kᵢ − q)·ρ) vᵢ / (ω − μ·ρ)."""
    weights = torch.exp(keys @ query / (bandwidth * query.shape[-1] ** 0.5))
    weights = weights / weights.sum()
    apart = keys - query
    mu = weights @ apart
    rho = torch.linalg.inv((weights[:, None] * apart).mT @ apart + ridge * torch.eye(keys.shape[-1], dtype=keys.dtype)) @ mu
    found: Tensor = (weights * (1 - apart @ rho)) @ data / (1 - mu @ rho)
    return found


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`; x (batch, width)."""

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.keys: list[Tensor] = []
        self.data: list[Tensor] = []
        self.kept: list[Tensor] = []

    def _key(self, name: str, x: Tensor) -> Tensor:
        y = in_heads(mapped(self.weights, name, x), self.values["heads"])
        return unit(y) if self.values["unit_length"] else y

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Keeps key and value of the next position; items where mask (batch,) is False do not."""
        self.keys.append(self._key("writer.key.map", x))
        self.data.append(in_heads(mapped(self.weights, "writer.value", x), self.values["heads"]))
        self.kept.append(torch.ones(x.shape[0], dtype=torch.bool) if mask is None else mask)

    def ask(self, x: Tensor) -> Tensor:
        """The query of a position: (batch, heads, key)."""
        return self._key("query.map", x)

    def read(self, query: Tensor) -> Tensor:
        """What the memory answers: (batch, heads, value); 0 where nothing was kept."""
        ridge = self.values["ridge"] if self.values["slope"] else None
        items = []
        for b in range(query.shape[0]):
            kept = [i for i, mask in enumerate(self.kept) if bool(mask[b])]
            for h in range(query.shape[1]):
                if not kept:
                    items.append(torch.zeros_like(self.data[0][b, h]))
                    continue
                keys, data = (torch.stack([part[i][b, h] for i in kept]) for part in (self.keys, self.data))
                items.append(answer(query[b, h], keys, data, self.values["bandwidth"], ridge))
        return torch.stack(items).reshape(*query.shape[:2], -1)

    def out(self, answer: Tensor, x: Tensor) -> Tensor:
        """The layer's output (batch, width)."""
        return output(self.values, self.weights, answer, x)


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor, write: Tensor | None = None) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another."""
    steps = Steps(values, weights)
    out = []
    for t in range(x.shape[1]):
        steps.write(x[:, t], None if write is None else write[:, t])
        out.append(steps.out(steps.read(steps.ask(x[:, t])), x[:, t]))
    return torch.stack(out, 1)
