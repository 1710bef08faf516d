"""Diagonal state space models over whole sequences: as a convolution, or one step after another; the same numbers either way.

Letters: B T H M are batch, time, features, modes; `...` are any leading axes of the sequence. Complex numbers are pairs (real,
imaginary) of real tensors, so that states can be saved, counted and stacked. Nothing here reads a tensor's value, indexes by a mask or
writes in place.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from memstudio.components.sequence.chunks import without_autocast

#: Real and imaginary part.
Pair = tuple[Tensor, Tensor]

#: Pieces this short are stepped through: making a kernel would cost more.
SHORT = 2
#: Up to this many positions the kernel is laid out as a matrix, which is exactly causal; beyond, the convolution goes through Fourier
#: transforms, which is causal up to rounding (measured on a CPU: even up to 64 positions, 2.6 times as quick at 128, 7 times at 256).
DIRECT = 32


def times(a: Pair, b: Pair) -> Pair:
    """a b of complex numbers."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def discretised(rate: Pair, step: Tensor, rule: str) -> tuple[Pair, Pair]:
    """Ā and B̄ of x' = A x + u, each a pair (H, M): A = rate (H, M) with negative real part, step = Δ (H,) > 0.

    rule `zoh` (the input stands still during a step): Ā = exp(Δ A), B̄ = (Ā − 1) / A; `bilinear`: Ā = (1 + Δ A/2) / (1 − Δ A/2),
    B̄ = Δ / (1 − Δ A/2).
    """
    real, imag = rate
    step = step[..., None]
    if rule == "zoh":
        a, b = step * real, step * imag
        size = a.exp()
        # exp(z) − 1 without losing the digits of a small z
        less = (torch.expm1(a) * b.cos() - 2 * (b / 2).sin().square(), size * b.sin())
        return (size * b.cos(), size * b.sin()), over(less, rate)
    a, b = step * real / 2, step * imag / 2
    below = (1 - a, -b)
    return over((1 + a, b), below), over((step.expand_as(a), torch.zeros_like(b)), below)


def over(a: Pair, b: Pair) -> Pair:
    """a / b of complex numbers."""
    size = b[0].square() + b[1].square()
    return (a[0] * b[0] + a[1] * b[1]) / size, (a[1] * b[0] - a[0] * b[1]) / size


def powers(base: Pair, count: int) -> Pair:
    """1, a, a², …, a^(count − 1): (..., count), by doubling: no logarithm, so that a may be 0."""
    done: Pair = (torch.ones_like(base[0])[..., None], torch.zeros_like(base[1])[..., None])
    factor: Pair = (base[0][..., None], base[1][..., None])
    while done[0].shape[-1] < count:
        more = times(done, factor)
        done = (torch.cat([done[0], more[0]], -1), torch.cat([done[1], more[1]], -1))
        factor = times(factor, factor)
    return done[0][..., :count], done[1][..., :count]


def diagonal(u: Tensor, decay: Pair, entry: Pair, readout: Pair, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """y and last state of xₜ = Ā xₜ₋₁ + B̄ uₜ, yₜ = 2 Re Σ C xₜ for each feature (Gu et al. 2022).

    u: (..., T, H); decay = Ā, entry = B̄, readout = C: pairs of (H, M); state: x before the first step (..., H, M, 2), None for zeros.
    Gives y (..., T, H) in the type of u and the state (..., H, M, 2), in float64 for float64 and in float32 otherwise.
    """
    exact = torch.float64 if u.dtype == torch.float64 else torch.float32
    with without_autocast(u.device.type):
        a, b, c = ((one.to(exact), other.to(exact)) for one, other in (decay, entry, readout))
        run = by_steps if u.shape[-2] <= SHORT else by_convolution
        y, last = run(u.to(exact), a, b, c, None if state is None else state.to(exact))
    return y.to(u.dtype), last


def by_steps(u: Tensor, decay: Pair, entry: Pair, readout: Pair, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """One step after another. Everything of one type, shapes as in `diagonal`."""
    nothing = u.new_zeros(*u.shape[:-2], *decay[0].shape)
    x: Pair = (nothing, nothing) if state is None else (state[..., 0], state[..., 1])
    answers = []
    for now in u.unbind(-2):
        kept = times(decay, x)
        x = (kept[0] + entry[0] * now[..., None], kept[1] + entry[1] * now[..., None])
        answers.append(2 * times(readout, x)[0].sum(-1))
    return torch.stack(answers, -2), torch.stack(x, -1)


def by_convolution(u: Tensor, decay: Pair, entry: Pair, readout: Pair, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """y = K * u with Kₗ = 2 Re Σ C Āˡ B̄, and what a carried state adds: 2 Re Σ C Āᵗ⁺¹ x. Shapes as in `diagonal`."""
    time = u.shape[-2]
    power = powers(decay, time + 1)  # (H, M, T + 1)
    before, after = (power[0][..., :time], power[1][..., :time]), (power[0][..., 1:], power[1][..., 1:])
    weight = times(readout, entry)
    kernel = 2 * (weight[0][..., None] * before[0] - weight[1][..., None] * before[1]).sum(-2)  # (H, T)
    y = convolved(u, kernel)
    # what each position leaves at the end, each mode for itself: Σᵢ Ā^(T−1−i) uᵢ
    left = tuple(torch.einsum("...th,hmt->...hm", u, part.flip(-1)) for part in before)
    last = times(entry, (left[0], left[1]))
    if state is not None:
        x: Pair = (state[..., 0], state[..., 1])
        seen = times((readout[0][..., None], readout[1][..., None]), after)
        y = y + 2 * (torch.einsum("...hm,hmt->...th", x[0], seen[0]) - torch.einsum("...hm,hmt->...th", x[1], seen[1]))
        kept = times((power[0][..., -1], power[1][..., -1]), x)
        last = (last[0] + kept[0], last[1] + kept[1])
    return y, torch.stack(last, -1)


def convolved(u: Tensor, kernel: Tensor) -> Tensor:
    """yₜ = Σ_{i ≤ t} K_{t−i} uᵢ of each feature: u (..., T, H), kernel (H, T)."""
    time = u.shape[-2]
    if time <= DIRECT:
        # K₀, zeros, then K backwards, written T times one after another: cut into rows one shorter, each row starts one place later
        ring = torch.cat([kernel[..., :1], pad(kernel[..., 1:].flip(-1), (time, 0))], -1)  # (H, 2 T)
        rows = ring[..., None, :].expand(*ring.shape[:-1], time, 2 * time).flatten(-2)[..., : time * (2 * time - 1)]
        matrix = rows.reshape(*rows.shape[:-1], time, 2 * time - 1)[..., :time]
        return torch.einsum("hts,...sh->...th", matrix, u)
    length = 2 * time
    spectrum = torch.fft.rfft(u.mT, n=length) * torch.fft.rfft(kernel, n=length)
    y: Tensor = torch.fft.irfft(spectrum, n=length)[..., :time].mT
    return y
