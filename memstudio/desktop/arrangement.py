"""How a person had arranged the window: its size and place, page, panels and splitters; kept when it closes, put back at the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSplitter, QWidget

if TYPE_CHECKING:
    from memstudio.desktop.build.page import BuildPage

#: so much of a window's upper edge must lie on a screen, across and down, that it can be taken hold of
_HOLD, _EDGE = 120, 24
#: the splitters of Build that keep their sizes; what is above and below the live panels is theirs
_SPLITTERS = ("across", "inner")


def kept(window: QWidget, page: str, build: BuildPage | None, before: object) -> dict[str, Any]:
    """What is to be kept. build: where the page was made; else what was kept before stays."""
    old = dict(before) if isinstance(before, Mapping) else {}
    found: dict[str, Any] = {"geometry": window.saveGeometry().toBase64().toStdString(), "page": page}
    if build is not None:
        found["splitters"] = {name: getattr(build, name).sizes() for name in _SPLITTERS}
        found["problems"] = build.problems.isVisibleTo(build)
    return old | found


def place(window: QWidget, kept: object) -> None:
    """Gives a window its size and place again; one that would lie off every screen is brought back."""
    geometry = kept.get("geometry") if isinstance(kept, Mapping) else None
    if isinstance(geometry, str) and geometry.isascii():
        window.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    wanted = window.geometry()
    there = on_screen(wanted, screens)
    if there != wanted:
        window.setGeometry(there)


def on_screen(window: QRect, screens: Sequence[QRect]) -> QRect:
    """The same place where its upper edge can be taken hold of on a screen; else the middle of the first one, no larger than it."""
    edge = QRect(window.x(), window.y(), window.width(), _EDGE)
    for screen in screens:
        seen = edge.intersected(screen)
        if seen.width() >= min(_HOLD, window.width()) and seen.height() >= _EDGE // 2 and window.height() <= screen.height() + _EDGE:
            return window
    if not screens:
        return window
    there = QRect(0, 0, min(window.width(), screens[0].width()), min(window.height(), screens[0].height()))
    there.moveCenter(screens[0].center())
    return there


def page_of(kept: object) -> str:
    """The page to begin with: Runs where a person left it; else Home, for Build is empty until something is opened."""
    return "runs" if isinstance(kept, Mapping) and kept.get("page") == "runs" else "home"


def arrange(build: BuildPage, kept: object) -> None:
    """Gives Build the widths that its parts had, and its list of problems where it was open. What makes no sense is left out."""
    if not isinstance(kept, Mapping):
        return
    sizes = kept.get("splitters")
    for name in _SPLITTERS:
        splitter: QSplitter = getattr(build, name)
        wanted = sizes.get(name) if isinstance(sizes, Mapping) else None
        if isinstance(wanted, list) and _sensible(wanted, splitter.count()):
            splitter.setSizes(wanted)
    if kept.get("problems") is True:
        build.show_problems(True)


def _sensible(sizes: Sequence[Any], number: int) -> bool:
    whole = all(isinstance(size, int) and 0 <= size < 100_000 for size in sizes)
    return whole and len(sizes) == number and sum(sizes) > 0
