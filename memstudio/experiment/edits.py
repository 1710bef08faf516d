"""Edits of a document: pure functions that give a new one; unknown keys stay, no wire is left without its ends.

Every function raises Refusal (one sentence) where what it names does not exist or cannot be. Those of nodes and notes, wires,
groups and the clipboard have files of their own and are reached from here; those of the whole document stand here.
"""

from __future__ import annotations

from typing import Any

from memstudio.experiment import addresses
from memstudio.experiment.document import Axis, Document
from memstudio.experiment.entries import nearest
from memstudio.experiment.fragments import FRAGMENT, added, copy, corner, is_fragment, paste
from memstudio.experiment.group_edits import fold, group, put_into_group, set_group_title, take_out_of_groups, ungroup
from memstudio.experiment.node_edits import (
    Place,
    add_inside,
    add_node,
    add_note,
    free_id,
    move,
    move_inside,
    problem_of_id,
    put_inside_new,
    remove,
    rename,
    reset_value,
    set_node_title,
    set_note,
    set_value,
    swap,
)
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.wire_edits import ROOM, STEP, connect, disconnect, insert_on_wire, make_room, through

__all__ = [
    "FRAGMENT",
    "ROOM",
    "STEP",
    "Place",
    "add_inside",
    "add_node",
    "add_note",
    "added",
    "connect",
    "copy",
    "corner",
    "disconnect",
    "fold",
    "free_id",
    "group",
    "insert_on_wire",
    "is_fragment",
    "make_room",
    "move",
    "move_inside",
    "paste",
    "problem_of_id",
    "put_inside_new",
    "put_into_group",
    "remove",
    "remove_axis",
    "rename",
    "reset_value",
    "set_about",
    "set_axis",
    "set_group_title",
    "set_node_title",
    "set_note",
    "set_run",
    "set_title",
    "set_value",
    "swap",
    "take_out_of_groups",
    "through",
    "ungroup",
]


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
