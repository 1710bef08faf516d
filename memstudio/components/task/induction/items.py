"""Sequences of bigrams with triggers, made for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from memstudio.components.task.tokens import NOT_KNOWN, Items

#: what is asked in an item: every position, repeated triggers, or what are no triggers
ALL, IN_CONTEXT, GLOBAL = 0, 1, 2


@dataclass(frozen=True)
class Bigrams:
    """next: (vocabulary, vocabulary) float64, row a the probabilities of what follows a; often: (vocabulary,) how often each comes."""

    next: Tensor
    often: Tensor

    @staticmethod
    def drawn(vocabulary: int, sharpness: float, generator: torch.Generator) -> Bigrams:
        """Softmax of Gaussian numbers, and the stationary probabilities of that chain."""
        gauss = torch.randn(vocabulary, vocabulary, dtype=torch.float64, generator=generator)
        probability = (sharpness * gauss).softmax(-1)
        often = torch.full((vocabulary,), 1 / vocabulary, dtype=torch.float64)
        for _ in range(200):
            # Half of the mass stays, which leaves the limit as it is and makes the iteration converge for every chain.
            often = 0.5 * often + 0.5 * often @ probability
        return Bigrams(probability, often / often.sum())

    def most_frequent(self, n: int) -> Tensor:
        """(n,): the tokens that come most often."""
        return self.often.topk(n).indices


@dataclass(frozen=True)
class Rules:
    """length: tokens of an item; triggers: how many; fixed: whether they are the most frequent tokens in every item."""

    length: int
    triggers: int
    fixed: bool


@dataclass(frozen=True)
class Sequences:
    """tokens, following, last, times (items, length) int64, is_trigger (items, length) bool.

    following: the next token at each place; last: the previous place of the same token (-1: none); times: how often it has come
    before; is_trigger: whether it is one in its item.
    """

    tokens: Tensor
    following: Tensor
    last: Tensor
    times: Tensor
    is_trigger: Tensor


def make_sequences(rows: int, bigrams: Bigrams, rules: Rules, generator: torch.Generator) -> Sequences:
    """`rows` sequences. A loop over places, as each token depends on the one before; none over items."""
    vocabulary = len(bigrams.often)
    if rules.fixed:
        triggers = bigrams.most_frequent(rules.triggers).expand(rows, -1)
    else:
        triggers = torch.multinomial(bigrams.often.expand(rows, -1), rules.triggers, generator=generator)
    outputs = torch.randint(vocabulary, (rows, rules.triggers), generator=generator)
    # (items, vocabulary): the output of each trigger, -1 for other tokens
    output = torch.full((rows, vocabulary), -1).scatter_(1, triggers, outputs)
    chance = torch.rand(rows, rules.length, 1, dtype=torch.float64, generator=generator)
    cumulated = bigrams.next.cumsum(-1)

    token = torch.multinomial(bigrams.often, rows, replacement=True, generator=generator)[:, None]
    last = torch.full((rows, vocabulary), -1)
    times = torch.zeros((rows, vocabulary), dtype=torch.int64)
    tokens, lasts, counts = [token], [], []
    for place in range(rules.length):
        lasts.append(last.gather(1, token))
        counts.append(times.gather(1, token))
        last.scatter_(1, token, place)
        times.scatter_add_(1, token, torch.ones_like(token))
        told = output.gather(1, token)
        drawn = torch.searchsorted(cumulated[token[:, 0]], chance[:, place].contiguous(), right=True).clamp(max=vocabulary - 1)
        token = torch.where(told >= 0, told, drawn)
        tokens.append(token)
    row = torch.cat(tokens, 1)
    here = row[:, :-1].contiguous()
    return Sequences(here, row[:, 1:].contiguous(), torch.cat(lasts, 1), torch.cat(counts, 1), output.gather(1, here) >= 0)


def make_items(asked: Tensor, bigrams: Bigrams, rules: Rules, generator: torch.Generator) -> Items:
    """One item for each of `asked` (items,): ALL, IN_CONTEXT or GLOBAL."""
    made = make_sequences(asked.shape[0], bigrams, rules, generator)
    kind = asked[:, None]
    repeated = made.is_trigger & (made.times > 0)
    mask = (kind == ALL) | ((kind == IN_CONTEXT) & repeated) | ((kind == GLOBAL) & ~made.is_trigger)
    place = torch.arange(rules.length)
    known = mask & (made.last >= 0)
    marks = {
        "distance": torch.where(known, place - made.last - 1, NOT_KNOWN),
        "occurrence": torch.where(mask, made.times + 1, NOT_KNOWN),
    }
    return Items(made.tokens, torch.where(mask, made.following, 0), mask, marks)
