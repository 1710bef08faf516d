"""The stream of generalised associative recall: training on all kinds of questions, validation and test by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.generalised_recall.declare import chance_of, length_of, vocabulary_of
from memstudio.components.task.generalised_recall.items import Facts, Rules, make_items
from memstudio.components.task.tokens import BLANK, Case, Items, TokenStream


class GeneralisedRecall(TokenStream):
    """Persons with things, then a question. Batches: tokens (batch, time), one target an item; marks: distance, serial_position."""

    purpose = "generalised recall"

    def __init__(
        self,
        *,
        hops: Sequence[int],
        negation: bool,
        form: str,
        pairs: int,
        groups: int,
        classes: int,
        members: int,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        #: what is known in all items
        self.facts = Facts.drawn(groups, classes, members, draws.data_generator("facts", uid))
        self._rules = Rules(pairs, form, max(hops))
        cases = [{"hops": hop, "negated": no} for hop in hops for no in ((0, 1) if negation and hop else (0,))]
        super().__init__(
            training=cases,
            test=cases,
            length=length_of(pairs, max(hops), form),
            vocabulary=vocabulary_of(groups, classes, members),
            chance=chance_of(groups, members, form),
            rules=(self._rules, groups, classes, members),
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items with questions of these kinds."""
        return make_items(cases["hops"], cases["negated"], self.facts, self._rules, generator)

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Persons are keys, things values; then what the question is made of."""
        pairs = 2 * self._rules.pairs
        return [
            ("key", "value")[place % 2] if place < pairs else "filler" if token == BLANK else "asked with"
            for place, token in enumerate(tokens)
        ]
