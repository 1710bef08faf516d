"""What is looked at while a stage learns, and in full at its end: probes, validation, raw outcomes; written under the stage's names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from memstudio.components.runtime import Curve, Measured
from memstudio.experiment.wording import counted
from memstudio.measures.names import measure_name, split_name
from memstudio.training import outcomes
from memstudio.training.program import Program, StageProgram
from memstudio.training.pulse import Pulse
from memstudio.training.times import Times
from memstudio.training.trained import StageTrained, summary

SECONDS, PROBE_SHARE = "seconds_per_step", "probe_share"
#: what a learner gives -> how it is named
TRAIN_NAMES: Mapping[str, str] = {"loss": "loss[split=train]", "accuracy": "accuracy[split=train]"}
#: series of the loop itself, which no probe may write into
OWN_NAMES = frozenset({SECONDS, PROBE_SHARE, *TRAIN_NAMES.values(), "learning_rate", "gradient_norm", "update_ratio"})

#: steps of a stage of which state pictures are kept at most (design, section 7)
PICTURE_STEPS = 200


class Writer(Protocol):
    """What the loop needs of the library's writer for one run."""

    def state(self, new: str) -> None: ...
    def points(self, step: int, values: Mapping[str, float]) -> None: ...
    def curve(self, step: int, curve: Curve) -> None: ...
    def event(self, kind: str, text: str, step: int | None = None, *, data: Any = None) -> None: ...
    def progress(self, stage: str, step: int) -> None: ...
    def artifact(
        self, name: str, data: bytes, kind: str, *, stage: str | None, step: int | None, meta: Mapping[str, Any] | None
    ) -> str: ...
    def flush(self) -> None: ...
    def commands(self) -> list[tuple[int, str]]: ...
    def done(self, id: int) -> None: ...


class Looks(Protocol):
    """What the loop needs of who looks; see Looking."""

    def first(self) -> None: ...
    def step(self, done: int, values: Mapping[str, float]) -> None: ...
    def during(self, done: int) -> float | None: ...
    def last(self) -> float | None: ...


