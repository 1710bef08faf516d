"""A document made runnable: streams, graphs, models, learners and probes of every stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from memstudio.components.runtime import Draws, Graph, Learner, Model, Probe, ReadModel, Stream, derived_seed
from memstudio.experiment.checking import check
from memstudio.experiment.declarations import Cost
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, Configured
from memstudio.experiment.inference import Inferred, infer
from memstudio.experiment.kinds import Kind
from memstudio.experiment.packing import alone
from memstudio.experiment.parameters import Artifact, Refusal
from memstudio.experiment.stages import Stage, stages
from memstudio.training.devices import Place
from memstudio.training.failures import at, blame
from memstudio.training.graph import Origin, Part, ValueGraph
from memstudio.training.single import SingleModel


@dataclass
class StageProgram:
    """One stage, built. first_step: steps of the stages before it; label: what its measures carry in brackets.

    cost: predicted parameters and state bytes of all members; graph: a graph of the model, for its readout and its nodes;
    classes: scores a target has; before: the stage whose trained model this one takes up.
    """

    stage: Stage
    stream: Stream
    graph: ValueGraph
    model: Model
    learner: Learner
    probes: Mapping[str, Probe]
    first_step: int
    label: Mapping[str, str]
    cost: Cost
    validate_every: int
    classes: int
    before: StageProgram | None = None

    @property
    def steps(self) -> int:
        """Steps of this stage."""
        return self.learner.steps

    @property
    def name(self) -> str:
        """The node that trains: by it the stage is known."""
        return self.stage.node

    def predict(self, scores: Tensor, allowed: Tensor | None = None) -> Tensor:
        """What the scores of the model become before they are judged, stage after stage."""
        before = scores if self.before is None else self.before.predict(scores, allowed)
        return self.learner.predict(before, allowed)

    @property
    def predicts(self) -> bool:
        """Whether the learner changes scores, and so is still needed once it has ended."""
        return self.learner.changes_scores

    def ends_experience(self, done: int) -> bool:
        """Whether after so many steps an experience has been learned and another one follows."""
        return 0 < done < self.steps and self.learner.experience_at(done) > self.learner.experience_at(done - 1)

    @property
    def met(self) -> int:
        """The last experience, counted from 0, that stages before this one learned from the same stream; 0 where there is none."""
        before = self.before
        if before is None or before.stage.stream != self.stage.stream:
            return 0
        return max(before.met, before.learner.experience_at(max(0, before.steps - 1)))

    @property
    def ends(self) -> int:
        """How often everything is judged in full: at the end of each experience."""
        return self.learner.experience_at(max(0, self.steps - 1)) - self.learner.experience_at(0) + 1


@dataclass
class Program:
    """A document, built for a place. data: sha256 of the data by uid of the task; uids: of each node by its id."""

    document: Document
    inferred: Inferred
    draws: Draws
    place: Place
    stages: list[StageProgram] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for stage in self.stages)

    def uid(self, node: str) -> str:
        """The uid by which draws of a node are seeded."""
        return self.document.node(node).uid

    def seed(self, purpose: str, node: str, step: int) -> None:
        """Seeds torch's global generators (dropout), so that nothing depends on what was drawn before."""
        seed = derived_seed(self.draws.seed, purpose, self.uid(node), step)
        # torch.manual_seed does the same for every kind of device there is, which takes far longer
        torch.default_generator.manual_seed(seed)
        if self.place.device.type == "cuda":
            torch.cuda.manual_seed_all(seed)
        elif self.place.device.type == "mps":
            torch.mps.manual_seed(seed)


def no_library(sha256: str) -> Mapping[str, Tensor]:
    """Raises Refusal: a program that was built by itself has no models of earlier runs."""
    raise Refusal(f"There is no library here to take the model {sha256[:12]} from; run the experiment in one.")


def build(document: Document, catalogue: Catalogue, place: Place, read: ReadModel = no_library) -> Program:
    """The program of a document (of one run: nothing varies any more), with its seeds.

    read: gives the weights of models that earlier runs have kept. Raises Refusal, blamed on its node, for what the check finds wrong.
    """
    # a claim speaks of all cells of a study, and so does what seeds share; this is one run
    for problem in check(alone(document), catalogue):
        if problem.severity == "error":
            error = Refusal(problem.reason)
            if problem.node is not None:
                blame(error, problem.node)
            raise error
    return Builder(document, catalogue, place, read).build()


