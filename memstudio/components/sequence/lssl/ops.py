"""Linear state space models with a full matrix over whole sequences: as a convolution, or step by step; the same numbers either way.

Letters: B T H N M are batch, time, features, state, outputs of a feature; `...` are any leading axes of the sequence. Nothing here reads a
tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import without_autocast
from memstudio.components.sequence.s4d.ops import convolved

#: Pieces this short are stepped through: making a kernel would cost more.
SHORT = 2


def bilinear(matrix: Tensor, entry: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """Ā = (I − Δ/2 A)⁻¹ (I + Δ/2 A) and B̄ = (I − Δ/2 A)⁻¹ Δ B of each feature: (H, N, N) and (H, N).

    matrix = A (N, N), entry = B (N,), step = Δ (H,) > 0.
    """
    size = matrix.shape[-1]
    half = step[:, None, None] / 2 * matrix
    one = torch.eye(size, dtype=matrix.dtype, device=matrix.device)
    right = torch.cat([one + half, (step[:, None] * entry)[..., None]], -1)
    found = torch.linalg.solve(one - half, right)
    return found[..., :size], found[..., size]


def dense(u: Tensor, decay: Tensor, entry: Tensor, readout: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """y and last state of xₜ = Ā xₜ₋₁ + B̄ uₜ, yₜ = C xₜ for each feature (Gu et al. 2021).

    u: (..., T, H); decay = Ā: (H, N, N); entry = B̄: (H, N); readout = C: (H, M, N); state: x before the first step (..., H, N), None for
    zeros. Gives y (..., T, H, M) in the type of u and the state (..., H, N), in float64 for float64 and in float32 otherwise.
    """
    exact = torch.float64 if u.dtype == torch.float64 else torch.float32
    with without_autocast(u.device.type):
        given = (u.to(exact), decay.to(exact), entry.to(exact), readout.to(exact))
        run = by_steps if u.shape[-2] <= SHORT else by_convolution
        y, last = run(*given, None if state is None else state.to(exact))
    return y.to(u.dtype), last


def by_steps(u: Tensor, decay: Tensor, entry: Tensor, readout: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """One step after another. Everything of one type, shapes as in `dense`."""
    x = u.new_zeros(*u.shape[:-2], *entry.shape) if state is None else state
    answers = []
    for now in u.unbind(-2):
        x = (decay @ x[..., None])[..., 0] + entry * now[..., None]
        answers.append((readout @ x[..., None])[..., 0])
    return torch.stack(answers, -3), x


def by_convolution(u: Tensor, decay: Tensor, entry: Tensor, readout: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """y = K * u with Kₗ = C Āˡ B̄, and what a carried state adds: C Āᵗ⁺¹ x. Shapes as in `dense`."""
    time, outputs = u.shape[-2], readout.shape[-2]
    reached, whole = krylov(decay, entry, time)  # (H, N, T): Āˡ B̄
    kernel = readout @ reached  # (H, M, T)
    each = u[..., None].expand(*u.shape, outputs).flatten(-2)
    y = convolved(each, kernel.flatten(-3, -2)).reshape(*u.shape, outputs)
    last = torch.einsum("...th,hnt->...hn", u, reached.flip(-1))
    if state is not None:
        # C Āᵗ⁺¹ of all t: the same doubling with Āᵀ, started from (C Ā)ᵀ, one output after another
        seen, _ = krylov(decay.mT[:, None], readout @ decay, time)  # (H, M, N, T)
        y = y + torch.einsum("...hn,hmnt->...thm", state, seen)
        last = last + (whole @ state[..., None])[..., 0]
    return y, last


def krylov(matrix: Tensor, vector: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """v, A v, A² v, …, A^(count − 1) v: (..., N, count), and A^count, by doubling: log₂ count products.

    matrix: (..., N, N), vector: (..., N).
    """
    done, reach, square, whole = vector[..., None], 1, matrix, None
    rest = count
    while True:
        if rest % 2:
            whole = square if whole is None else square @ whole
        rest //= 2
        if reach < count:
            done, reach = torch.cat([done, square @ done], -1), 2 * reach
        if not rest:
            assert whole is not None  # count is at least 1
            return done[..., :count], whole
        square = square @ square
