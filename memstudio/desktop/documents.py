"""The open document and its files: opening, saving, what was opened last, what was not saved yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from memstudio.desktop.background import Background
from memstudio.desktop.home.recent import Recent, with_file, without_file, written
from memstudio.desktop.importing import one_at_a_time
from memstudio.desktop.journalling import Journalling
from memstudio.desktop.limits import Limits
from memstudio.desktop.messages import MessageLine
from memstudio.desktop.stamped import Stamp, look, read_stamped

if TYPE_CHECKING:
    from memstudio.desktop.session import Message, Session
    from memstudio.desktop.unsaved import Left
    from memstudio.experiment.document import Document
    from memstudio.experiment.entries import Catalogue
    from memstudio.experiment.history import History

#: milliseconds between two looks at the open file, whether another program has changed it
LOOK = 2000


class Documents(QObject):
    """Opens, saves and remembers documents for one window; `session` is the open one.

    folder: the library's, where the journal of edits is kept (`may_write()` says whether it can be); keep(name, value): keeps a setting.
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
        self._keep = keep
        #: how new experiments are run
        self.limits = Limits()
        self._session: Session | None = None
        #: the files that were opened last, the newest first
        self.recent = tuple(recent)
        #: every edit is kept here, and what was left unsaved is offered from here
        self.journal = Journalling(folder, may_write, self)
        self.journal.found.connect(self._found_unsaved)
        self.journal.trouble.connect(partial(messages.say, level="careful"))
        self._looks = QTimer(self, interval=LOOK)
        self._looks.timeout.connect(self.look_at_file)
        self._looking = False

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
            self._session.changed_outside.connect(self._not_saved_over)
            self.journal.follow(self._session)
            self._looks.start()
        return self._session

    def join(self, catalogue: Catalogue) -> None:
        """Add-ons have joined, or left: the open document works with them from now on."""
        if self._session is not None:
            self._session.join(catalogue)

    # ------------------------------------------------------------------------------------------ opening

    def new(self) -> None:
        """An empty experiment in Build."""
        self._offer_back()
        self.session.new(self.limits.device)
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

        def failed(sentence: str) -> None:
            known = any(r.file == file for r in self.recent)
            self._messages.say(sentence, "bad", ("Remove from recent", partial(self._forget, file)) if known else None)

        self._background.do(lambda: read_stamped(file), lambda read: self.show_document(read[0], file, read[1]), failed)

    def show_document(self, document: Document, path: Path | None = None, stamp: Stamp | None = None) -> None:
        """Shows a document in Build; what was open and unsaved can be brought back from the message line."""
        self._offer_back()
        self.session.show(document, path, stamp)
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
        self._messages.say(message.text, message.level, message.action, message.other)

    def _file_changed(self, _: object = None) -> None:
        session = self.session
        self.titled.emit(f"{session.document.title}{'' if session.saved else ' (not saved)'} – MemStudio")
        if session.path is not None and session.saved:
            newest = self.recent[0] if self.recent else None
            if newest is None or newest.file != session.path or newest.title != session.document.title:
                self.keep_recent(with_file(self.recent, session.path, session.document.title))

    # ------------------------------------------------------------------------------------------ what was opened last

    def keep_recent(self, recent: Sequence[Recent]) -> None:
        """These files were opened last."""
        self.recent = tuple(recent)
        self.recent_changed.emit(self.recent)
        self._keep("recent", written(self.recent))

    def _forget(self, file: Path) -> None:
        self.keep_recent(without_file(self.recent, file))

    # ------------------------------------------------------------------------------------------ what another program does

    def look_at_file(self) -> None:
        """Whether another program has changed the open file; looked at in the background, and said in a line."""
        session = self._session
        if session is None or session.path is None or session.stamp is None or self._looking:
            return
        path, known = session.path, session.stamp
        self._looking = True
        self._background.do(lambda: look(path, known), partial(self._looked, path, known), self._not_looked)

    def _not_looked(self, sentence: str) -> None:
        self._looking = False

    def _looked(self, path: Path, known: Stamp, now: Stamp | None) -> None:
        self._looking = False
        session = self.session
        if now is None or session.path != path or session.stamp is not known:
            return
        session.stamp = now
        session.history.mark_unsaved()
        session.file_changed.emit(None)
        if now.gone:
            self._messages.say(f"{path.name} is gone from its folder; what is open here is whole.", "careful", ("Save it again", self.save))
        elif not now.fingerprint:
            self._messages.say(f"Another program has changed {path.name}, and it can be read no more.", "careful", self._over(path))
        else:
            self._messages.say(f"Another program has changed {path.name}.", "careful", ("Load it", partial(self.load_again, path)))

    def load_again(self, path: Path) -> None:
        """Takes what the file says now as an edit, so that what was open can be gone back to."""
        session = self.session

        def loaded(read: tuple[Document, Stamp]) -> None:
            if session.path != path:
                return
            session.apply(f"Load {path.name} again", read[0])
            session.stamp = read[1]
            session.history.mark_saved()
            session.file_changed.emit(None)
            self._messages.say(f"{path.name} was loaded again; Undo brings back what was open.")

        self._background.do(lambda: read_stamped(path), loaded, partial(self._messages.say, level="bad"))

    def _not_saved_over(self, path: Path) -> None:
        self._messages.say(
            f"{path.name} was not saved: another program has changed it meanwhile.",
            "careful",
            self._over(path),
            ("Load it", partial(self.load_again, path)),
        )

    def _over(self, path: Path) -> tuple[str, Callable[[], object]]:
        return "Save over it", partial(self.session.save_as, path, over=True)

    # ------------------------------------------------------------------------------------------ what was not saved

    def look_for_unsaved(self) -> None:
        """Offers what was not saved when a window on this library closed."""
        self.journal.look()

    def _found_unsaved(self, found: tuple[Left, ...]) -> None:
        """Home offers it; where a file was opened at once, the message line does."""
        if self.begun:
            left = found[0]
            self._messages.say(
                f"“{left.title}” was not saved when a window closed.", "careful", ("Restore it", partial(self.restore, left))
            )

    def restore(self, left: Left) -> None:
        """Opens unsaved work again, with its edits to undo."""
        self._bring_back(left.history, left.path)
        more = "; not all of its edits could be read" if left.damaged else ""
        self._messages.say(f"“{left.title}” is as it was after “{left.last_edit}”{more}.", "careful" if left.damaged else "info")

    def look_at(self, left: Left) -> None:
        """Shows unsaved work as a copy in Build; it is kept until it is restored or thrown away."""
        self.show_document(left.document)
        throw = ("Throw it away", partial(self.throw_away, left))
        self._messages.say(f"A copy of “{left.title}”, which was not saved.", "careful", ("Restore it", partial(self.restore, left)), throw)

    def throw_away(self, left: Left) -> None:
        """Unsaved work is not wanted; until the window closes it can be taken back."""
        self.journal.throw_away(left)
        self._messages.say(f"“{left.title}” was thrown away.", "info", ("Take it back", partial(self.journal.take_back, left)))

    def _offer_back(self) -> None:
        session = self._session
        if session is None or session.saved:
            return
        before = (session.history, session.path)
        self._messages.say(f"“{session.document.title}” was not saved.", "careful", ("Go back to it", partial(self._bring_back, *before)))

    def _bring_back(self, history: History, path: Path | None) -> None:
        self._offer_back()
        self.session.restore(history, path)
        self.shown.emit()

    def close(self) -> None:
        """The window closes: what is unsaved stays in its journal, what is being saved is finished."""
        self._looks.stop()
        if self._session is not None:
            self._session.close()
        self.journal.close()


def file_name(title: str) -> str:
    """A name for a document's file, made of its title."""
    words = re.sub(r"[^\w]+", "-", title.lower()).strip("-")[:60]
    return f"{words or 'experiment'}.memx"
