"""The menus of the study: what can be set, node by node, and the button with three dots."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from PySide6.QtWidgets import QMenu, QToolButton

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.study.places import Group
from memstudio.desktop.tokens import Tokens


class More(QToolButton):
    """Three dots with a menu that is filled when it is opened."""

    def __init__(self, name: str, fill: Callable[[QMenu], None]) -> None:
        super().__init__()
        self._fill = fill
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setProperty("kind", "more")
        lengths.fix(self, 24, 24)
        lengths.fix_icon(self, 18)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setAccessibleName(name)
        menu.aboutToShow.connect(self._refill)
        self.setMenu(menu)
        theme.themed.connect(self._tint)
        self._tint(theme.current())

    def _tint(self, tokens: Tokens) -> None:
        self.setIcon(icons.icon("more", tokens))

    def _refill(self) -> None:
        clear(self.menu())
        self._fill(self.menu())


class Cross(QToolButton):
    """A small cross that takes something out."""

    def __init__(self, name: str, call: Callable[[], object]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setProperty("kind", "more")
        lengths.fix(self, 20, 20)
        lengths.fix_icon(self, 12)
        self.clicked.connect(partial(_call, call))
        theme.themed.connect(self._tint)
        self._tint(theme.current())

    def _tint(self, tokens: Tokens) -> None:
        self.setIcon(icons.icon("close", tokens))


def _call(call: Callable[[], object], checked: bool = False) -> None:
    call()


def clear(menu: QMenu) -> None:
    """Takes everything out of a menu, its sub-menus too."""
    for action in menu.actions():
        inner = action.menu()
        menu.removeAction(action)
        if isinstance(inner, QMenu):
            inner.deleteLater()
    menu.clear()


def fill_places(menu: QMenu, groups: Sequence[Group], chosen: Callable[[str], object], without: Collection[str] = ()) -> None:
    """One sub-menu a node; choosing an address calls `chosen` with it. without: addresses that are set already."""
    for group in groups:
        free = [place for place in group.places if place.address not in without]
        if free:
            inner = menu.addMenu(group.title.replace("&", "&&"))
            for place in free:
                inner.addAction(place.title.replace("&", "&&"), partial(chosen, place.address))
