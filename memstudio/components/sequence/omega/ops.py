"""The Omega rule: gradient steps on a window of the last positions, with polynomial features of keys and, if wanted, Muon.

Letters: B T H K V are batch, time, heads, key, value, F features of a key; `...` are any leading axes. Nothing here reads a tensor's
value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad, twice too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import without_autocast
from memstudio.components.sequence.omega.features import features
from memstudio.components.sequence.test_time_memory.network import Layers, Trace, ask, plainly, trace
from memstudio.components.sequence.test_time_memory.steps import Blend, Gates, Taken, blend, cut, every, outer

#: Coefficients of the Newton–Schulz iteration and what is added to the squared norm before it (Jordan et al. 2024).
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NORM_EPSILON = 1e-14


class Entries(NamedTuple):
    """What each position offers: key (..., T, H, K), value (..., T, H, V), the others (..., T, H).

    counts γ (how much a position counts in each window it is in), strength θ, log_keep log α; log_momentum log η or None;
    written (..., T) bool or None.
    """

    key: Tensor
    value: Tensor
    counts: Tensor
    strength: Tensor
    log_keep: Tensor
    log_momentum: Tensor | None = None
    written: Tensor | None = None


class Recent(NamedTuple):
    """The last c − 1 written positions: keys (..., H, c−1, K), values (..., H, c−1, V), counts (..., H, c−1); 0 where there were none."""

    key: Tensor
    value: Tensor
    counts: Tensor


class Fast(NamedTuple):
    """What changes while reading: weights W, those where the chunk began, surprise S, and recent positions (None for a window of 1)."""

    running: Layers
    began: Layers
    momentum: Layers | None
    recent: Recent | None


def newton_schulz(x: Tensor, steps: int = 5) -> Tensor:
    """Nearly U Vᵀ of x = U Σ Vᵀ (singular values between about 0.7 and 1.2), 0 for 0; x (..., rows, columns).

    X ← (a + b X Xᵀ + c (X Xᵀ)²) X multiplies by polynomials of X₀ X₀ᵀ, which commute: their product is made first, in the size of
    the shorter side, and X₀ is multiplied once.
    """
    a, b, c = NEWTON_SCHULZ
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x * torch.rsqrt(x.square().sum((-2, -1), keepdim=True) + NORM_EPSILON)
    square, product = x @ x.mT, None
    one = torch.eye(x.shape[-2], dtype=x.dtype, device=x.device)
    for step in range(steps):
        factor = a * one + b * square + c * square @ square
        product = factor if product is None else factor @ product
        if step + 1 < steps:
            square = factor @ square @ factor
    x = x if product is None else product @ x
    return x.mT if tall else x


def learn(
    query: Tensor,
    entries: Entries,
    fast: Fast,
    window: int,
    coefficients: Tensor | None,
    muon: bool,
    cuts: Iterable[tuple[int, int, bool]],
) -> tuple[Tensor, Fast]:
    """Answers (..., T, H, V) in the type of the values, each after its position was written, and what the memory became.

    Gₜ = Σ over the last c written positions i of γᵢ ∇ ½‖M(W_began; φ(kᵢ)) − vᵢ‖²; yₜ = M(Wₜ; φ(qₜ)), and
    Sₜ = ηₜ Sₜ₋₁ − θₜ Gₜ,  Wₜ = αₜ Wₜ₋₁ + Sₜ, or with Muon  Sₜ = ηₜ Sₜ₋₁ − Gₜ,  Wₜ = αₜ Wₜ₋₁ + θₜ NS(Sₜ).
    cuts: (start, stop, whether a chunk ends there), as `chunks.pieces` gives them.
    """
    exact = torch.float64 if entries.value.dtype == torch.float64 else torch.float32
    with without_autocast(entries.value.device.type):
        q, k, v = (part.to(exact).movedim(-2, -3) for part in (query, entries.key, entries.value))
        gates = [None if part is None else part.to(exact).movedim(-1, -2) for part in entries[2:6]]
        written = None if entries.written is None else entries.written[..., None, :].to(exact)
        if written is not None:
            gates = [None if part is None else part * written for part in gates]
        coefficients = None if coefficients is None else coefficients.to(exact)
        q = features(q, coefficients)
        answers, pieces = [], list(cuts)
        lengths = [stop - start for start, stop, _ in pieces]
        parts = [cut(part, lengths, -2) for part in (q, k, v)] + [cut(part, lengths, -1) for part in (*gates, written)]
        for (_, _, ends), (asked, key, value, *others) in zip(pieces, zip(*parts, strict=True), strict=True):
            answer, fast = _piece(asked, key, value, others, fast, window, coefficients, muon)
            answers.append(answer)
            if ends:
                fast = fast._replace(began=fast.running)
    return torch.cat(answers, -2).movedim(-3, -2).to(entries.value.dtype), fast


def read(query: Tensor, running: Layers, coefficients: Tensor | None) -> Tensor:
    """Answers (..., T, H, V) to queries (..., T, H, K) of a memory that stays as it is."""
    exact = running[0].dtype
    with without_autocast(query.device.type):
        q = features(query.to(exact).movedim(-2, -3), None if coefficients is None else coefficients.to(exact))
        return ask(plainly(running), len(running), q, None).movedim(-3, -2).to(query.dtype)


def windows(window: int, size: int, written: Tensor | None, like: Tensor) -> Tensor:
    """1 where entry i is among the last `window` written positions at t, else 0: (C, N), with written (..., 1, C) its (..., 1, C, N).

    The N entries are the window − 1 recent ones and then the C of the piece.
    """
    recent = window - 1
    if written is None:
        return torch.ones(size, recent + size, dtype=like.dtype, device=like.device).triu().tril(recent)
    ones = torch.ones_like(written[..., :1]).expand(*written.shape[:-1], recent)
    place = torch.cat([ones, written], -1).cumsum(-1)  # how many were written up to each entry
    behind = place[..., recent:, None] - place[..., None, :]
    return ((behind >= 0) & (behind < window)).to(like.dtype) * written[..., None]


def latest(seen: Recent, count: int, written: Tensor | None) -> Recent:
    """The last `count` entries that were written, in their order; written (..., 1, C) is of the last entries, those before them all are."""
    if written is None:
        return Recent(seen.key[..., -count:, :], seen.value[..., -count:, :], seen.counts[..., -count:])
    ones = torch.ones_like(written[..., :1]).expand(*written.shape[:-1], seen.counts.shape[-1] - written.shape[-1])
    order = torch.cat([ones, written], -1).sort(dim=-1, stable=True).indices[..., -count:]
    order = order.expand(*seen.counts.shape[:-1], count)
    key, value = (part.gather(-2, order[..., None].expand(*order.shape, part.shape[-1])) for part in (seen.key, seen.value))
    return Recent(key, value, seen.counts.gather(-1, order))


def _piece(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    gates: list[Tensor | None],
    fast: Fast,
    window: int,
    coefficients: Tensor | None,
    muon: bool,
) -> tuple[Tensor, Fast]:
    """A piece within one chunk; q (..., H, C, F), k (..., H, C, K), v (..., H, C, V), gates (..., H, C)."""
    counts, strength, log_keep, log_momentum, written = gates
    assert counts is not None
    assert strength is not None
    assert log_keep is not None
    seen = Recent(k, v, counts)
    if fast.recent is not None:
        old = fast.recent
        seen = Recent(torch.cat([old.key, k], -2), torch.cat([old.value, v], -2), torch.cat([old.counts, counts], -1))
    together = windows(window, k.shape[-2], written, like=k) * seen.counts[..., None, :]
    value = seen.value  # of all entries, as M is asked for all of them
    traced = trace(fast.began, features(seen.key, coefficients), None, lambda answer: answer - value)
    blended = blend(Gates(log_keep, log_momentum, written))
    recent = None if fast.recent is None else latest(seen, window - 1, written)
    if muon:
        answer, running, surprise = _orthogonal(q, fast, traced, blended, together, strength)
        return answer, Fast(running, fast.began, surprise, recent)
    steps = strength[..., :, None] * together
    ends = None if blended.linger is None else (blended.linger[..., -1:, :] @ steps)[..., 0, :]
    taken = Taken(fast.running, fast.momentum, traced, blended, blended.moved @ steps, ends)
    running, momentum = taken.last()
    return ask(taken.read, len(running), q, None), Fast(running, fast.began, momentum, recent)


def _orthogonal(q: Tensor, fast: Fast, traced: Trace, blended: Blend, together: Tensor, strength: Tensor) -> tuple[Tensor, Layers, Layers]:
    """The step of each position made orthogonal: Sₜ of every position has to be written out, (..., H, C, out, in)."""
    assert fast.momentum is not None
    assert blended.linger is not None
    assert blended.lasting is not None
    share, keep = -(blended.linger @ together), blended.keep * strength[..., None, :]
    weights, momentum = [], []
    for layer, (start, surprise) in enumerate(zip(fast.running, fast.momentum, strict=True)):
        made = every(surprise, blended.lasting, share, outer(traced, layer))
        weights.append(every(start, blended.kept, keep, newton_schulz(made)))
        momentum.append(made[..., -1, :, :])
    answer = ask(lambda layer, z: (weights[layer] @ z[..., None])[..., 0], len(weights), q, None)
    return answer, tuple(part[..., -1, :, :] for part in weights), tuple(momentum)
