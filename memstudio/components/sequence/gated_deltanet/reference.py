"""The gated delta rule step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import decay, in_heads, mapped, output, sigmoid, silu, unit


def gated_delta_rule(
    query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, strength: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Sₜ = αₜ Sₜ₋₁ (I − βₜ kₜ kₜᵀ) + βₜ vₜ kₜᵀ, yₜ = Sₜ qₜ, written out. Shapes as in ops.gated_delta_rule."""
    *lead, time, heads, keys = key.shape
    matrix = value.new_zeros(*lead, heads, value.shape[-1], keys) if state is None else state
    identity = torch.eye(keys, dtype=key.dtype)
    answers = []
    for t in range(time):
        alpha, beta = log_decay[..., t, :, None, None].exp(), strength[..., t, :, None, None]
        k, v, q = (part[..., t, :, :, None] for part in (key, value, query))
        matrix = alpha * matrix @ (identity - beta * (k @ k.mT)) + beta * (v @ k.mT)
        answers.append((matrix @ q)[..., 0])
    return torch.stack(answers, -3), matrix


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`.

    values: the component's resolved values; weights: the module's state_dict; x: (batch, width).
    """

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.matrix: Tensor | float = 0.0

    def _heads(self, name: str, x: Tensor) -> Tensor:
        return in_heads(silu(mapped(self.weights, name, x)), self.values["heads"])

    def ask(self, x: Tensor) -> Tensor:
        """The query of a position: (batch, heads, key)."""
        return unit(self._heads("query.map", x))

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Writes one position; where mask (batch,) is False the memory stays."""
        key = unit(self._heads("writer.key", x))
        value = self._heads("writer.value", x)
        beta = sigmoid(mapped(self.weights, "writer.strength", x))
        alpha = decay(self.weights, "writer.decay", x) if self.values["gate"] else torch.ones_like(beta)
        before = self.matrix if isinstance(self.matrix, Tensor) else x.new_zeros(*value.shape, key.shape[-1])
        error = value - (alpha[..., None, None] * before @ key[..., None])[..., 0]
        after = alpha[..., None, None] * before + (beta[..., None] * error)[..., None] * key[..., None, :]
        self.matrix = after if mask is None else torch.where(mask[:, None, None, None], after, before)

    def read(self, query: Tensor) -> Tensor:
        """What the memory answers: (batch, heads, value)."""
        assert isinstance(self.matrix, Tensor)
        return (self.matrix @ query[..., None])[..., 0]

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
