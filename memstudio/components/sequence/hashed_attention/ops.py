"""Who sees whom in hashed attention: buckets of random directions, and the loss that teaches the scorer of keys.

Letters: B T S H K are batch, time, positions that can be seen, heads, key; `...` are any leading axes. Nothing here
reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def drawn(draw: int, rounds: int, heads: int, key_width: int, directions: int) -> Tensor:
    """Random directions (rounds, heads, key, directions), always the same for the same `draw`."""
    return torch.randn(rounds, heads, key_width, directions, generator=torch.Generator().manual_seed(draw))


def bucket(x: Tensor, directions: Tensor) -> Tensor:
    """h(x) = argmax [xR; −xR] in each round: (..., T, H, K) -> (..., T, H, rounds) int64 (Andoni et al. 2015; Kitaev et al. 2020)."""
    exact = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    turned = torch.einsum("...thk,rhkd->...thrd", exact, directions.to(exact))
    return torch.cat([turned, -turned], -1).argmax(-1)


def hashed(query: Tensor, key: Tensor, most: int) -> Tensor:
    """The `most` last keys that share a bucket with the query in some round: (..., H, T, S) bool, causal.

    query (..., T, H, rounds) and key (..., S, H, rounds): buckets; the queries are those of the last T of S positions.
    """
    one, other = query.movedim(-3, -2)[..., :, None, :], key.movedim(-3, -2)[..., None, :, :]
    new, size = query.shape[-3], key.shape[-3]
    same = (one == other).any(-1) & torch.ones(new, size, dtype=torch.bool, device=key.device).tril(size - new)
    count = same.cumsum(-1)
    return same & (count[..., -1:] - count < most)


def demand(query: Tensor, key: Tensor) -> Tensor:
    """Σ σ(q·k) over the queries that come with or after a key: (..., S, H), for the last T of S positions; no gradient."""
    q, k = (part.detach().to(torch.promote_types(part.dtype, torch.float32)).movedim(-2, -3) for part in (query, key))
    causal = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=k.device).tril(k.shape[-2] - q.shape[-2])
    return (q @ k.mT).sigmoid().masked_fill(~causal, 0.0).sum(-2).movedim(-1, -2)


def ranking(score: Tensor, wanted: Tensor) -> Tensor:
    """How badly scores order keys by how much they are wanted: binary cross-entropy of all pairs of keys, their mean. Both (..., S, H)."""
    s, w = score.movedim(-1, -2), wanted.movedim(-1, -2)
    difference = s[..., :, None] - s[..., None, :]
    one, other = w[..., :, None], w[..., None, :]
    target = ((one > other).to(s.dtype) + (one >= other).to(s.dtype)) / 2
    return (softplus(difference) - target * difference).mean()
