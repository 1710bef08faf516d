"""What was not saved, on Home: restore it, look at it, or throw it away. Nothing is shown where nothing was left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop.labels import Elided, button, label, line
from memstudio.desktop.unsaved import Left
from memstudio.desktop.words import moment

if TYPE_CHECKING:
    from memstudio.desktop.documents import Documents


class UnsavedBox(QWidget):
    """One row for each. restore(Left), look(Left), throw_away(Left): what was asked for."""

    restore = Signal(object)
    look = Signal(object)
    throw_away = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "clear")
        self.setAccessibleName("Not saved")
        self.rows: list[UnsavedRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 24)
        column.setSpacing(8)
        column.addWidget(label("Not saved", "strong"))
        self._card = QFrame()
        self._card.setProperty("kind", "card")
        self._column = QVBoxLayout(self._card)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)
        column.addWidget(self._card)
        self.hide()

    def lead(self, documents: Documents) -> None:
        """Shows what these documents offer, and asks them for what is chosen."""
        self.restore.connect(documents.restore)
        self.look.connect(documents.look_at)
        self.throw_away.connect(documents.throw_away)
        documents.journal.left.connect(self.show_left)
        self.show_left(documents.journal.offered)

    def show_left(self, left: Sequence[Left]) -> None:
        """Shows these."""
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = [UnsavedRow(one, self) for one in left]
        for place, row in enumerate(self.rows):
            if place:
                self._column.addWidget(line())
            self._column.addWidget(row)
        self.setVisible(bool(left))


class UnsavedRow(QWidget):
    """What it is called, when its last edit was and what that did, and three buttons."""

    def __init__(self, left: Left, box: UnsavedBox) -> None:
        super().__init__()
        self.left = left
        self.setProperty("kind", "clear")
        self.title, self.below = Elided(left.title), Elided(below_text(left), "small")
        self.restore = button("Restore", partial(box.restore.emit, left), "link", "Open it with its edits", f"Restore {left.title}")
        self.look = button("Look", partial(box.look.emit, left), "link", "Open a copy; it stays here", f"Look at {left.title}")
        self.throw = button("Throw away", partial(box.throw_away.emit, left), "link", "It is not wanted", f"Throw {left.title} away")
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 2, 0, 0)
        buttons.setSpacing(12)
        for each in (self.restore, self.look, self.throw):
            buttons.addWidget(each)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        # the link buttons bring room of their own at their left
        column.setContentsMargins(9, 8, 13, 6)
        for text in (self.title, self.below):
            text.setContentsMargins(4, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.title)
        column.addWidget(self.below)
        column.addLayout(buttons)


def below_text(left: Left, now: float | None = None) -> str:
    """`14:05 · Move 3 components · hybrid.memx`, and whether some of it could not be read."""
    parts = [
        moment(left.when, time.time() if now is None else now),
        left.last_edit,
        left.path.name if left.path is not None else "no file yet",
    ]
    return " · ".join([*parts, "partly unreadable"] if left.damaged else parts)
