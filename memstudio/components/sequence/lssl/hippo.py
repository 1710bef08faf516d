"""HiPPO-LegS: the matrix whose memory is the past written in Legendre polynomials, and the class of matrices it is learned within."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

#: What A is made of: row and column scales, the diagonal, and the three diagonals of T.
Parts = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


@cache
def beginnings(size: int) -> tuple[tuple[float, ...], ...]:
    """p, q, d and T's lower, main and upper diagonal with which −P (D + T⁻¹) Q is HiPPO-LegS.

    T = I − (shift down), whose inverse has ones on and below the diagonal; P = Q = √(2n + 1), D = −n / (2n + 1).
    """
    scale = tuple((2 * n + 1) ** 0.5 for n in range(size))
    return scale, scale, tuple(-n / (2 * n + 1) for n in range(size)), (-1.0,) * (size - 1), (1.0,) * size, (0.0,) * (size - 1)


def assembled(parts: Parts) -> Tensor:
    """A = −P (D + T⁻¹) Q, (N, N): the class of Gu et al. 2021 (P, Q, D diagonal, T tridiagonal)."""
    p, q, d, lower, main, upper = parts
    tridiagonal = torch.diag_embed(lower, -1) + torch.diag_embed(main) + torch.diag_embed(upper, 1)
    inner: Tensor = torch.diag_embed(d) + torch.linalg.inv(tridiagonal)
    return -p[..., :, None] * inner * q[..., None, :]


def entry_of(size: int, like: Tensor) -> Tensor:
    """B of HiPPO-LegS: √(2n + 1), (N,)."""
    return torch.tensor(beginnings(size)[0], dtype=like.dtype, device=like.device)


def polynomials(size: int, lags: Tensor) -> Tensor:
    """√(2n + 1) Pₙ(2 e^(−τ) − 1) at lags τ in units of time, (N, lags): what the past is written in, newest at τ = 0."""
    at = 2 * (-lags).exp() - 1
    found = [torch.ones_like(at), at]
    for n in range(1, size - 1):
        found.append(((2 * n + 1) * at * found[n] - n * found[n - 1]) / (n + 1))
    return torch.stack(found[:size]) * entry_of(size, at)[:, None]
