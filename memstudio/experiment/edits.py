"""Edits of a document: pure functions that give a new one; unknown keys stay, no wire is left without its ends.

Every function raises Refusal (one sentence) where what it names does not exist or cannot be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from memstudio.experiment import addresses
from memstudio.experiment.addresses import replace_node
from memstudio.experiment.document import Axis, Document, Group, Node, Note, Wire, new_uid
from memstudio.experiment.entries import Catalogue, Entry, nearest
from memstudio.experiment.files import parse, to_text
from memstudio.experiment.kinds import Kind
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.renaming import follow, renamed_run, renamed_statement, renamed_wire
from memstudio.experiment.swapping import Carried, swap_node

Place = tuple[float, float]
#: How far right of a node the next one is put, and how near two may be for a third to stand between: cards are about 180 wide.
STEP, ROOM = 240.0, 400.0
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def _placed(document: Document) -> list[Node | Note]:
    """Everything that has a place of its own on the canvas."""
    return [*document.nodes, *document.notes]


# ---------------------------------------------------------------------------------------------- nodes


def free_id(document: Document, base: str, numbered: bool = False) -> str:
    """An id that nothing in the document has: `base`, then `base2`, `base3`; numbered: from `base1` on."""
    taken = {one.id for one in _placed(document)} | {one.id for one in document.groups} | {addresses.RUN}
    base = re.sub(r"\W", "_", base, flags=re.ASCII)[:56].lstrip("_0123456789") or "node"
    if not numbered and base not in taken:
        return base
    number = 1 if numbered else 2
    while f"{base}{number}" in taken:
        number += 1
    return f"{base}{number}"


def add_node(document: Document, component: str, catalogue: Catalogue, place: Place = (0.0, 0.0)) -> tuple[Document, str]:
    """A new node of that component or preset, and its id."""
    entry = catalogue.entry(component)
    id = free_id(document, _base(entry), entry.family.stateful)
    node = Node(id=id, component=component, version=entry.component.version, place=place)
    return document.model_copy(update={"nodes": [*document.nodes, node]}), id


def add_inside(document: Document, id: str, component: str, catalogue: Catalogue, values: Mapping[str, Any] | None = None) -> Document:
    """The component as the last of a list of components inside a node: a strategy in its learner. Raises Refusal where none takes it."""
    node, inner = _node(document, id), catalogue.entry(component)
    entry = catalogue.entry(node.component)
    parameter = entry.list_for(inner)
    if parameter is None:
        raise Refusal(f"{entry.title} has no place for {inner.title} inside it.")
    before = node.values.get(parameter.name, parameter.default)
    return addresses.put(document, f"{id}.{parameter.name}", [*before, {"component": component, "values": dict(values or {})}], catalogue)[
        0
    ]


def move_inside(document: Document, id: str, into: str, catalogue: Catalogue) -> Document:
    """A node that cannot stand alone, with its values, as the last of a list inside another node."""
    node = _node(document, id)
    return remove(add_inside(document, into, node.component, catalogue, node.values), [id])


def put_inside_new(document: Document, id: str, component: str, catalogue: Catalogue) -> Document:
    """A node that cannot stand alone inside a new node of `component`, which takes its place."""
    document, new = add_node(document, component, catalogue, _node(document, id).place)
    return move_inside(document, id, new, catalogue)


def _base(entry: Entry) -> str:
    looks_on = not entry.component.gives and any(port.kind == Kind.TRAINED for port in entry.component.takes)
    own = entry.component.id.rpartition(".")[2] if looks_on else entry.family.id
    return entry.family.short or ("mem" if entry.family.stateful else own)


def remove(document: Document, ids: Iterable[str]) -> Document:
    """Without these nodes and notes, and without the wires at them; groups that become empty go too."""
    gone = set(ids)
    known = {one.id for one in _placed(document)}
    for id in sorted(gone - known):
        raise Refusal(f"There is nothing called {id!r} to remove{nearest(id, known)}.")
    nodes = {node.id for node in document.nodes} & gone
    groups = [group.model_copy(update={"nodes": [n for n in group.nodes if n not in nodes]}) for group in document.groups]
    return document.model_copy(
        update={
            "nodes": [node for node in document.nodes if node.id not in gone],
            "notes": [note for note in document.notes if note.id not in gone],
            "wires": [wire for wire in document.wires if wire.start_node not in nodes and wire.end_node not in nodes],
            "groups": [new for new, old in zip(groups, document.groups, strict=True) if new.nodes or not old.nodes],
        }
    )


def move(document: Document, places: Mapping[str, Place]) -> Document:
    """Nodes and notes at new places (id -> (x, y))."""
    known = {one.id for one in _placed(document)}
    for id in places:
        if id not in known:
            raise Refusal(f"There is nothing called {id!r} to move{nearest(id, known)}.")
    return document.model_copy(
        update={
            "nodes": [n.model_copy(update={"place": _place(places[n.id])}) if n.id in places else n for n in document.nodes],
            "notes": [n.model_copy(update={"place": _place(places[n.id])}) if n.id in places else n for n in document.notes],
        }
    )


def _place(place: Place) -> Place:
    x, y = float(place[0]), float(place[1])
    if not (abs(x) < 1e9 and abs(y) < 1e9):
        raise Refusal("That place is beyond the canvas; choose one nearer to its middle.")
    return x, y


def rename(document: Document, id: str, new: str, catalogue: Catalogue | None = None) -> Document:
    """A node under another id; wires, groups, axes and the claim follow, and with the catalogue parameters that name the node."""
    node = _node(document, id)
    if new == id:
        return document
    if not _ID.fullmatch(new):
        raise Refusal(f"{new!r} is no id; start with a letter and use only letters, digits and _ (64 at most).")
    if new == addresses.RUN or any(one.id == new for one in document.nodes):
        raise Refusal(f"The id {new} is taken; choose another.")
    renamed = document.model_copy(
        update={
            "nodes": [one.model_copy(update={"id": new}) if one is node else one for one in document.nodes],
            "wires": [renamed_wire(wire, {id: new}) for wire in document.wires],
            "groups": [g.model_copy(update={"nodes": [new if n == id else n for n in g.nodes]}) for g in document.groups],
            "run": renamed_run(document.run, id, new),
            "claim": document.claim
            and document.claim.model_copy(update={"rule": [renamed_statement(one, id, new) for one in document.claim.rule]}),
        }
    )
    return renamed if catalogue is None else follow(renamed, {id: new}, catalogue)


def set_node_title(document: Document, id: str, title: str) -> Document:
    """A node under another title (empty: the component's)."""
    return replace_node(document, _node(document, id).model_copy(update={"title": title}))


def set_value(document: Document, address: str, value: Any, catalogue: Catalogue) -> Document:
    """The value at an address: `mem1.inner.heads`, `mem1.component` (a swap), `run.threads`."""
    return addresses.put(document, address, value, catalogue)[0]


def reset_value(document: Document, address: str, catalogue: Catalogue) -> Document:
    """The default again at an address."""
    return addresses.reset(document, address, catalogue)


def swap(document: Document, node: str, component: str, catalogue: Catalogue) -> tuple[Document, Carried]:
    """Another component at a node, and the values that carried over (where both give the parameter the same role)."""
    return swap_node(document, node, component, catalogue)


def _node(document: Document, id: str) -> Node:
    for node in document.nodes:
        if node.id == id:
            return node
    raise Refusal(f"There is no node {id!r}{nearest(id, [n.id for n in document.nodes])}.")


# ---------------------------------------------------------------------------------------------- wires


def connect(document: Document, start: str, end: str, catalogue: Catalogue | None = None) -> Document:
    """A wire from `node.port` to `node.port`. With the catalogue, a port for one wire gives up the one it had.

    A wire that is there already is not doubled.
    """
    wire = Wire(start=start, end=end)
    for id in (wire.start_node, wire.end_node):
        _node(document, id)
    if any((one.start, one.end) == (start, end) for one in document.wires):
        return document
    stays = catalogue is None or _takes_many(document, wire, catalogue)
    return document.model_copy(update={"wires": [*(one for one in document.wires if stays or one.end != end), wire]})


def _takes_many(document: Document, wire: Wire, catalogue: Catalogue) -> bool:
    component = _node(document, wire.end_node).component
    ports = catalogue.entry(component).component.takes if component in catalogue else ()
    return next((port.many for port in ports if port.name == wire.end_port), True)


def disconnect(document: Document, start: str, end: str) -> Document:
    """Without the wire from `node.port` to `node.port` (every copy of it)."""
    wires = [wire for wire in document.wires if (wire.start, wire.end) != (start, end)]
    if len(wires) == len(document.wires):
        raise Refusal(f"There is no wire from {start} to {end}.")
    return document.model_copy(update={"wires": wires})


def insert_on_wire(
    document: Document, start: str, end: str, component: str, catalogue: Catalogue, place: Place | None = None
) -> tuple[Document, str]:
    """A new node on a wire, which then runs through it, and its id; what follows moves right where room is wanting."""
    ports = through(document, start, component, end, catalogue)
    if ports is None:
        title = catalogue.entry(component).title
        raise Refusal(f"{title} does not fit on the wire from {start} to {end}; choose one that takes and gives its kind.")
    document = disconnect(document, start, end)
    if place is None:
        document, (place,) = make_room(document, start.rpartition(".")[0], end.rpartition(".")[0])
    document, id = add_node(document, component, catalogue, place)
    document = connect(document, start, f"{id}.{ports[0]}", catalogue)
    return connect(document, f"{id}.{ports[1]}", end, catalogue), id


def through(document: Document, start: str, component: str, end: str, catalogue: Catalogue) -> tuple[str, str] | None:
    """The ports by which a component would stand on a wire: the input that takes it and the output that fits on, or None."""
    wire, middle = Wire(start=start, end=end), catalogue.entry(component).component
    ends = [document.by_id.get(id) for id in (wire.start_node, wire.end_node)]
    if any(node is None or node.component not in catalogue for node in ends):
        return None
    before, after = (catalogue.entry(node.component).component for node in ends if node is not None)
    given = next((port for port in before.gives if port.name == wire.start_port), None)
    needed = next((port for port in after.takes if port.name == wire.end_port), None)
    if given is None or needed is None:
        return None
    takes = next((port.name for port in middle.takes if port.takes(given.kind)), None)
    gives = next((port.name for port in middle.gives if needed.takes(port.kind)), None)
    return (takes, gives) if takes and gives else None


def make_room(document: Document, start: str, end: str, number: int = 1) -> tuple[Document, list[Place]]:
    """Places for new nodes between two; everything downstream of the second moves right where they stand too near."""
    (x, y), (far_x, far_y) = _node(document, start).place, _node(document, end).place
    wanting = ROOM + (number - 1) * STEP - (far_x - x)
    if wanting > 0 and far_x >= x:
        downstream = _downstream(document, end) - {start}
        document = move(document, {n.id: (n.place[0] + wanting, n.place[1]) for n in document.nodes if n.id in downstream})
        far_x += wanting
    share = [(index + 1) / (number + 1) for index in range(number)]
    return document, [(x + (far_x - x) * part, y + (far_y - y) * part) for part in share]


def _downstream(document: Document, id: str) -> set[str]:
    found, waiting = {id}, [id]
    while waiting:
        here = waiting.pop()
        more = {wire.end_node for wire in document.wires if wire.start_node == here} - found
        found |= more
        waiting += more
    return found


# ---------------------------------------------------------------------------------------------- groups and notes


def group(document: Document, ids: Iterable[str], title: str = "") -> Document:
    """These nodes as one group (a node is in one group at most)."""
    members = list(dict.fromkeys(ids))
    if not members:
        raise Refusal("Nothing is selected; select the nodes that belong together.")
    for id in members:
        _node(document, id)
    others = [one.model_copy(update={"nodes": [n for n in one.nodes if n not in members]}) for one in document.groups]
    kept = [new for new, old in zip(others, document.groups, strict=True) if new.nodes or not old.nodes]
    return document.model_copy(update={"groups": [*kept, Group(id=free_id(document, "group", numbered=True), title=title, nodes=members)]})


def ungroup(document: Document, id: str) -> Document:
    """Without that group; its nodes stay."""
    _group(document, id)
    return document.model_copy(update={"groups": [one for one in document.groups if one.id != id]})


def fold(document: Document, id: str, folded: bool = True) -> Document:
    """A group folded into one card, or unfolded."""
    return _with_group(document, _group(document, id).model_copy(update={"folded": folded}))


def set_group_title(document: Document, id: str, title: str) -> Document:
    """A group under another title."""
    return _with_group(document, _group(document, id).model_copy(update={"title": title}))


def _with_group(document: Document, new: Group) -> Document:
    return document.model_copy(update={"groups": [new if one.id == new.id else one for one in document.groups]})


def _group(document: Document, id: str) -> Group:
    for one in document.groups:
        if one.id == id:
            return one
    raise Refusal(f"There is no group {id!r}.")


def add_note(document: Document, text: str = "", place: Place = (0.0, 0.0)) -> Document:
    """A note on the canvas; it is the last of `notes`."""
    note = Note(id=free_id(document, "note", numbered=True), text=text, place=_place(place))
    return document.model_copy(update={"notes": [*document.notes, note]})


def set_note(document: Document, id: str, **changes: Any) -> Document:
    """A note with other text, place or size."""
    if not any(note.id == id for note in document.notes):
        raise Refusal(f"There is no note {id!r}.")
    unknown = set(changes) - {"text", "place", "size"}
    if unknown:
        raise Refusal(f"A note has no {sorted(unknown)[0]!r}; it has text, place and size.")
    for name in ("place", "size"):
        if name in changes:
            changes[name] = _place(changes[name])
    return document.model_copy(update={"notes": [n.model_copy(update=changes) if n.id == id else n for n in document.notes]})


# ---------------------------------------------------------------------------------------------- the whole document


def set_title(document: Document, title: str) -> Document:
    """The document under another title."""
    return document.model_copy(update={"title": title})


def set_about(document: Document, about: str) -> Document:
    """The document with another description."""
    return document.model_copy(update={"about": about})


def set_run(document: Document, **changes: Any) -> Document:
    """Other settings of the run (seed, replicates, device, threads, vary ...), checked."""
    return document.model_copy(update={"run": addresses.changed_run(document.run, changes)})


def set_axis(document: Document, axis: Axis) -> Document:
    """An axis of the study: in the place of the one of its name, else the last."""
    vary = [axis if one.name == axis.name else one for one in document.run.vary]
    if all(one.name != axis.name for one in document.run.vary):
        vary.append(axis)
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


def remove_axis(document: Document, name: str) -> Document:
    """The study without that axis."""
    vary = [one for one in document.run.vary if one.name != name]
    if len(vary) == len(document.run.vary):
        raise Refusal(f"There is no axis {name!r}{nearest(name, [one.name for one in vary])}.")
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


# ---------------------------------------------------------------------------------------------- copy and paste

FRAGMENT = "memstudio-fragment"


def copy(document: Document, ids: Iterable[str]) -> str:
    """These nodes and notes, the wires between them and the groups they fill, as text for the clipboard."""
    wanted = set(ids)
    nodes = [node for node in document.nodes if node.id in wanted]
    inside = {node.id for node in nodes}
    notes = [note for note in document.notes if note.id in wanted]
    if not nodes and not notes:
        raise Refusal("Nothing is selected to copy.")
    part = Document(
        nodes=nodes,
        wires=[wire for wire in document.wires if wire.start_node in inside and wire.end_node in inside],
        notes=notes,
        groups=[one for one in document.groups if one.nodes and set(one.nodes) <= inside],
    )
    return to_text(part.model_copy(update={"format": FRAGMENT}))


def paste(document: Document, fragment: str, place: Place | None = None, catalogue: Catalogue | None = None) -> Document:
    """The document with what `copy` gave, under fresh ids and uids; its upper left corner at `place` (else a step aside).

    New nodes are the last of `nodes`. With the catalogue, parameters that name a node follow to the pasted one.
    """
    part = _fragment(fragment)
    corners = [one.place for one in _placed(part)]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    dx, dy = (32.0, 32.0) if place is None else (place[0] - left, place[1] - top)
    names: dict[str, str] = {}
    now = document
    for node in part.nodes:
        base = re.sub(r"\d+$", "", node.id) or "node"
        id = free_id(now, node.id)
        if id != node.id:
            id = free_id(now, base, numbered=base != node.id)
        names[node.id] = id
        pasted = node.model_copy(update={"id": id, "uid": new_uid(), "place": _place((node.place[0] + dx, node.place[1] + dy))})
        now = now.model_copy(update={"nodes": [*now.nodes, pasted]})
    for note in part.notes:
        spot = _place((note.place[0] + dx, note.place[1] + dy))
        moved = note.model_copy(update={"id": free_id(now, "note", numbered=True), "place": spot})
        now = now.model_copy(update={"notes": [*now.notes, moved]})
    for one in part.groups:
        filled = one.model_copy(update={"id": free_id(now, "group", numbered=True), "nodes": [names[n] for n in one.nodes if n in names]})
        now = now.model_copy(update={"groups": [*now.groups, filled]})
    wires = [renamed_wire(wire, names) for wire in part.wires if wire.start_node in names and wire.end_node in names]
    now = now.model_copy(update={"wires": [*now.wires, *wires]})
    return now if catalogue is None else follow(now, names, catalogue, only=set(names.values()))


def added(before: Document, after: Document) -> tuple[str, ...]:
    """The ids of the nodes and notes that `after` has and `before` had not, in their order (to select what was pasted)."""
    had = {one.id for one in _placed(before)}
    return tuple(one.id for one in _placed(after) if one.id not in had)


def is_fragment(text: str) -> bool:
    """Whether text of the clipboard is something to paste."""
    try:
        _fragment(text)
    except Refusal:
        return False
    return True


def _fragment(text: str) -> Document:
    """The fragment as a document of its own. Raises Refusal."""
    refusal = Refusal("The clipboard holds no part of an experiment; copy some nodes first.")
    try:
        data = json.loads(text) if FRAGMENT in text else None
    except (ValueError, RecursionError):
        raise refusal from None
    if not isinstance(data, dict) or data.get("format") != FRAGMENT:
        raise refusal
    document = parse(json.dumps({**data, "format": "memstudio"}), "The clipboard")
    if not document.nodes and not document.notes:
        raise refusal
    return document


def problem_of_id(document: Document, id: str, new: str) -> str | None:
    """Why a node cannot be called that, or None (for the form, while it is typed)."""
    try:
        rename(document, id, new)
    except Refusal as error:
        return str(error)
    return None
