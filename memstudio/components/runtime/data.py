"""What is learned from and judged on: batches, parts of a split, streams of experiences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from memstudio.components.runtime.draws import Draws


@dataclass(frozen=True)
class Batch:
    """Items to learn from or to be judged on.

    inputs: tokens (batch, time) int64, images (batch, channels, height, width) or features (batch, width) float32;
    targets: (batch,) or (batch, time) int64 classes, or float values; mask: (batch, time) bool, the positions whose target
    counts (None: all); marks: what is known of each item (batch,) or target (batch, time): load, distance.
    members: None, or how many members have items of their own; then every tensor has a leading (members,) axis.
    allowed: the classes that may be answered with, (classes,) bool for all items or (batch, classes) for each; given in the
    task-incremental scenario only (None: any class).
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor | None = None
    marks: Mapping[str, Tensor] = field(default_factory=dict)
    members: int | None = None
    allowed: Tensor | None = None

    def __len__(self) -> int:
        """How many items it holds (for each member, where each has its own)."""
        return int(self.targets.shape[0 if self.members is None else 1])

    @property
    def allowed_for_each(self) -> Tensor | None:
        """`allowed` for each item, (batch, classes) with members before it, whichever way it is given."""
        if self.allowed is None or self.allowed.dim() == (2 if self.members is None else 3):
            return self.allowed
        return self.allowed.unsqueeze(-2).expand(*self.allowed.shape[:-1], len(self), -1)

    def _map(self, change: Any, of_items: bool = True) -> Batch:
        """The batch with each tensor changed; of_items: the change is one of the item axis, so what all items share stays."""
        shared = self.allowed is None or self.allowed.dim() == (1 if self.members is None else 2)
        return Batch(
            change(self.inputs),
            change(self.targets),
            None if self.mask is None else change(self.mask),
            {name: change(mark) for name, mark in self.marks.items()},
            self.members,
            self.allowed if self.allowed is None or (shared and of_items) else change(self.allowed),
        )

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on a device."""
        return self._map(lambda t: t.to(device), of_items=False)

    def first(self, n: int) -> Batch:
        """The first n items."""
        return self._map(lambda t: t[:n] if self.members is None else t[:, :n])

    def pick(self, index: Tensor) -> Batch:
        """The items at these indices (n,)."""
        return self._map(lambda t: t[index] if self.members is None else t[:, index])

    @staticmethod
    def stack(batches: Sequence[Batch]) -> Batch:
        """One batch with a leading member axis. All must have the same shapes."""
        first = batches[0]
        mask = None if first.mask is None else torch.stack([b.mask for b in batches if b.mask is not None])
        marks = {name: torch.stack([b.marks[name] for b in batches]) for name in first.marks}
        allowed = None if first.allowed is None else torch.stack([b.allowed for b in batches if b.allowed is not None])
        inputs, targets = torch.stack([b.inputs for b in batches]), torch.stack([b.targets for b in batches])
        return Batch(inputs, targets, mask, marks, len(batches), allowed)

    def of_member(self, member: int) -> Batch:
        """The items of one member, where each has its own."""
        of_each = self._map(lambda t: t[member], of_items=False)
        return replace(of_each, members=None)

    @staticmethod
    def join(batches: Sequence[Batch]) -> Batch:
        """The items of several batches one after the other. All must be of one kind: the same marks, members, masks and shapes."""
        first = batches[0]
        axis = 0 if first.members is None else 1
        mask = None if first.mask is None else torch.cat([b.mask for b in batches if b.mask is not None], axis)
        marks = {name: torch.cat([b.marks[name] for b in batches], axis) for name in first.marks}
        allowed = [each for b in batches if (each := b.allowed_for_each) is not None]
        inputs, targets = torch.cat([b.inputs for b in batches], axis), torch.cat([b.targets for b in batches], axis)
        return Batch(inputs, targets, mask, marks, first.members, torch.cat(allowed, axis) if allowed else None)


def only_allowed(scores: Tensor, allowed: Tensor | None, each_position: bool = False) -> Tensor:
    """The scores with minus infinity at classes that may not be answered with; as they are where `allowed` is None.

    scores: (..., batch, classes), with each_position (..., batch, time, classes); allowed: (classes,) or (batch, classes).
    """
    if allowed is None:
        return scores
    if each_position and allowed.dim() > 1:
        allowed = allowed.unsqueeze(-2)
    return scores.masked_fill(~allowed, -torch.inf)


@dataclass(frozen=True)
class Part:
    """A part of a split that is judged on its own: load 16, or severity 3 of noise.

    labels: what tells it from the others, as it stands in brackets of a measure; main: whether it counts in the bare
    measure (clean test items do, corrupted ones do not).
    """

    labels: Mapping[str, str | int | float]
    batch: Batch
    main: bool = True


class Stream(ABC):
    """A seeded stream of experiences with train, validation and test. Built from a task's parameters and `draws`, `uid`."""

    experiences: int = 1
    #: accuracy of guessing, where there is such a thing
    chance: float | None = None
    #: whether its items are independent patterns of unbiased ±1, of which alone the theory of associative memories speaks
    unbiased: bool = False

    @abstractmethod
    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """The training batch of a step: depends only on the arguments (draws decide the order, the stream holds the data)."""

    @abstractmethod
    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """The parts of "validation" or "test", always the same."""

    @abstractmethod
    def fingerprint(self) -> str:
        """A sha256 of the data (or of all that decides them)."""

    @abstractmethod
    def sample(self) -> dict[str, Any]:
        """A small sample as JSON for the inspector: {"kind": "tokens" | "images" | "rows", ...}."""

    def item(self, split: str, part: int, index: int) -> dict[str, Any] | None:
        """One item of a part (counted over all experiences) as an item of `sample`; None where items are not shown one by one."""
        return None

    def state(self) -> dict[str, Any]:
        """What must be kept for an exact resume (tensors and JSON)."""
        return {}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave. ValueError where nothing is kept but something is given."""
        if state:
            raise ValueError(f"{type(self).__name__} keeps nothing to resume from, but is given {', '.join(state)}.")
