"""Pairs that come several times, some with a wrong value, and questions, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.tokens import Items, Sheet, different, shuffled, slots_by_power
from memstudio.components.task.wrong_values.declare import values_known


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    vocabulary: int
    length: int
    gap: float
    times: int


def make_items(loads: Tensor, percent: Tensor, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `loads` and `percent` (items,): how many keys it has, and the share of them that is shown wrongly once."""
    rows, most, times = loads.shape[0], int(loads.max()), rules.times
    misled = (2 * loads * percent + 100) // 200
    keys = 1 + different(rows, most, rules.vocabulary // 2 - 1, generator)
    first_value = rules.vocabulary - values_known(rules.vocabulary)
    values = first_value + different(rows, most + int(misled.max()), values_known(rules.vocabulary), generator)
    sheet = Sheet(rows, rules.length, ("distance", "misled"))

    key = torch.arange(most)
    used, is_misled = key < loads[:, None], key < misled[:, None]
    # (items, keys, showings): where each stands among all; showing 0 of a misled key is the wrong one, and stands anywhere
    place = shuffled(used[..., None].expand(rows, most, times).flatten(1), generator).view(rows, most, times)
    true = values[:, :most, None].expand(rows, most, times)
    wrong = torch.cat([values[:, most:], values[:, : most - int(misled.max())]], 1)
    shown = torch.where((torch.arange(times) == 0) & is_misled[..., None], wrong[..., None], true)
    there = used[..., None].expand_as(place)
    sheet.write(torch.where(there, 2 * place, sheet.nowhere), keys[..., None].expand_as(place))
    sheet.write(torch.where(there, 2 * place + 1, sheet.nowhere), shown)

    pairs = loads * times
    slot = slots_by_power((rules.length - 2 * pairs) // 2, (rules.length - 2) // 2, most, rules.gap, generator)
    asked = torch.where(used, 2 * (pairs[:, None] + slot), sheet.nowhere)
    newest = place.amax(-1)
    sheet.write(asked, keys)
    sheet.ask(asked, values[:, :most], distance=asked - 2 * newest - 2, misled=is_misled.long())
    return sheet.items()
