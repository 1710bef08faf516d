"""The corrected associative memory step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import in_heads, mapped, output, sigmoid


def features(x: Tensor, nu: int) -> Tensor:
    """DPFP-ν written out: feature (j, i) is rᵢ rᵢ₋ⱼ with r the positive and then the negative parts, indices in a circle; length 1."""
    n = x.shape[-1]
    zero = torch.zeros((), dtype=x.dtype)
    r = [torch.maximum(x[..., i], zero) for i in range(n)] + [torch.maximum(-x[..., i], zero) for i in range(n)]
    y = torch.stack([r[i] * r[(i - j) % (2 * n)] for j in range(1, nu + 1) for i in range(2 * n)], -1)
    return y / (y.square().sum(-1, keepdim=True) + 1e-12).sqrt()


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`.

    values: the component's resolved values; weights: the module's state_dict; x: (batch, width).
    """

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.matrix: Tensor | None = None
        self.normaliser: Tensor | None = None

    def _features(self, name: str, x: Tensor) -> Tensor:
        return features(in_heads(mapped(self.weights, name, x), self.values["heads"]), self.values["features"])

    def ask(self, x: Tensor) -> Tensor:
        """The query of a position: (batch, heads, features)."""
        return self._features("query.map", x)

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Writes one position; where mask (batch,) is False the memory stays."""
        key = self._features("writer.key.map", x)
        value = in_heads(mapped(self.weights, "writer.value", x), self.values["heads"])
        beta = sigmoid(mapped(self.weights, "writer.strength", x))[..., None]
        matrix = x.new_zeros(*key.shape, value.shape[-1]) if self.matrix is None else self.matrix
        normaliser = torch.zeros_like(key) if self.normaliser is None else self.normaliser
        covered = (normaliser * key).sum(-1, keepdim=True)
        old = torch.zeros_like(value)
        if self.values["delta"]:
            old = torch.einsum("bhk,bhkv->bhv", key, matrix) / (covered + 1e-5)
        share = torch.ones_like(covered)
        if self.values["correction"]:
            share = (1 - covered / (key.square().sum(-1, keepdim=True) + 1e-12)).detach()
            share = torch.minimum(torch.maximum(share, torch.zeros_like(share)), torch.ones_like(share))
        after = matrix + key[..., None] * (beta * (value - old))[..., None, :]
        grown = normaliser + share * key
        self.matrix = after if mask is None else torch.where(mask[:, None, None, None], after, matrix)
        self.normaliser = grown if mask is None else torch.where(mask[:, None, None], grown, normaliser)

    def read(self, query: Tensor) -> Tensor:
        """What the memory answers: (batch, heads, value)."""
        assert self.matrix is not None
        assert self.normaliser is not None
        found = torch.einsum("bhk,bhkv->bhv", query, self.matrix)
        return found / ((self.normaliser * query).sum(-1, keepdim=True) + 1e-5)

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
