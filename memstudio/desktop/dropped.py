"""Files dropped on the window: an experiment opens in Build, data are previewed, a bundle or another library is taken into ours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject

from memstudio.desktop.background import Background

DOCUMENT, BUNDLE, LIBRARY = ".memx", ".memlib", ".db"
#: files of data (experiment/data/records.py)
DATA = (".csv", ".tsv", ".txt", ".parquet", ".npz")


def could_be_ours(carried: QMimeData) -> bool:
    """Whether what is dragged over the window looks like a file of ours by its name; a folder may be a library."""
    files = [Path(url.toLocalFile()) for url in carried.urls() if url.isLocalFile()]
    return any(file.suffix.lower() in (DOCUMENT, BUNDLE, LIBRARY, *DATA, "") for file in files)


class Dropped(QObject):
    """Opens what was dropped on one window: an experiment by `open_file`, data by `preview`, a library by `merge`.

    Of anything else `refuse` is told why.
    """

    def __init__(
        self,
        background: Background,
        open_file: Callable[[Path], object],
        merge: Callable[[Path], object],
        refuse: Callable[[str], object],
        preview: Callable[[Path], object],
    ) -> None:
        super().__init__(background)
        self._background, self._open_file, self._merge, self._refuse = background, open_file, merge, refuse
        self._preview = preview

    def take(self, carried: QMimeData) -> None:
        """Opens the first file that was dropped; what it is is looked at in the background."""
        for url in carried.urls()[:1]:
            path = Path(url.toLocalFile())
            self._background.do(partial(_is_library, path), partial(self._open, path))

    def _open(self, path: Path, is_library: bool) -> None:
        if is_library:
            self._merge(path)
        elif path.suffix == DOCUMENT:
            self._open_file(path)
        elif path.suffix.lower() in DATA:
            self._preview(path)
        else:
            known = f"no experiment ({DOCUMENT}), no data (CSV, Parquet, NPZ), no bundle ({BUNDLE}) and no library"
            self._refuse(f"{path.name} is {known}; drop one of these.")


def _is_library(path: Path) -> bool:
    return path.suffix in (BUNDLE, LIBRARY) or (path.is_dir() and (path / "library.db").is_file())
