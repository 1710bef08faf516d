"""Innovation of a sequence of outputs, and who sees which of the surprising, the recent and the summarised.

Letters: B T S H K are batch, time, positions that can be seen, heads, key; `...` are any leading axes. Nothing here
reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import without_autocast
from memstudio.components.sequence.dynamic_mask_attention.ops import chosen

#: Added to the diagonal of the predictor's equations, as a share of its mean, and by itself: with nothing read the prediction is 0.
RIDGE, LEAST = 1e-4, 1e-6


def innovation(outputs: Tensor, before: Tensor, gram: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """eₜ = ‖fₜ − Σⱼ aⱼ fₜ₋ⱼ‖ with the coefficients a of least squares over all outputs before t; no gradient.

    outputs f (..., T, width); before (..., order, width): the last ones read before, zeros where there were none; gram (..., order
    + 1, order + 1): sums of fₛ₋ⱼ·fₛ₋ₗ over the positions s read before. Gives e (..., T), and `before` and `gram` after.
    """
    order, time = before.shape[-2], outputs.shape[-2]
    exact = torch.promote_types(outputs.dtype, torch.float32)
    with without_autocast(outputs.device.type):
        joined = torch.cat([before.detach().to(exact), outputs.detach().to(exact)], -2)
        lags = torch.stack([joined[..., order - j : order - j + time, :] for j in range(order + 1)], -2)  # (..., T, order + 1, width)
        sums = gram.to(exact)[..., None, :, :] + (lags @ lags.mT).cumsum(-3)
        known = torch.cat([gram.to(exact)[..., None, :, :], sums[..., :-1, :, :]], -3)
        square = known[..., 1:, 1:]
        ridge = RIDGE * square.diagonal(dim1=-2, dim2=-1).mean(-1) + LEAST
        square = square + ridge[..., None, None] * torch.eye(order, dtype=exact, device=outputs.device)
        coefficients = torch.linalg.solve(square, known[..., 1:, :1])
        missed = lags[..., 0, :] - (coefficients.mT @ lags[..., 1:, :])[..., 0, :]
        return missed.norm(dim=-1), joined[..., time:, :], sums[..., -1, :, :]


def surprising(surprise: Tensor, left: int, new: int, most: int) -> Tensor:
    """Which positions are in the bank when each of `new` positions comes: (..., new, S) bool.

    surprise (..., S): innovations of what was banked, what is in the window and what comes, in order; `left` of them have left the
    window when the last one comes, one fewer when the last but one does. Of two equally surprising ones the earlier is kept.
    """
    rows = min(new, left)
    seen = chosen(surprise[..., :left, None], rows, most, None)[..., 0, :, :]
    later = seen.new_zeros(*seen.shape[:-1], surprise.shape[-1] - left)
    return torch.cat([seen.new_zeros(*seen.shape[:-2], new - rows, surprise.shape[-1]), torch.cat([seen, later], -1)], -2)


def recent(size: int, new: int, window: int, device: torch.device) -> Tensor:
    """Which of `size` positions are the last `window` for each of the last `new`: (new, size) bool."""
    place = torch.arange(size, device=device)
    here = place[size - new :, None]
    return (place <= here) & (place > here - window)


def told(position: int, new: int, held: int, chunk: int, most: int, device: torch.device) -> Tensor:
    """Which of the `held` last summary tokens each of `new` positions sees: the `most` last of chunks that ended: (new, held) bool."""
    ended = (torch.arange(new, device=device)[:, None] + position + 1) // chunk
    number = torch.arange(held, device=device) + (position + new) // chunk - held
    return (number < ended) & (number >= ended - most)
