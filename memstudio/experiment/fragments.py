"""Copy and paste: a part of an experiment as text, and text as a part of an experiment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from memstudio.experiment.document import Document, new_uid
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.files import parse, to_text
from memstudio.experiment.node_edits import Place, free_id, on_canvas, placed
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.renaming import follow, renamed_wire

FRAGMENT = "memstudio-fragment"
#: what chats and word processors make of quotation marks and blanks
_TYPED = str.maketrans({"“": '"', "”": '"', "„": '"', "\u00a0": " ", "\ufeff": " ", "\u200b": " "})


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
    corners = [one.place for one in placed(part)]
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
        pasted = node.model_copy(update={"id": id, "uid": new_uid(), "place": on_canvas((node.place[0] + dx, node.place[1] + dy))})
        now = now.model_copy(update={"nodes": [*now.nodes, pasted]})
    for note in part.notes:
        spot = on_canvas((note.place[0] + dx, note.place[1] + dy))
        moved = note.model_copy(update={"id": free_id(now, "note", numbered=True), "place": spot})
        now = now.model_copy(update={"notes": [*now.notes, moved]})
    for one in part.groups:
        filled = one.model_copy(update={"id": free_id(now, "group", numbered=True), "nodes": [names[n] for n in one.nodes if n in names]})
        now = now.model_copy(update={"groups": [*now.groups, filled]})
    wires = [renamed_wire(wire, names) for wire in part.wires if wire.start_node in names and wire.end_node in names]
    now = now.model_copy(update={"wires": [*now.wires, *wires]})
    return now if catalogue is None else follow(now, names, catalogue, only=set(names.values()))


def corner(fragment: str) -> Place:
    """Where the upper left corner of what a text holds stood when it was copied. Raises Refusal."""
    places = [one.place for one in placed(_fragment(fragment))]
    return min(x for x, _ in places), min(y for _, y in places)


def added(before: Document, after: Document) -> tuple[str, ...]:
    """The ids of the nodes and notes that `after` has and `before` had not, in their order (to select what was pasted)."""
    had = {one.id for one in placed(before)}
    return tuple(one.id for one in placed(after) if one.id not in had)


def is_fragment(text: str) -> bool:
    """Whether text of the clipboard is something to paste."""
    try:
        _fragment(text)
    except Refusal:
        return False
    return True


def _fragment(text: str) -> Document:
    """The part of an experiment that a text holds, be there words or a fence around it as in a chat. Raises Refusal."""
    if FRAGMENT not in text and '"memstudio"' not in text.translate(_TYPED):
        raise Refusal("The clipboard holds no part of an experiment; copy some nodes first.")
    data = _object(text) or _object(text.translate(_TYPED))
    if data is None:
        raise Refusal("The clipboard holds no part of an experiment that can be read; copy it again, from the first { to the last }.")
    document = parse(json.dumps({**data, "format": "memstudio"}), "The clipboard")
    if not document.nodes and not document.notes:
        raise Refusal("The clipboard holds no part of an experiment; copy some nodes first.")
    return document


def _object(text: str) -> dict[str, Any] | None:
    """The first object of JSON in a text that says it is a part of an experiment, or a whole one."""
    decoder = json.JSONDecoder()
    marks = [text.find(mark) for mark in (FRAGMENT, '"memstudio"') if mark in text]
    starts = {text.find("{"), text.rfind("{", 0, min(marks, default=0))} - {-1}
    for start in sorted(starts):
        try:
            data, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict) and data.get("format") in (FRAGMENT, "memstudio"):
            return data
    return None