class Builder:
    """Builds the stages of a document; nodes that two graphs share are built once and share their weights."""

    def __init__(self, document: Document, catalogue: Catalogue, place: Place, read: ReadModel = no_library) -> None:
        seed = document.run.seed
        draws = Draws(seed, seed if document.run.data_seed is None else document.run.data_seed)
        self.document = document
        self.catalogue = catalogue
        self.read = read
        self.inferred = infer(document, catalogue)
        self.program = Program(document, self.inferred, draws, place)
        self._modules: dict[str, nn.Module] = {}
        self._streams: dict[str, Stream] = {}
        self._models: dict[tuple[str, tuple[str, ...]], tuple[Model, ValueGraph]] = {}

    def build(self) -> Program:
        """The whole program, its data made."""
        found = stages(self.document, self.catalogue)
        if not found:
            raise Refusal("Nothing here learns: add a learner and give it a model.")
        first = 0
        for position, stage in enumerate(found):
            built = self._stage(stage, first, last=position == len(found) - 1)
            self.program.stages.append(built)
            first += built.steps
        for node, stream in self._streams.items():
            with at(node):
                self.program.data[self.program.uid(node)] = stream.fingerprint()
        return self.program

    def _stage(self, stage: Stage, first: int, last: bool) -> StageProgram:
        stream = self.stream(stage.stream)
        model, graph = self._model(stage)
        with at(stage.node):
            learner = self._make(stage.node, draws=self.program.draws, uid=self.program.uid(stage.node))
        probes: dict[str, Probe] = {}
        for node in stage.probes:
            with at(node):
                probes[node] = self._make(node)
        asked = self.inferred.inputs[stage.node].targets
        cost = sum((self.inferred.cost[node] for node in stage.value_nodes), Cost()).times(model.members)
        return StageProgram(
            stage=stage,
            stream=stream,
            graph=graph,
            model=model,
            learner=learner,
            probes=probes,
            first_step=first,
            label={} if last else {"stage": stage.node},
            cost=cost,
            validate_every=int(self.inferred.configured[stage.node].values.get("validate_every", 0)),
            classes=asked.size if asked else 1,
            before=next((one for one in self.program.stages if one.name == stage.after), None),
        )

    def _make(self, node: str, **more: Any) -> Any:
        configured, sizes = self._configured(node)
        if any(isinstance(parameter, Artifact) and parameter.kind == "model" for parameter in configured.entry.component.parameters):
            more["read"] = self.read
        return configured.build(**sizes, **more)

    def _configured(self, node: str) -> tuple[Configured, dict[str, Any]]:
        configured = self._configured_at(node)
        return configured, configured.sizes(self.inferred.inputs[node])

    def _configured_at(self, node: str) -> Configured:
        """A node with its values. Raises Refusal where its component is not there or its values cannot be used."""
        configured = self.inferred.configured.get(node)
        if configured is None:
            raise Refusal(f"{node} cannot be built yet; mend what the problems say of it.")
        return configured

    def stream(self, node: str) -> Stream:
        """The stream of a task, built once."""
        if node not in self._streams:
            with at(node):
                self._streams[node] = self._make(node, draws=self.program.draws, uid=self.program.uid(node))
        return self._streams[node]

    def _model(self, stage: Stage) -> tuple[Model, ValueGraph]:
        key = (stage.scores, tuple(stage.ensembles))
        if key not in self._models:
            self._models[key] = self._new_model(stage)
        return self._models[key]

    def _new_model(self, stage: Stage) -> tuple[Model, ValueGraph]:
        draws = self.program.draws
        if not stage.ensembles:
            graph = self.graph(stage, draws, shared=True)
            return SingleModel(graph, draws), graph
        if len(stage.ensembles) > 1:
            outer = stage.ensembles[1]
            error = Refusal(f"{outer} is an ensemble of the ensemble {stage.ensembles[0]}; use one ensemble with more members.")
            blame(error, outer)
            raise error
        node = stage.ensembles[0]

        def make(member: int) -> Graph:
            return self.graph(stage, draws.member(member), shared=False)

        with at(node):
            model: Model = self._make(node, make=make, draws=draws)
        return model, self.graph(stage, draws, shared=False)

    def graph(self, stage: Stage, draws: Draws, shared: bool) -> ValueGraph:
        """The value graph of a stage with the weights that `draws` give; shared: the same modules as other such graphs."""
        parts = [self._part(node, stage) for node in stage.value_nodes]
        known = self._modules if shared else {}
        for node in stage.value_nodes:
            if node not in known:
                known[node] = self._module(node, draws)
        score_node, _, score_port = stage.scores.rpartition(".")
        with at(score_node):
            graph = ValueGraph(parts, known, (score_node, score_port), self.program.place.precision)
        return graph.to(self.program.place.device)

    def _module(self, node: str, draws: Draws) -> nn.Module:
        """A node's module. Its weights depend on the seed and its own uid only: other nodes may change."""
        with at(node), draws.global_seed("weights", self.program.uid(node)):
            module = self._make(node)
        if not isinstance(module, nn.Module):
            raise TypeError(f"{node} should build a torch module, not a {type(module).__name__}.")
        return module

    def _part(self, node: str, stage: Stage) -> Part:
        entry = self._configured_at(node).entry
        component, family = entry.component, entry.family
        ports: list[tuple[bool, tuple[Origin, ...]]] = []
        for port in component.takes:
            wires = [wire for wire in self.document.into(node, port.name) if self._carries_values(wire.start)]
            if wires:
                origins = tuple(self._origin(wire.start_node, wire.start_port, stage) for wire in wires)
                ports.append((port.many, origins))
        gives = tuple(port.name for port in component.gives if port.kind.is_value)
        return Part(node, tuple(ports), gives, family.stateful)

    def _carries_values(self, start: str) -> bool:
        node, _, port = start.rpartition(".")
        outputs = self.inferred.outputs.get(node, {})
        return port in outputs and outputs[port].kind not in (Kind.STREAM, Kind.MODEL, Kind.TRAINED)

    def _origin(self, node: str, port: str, stage: Stage) -> Origin:
        """A task's values are the inputs of its batches; a stage on another task still feeds them in there."""
        return (node, port) if node in stage.value_nodes else None
