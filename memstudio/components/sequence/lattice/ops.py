"""Slots on the sphere over whole sequences: within a chunk all steps start from the same slots, so that a chunk is a few products.

Letters: B T H V M are batch, time, heads, value, slots; `...` are any leading axes. Slots are the columns of (..., H, V, M).
Nothing here reads a tensor's value, indexes by a mask or writes in place.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import without_autocast

#: The smallest squared length a slot is divided by. With the projection no slot is ever shorter than 1.
TINY = 1e-12


def lattice(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    strength: Tensor,
    state: tuple[Tensor, Tensor] | None,
    cuts: Iterable[tuple[int, int, bool]],
    *,
    loss: str,
    project: bool,
    normalise: bool,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Answers, the slots as they were at the start of the chunk, and how far they have moved since (Karami et al. 2025).

    query, key: (..., T, H, M); value: (..., T, H, V); strength = β: (..., T, H); state: the two, (..., H, V, M) each, None for
    the first slots; cuts: (start, stop, ends a chunk) of the pieces of time, as chunks.pieces gives them. Answers (..., T, H, V)
    in the type of `value`, the state in float64 for float64 and in float32 otherwise.
    """
    exact = torch.float64 if value.dtype == torch.float64 else torch.float32
    with without_autocast(value.device.type):
        q, k, v = (part.to(exact).movedim(-2, -3) for part in (query, key, value))
        b = strength.to(exact).movedim(-1, -2)[..., None]
        if state is None:
            start = first_slots(v.shape[-1], k.shape[-1], v).expand(*v.shape[:-2], v.shape[-1], k.shape[-1])
            moved = torch.zeros_like(start)
        else:
            start, moved = (part.to(exact) for part in state)
        running = start + moved
        answers = []
        for low, high, ends in cuts:
            asked, keys, values, strengths = (part[..., low:high, :] for part in (q, k, v, b))
            answer, running = steps(asked, keys, values, strengths, running, start, loss=loss, project=project, normalise=normalise)
            answers.append(answer)
            if ends:
                running = unit_slots(running) if normalise else running
                start = running
    return torch.cat(answers, -2).movedim(-3, -2).to(value.dtype), (start, running - start)


def first_slots(width: int, slots: int, like: Tensor) -> Tensor:
    """The axes of the value space, over again where there are more slots: (V, M)."""
    axes = torch.eye(width, dtype=like.dtype, device=like.device)
    return axes.repeat(1, -(-slots // width))[:, :slots]


def unit_slots(slots: Tensor) -> Tensor:
    """Each column of (..., V, M) scaled to length 1."""
    return slots * torch.rsqrt(slots.square().sum(-2, keepdim=True).clamp(min=TINY))


def steps(
    q: Tensor, k: Tensor, v: Tensor, b: Tensor, running: Tensor, start: Tensor, *, loss: str, project: bool, normalise: bool
) -> tuple[Tensor, Tensor]:
    """Answers (..., C, V) and the slots after a piece of one chunk: s̃ₜ,ᵢ = s̃₀,ᵢ + Σⱼ≤ₜ wⱼ,ᵢ (uⱼ − sᵢ sᵢ·uⱼ).

    q, k: (..., C, M); v: (..., C, V); b: (..., C, 1); running = s̃₀ and start = s: (..., V, M). u is what a step moves towards, w by
    how much. The slots after each position are never written out: Rₜ = Σ w u is known by w and the products u·u, and what is taken
    off along the slots, Dₜ = Σ w s·u, by one number a slot.
    """
    u = v - k @ start.mT if loss == "decode" else v
    along = u @ start if project or loss == "encode" else None  # sᵢ·uⱼ: (..., C, M)
    w = b * (k - along) if loss == "encode" and along is not None else b * k
    taken = torch.zeros_like(w)
    if project and along is not None:
        taken = (w * along / (1.0 if normalise else start.square().sum(-2, keepdim=True))).cumsum(-2)
    asked = q
    if normalise:
        asked = q * torch.rsqrt(_squares(u, w, taken, running, start).clamp(min=TINY))
    answers = asked @ running.mT + (asked @ w.mT).tril() @ u
    last = running + u.mT @ w
    if project:
        answers = answers - (asked * taken) @ start.mT
        last = last - start * taken[..., -1:, :]
    return answers, last


def _squares(u: Tensor, w: Tensor, taken: Tensor, running: Tensor, start: Tensor) -> Tensor:
    """‖s̃ₜ,ᵢ‖² (..., C, M) where the slots at the chunk's start have length 1.

    ‖s̃₀ + R − s D‖² = ‖s̃₀‖² + 2 s̃₀·R − 2 D s̃₀·s + ‖R‖² − D², because s·R = D; without the projection D is 0.
    """
    alike = u @ u.mT
    # ‖Rₜ‖² grows by w² u·u and twice the product with the R before it.
    grown = (w.square() * alike.diagonal(dim1=-2, dim2=-1)[..., None] + 2 * w * (alike.tril(-1) @ w)).cumsum(-2)
    towards = (w * (u @ running)).cumsum(-2)
    before = running.square().sum(-2, keepdim=True)
    aligned = (running * start).sum(-2, keepdim=True)
    return before + 2 * (towards - taken * aligned) + grown - taken.square()
