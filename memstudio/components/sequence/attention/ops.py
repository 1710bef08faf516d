"""Attention over whole sequences: rotary positions, three ways to turn matches into weights, windows with sinks.

Letters: B T S H K V are batch, time, positions that can be seen, heads, key, value; `...` are any leading axes. Nothing here
reads a tensor's value, indexes by a mask or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.nn.functional import scaled_dot_product_attention

#: Slowest turn of rotary positions: one radian in 10,000 positions (Su et al. 2021).
BASE = 10_000.0
#: Steps of Newton's iteration for α-entmax. It comes from below and its last steps double the digits; 1,000 random rows of 512
#: matches needed at most 11 in float64, for α from 1.01 to 2 and matches of size 0.01 to 10.
STEPS = 16
#: α-entmax of α this near to 1 is taken as the softmax: the power 1/(α − 1) would cost float32 its digits.
DENSE = 1e-3


def turned(x: Tensor, position: Tensor) -> Tensor:
    """Rotary positions: feature pairs (i, i + half) of (..., T, H, K), turned by (position + t) · BASE^(−i/half).

    Of an odd number of features the last one stays as it is.
    """
    half = x.shape[-1] // 2
    exact = torch.float64 if x.dtype == torch.float64 else torch.float32
    steps = torch.arange(x.shape[-3], device=x.device) + position
    speeds = BASE ** (-torch.arange(half, device=x.device, dtype=exact) / half)
    angle = steps.to(exact)[:, None, None] * speeds
    one, two, last = torch.split(x.to(exact), [half, half, x.shape[-1] - 2 * half], -1)
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([one * cos - two * sin, two * cos + one * sin, last], -1).to(x.dtype)


def softmax_1(scores: Tensor) -> Tensor:
    """exp(zᵢ) / (1 + Σ exp(zⱼ)) over the last axis: the softmax beside one more match of 0, whose weight is left out."""
    top = scores.amax(-1, keepdim=True).clamp(min=0.0).detach()
    powers = (scores - top).exp()
    return powers / (powers.sum(-1, keepdim=True) + (-top).exp())


def entmax(scores: Tensor, alpha: Tensor | float) -> Tensor:
    """α-entmax over the last axis: pᵢ = [(α − 1) zᵢ − τ]₊^(1/(α−1)), with τ such that p adds up to 1 (Peters et al. 2019).

    alpha from 1 (softmax) to 2 (sparsemax): a number, or a tensor that broadcasts against the scores and gets its gradient.
    τ is found to the last digit: in closed form by sorting for 1.5 and 2, by Newton's iteration for others. First derivatives
    are exact: one more Newton step is taken with gradients, and its derivative is that of the implicit function τ(z, α).
    """
    if not isinstance(alpha, Tensor):
        if alpha - 1.0 < DENSE:
            return scores.softmax(-1)
        scaled = scores * (alpha - 1.0)
        scaled = scaled - scaled.amax(-1, keepdim=True).detach()
        threshold = _sorted_threshold(scaled.detach(), alpha) if alpha in (1.5, 2.0) else _newton_threshold(scaled.detach(), alpha)
    else:
        scaled = scores * (alpha - 1.0)
        scaled = scaled - scaled.amax(-1, keepdim=True).detach()
        threshold = _newton_threshold(scaled.detach(), alpha.detach())
    power = 1.0 / (alpha - 1.0)
    above = (scaled - threshold).clamp(min=0.0)
    slope = power * _slope(above.detach(), power).sum(-1, keepdim=True)
    threshold = threshold + (_power(above, power).sum(-1, keepdim=True) - 1.0) / slope.detach()
    return _power((scaled - threshold).clamp(min=0.0), power)


def _power(base: Tensor, power: Tensor | float) -> Tensor:
    """base^power; the two usual ones without a logarithm."""
    if isinstance(power, float):
        if power == 1.0:
            return base
        if power == 2.0:
            return base.square()
    return base.pow(power)


def _slope(above: Tensor, power: Tensor | float) -> Tensor:
    """above^(power − 1), 0 where above is 0."""
    if isinstance(power, float) and power == 1.0:
        return (above > 0).to(above.dtype)
    return _power(above, power - 1.0).masked_fill(above == 0, 0.0)


def _newton_threshold(scaled: Tensor, alpha: Tensor | float) -> Tensor:
    """τ for matches whose largest is 0. The mass is convex and falls with τ: from τ = −1, where it is at least 1, no step goes too far."""
    power = 1.0 / (alpha - 1.0)
    threshold = torch.full_like(scaled[..., :1], -1.0)
    for _ in range(STEPS):
        above = (scaled - threshold).clamp(min=0.0)
        slope = _slope(above, power)
        mass = (slope * above).sum(-1, keepdim=True)
        threshold = threshold + (mass - 1.0).clamp(min=0.0) / (power * slope.sum(-1, keepdim=True))
    return threshold


def _sorted_threshold(scaled: Tensor, alpha: float) -> Tensor:
    """τ in closed form from the sorted matches: sparsemax (Martins & Astudillo 2016) for 2, Peters et al. 2019 for 1.5."""
    ordered = scaled.sort(-1, descending=True).values.clamp(min=-2.0)  # those below −1 are never in the support
    count = torch.arange(1, scaled.shape[-1] + 1, device=scaled.device, dtype=scaled.dtype)
    if alpha == 2.0:
        candidates = (ordered.cumsum(-1) - 1.0) / count
    else:
        mean, square = ordered.cumsum(-1) / count, ordered.square().cumsum(-1) / count
        candidates = mean - ((1.0 / count) - (square - mean.square())).clamp(min=0.0).sqrt()
    support = (candidates <= ordered).sum(-1, keepdim=True)
    return candidates.gather(-1, (support - 1).clamp(min=0))


def weigh(scores: Tensor, weights: str, alpha: Tensor | float) -> Tensor:
    """Weights of matches (..., H, T, S) by name: softmax, softmax_1 or entmax; alpha: a number or (H,)."""
    if weights == "softmax":
        return scores.softmax(-1)
    if weights == "softmax_1":
        return softmax_1(scores)
    return entmax(scores, alpha.to(scores.dtype)[:, None, None] if isinstance(alpha, Tensor) else alpha)


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    seen: Tensor | None,
    weights: str = "softmax",
    alpha: Tensor | float = 1.5,
    bias: Tensor | None = None,
    covered: bool = False,
) -> Tensor:
    """weights(q·k / √K + bias) v over the keys that are seen; 0 where none is.

    query (..., T, H, K), key (..., S, H, K), value (..., S, H, V); seen (..., T, S) bool or, a head, (..., H, T, S); None: causal,
    S = T. bias: added to the matches, (..., H, 1 or T, S). covered: every query sees some key, so that the fused kernel may be used.
    """
    q, k, v = (part.movedim(-2, -3) for part in (query, key, value))
    plain = weights == "softmax" and bias is None
    if plain and (seen is None or covered) and not is_functorch_wrapped_tensor(q):
        answers: Tensor = scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=seen is None)
        return answers.movedim(-3, -2)
    # Inside vmap the fused kernel would run member by member with a warning, and rows that see nothing would be NaN.
    if seen is None:
        seen = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).tril()
    elif seen.dim() < q.dim():
        seen = seen[..., None, :, :]
    scores = (q @ k.mT).to(torch.promote_types(q.dtype, torch.float32)) * k.shape[-1] ** -0.5
    if bias is not None:
        scores = scores + bias
    scores = scores.masked_fill(~seen, torch.finfo(scores.dtype).min)
    shares = weigh(scores, weights, alpha).masked_fill(~seen, 0.0)
    mixed: Tensor = shares.to(v.dtype) @ v
    return mixed.movedim(-3, -2)


def visible(before: int, new: int, kept: Tensor | None, window: int, sinks: int, device: torch.device) -> Tensor:
    """What each of `new` positions sees of `before` + `new`: (..., new, before + new) bool; window 0: all that came.

    With a window: the last `window` positions, its own included, and the first `sinks`. kept (..., before + new): which positions
    were written; the others are neither seen nor counted, so a window holds so many written ones.
    """
    causal = torch.ones(new, before + new, dtype=torch.bool, device=device).tril(before)
    if kept is None:
        if not window:
            return causal
        place = torch.arange(before + new, device=device)
        return causal & ((place[before:, None] - place < window) | (place < sinks))
    seen = causal & kept[..., None, :]
    if not window:
        return seen
    count = kept.cumsum(-1)
    return seen & ((count[..., before:, None] - count[..., None, :] < window) | (count <= sinks)[..., None, :])


def retained(parts: tuple[Tensor, ...], kept: Tensor | None, window: int, sinks: int) -> tuple[tuple[Tensor, ...], Tensor | None]:
    """The first `sinks` and last `window` written positions of parts (..., S, H, ·), and which of them are real.

    With a mask an item may have written fewer than another: what then fills its row is 0 and marked as not kept.
    """
    total = parts[0].shape[-3]
    if total <= window + sinks:
        return parts, kept
    if kept is None:
        return tuple(torch.cat([part[..., :sinks, :, :], part[..., total - window :, :, :]], -3) for part in parts), None
    count = kept.cumsum(-1)
    stay = kept & ((count <= sinks) | (count[..., -1:] - count < window))
    order = (~stay).to(torch.int8).argsort(dim=-1, stable=True)[..., : window + sinks]
    real = stay.gather(-1, order)
    return tuple(taken(part, order).masked_fill(~real[..., None, None], 0.0) for part in parts), real


def taken(part: Tensor, order: Tensor) -> Tensor:
    """The positions `order` (..., L) of a part (..., S, H, ·)."""
    index = order[..., None, None].expand(*order.shape, *part.shape[-2:])
    return part.expand(*order.shape[:-1], *part.shape[-3:]).gather(-3, index)
