"""Causal softmax attention step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def entmax(scores: Tensor, alpha: Tensor) -> Tensor:
    """α-entmax of one row: τ by bisection, then p and its derivatives by the formulas of Correia et al. 2019."""
    return _Entmax.apply(scores, alpha)  # type: ignore[no-any-return, no-untyped-call]


class _Entmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, alpha: Tensor) -> Tensor:
        if float(alpha) == 1.0:
            p = scores.exp() / scores.exp().sum()
        else:
            z = (alpha - 1) * scores
            low, high = z.max() - 1, z.max()
            for _ in range(100):
                middle = (low + high) / 2
                mass = (z - middle).clamp(min=0).pow(1 / (alpha - 1)).sum()
                low, high = (middle, high) if mass >= 1 else (low, middle)
            p = (z - (low + high) / 2).clamp(min=0).pow(1 / (alpha - 1))
        ctx.save_for_backward(p, alpha)
        return p

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        (gradient,) = gradients
        p, alpha = ctx.saved_tensors
        s = torch.where(p > 0, p.pow(2 - alpha), 0)
        share = s / s.sum()
        by_scores = s * (gradient - (gradient * share).sum())
        if float(alpha) == 1.0:
            return by_scores, torch.zeros_like(alpha)
        entropy = torch.where(p > 0, -p * p.log(), 0)
        by_alpha = (p - share) / (alpha - 1) ** 2 + (entropy - share * entropy.sum()) / (alpha - 1)
        return by_scores, (gradient * by_alpha).sum()


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`; x (batch, width)."""

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.keys: list[Tensor] = []
        self.data: list[Tensor] = []
        self.kept: list[Tensor] = []

    def _heads(self, name: str, x: Tensor, position: int) -> Tensor:
        y = x @ self.weights[f"{name}.map.weight"].mT
        if self.values["projections"] == "separate":
            y = y.reshape(x.shape[0], self.values["heads"], -1)
        else:
            rows = self.weights[f"{name}.embedding"]
            shared = self.values["projections"] == "add"
            y = torch.stack([y + row if shared else y * (1 + row) for row in rows], 1)
        if f"{name}.scale" in self.weights:
            y = y / (y.square().mean(-1, keepdim=True) + 1e-6).sqrt() * self.weights[f"{name}.scale"]
        if self.values["rotary"] and name != "writer.value":
            half = y.shape[-1] // 2
            turned = []
            for i in range(half):
                angle = torch.tensor(position * 10_000.0 ** (-i / half), dtype=x.dtype)
                turned.append(
                    (y[..., i] * angle.cos() - y[..., half + i] * angle.sin(), y[..., half + i] * angle.cos() + y[..., i] * angle.sin())
                )
            y = torch.stack(
                [pair[0] for pair in turned] + [pair[1] for pair in turned] + [y[..., i] for i in range(2 * half, y.shape[-1])], -1
            )
        return y

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Keeps key and value of the next position; items where mask (batch,) is False do not."""
        position = len(self.keys)
        self.keys.append(self._heads("writer.key", x, position))
        self.data.append(self._heads("writer.value", x, position))
        self.kept.append(torch.ones(x.shape[0], dtype=torch.bool) if mask is None else mask)

    def ask(self, x: Tensor) -> Tensor:
        """The query of the position written last: (batch, heads, key)."""
        return self._heads("query", x, len(self.keys) - 1)

    def read(self, query: Tensor) -> Tensor:
        """Σᵢ softmax(q·kᵢ / √K) vᵢ over what was kept: (batch, heads, value); 0 where nothing was."""
        items = []
        for b in range(query.shape[0]):
            kept = [i for i, mask in enumerate(self.kept) if bool(mask[b])]
            if self.values["window"] and len(kept) > self.values["window"]:
                first = kept[: self.values["sinks"]]
                kept = first + [i for i in kept[-self.values["window"] :] if i not in first]
            if not kept:
                items.append(torch.zeros_like(self.data[0][b]))
                continue
            scores = torch.stack([(query[b] * self.keys[i][b]).sum(-1) for i in kept], -1) / query.shape[-1] ** 0.5
            weights = self._weights(scores)
            items.append(sum((weights[:, n, None] * self.data[i][b] for n, i in enumerate(kept)), torch.zeros_like(self.data[0][b])))
        return torch.stack(items)

    def _weights(self, scores: Tensor) -> Tensor:
        """Matches (heads, positions) to weights."""
        if self.values["weights"] == "softmax":
            return scores.exp() / scores.exp().sum(-1, keepdim=True)
        if self.values["weights"] == "softmax_1":
            return scores.exp() / (1 + scores.exp().sum(-1, keepdim=True))
        if self.values["weights"] == "entmax":
            return torch.stack([entmax(row, torch.tensor(self.values["alpha"], dtype=row.dtype)) for row in scores])
        free = self.weights["query.sharpness"]
        return torch.stack([entmax(row, 1 + 1 / (1 + (-a).exp())) for row, a in zip(scores, free, strict=True)])

    def out(self, answer: Tensor, x: Tensor) -> Tensor:
        """The layer's output (batch, width)."""
        return answer.reshape(x.shape[0], -1) @ self.weights["output.map.weight"].mT


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor, write: Tensor | None = None) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another."""
    steps = Steps(values, weights)
    out = []
    for t in range(x.shape[1]):
        steps.write(x[:, t], None if write is None else write[:, t])
        out.append(steps.out(steps.read(steps.ask(x[:, t])), x[:, t]))
    return torch.stack(out, 1)
