"""Linear attention over whole sequences in chunks: without decay, with one decay a head, or with one a key channel.

Letters: B T H F V are batch, time, heads, features of a key, value; `...` are any leading axes (batch, members, memories). Nothing
here reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from memstudio.components.sequence.chunks import decay_between, in_chunks, without_autocast
from memstudio.components.sequence.linear_attention import kernel

#: Added to the normaliser, as in the authors' code (fast-transformers): a query that meets nothing is answered with 0.
EPSILON = 1e-6


def linear_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    log_decay: Tensor | None = None,
    state: Tensor | None = None,
    chunk: int = 32,
    normalise: bool = False,
) -> tuple[Tensor, Tensor]:
    """Answers and last state of Sₜ = Sₜ₋₁ diag(αₜ) + vₜ kₜᵀ, yₜ = Sₜ qₜ; normalised: yₜ = Sₜ qₜ / (zₜ·qₜ + ε), zₜ = diag(αₜ) zₜ₋₁ + kₜ.

    query, key: (..., T, H, F), after their feature map; value: (..., T, H, V); log_decay = log α ≤ 0: (..., T, H) one a head,
    (..., T, H, F) one a channel, None for no decay; state before the first step (..., H, V, F), None for zeros.
    Gives answers (..., T, H, V) in the type of `value` and the state, in float64 for float64 and in float32 otherwise.
    normalise: the state is (..., H, V + 1, F), its last row z. The chunk changes speed, not numbers.
    On CUDA, half precision without the normaliser goes through a kernel of flash-linear-attention where that is installed (kernel.py).
    """
    precise = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        if not normalise and kernel.takes(key, value, log_decay):
            return kernel.run(query, key, value, log_decay, state)
        # Time next to the widths, heads among the leading axes: every product below is then one batched product.
        q, k, v = (part.to(precise).movedim(-2, -3) for part in (query, key, value))
        if normalise:
            v = torch.cat([v, torch.ones_like(v[..., :1])], -1)
        before = None if state is None else state.to(precise)
        if log_decay is not None and log_decay.dim() == key.dim():
            answers, last = channelwise(q, k, v, log_decay.to(precise).movedim(-2, -3), before, chunk)
        else:
            g = None if log_decay is None else log_decay.to(precise).movedim(-1, -2)
            answers, last = chunkwise(q, k, v, g, before, chunk)
        if normalise:
            answers = normalised(answers)
    return answers.movedim(-3, -2).to(value.dtype), last


def normalised(answers: Tensor) -> Tensor:
    """(..., V + 1), the last feature the sum of matches -> (..., V)."""
    return answers[..., :-1] / (answers[..., -1:] + EPSILON)


def read(query: Tensor, state: Tensor, normalise: bool) -> Tensor:
    """What a state (..., H, V, F) answers to queries (..., T, H, F): (..., T, H, V) in the type of the queries."""
    answers = query.to(state.dtype).movedim(-2, -3) @ state.mT
    return (normalised(answers) if normalise else answers).movedim(-3, -2).to(query.dtype)


def chunkwise(q: Tensor, k: Tensor, v: Tensor, g: Tensor | None, state: Tensor | None, chunk: int) -> tuple[Tensor, Tensor]:
    """The chunk-parallel form: inside a chunk all pairs at once, from chunk to chunk only the state.

    q, k: (..., H, T, F); v: (..., H, T, V); g: (..., H, T), None for no decay; state: (..., H, V, F).
    """
    time = k.shape[-2]
    size = min(chunk, time)
    # Positions that fill the last chunk neither decay (log 1) nor write (key 0), as masked ones do.
    fill = -time % size
    q, k, v = (in_chunks(pad(part, (0, 0, 0, fill)), size, -2) for part in (q, k, v))
    if g is None:
        starts, last = before_each(v.mT @ k, None, state)
        answers = (q @ k.mT).tril() @ v
    else:
        g = in_chunks(pad(g, (0, fill)), size, -1)
        gamma = g.cumsum(-1).exp()  # (..., H, N, C): since the chunk's start
        between = decay_between(g)  # (..., H, N, C, C): from step i to step t
        starts, last = before_each(v.mT @ (k * between[..., -1, :, None]), gamma[..., -1, None, None], state)
        answers = ((q @ k.mT) * between) @ v
        q = q * gamma[..., None]
    if starts is not None:
        answers = answers + q @ starts.mT
    return answers.flatten(-3, -2)[..., :time, :], last


def channelwise(q: Tensor, k: Tensor, v: Tensor, g: Tensor, state: Tensor | None, chunk: int) -> tuple[Tensor, Tensor]:
    """As `chunkwise`, g (..., H, T, F): a decay of its own for each feature of a key.

    The decay between two positions is never made as a quotient of two products, which overflows: a chunk is halved again and
    again, and each half's queries meet the keys of the half before through the decay to and from the middle, both at most 1.
    That takes 2 log₂ C exponentials a feature; making the decay of every pair would take C (twice as slow, measured at 16).
    """
    time = k.shape[-2]
    size = 1
    while size < time and 2 * size <= chunk:
        size *= 2
    q, k, v, g = (in_chunks(pad(part, (0, 0, 0, -time % size)), size, -2) for part in (q, k, v, g))
    answers = (q * k).sum(-1, keepdim=True) * v
    half = 1
    while half < size:
        queries, keys, values, steps = (in_chunks(part, 2 * half, -2) for part in (q, k, v, g))
        asked = queries[..., half:, :] * steps[..., half:, :].cumsum(-2).exp()
        stored = keys[..., :half, :] * until_end(steps[..., :half, :])
        found = (asked @ stored.mT) @ values[..., :half, :]
        answers = answers + torch.cat([torch.zeros_like(found), found], -2).reshape(answers.shape)
        half *= 2
    starts, last = before_each(v.mT @ (k * until_end(g)), g.sum(-2, keepdim=True).exp(), state)
    if starts is not None:
        answers = answers + (q * g.cumsum(-2).exp()) @ starts.mT
    return answers.flatten(-3, -2)[..., :time, :], last


def until_end(log_decay: Tensor) -> Tensor:
    """(..., C, F): the decay from after each position to the last; a sum of its own terms, so that no digits are lost."""
    return pad(log_decay[..., 1:, :], (0, 0, 0, 1)).flip(-2).cumsum(-2).flip(-2).exp()


def before_each(wrote: Tensor, whole: Tensor | None, state: Tensor | None) -> tuple[Tensor | None, Tensor]:
    """The state before each chunk (..., N, V, F), None if it is zero for all, and the one after the last, (..., V, F).

    wrote: what each chunk adds, (..., N, V, F); whole: the decay over each chunk, broadcast over it; None for none.
    """
    count = wrote.shape[-3]
    if count == 1 and state is None:
        return None, wrote.squeeze(-3)
    first = torch.zeros_like(wrote[..., 0, :, :]) if state is None else state
    if whole is None:
        sums = torch.cat([first[..., None, :, :], wrote], -3).cumsum(-3)
        return sums[..., :-1, :, :], sums[..., -1, :, :]
    starts = []
    for n in range(count):
        starts.append(first)
        first = whole[..., n, :, :] * first + wrote[..., n, :, :]
    return torch.stack(starts, -3), first
