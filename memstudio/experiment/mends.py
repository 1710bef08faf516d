"""The edits behind one-click mends: what converts one kind to another, what could be connected, what could be added."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from memstudio.experiment import edits
from memstudio.experiment.declarations import Component, Port
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.kinds import Kind
from memstudio.experiment.parameters import Artifact
from memstudio.experiment.problems import Mend
from memstudio.experiment.wiring import Wiring
from memstudio.experiment.wording import join

#: More buttons than this on one problem are no longer one click.
MOST = 3
#: From tokens to a trained model it takes an encoder, a readout and a learner.
LONGEST_WAY = 3


def plain_components(catalogue: Catalogue) -> list[Entry]:
    """The entries that are no presets and ask for nothing of an earlier run, which only a person can choose; in palette order."""
    return [entry for entry in catalogue if entry.preset is None and not asks_for_artifact(entry.component)]


def asks_for_artifact(component: Component) -> bool:
    """Whether it cannot be used before something that an earlier run made has been chosen."""
    return any(isinstance(parameter, Artifact) and parameter.default is None for parameter in component.parameters)


def open_input(component: Component) -> Port | None:
    """The one input that must be connected (a stream is implied), None where there are none or several."""
    required = [port for port in component.takes if not port.optional and not port.takes(Kind.STREAM)]
    return required[0] if len(required) == 1 else None


def is_data(wiring: Wiring, start: str, port: Port) -> bool:
    """Whether what comes from this node are a task's values, and the port needs a model: then something must stand between."""
    return port.takes(Kind.MODEL) and start in wiring.entries and wiring.entries[start].component.is_task


def ways(catalogue: Catalogue, given: Kind, port: Port, like: Component | None = None) -> list[tuple[Entry, ...]]:
    """The shortest rows of components that lead from a kind to a port, at most three. [()]: it fits as it is.

    In palette order; of components like `like` (what gives the kind) where these lead there. A task's values alone are no model.
    """
    data = like is not None and like.is_task
    if port.takes(given) and not (data and port.takes(Kind.MODEL)):
        return [()]
    steps = [(entry, takes) for entry in plain_components(catalogue) if (takes := open_input(entry.component)) is not None]
    if like is not None:
        alike = [(entry, takes) for entry, takes in steps if like.is_like(entry.component)]
        if len(alike) < len(steps) and (found := _ways(alike, given, port, data)):
            return found
    return _ways(steps, given, port, data)


def _ways(steps: Sequence[tuple[Entry, Port]], given: Kind, port: Port, data: bool) -> list[tuple[Entry, ...]]:
    """The shortest rows of these steps. data: what is given are a task's values."""
    reached: list[tuple[Kind, tuple[Entry, ...]]] = [(given, ())]
    seen = {given} - {Kind.PATTERNS}  # a memory makes patterns of patterns: what was recalled of the cue
    for _ in range(LONGEST_WAY):
        following: list[tuple[Kind, tuple[Entry, ...]]] = []
        for kind, way in reached:
            for entry, takes in steps:
                if takes.takes(kind) and (way or not (data and takes.takes(Kind.MODEL))):
                    # An output with `also` gives the kind that came in: it leads no further.
                    given_on = [(kind if kind in (one.kind, *one.also) and one.also else one.kind) for one in entry.component.gives]
                    following += [(onward, (*way, entry)) for onward in given_on if onward not in seen]
        done = [way for kind, way in following if port.takes(kind)]
        if done:
            return list({tuple(entry.id for entry in way): way for way in done}.values())[:MOST]
        seen |= {kind for kind, _ in following}
        # One way to each kind is enough further on: the first in palette order.
        reached = list({kind: (kind, way) for kind, way in reversed(following)}.values())[::-1]
    return []


def add_between(document: Document, start: str, end: str, way: Sequence[str], catalogue: Catalogue) -> Document:
    """New nodes of these components in a row from `node.port` to `node.port`; a wire that joined the two goes."""
    if any((wire.start, wire.end) == (start, end) for wire in document.wires):
        document = edits.disconnect(document, start, end)
    document, places = edits.make_room(document, start.rpartition(".")[0], end.rpartition(".")[0], len(way))
    last = _input(document, end, catalogue)
    here = start
    for component, place, following in zip(way, places, [*way[1:], None], strict=True):
        onward = last if following is None else open_input(catalogue.entry(following).component)
        document, here = _add_after(document, here, component, place, onward, catalogue)
    return edits.connect(document, here, end, catalogue)


