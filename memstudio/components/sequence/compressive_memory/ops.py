"""Attention inside segments beside a matrix memory of all segments before (Infini-attention).

Letters: B T H K V are batch, time, heads, key, value; `...` are any leading axes (batch, members, memories). Nothing here reads a
tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor

from memstudio.components.sequence.attention.ops import turned
from memstudio.components.sequence.chunks import without_autocast
from memstudio.components.sequence.linear_attention.features import mapped
from memstudio.components.sequence.linear_attention.ops import normalised

#: The matrix (..., H, V + 1, K), its last row the sum of the features of keys, and keys and values of the segment not yet full.
Parts = tuple[Tensor, Tensor, Tensor]


def compressive_memory(
    query: Tensor, key: Tensor, value: Tensor, gate: Tensor, before: Parts | None, segment: int, delta: bool, rotary: bool
) -> tuple[Tensor, Parts]:
    """yₜ = gₜ (M σ(qₜ)) / (z·σ(qₜ) + ε) + (1 − gₜ) softmax attention inside the segment; at its end M and z take in the whole segment.

    query, key: (..., T, H, K); value: (..., T, H, V); gate g in 0 to 1: (..., T, H) or (H). σ(x) = ELU(x) + 1. Linear: M += Σ vᵢ σ(kᵢ)ᵀ;
    delta: M += Σ (vᵢ − M σ(kᵢ) / (z·σ(kᵢ) + ε)) σ(kᵢ)ᵀ; z += Σ σ(kᵢ). rotary turns keys and queries for the attention only.
    Gives answers (..., T, H, V) in the type of `value`, and the parts, the matrix in float32 at least. The segment's length is part of
    the mathematics.
    """
    precise = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        q, k, v = (part.to(precise) for part in (query, key, value))
        if before is None:
            shape = (*v.shape[:-3], v.shape[-2], v.shape[-1] + 1, k.shape[-1])
            matrix, keys, values = v.new_zeros(shape), k[..., :0, :, :], v[..., :0, :, :]
        else:
            matrix, keys, values = (part.to(precise) for part in before)
        answers, start, time = [], 0, k.shape[-3]
        while start < time:
            filled = keys.shape[-3]
            stop = min(time, start + segment - filled)
            asked = q[..., start:stop, :, :]
            keys, values = (torch.cat(pair, -3) for pair in ((keys, k[..., start:stop, :, :]), (values, v[..., start:stop, :, :])))
            found = normalised(features(asked) @ matrix.mT).movedim(-3, -2)
            here = attend(asked, keys, values, filled, rotary)
            share = (gate if gate.dim() == 1 else gate[..., start:stop, :]).to(precise)[..., None]
            answers.append(share * found + (1 - share) * here)
            if keys.shape[-3] == segment:
                matrix = matrix + taken_in(keys, values, matrix, delta)
                keys, values = keys[..., :0, :, :], values[..., :0, :, :]
            start = stop
    return torch.cat(answers, -3).to(value.dtype), (matrix, keys, values)


def features(x: Tensor) -> Tensor:
    """σ(x) with heads before time: (..., T, H, K) -> (..., H, T, K)."""
    return mapped(x, "elu").movedim(-2, -3)


def taken_in(key: Tensor, value: Tensor, matrix: Tensor, delta: bool) -> Tensor:
    """What a whole segment adds to the matrix and the sum of keys, (..., H, V + 1, K)."""
    k, v = features(key), value.movedim(-2, -3)
    if delta:
        v = v - normalised(k @ matrix.mT)
    return torch.cat([v, torch.ones_like(v[..., :1])], -1).mT @ k


def attend(query: Tensor, key: Tensor, value: Tensor, filled: int, rotary: bool) -> Tensor:
    """Causal softmax attention in one segment: (..., T, H, K), (..., filled + T, H, K), (..., filled + T, H, V) -> (..., T, H, V)."""
    if rotary:  # only distances matter, so positions are counted from the segment's start
        start = torch.zeros((), dtype=torch.int64, device=query.device)
        query, key = turned(query, start + filled), turned(key, start)
    q, k, v = (part.movedim(-2, -3) for part in (query, key, value))
    seen = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).tril(filled)
    scores = (q @ k.mT) * k.shape[-1] ** -0.5
    mixed: Tensor = scores.masked_fill(~seen, torch.finfo(scores.dtype).min).softmax(-1) @ v
    return mixed.movedim(-3, -2)
