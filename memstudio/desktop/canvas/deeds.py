"""What the canvas's own actions do, by their id in the action table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from memstudio.desktop.canvas import doing, lining
from memstudio.desktop.canvas.view import CanvasView
from memstudio.desktop.session import Session

_CLIPBOARD = ("edit.cut", "edit.copy", "edit.duplicate", "edit.delete", "")
_ONE = ("canvas.connect", "canvas.wires", "canvas.insert", "canvas.detach", "canvas.rename", "")
_SEVERAL = ("canvas.detach", "canvas.align", "canvas.row", "canvas.column", "canvas.across", "canvas.down", "")


def menu_rows(session: Session) -> list[str]:
    """The ids of what the canvas's menu offers for what is selected; "" is a line between."""
    chosen, document = set(session.selected), session.document
    nodes = [node.id for node in document.nodes if node.id in chosen]
    notes = [note.id for note in document.notes if note.id in chosen]
    groups = [group.id for group in document.groups if group.id in chosen]
    grouped = bool(groups) or any(chosen & set(group.nodes) for group in document.groups)
    if not chosen:
        return ["canvas.add", "edit.paste", "canvas.note", "", "canvas.align", "canvas.fit"]
    if not nodes and not notes and not groups:
        return ["canvas.insert", "edit.delete"]
    found = list(_CLIPBOARD)
    found += _ONE if len(nodes) == 1 else _SEVERAL if len(nodes) > 1 else ()
    found += ["canvas.group"] if nodes else ["canvas.rename"] if groups else []
    found += ["canvas.ungroup", "canvas.fold"] if grouped else []
    return [*found, "", "edit.paste", "canvas.fit_selection"]


def canvas_deeds(session: Session, view: CanvasView) -> dict[str, tuple[Callable[[], Any], QWidget | None]]:
    """What each does, and where its keys work."""
    line_up = partial(doing.line_up, session, view.items_of)
    return {
        "canvas.connect": (view.offer_connections, view),
        "canvas.insert": (view.insert_by_typing, view),
        "canvas.detach": (partial(doing.detach, session), view),
        "canvas.rename": (view.rename, view),
        "canvas.fit_selection": (view.zoom_to_selection, view),
        "canvas.row": (partial(line_up, lining.in_row, "Line up in a row"), view),
        "canvas.column": (partial(line_up, lining.in_column, "Line up in a column"), view),
        "canvas.across": (partial(line_up, lining.spread_across, "Spread evenly across"), view),
        "canvas.down": (partial(line_up, lining.spread_down, "Spread evenly down"), view),
        "canvas.fold": (partial(doing.fold, session), view),
    }