def add_after(document: Document, start: str, way: Sequence[str], catalogue: Catalogue) -> Document:
    """New nodes of these components in a row that begins at `node.port`."""
    for component, following in zip(way, [*way[1:], None], strict=True):
        x, y = document.node(start.rpartition(".")[0]).place
        onward = None if following is None else open_input(catalogue.entry(following).component)
        document, start = _add_after(document, start, component, (x + edits.STEP, y), onward, catalogue)
    return document


def add_learner(document: Document, start: str, way: Sequence[str], catalogue: Catalogue) -> Document:
    """The same with a row that ends in a learner; every probe that waits for a trained model gets its."""
    before = document
    document = add_after(document, start, way, catalogue)
    learner = document.nodes[-1]
    trained = next(port.name for port in catalogue.entry(learner.component).component.gives if port.kind == Kind.TRAINED)
    for node in before.nodes:
        for port in catalogue.entry(node.component).component.takes if node.component in catalogue else ():
            if port.kind == Kind.TRAINED and not port.optional and not before.into(node.id, port.name):
                document = edits.connect(document, f"{learner.id}.{trained}", f"{node.id}.{port.name}", catalogue)
    return document


def _add_after(
    document: Document, start: str, component: str, place: edits.Place, onward: Port | None, catalogue: Catalogue
) -> tuple[Document, str]:
    """One new node behind `node.port`; the document, and the output that fits on the port onward (else the first)."""
    given = _output(document, start, catalogue)
    document, id = edits.add_node(document, component, catalogue, place)
    new = catalogue.entry(component).component
    takes = next(one.name for one in new.takes if one.takes(given.kind))
    document = edits.connect(document, start, f"{id}.{takes}", catalogue)
    fitting = [one.name for one in new.gives if onward is None or onward.takes(one.kind)]
    return document, f"{id}.{fitting[0]}"


def _output(document: Document, at: str, catalogue: Catalogue) -> Port:
    node, _, port = at.rpartition(".")
    return next(one for one in catalogue.entry(document.node(node).component).component.gives if one.name == port)


def _input(document: Document, at: str, catalogue: Catalogue) -> Port:
    node, _, port = at.rpartition(".")
    return next(one for one in catalogue.entry(document.node(node).component).component.takes if one.name == port)


def add_source(document: Document, end: str, component: str, catalogue: Catalogue) -> Document:
    """A new node connected to the input `node.port`."""
    port = _input(document, end, catalogue)
    x, y = document.node(end.rpartition(".")[0]).place
    document, id = edits.add_node(document, component, catalogue, (x - edits.STEP, y))
    if port.takes(Kind.STREAM):
        return document
    gives = next(one.name for one in catalogue.entry(component).component.gives if port.takes(one.kind))
    return edits.connect(document, f"{id}.{gives}", end, catalogue)


# ---------------------------------------------------------------------------------------------- the mends themselves


def converting(wiring: Wiring, catalogue: Catalogue, start: str, given: Kind, end: str, port: Port, verb: str) -> tuple[Mend, ...]:
    """Mends that put what converts between an output and an input: `Insert Token embedding`, `Add Classifier`."""
    like = _component(wiring, start.rpartition(".")[0])
    key = (given, port.kind, port.also, None if like is None else like.id)
    if key not in wiring.known_ways:
        wiring.known_ways[key] = ways(catalogue, given, port, like)
    found = []
    for way in wiring.known_ways[key]:
        title = f"{verb} {join(entry.title for entry in way)}"
        found.append(Mend(title, partial(add_between, start=start, end=end, way=[entry.id for entry in way], catalogue=catalogue)))
    return tuple(found)


