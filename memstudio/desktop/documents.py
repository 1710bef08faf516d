"""The open document and its files: opening, saving, what was opened last, what was not saved yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from memstudio.desktop import unsaved
from memstudio.desktop.background import Background
from memstudio.desktop.home.recent import Recent, with_file, without_file, written
from memstudio.desktop.importing import one_at_a_time
from memstudio.desktop.messages import MessageLine

if TYPE_CHECKING:
    from memstudio.desktop.session import Message, Session
    from memstudio.experiment.document import Document
    from memstudio.experiment.entries import Catalogue

#: unsaved work is put aside this long after an edit, milliseconds
ASIDE = 600


class Documents(QObject):
    """Opens, saves and remembers documents for one window; `session` is the open one.

    folder: the library's, where unsaved work is put aside (`may_write()` says whether it can be); keep(name, value): keeps a setting.
    shown(): a document was opened, its page is to be shown; titled(str): what the window is called now; recent_changed(recent).
    """

    shown = Signal()
    titled = Signal(str)
    recent_changed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        folder: Path,
        recent: Sequence[Recent],
        background: Background,
        messages: MessageLine,
        keep: Callable[[str, object], object],
        may_write: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window, self._folder, self._background, self._messages = window, folder, background, messages
        self._keep, self._may_write = keep, may_write
        self._session: Session | None = None
        #: the files that were opened last, the newest first
        self.recent = tuple(recent)
        self._aside = QTimer(self, singleShot=True, interval=ASIDE)
        self._aside.timeout.connect(self.put_aside)

    @property
    def begun(self) -> bool:
        """Whether a document was open already."""
        return self._session is not None

    @property
    def session(self) -> Session:
        """The open document; made (with the catalogue) when first needed."""
        if self._session is None:
            with one_at_a_time:
                from memstudio.components.catalogue import known
                from memstudio.desktop.session import Session
                from memstudio.experiment.data.finding import places

            places.library = self._folder
            self._session = Session(known(), parent=self)
            self._session.message.connect(self._session_says)
            self._session.file_changed.connect(self._file_changed)
            self._session.document_changed.connect(self._file_changed)
        return self._session

    def join(self, catalogue: Catalogue) -> None:
        """Add-ons have joined, or left: the open document works with them from now on."""
        if self._session is not None:
            self._session.join(catalogue)

    # ------------------------------------------------------------------------------------------ opening

    def new(self) -> None:
        """An empty experiment in Build."""
        self._offer_back()
        self.session.new()
        self.shown.emit()

    def choose_file(self) -> None:
        """Asks for a file with the system's own dialog, without stopping the window."""
        dialog = QFileDialog(self._window, "Open an experiment", str(self.recent[0].file.parent if self.recent else Path.home()))
        dialog.setNameFilters(["MemStudio experiments (*.memx)", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.open_file)
        dialog.open()

    def open_file(self, path: Path | str) -> None:
        """Opens a document in Build; one that is missing or malformed is said in the message line."""
        file = Path(path).expanduser().absolute()
        from memstudio.experiment import files

        def failed(sentence: str) -> None:
            known = any(r.file == file for r in self.recent)
            self._messages.say(sentence, "bad", ("Remove from recent", partial(self._forget, file)) if known else None)

        self._background.do(lambda: files.read(file), lambda document: self.show_document(document, file), failed)

    def show_document(self, document: Document, path: Path | None = None) -> None:
        """Shows a document in Build; what was open and unsaved can be brought back from the message line."""
        self._offer_back()
        self.session.show(document, path)
        self.shown.emit()

    # ------------------------------------------------------------------------------------------ saving

    def save(self) -> None:
        """Saves the open document; one without a file asks for its name."""
        if not self.session.save():
            self.save_as()

    def save_as(self) -> None:
        """Asks for a file and saves the open document there."""
        session = self.session
        folder = session.path or (self.recent[0].file if self.recent else Path.home() / "x").parent / file_name(session.document.title)
        dialog = QFileDialog(self._window, "Save the experiment", str(folder))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["MemStudio experiments (*.memx)"])
        dialog.setDefaultSuffix("memx")
        dialog.selectFile(str(folder))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(session.save_as)
        dialog.open()

    def _session_says(self, message: Message) -> None:
        self._messages.say(message.text, message.level)

    def _file_changed(self, _: object = None) -> None:
        session = self.session
        self.titled.emit(f"{session.document.title}{'' if session.saved else ' (not saved)'} – MemStudio")
        if session.path is not None and session.saved:
            newest = self.recent[0] if self.recent else None
            if newest is None or newest.file != session.path or newest.title != session.document.title:
                self.keep_recent(with_file(self.recent, session.path, session.document.title))
        # not begun anew by every edit: whoever never rests would never have anything put aside
        if not self._aside.isActive():
            self._aside.start()

    # ------------------------------------------------------------------------------------------ what was opened last

    def keep_recent(self, recent: Sequence[Recent]) -> None:
        """These files were opened last."""
        self.recent = tuple(recent)
        self.recent_changed.emit(self.recent)
        self._keep("recent", written(self.recent))

    def _forget(self, file: Path) -> None:
        self.keep_recent(without_file(self.recent, file))

    # ------------------------------------------------------------------------------------------ what was not saved

    def look_for_unsaved(self) -> None:
        """Offers what was not saved when a window on this library closed."""
        folder = self._folder
        self._background.do(lambda: unsaved.kept(folder), self._offer_unsaved)

    def put_aside(self) -> None:
        """Keeps unsaved work beside the library; forgets what was kept once it is saved."""
        session, folder = self._session, self._folder
        if session is None or not self._may_write():
            return
        document, saved = session.document, session.saved
        self._background.do(lambda: unsaved.forget(folder) if saved else unsaved.keep(document, folder))

    def _offer_unsaved(self, document: Document | None) -> None:
        if document is not None:
            sentence = f"“{document.title}” was not saved when the window closed."
            self._messages.say(sentence, "careful", ("Open it", partial(self._bring_back, document, None)))

    def _offer_back(self) -> None:
        session = self._session
        if session is None or session.saved:
            return
        before = (session.document, session.path)
        self._messages.say(f"“{session.document.title}” was not saved.", "careful", ("Go back to it", partial(self._bring_back, *before)))

    def _bring_back(self, document: Document, path: Path | None) -> None:
        self.session.show(document, path)
        self.session.history.mark_unsaved()
        self.session.file_changed.emit(None)
        self.shown.emit()

    def close(self) -> None:
        """The window closes: what is unsaved is put aside."""
        self._aside.stop()
        self.put_aside()
        if self._session is not None:
            self._session.close()


def file_name(title: str) -> str:
    """A name for a document's file, made of its title."""
    words = re.sub(r"[^\w]+", "-", title.lower()).strip("-")[:60]
    return f"{words or 'experiment'}.memx"
