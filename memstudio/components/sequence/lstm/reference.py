"""The LSTM and its variants step by step, in float64, from the equations. Read by tests only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

#: what each variant has no weights for, of input gate i, forget gate f, candidate z, output gate o
ABSENT = {"nig": "i", "nfg": "f", "nog": "o", "cifg": "f"}


def _sigmoid(z: Tensor) -> Tensor:
    return 1 / (1 + (-z).exp())


def _tanh(z: Tensor) -> Tensor:
    return 1 - 2 / ((2 * z).exp() + 1)


def run(values: Mapping[str, Any], weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """y (batch, time, width) of the bare cell with these weights, one position after another, gate by gate."""
    hidden, variant = weights["recurrent"].shape[-1], values["variant"]
    rows = [part for part in "ifzo" if part != ABSENT.get(variant)]
    gates = [part for part in rows if part != "z"]

    def asked(part: str, now: Tensor, h: Tensor) -> Tensor:
        """W xₜ + U hₜ₋₁ + b of one gate or of the candidate."""
        first = rows.index(part) * hidden
        own = slice(first, first + hidden)
        return now @ weights["weight"][own].mT + h @ weights["recurrent"][own].mT + weights["bias"][own]

    def gate(part: str, now: Tensor, h: Tensor, c: Tensor, before: Mapping[str, Tensor]) -> Tensor:
        """σ of what is asked, of the memory through a peephole, and of all gates of the step before."""
        if part not in gates:
            return torch.ones_like(c)
        z = asked(part, now, h)
        if variant != "np":
            z = z + weights["peepholes"][gates.index(part)] * c
        if variant == "fgr":
            to = slice(gates.index(part) * hidden, (gates.index(part) + 1) * hidden)
            for other, was in before.items():
                first = gates.index(other) * hidden
                z = z + was @ weights["between"][to, first : first + hidden].mT
        return _sigmoid(z)

    h = c = x.new_zeros(x.shape[0], hidden)
    before = dict.fromkeys(gates, h)
    out = []
    for t in range(x.shape[1]):
        now, was = x[:, t], before
        i, f = gate("i", now, h, c, was), gate("f", now, h, c, was)
        z = asked("z", now, h)
        c = (1 - i if variant == "cifg" else f) * c + i * (z if variant == "niaf" else _tanh(z))
        o = gate("o", now, h, c, was)
        before = {"i": i, "f": f, "o": o} if variant == "fgr" else was
        h = o * (c if variant == "noaf" else _tanh(c))
        out.append(h @ weights["output.weight"].mT if values["projection"] else h)
    return torch.stack(out, 1)
