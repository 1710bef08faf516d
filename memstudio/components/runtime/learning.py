"""What trains: learners, and the strategies that protect what has been learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from memstudio.components.runtime.data import Batch, Stream
from memstudio.components.runtime.judging import Trained
from memstudio.components.runtime.models import Model


class NonFinite(RuntimeError):
    """A step whose numbers are no longer finite; the weights are still those from before it. Its text is one sentence.

    what: "loss" or "gradient"; step: the learner's step; member: the first member it happened to; parameters: names of
    those whose gradient is not finite, where that tells something (empty when the loss itself is not finite).
    """

    def __init__(self, sentence: str, *, what: str, step: int, member: int = 0, parameters: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.what = what
        self.step = step
        self.member = member
        self.parameters = tuple(parameters)


#: sha256 of a model that a run has kept -> its weights, (members, ...) in an ensemble, by name (`node.name`); raises Refusal.
#: Given as `read` to what has a parameter of type Artifact and kind "model".
ReadModel = Callable[[str], Mapping[str, Tensor]]


class Learner(ABC):
    """Trains a model on a stream. `steps` in all; the loop calls `step(i)` for i = 0, 1, ...

    Every stage is one: what calibrates or adapts a trained model too.
    """

    steps: int
    #: whether its steps move weights (what only makes other scores of them leaves them as they are)
    changes_weights: bool = True

    def experience_at(self, index: int) -> int:
        """The experience, counted from 0, that a step learns from; never falls. The loop judges all of them where it rises."""
        return 0

    def predict(self, scores: Tensor, allowed: Tensor | None = None) -> Tensor:
        """What the scores (members, batch, ..., classes) of the model become before they are judged."""
        return scores

    @property
    def changes_scores(self) -> bool:
        """Whether `predict` makes other scores, so that the learner is still needed once it has ended."""
        return type(self).predict is not Learner.predict

    def stored(self) -> Tensor | None:
        """Numbers (n,) (mark `pattern`) of the items written so far, in their order: of what is not stored nothing is judged.

        None where the learner does not write item by item, and everything is judged.
        """
        return None

    def facts(self) -> Mapping[str, float]:
        """What learning takes besides the model: buffer_bytes, say."""
        return {}

    @abstractmethod
    def begin(self, model: Model, stream: Stream, device: torch.device) -> None:
        """Takes hold of what is trained; called once, before the first step and before `load`."""

    def take_up(self, trained: Trained) -> None:
        """What the stage before this one trained, as it was judged; called after `begin`, where there is such a stage.

        Nothing may be asked of it before the first step. A model that is only to answer again is loaded without it.
        """
        return

    @abstractmethod
    def step(self, index: int) -> dict[str, float]:
        """One step; gradient learners give loss, learning_rate, gradient_norm, update_ratio (means over members).

        Raises NonFinite, with the weights as they were before the step.
        """

    def of_each(self) -> Sequence[Mapping[str, float]]:
        """What the last step said, of each member by itself; where members are runs (trait `packs`) it must be known."""
        raise TypeError(f"{type(self).__name__} does not say what a step was like for each member.")

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Everything an exact resume needs, as nested dictionaries of tensors and JSON values."""

    @abstractmethod
    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave."""


#: the batch that the step now taken would draw from an experience (counted from 0), on the device, one a member where they differ
Draw = Callable[[int], Batch]


class Strategy:
    """What a learner does besides descending, to keep what it has learned: moments, of which each does nothing by itself.

    Built from its parameters and `uid`; what it draws comes from the draws of each member of the model. The learner calls the
    moments of its strategies in their order.
    """

    def begin(self, model: Model, stream: Stream, device: torch.device) -> None:
        """Takes hold of what is trained; once, before the first step and before `load`."""

    def before_experience(self, experience: int) -> None:
        """An experience, counted from 0, is about to be learned."""

    def batch(self, step: int, batch: Batch, draw: Draw) -> Batch:
        """The batch that is learned from instead of `batch`, which the experience of this step gave."""
        return batch

    def loss(self, loss: Tensor, scores: Tensor, batch: Batch) -> Tensor:
        """One member's loss, made of that of the readout; works inside torch.func.vmap. See `changes_loss`."""
        return loss

    @property
    def changes_loss(self) -> bool:
        """Whether `loss` is anything but the readout's own, which is quicker."""
        return type(self).loss is not Strategy.loss

    def gradient(self, step: int, batch: Batch) -> None:
        """Every parameter has its gradient, not clipped yet; may change it, and may compute others on the way."""

    def after_step(self, step: int) -> None:
        """The weights have moved."""

    def after_experience(self, experience: int) -> None:
        """An experience has been learned; may change the weights in place. It is judged after this."""

    def predict(self, scores: Tensor, allowed: Tensor | None) -> Tensor:
        """What the scores (members, batch, ..., classes) become before they are judged."""
        return scores

    @property
    def changes_scores(self) -> bool:
        """Whether `predict` gives anything but the scores as they are."""
        return type(self).predict is not Strategy.predict

    def end(self) -> None:
        """The last step has been done."""

    def facts(self) -> Mapping[str, float]:
        """What it takes besides the model: buffer_bytes, say."""
        return {}

    def state(self) -> dict[str, Any]:
        """What must be kept for an exact resume (tensors and JSON); copies."""
        return {}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave. ValueError where nothing is kept but something is given."""
        if state:
            raise ValueError(f"{type(self).__name__} keeps nothing to resume from, but is given {', '.join(state)}.")
