"""The loop: stage after stage, step after step; what is looked at, kept and obeyed on the way."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from memstudio.components.runtime import NonFinite
from memstudio.training import checkpoints
from memstudio.training.diagnosis import node_to_blame
from memstudio.training.failures import RunFailed, non_finite
from memstudio.training.looking import Looking, Looks, Writer
from memstudio.training.orders import EVERY, Orders
from memstudio.training.program import Program, StageProgram
from memstudio.training.pulse import Pulse
from memstudio.training.stage_key import about_end
from memstudio.training.times import Times
from memstudio.training.trained import StageTrained

#: seconds between checkpoints (design, section 6); time decides when to save, never what is computed
CHECKPOINT_SECONDS = 30.0
#: a checkpoint that takes long (a large model, a slow disk) waits for so many times its own time: it never takes over 2 %
SAVING_APART = 50.0
#: seconds a paused run is held in memory before its process ends and leaves it to a later one
HOLD_SECONDS = 900.0
#: seconds between reports of the step, where no point would tell it
PROGRESS_SECONDS = 0.25

End = Literal["finished", "stopped", "paused"]


@dataclass
class Position:
    """Where the loop stands. stage: index; done: steps of it; begun, ended: its first and last evaluation have been written."""

    stage: int = 0
    done: int = 0
    begun: bool = False
    ended: bool = False
    best: float | None = None
    best_step: int | None = None


class Loop:
    """Runs a program from where it stands to its end, or until it is told to pause or stop."""

    def __init__(
        self,
        program: Program,
        writer: Writer,
        orders: Orders,
        pulse: Pulse,
        *,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        self.program = program
        self.writer = writer
        self.orders = orders
        self.pulse = pulse
        self.position = Position()
        self._checkpoint_seconds = checkpoint_seconds
        self._hold_seconds = hold_seconds
        self._saved = time.monotonic()
        self._saving = 0.0
        self._told = 0.0
        self._best_model: dict[str, Tensor] | None = None
        self._began: set[str] = set()
        self._times = Times()
        self._norm_before: float | None = None

    @property
    def programs(self) -> Sequence[Program]:
        """The program of each run that is written, in the order of the writers."""
        return (self.program,)

    # ------------------------------------------------------------------------------------------ resuming

    def state(self) -> dict[str, Any]:
        """Everything an exact resume needs."""
        reached = self.program.stages[: self.position.stage + 1]
        return {
            "position": asdict(self.position),
            "models": {stage.name: stage.model.state() for stage in reached},
            "learners": {stage.name: stage.learner.state() for stage in reached if self._needs_learner(stage)},
            "probes": {stage.name: {node: probe.state() for node, probe in stage.probes.items()} for stage in reached},
            "streams": {stage.stage.stream: stage.stream.state() for stage in reached},
            "norm_before": self._norm_before,
            "data": dict(self.program.data),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave. Raises ValueError or KeyError where it is of another program or other data."""
        if state["data"] != self.program.data:
            raise ValueError("it was made with other data than the task gives now")
        self.position = Position(**state["position"])
        self._norm_before = state["norm_before"]
        reached = self.program.stages[: self.position.stage + 1]
        for stage in reached:
            stage.model.load(state["models"][stage.name])
            stage.stream.load(state["streams"][stage.stage.stream])
            for node, probe in stage.probes.items():
                probe.load(state["probes"][stage.name][node])
        for stage in reached:
            if stage.name in state["learners"]:
                self._begin(stage)
                stage.learner.load(state["learners"][stage.name])

    def _changing(self) -> dict[str, Any]:
        """The state of each learner that makes other scores of those of the model, in the order of the stages."""
        reached = self.program.stages[: self.position.stage + 1]
        return {stage.name: stage.learner.state() for stage in reached if stage.predicts}

    def _needs_learner(self, stage: StageProgram) -> bool:
        """Whether a stage's learner is still needed: while it learns, and for as long as it changes scores."""
        learning = stage is self.program.stages[self.position.stage] and not self.position.ended
        return learning or stage.predicts

    def _begin(self, stage: StageProgram) -> None:
        if stage.name not in self._began:
            self._began.add(stage.name)
            with self.pulse.working(f"Beginning {stage.name}", stage.name):
                device = self.program.place.device
                stage.learner.begin(stage.model, stage.stream, device)
                if stage.before is not None:
                    trained = StageTrained(stage.before, device, self.pulse.alive)
                    trained.now(stage.first_step, stage.met)
                    stage.learner.take_up(trained)

    # ------------------------------------------------------------------------------------------ the course of things

    def run(self) -> End:
        """Goes on to the end. Returns the state the run is in then; its checkpoint is written."""
        device = self.program.place.device
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            try:
                for index in range(self.position.stage, len(self.program.stages)):
                    if index > self.position.stage:
                        self.position = Position(stage=index)
                        self._best_model = None
                    self._stage(self.program.stages[index])
            except Ended as ended:
                return ended.state
        return "finished"

    def _stage(self, stage: StageProgram) -> None:
        if self.position.ended:
            return
        looking = self._look_at(stage)
        self._begin(stage)
        if not self.position.begun:
            looking.first()
            self.position.begun = True
        while self.position.done < stage.steps:
            self._obey()
            looking.step(self.position.done + 1, self._step(stage))
            self._after_step(stage, looking)
        self._last(stage, looking)

    def _look_at(self, stage: StageProgram) -> Looks:
        return Looking(self.program, stage, self.writer, self.pulse, self._times)

    def _step(self, stage: StageProgram) -> Mapping[str, float]:
        """The learner's next step, and what it says of it."""
        index = self.position.done
        step = stage.first_step + index + 1
        self.program.seed("step", stage.name, index)
        started = time.perf_counter()
        with self.pulse.working(f"Step {step:,}", stage.name):
            try:
                values = stage.learner.step(index)
            except NonFinite as error:
                raise RunFailed(non_finite(error, step, node_to_blame(self.program, stage, error), self._norm_before)) from error
        self._times.step(time.perf_counter() - started)
        self.position.done = index + 1
        self._norm_before = values.get("gradient_norm")
        return values

    def _after_step(self, stage: StageProgram, looking: Looks) -> None:
        done = self.position.done
        now = time.monotonic()
        if now - self._told >= PROGRESS_SECONDS:
            self._told = now
            self.writer.progress(stage.name, stage.first_step + done)
        if done == stage.steps:
            return  # the full evaluation comes next
        self._keep_best(stage, looking.during(done))
        if stage.ends_experience(done):
            self._save(f"checkpoint-end-{stage.name}-{stage.learner.experience_at(done)}")
        elif time.monotonic() - self._saved >= max(self._checkpoint_seconds, SAVING_APART * self._saving):
            self._save()

    def _last(self, stage: StageProgram, looking: Looks) -> None:
        """After the last step: everything on everything, and what is kept for good."""
        step = stage.first_step + stage.steps
        self._keep_best(stage, looking.last())
        self.writer.event("stage", f"{stage.name} has ended.", step, data={"stage": stage.name})
        if stage is self.program.stages[-1]:
            self._keep_model(stage, step)
        # last of all: once this is on the disk nothing before it is done again
        self.position.ended = True
        self._save(f"checkpoint-end-{stage.name}", self._about_end(stage))

    def _keep_model(self, stage: StageProgram, step: int) -> None:
        whole = {"model": stage.model.state(), "learners": self._changing()}
        self._artifact("model", checkpoints.pack(whole, self.about(step)), "model", step)

    def _about_end(self, stage: StageProgram) -> Mapping[str, Any] | None:
        return about_end(self.program, stage)

    def _keep_best(self, stage: StageProgram, loss: float | None) -> None:
        """Remembers the model where its validation loss is the lowest so far; not where its weights stay as they are.

        Each experience has a best of its own: what is judged grows with it, so the losses of an earlier one say nothing here.
        """
        if loss is None or not math.isfinite(loss):
            return
        if not self._is_better(stage, loss, self.position.best, self.position.best_step):
            return
        self.position.best, self.position.best_step = loss, self._global_step()
        # a copy in memory; it is written with the next checkpoint, without which it could not be resumed from anyway
        self._best_model = {name: tensor.detach().clone() for name, tensor in stage.model.state().items()}

    def _is_better(self, stage: StageProgram, loss: float, best: float | None, at: int | None) -> bool:
        """Whether a validation loss is below the best, of step `at`, of this experience."""
        if at is not None and self._experience_of(stage, at) < self._experience_of(stage, self._global_step()):
            best = None
        return stage.learner.changes_weights and (best is None or loss < best)

    def _experience_of(self, stage: StageProgram, step: int) -> int:
        """The experience that a step of the run learned from."""
        return stage.learner.experience_at(max(0, step - stage.first_step - 1))

    # ------------------------------------------------------------------------------------------ obeying and saving

    def _obey(self) -> None:
        while (order := self.orders.next()) is not None:
            verb, id = order
            if verb == "checkpoint":
                self._save()
                self.writer.event("checkpoint", "A checkpoint was written on request.", self._global_step())
            elif verb == "stop":
                self._save()
                self.orders.obeyed(id)
                raise Ended("stopped")
            elif verb in ("pause", "end"):
                self._save()
                self.orders.obeyed(id)
                if verb == "end":
                    self.writer.event("paused", "The process was asked to end; the run goes on when it is resumed.", self._global_step())
                    raise Ended("paused")
                self._pause()
                continue
            self.orders.obeyed(id)

    def _pause(self) -> None:
        """Holds still until told to go on; after a while leaves the run to a later process."""
        step = self._global_step()
        self.writer.event("paused", "The run was paused.", step)
        self.writer.state("paused")
        self.pulse.rest()
        until = time.monotonic() + self._hold_seconds
        while time.monotonic() < until:
            self.writer.flush()  # raises where another process has taken the run meanwhile
            order = self.orders.next()
            verb, id = order or (None, None)
            if verb in ("stop", "end"):
                self.orders.obeyed(id)
                raise Ended("stopped" if verb == "stop" else "paused")
            self.orders.obeyed(id)
            if verb == "resume":
                self.writer.state("running")
                self.writer.event("resumed", "The run goes on.", step)
                return
            time.sleep(EVERY)
        raise Ended("paused")

    def _save(self, name: str | None = None, meta: Mapping[str, Any] | None = None) -> None:
        """Writes the newest checkpoint (and under `name`, with `meta`, one that stays), after everything measured before it."""
        self.pulse.at("Writing a checkpoint", None)
        started = time.monotonic()
        step = self._global_step()
        self.writer.progress(self.program.stages[self.position.stage].name, step)
        self.writer.flush()
        data = checkpoints.pack(self.state(), self.about(step))
        self._save_best(step)
        if name is not None:
            self._artifact(name, data, "checkpoint", step, meta)
        self._artifact("checkpoint-last", data, "checkpoint", step)
        self._saved = time.monotonic()
        self._saving = self._saved - started

    def _save_best(self, step: int) -> None:
        """Writes the best model since the last checkpoint, where there was a better one."""
        if self._best_model is not None:
            best = checkpoints.pack({"model": self._best_model}, {**self.about(step), "step": self.position.best_step})
            stage = self.program.stages[self.position.stage]
            best_name = "model-best" if stage is self.program.stages[-1] else f"model-best-{stage.name}"
            self._artifact(best_name, best, "model", self.position.best_step, {"loss": self.position.best})
            self._best_model = None

    def about(self, step: int) -> dict[str, Any]:
        """What a checkpoint says of itself: where it stands, of which run, and what it was computed with."""
        stage = self.program.stages[self.position.stage]
        run, place = self.program.document.run, self.program.place
        return {
            "step": step,
            "stage": stage.name,
            "seed": self.program.draws.seed,
            "data_seed": self.program.draws.data_seed,
            "computed": {"torch": torch.__version__, "device": place.name, "threads": run.threads, "precision": run.precision},
        }

    def _artifact(self, name: str, data: bytes, kind: str, step: int | None, meta: Mapping[str, Any] | None = None) -> None:
        self.writer.artifact(name, data, kind, stage=self.program.stages[self.position.stage].name, step=step, meta=meta)

    def _global_step(self) -> int:
        return self.program.stages[self.position.stage].first_step + self.position.done


class Ended(Exception):
    """The run was told to end here; its checkpoint is written."""

    def __init__(self, state: End) -> None:
        self.state: End = state
        super().__init__(state)
