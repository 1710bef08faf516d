"""What is done with whole states of a memory: kept side by side, and averaged. States are tensors and dictionaries of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from memstudio.components.sequence.cell import State


def each(make: Callable[..., Tensor], states: Sequence[State]) -> State:
    """`make` of the same tensor of each state, for every tensor with a batch axis; counts (positions) are those of the last."""
    made: State = {}
    for name, part in states[-1].items():
        parts = [state[name] for state in states]
        if isinstance(part, dict):
            made[name] = each(make, parts)
        else:
            made[name] = make(*parts) if isinstance(part, Tensor) and part.dim() else part
    return made


def with_segment(cache: State | None, state: State) -> State:
    """The cache with one more state: each tensor (batch, segments, ...), the batch axis first."""
    if cache is None:
        return each(lambda new: torch.cat([new[:, None]], 1), [state])  # a copy: what is carried on may share memory with it
    return each(lambda old, new: torch.cat([old, new[:, None].to(old.dtype)], 1), [cache, state])


def soup(cache: State, running: Sequence[State], weights: Tensor) -> State:
    """For each position the average of the cached states and the running one: tensors (batch, time, ...).

    cache: tensors (batch, segments, ...); running: the state after each position; weights (batch, time, segments + 1), the running
    one's last. What is not a real number (a mask) is the running one's.
    """

    def mixed(cached: Tensor, *after: Tensor) -> Tensor:
        now = torch.stack(after, 1)
        if not now.is_floating_point():
            return now
        shares = weights.to(now.dtype)
        kept = shares[..., :-1] @ cached.to(now.dtype).flatten(2)
        return shares[..., -1].reshape(*now.shape[:2], *[1] * (now.dim() - 2)) * now + kept.reshape(now.shape)

    return each(mixed, [cache, *running])


def chosen(scores: Tensor, top_k: int) -> Tensor:
    """Which of the cached segments (all but the last of (..., segments + 1)) are among the k best; the last always is. bool."""
    cached = scores[..., :-1]
    best = cached.topk(min(top_k, cached.shape[-1]), -1).indices
    among = torch.zeros_like(cached).scatter(-1, best, torch.ones_like(cached)) > 0
    return torch.cat([among, torch.ones_like(scores[..., -1:], dtype=torch.bool)], -1)
