"""Files dropped on the window: an experiment opens in Build, a bundle or another library is taken into ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject

if TYPE_CHECKING:
    from memstudio.desktop.window import Window

DOCUMENT, BUNDLE, LIBRARY = ".memx", ".memlib", ".db"


def could_be_ours(carried: QMimeData) -> bool:
    """Whether what is dragged over the window looks like a file of ours by its name; a folder may be a library."""
    files = [Path(url.toLocalFile()) for url in carried.urls() if url.isLocalFile()]
    return any(file.suffix in (DOCUMENT, BUNDLE, LIBRARY, "") for file in files)


class Dropped(QObject):
    """Opens what was dropped on one window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window

    def take(self, carried: QMimeData) -> None:
        """Opens the first file that was dropped; what it is is looked at in the background."""
        for url in carried.urls()[:1]:
            path = Path(url.toLocalFile())
            self._window.background.do(lambda path=path: _is_library(path), lambda library, path=path: self._open(path, library))

    def _open(self, path: Path, is_library: bool) -> None:
        if is_library:
            self._window.show_page("runs")
            self._window.runs.merge(path)
        elif path.suffix == DOCUMENT:
            self._window.open_file(path)
        else:
            self._window.messages.say(
                f"{path.name} is no experiment ({DOCUMENT}), no bundle ({BUNDLE}) and no library; drop one of these.", "bad"
            )


def _is_library(path: Path) -> bool:
    return path.suffix in (BUNDLE, LIBRARY) or (path.is_dir() and (path / "library.db").is_file())
