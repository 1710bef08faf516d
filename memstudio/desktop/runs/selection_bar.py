"""What can be done with several runs at once, at the foot of the table while more than one is selected."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.labels import Elided, button
from memstudio.desktop.words import count, tr


class SelectionBar(QFrame):
    """The bar. asked(str): the id of the action that a button stands for; more: the menu with everything."""

    asked = Signal(str)
    more = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "foot")
        lengths.fix(self, height=46)
        self.setAccessibleName(tr("Selected runs"))
        self.words = Elided("", "strong")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(6)
        row.addWidget(self.words, 1)
        self.buttons = {
            id: button(text, partial(self.asked.emit, id), "", tip, name)
            for id, text, tip, name in (
                ("runs.compare", "Compare", "Compare the selected runs (C)", "Compare the selected runs"),
                ("runs.tags", "Tags…", "Give the selected runs tags, or take them (T)", "Tags of the selected runs"),
                ("runs.star", "Star", "Mark the selected runs (S)", "Star the selected runs"),
                ("runs.trash", "Trash", "Put the selected runs into the trash (Del)", "Put the selected runs into the trash"),
            )
        }
        for one in self.buttons.values():
            row.addWidget(one)
        self.more_button = button("More…", self.more.emit, "", "Everything that can be done with them", "More for the selected runs")
        row.addWidget(self.more_button)
        self.hide()

    def show_selected(self, n: int, of_groups: int) -> None:
        """How many runs are selected, in how many groups (0: none is a group); hidden for a single run."""
        words = f"{count(n, 'run')} selected"
        self.words.say(f"{words} in {count(of_groups, 'group')}" if of_groups else words)
        self.setVisible(n > 1)


def fill(menu: QMenu, actions: list[QAction | None]) -> None:
    """Puts actions into a menu; None is a line between them. What cannot be done now is left out."""
    waiting = False
    for action in actions:
        if action is None:
            waiting = not menu.isEmpty()
        elif action.isEnabled():
            if waiting:
                menu.addSeparator()
            waiting = False
            menu.addAction(action)
