"""Linear attention step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import decay, in_heads, mapped, output, sigmoid


def linear_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    log_decay: Tensor | None = None,
    state: Tensor | None = None,
    normalise: bool = False,
) -> tuple[Tensor, Tensor]:
    """Sₜ = Sₜ₋₁ diag(αₜ) + vₜ kₜᵀ, yₜ = Sₜ qₜ, written out. Shapes as in ops.linear_attention."""
    *lead, time, heads, features = key.shape
    rows = value.shape[-1] + normalise
    matrix = value.new_zeros(*lead, heads, rows, features) if state is None else state
    answers = []
    for t in range(time):
        q, k, v = (part[..., t, :, :] for part in (query, key, value))
        if log_decay is not None:
            alpha = log_decay[..., t, :, :] if log_decay.dim() == key.dim() else log_decay[..., t, :, None]
            matrix = matrix * alpha.exp()[..., None, :]
        if normalise:
            v = torch.cat([v, torch.ones_like(v[..., :1])], -1)
        matrix = matrix + v[..., :, None] * k[..., None, :]
        answer = (matrix * q[..., None, :]).sum(-1)
        answers.append(answer[..., :-1] / (answer[..., -1:] + 1e-6) if normalise else answer)
    return torch.stack(answers, -3), matrix


def features(x: Tensor, name: str) -> Tensor:
    """φ(x) written out, (..., K) -> (..., features)."""
    if name == "elu":
        return torch.where(x > 0, x + 1, x.clamp(max=0).exp())
    if name == "relu":
        return torch.where(x > 0, x, 0 * x)
    if name == "softmax":
        return x.exp() / x.exp().sum(-1, keepdim=True)
    if name == "taylor":
        return second_order(x / x.shape[-1] ** 0.25)
    return x


def second_order(x: Tensor) -> Tensor:
    """1, x, the squares over √2, and the products of two different features, in the order of ops."""
    width = x.shape[-1]
    columns = [torch.ones_like(x[..., 0]), *x.unbind(-1)]
    columns += [x[..., i] ** 2 / 2**0.5 for i in range(width)]
    columns += [x[..., i] * x[..., j] for i in range(width) for j in range(i + 1, width)]
    return torch.stack(columns, -1)


def turned(x: Tensor, position: int) -> Tensor:
    """Rotary positions of (batch, heads, K): features i and i + K/2 turned by position · 10,000^(−i / (K/2))."""
    half, columns = x.shape[-1] // 2, list(x.unbind(-1))
    for i in range(half):
        angle = torch.tensor(position * 10_000.0 ** (-i / half), dtype=x.dtype)
        one, two = columns[i], columns[half + i]
        columns[i], columns[half + i] = one * angle.cos() - two * angle.sin(), two * angle.cos() + one * angle.sin()
    return torch.stack(columns, -1)


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`; x (batch, width)."""

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.matrix: Tensor | float = 0.0
        self.sum: Tensor | float = 0.0
        self.position = 0

    def _features(self, name: str, x: Tensor, position: int) -> Tensor:
        y = in_heads(mapped(self.weights, name, x), self.values["heads"])
        if self.values["unit_length"]:
            y = y / (y.square().sum(-1, keepdim=True) + 1e-6).sqrt()
        return features(turned(y, position) if self.values["rotary"] else y, self.values["features"])

    def ask(self, x: Tensor) -> Tensor:
        """φ of the query of the position written last: (batch, heads, features)."""
        return self._features("query.map", x, self.position - 1)

    def alpha(self, x: Tensor) -> Tensor | float:
        """α, broadcast over (batch, heads, features)."""
        kind, heads = self.values["decay"], self.values["heads"]
        if kind == "fixed":
            return torch.tensor([1 - 2.0 ** (-5 - head) for head in range(heads)], dtype=x.dtype)[:, None]
        if kind == "head":
            return decay(self.weights, "writer.decay", x)[..., None]
        if kind == "channel":
            return sigmoid(in_heads(mapped(self.weights, "writer.decay.outer", mapped(self.weights, "writer.decay.inner", x)), heads)) ** (
                1 / 16
            )
        return 1.0

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Writes one position; where mask (batch,) is False the memory stays."""
        key = self._features("writer.key.map", x, self.position)
        if self.values["features"] == "identity" and not self.values["unit_length"]:
            key = key / self.values["key_width"] ** 0.5
        value = in_heads(mapped(self.weights, "writer.value", x), self.values["heads"])
        alpha = self.alpha(x)
        self.position += 1
        kept = torch.ones_like(key) * alpha
        matrix, total = kept[..., None, :] * self.matrix + value[..., :, None] * key[..., None, :], kept * self.sum + key
        self.matrix = matrix if mask is None else torch.where(mask[:, None, None, None], matrix, self.matrix)
        self.sum = total if mask is None else torch.where(mask[:, None, None], total, self.sum)

    def read(self, query: Tensor) -> Tensor:
        """What the memory answers: (batch, heads, value)."""
        answer = (self.matrix * query[..., None, :]).sum(-1)
        return answer / ((self.sum * query).sum(-1, keepdim=True) + 1e-6) if self.values["normaliser"] else answer

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