class Looking:
    """Looks at one stage. Steps are the stage's own, from 1; what is written counts on from the stages before it."""

    def __init__(self, program: Program, stage: StageProgram, writer: Writer, pulse: Pulse, times: Times) -> None:
        self.program = program
        self.stage = stage
        self.writer = writer
        self.pulse = pulse
        self.times = times
        self.trained = StageTrained(stage, program.place.device, pulse.alive)
        self._labels: dict[str, str] = {}
        self._pictures_apart = _pictures_apart(stage)
        self._budget = self._planned(outcomes.keep(program.document.run.keep))

    def _planned(self, kept: outcomes.Keep) -> outcomes.Budget:
        stage = self.stage
        with self.pulse.working("Making the test data", stage.stage.stream):
            parts = self.trained.parts("test") if kept.megabytes else ()
        share = 1 / len(self.program.stages)
        return outcomes.plan(parts, stage.model.members, stage.classes, stage.steps, kept, share, stage.ends)

    # ------------------------------------------------------------------------------------------ when

    def first(self) -> None:
        """Before the first step: what an untrained model shows. A later stage starts where the one before it ended."""
        step = self.stage.first_step
        self.writer.event("stage", f"{self.stage.name} begins: {counted(self.stage.steps, 'step')}.", step, data={"stage": self.stage.name})
        if self._budget.said:
            self.writer.event("outcomes", self._budget.said, step, data={"stage": self.stage.name})
        if step == 0:
            self._now(0)
            with self.times.probing():
                self._write(self._probe(list(self.stage.probes), full=False, pictures=True))

    def step(self, done: int, values: Mapping[str, float]) -> None:
        """After a step: what the learner said of it, and how long steps take."""
        self._now(done)
        self._write(
            {
                **{self._name(TRAIN_NAMES.get(name, name)): value for name, value in values.items()},
                self._name(SECONDS): self.times.seconds_per_step,
                self._name(PROBE_SHARE): self.times.probe_share,
            }
        )

    def during(self, done: int) -> float | None:
        """What is due after so many steps (everything, where an experience has been learned); the validation loss, where it was."""
        stage = self.stage
        if stage.ends_experience(done):
            ended = stage.learner.experience_at(done - 1) + 1
            words = f"Task {ended} has been learned; task {ended + 1} begins."
            self.writer.event("boundary", words, stage.first_step + done, data={"stage": stage.name, "task": ended + 1})
            return self._everything()
        due = [node for node, probe in stage.probes.items() if done % probe.every == 0]
        validate = stage.validate_every > 0 and done % stage.validate_every == 0
        if not (due or validate or done in self._budget.steps):
            return None
        with self.times.probing():
            self._write(self._probe(due, full=False, pictures=done % self._pictures_apart == 0))
            loss = self._validate() if validate else None
            if done in self._budget.steps:
                self._keep_outcomes(self._budget.snapshot_items)
        return loss

    def last(self) -> float | None:
        """After the last step: everything; the validation loss."""
        self._now(self.stage.steps)
        return self._everything()

    def _everything(self) -> float:
        """Every probe in full, the whole test and validation; the validation loss."""
        with self.times.probing():
            seen = self._probe(list(self.stage.probes), full=True, pictures=True)
            with self.pulse.working(f"Evaluating {self.stage.name}", self.stage.name):
                whole = self._named(summary(self.trained.judged("test"), {}))
            self._write({**whole, **seen})
            loss = self._validate()
            if self._budget.stride:
                self._keep_outcomes(None, self._budget.stride)
        return loss

    def _now(self, done: int) -> None:
        own = self.stage.learner.experience_at(max(0, done - 1))
        self.trained.now(self.stage.first_step + done, max(own, self.stage.met))
        self.trained.seconds_per_step = self.times.seconds_per_step

    # ------------------------------------------------------------------------------------------ what

    def _probe(self, due: Sequence[str], full: bool, pictures: bool) -> dict[str, float]:
        """What the probes see: curves are written, values returned."""
        seen = Measured()
        for node in due:
            # a probe that draws must not change what the training draws, nor what another probe does
            self.program.seed("probe", node, self.trained.step)
            with self.pulse.working(f"Probe {node}", node):
                seen = seen + self.stage.probes[node].measure(self.trained, full)
        for curve in seen.curves:
            if pictures or curve.kind != "picture":
                self.writer.curve(self.trained.step, replace(curve, name=self._name(curve.name)))
        return self._named({name: value for name, value in seen.values.items() if name not in OWN_NAMES})

    def _validate(self) -> float:
        """Loss and accuracy on validation of what has been met, written; the loss (NaN without validation items)."""
        with self.pulse.working("Validation", self.stage.name):
            met = range(self.trained.experience + 1)
            values = summary(self.trained.judged("validation", experiences=met), {"split": "validation"})
        self._write(self._named(values))
        return values.get(measure_name("loss", {"split": "validation"}), math.nan)

    def _keep_outcomes(self, items: int | None, stride: int = 1) -> None:
        """Full logits as an artifact: of `items` items of each main part, or of everything together with the targets."""
        answered = [judged.outcome for judged in self.trained.judged("test", items, main_only=items is not None)]
        data, meta = outcomes.pack_scores(answered, stride, items=self.stage.learner.stored() is not None)
        step, stage = self.trained.step, self.stage.name
        if items is None:
            targets, sha = outcomes.pack_targets(self.trained.parts("test"))
            self.writer.artifact(f"targets-{sha[:12]}", targets, "targets", stage=stage, step=step, meta=None)
            meta["targets"] = sha
        about = {**meta, "items": items, "stage": stage, "data": dict(self.program.data)}
        self.writer.artifact(f"outcomes-{stage}-{step:08d}", data, "outcomes", stage=stage, step=step, meta=about)

    # ------------------------------------------------------------------------------------------ names

    def _write(self, values: Mapping[str, float]) -> None:
        if values:
            self.writer.points(self.trained.step, values)

    def _named(self, values: Mapping[str, float]) -> dict[str, float]:
        return {self._name(name): value for name, value in values.items()}

    def _name(self, name: str) -> str:
        """A measure's name with the label of its stage, worked out once."""
        if not self.stage.label:
            return name
        if name not in self._labels:
            bare, labels = split_name(name)
            self._labels[name] = measure_name(bare, labels, **self.stage.label)
        return self._labels[name]


def _pictures_apart(stage: StageProgram) -> int:
    """Steps between two of at most 200 at which state pictures are kept, evenly spread."""
    every = min((probe.every for probe in stage.probes.values()), default=1)
    return every * math.ceil(stage.steps / every / PICTURE_STEPS)
