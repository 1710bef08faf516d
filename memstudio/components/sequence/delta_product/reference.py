"""Products of delta rules step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import decay, in_heads, mapped, output, sigmoid, silu, unit


def delta_product(
    query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, strength: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Sₜ = αₜ Sₜ₋₁ Πᵢ (I − βᵢ kᵢ kᵢᵀ) + what the steps write, yₜ = Sₜ qₜ, written out. Shapes as in ops.delta_product."""
    *lead, time, heads, steps, keys = key.shape
    matrix = value.new_zeros(*lead, heads, value.shape[-1], keys) if state is None else state
    identity = torch.eye(keys, dtype=key.dtype)
    answers = []
    for t in range(time):
        # A position multiplies by one matrix and adds another: both are made first, and S is touched once.
        turns, adds = identity * log_decay[..., t, :, None, None].exp(), torch.zeros_like(matrix)
        for i in range(steps):
            beta, k, v = strength[..., t, :, i, None, None], key[..., t, :, i, :, None], value[..., t, :, i, :, None]
            step = identity - beta * (k @ k.mT)
            turns, adds = turns @ step, adds @ step + beta * (v @ k.mT)
        matrix = matrix @ turns + adds
        answers.append((matrix @ query[..., t, :, :, None])[..., 0])
    return torch.stack(answers, -3), matrix


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`.

    values: the component's resolved values; weights: the module's state_dict; x: (batch, width).
    """

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.matrix: Tensor | float = 0.0

    def ask(self, x: Tensor) -> Tensor:
        """The query of a position: (batch, heads, key)."""
        return unit(in_heads(silu(mapped(self.weights, "query.map", x)), self.values["heads"]))

    def _each(self, name: str, x: Tensor) -> Tensor:
        """(batch, heads, n, ...) of one of the writer's maps."""
        return mapped(self.weights, f"writer.{name}", x).reshape(x.shape[0], self.values["heads"], self.values["steps"], -1)

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Writes one position; where mask (batch,) is False the memory stays."""
        keys, data = unit(silu(self._each("key", x))), silu(self._each("value", x))
        most = 2 if self.values["negative"] else 1
        betas = most * sigmoid(self._each("strength", x))
        before = self.matrix if isinstance(self.matrix, Tensor) else x.new_zeros(*data.shape[:2], data.shape[-1], keys.shape[-1])
        after = before
        if self.values["gate"]:
            after = decay(self.weights, "writer.decay", x)[..., None, None] * after
        for i in range(self.values["steps"]):
            held = (after @ keys[:, :, i, :, None])[..., 0]
            after = after + (betas[:, :, i] * (data[:, :, i] - held))[..., None] * keys[:, :, i, None, :]
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
