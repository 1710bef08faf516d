"""The wires of a document as a graph: what leads where, in which order, and where it goes in circles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from memstudio.experiment.declarations import Port
from memstudio.experiment.document import Document, Node, Wire
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.kinds import Kind


class Wiring:
    """A document read once: nodes by id, wires by the ports they join. Wires to nodes that do not exist are `loose`."""

    def __init__(self, document: Document, catalogue: Catalogue) -> None:
        self.document = document
        self.nodes: dict[str, Node] = {}
        for node in document.nodes:
            self.nodes.setdefault(node.id, node)
        self.entries: dict[str, Entry] = {
            id: catalogue.entry(node.component) for id, node in self.nodes.items() if node.component in catalogue
        }
        self.into: defaultdict[tuple[str, str], list[Wire]] = defaultdict(list)
        self.out_of: defaultdict[tuple[str, str], list[Wire]] = defaultdict(list)
        self.after: dict[str, list[str]] = {id: [] for id in self.nodes}
        self.before: dict[str, list[str]] = {id: [] for id in self.nodes}
        self.loose: list[Wire] = []
        #: what leads from a kind to a port, kept by who looks for it (see mends.converting): many ports ask for the same
        self.known_ways: dict[tuple[object, ...], list[tuple[Entry, ...]]] = {}
        for wire in document.wires:
            (start, _, start_port), (end, _, end_port) = wire.start.rpartition("."), wire.end.rpartition(".")
            if start not in self.nodes or end not in self.nodes:
                self.loose.append(wire)
                continue
            self.into[end, end_port].append(wire)
            self.out_of[start, start_port].append(wire)
            self.after[start].append(end)
            self.before[end].append(start)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The ids in topological order (document order where wires leave it open); without those that are, or hang, on a loop."""
        missing = {id: len(before) for id, before in self.before.items()}
        ready = [id for id, count in missing.items() if count == 0]
        found: list[str] = []
        while ready:
            found += ready
            following: list[str] = []
            for id in ready:
                for after in self.after[id]:
                    missing[after] -= 1
                    if missing[after] == 0:
                        following.append(after)
            ready = sorted(following, key=self.place.__getitem__)
        return tuple(found)

    @cached_property
    def tasks(self) -> list[str]:
        """The nodes that give a stream, in document order."""
        return [id for id, entry in self.entries.items() if any(port.kind == Kind.STREAM for port in entry.component.gives)]

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Where each node stands in the document: 0, 1, ..."""
        return {id: index for index, id in enumerate(self.nodes)}

    @cached_property
    def outputs(self) -> list[tuple[str, Port, bool]]:
        """Every output: its node, the port, and whether a wire starts there."""
        return [(id, port, bool(self.out_of.get((id, port.name)))) for id, entry in self.entries.items() for port in entry.component.gives]

    def reached(self, starts: Iterable[str], back: bool = False) -> set[str]:
        """The nodes that can be reached from these along wires (or against them), these included."""
        next_to = self.before if back else self.after
        found = set(starts)
        waiting = list(found)
        while waiting:
            for id in next_to[waiting.pop()]:
                if id not in found:
                    found.add(id)
                    waiting.append(id)
        return found

    @cached_property
    def loops(self) -> list[list[str]]:
        """The loops: for each knot of nodes that feed each other one shortest round, in the direction of its wires."""
        found: list[list[str]] = []
        rest = [id for id in self.nodes if id not in set(self.order)]
        settled: set[str] = set()
        for id in rest:
            if id in settled:
                continue
            knot = self.reached([id]) & self.reached([id], back=True)
            settled |= knot
            if len(knot) > 1 or id in self.after[id]:
                found.append(self._round(id, knot))
        return found

    def _round(self, start: str, knot: set[str]) -> list[str]:
        came_from: dict[str, str] = {}
        waiting = [start]
        for id in waiting:
            for after in self.after[id]:
                if after == start:
                    way = [id]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return way[::-1]
                if after in knot and after not in came_from:
                    came_from[after] = id
                    waiting.append(after)
        return [start]

    # ------------------------------------------------------------------------------------------ ports

    def takes(self, id: str, port: str) -> Port | None:
        """The input port of that name, None where node, component or port are unknown."""
        return _port(self.entries[id].component.takes, port) if id in self.entries else None

    def gives(self, id: str, port: str) -> Port | None:
        """The output port of that name, None where node, component or port are unknown."""
        return _port(self.entries[id].component.gives, port) if id in self.entries else None

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """What each node is called in sentences: its title, with its id where several have the same."""
        plain = {id: node.title or (self.entries[id].title if id in self.entries else node.component) for id, node in self.nodes.items()}
        count: defaultdict[str, int] = defaultdict(int)
        for title in plain.values():
            count[title] += 1
        return {id: title if count[title] == 1 else f"{title} ({id})" for id, title in plain.items()}


def _port(ports: tuple[Port, ...], name: str) -> Port | None:
    return next((port for port in ports if port.name == name), None)
