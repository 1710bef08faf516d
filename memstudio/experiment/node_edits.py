"""Edits of nodes and notes: add, remove, move, rename, set, swap; unknown keys stay, no wire is left without its ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from memstudio.experiment import addresses
from memstudio.experiment.addresses import replace_node
from memstudio.experiment.document import Document, Node, Note
from memstudio.experiment.entries import Catalogue, Entry, nearest
from memstudio.experiment.kinds import Kind
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.renaming import follow, renamed_run, renamed_statement, renamed_wire
from memstudio.experiment.swapping import Carried, swap_node

Place = tuple[float, float]
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def placed(document: Document) -> list[Node | Note]:
    """Everything that has a place of its own on the canvas."""
    return [*document.nodes, *document.notes]


def free_id(document: Document, base: str, numbered: bool = False) -> str:
    """An id that nothing in the document has: `base`, then `base2`, `base3`; numbered: from `base1` on."""
    taken = {one.id for one in placed(document)} | {one.id for one in document.groups} | {addresses.RUN}
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
    node, inner = node_of(document, id), catalogue.entry(component)
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
    node = node_of(document, id)
    return remove(add_inside(document, into, node.component, catalogue, node.values), [id])


def put_inside_new(document: Document, id: str, component: str, catalogue: Catalogue) -> Document:
    """A node that cannot stand alone inside a new node of `component`, which takes its place."""
    document, new = add_node(document, component, catalogue, node_of(document, id).place)
    return move_inside(document, id, new, catalogue)


def _base(entry: Entry) -> str:
    looks_on = not entry.component.gives and any(port.kind == Kind.TRAINED for port in entry.component.takes)
    own = entry.component.id.rpartition(".")[2] if looks_on else entry.family.id
    return entry.family.short or ("mem" if entry.family.stateful else own)


def remove(document: Document, ids: Iterable[str]) -> Document:
    """Without these nodes and notes, and without the wires at them; groups that become empty go too."""
    gone = set(ids)
    known = {one.id for one in placed(document)}
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
    known = {one.id for one in placed(document)}
    for id in places:
        if id not in known:
            raise Refusal(f"There is nothing called {id!r} to move{nearest(id, known)}.")
    return document.model_copy(
        update={
            "nodes": [n.model_copy(update={"place": on_canvas(places[n.id])}) if n.id in places else n for n in document.nodes],
            "notes": [n.model_copy(update={"place": on_canvas(places[n.id])}) if n.id in places else n for n in document.notes],
        }
    )


def on_canvas(place: Place) -> Place:
    """The place as numbers. Raises Refusal where it is no place that one could go to."""
    x, y = float(place[0]), float(place[1])
    if not (abs(x) < 1e9 and abs(y) < 1e9):
        raise Refusal("That place is beyond the canvas; choose one nearer to its middle.")
    return x, y


def rename(document: Document, id: str, new: str, catalogue: Catalogue | None = None) -> Document:
    """A node under another id; wires, groups, axes and the claim follow, and with the catalogue parameters that name the node."""
    node = node_of(document, id)
    if new == id:
        return document
    if not _ID.fullmatch(new):
        raise Refusal(f"{new!r} is no id; start with a letter and use only letters, digits and _ (64 at most).")
    # Notes and groups too: what is selected is named by its id alone.
    if new == addresses.RUN or any(one.id == new for one in (*placed(document), *document.groups)):
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
    return replace_node(document, node_of(document, id).model_copy(update={"title": title}))


def set_value(document: Document, address: str, value: Any, catalogue: Catalogue) -> Document:
    """The value at an address: `mem1.inner.heads`, `mem1.component` (a swap), `run.threads`."""
    return addresses.put(document, address, value, catalogue)[0]


def reset_value(document: Document, address: str, catalogue: Catalogue) -> Document:
    """The default again at an address."""
    return addresses.reset(document, address, catalogue)


def swap(document: Document, node: str, component: str, catalogue: Catalogue) -> tuple[Document, Carried]:
    """Another component at a node, and the values that carried over (where both give the parameter the same role)."""
    return swap_node(document, node, component, catalogue)


def node_of(document: Document, id: str) -> Node:
    """The node of that id. Raises Refusal."""
    for node in document.nodes:
        if node.id == id:
            return node
    raise Refusal(f"There is no node {id!r}{nearest(id, [n.id for n in document.nodes])}.")


def problem_of_id(document: Document, id: str, new: str) -> str | None:
    """Why a node cannot be called that, or None (for the form, while it is typed)."""
    try:
        rename(document, id, new)
    except Refusal as error:
        return str(error)
    return None


# ---------------------------------------------------------------------------------------------- notes


def add_note(document: Document, text: str = "", place: Place = (0.0, 0.0)) -> Document:
    """A note on the canvas; it is the last of `notes`."""
    note = Note(id=free_id(document, "note", numbered=True), text=text, place=on_canvas(place))
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
            changes[name] = on_canvas(changes[name])
    return document.model_copy(update={"notes": [n.model_copy(update=changes) if n.id == id else n for n in document.notes]})
