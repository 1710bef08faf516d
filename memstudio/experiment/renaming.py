"""What follows a node when it gets another id: wires, axes, claims, and parameters that name it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from memstudio.experiment.document import Axis, Case, Document, Run, Statement, Wire
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import NodeName


def renamed_wire(wire: Wire, names: Mapping[str, str]) -> Wire:
    """The wire between the nodes as they are called now (old id -> new id)."""
    if wire.start_node not in names and wire.end_node not in names:
        return wire
    start, end = names.get(wire.start_node, wire.start_node), names.get(wire.end_node, wire.end_node)
    return wire.model_copy(update={"start": f"{start}.{wire.start_port}", "end": f"{end}.{wire.end_port}"})


def renamed_address(address: str, old: str, new: str) -> str:
    """The address at the node as it is called now."""
    node, dot, rest = address.partition(".")
    return f"{new}{dot}{rest}" if node == old else address


def renamed_axis(axis: Axis, old: str, new: str) -> Axis:
    """The axis with every address at the node as it is called now."""

    def case(one: Case) -> Case:
        return one.model_copy(update={"set": {renamed_address(at, old, new): value for at, value in one.set.items()}})

    return axis.model_copy(
        update={
            "cases": None if axis.cases is None else [case(one) for one in axis.cases],
            "set": None if axis.set is None else renamed_address(axis.set, old, new),
            "match": axis.match and axis.match.model_copy(update={"width": renamed_address(axis.match.width, old, new)}),
            "tuned": axis.tuned and axis.tuned.model_copy(update={"by": renamed_measure(axis.tuned.by, old, new)}),
        }
    )


def renamed_run(run: Run, old: str, new: str) -> Run:
    """The run with every address and measure at the node as it is called now."""
    rule = run.hopeless and run.hopeless.model_copy(update={"measure": renamed_measure(run.hopeless.measure, old, new)})
    return run.model_copy(update={"vary": [renamed_axis(axis, old, new) for axis in run.vary], "hopeless": rule})


def renamed_measure(measure: str, old: str, new: str) -> str:
    """The measure of the stage as it is called now: a stage is named by its node, `nll[stage=calibrate]`."""
    return re.sub(rf"(?<=[\[,]stage=){re.escape(old)}(?=[\],])", new, measure)


def renamed_statement(statement: Statement, old: str, new: str) -> Statement:
    """The statement with every measure of the stage as it is called now."""
    sides = {
        name: side.model_copy(update={"measure": renamed_measure(side.measure, old, new)})
        for name, side in (("left", statement.left), ("right", statement.right))
        if not isinstance(side, float)
    }
    return statement.model_copy(update=sides)


def follow(document: Document, names: Mapping[str, str], catalogue: Catalogue, only: set[str] | None = None) -> Document:
    """The document with parameters that name a renamed node following it (of the nodes in `only`, else of all)."""
    nodes = []
    for node in document.nodes:
        parameters = catalogue.entry(node.component).parameters() if node.component in catalogue else ()
        follows = {
            p.name: names[value]
            for p in parameters
            if isinstance(p, NodeName) and isinstance(value := node.values.get(p.name), str) and value in names
        }
        changes = follows and (only is None or node.id in only)
        nodes.append(node.model_copy(update={"values": node.values | follows}) if changes else node)
    return document.model_copy(update={"nodes": nodes})
