"""The stream of associative treecall: training on mixed depths, validation and test by depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from memstudio.components.runtime import Draws
from memstudio.components.task.tokens import BLANK, Case, Items, TokenStream
from memstudio.components.task.treecall.declare import answers, longest, vocabulary_of
from memstudio.components.task.treecall.items import ASK, Rules, make_items


class Treecall(TokenStream):
    """A tree, then questions about its nodes. Batches: tokens (batch, time); marks: distance, serial_position, apart."""

    purpose = "treecall"

    def __init__(
        self,
        *,
        depths: Sequence[int],
        branching: int,
        head: str,
        relation: str,
        asked: str,
        names: int,
        test_items: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self._rules = Rules(branching, head, relation, asked, names)
        cases = [{"depth": depth} for depth in depths]
        super().__init__(
            training=cases,
            test=cases,
            length=longest(branching, max(depths), asked),
            vocabulary=vocabulary_of(branching, names),
            chance=1 / answers(branching, names, relation),
            rules=self._rules,
            test_items=test_items,
            draws=draws,
            uid=uid,
        )

    def make(self, cases: Mapping[str, Tensor], generator: torch.Generator) -> Items:
        """Items with trees of these depths."""
        return make_items(cases["depth"], self._rules, generator)

    def roles(self, tokens: Sequence[int], asked: Sequence[bool], case: Case) -> list[str]:
        """Nodes of the tree; in the questions each node is one."""
        return ["filler" if token in (BLANK, ASK) else "node" for token in tokens]
