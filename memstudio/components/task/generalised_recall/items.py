"""Persons with things, and questions that join them with known facts, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.generalised_recall.declare import SPECIAL, length_of, vocabulary_of
from memstudio.components.task.tokens import Items, Sheet, shuffled

ASK, ASK_NEGATED, TRUE, FALSE = 1, 2, 3, 4


@dataclass(frozen=True)
class Facts:
    """persons: (groups, members), things: (classes, members) int64 tokens: who is of which group, what of which class.

    group, classes: (groups,), (classes,) tokens of those themselves.
    """

    persons: Tensor
    things: Tensor
    group: Tensor
    classes: Tensor

    @staticmethod
    def drawn(groups: int, classes: int, members: int, generator: torch.Generator) -> Facts:
        """Which tokens are persons of which group and things of which class is chance: numbers of tokens say nothing."""
        total = vocabulary_of(groups, classes, members) - SPECIAL
        token = SPECIAL + torch.randperm(total, generator=generator)
        persons, things = groups * members, (groups + classes) * members
        return Facts(
            token[:persons].view(groups, members),
            token[persons:things].view(classes, members),
            token[things : things + groups],
            token[things + groups :],
        )


@dataclass(frozen=True)
class Rules:
    """pairs: of an item; form: "generate" or "classify"; most_hops: of any item, which decides the length."""

    pairs: int
    form: str
    most_hops: int


def other_than(value: Tensor, of: int, generator: torch.Generator) -> Tensor:
    """The shape of `value`: uniform numbers below `of`, each other than `value`."""
    return (value + 1 + torch.randint(of - 1, value.shape, generator=generator)) % of


def make_items(hops: Tensor, negated: Tensor, facts: Facts, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `hops` and `negated` (items,)."""
    rows, n = hops.shape[0], rules.pairs
    groups, members = facts.persons.shape
    number = len(facts.classes)
    hop, no = hops[:, None], negated[:, None] == 1
    # Pairs by what they are for, shuffled in the end: the first is meant, the second and third could be taken for it.
    pair = torch.arange(n).expand(rows, n)
    g, c = (torch.randint(of, (rows, 1), generator=generator).expand(rows, n) for of in (groups, number))
    any_g, any_c = (torch.randint(of, (rows, n), generator=generator) for of in (groups, number))
    not_g, not_c = other_than(g, groups, generator), other_than(c, number, generator)
    group = torch.where(hop < 2, any_g, torch.where(pair < 2, g, not_g))
    one_hop = torch.where((pair == 0) != no, c, not_c)
    two_hops = torch.where((pair == 0) | (pair == 2), c, torch.where(pair == 1, not_c, any_c))
    kind = torch.where(hop == 0, any_c, torch.where(hop == 1, one_hop, two_hops))
    # Each pair takes another place of a random order of its group and class, so nobody and nothing comes twice.
    who, what = (torch.rand(rows, of, members, generator=generator).argsort(-1)[:, :, :n] for of in (groups, number))
    person = facts.persons[group, who.gather(1, group[:, None, :])[:, 0]]
    thing = facts.things[kind, what.gather(1, kind[:, None, :])[:, 0]]
    meant = ((hops == 2) & (negated == 1)).long()[:, None]

    sheet = Sheet(rows, length_of(n, rules.most_hops, rules.form), ("distance", "serial_position"))
    order = shuffled(torch.ones(rows, n, dtype=torch.bool), generator)
    sheet.write(2 * order, person)
    sheet.write(2 * order + 1, thing)
    sheet.write(torch.full((rows, 1), 2 * n), torch.where(no, ASK_NEGATED, ASK))
    sheet.write(torch.where(hop == 2, 2 * n + 1, sheet.nowhere), facts.group[g[:, :1]])
    at = 2 * n + 1 + (hop == 2).long()
    sheet.write(at, torch.where(hop == 0, thing[:, :1], facts.classes[c[:, :1]]))
    answer, place = person.gather(1, meant), order.gather(1, meant)
    if rules.form == "classify":
        at = at + 1
        is_right = torch.rand(rows, 1, generator=generator) < 0.5
        proposed = torch.where(is_right, meant, other_than(meant, n, generator))
        sheet.write(at, person.gather(1, proposed))
        answer = torch.where(is_right, TRUE, FALSE)
    sheet.ask(at, answer, distance=at - 2 * place - 1, serial_position=place + 1)
    return sheet.items()
