"""Follows the library for the window: what is going on in it, and whether there is anything to compare yet."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal

from memstudio.desktop.going import whats_going
from memstudio.desktop.reader import Reader

#: the list of what is going on is asked for at most this often, milliseconds
LOOK = 400
#: and this often while something goes on, whether the library changes or not
WHILE_GOING = 2000


class Following(QObject):
    """Asks the reader whenever the library changed. going(tuple of Going): what goes on; filled(): there are runs, said once."""

    going = Signal(object)
    filled = Signal()

    def __init__(self, reader: Reader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader, self._filled = reader, False
        self._soon = QTimer(self, singleShot=True, interval=LOOK)
        self._soon.timeout.connect(self._ask)
        reader.changed.connect(self.look)

    def look(self) -> None:
        """Looks again, soon."""
        if not self._soon.isActive():
            self._soon.start(LOOK)

    def _ask(self) -> None:
        now = time.time()
        self._reader.ask(lambda library: whats_going(library, now), self._show, key="window.going")
        if not self._filled:
            self._reader.ask(lambda library: library.count() > 0, self._counted, key="window.filled")

    def _show(self, going: object) -> None:
        self.going.emit(going)
        if going:
            self._soon.start(WHILE_GOING)

    def _counted(self, filled: bool) -> None:
        if filled and not self._filled:
            self._filled = True
            self.filled.emit()

    def close(self) -> None:
        """Asks no more."""
        self._soon.stop()
