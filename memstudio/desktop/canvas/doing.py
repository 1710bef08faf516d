"""What the canvas does to the document: each function is one edit of the session, undone by one undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QGuiApplication

from memstudio.desktop.canvas import arrange
from memstudio.desktop.canvas.arrange import SNAP
from memstudio.desktop.canvas.cards import HEIGHT, WIDTH, Plug
from memstudio.desktop.canvas.grid import snapped
from memstudio.desktop.canvas.lining import Box, Places
from memstudio.desktop.canvas.scene import Scene
from memstudio.desktop.session import Message, Session, ends_of
from memstudio.experiment import edits, joining
from memstudio.experiment.checking import fits
from memstudio.experiment.document import Document, Node, Note, Wire
from memstudio.experiment.entries import Catalogue

#: gap between cards that are put beside each other
_GAP = 40.0
#: what is pasted without a hand stands so far aside of what was copied
_ASIDE = 2 * SNAP


def _title(session: Session, component: str) -> str:
    return session.catalogue.entry(component).title if component in session.catalogue else component


# ---------------------------------------------------------------------------------------------- adding


def add(session: Session, scene: Scene, component: str, at: QPointF, plug: Plug | None = None) -> str | None:
    """A new node with its corner near a point, wired to a plug where it fits; selected. None when it was refused.

    What does not stand by itself goes into the selected node that has a place for it, else into the only one that has.
    """
    holder = _holder(session, component)
    if holder is not None:
        return add_inside(session, component, holder)
    place = free_place(at, [item.body for item in scene.nodes.values()])
    made: list[str] = []

    def change(document: Document) -> Document:
        document, id = edits.add_node(document, component, session.catalogue, place)
        made[:] = [id]
        return document if plug is None else wired(document, session.catalogue, plug, id)

    if not session.edit(f"Add {_title(session, component)}", change):
        return None
    session.select(made)
    return made[0]


def add_inside(session: Session, component: str, id: str) -> str | None:
    """The component as the last of a list inside a node, which is selected. None when it was refused."""

    def change(document: Document) -> Document:
        return edits.add_inside(document, id, component, session.catalogue)

    if not session.edit(f"Add {_title(session, component)}", change):
        return None
    session.select([id])
    return id


def _holder(session: Session, component: str) -> str | None:
    """The node into which a component goes that does not stand by itself; None where there is none, or which is not clear."""
    known = session.catalogue
    if component not in known or known.entry(component).component.alone:
        return None
    inner = known.entry(component)
    nodes = session.document.nodes
    holding = [n.id for n in nodes if n.component in known and known.entry(n.component).list_for(inner) is not None]
    selected = [id for id in holding if id in session.selected]
    return selected[0] if selected else holding[0] if len(holding) == 1 else None


def add_after(session: Session, scene: Scene, component: str, id: str, plug: Plug | None) -> str | None:
    """A new node to the right of another, wired from its plug where it fits."""
    body = scene.nodes[id].body
    return add(session, scene, component, QPointF(body.right() + _GAP, body.top()), plug)


def insert(session: Session, component: str, wire: Wire) -> None:
    """A new node on a wire; it is selected."""
    made: list[str] = []

    def change(document: Document) -> Document:
        document, id = edits.insert_on_wire(document, wire.start, wire.end, component, session.catalogue)
        made[:] = [id]
        return document

    if session.edit(f"Insert {_title(session, component)}", change):
        session.select(made)


def free_place(at: QPointF, taken: Sequence[QRectF]) -> tuple[float, float]:
    """A place on the grid at a point, or below it where a card stands already."""
    x, y = snapped(at.x(), SNAP), snapped(at.y(), SNAP)
    while any(QRectF(x, y, WIDTH, HEIGHT).adjusted(-10, -10, 10, 10).intersects(box) for box in taken):
        y += SNAP
    return x, y


def wired(document: Document, catalogue: Catalogue, plug: Plug, id: str) -> Document:
    """The document with a wire between a plug and the first port of a node that fits; unchanged when none does."""
    component = catalogue.entry(document.node(id).component).component
    for port in component.takes if plug.side == "out" else component.gives:
        ends = (plug.address, f"{id}.{port.name}") if plug.side == "out" else (f"{id}.{port.name}", plug.address)
        if fits(document, catalogue, *ends) is None:
            return edits.connect(document, *ends, catalogue)
    return document


# ---------------------------------------------------------------------------------------------- what is selected


def selected_things(session: Session) -> list[str]:
    """Ids of the selected nodes and notes, with the nodes of selected groups."""
    document = session.document
    things = {node.id for node in document.nodes} | {note.id for note in document.notes}
    inside = [node for group in document.groups if group.id in session.selected for node in group.nodes]
    return [id for id in dict.fromkeys((*session.selected, *inside)) if id in things]


def delete(session: Session) -> None:
    """Removes the selected nodes, notes and wires. Of a selected group the nodes stay; a folded one is one thing and goes with them."""
    wires = [ends for id in session.selected if (ends := ends_of(id)) is not None]
    chosen = [group for group in session.document.groups if group.id in session.selected]
    groups = [group.id for group in chosen]
    inside = {node for group in chosen if group.folded for node in group.nodes}
    known = {node.id for node in session.document.nodes} | {note.id for note in session.document.notes}
    things = [id for id in session.selected if id in known]
    things += [node.id for node in session.document.nodes if node.id in inside and node.id not in things]

    def change(document: Document) -> Document:
        for start, end in wires:
            document = edits.disconnect(document, start, end)
        for group in groups:
            document = edits.ungroup(document, group)
        return edits.remove(document, things)

    if wires or groups or things:
        session.edit("Delete", change)


def nudge(session: Session, step: QPointF, distance: float) -> None:
    """Moves what is selected a little; steps that follow each other are one edit."""
    ids = set(selected_things(session))
    things: list[Node | Note] = [*session.document.nodes, *session.document.notes]
    dx, dy = step.x() * distance, step.y() * distance
    places = {one.id: (one.place[0] + dx, one.place[1] + dy) for one in things if one.id in ids}
    if places:
        session.edit("Move", lambda document: edits.move(document, places), merge=("nudge", tuple(sorted(ids))))


def select_all(session: Session) -> None:
    """Selects every node and note."""
    session.select([node.id for node in session.document.nodes] + [note.id for note in session.document.notes])


# ---------------------------------------------------------------------------------------------- wires


def detach(session: Session) -> None:
    """Takes the selected nodes (and those of selected groups) out of their wires; what came before is joined with what comes after."""
    things = selected_things(session)
    nodes = [node.id for node in session.document.nodes if node.id in things]
    if nodes:
        session.edit("Detach", lambda document: joining.detach(document, nodes, session.catalogue))


def connect(session: Session, start: str, end: str) -> bool:
    """A wire between two ports, as one edit."""
    return session.edit("Connect", lambda document: edits.connect(document, start, end, session.catalogue))


# ---------------------------------------------------------------------------------------------- the clipboard


def copy(session: Session) -> bool:
    """Puts what is selected on the clipboard as text. False when nothing is."""
    things = selected_things(session)
    if not things:
        return False
    QGuiApplication.clipboard().setText(edits.copy(session.document, things))
    return True


def cut(session: Session) -> None:
    """Copies and removes what is selected."""
    things = selected_things(session)
    if copy(session):
        session.edit("Cut", lambda document: edits.remove(document, things))


def paste(session: Session, middle: QPointF | None = None) -> None:
    """Adds what the clipboard holds under new ids with its middle at a point (else a step aside), and selects it."""
    _add(session, QGuiApplication.clipboard().text(), "Paste", middle)


def duplicate(session: Session, offset: QPointF | None = None) -> None:
    """Copies and pastes without touching the clipboard; offset: how far from what was copied."""
    things = selected_things(session)
    if things:
        text = edits.copy(session.document, things)
        _add(session, text, "Duplicate", None, offset)


def _add(session: Session, text: str, name: str, middle: QPointF | None = None, offset: QPointF | None = None) -> None:
    before = session.document

    def change(document: Document) -> Document:
        pasted = edits.paste(document, text, edits.corner(text), session.catalogue)
        ids = edits.added(document, pasted)
        if offset is not None:
            return _shifted(pasted, ids, offset)
        step = QPointF(_ASIDE, _ASIDE) if middle is None else _to(pasted, ids, middle)
        return _shifted(pasted, ids, _free(document, pasted, ids, step))

    if session.edit(name, change):
        session.select(edits.added(before, session.document))


def _boxes(document: Document, ids: tuple[str, ...]) -> list[QRectF]:
    size = (WIDTH, HEIGHT)
    things: list[Node | Note] = [*document.nodes, *document.notes]
    return [QRectF(*one.place, *(size if isinstance(one, Node) else one.size)) for one in things if one.id in ids]


def _to(document: Document, ids: tuple[str, ...], middle: QPointF) -> QPointF:
    """How far these things move so that they stand around a point, on the grid."""
    whole = QRectF()
    for box in _boxes(document, ids):
        whole = whole.united(box)
    corner = middle - QPointF(whole.width() / 2, whole.height() / 2)
    return QPointF(snapped(corner.x(), SNAP), snapped(corner.y(), SNAP)) - whole.topLeft()


def _free(before: Document, after: Document, ids: tuple[str, ...], step: QPointF) -> QPointF:
    """The step, longer where new things would cover old ones: pasting twice does not look like pasting once."""
    things: list[Node | Note] = [*before.nodes, *before.notes]
    taken = {one.place for one in things}
    places = [(box.x(), box.y()) for box in _boxes(after, ids)]
    for _ in range(len(taken) + 1):
        if not any((x + step.x(), y + step.y()) in taken for x, y in places):
            break
        step += QPointF(_ASIDE, _ASIDE)
    return step


def _shifted(document: Document, ids: tuple[str, ...], by: QPointF) -> Document:
    things: list[Node | Note] = [*document.nodes, *document.notes]
    return edits.move(document, {one.id: (one.place[0] + by.x(), one.place[1] + by.y()) for one in things if one.id in ids})


# ---------------------------------------------------------------------------------------------- order


def group(session: Session) -> str | None:
    """Puts the selected nodes into a new group and selects it; its id. With a group among them, they go into that one."""
    nodes = [node.id for node in session.document.nodes if node.id in session.selected]
    groups = [one.id for one in session.document.groups if one.id in session.selected]
    if len(groups) == 1 and nodes:
        into_group(session, groups[0], nodes)
        return None
    if not session.edit("Group", lambda document: edits.group(document, nodes, "Group")):
        return None
    made = session.document.groups[-1].id
    session.select([made])
    return made


def into_group(session: Session, group: str, nodes: Sequence[str]) -> None:
    """Puts nodes into a group that there is."""
    session.edit("Move into the group", lambda document: edits.put_into_group(document, group, nodes))


def ungroup(session: Session) -> None:
    """Takes apart the groups that are selected; without one, takes the selected nodes out of theirs."""
    chosen = set(session.selected)
    groups = [one.id for one in session.document.groups if one.id in chosen]
    nodes = [id for one in session.document.groups for id in one.nodes if id in chosen]

    def apart(document: Document) -> Document:
        for id in groups:
            document = edits.ungroup(document, id)
        return document

    if groups:
        session.edit("Ungroup", apart)
    elif nodes:
        session.edit("Take out of the group", lambda document: edits.take_out_of_groups(document, nodes))


def fold(session: Session) -> None:
    """Folds the groups that are selected or hold a selected node; unfolds them where all are folded."""
    chosen = set(session.selected)
    found = [one for one in session.document.groups if one.id in chosen or chosen & set(one.nodes)]
    folded = not all(one.folded for one in found)

    def change(document: Document) -> Document:
        for one in found:
            document = edits.fold(document, one.id, folded)
        return document

    if found and session.edit("Fold" if folded else "Unfold", change):
        session.select([one.id for one in found])


def line_up(session: Session, scene: Scene, how: Callable[[Mapping[str, Box]], Places], name: str) -> None:
    """Puts the selected nodes and notes in line; the first that was selected stays where the others come to."""
    bodies = {id: item.body for id, item in scene.nodes.items()} | {id: note.body for id, note in scene.notes.items()}
    boxes = {id: (box.x(), box.y(), box.width(), box.height()) for id in session.selected if (box := bodies.get(id)) is not None}
    if len(boxes) < 2:
        session.message.emit(Message("Select two components or more to put them in line.", "careful"))
        return
    places = how(boxes)
    session.edit(name, lambda document: edits.move(document, places))


def add_note(session: Session, at: QPointF) -> str | None:
    """An empty note at a point, selected; its id."""
    place = (snapped(at.x(), SNAP), snapped(at.y(), SNAP))
    if not session.edit("Add a note", lambda document: edits.add_note(document, "", place)):
        return None
    id = session.document.notes[-1].id
    session.select([id])
    return id


def tidy(session: Session) -> None:
    """Arranges the selected nodes (all, when fewer than two are selected) from left to right along their wires."""
    document = session.document
    chosen = [node.id for node in document.nodes if node.id in session.selected]
    if len(chosen) > 1:
        nodes = [node for node in document.nodes if node.id in chosen]
        wires = [wire for wire in document.wires if wire.start_node in chosen and wire.end_node in chosen]
        part = document.model_copy(update={"nodes": nodes, "wires": wires})
        found = arrange.shifted(arrange.places(part, session.catalogue), arrange.corner(document, chosen))
    else:
        found = arrange.places(document, session.catalogue)
    session.edit("Arrange", lambda document: _notes_beside(arrange.with_places(document, found), session.catalogue))


def _notes_beside(document: Document, catalogue: Catalogue) -> Document:
    """The document with notes that now lie under cards below everything instead."""
    heights = arrange.card_heights(document, catalogue)
    cards = [QRectF(*node.place, WIDTH, heights[node.id]) for node in document.nodes]
    covered = [note for note in document.notes if any(QRectF(*note.place, *note.size).intersects(card) for card in cards)]
    left, top = min((card.left() for card in cards), default=0.0), max((card.bottom() for card in cards), default=0.0)
    places: dict[str, tuple[float, float]] = {}
    for note in covered:
        top = arrange.snapped_up(top + _GAP)
        places[note.id] = (left, top)
        top += note.size[1]
    return edits.move(document, places)
