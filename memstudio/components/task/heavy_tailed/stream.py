"""The stream of heavy-tailed associations: training by Zipf's law, validation and test by bins of frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.tokens import Case, Items, TokenStream

#: the bin of items that are drawn by frequency
BY_FREQUENCY = 0


def edges(facts: int, bins: int) -> list[int]:
    """The first rank, from 0, of each bin, and the number of facts: bin b (from 1) holds edges[b - 1] … edges[b] - 1."""
    return [-(-bin * facts // bins) for bin in range(bins + 1)]


def zipf(facts: int, exponent: float) -> Tensor:
    """(facts,) float64: the probability of each rank."""
    weights = torch.arange(1, facts + 1, dtype=torch.float64) ** -exponent
    return weights / weights.sum()


class HeavyTailed(TokenStream):
    """Rows of keys, each with its value as target. Batches: tokens (batch, length), all positions asked; mark: rank (from 1)."""

    purpose = "heavy tailed"

    def __init__(self, *, facts: int, exponent: float, length: int, bins: int, test_items: int, draws: Draws, uid: str) -> None:
        drawn = draws.data_generator("facts", uid)
        #: (facts,): the key of each rank, and the value of each key
        self.key_of_rank = torch.randperm(facts, generator=drawn)
        self.value_of_key = torch.randperm(facts, generator=drawn)
        self._cumulated = zipf(facts, exponent).cumsum(0)
        self._edges = torch.tensor(edges(facts, bins))
        super().__init__(
            training=[{"bin": BY_FREQUENCY}],
            test=[{"bin": bin} for bin in range(1, bins + 1)],
            length=length,
            vocabulary=facts,
            chance=1 / facts,
            rules=(facts, exponent, bins),
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items with keys of these bins, each key of a bin as often; of bin 0, keys by their frequency."""
        bins = cases["bin"][:, None]
        drawn = torch.rand(bins.shape[0], self.length, dtype=torch.float64, generator=generator)
        frequent = torch.searchsorted(self._cumulated, drawn, right=True).clamp(max=self.vocabulary - 1)
        low, high = self._edges[(bins - 1).clamp(min=0)], self._edges[bins]
        rank = torch.where(bins == BY_FREQUENCY, frequent, low + (drawn * (high - low)).long())
        keys = self.key_of_rank[rank]
        return Items(keys, self.value_of_key[keys], torch.ones_like(keys, dtype=torch.bool), {"rank": rank + 1})

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Every key is a question."""
        return ["question"] * len(tokens)
