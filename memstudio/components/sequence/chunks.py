"""What chunked forms share: time split into chunks, decay between positions, and where a fed piece crosses a chunk's end.

Letters: B T H K V are batch, time, heads, key, value; `...` are any leading axes (batch, members, memories).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from memstudio.components.sequence.cell import State


def without_autocast(device: str) -> AbstractContextManager[object]:
    """Keeps autocast from rounding the solve and the products; devices without autocast (meta) need nothing."""
    return torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext()


def in_chunks(x: Tensor, size: int, axis: int) -> Tensor:
    """The time axis (counted from the end) split into (chunk number, position in the chunk)."""
    shape = list(x.shape)
    place = x.dim() + axis
    return x.reshape(*shape[:place], shape[place] // size, size, *shape[place + 1 :])


def decay_between(log_decay: Tensor) -> Tensor:
    """(..., C) -> (..., C, C): exp of the sum of log_decay over i < l ≤ t at [t, i], 0 above the diagonal.

    Each sum is made of its own terms rather than as a difference of two long sums: after one extreme gate (log α = −10,000)
    a difference would have lost the digits of every gentle gate that follows.
    """
    size = log_decay.shape[-1]
    below = torch.ones(size, size, dtype=torch.bool, device=log_decay.device).tril(-1)
    sums = log_decay[..., None].expand(*log_decay.shape, size).masked_fill(~below, 0.0).cumsum(-2)
    return sums.exp().tril()


def pieces(state: State | None, time: int, chunk: int) -> Iterator[tuple[int, int, bool]]:
    """(start, stop, whether it ends a chunk) of the pieces of `time` new positions, cut where chunks of all positions ever read end.

    For memories whose grain is the chunk: those that take gradients where the chunk began. Reads the state's position, which is
    the same for all items and members.
    """
    start, filled = 0, 0 if state is None else int(state["position"]) % chunk
    while start < time:
        stop = min(time, start + chunk - filled)
        filled = (filled + stop - start) % chunk
        yield start, stop, filled == 0
        start = stop
