"""The small network a head's memory is: asked, and its gradients at many keys at once, written by hand.

Letters: B T H K V are batch, time, heads, key, value; `...` are any leading axes; time stands next to the widths: (..., H, T, K).
A network of L layers is z¹ = W¹ x, zˡ = Wˡ gelu(zˡ⁻¹), and gives z^L, or with a norm x + γ ⊙ LN(z^L) + b. L = 1 is a matrix.
The gradient of one position is an outer product for each layer, uˡ (hˡ)ᵀ, so that T of them need no T copies of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import gelu

#: Weights of each layer, (..., H, out, in).
Layers = tuple[Tensor, ...]
#: Added to the variance within LN, as torch's layer norm does.
NORM_EPSILON = 1e-5


class Norm(NamedTuple):
    """Scale γ and shift b, (H, 1, V) each, of a network that gives x + γ ⊙ LN(z) + b."""

    scale: Tensor
    shift: Tensor


class Trace(NamedTuple):
    """For each layer its inputs hˡ (..., H, T, in) and signals uˡ = ∂ℓ/∂zˡ (..., H, T, out): the gradient at t is uₜ hₜᵀ."""

    inputs: Layers
    signals: Layers


def ask(read: Callable[[int, Tensor], Tensor], depth: int, x: Tensor, norm: Norm | None) -> Tensor:
    """What a network of `depth` layers says to x; `read(l, z)` multiplies by layer l, which may differ from position to position."""
    z = read(0, x)
    for layer in range(1, depth):
        z = read(layer, gelu(z))
    if norm is None:
        return z
    centred, spread = _standard(z)
    return x + centred * spread * norm.scale + norm.shift


def plainly(weights: Layers) -> Callable[[int, Tensor], Tensor]:
    """Reading with the same weights at every position."""
    return lambda layer, z: z @ weights[layer].mT


def trace(weights: Layers, key: Tensor, norm: Norm | None, error: Callable[[Tensor], Tensor]) -> Trace:
    """Inputs and signals of every layer at every key, with the weights as they are; error(M(k)) is ∂ℓ/∂M(k)."""
    inputs, before = [key], [key @ weights[0].mT]
    for weight in weights[1:]:
        inputs.append(gelu(before[-1]))
        before.append(inputs[-1] @ weight.mT)
    if norm is None:
        signal = error(before[-1])
    else:
        centred, spread = _standard(before[-1])
        n = centred * spread
        g = norm.scale * error(key + n * norm.scale + norm.shift)
        signal = spread * (g - g.mean(-1, keepdim=True) - n * (g * n).mean(-1, keepdim=True))
    signals = [signal]
    for weight, z in zip(weights[:0:-1], before[-2::-1], strict=True):
        signals.append((signals[-1] @ weight) * _gelu_slope(z))
    return Trace(tuple(inputs), tuple(reversed(signals)))


def _standard(z: Tensor) -> tuple[Tensor, Tensor]:
    """z − mean and 1 / √(variance + ε) over the last axis."""
    centred = z - z.mean(-1, keepdim=True)
    return centred, torch.rsqrt(centred.square().mean(-1, keepdim=True) + NORM_EPSILON)


def _gelu_slope(z: Tensor) -> Tensor:
    """The derivative of gelu (the exact one): Φ(z) + z φ(z)."""
    return 0.5 * (1 + torch.erf(z * math.sqrt(0.5))) + z * torch.exp(-0.5 * z * z) * (1 / math.sqrt(2 * math.pi))
