"""Exact weighted ridge regression at every position of a sequence, in chunks.

Letters: B T H F V are batch, time, heads, features of a key, value; `...` are any leading axes (batch, members, memories). Nothing
here reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from memstudio.components.sequence.chunks import decay_between, in_chunks, without_autocast
from memstudio.components.sequence.linear_attention.ops import before_each

#: Strengths below this count as it: the root of a strength of exactly 0 has no gradient.
LEAST = 1e-30


def least_squares(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ridge: Tensor,
    strength: Tensor,
    log_decay: Tensor | None = None,
    state: tuple[Tensor, Tensor] | None = None,
    chunk: int = 32,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """yₜ = Gₜ (Hₜ + Λ)⁻¹ qₜ with Gₜ = αₜ Gₜ₋₁ + βₜ vₜ kₜᵀ and Hₜ = αₜ Hₜ₋₁ + βₜ kₜ kₜᵀ: the best linear map so far, asked at qₜ.

    query, key: (..., T, H, F); value: (..., T, H, V); ridge Λ > 0: (..., 1, H, F); strength β ≥ 0 and log_decay = log α ≤ 0:
    (..., T, H), log_decay None for none; state: G (..., H, V, F) and H (..., H, F, F), None for zeros. Gives answers (..., T, H, V)
    in the type of `value`, and the state in float64 for float64 and in float32 otherwise. The chunk changes speed, not numbers.
    """
    precise = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        q, k, v, least = (part.to(precise).movedim(-2, -3) for part in (query, key, value, ridge))
        b = strength.to(precise).movedim(-1, -2)
        g = None if log_decay is None else log_decay.to(precise).movedim(-1, -2)
        before = None if state is None else torch.cat([part.to(precise) for part in state], -2)
        answers, last = chunkwise(q, k, v, least, b, g, before, chunk)
    matrix, gram = parted(last, v.shape[-1])
    return answers.movedim(-3, -2).to(value.dtype), (matrix, gram)


def chunkwise(
    q: Tensor, k: Tensor, v: Tensor, ridge: Tensor, b: Tensor, g: Tensor | None, state: Tensor | None, chunk: int
) -> tuple[Tensor, Tensor]:
    """Linear attention whose queries are xₜ = (Hₜ + Λ)⁻¹ qₜ. Both sums, of values and of keys times keys, are carried as one matrix.

    q, k: (..., H, T, F); v: (..., H, T, V); ridge: (..., H, 1, F); b, g: (..., H, T); state: (..., H, V + F, F).
    """
    time = k.shape[-2]
    size = min(chunk, time)
    fill = -time % size  # positions that fill the last chunk have key 0: they neither write nor, with log 1, decay
    q, k, v = (in_chunks(pad(part, (0, 0, 0, fill)), size, -2) for part in (q, k, v))
    b = in_chunks(pad(b, (0, fill)), size, -1)
    g = None if g is None else in_chunks(pad(g, (0, fill)), size, -1)
    rows, both = k * b[..., None], torch.cat([v, k], -1)
    if g is None:
        starts, last = before_each(both.mT @ rows, None, state)
        since, between = None, torch.ones(size, size, dtype=k.dtype, device=k.device).tril()
    else:
        since, between = g.cumsum(-1).exp()[..., None], decay_between(g)
        starts, last = before_each(both.mT @ (rows * between[..., -1, :, None]), since[..., -1:, :], state)
    matrix, gram = (None, None) if starts is None else parted(starts, v.shape[-1])
    if since is None:
        x = nested(q, k * b.clamp(min=LEAST).sqrt()[..., None], ridge[..., None, :, :], gram)
    else:
        x = each(q, k, rows, ridge[..., None, :, :], gram, since, between)
    answers = ((x @ rows.mT) * between) @ v
    if matrix is not None:
        answers = answers + (x if since is None else x * since) @ matrix.mT
    return answers.flatten(-3, -2)[..., :time, :], last


def parted(both: Tensor, values: int) -> tuple[Tensor, Tensor]:
    """(..., V + F, F) -> (..., V, F), (..., F, F)."""
    return both[..., :values, :], both[..., values:, :]


def nested(q: Tensor, k: Tensor, ridge: Tensor, gram: Tensor | None) -> Tensor:
    """(H₀ + Λ + Σᵢ≤ₜ kᵢ kᵢᵀ)⁻¹ qₜ for every t of a chunk at once, keys times √β; nothing decays. Shapes (..., C, F), gram (..., F, F).

    Woodbury's identity needs the inverse of I + K P₀ Kᵀ over the first t keys only. Its Cholesky factor over all of a chunk holds
    those of its first t rows as its first t rows, so one factor serves all t: recursive least squares without a loop over time.
    """
    prior = torch.diag_embed(ridge.squeeze(-2)) if gram is None else gram + torch.diag_embed(ridge.squeeze(-2))
    root = torch.linalg.cholesky(prior)
    keys = torch.linalg.solve_triangular(root, k.mT, upper=False)  # (..., F, C)
    asked = torch.linalg.solve_triangular(root, q.mT, upper=False)
    eye = torch.eye(k.shape[-2], dtype=k.dtype, device=k.device)
    inner = torch.linalg.cholesky(eye + keys.mT @ keys)
    seen = torch.linalg.solve_triangular(inner, keys.mT @ asked, upper=False).triu()  # column t: its first t rows
    corrected = asked - keys @ torch.linalg.solve_triangular(inner.mT, seen, upper=True)
    x: Tensor = torch.linalg.solve_triangular(root.mT, corrected, upper=True)
    return x.mT


def each(q: Tensor, k: Tensor, rows: Tensor, ridge: Tensor, gram: Tensor | None, since: Tensor, between: Tensor) -> Tensor:
    """(Hₜ + Λ)⁻¹ qₜ for every t of a chunk, H decaying and Λ not: no factor serves two positions, so each has a solve of its own."""
    pairs = (rows[..., :, None] * k[..., None, :]).flatten(-2)  # (..., C, F F)
    grams = between @ pairs
    if gram is not None:
        grams = grams + since * gram.flatten(-2)[..., None, :]
    grams = grams.reshape(*grams.shape[:-1], k.shape[-1], k.shape[-1])
    x: Tensor = torch.linalg.solve(grams + torch.diag_embed(ridge), q[..., None])
    return x.squeeze(-1)


def read(query: Tensor, ridge: Tensor, matrix: Tensor, gram: Tensor) -> Tensor:
    """G (H + Λ)⁻¹ q for queries (..., T, H, F), ridge (..., 1, H, F): (..., T, H, V) in the type of the queries."""
    with without_autocast(query.device.type):
        q, least = query.to(gram.dtype).movedim(-2, -3), ridge.to(gram.dtype).movedim(-2, -3)
        x: Tensor = torch.linalg.solve(gram + torch.diag_embed(least.squeeze(-2)), q.mT)
        return (x.mT @ matrix.mT).movedim(-3, -2).to(query.dtype)
