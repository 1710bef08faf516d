"""Pairs of which some bind a key again, and questions, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.rebinding.declare import values_known
from memstudio.components.task.tokens import BLANK, Items, Sheet, different, shuffled, slots_by_power


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    vocabulary: int
    length: int
    gap: float
    filler: str


def make_items(loads: Tensor, percent: Tensor, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `loads` and `percent` (items,): how many keys it has, and the share of them that is bound again."""
    rows, most = loads.shape[0], int(loads.max())
    twice = (2 * loads * percent + 100) // 200
    most_twice = int(twice.max())
    pairs = loads + twice
    keys = 1 + different(rows, most, rules.vocabulary // 2 - 1, generator)
    first_value = rules.vocabulary - values_known(rules.vocabulary)
    values = first_value + different(rows, most + most_twice, values_known(rules.vocabulary), generator)
    sheet = Sheet(rows, rules.length, ("distance", "serial_position", "bindings"))

    key = torch.arange(most)
    used, used_twice = key < loads[:, None], key < twice[:, None]
    # One binding of each key, then the second of the first few keys, then shuffled: which of two stands later is chance.
    place = shuffled(torch.cat([used, used_twice[:, :most_twice]], 1), generator)
    one, two = place[:, :most], place[:, most:]
    two = torch.cat([two, torch.zeros(rows, most - most_twice, dtype=torch.int64)], 1)
    two = torch.where(used_twice, two, -1)
    value_one, value_two = values[:, :most], torch.cat([values[:, most:], values[:, : most - most_twice]], 1)
    newest = torch.maximum(one, two)
    answer = torch.where(two > one, value_two, value_one)

    slot = slots_by_power((rules.length - 2 * pairs) // 2, (rules.length - 2) // 2, most, rules.gap, generator)
    asked = torch.where(used, 2 * (pairs[:, None] + slot), sheet.nowhere)
    if rules.filler == "random":
        sheet.write(torch.arange(rules.length).expand(rows, rules.length), _filler(rows, keys, used, rules, generator))
    for at, value, known in ((one, value_one, used), (two, value_two, used_twice)):
        sheet.write(torch.where(known, 2 * at, sheet.nowhere), keys)
        sheet.write(torch.where(known, 2 * at + 1, sheet.nowhere), value)
    sheet.write(asked, keys)
    sheet.ask(asked, answer, distance=asked - 2 * newest - 2, serial_position=newest + 1, bindings=1 + used_twice.long())
    return sheet.items()


def _filler(rows: int, keys: Tensor, used: Tensor, rules: Rules, generator: torch.Generator) -> Tensor:
    """(items, length): random tokens of which none is a key of the item (a value stands for those)."""
    shape = (rows, rules.length)
    first_value = rules.vocabulary - values_known(rules.vocabulary)
    tokens = torch.randint(1, rules.vocabulary, shape, generator=generator)
    instead = torch.randint(first_value, rules.vocabulary, shape, generator=generator)
    taken = torch.zeros(rows, rules.vocabulary, dtype=torch.bool)
    taken.scatter_(1, torch.where(used, keys, BLANK), True)
    return torch.where(taken.gather(1, tokens), instead, tokens)
