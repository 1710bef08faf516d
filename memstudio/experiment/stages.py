"""The stages of a document: what is trained, on which stream, by whom, in which order, and who looks on."""

from __future__ import annotations

from dataclasses import dataclass

from memstudio.experiment.declarations import Port
from memstudio.experiment.document import Document, Wire
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.inference import Inferred, infer_wired
from memstudio.experiment.kinds import Kind, accepts
from memstudio.experiment.migrations import update
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.wiring import Wiring
from memstudio.experiment.wording import join, together


@dataclass(frozen=True)
class Stage:
    """One learner (or calibrator, unlearner ...) at work.

    name: what people call it; node: its id (what `stage=NODE` in a measure names); stream: id of the task it learns from;
    value_nodes: the value graph from what the task gives to the scores, in topological order, without the task;
    scores: `node.port` where the model's answer comes out; ensembles: what the model passes through on its way to the
    learner, from inside out; after: the stage whose trained model it takes up; probes: what measures its result.
    """

    name: str
    node: str
    stream: str
    value_nodes: tuple[str, ...]
    scores: str
    ensembles: tuple[str, ...]
    after: str | None
    probes: tuple[str, ...]


class Broken(Refusal):
    """Why a document is no chain of stages, and at which node (and port) that shows."""

    def __init__(self, node: str | None, port: str | None, sentence: str) -> None:
        self.node, self.port = node, port
        super().__init__(sentence)


def stages(document: Document, catalogue: Catalogue) -> list[Stage]:
    """The stages in the order in which they run. Raises Broken (a Refusal) where they make no chain."""
    wiring = Wiring(update(document, catalogue), catalogue)
    return chain(wiring, infer_wired(wiring))


def whole_chain(document: Document, catalogue: Catalogue, inferred: Inferred) -> tuple[Stage, ...]:
    """The stages of a document whose facts are inferred already; none where they make no chain (checking says why)."""
    try:
        return tuple(chain(Wiring(update(document, catalogue), catalogue), inferred))
    except Refusal:
        return ()


def stage_nodes(wiring: Wiring) -> list[str]:
    """The nodes that give a trained model, in document order."""
    return [id for id, entry in wiring.entries.items() if any(port.kind == Kind.TRAINED for port in entry.component.gives)]


def takes_up(wiring: Wiring, id: str) -> list[Wire]:
    """The wires by which a stage takes up what another has trained, through its first port that has one."""
    for port in wiring.entries[id].component.takes:
        wires = [wire for wire in wiring.into[id, port.name] if _given(wiring, wire) == Kind.TRAINED]
        if wires:
            return wires
    return []


def chain(wiring: Wiring, inferred: Inferred) -> list[Stage]:
    """The stages of wires that have been read already. Raises Broken."""
    nodes = stage_nodes(wiring)
    if not nodes:
        raise Broken(None, None, "Nothing is trained yet: add a learner after the readout.")
    for loop in wiring.loops:
        names = join(wiring.titles[id] for id in loop)
        raise Broken(loop[0], None, f"{names} lead back to where they begin; remove the wire that closes the loop.")
    after: dict[str, str] = {}
    for id in nodes:
        wires = takes_up(wiring, id)
        if len(wires) > 1:
            names = together(wiring.titles[wire.start_node] for wire in wires)
            sentence = f"{wiring.titles[id]} takes up one trained model; {names} give it one. Remove all wires but one."
            raise Broken(id, wires[0].end_port, sentence)
        if wires:
            after[id] = wires[0].start_node
    for id in nodes:
        followers = [one for one in nodes if after.get(one) == id]
        if len(followers) > 1:
            names = together(wiring.titles[one] for one in followers)
            sentence = f"{names} go on from {wiring.titles[id]}; stages follow one another, so put one after the other or remove one."
            raise Broken(followers[1], None, sentence)
    heads = [id for id in nodes if id not in after]
    if len(heads) > 1:
        names = together(wiring.titles[one] for one in heads)
        sentence = f"{names} begin with an untrained model; stages follow one another, so put one after the other or remove one."
        raise Broken(heads[1], None, sentence)
    found: list[Stage] = []
    here: str | None = heads[0]
    while here is not None:
        found.append(_stage(wiring, inferred, here, found[-1] if found else None))
        here = next((id for id in nodes if after.get(id) == here), None)
    return found


def _stage(wiring: Wiring, inferred: Inferred, id: str, before: Stage | None) -> Stage:
    title = wiring.titles[id]
    stream = inferred.streams.get(id)
    if stream is None:
        port = next((port.name for port in wiring.entries[id].component.takes if port.takes(Kind.STREAM)), None)
        raise Broken(id, port, f"{title} needs a stream; add a task, or say which one it learns from with a wire.")
    if before is None:
        scores, ensembles = _model(wiring, id)
        upstream = wiring.reached([scores.start_node], back=True)
        value_nodes = tuple(one for one in wiring.order if one in upstream and not _is_task(wiring, one))
        at = scores.start
    else:
        value_nodes, at, ensembles = before.value_nodes, before.scores, before.ensembles
    return Stage(title, id, stream, value_nodes, at, ensembles, before.node if before else None, _probes(wiring, id))


def _model(wiring: Wiring, learner: str) -> tuple[Wire, tuple[str, ...]]:
    """The wire that carries the scores of the model that reaches a learner, and the ensembles between, from inside out."""
    ensembles: list[str] = []
    here = learner
    while True:
        wire = _model_wire(wiring, here)
        if _given(wiring, wire) != Kind.MODEL:
            return wire, tuple(reversed(ensembles))
        here = wire.start_node
        ensembles.append(here)


def _model_wire(wiring: Wiring, id: str) -> Wire:
    ports = [port for port in wiring.entries[id].component.takes if port.takes(Kind.MODEL)] if id in wiring.entries else []
    wires = [(port, wire) for port in ports for wire in wiring.into[id, port.name]]
    if not wires:
        raise Broken(id, ports[0].name if ports else None, f"{wiring.titles[id]} has no model; connect the scores of a readout to it.")
    if len(wires) > 1:
        raise Broken(id, wires[1][0].name, f"{wiring.titles[id]} takes one model; {len(wires)} reach it. Remove all wires but one.")
    given = _given(wiring, wires[0][1])
    if given is None or not accepts(Kind.MODEL, given):
        raise Broken(id, wires[0][0].name, f"What reaches {wiring.titles[id]} is no model; connect the scores of a readout to it.")
    return wires[0][1]


def _probes(wiring: Wiring, stage: str) -> tuple[str, ...]:
    trained = [port for port in wiring.entries[stage].component.gives if port.kind == Kind.TRAINED]
    ends = [wire.end_node for port in trained for wire in wiring.out_of[stage, port.name]]
    return tuple(id for id in wiring.nodes if id in ends and id in wiring.entries and not _gives(wiring, id, Kind.TRAINED))


def _given(wiring: Wiring, wire: Wire) -> Kind | None:
    port: Port | None = wiring.gives(wire.start_node, wire.start_port)
    return port.kind if port else None


def _gives(wiring: Wiring, id: str, kind: Kind) -> bool:
    return any(port.kind == kind for port in wiring.entries[id].component.gives)


def _is_task(wiring: Wiring, id: str) -> bool:
    return id in wiring.entries and _gives(wiring, id, Kind.STREAM)
