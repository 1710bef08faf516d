"""Haystacks with a needle, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.needle.declare import SENTENCE, SPECIAL, values_known
from memstudio.components.task.tokens import Items, Sheet

#: the token before the passkey, and the one that asks for it
ANNOUNCE, ASK = 1, 2
#: the depth of an item that may have any
ANY_DEPTH = -1


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    vocabulary: int
    passkey: int
    filler: str

    @property
    def first_value(self) -> int:
        """Tokens from here on may be in a passkey."""
        return self.vocabulary - values_known(self.vocabulary)


def make_items(lengths: Tensor, depths: Tensor, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `lengths` and `depths` (items,), the depth in per cent or `ANY_DEPTH`."""
    rows, time, k = lengths.shape[0], int(lengths.max()), rules.passkey
    sheet = Sheet(rows, time, ("distance", "serial_position"))
    value = torch.randint(rules.first_value, rules.vocabulary, (rows, k), generator=generator)
    anywhere = torch.rand(rows, generator=generator)
    room = lengths - 2 * k - 1
    # A half is rounded up, the same for all lengths (torch.round would go to the even number).
    start = torch.where(depths == ANY_DEPTH, (anywhere * (room + 1)).long(), (2 * depths * room + 100) // 200)

    place = torch.arange(time).expand(rows, time)
    asks = (lengths - k)[:, None]
    sheet.write(torch.where(place < asks, place, sheet.nowhere), _filler(rows, time, rules, generator))
    nth = torch.arange(k).expand(rows, k)
    at = start[:, None] + 1 + nth
    sheet.write(start[:, None], ANNOUNCE)
    sheet.write(at, value)
    sheet.write(asks, ASK)
    asked = asks + nth
    sheet.write(asked[:, 1:], value[:, :-1])
    sheet.ask(asked, value, distance=asked - at - 1, serial_position=nth + 1)
    return sheet.items()


def _filler(rows: int, time: int, rules: Rules, generator: torch.Generator) -> Tensor:
    """(items, time): what the haystack is made of."""
    above = rules.vocabulary if rules.filler == "any" else rules.first_value
    words = torch.randint(SPECIAL, above, (rows, SENTENCE if rules.filler == "sentence" else time), generator=generator)
    return words[:, torch.arange(time) % SENTENCE] if rules.filler == "sentence" else words
