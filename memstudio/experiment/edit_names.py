"""What an edit is called, by what it changed: `Move 3 components`, `Delete Classifier`, `Set heads of Attention to 8`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memstudio.experiment.document import Document, Node, Wire
from memstudio.experiment.entries import Catalogue

#: names that say what was done, not with what; what it was done with is looked up
_BARE = frozenset({"Move", "Delete", "Cut", "Paste", "Duplicate", "Connect", "Disconnect", "Group", "Ungroup", "Arrange"})
#: longer ones are cut, so that a menu stays a menu
_LONGEST = 64


def said(name: str, before: Document, after: Document, catalogue: Catalogue) -> str:
    """The name with what it was done to, where the name alone does not say it; else the name."""
    what = ""
    if name in ("Connect", "Disconnect"):
        what = _wires(name, before, after, catalogue)
    elif name in _BARE:
        what = _things(before, after, catalogue)
    elif name.startswith(("Set ", "Reset ")):
        return _short(f"{name}{_whose(before, after, catalogue)}")
    return _short(f"{name} {what}" if what else name)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def title_of(node: Node, catalogue: Catalogue) -> str:
    """What a node is called on the canvas."""
    if node.title:
        return node.title
    return catalogue.entry(node.component).title if node.component in catalogue else node.id


def _things(before: Document, after: Document, catalogue: Catalogue) -> str:
    """`Classifier`, `3 components`, `2 components and a note`, `a wire`: what came, went or changed."""
    nodes = _differ(before.nodes, after.nodes)
    notes = _differ(before.notes, after.notes)
    groups = _differ(before.groups, after.groups)
    parts = []
    if len(nodes) == 1:
        parts.append(title_of(nodes[0], catalogue))
    elif nodes:
        parts.append(f"{len(nodes):,} components")
    if notes:
        parts.append("a note" if len(notes) == 1 else f"{len(notes):,} notes")
    if groups and not parts:
        inside = groups[0].nodes
        parts.append(groups[0].title if len(groups) == 1 and groups[0].title not in ("", "Group") else f"of {len(inside):,} components")
    if not parts:
        gone = sum(wire not in after.wires for wire in before.wires) + sum(wire not in before.wires for wire in after.wires)
        parts += ["a wire" if gone == 1 else f"{gone:,} wires"] if gone else []
    return " and ".join(parts)


def _differ(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """Those with an id that came, went or changed, as they are now or were."""
    was, now = {one.id: one for one in old}, {one.id: one for one in new}
    return [now.get(id, was.get(id)) for id in dict.fromkeys((*was, *now)) if was.get(id) is not now.get(id) and was.get(id) != now.get(id)]


def _wires(name: str, before: Document, after: Document, catalogue: Catalogue) -> str:
    """`Task to Token embedding`."""
    at, other = (after, before) if name == "Connect" else (before, after)
    found = [wire for wire in at.wires if wire not in other.wires]
    if len(found) != 1:
        return f"{len(found):,} wires" if found else ""
    return _ends(found[0], at, catalogue)


def _ends(wire: Wire, document: Document, catalogue: Catalogue) -> str:
    known = document.by_id
    return " to ".join(title_of(known[id], catalogue) if id in known else id for id in (wire.start_node, wire.end_node))


def _whose(before: Document, after: Document, catalogue: Catalogue) -> str:
    """` of Attention to 8`: the node whose values changed, and the value where it is short."""
    nodes = _differ(before.nodes, after.nodes)
    if len(nodes) != 1:
        return f" of {len(nodes):,} components" if nodes else ""
    node = nodes[0]
    old = before.by_id.get(node.id)
    changed = [key for key in node.values if old is None or key not in old.values or old.values[key] != node.values[key]]
    value = node.values[changed[0]] if len(changed) == 1 else None
    to = ""
    if isinstance(value, bool):
        to = f" {'on' if value else 'off'}"
    elif isinstance(value, int | float | str) and len(str(value)) <= 16:
        to = f" to {value}"
    return f" of {title_of(node, catalogue)}{to}"
