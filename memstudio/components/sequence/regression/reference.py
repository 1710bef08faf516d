"""Test-time regression step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import decay, in_heads, mapped, output, sigmoid, silu, unit


def least_squares(query: Tensor, key: Tensor, value: Tensor, ridge: Tensor, strength: Tensor, log_decay: Tensor | None = None) -> Tensor:
    """At each position the normal equations of all examples so far, each with its weight. Shapes as in ops.least_squares."""
    answers = []
    for t in range(key.shape[-3]):
        weight = strength[..., : t + 1, :]
        if log_decay is not None:
            later = [log_decay[..., i + 1 : t + 1, :].sum(-2) for i in range(t + 1)]
            weight = weight * torch.stack(later, -2).exp()
        k, v = key[..., : t + 1, :, :], value[..., : t + 1, :, :]
        gram = torch.einsum("...ih,...ihf,...ihg->...hfg", weight, k, k) + torch.diag_embed(ridge[..., 0, :, :])
        both = torch.einsum("...ih,...ihv,...ihf->...hvf", weight, v, k)
        answers.append(torch.einsum("...hvf,...hfg,...hg->...hv", both, torch.linalg.inv(gram), query[..., t, :, :]))
    return torch.stack(answers, -3)


def recursive_least_squares(query: Tensor, key: Tensor, value: Tensor, ridge: Tensor, strength: Tensor) -> Tensor:
    """The same without decay by the steps of Sherman and Morrison: P and M are corrected by one example after another."""
    inverse = torch.diag_embed(1 / ridge[..., 0, :, :])
    matrix, answers = value.new_zeros(*value.shape[:-3], *value.shape[-2:], key.shape[-1]), []
    for t in range(key.shape[-3]):
        k, v, beta = key[..., t, :, :], value[..., t, :, :], strength[..., t, :, None]
        moved = (inverse @ k[..., None])[..., 0]
        gain = beta * moved / (1 + beta * (k * moved).sum(-1, keepdim=True))
        error = v - (matrix @ k[..., None])[..., 0]
        matrix = matrix + error[..., :, None] * gain[..., None, :]
        inverse = inverse - gain[..., :, None] * moved[..., None, :]
        answers.append((matrix @ query[..., t, :, :, None])[..., 0])
    return torch.stack(answers, -3)


def products(x: Tensor) -> Tensor:
    """1, x, the squares over √2, and the products of two different features."""
    width = x.shape[-1]
    columns = [torch.ones_like(x[..., 0]), *x.unbind(-1), *(x[..., i] ** 2 / 2**0.5 for i in range(width))]
    columns += [x[..., i] * x[..., j] for i in range(width) for j in range(i + 1, width)]
    return torch.stack(columns, -1)


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`; x (batch, width)."""

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        self.matrix: Tensor | float = 0.0
        self.gram: Tensor | float = 0.0

    def _inputs(self, name: str, x: Tensor) -> Tensor:
        y = in_heads(silu(mapped(self.weights, name, x)), self.values["heads"])
        for step in range(2 if self.values["regressor"] == "quadratic" else 1):
            y = products(y) if step else y
            y = unit(y) if self.values["unit_length"] else y
        return y

    def ask(self, x: Tensor) -> Tensor:
        """φ(q) of a position: (batch, heads, features)."""
        return self._inputs("query.inputs.map", x)

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Takes in one example; where mask (batch,) is False the memory stays."""
        key = self._inputs("writer.key.map", x)
        value = in_heads(silu(mapped(self.weights, "writer.value", x)), self.values["heads"])
        alpha = beta = torch.ones_like(key[..., 0])
        if self.values["strength"]:
            beta = sigmoid(mapped(self.weights, "writer.strength", x))
        if self.values["weights"] == "gated":
            alpha = decay(self.weights, "writer.decay", x)
        elif self.values["weights"] == "decay":
            alpha = alpha * torch.tensor([1 - 2.0 ** (-5 - head) for head in range(self.values["heads"])], dtype=x.dtype)
        faded = alpha[..., None, None] * (self.matrix + x.new_zeros(*value.shape, key.shape[-1]))
        error = (faded @ key[..., None])[..., 0] - value if self.values["solver"] == "gradient" else -value
        matrix = faded - (beta[..., None] * error)[..., None] * key[..., None, :]
        gram = alpha[..., None, None] * self.gram + beta[..., None, None] * key[..., :, None] * key[..., None, :]
        self.matrix = matrix if mask is None else torch.where(mask[:, None, None, None], matrix, self.matrix)
        self.gram = gram if mask is None else torch.where(mask[:, None, None, None], gram, self.gram)

    def read(self, query: Tensor) -> Tensor:
        """What the memory answers: (batch, heads, value)."""
        assert isinstance(self.matrix, Tensor)
        if self.values["solver"] == "least_squares":
            assert isinstance(self.gram, Tensor)
            ridge = self.values["ridge"] * (0.25 + (1 + self.weights["query.excess"].exp()).log())
            query = (torch.linalg.inv(self.gram + torch.diag_embed(ridge)) @ query[..., None])[..., 0]
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
