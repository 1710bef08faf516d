"""The loop of a pack: one step for all its runs, and for each its own probes, series, models and best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from memstudio.components.runtime import NonFinite
from memstudio.library import RunWriter
from memstudio.training import checkpoints
from memstudio.training.diagnosis import node_to_blame
from memstudio.training.failures import RunFailed, non_finite
from memstudio.training.looking import Looking, Looks
from memstudio.training.loop import Loop
from memstudio.training.orders import Orders
from memstudio.training.pack import PACK, WRITTEN, Pack, Seeds
from memstudio.training.pack_writer import PackWriter
from memstudio.training.program import Program, StageProgram
from memstudio.training.pulse import Pulse


class PackLooking:
    """Looks at each run that is written. losses: of the newest look at validation, in the order of the writers."""

    def __init__(self, looking: Sequence[Looking], members: Sequence[int]) -> None:
        self.losses: list[float | None] = []
        self._looking = looking
        self._members = members

    def first(self) -> None:
        """Before the first step."""
        for one in self._looking:
            one.first()

    def step(self, done: int, values: Mapping[str, float]) -> None:
        """After a step: what the learner said of each member."""
        of_each = self._looking[0].stage.learner.of_each()
        for member, one in zip(self._members, self._looking, strict=True):
            one.step(done, of_each[member])

    def during(self, done: int) -> float | None:
        """What is due after so many steps; a validation loss where there was one."""
        return self._looked([one.during(done) for one in self._looking])

    def last(self) -> float | None:
        """After the last step: everything."""
        return self._looked([one.last() for one in self._looking])

    def _looked(self, losses: list[float | None]) -> float | None:
        self.losses = losses
        return next((loss for loss in losses if loss is not None), None)


class PackLoop(Loop):
    """Steps all runs of a pack; those that have a writer are looked at and written, the others (finished before) go along.

    members: the place of each writer's run in the pack.
    """

    def __init__(self, pack: Pack, writer: PackWriter, orders: Orders, pulse: Pulse, **seconds: float) -> None:
        super().__init__(pack.whole, writer, orders, pulse, **seconds)
        self.pack = pack
        self._writers: Sequence[RunWriter] = writer.writers
        self.members = [pack.seeds.index(seeds_of(one)) for one in writer.writers]
        self._bests: list[tuple[float | None, int | None]] = [(None, None)] * len(pack.seeds)
        self._best_models: dict[int, dict[str, Tensor]] = {}
        self._now: PackLooking | None = None

    @property
    def programs(self) -> Sequence[Program]:
        """The program of each run that is written, in the order of the writers."""
        return [self.pack.members[member] for member in self.members]

    def state(self) -> dict[str, Any]:
        """Everything an exact resume needs, of all runs of the pack."""
        return {**super().state(), "bests": [list(best) for best in self._bests]}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave. Raises ValueError or KeyError where it is of another program or other data."""
        super().load(state)
        self._bests = [(loss, step) for loss, step in state["bests"]]

    def about(self, step: int) -> dict[str, Any]:
        """What a checkpoint says of itself: as that of a run, whose seeds it holds, and which of these runs can go on from it."""
        seeds = [list(one) for one in self.pack.seeds]
        return {**super().about(step), PACK: seeds, WRITTEN: [seeds[member] for member in self.members]}

    def _about_member(self, member: int, step: int | None) -> dict[str, Any]:
        """What a model says of itself that is one run's own."""
        seed, data_seed = self.pack.seeds[member]
        return {**super().about(step or 0), "seed": seed, "data_seed": data_seed}

    def _look_at(self, stage: StageProgram) -> Looks:
        looking = [
            Looking(program, program.stages[0], writer, self.pulse, self._times)
            for program, writer in zip(self.programs, self._writers, strict=True)
        ]
        self._now = PackLooking(looking, self.members)
        return self._now

    def _step(self, stage: StageProgram) -> Mapping[str, float]:
        """The learner's next step; what cannot go on is blamed on the run it happened to."""
        try:
            return super()._step(stage)
        except RunFailed as error:
            cause = error.__cause__
            if not isinstance(cause, NonFinite):
                raise
            seed = self.pack.seeds[cause.member][0]
            step = stage.first_step + self.position.done + 1
            cause.args = (f"Of the seeds that are trained in one pass, seed {seed:,} went wrong, and all end with it: {cause}",)
            failure = non_finite(cause, step, node_to_blame(self.program, stage, cause), self._norm_before)
            raise RunFailed(failure) from cause

    def _keep_model(self, stage: StageProgram, step: int) -> None:
        for member, writer in zip(self.members, self._writers, strict=True):
            whole = {"model": self._own(member), "learners": {}}
            data = checkpoints.pack(whole, self._about_member(member, step))
            writer.artifact("model", data, "model", stage=stage.name, step=step)

    def _about_end(self, stage: StageProgram) -> Mapping[str, Any] | None:
        # without a key: what a pack has trained is never taken over by a run outside it
        return None

    def _keep_best(self, stage: StageProgram, loss: float | None) -> None:
        """Remembers the model of each run where its own validation loss is the lowest so far."""
        if loss is None or self._now is None:
            return
        for member, own in zip(self.members, self._now.losses, strict=True):
            if own is not None and math.isfinite(own) and self._is_better(stage, own, *self._bests[member]):
                self._bests[member] = (own, self._global_step())
                self._best_models[member] = {name: tensor.detach().clone() for name, tensor in self._own(member).items()}

    def _save_best(self, step: int) -> None:
        for member, writer in zip(self.members, self._writers, strict=True):
            if member in self._best_models:
                loss, at = self._bests[member]
                data = checkpoints.pack({"model": self._best_models.pop(member)}, self._about_member(member, at))
                stage = self.program.stages[self.position.stage]
                writer.artifact("model-best", data, "model", stage=stage.name, step=at, meta={"loss": loss})

    def _own(self, member: int) -> dict[str, Tensor]:
        return self.pack.members[member].stages[0].model.state()


def seeds_of(writer: RunWriter) -> Seeds:
    """The seeds of the run that a writer writes."""
    return writer.lease.seed, writer.lease.data_seed
