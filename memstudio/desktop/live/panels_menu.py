"""The menu of the live panels: which are shown, in one row or two, and all as at first."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from memstudio.desktop.live.arrangement import ORDER, ROWS, Arrangement
from memstudio.desktop.live.strip import TITLES, Strip


class PanelsMenu(QObject):
    """Fills a menu when it is opened, from what a strip shows and could show."""

    def __init__(self, menu: QMenu, strip: Strip) -> None:
        super().__init__(menu)
        self._menu, self._strip = menu, strip
        menu.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Fills the menu anew."""
        menu, strip = self._menu, self._strip
        menu.clear()
        there = strip.could_show
        for id in ORDER:
            action = menu.addAction(TITLES[id])
            action.setCheckable(True)
            action.setChecked(id in there and id not in strip.arrangement.closed)
            # what was never measured cannot be brought back
            action.setEnabled(id in there)
            action.toggled.connect(partial(self._toggled, id))
        menu.addSeparator()
        rows = len(strip.arrangement.shown(there))
        for number, words in ((1, "All in one row"), (ROWS, "In two rows")):
            action = menu.addAction(words)
            action.setEnabled(rows != number)
            action.triggered.connect(partial(self._in_rows, number))
        menu.addAction("As at first").triggered.connect(self._as_at_first)

    def _toggled(self, id: str, shown: bool) -> None:
        now = self._strip.arrangement
        self._strip.set_arrangement(now.with_(id) if shown else now.without(id))

    def _in_rows(self, number: int, checked: bool = False) -> None:
        self._strip.in_rows(number)

    def _as_at_first(self, checked: bool = False) -> None:
        self._strip.set_arrangement(Arrangement())
