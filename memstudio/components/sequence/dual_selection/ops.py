"""The selective scan (S6) over whole sequences: step by step or by halving; the same numbers either way.

Letters: B T D N are batch, time, features, state width; `...` are any leading axes. Nothing here reads a tensor's value, indexes by a mask
or writes in place, so everything works inside torch.func.vmap and grad.
"""

from __future__ import annotations

import torch
from torch import Tensor

from memstudio.components.sequence.chunks import without_autocast

#: With fewer numbers than this at each step, halving is quicker on a CPU than stepping (measured: 256 numbers, 2,000 positions: 6 times);
#: with more, stepping is (4,096 and more: 2 to 3 times), since each step then stays in the cache. Each feature and each number of its state
#: decays at its own rate, so there is no form in chunks of plain matrix products, as there is with one decay a head.
FEW = 1024


def selective_scan(
    x: Tensor, step: Tensor, rate: Tensor, entry: Tensor, readout: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Answers and last state of hₜ = exp(Δₜ A) ⊙ hₜ₋₁ + (Δₜ xₜ) Bₜᵀ, yₜ = hₜ Cₜ (Gu & Dao 2023, S6).

    x, step = Δ ≥ 0: (..., T, D); rate = A < 0: (D, N); entry = B, readout = C: (..., T, N); state: h before the first step (..., D, N),
    None for zeros. Gives answers (..., T, D) in the type of x and the state (..., D, N), in float64 for float64 and in float32 otherwise.
    """
    exact = torch.float64 if x.dtype == torch.float64 else torch.float32
    with without_autocast(x.device.type):
        step = step.to(exact)
        # features innermost: they are the longer axis, along which a processor works on many numbers at once
        decay = (step[..., None, :] * rate.to(exact).mT).exp()  # (..., T, N, D)
        added = (step * x.to(exact))[..., None, :] * entry.to(exact)[..., None]
        if state is not None:
            first = added[..., :1, :, :] + decay[..., :1, :, :] * state.to(exact).mT[..., None, :, :]
            added = torch.cat([first, added[..., 1:, :, :]], -3)
        few = added.numel() < FEW * added.shape[-3]
        h = by_halving(decay, added) if few else by_steps(decay, added)
        answers = (h * readout.to(exact)[..., None]).sum(-2)
    return answers.to(x.dtype), h[..., -1, :, :].mT


def by_steps(decay: Tensor, added: Tensor) -> Tensor:
    """hₜ = aₜ ⊙ hₜ₋₁ + bₜ from h = 0, all of them: (..., T, N, D), one step after another."""
    h, found = added[..., 0, :, :], [added[..., 0, :, :]]
    for kept, new in zip(decay.unbind(-3)[1:], added.unbind(-3)[1:], strict=True):
        h = torch.addcmul(new, kept, h)
        found.append(h)
    return torch.stack(found, -3)


def by_halving(decay: Tensor, added: Tensor) -> Tensor:
    """The same: pairs of steps are joined to single ones, those solved in the same way, then the steps between filled in.

    Decays are only ever multiplied, never divided, so extreme ones do no harm.
    """
    time = added.shape[-3]
    if time == 1:
        return added
    half = time // 2
    a1, b0, b1 = decay[..., 1::2, :, :], added[..., : 2 * half : 2, :, :], added[..., 1::2, :, :]
    odd = by_halving(a1 * decay[..., : 2 * half : 2, :, :], a1 * b0 + b1)  # positions 1, 3, 5, …
    between = added[..., 2::2, :, :] + decay[..., 2::2, :, :] * odd[..., : (time - 1) // 2, :, :]
    even = torch.cat([added[..., :1, :, :], between], -3)
    found = torch.stack([even[..., :half, :, :], odd], -3).flatten(-4, -3)
    return found if time % 2 == 0 else torch.cat([found, even[..., -1:, :, :]], -3)
