"""The mask of dynamic mask attention: of all keys so far, those of the highest importance, whoever asks.

Letters: B T S H K V are batch, time, positions that can be seen, heads, key, value; `...` are any leading axes. Nothing here
reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor


def chosen(importance: Tensor, new: int, keep: int, kept: Tensor | None) -> Tensor:
    """Which keys the last `new` of S positions see in each head: (..., H, new, S) bool.

    importance (..., S, H); kept (..., S): which positions were written (None: all). A position sees a key when fewer than
    `keep` written keys up to that position are more important; of two equally important ones the earlier is. The importance
    of a key never changes, so one that has dropped out never comes back: the `keep` best are all that need be remembered.
    """
    rank = importance.detach().movedim(-1, -2)
    size = rank.shape[-1]
    place = torch.arange(size, device=rank.device)
    one, other = rank[..., :, None], rank[..., None, :]
    better = (other > one) | ((other == one) & (place < place[:, None]))
    if kept is not None:
        better = better & kept[..., None, None, :]
    rivals = better.to(torch.int32).cumsum(-1)[..., size - new :]  # of key i (axis −2) when position t comes (axis −1)
    seen = (rivals < keep).mT & (place <= place[size - new :, None])
    return seen if kept is None else seen & kept[..., None, None, :]


def best(parts: tuple[Tensor, ...], stay: Tensor, keep: int) -> tuple[tuple[Tensor, ...], Tensor]:
    """The at most `keep` positions that stay in each head, in their order, and which of them are real.

    parts (..., S, H, n); stay (..., H, S). An item that has written fewer than `keep` is filled up with zeros. The second result
    (..., positions) holds for all heads: each keeps as many.
    """
    order = (~stay).to(torch.int8).argsort(dim=-1, stable=True)[..., :keep]
    real = stay.gather(-1, order)
    index = order.mT[..., None]
    taken = (part.gather(-3, index.expand(*index.shape[:-1], part.shape[-1])) for part in parts)
    return tuple(part.masked_fill(~real.mT[..., None], 0.0) for part in taken), real[..., 0, :]
