"""The wave RNN over whole sequences: rings of units whose activity moves on by a circular convolution, one step after another.

Each step waits for the one before through a nonlinearity, so there is no form in chunks; the maps of x are one product for all positions.
Letters: T C N K are time, channels, units of a ring, taps of the kernel (two times the reach, and one); `...` are any leading axes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import linear

from memstudio.components.sequence.chunks import without_autocast

#: Up to so many units all rings together are one matrix, one product a step; beyond it the zeros in it cost more than shifting does.
#: Forward and backward on a CPU, matrix against shifts: 64 units 0.25, 256 units 0.75 to 1, 600 units 2.4 times.
FEW = 256

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": torch.relu, "tanh": torch.tanh, "identity": torch.clone}


def wave(x: Tensor, h: Tensor, weight: Tensor, bias: Tensor, link: Tensor, activation: str) -> tuple[Tensor, Tensor]:
    """hₜ = φ(u ⊛ hₜ₋₁ + V xₜ + b) at every position (..., T, C N) in the type of x, and the last h (..., C, N).

    x: (..., T, width); h: (..., C, N) before the first step; weight V: (C N, width), bias: (C N,); link: a kernel (C to, C from, K), which
    makes rings, or a matrix (C N to, C N from), which joins every unit with every other; activation: a key of ACTIVATIONS. Computed, and
    h given, in float64 for float64 and in float32 otherwise. Source: Keller et al. 2024, equation of the wRNN; the authors' code.
    """
    exact = torch.float64 if x.dtype == torch.float64 else torch.float32
    channels, units = h.shape[-2:]
    with without_autocast(x.device.type):
        x_, h, weight, bias, link = (part.to(exact) for part in (x, h, weight, bias, link))
        heard, act = linear(x_, weight, bias), ACTIVATIONS[activation]
        if link.dim() == 3 and channels * units > FEW:
            shown, last = around(heard.reshape(*heard.shape[:-1], channels, units), h, link, act)
        else:
            shown, last = through(heard, h.flatten(-2), ring_matrix(link, units) if link.dim() == 3 else link, act)
    return shown.to(x.dtype), last.reshape(h.shape)


def ring_matrix(kernel: Tensor, units: int) -> Tensor:
    """The matrix (C N to, C N from) that does what the kernel (C to, C from, K) does: unit p hears unit p − s through tap s + reach."""
    channels, reach = kernel.shape[0], kernel.shape[-1] // 2
    same = torch.eye(units, dtype=kernel.dtype, device=kernel.device)
    shifts = torch.stack([same.roll(s, 0) for s in range(-reach, reach + 1)])  # (K, p to, q from): 1 where q = p − s
    return torch.einsum("ijk,kpq->ipjq", kernel, shifts).reshape(channels * units, channels * units)


def through(heard: Tensor, h: Tensor, matrix: Tensor, act: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """hₜ = φ(M hₜ₋₁ + heardₜ): heard (..., T, C N), h (..., C N), matrix (C N to, C N from)."""
    shown = []
    for now in heard.unbind(-2):
        h = act(now + h @ matrix.mT)
        shown.append(h)
    return torch.stack(shown, -2), h


def around(heard: Tensor, h: Tensor, kernel: Tensor, act: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """hₜ = φ(u ⊛ hₜ₋₁ + heardₜ): heard (..., T, C, N), h (..., C, N), kernel (C to, C from, K). Answers (..., T, C N)."""
    reach, taps = kernel.shape[-1] // 2, kernel.transpose(1, 2).flatten(1)  # (C to, K C from)
    shown = []
    for now in heard.unbind(-3):
        neighbours = torch.cat([h.roll(s, -1) for s in range(-reach, reach + 1)], -2)
        h = act(now + taps @ neighbours)
        shown.append(h)
    return torch.stack(shown, -3).flatten(-2), h.flatten(-2)
