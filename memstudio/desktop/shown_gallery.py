"""The gallery as the window has it: read in the background; the first study, which a new library runs by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from memstudio.desktop.background import Background
from memstudio.desktop.importing import one_at_a_time

if TYPE_CHECKING:
    from memstudio.experiment.gallery import GalleryItem


class ShownGallery(QObject):
    """Reads the gallery. loaded(items): it is there; failed(sentence): it cannot be read."""

    loaded = Signal(object)
    failed = Signal(str)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._waiting: list[Callable[[], object]] = []
        #: the studies; empty until they are read
        self.items: tuple[GalleryItem, ...] = ()

    def load(self) -> None:
        """Reads it, away from the window's thread."""
        self._background.do(_read, self._read, self.failed.emit)

    def once_there(self, call: Callable[[], object]) -> None:
        """Calls at once where the gallery is there, else as soon as it is."""
        if self.items:
            call()
        else:
            self._waiting.append(call)

    def _read(self, items: Sequence[GalleryItem]) -> None:
        self.items = tuple(items)
        self.loaded.emit(self.items)
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()


def _read() -> Sequence[GalleryItem]:
    """The gallery; the catalogue's modules are imported here too, away from the window's thread."""
    with one_at_a_time:
        from memstudio.components.catalogue import ours
        from memstudio.experiment.gallery import gallery

        ours()
    return gallery()
