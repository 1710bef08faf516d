"""A matrix memory with a normaliser over whole sequences, in chunks.

Letters: B T H K V are batch, time, heads, key (features), value; `...` are any leading axes. Nothing here reads a tensor's value,
indexes by a mask or writes in place.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad, relu

from memstudio.components.sequence.chunks import in_chunks, without_autocast
from memstudio.components.sequence.projections import exact

#: Added to what the normaliser covers of a key or a query, as in the authors' code.
EPSILON = 1e-5
#: Added to squared lengths of features before the root: only features that are all zero notice it.
TINY = 1e-12


def features(x: Tensor, nu: int) -> Tensor:
    """DPFP-ν (Schlag et al. 2021) of length 1: (..., n) -> (..., 2 ν n), never negative."""
    parts = torch.cat([relu(exact(x)), relu(-exact(x))], -1)
    y = torch.cat([parts * parts.roll(j, -1) for j in range(1, nu + 1)], -1)
    return (y * torch.rsqrt(y.square().sum(-1, keepdim=True) + TINY)).to(x.dtype)


def corrected_memory(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    strength: Tensor,
    state: tuple[Tensor, Tensor] | None = None,
    write: Tensor | None = None,
    *,
    delta: bool = True,
    correction: bool = True,
    chunk: int = 32,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Answers and last state of Aₜ = Aₜ₋₁ + kₜ (βₜ (vₜ − v̄ₜ))ᵀ, zₜ = zₜ₋₁ + γₜ kₜ, yₜ = Aₜᵀ qₜ / (zₜ·qₜ + ε) (Rodkin et al. 2024).

    query, key: (..., T, H, K), of length 1; value: (..., T, H, V); strength = β: (..., T, H); write (..., T) bool: False writes
    nothing. state: Aᵀ (..., H, V, K) and z (..., H, K), None for zeros. Gives answers (..., T, H, V) in the type of `value` and
    the state, in float64 for float64 and in float32 otherwise. The chunk changes speed, not numbers.
    """
    double = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        q, k, v = (part.to(double).movedim(-2, -3) for part in (query, key, value))
        b = strength.to(double).movedim(-1, -2)
        mask = b.new_ones(()) if write is None else write[..., None, :].to(double)
        before = k.new_zeros(*k.shape[:-2], k.shape[-1]) if state is None else state[1].to(double)
        fresh = (uncovered(k.detach(), before.detach(), mask) if correction else mask.expand(b.shape))[..., None] * k
        after = before[..., None, :] + fresh.cumsum(-2)
        held = torch.cat([before[..., None, :], after[..., :-1, :]], -2)
        written = b * mask
        erased = written / ((held * k).sum(-1) + EPSILON) if delta else torch.zeros_like(written)
        answers, matrix = chunkwise(q, k, v, erased, written, None if state is None else state[0].to(double), chunk)
        answers = answers / ((after * q).sum(-1, keepdim=True) + EPSILON)
    return answers.movedim(-3, -2).to(value.dtype), (matrix, after[..., -1, :])


def uncovered(k: Tensor, z: Tensor, mask: Tensor) -> Tensor:
    """γₜ = clip(1 − zₜ₋₁·kₜ / ‖kₜ‖², 0, 1), 0 where mask is: (..., H, T) of k (..., H, T, K), z (..., H, K), mask (..., 1 or H, T).

    One step after another, because each share depends on all shares before it through the clip; it has no gradient.
    """
    lengths = k.square().sum(-1) + TINY
    mask = mask.expand(lengths.shape)
    shares = []
    for t in range(k.shape[-2]):
        here = k[..., t, :]
        share = (1 - (z * here).sum(-1) / lengths[..., t]).clamp(0, 1) * mask[..., t]
        z = z + share[..., None] * here
        shares.append(share)
    return torch.stack(shares, -1)


def chunkwise(q: Tensor, k: Tensor, v: Tensor, erased: Tensor, written: Tensor, state: Tensor | None, chunk: int) -> tuple[Tensor, Tensor]:
    """Answers and last state of Mₜ = Mₜ₋₁ (I − eₜ kₜ kₜᵀ) + wₜ vₜ kₜᵀ, yₜ = Mₜ qₜ: the delta rule with two strengths, without decay.

    q, k: (..., H, T, K); v: (..., H, T, V); erased = e, written = w: (..., H, T); state: M (..., H, V, K). Within a chunk one
    triangular solve: with uₜ = wₜ vₜ − eₜ Mₜ₋₁ kₜ, the rows of U solve (I + L) U = diag(w) V − diag(e) K M₀ᵀ, Lₜᵢ = eₜ kₜ·kᵢ, i < t.
    """
    time = k.shape[-2]
    size = min(chunk, time)
    fill = -time % size  # positions that fill the last chunk neither erase nor write
    q, k, v = (in_chunks(pad(part, (0, 0, 0, fill)), size, -2) for part in (q, k, v))
    erased, written = (in_chunks(pad(part, (0, fill)), size, -1)[..., None] for part in (erased, written))
    rows = k * erased
    right = torch.cat([v * written, rows], -1)
    solved = torch.linalg.solve_triangular((rows @ k.mT).tril(-1), right, upper=False, unitriangular=True)
    fresh, carried = solved.split([v.shape[-1], k.shape[-1]], -1)
    within = (q @ k.mT).tril()
    answers, matrix = [], state
    for n in range(k.shape[-3]):
        wrote = fresh[..., n, :, :]
        if matrix is None:  # starting from zeros, half of the products need not be made
            answers.append(within[..., n, :, :] @ wrote)
            matrix = wrote.mT @ k[..., n, :, :]
        else:
            wrote = wrote - carried[..., n, :, :] @ matrix.mT
            answers.append(q[..., n, :, :] @ matrix.mT + within[..., n, :, :] @ wrote)
            matrix = matrix + wrote.mT @ k[..., n, :, :]
    assert matrix is not None  # there is at least one chunk
    return torch.stack(answers, -3).flatten(-3, -2)[..., :time, :], matrix
