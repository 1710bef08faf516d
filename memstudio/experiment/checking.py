"""Checking a document: every problem with its reason and what mends it. Runs after each edit, so it is quick."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from memstudio.experiment.data.file_problems import file_problems
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.inference import Inferred, infer_wired
from memstudio.experiment.kinds import Kind, accepts
from memstudio.experiment.migrations import update
from memstudio.experiment.node_problems import node_problems
from memstudio.experiment.packing import packing_problems
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.problems import Mend, Problem, asking
from memstudio.experiment.stage_problems import stage_problems
from memstudio.experiment.study_problems import cell_problems, claim_problems, run_problems
from memstudio.experiment.wire_problems import misfit, turned_problems, wire_problems
from memstudio.experiment.wiring import Wiring

__all__ = ["Mend", "Problem", "asking", "check", "errors", "fits", "suggestions"]


def check(document: Document, catalogue: Catalogue) -> list[Problem]:
    """Every problem: nodes, stages, wires, the run, its cells, the claim; errors before warnings. Never raises."""
    now = update(document, catalogue)
    wiring = Wiring(now, catalogue)
    inferred = infer_wired(wiring)
    found = list(_of_graph(wiring, inferred, catalogue))
    found += file_problems(wiring, catalogue)
    found += run_problems(now)
    found += packing_problems(now, wiring, inferred)
    found += cell_problems(now, catalogue, found, lambda made: _of_cell(made, catalogue, (wiring, inferred)))
    found += claim_problems(now)
    return sorted((_ready(problem, catalogue) for problem in found), key=lambda problem: problem.severity != "error")


def errors(document: Document, catalogue: Catalogue) -> list[Problem]:
    """The problems that keep the document from running."""
    return [problem for problem in check(document, catalogue) if problem.severity == "error"]


def fits(document: Document, catalogue: Catalogue, start: str, end: str) -> str | None:
    """Why no wire can go from output `node.port` to input `node.port`, or None where it can.

    An input that has its one wire already is no obstacle: `edits.connect` with the catalogue replaces it.
    """
    return misfit(Wiring(document, catalogue), catalogue, start, end)


def suggestions(catalogue: Catalogue, kind: Kind, direction: Literal["after", "before"]) -> list[Entry]:
    """What a wire dropped into the void could lead to, in palette order, presets included.

    after: components that take this kind (the wire started at an output); before: those that give what an input of this
    kind takes.
    """
    if direction == "after":
        return [entry for entry in catalogue if any(port.takes(kind) for port in entry.component.takes)]
    return [entry for entry in catalogue if any(accepts(kind, port.kind) for port in entry.component.gives)]


def _of_graph(wiring: Wiring, inferred: Inferred, catalogue: Catalogue) -> Iterator[Problem]:
    if not wiring.nodes:
        yield Problem(None, None, None, "There is nothing here yet; add a task, a memory, a readout and a learner.")
        return
    yield from node_problems(wiring, inferred, catalogue)
    of_wires = [*wire_problems(wiring, catalogue), *turned_problems(wiring, inferred, catalogue)]
    yield from stage_problems(wiring, inferred, catalogue, of_wires)
    yield from of_wires


def _of_cell(document: Document, catalogue: Catalogue, base: tuple[Wiring, Inferred]) -> Iterator[Problem]:
    """The problems of a cell. Wires and stages are looked at again only where a component with other ports took a place."""
    wiring = Wiring(document, catalogue)
    inferred = infer_wired(wiring, base)
    if _ports(wiring) == _ports(base[0]) and document.wires == base[0].document.wires:
        yield from node_problems(wiring, inferred, catalogue)
    else:
        yield from _of_graph(wiring, inferred, catalogue)
    yield from run_problems(document)
    yield from packing_problems(document, wiring, inferred)


def _ports(wiring: Wiring) -> list[tuple[object, ...]]:
    return [(id, entry.component.takes, entry.component.gives) for id, entry in wiring.entries.items()]


def _ready(problem: Problem, catalogue: Catalogue) -> Problem:
    """The problem with mends that first bring an older document up to date, as checking did, and refuse one they no longer fit."""

    def ready(mend: Mend) -> Mend:
        def edit(document: Document) -> Document:
            try:
                return mend.edit(update(document, catalogue))
            except (KeyError, IndexError, StopIteration):
                raise Refusal(f"{mend.title}: that no longer fits; the experiment has changed since.") from None

        return Mend(mend.title, edit, mend.asks)

    return Problem(problem.node, problem.port, problem.parameter, problem.reason, tuple(map(ready, problem.mends)), problem.severity)
