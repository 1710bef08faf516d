"""Local linear attention: around each query a line is fitted to the values of the keys near it, and read at the query.

Letters: B T S H K V are batch, time, positions kept, heads, key, value; `...` are any leading axes (batch, members, memories). Nothing
here reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import without_autocast


def local_regression(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    seen: Tensor,
    bandwidth: float,
    ridge: float | None,
    chunk: int = 32,
    before: int | None = None,
) -> Tensor:
    """The value at k = q of min Σᵢ wᵢ ‖vᵢ − b − W (kᵢ − q)‖² + λ ‖W‖² with wᵢ = softmaxᵢ(q·kᵢ / (h √K)) over the keys that are seen.

    query (..., T, H, K), key (..., S, H, K), value (..., S, H, V), seen (..., T, S) bool; ridge λ > 0, None for no slope W: softmax
    attention. Gives (..., T, H, V) in the type of `value`, 0 where nothing is seen. So many queries (chunk) are worked on together:
    each needs a matrix K × K of its own; it changes speed, not numbers. before: query t sees none of the keys after before + t, so
    that they can be left out.
    """
    precise = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        q, k, v = (part.to(precise).movedim(-2, -3) for part in (query, key, value))
        pairs = None if ridge is None else (k[..., :, None] * k[..., None, :]).flatten(-2)  # (..., H, S, K K)
        scale = k.shape[-1] ** -0.5 / bandwidth
        answers = []
        for start in range(0, q.shape[-2], chunk):
            stop = min(start + chunk, q.shape[-2])
            last = k.shape[-2] if before is None else before + stop
            mask = seen[..., None, start:stop, :last]
            near = None if pairs is None else pairs[..., :last, :]
            answers.append(_answer(q[..., start:stop, :], k[..., :last, :], v[..., :last, :], near, mask, scale, ridge))
    return torch.cat(answers, -2).movedim(-3, -2).to(value.dtype)


def _answer(q: Tensor, k: Tensor, v: Tensor, pairs: Tensor | None, seen: Tensor, scale: float, ridge: float | None) -> Tensor:
    """Σ wᵢ (1 + (kᵢ − k̄)·x) vᵢ with x = (C + λI)⁻¹ (q − k̄), k̄ the mean and C the covariance of the keys under w.

    The paper's (1 − (kᵢ − q)·ρ) / (ω − μ·ρ) with everything taken around the mean: the same numbers (a test), but it does not
    divide a small difference by another where one key has nearly all the weight. In float32 the rounding of C is about 10⁻⁷ ‖k‖²,
    to be compared with λ.
    """
    scores = ((q @ k.mT) * scale).masked_fill(~seen, torch.finfo(q.dtype).min)
    weights = scores.softmax(-1).masked_fill(~seen, 0.0)
    if pairs is None or ridge is None:
        return weights @ v
    mean = weights @ k
    square = (weights @ pairs).reshape(*mean.shape, k.shape[-1])
    eye = torch.eye(k.shape[-1], dtype=k.dtype, device=k.device)
    covariance = square - mean[..., :, None] * mean[..., None, :] + ridge * eye
    x: Tensor = torch.linalg.solve(covariance, (q - mean)[..., None])
    x = x.squeeze(-1)
    slope = x @ k.mT - (x * mean).sum(-1, keepdim=True)
    return (weights * (1 + slope)) @ v