def filling(wiring: Wiring, catalogue: Catalogue, id: str, port: Port) -> tuple[Mend, ...]:
    """Mends for an input that nothing reaches: connect what is open, or what there is; put what converts between; add a source."""
    end = f"{id}.{port.name}"
    downstream = wiring.reached([id])
    outputs = [(one, given, used) for one, given, used in wiring.outputs if one not in downstream]
    unused = [(one, given) for one, given, used in outputs if not used]
    for some in (unused, [(one, given) for one, given, _ in outputs]):
        fitting = [(one, given) for one, given in some if port.takes(given.kind) and not is_data(wiring, one, port)]
        if fitting:
            # The nearest before it in the document is the likeliest.
            here, place = wiring.place[id], wiring.place
            fitting.sort(key=lambda pair: (place[pair[0]] > here, -place[pair[0]]))
            return tuple(_connecting(wiring, catalogue, f"{one}.{given.name}", end) for one, given in fitting[:MOST])
    lengths = {
        (one, given.name): len(found[0])
        for one, given in unused
        if given.kind != Kind.STREAM and (found := ways(catalogue, given.kind, port, _component(wiring, one)))
    }
    if lengths:
        one, given = min((pair for pair in unused if (pair[0], pair[1].name) in lengths), key=lambda pair: lengths[pair[0], pair[1].name])
        return converting(wiring, catalogue, f"{one}.{given.name}", given.kind, end, port, "Add")
    return _sources(wiring, catalogue, end, port)


def _component(wiring: Wiring, id: str) -> Component | None:
    return wiring.entries[id].component if id in wiring.entries else None


def _connecting(wiring: Wiring, catalogue: Catalogue, start: str, end: str) -> Mend:
    title = wiring.titles[start.rpartition(".")[0]]
    return Mend(f"Connect {title}", partial(edits.connect, start=start, end=end, catalogue=catalogue))


def _sources(wiring: Wiring, catalogue: Catalogue, end: str, port: Port) -> tuple[Mend, ...]:
    """What could be added before an input: what is like the node it belongs to, of this what needs nothing itself."""
    giving = [
        entry
        for entry in plain_components(catalogue)
        if any(port.takes(one.kind) for one in entry.component.gives) and not (port.takes(Kind.MODEL) and entry.component.is_task)
    ]
    here = _component(wiring, end.rpartition(".")[0])
    giving = [entry for entry in giving if here is None or here.is_like(entry.component)] or giving
    free = [entry for entry in giving if all(one.optional for one in entry.component.takes)]
    return tuple(
        Mend(f"Add {entry.title}", partial(add_source, end=end, component=entry.id, catalogue=catalogue))
        for entry in (free or giving)[:MOST]
    )


def enclosing(wiring: Wiring, catalogue: Catalogue, id: str) -> tuple[Mend, ...]:
    """Mends for a node that cannot stand alone: into each node that has a place for it, else into a new one."""
    inner = wiring.entries[id]
    nodes = [one for one, entry in wiring.entries.items() if one != id and entry.list_for(inner) is not None]
    if nodes:
        move = partial(edits.move_inside, id=id, catalogue=catalogue)
        return tuple(Mend(f"Move it into {wiring.titles[one]}", partial(move, into=one)) for one in nodes[:MOST])
    fitting = [entry for entry in plain_components(catalogue) if entry.list_for(inner) is not None]
    put = partial(edits.put_inside_new, id=id, catalogue=catalogue)
    return tuple(Mend(f"Put it into a new {entry.title}", partial(put, component=entry.id)) for entry in fitting[:MOST])


def training(wiring: Wiring, catalogue: Catalogue) -> tuple[Mend, ...]:
    """Mends for a document without a learner: a learner after the scores or model that lead nowhere yet, a readout where wanting."""
    learners = [
        (entry, takes)
        for entry in plain_components(catalogue)
        if any(port.kind == Kind.TRAINED for port in entry.component.gives)
        and (takes := open_input(entry.component)) is not None
        and takes.takes(Kind.MODEL)
    ]
    outputs = [(id, port) for id, port, used in wiring.outputs if not used]
    found: list[tuple[int, Mend]] = []
    for id, given in outputs:
        here = wiring.entries[id].component
        for entry, takes in sorted(learners, key=lambda pair: not here.is_like(pair[0].component)):
            for way in ways(catalogue, given.kind, takes, here)[:1] if given.kind != Kind.STREAM else ():
                row = [*way, entry]
                edit = partial(add_learner, start=f"{id}.{given.name}", way=[one.id for one in row], catalogue=catalogue)
                found.append((len(row), Mend(f"Add {join(one.title for one in row)}", edit)))
    shortest = min((length for length, _ in found), default=0)
    return tuple(mend for length, mend in found if length == shortest)[:MOST]
