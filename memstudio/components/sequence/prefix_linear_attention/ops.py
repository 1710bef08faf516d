"""Linear attention that starts from a prefix read all at once. Letters as in linear_attention.ops."""

from __future__ import annotations

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import without_autocast
from memstudio.components.sequence.linear_attention.ops import linear_attention


def encoded(key: Tensor, value: Tensor) -> Tensor:
    """Σⱼ [vⱼ; 1] kⱼᵀ over all positions at once, (..., H, V + 1, F); key (..., T, H, F), value (..., T, H, V)."""
    precise = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        k, v = (part.to(precise).movedim(-2, -3) for part in (key, value))
        return torch.cat([v, torch.ones_like(v[..., :1])], -1).mT @ k


def prefix_linear_attention(
    query: Tensor, key: Tensor, value: Tensor, early_key: Tensor, early_value: Tensor, chunk: int = 32
) -> tuple[Tensor, Tensor]:
    """yₜ = (Σⱼ≤ₜ vⱼ kⱼ·qₜ + Σⱼ≤M uⱼ eⱼ·qₜ) / (Σⱼ≤ₜ kⱼ·qₜ + Σⱼ≤M eⱼ·qₜ + ε), e and u keys and values of the prefix's own.

    Linear attention whose first state is what the prefix wrote: query, key (..., T, H, F), value (..., T, H, V), early_key
    (..., M, H, F) and early_value (..., M, H, V). Gives answers (..., T, H, V) and the state (..., H, V + 1, F), with which
    `linear_attention` goes on. The chunk changes speed, not numbers.
    """
    return linear_attention(query, key, value, None, encoded(early_key, early_value), chunk, normalise=True)
