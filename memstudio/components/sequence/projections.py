"""What memories of several heads share: how x becomes queries, keys and gates, and how the heads' answers leave."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu, softplus

from memstudio.components.sequence.cell import in_heads

#: Added to squared lengths before the root, as in the authors' code.
EPSILON = 1e-6
#: The same under the root of the norm of the answers, as in the authors' code: answers of an empty memory are near zero, and a
#: smaller number would let one such position decide the gradient.
ANSWER_EPSILON = 1e-5
#: Where time steps Δ start (log α = −A Δ), as in Mamba-2 and the authors' code. A starts at 1, so that heads begin with spans of
#: 10 to 1,000 positions. The authors draw A up to 16, which suits many heads and long training: with two heads and 800 steps of
#: associative recall (8 pairs) one seed of two ended at 0.18 with theirs, both above 0.8 with A near 1: a default, not a finding.
TIME_STEPS = (0.001, 0.1)


def exact(x: Tensor) -> Tensor:
    """x in float32 where it is in half precision, else as it is."""
    return x if x.dtype == torch.float64 else x.float()


def unit(x: Tensor) -> Tensor:
    """x with its last axis scaled to length 1."""
    y = exact(x)
    return (y * torch.rsqrt(y.square().sum(-1, keepdim=True) + EPSILON)).to(x.dtype)


class UnitQuery(nn.Module):
    """qₜ = SiLU(W_q xₜ), scaled to length 1 in each head."""

    def __init__(self, *, width: int, heads: int, key_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.map = nn.Linear(width, heads * key_width, bias=False)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, heads, key)."""
        return unit(in_heads(silu(self.map(x)), self.heads))


class DecayGate(nn.Module):
    """log αₜ = −A softplus(W_α xₜ + b) a head, as in Mamba-2: at the start heads forget over 10 to 1,000 positions."""

    def __init__(self, *, width: int, heads: int) -> None:
        super().__init__()
        self.step = nn.Linear(width, heads)
        self.log_rate = nn.Parameter(torch.zeros(heads))
        start = torch.empty(heads).uniform_(*(math.log(end) for end in TIME_STEPS)).exp()
        with torch.no_grad():
            self.step.bias.copy_(start + (-torch.expm1(-start)).log())  # softplus of it is `start`

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., heads), at most 0, in float32 or float64."""
        return -exact(self.log_rate).exp() * softplus(exact(self.step(x)))


class Output(nn.Module):
    """W_o of the heads side by side, each first scaled to root mean square 1 and then gated by SiLU(W_g xₜ); both may be off."""

    def __init__(self, *, width: int, heads: int, value_width: int, norm: bool, gate: bool) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(value_width)) if norm else None
        self.gate = nn.Linear(width, heads * value_width, bias=False) if gate else None
        self.map = nn.Linear(heads * value_width, width, bias=False)

    def forward(self, answers: Tensor, x: Tensor) -> Tensor:
        """Answers (batch, time, heads, value) and x (batch, time, width) -> (batch, time, width)."""
        if self.scale is not None:
            y = exact(answers)
            answers = (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + ANSWER_EPSILON)).to(answers.dtype) * self.scale
        y = answers.flatten(-2)
        out: Tensor = self.map(y if self.gate is None else y * silu(self.gate(x)))
        return out
