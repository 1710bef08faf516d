"""Test-time memories step by step, in float64, from the equations, with gradients by automatic differentiation. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from memstudio.components.sequence.written_out import decay, in_heads, mapped, output, sigmoid, silu, unit


def network(weights: list[Tensor], x: Tensor, scale: Tensor | None, shift: Tensor | None) -> Tensor:
    """M(W; x): x (batch, heads, width), weights (batch, heads, out, in), scale and shift (heads, 1, width) of the residual form."""
    z = (weights[0] @ x[..., None])[..., 0]
    for weight in weights[1:]:
        hidden = z * 0.5 * (1 + torch.special.erf(z / 2**0.5))
        z = (weight @ hidden[..., None])[..., 0]
    if scale is None or shift is None:
        return z
    centred = z - z.mean(-1, keepdim=True)
    normed = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return x + normed * scale[:, 0] + shift[:, 0]


def loss(values: Mapping[str, Any], answer: Tensor, value: Tensor, bound: Tensor | None) -> Tensor:
    """Σ over batch and heads of ℓ(M(k), v); bound (batch, heads)."""
    error = answer - value
    if values["objective"] == "dot":
        return -(answer * value).sum()
    if values["objective"] == "lp" and values["power"] != 2:
        # the smooth |e| = √(e² + ε) in the derivative: the integral of e (e² + ε)^(p/2 − 1)
        power: float = values["power"]
        total = ((error.square() + 1e-6) ** (power / 2)).sum() / power
        return total
    if values["objective"] == "huber":
        assert bound is not None
        length = (error.square().sum(-1) + 1e-12).sqrt()
        return torch.where(length <= bound, 0.5 * length.square(), bound * (length - 0.5 * bound)).sum()
    return 0.5 * error.square().sum()


def retained(values: Mapping[str, Any], accumulators: list[Tensor]) -> list[Tensor]:
    """The weights that accumulators stand for."""
    if values["retention"] == "kl":
        return [a.exp() / a.exp().sum(-1, keepdim=True) for a in accumulators]
    if values["retention"] == "lq" and values["retention_power"] != 2:
        q = values["retention_power"]
        sizes = [((a.square() + 1e-12) ** (q / 2)).sum((-2, -1), keepdim=True) + 1e-6 for a in accumulators]
        return [a / size ** ((q - 2) / q) for a, size in zip(accumulators, sizes, strict=True)]
    return accumulators


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
        self.position = 0

    def _network(self, weights: list[Tensor], x: Tensor) -> Tensor:
        return network(weights, x, self.weights.get("start.scale"), self.weights.get("start.shift"))

    def _heads(self, name: str, x: Tensor) -> Tensor:
        return in_heads(silu(mapped(self.weights, name, x)), self.values["heads"])

    def gradient(self, key: Tensor, value: Tensor, bound: Tensor | None) -> list[Tensor]:
        """∇ℓ of each layer with the weights where the chunk began, itself differentiable."""
        weights = retained(self.values, self.began)
        with torch.enable_grad():
            # copies, so that a key or value that itself depends on the memory is no part of this gradient
            asked = [part.clone() if part.requires_grad else part.detach().requires_grad_() for part in weights]
            value_of_loss = loss(self.values, self._network(asked, key), value, bound)
            return list(torch.autograd.grad(value_of_loss, asked, create_graph=True, materialize_grads=True))

    def ask(self, x: Tensor) -> Tensor:
        """The query of a position: (batch, heads, width of a head)."""
        return unit(self._heads("query.map", x))

    def write(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Writes one position; where mask (batch,) is False the memory stays."""
        values, weights = self.values, self.weights
        if self.position == 0:
            self.running, self.surprise = ([part.expand(len(x), *part.shape[1:]) for part in old] for old in (self.running, self.surprise))
        if self.position % values["chunk"] == 0:
            self.began = self.running
        self.position += 1
        key, value = unit(self._heads("writer.key", x)), self._heads("writer.value", x)
        theta = sigmoid(mapped(weights, "writer.strength", x))
        alpha = torch.ones_like(theta) if values["retention"] == "none" else decay(weights, "writer.decay", x)
        eta = sigmoid(mapped(weights, "writer.momentum", x)) if values["momentum"] else torch.zeros_like(theta)
        bound = (1 + mapped(weights, "writer.bound", x).exp()).log() if values["objective"] == "huber" else None
        gradients = self.gradient(key, value, bound)
        for layer, gradient in enumerate(gradients):
            one = (..., None, None)
            surprise = eta[one] * self.surprise[layer] - theta[one] * gradient
            after = alpha[one] * self.running[layer] + surprise
            if values["retention"] == "elastic":
                threshold = theta * weights["writer.log_threshold"].exp()
                after = torch.sign(after) * torch.clamp(after.abs() - threshold[one], min=0)
            if mask is not None:
                wanted = mask[:, None, None, None]
                surprise = torch.where(wanted, surprise, self.surprise[layer])
                after = torch.where(wanted, after, self.running[layer])
            self.surprise = [surprise if i == layer else part for i, part in enumerate(self.surprise)]
            self.running = [after if i == layer else part for i, part in enumerate(self.running)]

    def read(self, query: Tensor) -> Tensor:
        """What the memory answers: (batch, heads, width of a head)."""
        return self._network(retained(self.values, self.running), query)

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
