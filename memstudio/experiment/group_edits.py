"""Edits of groups: a node is in one group at most, and a group that loses its last node goes."""

from __future__ import annotations

from collections.abc import Iterable

from memstudio.experiment.document import Document, Group
from memstudio.experiment.node_edits import free_id, node_of
from memstudio.experiment.parameters import Refusal


def group(document: Document, ids: Iterable[str], title: str = "") -> Document:
    """These nodes as one group (a node is in one group at most)."""
    members = list(dict.fromkeys(ids))
    if not members:
        raise Refusal("Nothing is selected; select the nodes that belong together.")
    for id in members:
        node_of(document, id)
    kept = take_out_of_groups(document, members).groups
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


def put_into_group(document: Document, id: str, nodes: Iterable[str]) -> Document:
    """These nodes into a group that there is; those that were in another leave it."""
    members = list(dict.fromkeys(nodes))
    _group(document, id)
    for node in members:
        node_of(document, node)
    groups = [
        one.model_copy(
            update={
                "nodes": [*one.nodes, *(n for n in members if n not in one.nodes)]
                if one.id == id
                else [n for n in one.nodes if n not in members]
            }
        )
        for one in document.groups
    ]
    return document.model_copy(update={"groups": _filled(groups, document)})


def take_out_of_groups(document: Document, nodes: Iterable[str]) -> Document:
    """These nodes out of whatever group they are in."""
    gone = set(nodes)
    groups = [one.model_copy(update={"nodes": [n for n in one.nodes if n not in gone]}) for one in document.groups]
    return document.model_copy(update={"groups": _filled(groups, document)})


def _filled(groups: list[Group], before: Document) -> list[Group]:
    """These groups, without those that have just lost their last node."""
    return [new for new, old in zip(groups, before.groups, strict=True) if new.nodes or not old.nodes]
