"""Dynamic mask attention step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import mapped


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`; x (batch, width)."""

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.keys: list[Tensor] = []
        self.data: list[Tensor] = []
        self.importance: list[Tensor] = []
        self.kept: list[Tensor] = []

    def _heads(self, name: str, x: Tensor, position: int) -> Tensor:
        y = (x @ self.weights[f"{name}.map.weight"].mT).reshape(x.shape[0], self.values["heads"], -1)
        if f"{name}.scale" in self.weights:
            y = y / (y.square().mean(-1, keepdim=True) + 1e-6).sqrt() * self.weights[f"{name}.scale"]
        half = y.shape[-1] // 2
        if not self.values["rotary"] or name == "writer.value" or not half:
            return y
        angle = torch.tensor([position * 10_000.0 ** (-i / half) for i in range(half)], dtype=x.dtype)
        one, two, rest = y[..., :half], y[..., half : 2 * half], y[..., 2 * half :]
        return torch.cat([one * angle.cos() - two * angle.sin(), two * angle.cos() + one * angle.sin(), rest], -1)

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Keeps key, value and importance of the next position; items where mask (batch,) is False do not."""
        position = len(self.keys)
        value = self._heads("writer.value", x, position)
        self.keys.append(self._heads("writer.key", x, position))
        self.data.append(value)
        weighed = self.weights["writer.rate"] * (1 + mapped(self.weights, "writer.step", value.reshape(x.shape[0], -1)).exp()).log()
        self.importance.append(weighed.exp() if self.values["importance"] == "exp" else weighed)
        self.kept.append(torch.ones(x.shape[0], dtype=torch.bool) if mask is None else mask)

    def ask(self, x: Tensor) -> Tensor:
        """The query of the position written last: (batch, heads, key)."""
        return self._heads("query", x, len(self.keys) - 1)

    def read(self, query: Tensor) -> Tensor:
        """Σ softmax(q·k / √K + δ) v over the keys of the highest δ: (batch, heads, value); 0 where nothing was written."""
        items = []
        for b, row in enumerate(query):
            heads = []
            written = [i for i, mask in enumerate(self.kept) if bool(mask[b])]
            for h, q in enumerate(row):
                best = sorted(written, key=lambda i: (-float(self.importance[i][b, h].detach()), i))[: self.values["keep"]]
                if not best:
                    heads.append(torch.zeros_like(self.data[0][b, h]))
                    continue
                scores = torch.stack([(q * self.keys[i][b, h]).sum() / len(q) ** 0.5 + self.importance[i][b, h] for i in best])
                weights = scores.exp() / scores.exp().sum()
                heads.append(
                    sum((w * self.data[i][b, h] for w, i in zip(weights, best, strict=True)), torch.zeros_like(self.data[0][b, h]))
                )
            items.append(torch.stack(heads))
        return torch.stack(items)

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
