"""Tables of contexts, keys and values, listed and asked for, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.joint_recall.declare import SPECIAL, length_of
from memstudio.components.task.tokens import Items, Sheet, shuffled

#: the token between the table and the questions
ASK = 1


@dataclass(frozen=True)
class Rules:
    """What decides the items besides chance; see the declaration for each."""

    values: int
    layout: str
    asked: str

    def context(self, number: Tensor) -> Tensor:
        """The token of a context. Contexts and keys alternate, so that tokens do not depend on how many there are."""
        return SPECIAL + self.values + 2 * number

    def key(self, number: Tensor) -> Tensor:
        """The token of a key."""
        return SPECIAL + self.values + 2 * number + 1


@dataclass(frozen=True)
class Listed:
    """Where each cell of a table is listed: tokens of its context, its key and its value, and its number in the list.

    All (items, contexts, keys) int64; of a context that stands once, each cell has the same place.
    """

    context: Tensor
    key: Tensor
    value: Tensor
    number: Tensor


def listed(used: Tensor, layout: str, generator: torch.Generator) -> Listed:
    """A random order of the used cells (items, contexts, keys) bool, with every third token of a triple a value."""
    if layout == "triples":
        number = shuffled(used.flatten(1), generator).view(used.shape)
        return Listed(3 * number, 3 * number + 1, 3 * number + 2, number)
    context = shuffled(used[:, :, 0], generator)[:, :, None]
    key = shuffled(used, generator)
    keys = used[:, 0].sum(-1)[:, None, None]
    at = context * (2 * keys + 1)
    return Listed(at.expand(used.shape), at + 1 + 2 * key, at + 2 + 2 * key, context * keys + key)


def make_items(contexts: Tensor, keys: Tensor, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `contexts` and `keys` (items,): how many its table has."""
    rows, most_contexts, most_keys = contexts.shape[0], int(contexts.max()), int(keys.max())
    shape = (rows, most_contexts, most_keys)
    context, key = torch.arange(most_contexts)[:, None].expand(shape), torch.arange(most_keys).expand(shape)
    used = (context < contexts[:, None, None]) & (key < keys[:, None, None])
    value = SPECIAL + torch.randint(rules.values, shape, generator=generator)
    sheet = Sheet(rows, length_of(most_contexts, most_keys, rules.layout, rules.asked), ("distance", "serial_position"))

    def where(places: Tensor, these: Tensor = used) -> Tensor:
        return torch.where(these, places, sheet.nowhere)

    table = listed(used, rules.layout, generator)
    sheet.write(where(table.context), rules.context(context))
    sheet.write(where(table.key), rules.key(key))
    sheet.write(where(table.value), value)
    cells = contexts * keys
    end = (contexts + 2 * cells if rules.layout == "blocks" else 3 * cells)[:, None, None]
    sheet.write(end, ASK)

    questions = _questions(used, rules, generator)
    asked = used if rules.asked == "table" else used & (shuffled(used.flatten(1), generator).view(shape) == 0)
    at = where(end + 1 + questions.key, asked)
    sheet.write(where(end + 1 + questions.context, asked), rules.context(context))
    sheet.write(at, rules.key(key))
    if rules.layout == "blocks" and rules.asked == "table":
        sheet.write(where(end + 1 + questions.value), value)
    sheet.ask(at, value, distance=at - table.value - 1, serial_position=table.number + 1)
    return sheet.items()


def _questions(used: Tensor, rules: Rules, generator: torch.Generator) -> Listed:
    """Where the questions are, counted from behind the token between table and questions."""
    if rules.asked == "one":
        first = torch.zeros(used.shape, dtype=torch.int64)
        return Listed(first, first + 1, first + 2, first)
    if rules.layout == "blocks":
        return listed(used, "blocks", generator)
    number = shuffled(used.flatten(1), generator).view(used.shape)
    return Listed(2 * number, 2 * number + 1, 2 * number + 2, number)
