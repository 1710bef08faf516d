"""Runs of the open experiment that fail are named at their node: a mark on it, and a line that leads there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from memstudio.desktop.reader import Reader
from memstudio.desktop.session import Message, Session
from memstudio.experiment.problems import Problem

if TYPE_CHECKING:
    from memstudio.experiment.history import History
    from memstudio.library import Library, RunRow, Submitted

#: milliseconds between two looks while the library is written
_LOOK = 500
GONE = "Its process is gone; Resume goes on from the last checkpoint."
_OVER = ("finished", "stopped", "failed", "lost")


class Failures(QObject):
    """Watches what was started last from the open experiment until it ends. go(node): goes to a node.

    run_asked(uid): everything of a run is to be shown, with its log.
    """

    run_asked = Signal(str)

    def __init__(self, session: Session, reader: Reader, go: Callable[[str], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._reader, self._go = session, reader, go
        self._submitted: Submitted | None = None
        self._history: History | None = None
        self._said: set[str] = set()
        self._edited = False
        self._wait = QTimer(self, singleShot=True, interval=_LOOK)
        self._wait.timeout.connect(self.look)
        reader.changed.connect(self._changed)
        session.document_changed.connect(self._document_changed)

    def watch(self, submitted: Submitted) -> None:
        """These runs were queued from what is open now."""
        self._submitted, self._history, self._said, self._edited = submitted, self._session.history, set(), False
        self._session.blame(None)

    @property
    def watching(self) -> bool:
        """Whether runs of the open experiment are on their way."""
        return self._submitted is not None and self._history is self._session.history

    def _changed(self) -> None:
        if self.watching and not self._wait.isActive():
            self._wait.start()

    def look(self) -> None:
        """Asks how the runs stand."""
        submitted = self._submitted
        if submitted is not None:
            self._reader.ask(partial(_rows, submitted=submitted), partial(self._show, submitted), key="build.failures")

    def _show(self, submitted: Submitted, rows: list[RunRow]) -> None:
        if submitted is not self._submitted or not self.watching:
            return
        failed = [row for row in rows if row.state in ("failed", "lost") and row.uid not in self._said]
        if failed:
            self._said |= {row.uid for row in failed}
            self._tell(max(failed, key=lambda row: row.ended or 0.0))
        if rows and all(row.state in _OVER for row in rows):
            self._submitted = None

    def _tell(self, row: RunRow) -> None:
        reason = row.failure or (GONE if row.state == "lost" else "Its log says more.")
        node = self._session.document.by_id.get(row.failed_node or "")
        show = ("Show the run", partial(self.run_asked.emit, row.uid))
        if node is None:
            where = f" at {row.failed_node}, which is no longer here" if row.failed_node else ""
            self._session.message.emit(Message(f"A run failed{where}: {reason}", "bad", show))
            return
        self._session.blame(Problem(node.id, None, None, f"The last run failed here: {reason}", severity="warning"))
        go = (f"Go to {node.id}", partial(self._go, node.id))
        self._session.message.emit(Message(f"A run failed at {node.id}: {reason}", "bad", go, show))

    def _document_changed(self, _: object) -> None:
        """Said once: what runs does not follow what is edited now."""
        if self.watching and not self._edited:
            self._edited = True
            words = "What runs is the experiment as it was when Run was pressed; edits are for the next run."
            self._session.message.emit(Message(words))


def _rows(library: Library, submitted: Submitted) -> list[RunRow]:
    if submitted.study is not None:
        return library.runs(study=submitted.study)
    return [library.run(uid) for uid in submitted.runs]
