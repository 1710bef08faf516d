"""Keeps every edit of one window in a journal beside the library, within a second, and offers what windows before it left unsaved."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from memstudio.desktop import unsaved
from memstudio.desktop.background import Background
from memstudio.desktop.unsaved import Left

if TYPE_CHECKING:
    from memstudio.desktop.session import Session
    from memstudio.experiment.document import Document
    from memstudio.experiment.history import History
    from memstudio.experiment.journal import State, Writer

#: milliseconds after an edit until it is written; edits that come meanwhile are written with it
SOON = 250
#: milliseconds until what could not be written is tried again
AGAIN = 5000


class Journalling(QObject):
    """The journals of one window.

    folder: the library's; may_write(): whether it can be written. left(tuple of Left): what can be restored; found(the same):
    windows before this one left it; trouble(str): edits cannot be kept, said once until they can be again.
    """

    left = Signal(object)
    found = Signal(object)
    trouble = Signal(str)

    def __init__(self, folder: Path, may_write: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder, self._may_write = folder, may_write
        self._background = Background("journal", self)
        self._session: Session | None = None
        self._history: History | None = None
        self._path: Path | None = None
        self._writer: Writer | None = None
        self._in_trouble = False
        #: what can be restored now, the newest first
        self.offered: tuple[Left, ...] = ()
        self._thrown: list[Left] = []
        self._writers: dict[Path, Writer] = {}
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self.write)

    def look(self) -> None:
        """Looks for what windows before this one left unsaved."""
        folder = self._folder
        self._background.do(lambda: unsaved.look(folder), self._looked)

    def _looked(self, found: list[Left]) -> None:
        if found:
            self._offer((*self.offered, *found))
            self.found.emit(tuple(found))

    def _offer(self, offered: tuple[Left, ...]) -> None:
        self.offered = tuple(sorted(offered, key=lambda left: -left.when))
        self.left.emit(self.offered)

    # ------------------------------------------------------------------------------------------ writing

    def follow(self, session: Session) -> None:
        """Keeps what this session edits from now on."""
        # imported with the session, not at the first edit, which would wait for it
        import memstudio.experiment.journal  # noqa: F401

        self._session, self._history, self._path = session, session.history, session.path
        session.document_changed.connect(self._changed)
        session.file_changed.connect(self._changed)

    def _changed(self, _: object) -> None:
        session = self._session
        if session is None:
            return
        if session.history is not self._history:
            self._change_over(session)
        self._path = session.path
        # not begun anew by every edit: whoever never rests would never have anything kept
        if not self._soon.isActive():
            self._soon.start(AGAIN if self._in_trouble else SOON)

    def _change_over(self, session: Session) -> None:
        """Another document is open: the journal of the one before is left where it is unsaved, else forgotten."""
        history, path, writer = self._history, self._path, self._writer
        self._history, self._writer = session.history, None
        back = next((left for left in self.offered if left.history is session.history), None)
        if history is not None and (writer is not None or not history.saved):
            writer = self._begun() if writer is None else writer
            if history.saved:
                self._forget(writer)
            elif self._may_write():
                self._bring(writer, history, path)
                self._writers[writer.file] = writer
                self._offer((*self.offered, Left(history, path, history.entries[history.index].at, writer.file)))
        if back is not None:
            self._writer = self._writers.pop(back.file, None)
            self._offer(tuple(left for left in self.offered if left is not back))
            if self._writer is None:
                # what another window wrote is ours now; its file goes once ours is written
                self._adopt(back)

    def _adopt(self, back: Left) -> None:
        self.write()
        self._background.do(partial(_remove_if, back.file, self._writer))

    def write(self) -> None:
        """Brings the journal up to now, away from the window's thread."""
        history = self._history
        if history is None or not self._may_write():
            return
        if self._writer is None:
            if len(history.entries) == 1 and history.saved:
                return
            self._writer = self._begun()
        self._bring(self._writer, history, self._path)

    def _begun(self) -> Writer:
        from memstudio.experiment.journal import Writer

        return Writer(unsaved.take(self._folder), {})

    def _bring(self, writer: Writer, history: History, path: Path | None) -> None:
        from memstudio.experiment.journal import state_of

        self._background.do(partial(_written, writer, state_of(history, path)), self._went, self._went_wrong)

    def _went(self, _: object) -> None:
        self._in_trouble = False

    def _went_wrong(self, sentence: str) -> None:
        if not self._in_trouble:
            self._in_trouble = True
            self.trouble.emit(f"Edits cannot be kept for a crash: {sentence[:1].lower()}{sentence[1:]} Save the experiment, and make room.")
        self._soon.start(AGAIN)

    def _forget(self, writer: Writer) -> None:
        self._background.do(partial(_forgotten, writer))

    # ------------------------------------------------------------------------------------------ what was left

    def throw_away(self, left: Left) -> None:
        """It is not offered any more; its journal goes when the window closes, so until then it can be taken back."""
        self._thrown.append(left)
        self._offer(tuple(one for one in self.offered if one is not left))

    def take_back(self, left: Left) -> None:
        """What was thrown away is offered again."""
        if left in self._thrown:
            self._thrown.remove(left)
            self._offer((*self.offered, left))

    def close(self) -> None:
        """The window closes: what is saved is forgotten, what is not stays for the next start."""
        self._soon.stop()
        if self._history is not None:
            self.write()
            if self._writer is not None and self._history.saved:
                # what was being saved is written by now, or could not be
                self._background.do(partial(_forgotten_where_saved, self._writer, self._history.document, self._path))
            elif self._writer is not None:
                self._background.do(partial(unsaved.leave, self._writer.file))
        for file in self._writers:
            self._background.do(partial(unsaved.leave, file))
        for left in self._thrown:
            self._background.do(partial(unsaved.remove, left.file))
        self._background.close(finish=True)


def _written(writer: Writer, state: State) -> bool:
    if not writer.header:
        writer.header = unsaved.header() | {"begun": time.time()}
    return writer.bring(state)


def _forgotten(writer: Writer) -> None:
    writer.forget()
    unsaved.leave(writer.file)


def _forgotten_where_saved(writer: Writer, document: Document, path: Path | None) -> None:
    unsaved.leave(writer.file)
    if path is None or unsaved.on_disk(path) == document:
        writer.forget()


def _remove_if(file: Path, writer: Writer | None) -> None:
    """Removes a journal once another has its history."""
    if writer is not None and writer.file.exists():
        unsaved.remove(file)
