"""What a readable memory would answer: what each key finds, what is left of each position, what each read touches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from memstudio.components.probe.cells import ask, offered
from memstudio.components.sequence.cell import Readable

Floats = NDArray[np.float64]

#: the memory is asked for everything at so many moments at most, evenly spread
LOOKS = 16


@dataclass(frozen=True)
class Readings:
    """Shares of stored values in answers; 1: the whole value comes back, 0: nothing of it.

    found: (positions, positions) [i, j] of the value of j in the answer to the key of i, in the end; left: (positions, looks) [i, n] of
    the value of i in the answer to its own key after position after[n], 0 before it is written; touched: (positions, positions) [t, j]
    of the value of j in what position t itself reads.
    """

    found: Floats
    left: Floats
    touched: Floats
    after: tuple[int, ...]

    @property
    def own(self) -> float:
        """The mean share of its own value that a key finds in the end."""
        return float(np.diagonal(self.found).mean())

    @property
    def others(self) -> float:
        """The share of all other values together that a key finds: root of the sum of squares over them, mean over keys."""
        rest = self.found - np.diag(np.diagonal(self.found))
        return float(np.sqrt((rest**2).sum(1)).mean())


@torch.no_grad()
def readings(cell: Readable, x: torch.Tensor) -> Readings | None:
    """Reads an empty memory while it is given x (1, positions, width); None where it cannot be asked with keys.

    The share of value j in an answer is what the answer loses where value j is zero and all else stays, along value j, over all heads
    together: Σ (a − a′)·vⱼ / Σ vⱼ·vⱼ. For memories that are linear in their values (linear and delta memories, attention) the answer is
    exactly the sum of these shares times the values; for others it is what each one makes of it. Positions + 1 copies of the memory
    read the item at once. Where a position writes several pairs they are asked and counted together, each key with its value.
    """
    own = offered(cell, x)
    if own is None:
        return None
    time = x.shape[1]
    copies = time + 1
    # in copy j + 1 the values of position j are zero
    silent = torch.eye(time, dtype=torch.bool, device=x.device)
    silent = torch.cat([torch.zeros_like(silent[:1]), silent])[..., None, None, None]
    keys, queries = own.keys.expand(copies, -1, -1, -1, -1), own.queries.expand(copies, -1, -1, -1)
    entries = own.entries(keys, own.values.expand(copies, -1, -1, -1, -1).masked_fill(silent, 0.0), _copied(own.rest, copies))
    more = own.more.expand(copies, -1, -1, -1)
    state, start = None, 0
    asked, left = [], []
    cuts = _cuts(time)
    for end in cuts:
        answers, state = cell.remember(queries[:, start:end], tuple(part[:, start:end] for part in entries), state, None)
        asked.append(answers)
        found = _shares(ask(cell, keys, more, state), own.values)
        left.append(np.diagonal(found))
        start = end
    touched = torch.cat(asked, 1).unsqueeze(-2).expand(-1, -1, -1, own.steps, -1)
    return Readings(found, np.stack(left, 1), _shares(touched, own.values), tuple(end - 1 for end in cuts))


def _copied(parts: tuple[torch.Tensor, ...], copies: int) -> tuple[torch.Tensor, ...]:
    return tuple(part.expand(copies, *part.shape[1:]) for part in parts)


def _cuts(time: int) -> list[int]:
    """Where pieces end: after every position, or after at most LOOKS of them."""
    every = math.ceil(time / LOOKS)
    return [*range(every, time, every), time]


def _shares(answers: torch.Tensor, values: torch.Tensor) -> Floats:
    """[i, j]: the share of position j's values in answer i.

    answers: (copies, positions, heads, steps, value); values: (1, positions, heads, steps, value).
    """
    lost = (answers[:1] - answers[1:]).double().flatten(2)
    stored = values[0].double().flatten(1)
    square = stored.square().sum(-1)
    along = torch.einsum("jix,jx->ij", lost, stored)
    shares = torch.where(square > 0, along / square.where(square > 0, 1.0), 0.0)
    return np.asarray(shares.cpu().numpy(), dtype=np.float64)
