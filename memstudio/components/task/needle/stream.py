"""The stream of the needle in a haystack: training at any depth, test by length and depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.needle.declare import values_known
from memstudio.components.task.needle.items import ANNOUNCE, ANY_DEPTH, Rules, make_items
from memstudio.components.task.tokens import BLANK, Case, Items, TokenStream


class Needle(TokenStream):
    """A passkey in filler, asked for at the end. Batches: tokens (batch, longest length); marks: distance, serial_position."""

    purpose = "needle"

    def __init__(
        self,
        *,
        lengths: Sequence[int],
        test_lengths: Sequence[int],
        depths: Sequence[int],
        vocabulary: int,
        passkey: int,
        filler: str,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self._rules = Rules(vocabulary, passkey, filler)
        super().__init__(
            training=[{"length": length, "depth": ANY_DEPTH} for length in lengths],
            test=[{"length": length, "depth": depth} for length in test_lengths for depth in depths],
            validation=[{"length": length, "depth": depth} for length in lengths for depth in depths],
            length=max(*lengths, *test_lengths),
            vocabulary=vocabulary,
            chance=1 / values_known(vocabulary),
            rules=self._rules,
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items of these lengths and depths."""
        return make_items(cases["length"], cases["depth"], self._rules, generator)

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """The announcing token is the key, what follows it the value."""
        announced = tokens.index(ANNOUNCE)
        values = range(announced + 1, announced + 1 + self._rules.passkey)
        return [
            "key" if place == announced else "value" if place in values else "filler" if token == BLANK else "word"
            for place, token in enumerate(tokens)
        ]
