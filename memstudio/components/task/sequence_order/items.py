"""Documents with two of their pieces, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.sequence_order.declare import SPECIAL, length_of
from memstudio.components.task.tokens import Items, Sheet, different

#: tokens before the piece shown first, before the one shown second, and the one that asks
FIRST, SECOND, ASK = 1, 2, 3
#: the gap of an item that may have any
ANY_GAP = -1


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    segment: int
    events: int


def make_items(lengths: Tensor, gaps: Tensor, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `lengths` and `gaps` (items,): events of the document, and between the pieces (or `ANY_GAP`)."""
    rows, most, k = lengths.shape[0], int(lengths.max()), rules.segment
    sheet = Sheet(rows, length_of(most, k), ("distance", "serial_position"))
    document = SPECIAL + different(rows, most, rules.events, generator)
    chance = torch.rand(rows, 3, generator=generator)
    gap = torch.where(gaps == ANY_GAP, (chance[:, 0] * (lengths - 2 * k + 1)).long(), gaps)
    early = (chance[:, 1] * (lengths - 2 * k - gap + 1)).long()
    late = early + k + gap
    swapped = chance[:, 2] < 0.5
    shown = torch.stack([torch.where(swapped, late, early), torch.where(swapped, early, late)], 1)

    place = torch.arange(most).expand(rows, most)
    sheet.write(torch.where(place < lengths[:, None], place, sheet.nowhere), document)
    event = torch.arange(k)
    for number, before in enumerate((FIRST, SECOND)):
        start = lengths[:, None] + number * (k + 1)
        sheet.write(start, before)
        sheet.write(start + 1 + event, document.gather(1, shown[:, number, None] + event))
    at = lengths[:, None] + 2 * k + 2
    sheet.write(at, ASK)
    sheet.ask(at, swapped.long()[:, None], distance=at - (late + k)[:, None], serial_position=early[:, None] + 1)
    return sheet.items()
