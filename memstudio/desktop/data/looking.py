"""Looking a file over away from the window's thread: first its beginning, then all of it, with progress; it can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from PySide6.QtCore import QObject, Signal

from memstudio.desktop.background import Background
from memstudio.experiment.data.looking import Looked, look


class Looking(QObject):
    """Looks one file over at a time. seen(Looked): its beginning, then the whole; progress(share from 0 to 1); failed(sentence)."""

    seen = Signal(object)
    progress = Signal(float)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background("data", self)
        self._stop = Event()

    def look(self, path: Path) -> None:
        """Begins with a file; one that is being looked over is let go."""
        self.stop()
        stop = self._stop = Event()
        self._background.do(partial(look, path, None, stop.is_set, True), partial(self._seen, stop), partial(self._failed, stop))
        self._background.do(
            partial(look, path, _Percent(self.progress.emit, stop), stop.is_set), partial(self._seen, stop), partial(self._failed, stop)
        )

    def _seen(self, stop: Event, looked: Looked) -> None:
        if not stop.is_set():
            self.seen.emit(looked)

    def _failed(self, stop: Event, sentence: str) -> None:
        if not stop.is_set():
            stop.set()
            self.failed.emit(sentence)

    def do(self, work: Callable[[], object], then: Callable[[Any], None], failed: Callable[[str], None]) -> None:
        """Other work with the file, in its turn (a copy into the library)."""
        self._background.do(work, then, failed)

    def stop(self) -> None:
        """What is being read is let go at the next piece."""
        self._stop.set()

    def close(self) -> None:
        """Ends the thread."""
        self.stop()
        self._background.close()


class _Percent:
    """Tells of progress once a per cent: more would only keep the window busy."""

    def __init__(self, tell: Callable[[float], object], stop: Event) -> None:
        self._tell, self._stop, self._said = tell, stop, -1

    def __call__(self, share: float) -> None:
        now = int(share * 100)
        if now != self._said and not self._stop.is_set():
            self._said = now
            self._tell(share)
