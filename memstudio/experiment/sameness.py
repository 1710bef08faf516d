"""Whether two documents would be trained alike: what a run measured is shown on the canvas only while they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from memstudio.experiment.document import Document


def trained_alike(one: Document, other: Document) -> bool:
    """Whether both have the same nodes with the same values and the same wires, whatever a study varies.

    Places, titles, notes, groups, seeds and what is said about the experiment make no difference.
    """
    varied = _varied(one) | _varied(other)
    return _wires(one) == _wires(other) and _nodes(one, varied) == _nodes(other, varied)


def _varied(document: Document) -> set[tuple[str, str]]:
    """(node, parameter) of every address that the study sets."""
    found: set[tuple[str, str]] = set()
    for axis in document.run.vary:
        solved = [axis.match.width] if axis.match is not None else []
        for address in [axis.set or "", *solved, *(address for case in axis.cases or () for address in case.set)]:
            node, _, rest = address.partition(".")
            found.add((node, rest.partition(".")[0]))
    return found


def _nodes(document: Document, varied: Iterable[tuple[str, str]]) -> dict[str, tuple[str, dict[str, Any]]]:
    swapped = {node for node, parameter in varied if parameter == "component"}
    skipped = set(varied)
    return {
        node.id: ("", {})
        if node.id in swapped
        else (node.component, {name: value for name, value in node.values.items() if (node.id, name) not in skipped})
        for node in document.nodes
    }


def _wires(document: Document) -> set[tuple[str, str]]:
    return {(wire.start, wire.end) for wire in document.wires}
