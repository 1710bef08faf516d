"""The LSTM with parts taken off or added (Greff et al. 2017), one step after another."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import linear

from memstudio.components.sequence.chunks import without_autocast


@dataclass(frozen=True)
class Parts:
    """What an LSTM has. All at their defaults: the paper's vanilla LSTM.

    peepholes: gates see the memory; coupled: f = 1 − i, no forget gate of its own; full: gates see all gates of the step before.
    """

    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    input_activation: bool = True
    output_activation: bool = True
    peepholes: bool = True
    coupled: bool = False
    full: bool = False

    @property
    def early(self) -> int:
        """Gates that are made before the memory is written: input gate, forget gate, in this order."""
        return self.input_gate + (self.forget_gate and not self.coupled)

    @property
    def gates(self) -> int:
        """Gates with weights: the early ones, then the output gate."""
        return self.early + self.output_gate


#: the variants by the names of the paper, lower case
VARIANTS = {
    "np": Parts(peepholes=False),
    "vanilla": Parts(),
    "nig": Parts(input_gate=False),
    "nfg": Parts(forget_gate=False),
    "nog": Parts(output_gate=False),
    "niaf": Parts(input_activation=False),
    "noaf": Parts(output_activation=False),
    "cifg": Parts(coupled=True),
    "fgr": Parts(full=True),
}


def steps(
    parts: Parts,
    x: Tensor,
    h: Tensor,
    c: Tensor,
    gates: Tensor | None,
    weights: tuple[Tensor, Tensor, Tensor, Tensor, Tensor | None],
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """hₜ of every position (..., T, H) in the type of x; the last h and c (..., H); with full gate recurrence the last gates (..., 3 H).

    x: (..., T, width); weights: W (rows H, width), R (rows H, H), b (rows H,) in the order early gates, candidate, output gate (absent ones
    left out); peepholes p (gates, H); with full gate recurrence the map from all gates to all gates (3 H, 3 H) or None. Computed, and
    h, c and gates given, in float64 for float64 and in float32 otherwise. Equations: Greff et al. 2017, section II and appendix.

    The maps of x are one product for all positions; a step is one product with R and a few sums. torch has no kernel for these variants.
    """
    exact = torch.float64 if x.dtype == torch.float64 else torch.float32
    with without_autocast(x.device.type):
        weight, recurrent, bias, peepholes = (part.to(exact) for part in weights[:4])
        between, gates = (None if part is None else part.to(exact) for part in (weights[4], gates))
        h, c = h.to(exact), c.to(exact)
        size, shown = h.shape[-1], []
        early, late = parts.early * size, parts.output_gate * size
        for now in linear(x.to(exact), weight, bias).unbind(-2):
            asked, candidate, last = torch.split(now + h @ recurrent.mT, [early, size, late], -1)
            if between is not None and gates is not None:
                heard_early, heard_last = torch.split(gates @ between.mT, [early, late], -1)
                asked, last = asked + heard_early, last + heard_last
            asked = asked.reshape(*asked.shape[:-1], parts.early, size)
            opened = torch.addcmul(asked, peepholes[: parts.early], c[..., None, :]).sigmoid()
            c = _written(parts, opened, candidate.tanh() if parts.input_activation else candidate, c)
            h = c.tanh() if parts.output_activation else c
            if parts.output_gate:
                last = torch.addcmul(last, peepholes[-1], c).sigmoid()
                h = last * h
            if parts.full:
                gates = torch.cat([opened.flatten(-2), last], -1)
            shown.append(h)
    return torch.stack(shown, -2).to(x.dtype), h, c, gates


def _written(parts: Parts, opened: Tensor, candidate: Tensor, c: Tensor) -> Tensor:
    """cₜ = fₜ ⊙ cₜ₋₁ + iₜ ⊙ zₜ with a gate that is absent standing open; opened: (..., early gates, H)."""
    first, *rest = opened.unbind(-2)
    if parts.coupled:
        return torch.lerp(c, candidate, first)
    if not parts.input_gate:
        return torch.addcmul(candidate, first, c)
    return torch.addcmul(rest[0] * c if parts.forget_gate else c, first, candidate)
