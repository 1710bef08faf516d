"""A trained model built anew from what its run kept, in this process and on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Document
from memstudio.experiment.parameters import Refusal
from memstudio.export.answering import LoadedModel
from memstudio.export.choosing import Chosen
from memstudio.library import ArtifactRow, Library
from memstudio.training import checkpoints, devices
from memstudio.training.pack import PACK, member_of
from memstudio.training.program import Program, StageProgram, build


@dataclass(frozen=True)
class Rebuilt:
    """A model as its checkpoint left it. kept: the state of each learner that changes its scores, by node."""

    model: LoadedModel
    program: Program
    stage: StageProgram
    kept: Mapping[str, Any]


def rebuilt(library: Library, chosen: Chosen, document: Document) -> Rebuilt:
    """The chosen model of a run with this document. Raises Refusal."""
    state = _unpacked(library, chosen.checkpoint, document)
    best = None if chosen.best is None else _unpacked(library, chosen.best, document)["model"]
    return from_state(document, state, chosen.stage, best)


def _unpacked(library: Library, artifact: ArtifactRow, document: Document) -> dict[str, Any]:
    """What an artifact of a run holds; of a checkpoint that its whole pack shares, the run's own part."""
    try:
        state, about = checkpoints.unpack(library.read_artifact(artifact.sha256))
        if PACK not in about:
            return state
        run = document.run
        return member_of(state, about[PACK], (run.seed, run.seed if run.data_seed is None else run.data_seed))
    except Refusal as error:
        if not artifact.path.exists():
            raise Refusal(
                f"The file of {artifact.name} is not there any more: a run at work has put another in its place, and exporting again "
                f"finds that one, or {artifact.path} was deleted and comes back from a backup only."
            ) from error
        raise Refusal(f"The model {artifact.name} cannot be exported: {error}") from error


def from_state(document: Document, state: Mapping[str, Any], last: str, best: Mapping[str, Any] | None = None) -> Rebuilt:
    """The model of the stage `last` in a loop's state, or in {model, learners} of its end. best: weights in place of those in it.

    The process computes as the run did (threads, determinism) from then on. Raises Refusal.
    """
    run = document.run.model_copy(update={"device": "cpu"})
    place = devices.choose(run)
    devices.prepare(run, place)
    program = build(document, catalogue(), place)
    names = [stage.name for stage in program.stages]
    if last not in names:
        raise Refusal(f"The checkpoint is of the stage {last!r:.60}, which the run's document does not have.")
    reached = program.stages[: names.index(last) + 1]
    stage, changing = reached[-1], [one for one in reached if one.predicts]
    if best is not None and stage in changing:
        raise Refusal(f"{last} changes the scores, and how it did so at its best step was not kept; export the last model.")
    # of a run that has ended only the last model is needed; stages that go on from each other train one and the same
    models = state["models"] if "models" in state else {last: state["model"]}
    try:
        for one in reached:
            if one.name in models:
                one.model.load(models[one.name])
        if best is not None:
            stage.model.load(best)
        for one in changing:
            one.learner.begin(one.model, one.stream, place.device)
            one.learner.load(state["learners"][one.name])
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise Refusal(f"The checkpoint does not fit this version of the program ({error}); run it again, then export it.") from error
    model = LoadedModel(program, stage, [one.learner for one in changing], {})
    return Rebuilt(model, program, stage, {one.name: one.learner.state() for one in changing})
