"""Slots on the sphere step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import in_heads, mapped, output, sigmoid, silu, unit


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`.

    values: the component's resolved values; weights: the module's state_dict; x: (batch, width). Slots are (batch, heads, value, slots).
    """

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.slots: Tensor | None = None
        self.start: Tensor | None = None
        self.read_so_far = 0

    def ask(self, x: Tensor) -> Tensor:
        """The query of a position: (batch, heads, slots)."""
        y = in_heads(mapped(self.weights, "query.map", x), self.values["heads"])
        return y.exp() / y.exp().sum(-1, keepdim=True) if self.values["softmax"] else unit(silu(y))

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Writes one position; where mask (batch,) is False the memory stays."""
        heads = self.values["heads"]
        key = unit(in_heads(silu(mapped(self.weights, "writer.key", x)), heads))
        value = in_heads(silu(mapped(self.weights, "writer.value", x)), heads)
        beta = sigmoid(mapped(self.weights, "writer.strength", x))
        if self.slots is None or self.start is None:
            first = torch.zeros(*value.shape, key.shape[-1], dtype=x.dtype)
            for i in range(key.shape[-1]):
                first[:, :, i % value.shape[-1], i] = 1
            self.slots = self.start = first
        columns = []
        for i in range(key.shape[-1]):
            slot, k = self.start[..., i], key[..., i, None]
            if self.values["loss"] == "decode":
                step = k * (value - (self.start @ key[..., None])[..., 0])
            elif self.values["loss"] == "encode":
                step = (k - (slot * value).sum(-1, keepdim=True)) * value
            else:
                step = k * value
            if self.values["project"]:
                step = step - slot * (slot * step).sum(-1, keepdim=True) / slot.square().sum(-1, keepdim=True)
            columns.append(self.slots[..., i] + beta[..., None] * step)
        after = torch.stack(columns, -1)
        self.slots = after if mask is None else torch.where(mask[:, None, None, None], after, self.slots)
        self.read_so_far += 1
        if self.read_so_far % self.values["chunk"] == 0:
            self.slots = self.start = self._shown()

    def _shown(self) -> Tensor:
        assert self.slots is not None
        return self.slots / self.slots.square().sum(-2, keepdim=True).sqrt() if self.values["normalise"] else self.slots

    def read(self, query: Tensor) -> Tensor:
        """What the memory answers: (batch, heads, value)."""
        return (self._shown() @ query[..., None])[..., 0]

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
