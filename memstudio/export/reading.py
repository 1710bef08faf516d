"""Reads an exported model back: `load(folder)` gives something that answers. Nothing unpickles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from memstudio.components.catalogue import catalogue
from memstudio.components.runtime import Batch, Draws, Learner, Part, Stream
from memstudio.experiment.checking import check
from memstudio.experiment.document import Document
from memstudio.experiment.files import parse
from memstudio.experiment.packing import alone
from memstudio.experiment.parameters import Refusal
from memstudio.export import tensors
from memstudio.export.answering import LoadedModel
from memstudio.export.files import DOCUMENT, MODEL, STAGES, sum_of, sum_of_text
from memstudio.training import checkpoints, devices
from memstudio.training.graph import ValueGraph
from memstudio.training.program import Builder, Program, StageProgram

__all__ = ["LoadedModel", "load"]


def load(folder: str | Path, device: str = "cpu") -> LoadedModel:
    """The trained model in a folder that `memstudio export` wrote.

    device: "cpu", "cuda", "cuda:1", "mps" or "auto". Raises Refusal, one sentence: a missing, damaged or foreign file,
    a component that is not installed here, a device that is missing.
    """
    folder = Path(folder)
    weights = tensors.unpack(_read(folder, MODEL), f"{MODEL} in {folder}")
    document = _document(folder, weights.about)
    kept = _kept(folder, weights.about)
    program = _built(folder, document, device, with_data=bool(kept))
    stage = next((one for one in program.stages if one.name == weights.about.get("stage")), None)
    if stage is None:
        raise Refusal(f"{DOCUMENT} in {folder} has no stage {weights.about.get('stage')!r:.40}; export the run again.")
    try:
        stage.model.load(module_names(stage.graph, weights.tensors))
        changing = [_begun(one, program, kept[one.name]) for one in program.stages if one.name in kept]
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise Refusal(f"The weights in {folder} do not fit the document beside them ({error}); export the run again.") from error
    return LoadedModel(program, stage, changing, weights.about)


def module_names(graph: ValueGraph, named: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names that the built model gives them, which differ where torch uses a node's id itself."""
    found: dict[str, Tensor] = {}
    for name, tensor in named.items():
        node, _, rest = name.partition(".")
        found[f"{graph.keys.get(node, node)}.{rest}"] = tensor
    return found


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        there = f"There is no folder {folder}" if not folder.is_dir() else f"{folder} holds no {name}"
        raise Refusal(f"{there}; choose a folder that `memstudio export` has written.") from error
    except OSError as error:
        raise Refusal(f"{folder / name} cannot be read ({error.strerror or error}); check that you may open it.") from error


def _document(folder: Path, about: Mapping[str, Any]) -> Document:
    data = _read(folder, DOCUMENT)
    if sum_of_text(data) != about.get("document"):
        raise Refusal(f"{DOCUMENT} in {folder} has changed since the export, so it may not fit the weights; export the run again.")
    try:
        return parse(data.decode("utf-8-sig"), f"{DOCUMENT} in {folder}")
    except UnicodeDecodeError as error:
        raise Refusal(f"{DOCUMENT} in {folder} is not UTF-8 text; export the run again.") from error


def _kept(folder: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """The state of each learner that changes scores, by its node."""
    expected = about.get("stages")
    if expected is None:
        return {}
    data = _read(folder, STAGES)
    damaged = f"{STAGES} in {folder} is not the one that was exported; export the run again."
    if sum_of(data) != expected:
        raise Refusal(damaged)
    try:
        state, _ = checkpoints.unpack(data)
    except Refusal as error:
        raise Refusal(damaged) from error
    return state


def _built(folder: Path, document: Document, device: str, with_data: bool) -> Program:
    """The program of a document, with nothing learned. with_data: its data too, which learners that change scores may look at."""
    place = devices.choose(document.run.model_copy(update={"device": device}))
    for problem in check(alone(document), catalogue()):
        if problem.severity == "error":
            raise Refusal(f"The model in {folder} cannot be built here: {problem.reason}")
    return (Builder if with_data else WithoutData)(document, catalogue(), place).build()


def _begun(stage: StageProgram, program: Program, state: Mapping[str, Any]) -> Learner:
    stage.learner.begin(stage.model, stage.stream, program.place.device)
    stage.learner.load(state)
    return stage.learner


class WithoutData(Builder):
    """Builds models without making the data that they were trained on: loading a model elsewhere needs none."""

    def stream(self, node: str) -> Stream:
        """A stream that gives nothing."""
        return NoData()


class NoData(Stream):
    """What stands where a model's data would be."""

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """Raises Refusal."""
        raise without_data()

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """Raises Refusal."""
        raise without_data()

    def fingerprint(self) -> str:
        """Of nothing."""
        return ""

    def sample(self) -> dict[str, Any]:
        """Raises Refusal."""
        raise without_data()


def without_data() -> Refusal:
    """Why there are no data."""
    return Refusal("An exported model comes without its data; run its document to have them.")
