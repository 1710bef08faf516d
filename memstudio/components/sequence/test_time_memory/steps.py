"""Gradient steps with momentum and decay over the positions of a chunk, all gradients taken where the chunk began.

Sₜ = ηₜ Sₜ₋₁ + Gₜ,  Aₜ = αₜ Aₜ₋₁ + Sₜ, where Gₜ is minus the step times the gradients. Both are linear in the G, so Aₜ is
cₜ A₀ + eₜ S₀ + Σₛ wₜₛ Gₛ with cₜ = Πα, w = D_α D_η, e = D_α (Πη) and D[t, s] the product of the gates after s up to t.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import decay_between
from memstudio.components.sequence.test_time_memory.network import Layers, Trace


def cut(part: Tensor | None, lengths: Sequence[int], axis: int) -> Iterator[Tensor | None]:
    """A tensor in pieces of these lengths along an axis (the gradient of which is put together once), or as many None."""
    return iter([None] * len(lengths) if part is None else torch.split(part, list(lengths), axis))


class Gates(NamedTuple):
    """log α (..., H, T), log η (..., H, T) or None for no momentum, written (..., 1, T) as 1 and 0 or None for everywhere.

    Where nothing is written, log α and log η are to be 0 and G as well: then neither A nor S changes.
    """

    log_keep: Tensor
    log_momentum: Tensor | None
    written: Tensor | None


class Blend(NamedTuple):
    """How A and S of each position of a chunk are made of A₀, S₀ and G.

    kept c, pushed e, lasting Πη: (..., H, C); moved w, linger D_η: (..., H, C, C); None where there is no momentum.
    keep: D_α without the columns where nothing is written, (..., H, C, C).
    """

    kept: Tensor
    keep: Tensor
    moved: Tensor
    pushed: Tensor | None
    linger: Tensor | None
    lasting: Tensor | None


def blend(gates: Gates) -> Blend:
    """Of the gates of one chunk (or of a piece of it)."""
    kept, keep = gates.log_keep.cumsum(-1).exp(), decay_between(gates.log_keep)
    if gates.written is not None:
        keep = keep * gates.written[..., None, :]
    if gates.log_momentum is None:
        return Blend(kept, keep, keep, None, None, None)
    linger, lasting = decay_between(gates.log_momentum), gates.log_momentum.cumsum(-1).exp()
    return Blend(kept, keep, keep @ linger, (keep @ lasting[..., None])[..., 0], linger, lasting)


class Taken(NamedTuple):
    """Steps of a chunk that were not written down one by one: A₀, S₀, the traces, and what each position's G weighs.

    weights: (..., H, C, N), −Aₜ's share of the gradient of entry s; ends: (..., H, N), the same for S after the last position.
    """

    running: Layers
    momentum: Layers | None
    traced: Trace
    blended: Blend
    weights: Tensor
    ends: Tensor | None

    def read(self, layer: int, z: Tensor) -> Tensor:
        """Aₜ zₜ for every position without making any Aₜ: cₜ A₀ z + eₜ S₀ z − Σₛ wₜₛ uₛ (hₛ · zₜ). z (..., H, C, in)."""
        inputs, signals = self.traced.inputs[layer], self.traced.signals[layer]
        answer = self.blended.kept[..., None] * (z @ self.running[layer].mT) - (self.weights * (z @ inputs.mT)) @ signals
        if self.momentum is not None and self.blended.pushed is not None:
            answer = answer + self.blended.pushed[..., None] * (z @ self.momentum[layer].mT)
        return answer

    def last(self) -> tuple[Layers, Layers | None]:
        """A and S after the last position."""
        blended, grown = self.blended, self._gradients(self.weights[..., -1, :])
        running = tuple(blended.kept[..., -1, None, None] * a - g for a, g in zip(self.running, grown, strict=True))
        if self.momentum is None or blended.pushed is None or blended.lasting is None or self.ends is None:
            return running, None
        pushed, lasting = blended.pushed[..., -1, None, None], blended.lasting[..., -1, None, None]
        running = tuple(a + pushed * s for a, s in zip(running, self.momentum, strict=True))
        added = self._gradients(self.ends)
        return running, tuple(lasting * s - g for s, g in zip(self.momentum, added, strict=True))

    def _gradients(self, weights: Tensor) -> Layers:
        """Σₛ wₛ uₛ hₛᵀ for each layer, weights (..., H, N)."""
        return tuple((u * weights[..., None]).mT @ h for h, u in zip(self.traced.inputs, self.traced.signals, strict=True))


def every(start: Tensor, factor: Tensor, weights: Tensor, outer: Tensor) -> Tensor:
    """factorₜ start + Σₛ weightsₜₛ outerₛ for every position: (..., H, C, out, in).

    start (..., H, out, in), factor (..., H, C), weights (..., H, C, N), outer (..., H, N, out, in).
    """
    sums = weights @ outer.flatten(-2)
    return sums.reshape(*sums.shape[:-1], *outer.shape[-2:]) + factor[..., None, None] * start[..., None, :, :]


def outer(traced: Trace, layer: int) -> Tensor:
    """uₛ hₛᵀ of every entry: (..., H, N, out, in)."""
    return traced.signals[layer][..., :, None] * traced.inputs[layer][..., None, :]
