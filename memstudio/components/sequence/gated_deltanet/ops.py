"""The gated delta rule over whole sequences: chunks in parallel, or one step after another; the same numbers either way.

Letters: B T H K V are batch, time, heads, key, value; `...` are any leading axes (batch, members, memories). Nothing here
reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from memstudio.components.sequence.chunks import decay_between, in_chunks, without_autocast
from memstudio.components.sequence.gated_deltanet import kernel

#: Pieces this short are stepped through: a chunk would cost a triangular solve for nothing (measured on a CPU: even at 2, slower from 3).
SHORT = 2


def gated_delta_rule(
    query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, strength: Tensor, state: Tensor | None = None, chunk: int = 32
) -> tuple[Tensor, Tensor]:
    """Answers and last state of Sₜ = αₜ Sₜ₋₁ (I − βₜ kₜ kₜᵀ) + βₜ vₜ kₜᵀ, yₜ = Sₜ qₜ (Yang et al. 2024a, equation 10).

    query, key: (..., T, H, K); value: (..., T, H, V); log_decay = log α ≤ 0 and strength = β: (..., T, H);
    state: S before the first step (..., H, V, K), None for zeros. Gives answers (..., T, H, V) in the type of `value`
    and the state (..., H, V, K), in float64 for float64 and in float32 otherwise. The chunk changes speed, not numbers.
    On CUDA, half precision goes through the kernel of flash-linear-attention where that is installed (see kernel.py).
    """
    exact = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        if kernel.takes(key, value):
            return kernel.run(query, key, value, log_decay, strength, state)
        # Time next to the widths, heads among the leading axes: every product below is then one batched product.
        q, k, v = (part.to(exact).movedim(-2, -3) for part in (query, key, value))
        g, b = (part.to(exact).movedim(-1, -2) for part in (log_decay, strength))
        run = stepwise if k.shape[-2] <= SHORT else chunkwise
        answers, last = run(q, k, v, g, b, None if state is None else state.to(exact), chunk)
    return answers.movedim(-3, -2).to(value.dtype), last


def stepwise(q: Tensor, k: Tensor, v: Tensor, g: Tensor, b: Tensor, state: Tensor | None, chunk: int = 1) -> tuple[Tensor, Tensor]:
    """One step after another, for pieces of a few positions. Shapes as in `chunkwise`."""
    alpha, answers = g.exp(), []
    matrix = k.new_zeros(*k.shape[:-2], v.shape[-1], k.shape[-1]) if state is None else state
    for t in range(k.shape[-2]):
        kept = alpha[..., t, None, None] * matrix
        here = k[..., t, :, None]
        wrong = b[..., t, None, None] * (v[..., t, :, None] - kept @ here)
        matrix = kept + wrong @ here.mT
        answers.append((matrix @ q[..., t, :, None]).squeeze(-1))
    return torch.stack(answers, -2), matrix


def chunkwise(q: Tensor, k: Tensor, v: Tensor, g: Tensor, b: Tensor, state: Tensor | None, chunk: int) -> tuple[Tensor, Tensor]:
    """The chunk-parallel form: within a chunk one triangular solve, from chunk to chunk only the state.

    q, k: (..., H, T, K); v: (..., H, T, V); g, b: (..., H, T); state: (..., H, V, K).

    With γ the decay since the chunk's start and uₜ = βₜ (vₜ − αₜ Sₜ₋₁ kₜ) what step t writes, the rows of U solve
    (I + L) U = diag(β) (V − diag(γ) K S₀ᵀ), with Lₜᵢ = βₜ (γₜ / γᵢ) kₜ·kᵢ for i < t (Yang et al. 2024b, the WY form).
    """
    time = k.shape[-2]
    size = min(chunk, time)
    # Positions that fill the last chunk neither decay (log 1) nor write (strength 0), as masked ones do.
    fill = -time % size
    q, k, v = (in_chunks(pad(part, (0, 0, 0, fill)), size, -2) for part in (q, k, v))
    g, b = (in_chunks(pad(part, (0, fill)), size, -1) for part in (g, b))
    gamma = g.cumsum(-1).exp()  # (..., H, N, C): since the chunk's start
    between = decay_between(g)  # (..., H, N, C, C): from step i to step t
    rows = k * b[..., None]
    lower = ((rows @ k.mT) * between).tril(-1)
    right = torch.cat([v * b[..., None], rows * gamma[..., None]], -1)
    solved = torch.linalg.solve_triangular(lower, right, upper=False, unitriangular=True)
    fresh, carried = solved.split([v.shape[-1], k.shape[-1]], -1)
    within = (q @ k.mT) * between
    asked = q * gamma[..., None]
    stored = k * between[..., -1, :, None]
    whole = gamma[..., -1, None, None]
    answers = []
    matrix = state
    for n in range(k.shape[-3]):
        wrote = fresh[..., n, :, :]
        if matrix is None:  # starting from zeros, half of the products need not be made
            answer = within[..., n, :, :] @ wrote
            matrix = wrote.mT @ stored[..., n, :, :]
        else:
            wrote = wrote - carried[..., n, :, :] @ matrix.mT
            answer = asked[..., n, :, :] @ matrix.mT + within[..., n, :, :] @ wrote
            matrix = whole[..., n, :, :] * matrix + wrote.mT @ stored[..., n, :, :]
        answers.append(answer)
    assert matrix is not None  # there is at least one chunk
    return torch.stack(answers, -3).flatten(-3, -2)[..., :time, :], matrix
