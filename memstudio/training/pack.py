"""A pack: the runs of one cell as members of one model with stacked weights, each with its own seeds, data and probes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from memstudio.components.runtime import Batch, Draws, Graph, Model, Part, ReadModel, Stream
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, load_object
from memstudio.experiment.parameters import Refusal
from memstudio.training.devices import Place
from memstudio.training.program import Program, build, no_library

#: the component that stacks members; it is built as a document would build it
STACKING = "ensemble.deep_ensemble"
#: key of what a checkpoint says of itself: [seed, data seed] of each run whose weights are stacked in it
PACK = "pack"
#: and of those runs the ones that were measured up to its step; the others had ended, or stood still, and went along
WRITTEN = "written"

Seeds = tuple[int, int]


@dataclass(frozen=True)
class Pack:
    """whole: the program that is stepped, its model with a member for each run; members: the program of each run, to be judged by.

    The weights of a member are views into those of the whole, and all have one learner.
    """

    whole: Program
    members: tuple[Program, ...]
    seeds: tuple[Seeds, ...]


class PackedStream(Stream):
    """The streams of the runs of a pack: whoever's draws are asked with gets that run's data."""

    def __init__(self, streams: Mapping[Draws, Stream]) -> None:
        self._streams = dict(streams)
        first = next(iter(self._streams.values()))
        self.experiences, self.chance, self.unbiased = first.experiences, first.chance, first.unbiased

    def batch(self, step: int, size: int, draws: Draws, experience: int = 0) -> Batch:
        """The training batch of one run. KeyError for draws of none of them."""
        return self._streams[draws].batch(step, size, draws, experience)

    def parts(self, split: str, experience: int = 0) -> Sequence[Part]:
        """Raises Refusal: each run is judged on its own data."""
        raise Refusal("The runs of a pack have data of their own; ask the stream of one of them.")

    def fingerprint(self) -> str:
        """The sha256 of each run's data, one after the other."""
        return " ".join(stream.fingerprint() for stream in self._streams.values())

    def sample(self) -> dict[str, Any]:
        """A sample of the first run's data."""
        return next(iter(self._streams.values())).sample()

    def state(self) -> dict[str, Any]:
        """What each keeps, in order."""
        return {"streams": [stream.state() for stream in self._streams.values()]}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave."""
        for stream, own in zip(self._streams.values(), state["streams"], strict=True):
            stream.load(own)


def build_pack(document: Document, seeds: Sequence[Seeds], catalogue: Catalogue, place: Place, read: ReadModel = no_library) -> Pack:
    """The programs of a document (of one run) with each of these seeds (weights, data), their weights stacked. Raises Refusal."""
    run = document.run
    of_each = [run.model_copy(update={"seed": seed, "data_seed": data_seed}) for seed, data_seed in seeds]
    members = [build(document.model_copy(update={"run": own}), catalogue, place, read) for own in of_each]
    stages = [program.stages[0] for program in members]
    first = stages[0]
    draws = [program.draws for program in members]

    def make(member: int) -> Graph:
        return stages[member].graph

    # past its declared values: a pack may have one run left, and any number of them
    stacking = load_object(catalogue.entry(STACKING).component.implementation)
    model: Model = stacking(members=len(seeds), own_batches=True, combination="probabilities", make=make, draws=draws[0])
    model.draws = tuple(draws)
    whole_stage = replace(
        first,
        stream=PackedStream(dict(zip(draws, (stage.stream for stage in stages), strict=True))),
        model=model,
        probes={f"{number}.{node}": probe for number, stage in enumerate(stages) for node, probe in stage.probes.items()},
    )
    data = {f"{number}.{uid}": sha for number, program in enumerate(members) for uid, sha in program.data.items()}
    whole = Program(members[0].document, members[0].inferred, draws[0], place, [whole_stage], data)
    for number, stage in enumerate(stages):
        stage.learner = first.learner
        _look_into(stage.graph, model.state(), number)
    return Pack(whole, tuple(members), tuple(seeds))


def _look_into(graph: Graph, stacked: Mapping[str, Tensor], member: int) -> None:
    """Makes the weights and buffers of a graph views into the stacked ones, so that it is the member as it stands."""
    for name, parameter in graph.named_parameters():
        parameter.data = stacked[name][member]
    for name, _ in list(graph.named_buffers()):
        owner, _, leaf = name.rpartition(".")
        setattr(graph.get_submodule(owner), leaf, stacked[name][member])


def member_of(state: Mapping[str, Any], seeds: Sequence[Sequence[int]], mine: Seeds) -> dict[str, Any]:
    """What a checkpoint of a run by itself would hold of its models, out of one that the whole pack shares. Raises Refusal."""
    if list(mine) not in [list(one) for one in seeds]:
        raise Refusal(f"This checkpoint is of a pack without seed {mine[0]:,}; use one of the run itself.")
    member = [list(one) for one in seeds].index(list(mine))
    models = {stage: {name: tensor[member] for name, tensor in model.items()} for stage, model in state["models"].items()}
    return {"models": models, "learners": {}}
