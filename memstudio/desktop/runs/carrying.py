"""What takes longer with a library: merging another one, bundling, emptying the trash, adding up its size. Never on the window's thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from memstudio.desktop.background import Background
from memstudio.desktop.words import count, size
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library
    from memstudio.library.bundling import Bundled
    from memstudio.library.merging import Merged
    from memstudio.library.purging import Purged

#: seconds between two words on how far it is
SAY = 0.05
#: the size is looked at again so long after a change, milliseconds
SOON = 8000
STOPPED = "It was stopped; nothing was changed."
#: the ending of a bundle's name
BUNDLE = ".memlib"


class Carrying(QObject):
    """One thread with its own connection. began(words), progress(done, total, words) and ended(sentence, level) tell how it goes;
    sized(Size): how much the library takes."""

    began = Signal(str)
    progress = Signal(int, int, str)
    ended = Signal(str, str)
    sized = Signal(object)

    def __init__(self, path: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._background = Background("carrying", self)
        self._stop = threading.Event()
        self._busy = 0
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self.measure)

    @property
    def busy(self) -> bool:
        """Whether something is carried now."""
        return self._busy > 0

    def merge(self, source: Path) -> None:
        """Takes the runs of another library, or of a bundle, into ours."""
        self._do(f"Taking runs from {source.name}", lambda library, say: merged_words(library.merge(source, say), source.name))

    def bundle(self, names: Sequence[str], out: Path, files: bool) -> None:
        """Writes runs or studies into one file that opens anywhere."""
        these = tuple(names)

        def bundle(library: Library, say: Callable[[int, int, str], None]) -> str:
            return bundled_words(library.bundle(these, out, with_artifacts=files, progress=say))

        self._do(f"Writing {out.name}", bundle)

    def purge(self, uids: Sequence[str] | None) -> None:
        """Deletes runs that are in the trash for good (None: all of them)."""
        these = None if uids is None else tuple(uids)
        self._do("Deleting for good", lambda library, say: purged_words(library.purge(these)))

    def measure(self) -> None:
        """Adds up the size of the library."""
        if not self.busy:
            self.ask(lambda library: library.size(), self.sized.emit)

    def measure_soon(self) -> None:
        """The same after a while: the library grows while runs go on."""
        if not self._soon.isActive():
            self._soon.start()

    def ask(self, question: Callable[[Library], Any], then: Callable[[Any], None]) -> None:
        """Asks what takes a while to answer, besides everything else that is asked."""
        path = self._path
        self._background.do(lambda: _with_library(path, question), then)

    def cancel(self) -> None:
        """Ends what is carried, as if it had not been begun."""
        self._stop.set()

    def _do(self, words: str, deed: Callable[[Library, Callable[[int, int, str], None]], str]) -> None:
        self._busy += 1
        self.began.emit(words)
        path = self._path
        self._background.do(lambda: _with_library(path, lambda library: deed(library, self._say())), self._done, self._failed)

    def _say(self) -> Callable[[int, int, str], None]:
        self._stop.clear()
        last = 0.0

        def say(done: int, total: int, what: str) -> None:
            nonlocal last
            if self._stop.is_set():
                raise Refusal(STOPPED)
            now = time.monotonic()
            if now - last > SAY or done >= total:
                last = now
                self.progress.emit(done, total, what)

        return say

    def _done(self, sentence: str) -> None:
        self._busy -= 1
        self.ended.emit(sentence, "info")
        self.measure()

    def _failed(self, sentence: str) -> None:
        self._busy -= 1
        self.ended.emit(sentence, "info" if sentence == STOPPED else "bad")

    def close(self) -> None:
        """The window closes: what is carried ends as if it had not been begun."""
        self._soon.stop()
        self._stop.set()
        self._background.close()


def _with_library(path: Path | None, deed: Callable[[Library], Any]) -> Any:
    from memstudio import library

    with library.open(path) as opened:
        return deed(opened)


def merged_words(merged: Merged, name: str) -> str:
    """What came of merging, in a sentence or two."""
    parts = [count(merged.runs, "run")]
    if merged.studies:
        parts.append(count(merged.studies, "study", "studies"))
    new = f"{' of '.join(parts)} came in from {name}." if merged.runs else f"Nothing new came in from {name}."
    if merged.updated:
        new += f" {count(merged.updated, 'run')} had gone on there and {'were' if merged.updated > 1 else 'was'} brought up to date."
    if merged.already:
        new += f" {count(merged.already, 'run')} {'were' if merged.already > 1 else 'was'} here already."
    if merged.missing:
        new += f" {count(merged.missing, 'file')} that it names {'were' if merged.missing > 1 else 'was'} not there."
    return new


def bundled_words(bundled: Bundled) -> str:
    """What came of bundling."""
    return f"{count(bundled.runs, 'run')} written to {bundled.path}, {size(bundled.bytes)}. It opens in any MemStudio."


def purged_words(purged: Purged) -> str:
    """What came of emptying the trash."""
    return f"{count(purged.runs, 'run')} deleted for good; {size(purged.bytes)} freed."
