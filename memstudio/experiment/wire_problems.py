"""What can be wrong with wires: ends that do not exist, kinds that do not fit, inputs left open or taken twice, loops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from memstudio.experiment import edits, mends
from memstudio.experiment.declarations import Port
from memstudio.experiment.document import Document, Wire
from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.inference import Inferred
from memstudio.experiment.kinds import Kind
from memstudio.experiment.problems import Mend, Problem, asking
from memstudio.experiment.wiring import Wiring
from memstudio.experiment.wording import a_kind, at_port, counted, join, needed


def wire_problems(wiring: Wiring, catalogue: Catalogue) -> Iterator[Problem]:
    """Every problem of wires and ports."""
    for wire in wiring.loose:
        yield _nowhere(wiring, wire)
    for (start, start_port), wires in list(wiring.out_of.items()):
        for wire in wires:
            problem = _misfit(wiring, catalogue, wire, start, start_port)
            if problem is not None:
                yield problem
    yield from _doubled(wiring)
    for node, entry in wiring.entries.items():
        for port in entry.component.takes:
            yield from _port(wiring, catalogue, node, port)
    for loop in wiring.loops:
        yield _loop(wiring, loop)


def turned_problems(wiring: Wiring, inferred: Inferred, catalogue: Catalogue) -> Iterator[Problem]:
    """Wires whose ports fit, from an output that gives the kind that came in, where another kind came in than is needed."""
    for (start, start_port), wires in list(wiring.out_of.items()):
        given, spec = wiring.gives(start, start_port), inferred.outputs.get(start, {}).get(start_port)
        if given is None or spec is None or spec.kind == given.kind:
            continue
        for wire in wires:
            port = wiring.takes(wire.end_node, wire.end_port)
            if port is None or port.takes(spec.kind) or not port.takes(given.kind):
                continue
            reason = f"{wiring.titles[wire.end_node]} needs {needed(port)}; {wiring.titles[start]} gives {a_kind(spec.kind)} here."
            found = mends.converting(wiring, catalogue, wire.start, spec.kind, wire.end, port, "Insert")
            yield Problem(wire.end_node, wire.end_port, None, asking(reason, found), (*found, _remove(wire)))


def misfit(wiring: Wiring, catalogue: Catalogue, start: str, end: str) -> str | None:
    """Why no wire can go from `node.port` to `node.port`, or None."""
    return refusal(wiring, catalogue, start, end)[0]


def refusal(wiring: Wiring, catalogue: Catalogue, start: str, end: str) -> tuple[str | None, Mend | None]:
    """Why no wire can go from `node.port` to `node.port`, or None; and the mend that the reason asks for, where there is one."""
    wire = Wire(start=start, end=end)
    if wire.start_node not in wiring.nodes or wire.end_node not in wiring.nodes:
        return _nowhere(wiring, wire).reason, None
    titles = wiring.titles
    if wire.start_node == wire.end_node:
        return f"{titles[wire.start_node]} cannot feed itself; wires must lead forward.", None
    if wire.start_node in wiring.reached([wire.end_node]):
        # Before the kinds: what is put between would close the loop as well.
        return f"{titles[wire.end_node]} already leads to {titles[wire.start_node]}; this wire would close a loop.", None
    problem = _misfit(wiring, catalogue, wire, wire.start_node, wire.start_port)
    if problem is not None:
        mend = problem.mends[0] if len(problem.mends) > 1 else None
        return problem.reason, mend
    if any(unknown not in wiring.entries for unknown in (wire.start_node, wire.end_node)):
        unknown = wire.start_node if wire.start_node not in wiring.entries else wire.end_node
        return f"{titles[unknown]} is not known here, so nothing can be connected to it; swap it for something known.", None
    if any((one.start, one.end) == (start, end) for one in wiring.into[wire.end_node, wire.end_port]):
        return f"{titles[wire.start_node]} is connected there already.", None
    return None, None


def _remove(wire: Wire) -> Mend:
    return Mend("Remove the wire", partial(edits.disconnect, start=wire.start, end=wire.end))


def _nowhere(wiring: Wiring, wire: Wire) -> Problem:
    missing = next(name for name in (wire.start_node, wire.end_node) if name not in wiring.nodes)
    at = wire.end_node if wire.end_node in wiring.nodes else wire.start_node if wire.start_node in wiring.nodes else None
    if missing:
        what = f"there is no node {missing!r}{nearest(missing, wiring.nodes)}"
    else:
        what = "an end is written NODE.PORT"
    return Problem(at, None, None, f"The wire from {wire.start or '?'} to {wire.end or '?'} leads nowhere: {what}.", (_remove(wire),))


def _misfit(wiring: Wiring, catalogue: Catalogue, wire: Wire, start: str, start_port: str) -> Problem | None:
    """A port that does not exist, or a kind that does not fit. Nodes of unknown components are given the benefit of the doubt."""
    end, end_port = wire.end_node, wire.end_port
    given, port = wiring.gives(start, start_port), wiring.takes(end, end_port)
    if start in wiring.entries and given is None:
        ports = [one.name for one in wiring.entries[start].component.gives]
        listed = f"it has {join(ports)}" if ports else "it has none"
        return Problem(start, start_port, None, f"{wiring.titles[start]} has no output {start_port!r}; {listed}.", (_remove(wire),))
    if end in wiring.entries and port is None:
        ports = [one.name for one in wiring.entries[end].component.takes]
        listed = f"it has {join(ports)}" if ports else "it has none"
        return Problem(end, end_port, None, f"{wiring.titles[end]} has no input {end_port!r}; {listed}.", (_remove(wire),))
    if given is None or port is None or (port.takes(given.kind) and not mends.is_data(wiring, start, port)):
        return None
    reason = f"{wiring.titles[end]} needs {needed(port)}; {wiring.titles[start]} gives {a_kind(given.kind)}."
    found = mends.converting(wiring, catalogue, wire.start, given.kind, wire.end, port, "Insert")
    return Problem(end, end_port, None, asking(reason, found), (*found, _remove(wire)))


def _doubled(wiring: Wiring) -> Iterator[Problem]:
    for (node, port), wires in wiring.into.items():
        takes = wiring.takes(node, port)
        if takes is None or not takes.many:
            continue
        for start, times in Counter(wire.start for wire in wires).items():
            if times > 1:
                reason = f"{wiring.titles[node]} has the wire from {start} {times} times."
                mend = Mend("Keep one", partial(_keep_one, start=start, end=f"{node}.{port}"))
                yield Problem(node, port, None, reason, (mend,), "warning")


def _keep_one(document: Document, start: str, end: str) -> Document:
    return edits.connect(edits.disconnect(document, start, end), start, end)


def _port(wiring: Wiring, catalogue: Catalogue, node: str, port: Port) -> Iterator[Problem]:
    wires = wiring.into[node, port.name]
    title = wiring.titles[node]
    where = at_port(port, wiring.entries[node].component.takes)
    if len(wires) > 1 and not port.many:
        keep = tuple(
            Mend(f"Keep {wiring.titles[wire.start_node]}", partial(_keep, start=wire.start, end=wire.end)) for wire in wires[: mends.MOST]
        )
        yield Problem(node, port.name, None, f"{title} takes one wire{where}; {counted(len(wires), 'wire')} end there. Keep one.", keep)
    if wires:
        return
    if port.takes(Kind.STREAM):
        yield from _stream(wiring, catalogue, node, port)
    elif not port.optional:
        found = mends.filling(wiring, catalogue, node, port)
        yield Problem(node, port.name, None, asking(f"{title} needs {needed(port)}{where}; nothing is connected.", found), found)


def _keep(document: Document, start: str, end: str) -> Document:
    """Only this wire at that input."""
    wires = [wire for wire in document.wires if wire.end != end]
    return edits.connect(document.model_copy(update={"wires": wires}), start, end)


def _stream(wiring: Wiring, catalogue: Catalogue, node: str, port: Port) -> Iterator[Problem]:
    """A stream is implied while there is one task."""
    found = wiring.tasks
    if len(found) == 1:
        return
    title = wiring.titles[node]
    if not found:
        adding = mends.filling(wiring, catalogue, node, port)
        yield Problem(node, port.name, None, asking(f"{title} needs a stream; there is no task.", adding), adding)
        return
    upstream = wiring.reached([node], back=True)
    found.sort(key=lambda task: task not in upstream)
    choices = tuple(
        Mend(
            f"Learn from {wiring.titles[task]}",
            partial(edits.connect, start=f"{task}.{_stream_port(wiring, task)}", end=f"{node}.{port.name}", catalogue=catalogue),
        )
        for task in found[: mends.MOST]
    )
    names = join(wiring.titles[task] for task in found)
    yield Problem(node, port.name, None, asking(f"{title} needs to know its stream: there are {names}.", choices), choices)


def _stream_port(wiring: Wiring, task: str) -> str:
    return next(port.name for port in wiring.entries[task].component.gives if port.kind == Kind.STREAM)


def _loop(wiring: Wiring, loop: list[str]) -> Problem:
    steps = set(zip(loop, [*loop[1:], loop[0]], strict=True))
    # The wire drawn last is the likeliest to be the one too many.
    last = next(wire for wire in reversed(wiring.document.wires) if (wire.start_node, wire.end_node) in steps)
    names = join(wiring.titles[id] for id in loop)
    how = "feed each other in a loop" if len(loop) > 1 else "feeds itself"
    return Problem(last.end_node, last.end_port, None, f"{names} {how}; wires must lead forward.", (_remove(last),))
