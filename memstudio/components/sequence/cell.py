"""What every sequence memory meets: a cell reads a sequence and carries a state; a readable one can also be asked and masked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

#: Tensors and nested dictionaries of them, batch axis first; `position` (0-d int64) counts the positions read so far.
State = dict[str, Any]


class Cell(nn.Module, ABC):
    """A memory: `forward(x, state) -> (y, state)`, x and y (batch, time, width). Causal, but for the prefix of one that has one.

    Feeding a sequence at once or in any pieces (behind a prefix), the state carried on, gives the same y.
    """

    @abstractmethod
    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """y (batch, time, width) and the state after x. state None: nothing read yet."""

    def penalty(self, state: State) -> Tensor | None:
        """What is added to the loss of a batch that led to this state (a scalar, with its gradient), or None for nothing."""
        return None

    def pictures(self, state: State) -> dict[str, Tensor]:
        """What the memory of item 0 looks like: title -> 2-D tensor."""
        return {}

    def figures(self, state: State) -> dict[str, float]:
        """A few numbers about the memory of item 0: name -> value."""
        return {}


class Readable(Cell):
    """A memory of queries, entries and answers, whose reading and writing can be told apart (trait `readable`).

    query(x, position): what is asked, (batch, time, heads, key). writer(x, position): what is offered, a tuple of tensors
    (batch, time, heads, ...). output(answers, x): y. `remember` and `read` hold no weights, so a wrapper can give them entries
    of several writers with one more leading axis (a mixture of memories does).
    """

    query: nn.Module
    writer: nn.Module
    output: nn.Module

    @abstractmethod
    def remember(self, queries: Tensor, entries: tuple[Tensor, ...], state: State | None, write: Tensor | None) -> tuple[Tensor, State]:
        """Writes each position, then answers it: answers (..., time, heads, value) and the state.

        queries (..., time, heads, key); write (..., time) bool: False leaves the memory exactly as it was (no write, no decay).
        """

    @abstractmethod
    def read(self, queries: Tensor, state: State) -> Tensor:
        """Answers (..., time, heads, value) to queries (..., time, heads, key), writing nothing."""

    def forward(self, x: Tensor, state: State | None = None, write: Tensor | None = None) -> tuple[Tensor, State]:
        """As `Cell.forward`; write (batch, time) bool: positions that are not True are answered but not remembered."""
        position = position_of(state, x)
        answers, after = self.remember(self.query(x, position), self.writer(x, position), state, write)
        return self.output(answers, x), after


def position_of(state: State | None, like: Tensor) -> Tensor:
    """Positions read so far, 0-d int64: a tensor, so that it passes through vmap and is no constant of an export."""
    if state is None:
        return torch.zeros((), dtype=torch.int64, device=like.device)
    position: Tensor = state["position"]
    return position


def in_heads(x: Tensor, heads: int) -> Tensor:
    """(..., heads × n) -> (..., heads, n)."""
    return x.reshape(*x.shape[:-1], heads, -1)


def first_item(tensor: Tensor) -> Tensor:
    """Item 0 of a state tensor, detached, on the CPU, in float32."""
    return tensor.detach()[0].to("cpu", torch.float32)


def effective_rank(matrix: Tensor) -> float:
    """exp of the entropy of the normalised singular values (Roy & Vetterli 2007); 0 for a matrix of zeros."""
    values = torch.linalg.svdvals(matrix.double())
    total = float(values.sum())
    if total == 0.0:
        return 0.0
    share = values / total
    return float(torch.special.entr(share).sum().exp())
