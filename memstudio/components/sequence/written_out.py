"""The shared projections written out for references, in float64 and from the equations alone. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ)."""
    return 1 / (1 + (-x).exp())


def silu(x: Tensor) -> Tensor:
    """x σ(x)."""
    return x * sigmoid(x)


def unit(x: Tensor) -> Tensor:
    """x scaled to length 1 over its last axis."""
    return x / (x.square().sum(-1, keepdim=True) + 1e-6).sqrt()


def mapped(weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    """W x + b (b where there is one) with the weights of a linear map; x (..., width)."""
    y = x @ weights[f"{name}.weight"].mT
    return y + weights[f"{name}.bias"] if f"{name}.bias" in weights else y


def in_heads(x: Tensor, heads: int) -> Tensor:
    """(..., heads × n) -> (..., heads, n)."""
    return x.reshape(*x.shape[:-1], heads, -1)


def decay(weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    """α of a DecayGate: exp(−A softplus(W x + b)), (..., heads)."""
    return (-weights[f"{name}.log_rate"].exp() * (1 + mapped(weights, f"{name}.step", x).exp()).log()).exp()


def output(values: Mapping[str, Any], weights: Mapping[str, Tensor], answer: Tensor, x: Tensor) -> Tensor:
    """What leaves a memory: the heads' answers (batch, heads, value) at a position x (batch, width), normed and gated where that is on."""
    if values["output_norm"]:
        answer = answer / (answer.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weights["output.scale"]
    y = answer.reshape(x.shape[0], -1)
    if values["output_gate"]:
        y = y * silu(mapped(weights, "output.gate", x))
    return mapped(weights, "output.map", y)
