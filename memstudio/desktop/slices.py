"""Work of the window's thread in slices, so that a long page is made without holding the window."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer, Signal

#: seconds of making in one turn of the event loop; what is made is then styled, laid out and painted, which takes about twice as long
SLICE = 0.004

Step = Callable[[], object]


class Slices(QObject):
    """Steps that are taken one after another as the event loop turns. done(): none is left.

    What a step adds itself is done right after it, so that a page is made from the top.
    """

    done = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: deque[Step] = deque()
        self._added: list[Step] | None = None
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._go_on)

    @property
    def are_done(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def add(self, steps: Iterable[Step]) -> None:
        """Takes these steps too, in their order."""
        if self._added is not None:
            self._added.extend(steps)
            return
        self._waiting.extend(steps)
        if self._waiting:
            self._timer.start()

    def _take(self) -> None:
        before, self._added = self._added, []
        try:
            self._waiting.popleft()()
        finally:
            added, self._added = self._added, before
            self._waiting.extendleft(reversed(added))

    def some(self, seconds: float = SLICE) -> None:
        """Takes steps for about so long, at least one."""
        end = time.thread_time() + seconds
        while self._waiting:
            self._take()
            if time.thread_time() >= end:
                break

    def finish(self) -> None:
        """Takes every step now."""
        if self._waiting:
            while self._waiting:
                self._take()
            self._say()

    def stop(self) -> None:
        """Drops what is left: the page is not wanted any more."""
        self._waiting.clear()
        self._timer.stop()

    def _go_on(self) -> None:
        self.some()
        self._say()

    def _say(self) -> None:
        if self._waiting:
            self._timer.start()
        else:
            self._timer.stop()
            self.done.emit()
