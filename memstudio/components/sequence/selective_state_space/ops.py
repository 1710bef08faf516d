"""The state space model with one decay a head (SSD) over whole sequences: chunks in parallel, or one step after another.

Letters: B T H K V are batch, time, heads, state width (the key), head width (the value); `...` are any leading axes (batch, members,
memories). Nothing here reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from memstudio.components.sequence.chunks import decay_between, in_chunks, without_autocast
from memstudio.components.sequence.linear_attention import kernel

#: Pieces this short are stepped through: a chunk would make a table of decays for nothing.
SHORT = 2


def decayed_sum(
    query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, state: Tensor | None = None, chunk: int = 32
) -> tuple[Tensor, Tensor]:
    """Answers and last state of hₜ = αₜ hₜ₋₁ + vₜ kₜᵀ, yₜ = hₜ qₜ (Dao & Gu 2024, the scalar-identity case).

    query = C, key = B: (..., T, H, K); value = Δ x: (..., T, H, V); log_decay = Δ A ≤ 0: (..., T, H); state: h before the first step
    (..., H, V, K), None for zeros. Gives answers (..., T, H, V) in the type of `value` and the state (..., H, V, K), in float64 for
    float64 and in float32 otherwise. The chunk changes speed, not numbers. On CUDA, half precision goes through the kernel of
    linear attention with one decay a head where that is installed.
    """
    exact = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        if kernel.takes(key, value, log_decay):
            return kernel.run(query, key, value, log_decay, state)
        q, k, v = (part.to(exact).movedim(-2, -3) for part in (query, key, value))
        g = log_decay.to(exact).movedim(-1, -2)
        before = None if state is None else state.to(exact)
        run = stepwise if k.shape[-2] <= SHORT else chunkwise
        answers, last = run(q, k, v, g, before, chunk)
    return answers.movedim(-3, -2).to(value.dtype), last


def stepwise(q: Tensor, k: Tensor, v: Tensor, g: Tensor, state: Tensor | None, chunk: int = 1) -> tuple[Tensor, Tensor]:
    """One step after another, for pieces of a few positions. Shapes as in `chunkwise`."""
    alpha, answers = g.exp(), []
    matrix = k.new_zeros(*k.shape[:-2], v.shape[-1], k.shape[-1]) if state is None else state
    for t in range(k.shape[-2]):
        matrix = alpha[..., t, None, None] * matrix + v[..., t, :, None] * k[..., t, None, :]
        answers.append((matrix @ q[..., t, :, None])[..., 0])
    return torch.stack(answers, -2), matrix


def chunkwise(q: Tensor, k: Tensor, v: Tensor, g: Tensor, state: Tensor | None, chunk: int) -> tuple[Tensor, Tensor]:
    """The chunk-parallel form: all products at once; only the sum of states goes from chunk to chunk.

    q, k: (..., H, T, K); v: (..., H, T, V); g: (..., H, T); state: (..., H, V, K). Within a chunk Y = (Q Kᵀ ⊙ L) V with L the decay
    from i to t; what came before it adds γₜ h qₜ, γ the decay since the chunk's start.
    """
    time = k.shape[-2]
    size = min(chunk, time)
    # Positions that fill the last chunk neither decay (log 1) nor write (value 0), as masked ones do.
    fill = -time % size
    q, k, v = (in_chunks(pad(part, (0, 0, 0, fill)), size, -2) for part in (q, k, v))
    g = in_chunks(pad(g, (0, fill)), size, -1)
    gamma = g.cumsum(-1).exp()  # (..., H, N, C): since the chunk's start
    between = decay_between(g)  # (..., H, N, C, C): from step i to step t
    within = ((q @ k.mT) * between) @ v
    wrote = v.mT @ (k * between[..., -1, :, None])  # (..., H, N, V, K): what each chunk leaves at its end
    whole = gamma[..., -1, None, None]
    matrix, starts = torch.zeros_like(wrote[..., 0, :, :]) if state is None else state, []
    for n in range(k.shape[-3]):
        starts.append(matrix)
        matrix = whole[..., n, :, :] * matrix + wrote[..., n, :, :]
    answers = within + (q * gamma[..., None]) @ torch.stack(starts, -3).mT
    return answers.flatten(-3, -2)[..., :time, :], matrix
