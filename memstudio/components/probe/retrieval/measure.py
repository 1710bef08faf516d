"""Measures signal and noise of reads from the readable memories of a trained model, as they fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from memstudio.components.probe.cells import Met, Offered, ask, asking, met, offered
from memstudio.components.runtime import Axis, Curve, Measured, Probe, Trained, derived_seed
from memstudio.measures.hopfield import capacity
from memstudio.measures.names import measure_name
from memstudio.measures.retrieval import Power, decibels, linear_theory, overlap, power

#: keys, what queries hold besides, the rest of the entries
Taken = tuple[Tensor, Tensor, tuple[Tensor, ...]]

#: so many times as many repeats in full
MORE = 8


class Retrieval(Probe):
    """Curves `retrieval_snr_db_by_pairs[keys=random,node=mem1]`, `retrieval_capacity[...]` and its theory, `readable_memories`.

    keys: "random", "items" or "both"; largest: pairs at most; repeats: of each number of pairs, MORE times as many in full. What is
    drawn is the same at every look.
    """

    def __init__(self, *, every: int, items: int, keys: str, largest: int, repeats: int) -> None:
        self.every = every
        self.items = items
        self.sources = ("random", "items") if keys == "both" else (keys,)
        self.largest = largest
        self.repeats = repeats

    @torch.no_grad()
    def measure(self, trained: Trained, full: bool) -> Measured:
        repeats = self.repeats * (MORE if full else 1)
        found = met(trained, repeats, self.largest, heaviest=True)
        seen = Measured({"readable_memories": float(len(found))})
        for one in found:
            own = offered(one.cell, one.x)
            if own is not None:
                for source in self.sources:
                    seen = seen + self._of(one, own, source, repeats)
        return seen

    def _of(self, one: Met, own: Offered, source: str, repeats: int) -> Measured:
        most = max(1, self.largest // own.steps)
        counts = doubling(most if source == "random" else min(most, own.keys.shape[1]))
        powers = [self._power(one, own, source, n, repeats) for n in counts]
        pairs = [n * own.steps for n in counts]
        width = own.keys.shape[-1]
        rows = {"measured": [each.db for each in powers], "theory": [decibels(ratio, 1.0) for ratio in linear_theory(pairs, width)]}
        if source == "items":
            each = overlap(own.keys[:, : counts[-1]].movedim(-2, 2).flatten(1, 2).double().cpu().numpy())
            rows["these keys"] = [decibels(1.0, (n - 1) * each) for n in pairs]
        labels = {"keys": source, "node": one.node} | ({"layer": one.layer} if one.layer else {})
        values = {
            measure_name("retrieval_capacity", labels): capacity(pairs, [each.share for each in powers], 0.5),
            measure_name("retrieval_capacity_theory", labels): float(width + 1),
        }
        return Measured(values, [_curve(labels, pairs, rows)])

    def _power(self, one: Met, own: Offered, source: str, n: int, repeats: int) -> Power:
        """Signal and noise with n positions written."""
        generator = torch.Generator().manual_seed(derived_seed("probe.retrieval", source, n))
        keys, more, rest = (of_items if source == "items" else of_random)(own, n, repeats, generator)
        scale = own.values.square().mean((0, 1, 3, 4), keepdim=True).sqrt()
        values = _normal((repeats, n, *own.values.shape[2:]), generator, own.values) * scale
        _, state = one.cell.remember(asking(keys[..., :1, :], more), own.entries(keys, values, rest), None, None)
        answers = ask(one.cell, keys, more, state)
        return power(values.flatten(2, 3).double().cpu().numpy(), answers.flatten(2, 3).double().cpu().numpy())


def doubling(most: int) -> list[int]:
    """2, 4, 8 ... and the largest number itself; where that is 1, 1 alone."""
    counts = [2**i for i in range(1, most.bit_length()) if 2**i <= most]
    return counts if counts[-1:] == [most] else [*counts, most]


def of_items(own: Offered, n: int, repeats: int, generator: torch.Generator) -> Taken:
    """The first n positions of items, taken anew from the first where there are fewer items than repeats."""
    item = torch.arange(repeats, device=own.keys.device) % own.keys.shape[0]
    return own.keys[item, :n], own.more[item, :n], tuple(part[item, :n] for part in own.rest)


def of_random(own: Offered, n: int, repeats: int, generator: torch.Generator) -> Taken:
    """Keys in random directions, in each head as long as the model's own on average; the rest from positions drawn at random.

    Where no number of the model's own keys is negative (features that are positive by their form), none of these is.
    """
    keys = _normal((repeats, n, *own.keys.shape[2:]), generator, own.keys)
    if bool((own.keys >= 0).all()):
        keys = keys.abs()
    length = own.keys.square().sum(-1, keepdim=True).sqrt().mean((0, 1))
    keys = keys / keys.square().sum(-1, keepdim=True).sqrt() * length
    items, time = own.keys.shape[:2]
    place = torch.randint(items * time, (repeats, n), generator=generator).to(own.keys.device)
    more, *rest = (part.flatten(0, 1)[place] for part in (own.more, *own.rest))
    return keys, more, tuple(rest)


def _normal(shape: Sequence[int], generator: torch.Generator, like: Tensor) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(like)


def _curve(labels: Mapping[str, object], counts: Sequence[int], rows: Mapping[str, Sequence[float]]) -> Curve:
    axis = Axis("pairs stored", tuple(float(n) for n in counts))
    name = measure_name("retrieval_snr_db_by_pairs", labels)
    return Curve(name, np.array(list(rows.values())), (axis,), rows=tuple(rows))
