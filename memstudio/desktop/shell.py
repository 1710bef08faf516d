"""What the pages of the window share: the library's reader, the runs, the open document, the actions, the message line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMainWindow

from memstudio.desktop import limits, theme
from memstudio.desktop.actions import Actions
from memstudio.desktop.addons import AddOns
from memstudio.desktop.background import Background
from memstudio.desktop.documents import Documents
from memstudio.desktop.home.recent import read_recent
from memstudio.desktop.lengths import next_size
from memstudio.desktop.limits import Limits
from memstudio.desktop.messages import MessageLine
from memstudio.desktop.reader import Reader
from memstudio.desktop.running import Running
from memstudio.desktop.shown_gallery import ShownGallery
from memstudio.ground.paths import library_folder
from memstudio.ground.settings import Settings

if TYPE_CHECKING:
    from memstudio.desktop.session import Session
    from memstudio.experiment.document import Document
    from memstudio.experiment.gallery import GalleryItem


class Shell(QMainWindow):
    """The window without its pages: what they are made with, and what they may ask of it.

    library: its folder or file (None: the usual one); workers: whether this window starts worker processes.
    page_wanted(str): a page of the rail is to be shown; sample_wanted(str): a bundled file of data is to be previewed.
    """

    page_wanted = Signal(str)
    sample_wanted = Signal(str)

    def __init__(self, library: Path | None = None, settings: Settings | None = None, *, workers: bool = True) -> None:
        super().__init__()
        self.folder = library_folder() if library is None else library.parent if library.suffix == ".db" else library
        self.settings = settings or Settings()
        self.background = Background("window", self)
        self.reader = Reader(library, self)
        self.running = Running(self.reader, self.folder, self, workers=workers)
        self.actions_ = Actions(self)
        self.messages = MessageLine()
        self.documents = Documents(
            self,
            self.folder,
            read_recent(self.settings.get("recent")),
            self.background,
            self.messages,
            self.keep,
            lambda: not self.reader.readonly,
        )
        self.running.limits = self.documents.limits = limits.read(self.settings.get(limits.SETTING))
        self.workers = workers
        self._gallery = ShownGallery(self.background, self)
        self.addons = AddOns(self)

    @property
    def gallery(self) -> tuple[GalleryItem, ...]:
        """The studies of the gallery; empty until they are read."""
        return self._gallery.items

    @property
    def session(self) -> Session:
        """The open document; made (with the catalogue) when first needed."""
        return self.documents.session

    # ------------------------------------------------------------------------------------------ documents

    def new(self) -> None:
        """An empty experiment in Build."""
        self.documents.new()

    def open_file(self, path: Path | str) -> None:
        """Opens a document in Build; one that is missing or malformed is said in the message line."""
        self.documents.open_file(path)

    def open_item(self, item: GalleryItem) -> None:
        """Opens a gallery study in Build, as an unsaved copy."""
        self.documents.show_document(item.document)

    def show_document(self, document: Document, path: Path | None = None) -> None:
        """Shows a document in Build; what was open and unsaved can be brought back from the message line."""
        self.documents.show_document(document, path)

    def offer_first_study(self) -> None:
        """Runs the first study of the gallery if the library holds no run: what a person sees who starts the program first."""

        def counted(runs: int) -> None:
            if runs == 0 and not self.reader.readonly:
                self.run_first_study()

        self._gallery.once_there(lambda: self.reader.ask(lambda library: library.count(), counted))

    def run_first_study(self) -> None:
        """Opens the first study of the gallery in Build and presses Run."""
        if self.gallery:
            self.open_item(self.gallery[0])
            self.actions_["run.start"].trigger()

    def limit(self, how: Limits) -> None:
        """Runs are run like that from now on; kept."""
        self.running.limits = self.documents.limits = how
        self.keep(limits.SETTING, how.written())
        if how.warm:
            self.running.warm()

    def keep(self, name: str, value: object) -> None:
        """Keeps a setting, away from the window's thread."""
        settings = self.settings
        self.background.do(lambda: settings.set(name, value))

    def choose_theme(self, choice: str) -> None:
        """Shows a theme and keeps the choice."""
        theme.set_theme(choice)
        self.keep("theme", choice)

    def _other_theme(self) -> None:
        self.choose_theme(theme.other())

    def _other_contrast(self) -> None:
        self.choose_theme(theme.other(contrast=True))

    def choose_size(self, percent: int) -> None:
        """Shows type at a size, in percent of the usual, and keeps the choice."""
        theme.set_size(percent)
        self.keep("text_size", percent)

    def _other_size(self, by: int) -> None:
        self.choose_size(next_size(theme.size(), by) if by else 100)

    def say_bad(self, sentence: str) -> None:
        self.messages.say(sentence, "bad")
