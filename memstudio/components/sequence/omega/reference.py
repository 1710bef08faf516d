"""The Omega rule step by step, in float64, from the equations, with gradients by automatic differentiation. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import decay, in_heads, mapped, output, sigmoid, silu, unit


def features(x: Tensor, coefficients: Tensor | None) -> Tensor:
    """φ(x) with every product of two entries once, times √2 for two different ones (so for three: √3 and √6)."""
    if coefficients is None:
        return x
    width, made = x.shape[-1], [coefficients[0] * x[..., i] for i in range(x.shape[-1])]
    if len(coefficients) > 1:
        for i in range(width):
            for j in range(i, width):
                made.append(coefficients[1] * (1 if i == j else 2**0.5) * x[..., i] * x[..., j])
    if len(coefficients) > 2:
        for i in range(width):
            for j in range(i, width):
                for k in range(j, width):
                    often = {1: 1, 2: 3, 3: 6}[len({i, j, k})]
                    made.append(coefficients[2] * often**0.5 * x[..., i] * x[..., j] * x[..., k])
    return torch.stack(made, -1)


def network(weights: list[Tensor], x: Tensor) -> Tensor:
    """M(W; x): x (batch, heads, features), weights (batch, heads, out, in)."""
    z = (weights[0] @ x[..., None])[..., 0]
    for weight in weights[1:]:
        hidden = z * 0.5 * (1 + torch.special.erf(z / 2**0.5))
        z = (weight @ hidden[..., None])[..., 0]
    return z


def orthogonal(x: Tensor) -> Tensor:
    """Five Newton–Schulz iterations on x / ‖x‖, written for the side that is given (the shorter side gives the same numbers)."""
    x = x / (x.square().sum((-2, -1), keepdim=True) + 1e-14).sqrt()
    for _ in range(5):
        x = 3.4445 * x - 4.7750 * x @ x.mT @ x + 2.0315 * x @ x.mT @ x @ x.mT @ x
    return x


class Steps:
    """One cell as a machine that is fed one position at a time: `write(x)`, `ask(x)`, `read(q)`, `out(answer, x)`.

    values: the component's resolved values; weights: the module's state_dict; x: (batch, width).
    """

    def __init__(self, values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        self.values, self.weights = values, weights
        #: (1, heads, out, in) until the first position is written, then (batch, heads, out, in)
        self.running = [weights[f"start.layers.{layer}"][None] for layer in range(values["depth"])]
        self.began = self.running
        self.surprise = [torch.zeros_like(part) for part in self.running]
        self.coefficients = weights.get("features.coefficients")
        #: for each item of the batch the written positions: features of the key, value, count
        self.past: list[list[tuple[Tensor, Tensor, Tensor]]] = []
        self.position = 0

    def _heads(self, name: str, x: Tensor) -> Tensor:
        return in_heads(silu(mapped(self.weights, name, x)), self.values["heads"])

    def gradient(self, item: int) -> list[Tensor]:
        """∇ Σ γᵢ ½ ‖M(φ(kᵢ)) − vᵢ‖² over the window of one item, with the weights where the chunk began, itself differentiable."""
        with torch.enable_grad():
            # copies, so that a key or value that itself depends on the memory is no part of this gradient
            asked = [part[item : item + 1].clone() for part in self.began]
            asked = [part if part.requires_grad else part.detach().requires_grad_() for part in asked]
            loss = torch.zeros((), dtype=asked[0].dtype)
            for key, value, count in self.past[item][-self.values["window"] :]:
                error = (network(asked, key[None]) - value[None])[0]
                loss = loss + (count * 0.5 * error.square().sum(-1)).sum()
            return list(torch.autograd.grad(loss, asked, create_graph=True, materialize_grads=True))

    def ask(self, x: Tensor) -> Tensor:
        """The query of a position: (batch, heads, features)."""
        return features(unit(self._heads("query.map", x)), self.coefficients)

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Writes one position; where mask (batch,) is False the memory stays."""
        values, weights = self.values, self.weights
        if self.position == 0:
            self.past = [[] for _ in x]
            self.running, self.surprise = ([part.expand(len(x), *part.shape[1:]) for part in old] for old in (self.running, self.surprise))
        if self.position % values["chunk"] == 0:
            self.began = self.running
        self.position += 1
        key, value = features(unit(self._heads("writer.key", x)), self.coefficients), self._heads("writer.value", x)
        count, theta = sigmoid(mapped(weights, "writer.counts", x)), sigmoid(mapped(weights, "writer.strength", x))
        alpha = decay(weights, "writer.decay", x) if values["gate"] else torch.ones_like(theta)
        eta = sigmoid(mapped(weights, "writer.momentum", x)) if values["optimiser"] != "gradient" else torch.zeros_like(theta)
        after: list[list[Tensor]] = []
        for item in range(len(x)):
            if mask is not None and not bool(mask[item]):
                after.append([part[item] for part in (*self.running, *self.surprise)])
                continue
            self.past[item].append((key[item], value[item], count[item]))
            muon, one = values["optimiser"] == "muon", (item, slice(None), None, None)
            surprises, made = [], []
            for layer, gradient in enumerate(self.gradient(item)):
                surprise = eta[one] * self.surprise[layer][item] - (1 if muon else theta[one]) * gradient[0]
                step = theta[one] * orthogonal(surprise) if muon else surprise
                made.append(alpha[one] * self.running[layer][item] + step)
                surprises.append(surprise)
            after.append([*made, *surprises])
        both = [torch.stack(part) for part in zip(*after, strict=True)]
        self.running, self.surprise = both[: values["depth"]], both[values["depth"] :]

    def read(self, query: Tensor) -> Tensor:
        """What the memory answers: (batch, heads, width of a head)."""
        return network(self.running, query)

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
