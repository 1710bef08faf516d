"""What a memory is to make small at a key (its attentional bias, Behrouz et al. 2025): the derivative by what it says there."""

from __future__ import annotations

from torch import Tensor

#: Within √(e² + ε), the smooth |e| of the paper (remark 5).
SMOOTH = 1e-6
#: Added to a squared length before the root, so that an error of exactly zero has a gradient.
LENGTH_EPSILON = 1e-12


def pull(objective: str, answer: Tensor, value: Tensor, power: float, bound: Tensor | None) -> Tensor:
    """∂ℓ/∂M(k), with e = M(k) − v; answer and value (..., T, V), bound δ (..., T).

    dot: ℓ = −⟨M(k), v⟩, −v. l2: ℓ = ½ ‖e‖², e. lp: ℓ = ‖e‖ₚᵖ / p, sign(e) |e|ᵖ⁻¹ with |e| as √(e² + ε).
    huber: l2 while ‖e‖ ≤ δ and δ ‖e‖ beyond, so e min(1, δ / ‖e‖).
    """
    if objective == "dot":
        return -value
    error = answer - value
    if objective == "lp":
        return error if power == 2 else error * (error.square() + SMOOTH) ** (power / 2 - 1)
    if objective == "huber":
        assert bound is not None
        length = (error.square().sum(-1, keepdim=True) + LENGTH_EPSILON).sqrt()
        return error * (bound[..., None] / length).clamp(max=1.0)
    return error
