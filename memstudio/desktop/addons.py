"""Add-ons as the window has them: read in the background after the first paint, joined to the open document, answered for by the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from memstudio.desktop.background import Background

if TYPE_CHECKING:
    from memstudio.components.addons import AddOn
    from memstudio.experiment.entries import Catalogue


#: milliseconds after the start before add-ons are looked for: the library and the gallery come first
PAUSE = 250


class AddOns(QObject):
    """The list of add-ons, on a thread of its own: reading one can take seconds, and nothing of the window waits for it.

    listed(tuple of AddOn): the list, as it is now; joined(Catalogue): other components are there now; refused(sentence).
    """

    listed = Signal(object)
    joined = Signal(object)
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background("add-ons", self)
        self._catalogue: Catalogue | None = None
        self._first = QTimer(self, singleShot=True, interval=PAUSE)
        self._first.timeout.connect(self._read_first)
        #: the list; empty until it is read
        self.list: tuple[AddOn, ...] = ()

    def start(self) -> None:
        """Reads them for the first time, once the first paint's own work is done."""
        self._first.start()

    def _read_first(self) -> None:
        self._do(lambda: None)

    def look_again(self) -> None:
        """Reads them once more, those that were refused too."""
        self._do(lambda: None, anew=True)

    def allow(self, place: str) -> None:
        """Yes to a folder or package of the list, as it is now."""
        from memstudio.components import catalogue

        self._do(lambda: catalogue.allow(place))

    def allow_folder(self, folder: str) -> None:
        """Yes to the add-ons of a folder that was chosen."""
        from memstudio.components import catalogue

        self._do(lambda: catalogue.allow(Path(folder)))

    def decline(self, place: str) -> None:
        """No to a folder or package of the list; it is not asked about again."""
        from memstudio.components import catalogue

        self._do(lambda: catalogue.decline(place))

    def forget(self, place: str) -> None:
        """Nothing was ever said of it."""
        from memstudio.components import catalogue

        self._do(lambda: catalogue.forget(place))

    def _do(self, say: Callable[[], object], anew: bool = False) -> None:
        def done() -> tuple[Catalogue, Sequence[AddOn]]:
            from memstudio.components import catalogue

            say()
            return catalogue.look_again(anew), catalogue.addons()

        self._background.do(done, self._read, self.refused.emit)

    def _read(self, found: tuple[Catalogue, tuple[AddOn, ...]]) -> None:
        known, self.list = found
        if known is not self._catalogue:
            self._catalogue = known
            self.joined.emit(known)
        self.listed.emit(self.list)

    def close(self) -> None:
        """Ends what is being read, and the thread."""
        from memstudio.components.catalogue import give_up

        self._first.stop()
        give_up()
        self._background.close()
