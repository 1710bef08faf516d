"""Gradient descent over one network or over stacked members: draw, differentiate, clip, step, measure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from memstudio.components.learner.gradient_descent.schedule import rate_at
from memstudio.components.runtime import Batch, Draws, Learner, LossChange, Model, NonFinite, Strategy, Stream, derived_seed
from memstudio.experiment.entries import Configured

#: as torch.nn.utils.clip_grad_norm_ has it, so that a gradient of norm 0 stays what it is
LITTLE = 1e-6
#: devices for which torch has the whole optimiser step in one kernel; on CPU it takes a third of the time
FUSED = frozenset({"cpu", "cuda", "mps"})


class GradientDescent(Learner):
    """AdamW or SGD, with strategies. What reduces over weights (clipping, norms) reduces per member where weights are stacked.

    steps: of each experience; `self.steps` are those of all of them together.
    """

    def __init__(
        self,
        *,
        steps: int,
        batch: int,
        optimiser: str,
        rate: float,
        weight_decay: float,
        momentum: float,
        nesterov: bool,
        warm_up: int,
        schedule: str,
        clip: float,
        validate_every: int,
        strategies: Sequence[Configured],
        experiences: int,
        draws: Draws,
        uid: str,
    ) -> None:
        self.steps = steps * experiences
        self._steps_each = steps
        self.batch = batch
        self.validate_every = validate_every
        self._optimiser_kind = optimiser
        self._rate, self._warm_up, self._schedule = rate, warm_up, schedule
        self._weight_decay, self._momentum, self._nesterov = weight_decay, momentum, nesterov
        self._clip = clip
        self._draws = draws
        self._uid = uid
        self._strategies: list[Strategy] = [one.build(uid=f"{uid}/{one.entry.component.id}") for one in strategies]

    def begin(self, model: Model, stream: Stream, device: torch.device) -> None:
        """Takes hold of the model (already on `device`) and of the stream it learns from.

        ValueError where the stream has not as many experiences as were said.
        """
        if stream.experiences * self._steps_each != self.steps:
            raise ValueError(f"The stream has {stream.experiences} experiences, not {self.steps // self._steps_each}.")
        self._model, self._stream, self._device = model, stream, device
        self._parameters = model.parameters()
        self._own_batches = len(set(model.draws)) > 1
        self._rows = model.members if model.stacked else 1
        self._optimiser = self._make_optimiser()
        model.train(True)
        for strategy in self._strategies:
            strategy.begin(model, stream, device)

    def experience_at(self, index: int) -> int:
        """Each experience has its steps, one after the other."""
        return index // self._steps_each

    def _make_optimiser(self) -> torch.optim.Optimizer:
        axes = 2 + self._model.stacked
        maps = [p for p in self._parameters.values() if p.dim() >= axes]
        others = [p for p in self._parameters.values() if p.dim() < axes]
        groups = [{"params": maps, "weight_decay": self._weight_decay}, {"params": others, "weight_decay": 0.0}]
        groups = [group for group in groups if group["params"]]
        fused = self._device.type in FUSED
        if self._optimiser_kind == "sgd":
            return torch.optim.SGD(groups, lr=self._rate, momentum=self._momentum, nesterov=self._nesterov, fused=fused)
        return torch.optim.AdamW(groups, lr=self._rate, betas=(0.9, 0.999), eps=1e-8, fused=fused)

    def rate_at(self, index: int) -> float:
        """The learning rate of a step: it begins anew with each experience."""
        within = index % self._steps_each
        return rate_at(within, rate=self._rate, steps=self._steps_each, warm_up=self._warm_up, schedule=self._schedule)

    def batch_at(self, index: int) -> Batch:
        """The batch of a step, on the device; one a member where members have orders of their own."""
        return self._drawn(index, self.experience_at(index))

    def _drawn(self, index: int, experience: int) -> Batch:
        """What a step would draw from an experience."""
        draws = self._model.draws
        if not self._own_batches:
            return self._stream.batch(index, self.batch, draws[0], experience).to(self._device)
        return Batch.stack([self._stream.batch(index, self.batch, own, experience) for own in draws]).to(self._device)

    def step(self, index: int) -> dict[str, float]:
        """One step; loss, learning_rate, gradient_norm (before clipping) and update_ratio, means over members.

        Raises NonFinite before the weights are changed.
        """
        if index % self._steps_each == 0:
            for strategy in self._strategies:
                strategy.before_experience(self.experience_at(index))
        batch = self.batch_at(index)
        for strategy in self._strategies:
            batch = strategy.batch(index, batch, partial(self._drawn, index))
        self._seed_noise(index)
        change = self._change
        losses = self._model.backward(batch) if change is None else self._model.backward(batch, change)
        for strategy in self._strategies:
            strategy.gradient(index, batch)
        figures = self._move(index, losses)
        self._after(index)
        return figures

    @property
    def _change(self) -> LossChange | None:
        """What the strategies make of each member's loss; None where they leave it as it is."""
        changing = [strategy.loss for strategy in self._strategies if strategy.changes_loss]
        if not changing:
            return None

        def changed(loss: Tensor, scores: Tensor, batch: Batch) -> Tensor:
            for change in changing:
                loss = change(loss, scores, batch)
            return loss

        return changed

    def _after(self, index: int) -> None:
        """The moments after a step, at the end of an experience, and at the very end."""
        for strategy in self._strategies:
            strategy.after_step(index)
        if (index + 1) % self._steps_each == 0:
            for strategy in self._strategies:
                strategy.after_experience(self.experience_at(index))
        if index + 1 == self.steps:
            for strategy in self._strategies:
                strategy.end()

    def _move(self, index: int, losses: Tensor) -> dict[str, float]:
        """Moves the weights by the gradients they have; what is recorded of it."""
        with torch.no_grad():
            gradients = [p.grad for p in self._parameters.values() if p.grad is not None]
            norms = self._norms(gradients)
            loss, norm = torch.stack([losses.mean(), norms.mean()]).tolist()
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise self._not_finite(index, losses, norms)
            if self._clip:
                self._shorten(gradients, norms)
            rate = self.rate_at(index)
            for group in self._optimiser.param_groups:
                group["lr"] = rate
            before = self._flat(list(self._parameters.values()))
            self._optimiser.step()
            moved = self._flat(list(self._parameters.values())).sub_(before)
            lengths = torch.linalg.vector_norm(before, dim=1).clamp_(min=torch.finfo(before.dtype).tiny)
            ratios = torch.linalg.vector_norm(moved, dim=1) / lengths
            ratio = ratios.mean().item()
            self._last = (rate, losses, norms, ratios)
        return {"loss": loss, "learning_rate": rate, "gradient_norm": norm, "update_ratio": ratio}

    def of_each(self) -> Sequence[Mapping[str, float]]:
        """What `step` gave last, of each member by itself."""
        rate, *of_members = self._last
        names = ("loss", "gradient_norm", "update_ratio")
        return [
            {"learning_rate": rate, **dict(zip(names, one, strict=True))} for one in zip(*(t.tolist() for t in of_members), strict=True)
        ]

    def predict(self, scores: Tensor, allowed: Tensor | None = None) -> Tensor:
        """The scores as the strategies leave them."""
        for strategy in self._strategies:
            scores = strategy.predict(scores, allowed)
        return scores

    @property
    def changes_scores(self) -> bool:
        """Whether a strategy makes other scores; else nothing of what was learned is needed but the weights."""
        return any(strategy.changes_scores for strategy in self._strategies)

    def facts(self) -> Mapping[str, float]:
        """What the strategies take, added up by name."""
        found: dict[str, float] = {}
        for strategy in self._strategies:
            for name, value in strategy.facts().items():
                found[name] = found.get(name, 0.0) + value
        return found

    def _seed_noise(self, index: int) -> None:
        """Dropout of a step depends on the seed and the step alone, so a resumed run draws the same."""
        seed = derived_seed(self._draws.seed, "noise", self._uid, index)
        # torch.manual_seed does the same for every device there could be, and takes 90 times as long.
        torch.default_generator.manual_seed(seed)
        if self._device.type == "cuda":
            torch.cuda.manual_seed(seed)
        elif self._device.type == "mps":
            torch.mps.manual_seed(seed)

    def _flat(self, tensors: Sequence[Tensor]) -> Tensor:
        """All numbers of each member in one row: (members, numbers), or (1, numbers) where weights are not stacked."""
        return torch.cat([tensor.reshape(self._rows, -1) for tensor in tensors], dim=1)

    def _norms(self, tensors: Sequence[Tensor]) -> Tensor:
        norms: Tensor = torch.linalg.vector_norm(self._flat(tensors), dim=1)
        return norms

    def _shorten(self, gradients: list[Tensor], norms: Tensor) -> None:
        """Scales each member's gradient so that its norm is at most `clip`."""
        scale = (self._clip / (norms + LITTLE)).clamp_(max=1.0)
        if self._rows == 1:
            torch._foreach_mul_(gradients, scale[0])
            return
        for gradient in gradients:
            gradient.mul_(scale.reshape(-1, *(1,) * (gradient.dim() - 1)))

    def _not_finite(self, index: int, losses: Tensor, norms: Tensor) -> NonFinite:
        loss_is = bool(torch.isfinite(losses).all())
        what, numbers = ("gradient", norms) if loss_is else ("loss", losses)
        member = int((~torch.isfinite(numbers)).nonzero()[0])
        of = f" of member {member}" if self._model.members > 1 else ""
        advice = "a smaller learning rate, a longer warm-up" + ("" if self._clip else ", a clip of 1") + " or a smaller batch"
        names = [name for name, p in self._parameters.items() if p.grad is not None and not bool(torch.isfinite(p.grad).all())]
        return NonFinite(
            f"The {what}{of} was not a finite number at step {index:,} (learning rate {self.rate_at(index):.3g}); try {advice}.",
            what=what,
            step=index,
            member=member,
            parameters=names if loss_is else (),
        )

    def state(self) -> dict[str, Any]:
        """What the optimiser keeps, by name of the parameter, and the strategies in their order; copies.

        The rate needs nothing: it follows from the step.
        """
        kept: dict[str, dict[str, Any]] = {}
        for name, parameter in self._parameters.items():
            of_this = self._optimiser.state.get(parameter, {})
            kept[name] = {
                key: value.detach().clone() if isinstance(value, Tensor) else value for key, value in of_this.items() if value is not None
            }
        state: dict[str, Any] = {"optimiser": {name: one for name, one in kept.items() if one}}
        return state | ({"strategies": [strategy.state() for strategy in self._strategies]} if self._strategies else {})

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave. ValueError when it is of other parameters or strategies."""
        kept: Mapping[str, Mapping[str, Any]] = state.get("optimiser", {})
        odd = sorted(set(kept) - set(self._parameters))
        if odd:
            raise ValueError(f"This optimiser state is of another model: there is no parameter {odd[0]}.")
        self._optimiser.state.clear()
        for name, one in kept.items():
            parameter = self._parameters[name]
            self._optimiser.state[parameter] = {key: self._taken(value, parameter) for key, value in one.items()}
        of_strategies: Sequence[Mapping[str, Any]] = state.get("strategies", [])
        if len(of_strategies) != len(self._strategies):
            raise ValueError(f"This state is of {len(of_strategies)} strategies, and there are {len(self._strategies)}.")
        for strategy, own in zip(self._strategies, of_strategies, strict=True):
            strategy.load(own)

    def _taken(self, value: Any, parameter: nn.Parameter) -> Any:
        return value.detach().clone().to(parameter.device) if isinstance(value, Tensor) else value
