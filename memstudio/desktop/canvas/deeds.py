"""What the canvas's own actions do, by their id in the action table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from memstudio.desktop.canvas import doing, lining
from memstudio.desktop.canvas.view import CanvasView
from memstudio.desktop.session import Session

#: what the canvas's menu has for what is selected, beside the clipboard and groups
CHOSEN = (
    "canvas.connect",
    "canvas.wires",
    "canvas.insert",
    "canvas.detach",
    "canvas.rename",
    "",
    "canvas.row",
    "canvas.column",
    "canvas.across",
    "canvas.down",
    "",
    "canvas.fold",
)


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
