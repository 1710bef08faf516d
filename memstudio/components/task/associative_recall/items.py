"""Items of associative recall, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.tokens import different, slots_by_power

BLANK = 0
#: what stands in `Items.distance` and `Items.serial_position` where nothing is asked
NO_DISTANCE = -1


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    vocabulary: int
    length: int
    gap: float
    filler: str


@dataclass(frozen=True)
class Items:
    """tokens, targets, distance, serial_position (items, length) int64; mask (items, length) bool: where something is asked."""

    tokens: Tensor
    targets: Tensor
    mask: Tensor
    distance: Tensor
    serial_position: Tensor


def slots(loads: Tensor, most: int, rules: Rules, generator: torch.Generator) -> Tensor:
    """(items, most) int64: a different question slot for each pair, drawn one after the other with P ∝ (slot + 1)^-gap.

    Only the first `load` of a row are of use.
    """
    room = (rules.length - 2 * loads) // 2
    return slots_by_power(room, (rules.length - 2) // 2, most, rules.gap, generator)


def make_items(loads: Tensor, most: int, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `loads` (items,), none above `most`. No loop over items."""
    rows, length = loads.shape[0], rules.length
    half = rules.vocabulary // 2
    keys = 1 + different(rows, most, half - 1, generator)
    values = half + different(rows, most, rules.vocabulary - half, generator)
    pair = torch.arange(most)
    used = pair < loads[:, None]
    # What an item with fewer pairs does not use goes to one more column, which is cut off in the end.
    nowhere = torch.full((), length)
    key_at = torch.where(used, 2 * pair, nowhere)
    value_at = torch.where(used, 2 * pair + 1, nowhere)
    query_at = torch.where(used, 2 * (loads[:, None] + slots(loads, most, rules, generator)), nowhere)

    tokens = _background(rows, keys, used, rules, generator)
    tokens.scatter_(1, torch.cat([key_at, value_at, query_at], 1), torch.cat([keys, values, keys], 1))
    targets = torch.zeros(rows, length + 1, dtype=torch.int64).scatter_(1, query_at, values)
    mask = torch.zeros(rows, length + 1, dtype=torch.bool).scatter_(1, query_at, True)
    distance = torch.full((rows, length + 1), NO_DISTANCE).scatter_(1, query_at, query_at - value_at - 1)
    serial = torch.full((rows, length + 1), NO_DISTANCE).scatter_(1, query_at, (pair + 1).expand(rows, most))
    return Items(*(t[:, :length].contiguous() for t in (tokens, targets, mask, distance, serial)))


def _background(rows: int, keys: Tensor, used: Tensor, rules: Rules, generator: torch.Generator) -> Tensor:
    """(items, length + 1): blanks, or random tokens of which none is a key of the item (a value stands for those)."""
    shape = (rows, rules.length + 1)
    if rules.filler == "blank":
        return torch.zeros(shape, dtype=torch.int64)
    half = rules.vocabulary // 2
    tokens = torch.randint(1, rules.vocabulary, shape, generator=generator)
    instead = torch.randint(half, rules.vocabulary, shape, generator=generator)
    taken = torch.zeros(rows, rules.vocabulary, dtype=torch.bool)
    taken.scatter_(1, torch.where(used, keys, BLANK), True)
    return torch.where(taken.gather(1, tokens), instead, tokens)
