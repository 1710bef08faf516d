"""What can follow a node: whether a wire fits, and if not, why, in the very sentence that checking would say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memstudio.experiment.declarations import Port
from memstudio.experiment.document import Document, Node, Wire
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.inference import Inferred
from memstudio.experiment.kinds import Kind
from memstudio.experiment.mends import is_data
from memstudio.experiment.node_problems import node_problems
from memstudio.experiment.wire_problems import misfit, turned_problems
from memstudio.experiment.wiring import Wiring


class Following:
    """One node, and what could stand behind it. inferred: what is known of its document; it says what the node really gives."""

    def __init__(self, node: Node, catalogue: Catalogue, inferred: Inferred | None = None) -> None:
        self.node, self.catalogue = node, catalogue
        self._inferred = inferred or Inferred()
        self._wiring = Wiring(Document(nodes=[node]), catalogue)
        self._new = "new" if node.id != "new" else "new1"

    @property
    def key(self) -> tuple[object, ...]:
        """Two nodes with the same key can be followed by the same, for the same reasons."""
        return self.node.component, self.node.title, tuple(self._kinds(port) for port in self._gives())

    def _gives(self) -> Sequence[Port]:
        """The outputs that a wire would be drawn from: a stream is implied, so it counts only where there is nothing else."""
        entry = self._wiring.entries.get(self.node.id)
        gives = entry.component.gives if entry is not None else ()
        return [port for port in gives if port.kind is not Kind.STREAM] or gives

    def _kinds(self, port: Port) -> tuple[Kind, ...]:
        """The kind that is declared, then the one that came in, where it turned into another."""
        spec = self._inferred.outputs.get(self.node.id, {}).get(port.name)
        return (port.kind,) if spec is None or spec.kind is port.kind else (port.kind, spec.kind)

    def fits(self, entry: Entry) -> bool:
        """Whether it can follow: quick enough to be asked of the whole palette at every change of the selection."""
        if not entry.component.alone:
            return self._holds(entry)
        return any(
            not is_data(self._wiring, self.node.id, takes) and all(takes.takes(kind) for kind in self._kinds(gives))
            for gives in self._gives()
            for takes in entry.component.takes
        )

    def why_not(self, entry: Entry) -> str | None:
        """Why a new node of this entry cannot follow, or None where it can."""
        if self.fits(entry):
            return None
        made = Wiring(Document(nodes=[self.node, Node(id=self._new, component=entry.id)]), self.catalogue)
        here = made.titles[self.node.id]
        if not entry.component.alone:
            problems = node_problems(made, Inferred(), self.catalogue)
            return next((problem.reason for problem in problems if problem.node == self._new), None)
        if not entry.component.takes:
            return f"{made.titles[self._new]} takes nothing: it comes first, and cannot follow {here}."
        if self.node.id not in made.entries:
            return misfit(made, self.catalogue, f"{self.node.id}.?", f"{self._new}.{entry.component.takes[0].name}")
        if not self._gives():
            return f"{here} gives nothing, so nothing can follow it."
        return next(self._reasons(made, entry), None)

    def _reasons(self, made: Wiring, entry: Entry) -> Iterator[str]:
        for gives in self._gives():
            for takes in entry.component.takes:
                start, end = f"{self.node.id}.{gives.name}", f"{self._new}.{takes.name}"
                reason = misfit(made, self.catalogue, start, end)
                if reason is not None:
                    yield reason
                    continue
                wired = made.document.model_copy(update={"wires": [Wire(start=start, end=end)]})
                yield from (one.reason for one in turned_problems(Wiring(wired, self.catalogue), self._inferred, self.catalogue))

    def _holds(self, entry: Entry) -> bool:
        """Whether the node has a list in which the entry may stand."""
        here = self._wiring.entries.get(self.node.id)
        return here is not None and here.list_for(entry) is not None
