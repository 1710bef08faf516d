"""What is trained: readouts, associative memories, the graph of a model, a model of one network or of many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from memstudio.components.runtime.data import Batch
from memstudio.components.runtime.draws import Draws
from memstudio.experiment.parameters import Refusal


class Readout(nn.Module, ABC):
    """The last value node of a model: scores, and the loss that goes with them."""

    @abstractmethod
    def loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """The mean loss over what counts, a scalar. scores: as forward gave; works inside torch.func.vmap.

        Where the batch says which classes are allowed, the others take no part.
        """

    @abstractmethod
    def probabilities(self, scores: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Class probabilities (..., classes). allowed: as in Batch; what is not allowed has probability 0."""


class Associative(Readout):
    """A memory that patterns are written into once, and that recalls them from a cue.

    As the last value node of a model it answers with what it recalls; as a layer it hands that on to the next node. While
    `storing` is on, forward writes down what reaches it and hands it on as it is. All its memory stands in buffers of fixed
    shape, so that it is saved, resumed and stacked over members like weights.
    """

    #: numbers of a pattern, and updates from the cue to what is recalled
    width: int
    steps: int
    storing: bool = False

    @abstractmethod
    def store(self, patterns: Tensor) -> None:
        """Writes patterns (n, width), after those that are stored already. Raises Refusal where there is no room for them."""

    @abstractmethod
    def recall(self, cue: Tensor, steps: int) -> Tensor:
        """The trajectory (steps + 1, batch, width) from the cue (batch, width), which is its first state."""

    @abstractmethod
    def energy(self, state: Tensor) -> Tensor:
        """The energy (batch,) of states (batch, width): lower where they are nearer to what is stored."""

    @property
    @abstractmethod
    def stored(self) -> int:
        """How many patterns have been written."""

    def theory(self) -> Mapping[str, float]:
        """How many independent unbiased ±1 patterns theory lets it hold, by criterion of capacity; none where there is no theory."""
        return {}

    def forward(self, cue: Tensor) -> Tensor:
        """What is recalled from the cue (batch, width), of the same shape."""
        if self.storing:
            self.store(cue.detach())
            return cue
        return self.recall(cue, self.steps)[-1]

    def stream(self, cue: Tensor, state: Any = None) -> tuple[Tensor, Tensor]:
        """What is recalled, and the trajectory (steps + 1, batch, width) that led there: its state to be shown."""
        trajectory = self.recall(cue, self.steps)
        return trajectory[-1], trajectory

    def loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """The share of wrong bits: numbers whose sign is not that of the stored pattern. scores, targets: (batch, width)."""
        return (scores * batch.targets <= 0).to(torch.float32).mean()

    def probabilities(self, scores: Tensor, allowed: Tensor | None = None) -> Tensor:
        """What was recalled, as it is: its numbers are no probabilities of classes."""
        return scores


@contextmanager
def storing(graph: nn.Module) -> Iterator[None]:
    """Inside the block every associative memory of the graph writes down what reaches it. Raises Refusal where it has none."""
    memories = [module for module in graph.modules() if isinstance(module, Associative)]
    if not memories:
        raise Refusal("This model has no associative memory to write into; put one before the learner.")
    for memory in memories:
        memory.storing = True
    try:
        yield
    finally:
        for memory in memories:
            memory.storing = False


class Graph(nn.Module, ABC):
    """The value graph upstream of a model port as one module. `training` builds it from the document."""

    readout: Readout

    @abstractmethod
    def forward(self, inputs: Tensor) -> Tensor:
        """Scores for inputs as Batch.inputs."""

    def with_penalty(self, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Scores, and what its nodes add to each member's loss while it learns (a scalar), or None where none adds anything."""
        return self(inputs), None

    @abstractmethod
    def stream(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """The same with memory carried: feeding a sequence in pieces gives the same scores."""

    @abstractmethod
    def states(self, inputs: Tensor) -> dict[str, Any]:
        """The memory state of each stateful node (by node id) after these inputs."""


#: one member's loss, its scores and its batch -> its loss; works inside torch.func.vmap
LossChange = Callable[[Tensor, Tensor, Batch], Tensor]


class Model(ABC):
    """One network, or an ensemble of them with a member axis: what a learner trains."""

    #: how many members; every score has this many in its leading axis
    members: int
    #: the draws of each member, members long; a learner asks the stream for one batch a member where they differ
    draws: tuple[Draws, ...]

    @abstractmethod
    def parameters(self) -> dict[str, nn.Parameter]:
        """Trained parameters by name (`node.name`); with a leading member axis when `stacked`."""

    @property
    def stacked(self) -> bool:
        """Whether parameters carry a leading member axis (then whatever reduces over parameters reduces per member)."""
        return False

    @abstractmethod
    def losses(self, batch: Batch) -> Tensor:
        """The readout's loss of each member (members,), no gradients. batch: shared, or with a leading member axis."""

    @abstractmethod
    def backward(self, batch: Batch, change: LossChange | None = None) -> Tensor:
        """Fills `.grad` of every parameter with each member's own gradient; the losses (members,), detached.

        change: makes each member's loss another one before it is differentiated. What nodes of the graph add to it
        (`Graph.with_penalty`) comes on top.
        """

    @abstractmethod
    def scores(self, inputs: Tensor) -> Tensor:
        """(members, batch, ..., classes), no gradients."""

    @abstractmethod
    def probabilities(self, scores: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Combined class probabilities (batch, ..., classes) of scores (members, batch, ..., classes); allowed: as in Batch.

        Looks at nothing but the scores, of as many members as are given, on their device, and may be differentiated by them.
        """

    @abstractmethod
    def member(self, index: int) -> Graph:
        """One member as a graph with its own weights (a copy)."""

    def memories(self) -> list[Associative]:
        """The associative memory of each member (the one nearest to the answer), live, not a copy; empty where it has none."""
        return []

    def store(self, inputs: Tensor) -> None:
        """Every associative memory of every member writes down what reaches it for these inputs. Raises Refusal where it has none."""
        raise Refusal("This model has no associative memory to write into; put one before the learner.")

    @abstractmethod
    def train(self, mode: bool) -> None:
        """Training (dropout on) or evaluation."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """All parameters and buffers by name."""

    @abstractmethod
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what `state` gave. Raises KeyError or ValueError where names or shapes differ."""
