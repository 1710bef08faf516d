"""Reports, tables and figures for print from the window: a process of our own writes them, the message line says how it goes."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from memstudio.desktop.background import Background
from memstudio.experiment.parameters import Refusal
from memstudio.ground import launch
from memstudio.ground.paths import library_folder

Kind = Literal["report", "table", "figure"]
#: widths of a figure, millimetres, and what journals call them
WIDTHS = {85: "Single column, 85 mm", 120: "One and a half columns, 120 mm", 175: "Both columns, 175 mm"}
#: of each kind the file types that a person may choose, the first first
_TYPES: dict[Kind, dict[str, str]] = {
    "report": {"html": "Web page"},
    "table": {"csv": "CSV", "md": "Markdown", "tex": "LaTeX", "json": "JSON"},
    "figure": {"pdf": "PDF", "svg": "SVG", "png": "PNG, 300 dots an inch"},
}
_TITLES: dict[Kind, str] = {"report": "Save a report", "table": "Save the table", "figure": "Save a figure for print"}


@dataclass(frozen=True)
class What:
    """What is reported. names: uids of studies and runs; title: what a file's name is made of.

    by, baseline: as they are compared, "" for what the program takes; figure: its name ("study" or a curve's), measure, width in
    millimetres, step that curves are scrubbed to (None: the newest).
    """

    names: tuple[str, ...]
    title: str = ""
    by: str = ""
    baseline: str = ""
    measure: str = ""
    figure: str = ""
    width: int = 85
    step: int | None = None

    def words(self, kind: Kind) -> list[str]:
        """The words of the command line that ask for it, the file apart."""
        said = ["report" if kind == "report" else "compare", *self.names]
        # after an equals sign a label may begin with a hyphen
        given = {"baseline": self.baseline}
        if kind != "report":
            given |= {"by": self.by, "measure": self.measure}
        if kind == "figure":
            given |= {"figure": self.figure, "width": str(self.width), "step": "" if self.step is None else str(self.step)}
        return [*said, *(f"--{name}={value}" for name, value in given.items() if value)]

    def file_name(self, kind: Kind) -> str:
        """A name for the file, without its ending: `who-remembers-recall-by-load`."""
        parts = f"{self.title} {self.figure if kind == 'figure' and self.figure != 'study' else ''}"
        return re.sub(r"[^\w]+", "-", parts.lower()).strip("-_")[:80].strip("-") or kind


class Reporting(QObject):
    """Writes what is asked for, one after the other, away from the window's thread.

    said(text, level, action, other): how it goes and what came of it, as the message line takes it.
    """

    said = Signal(str, str, object, object)
    _line = Signal(str)

    def __init__(self, library: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library or library_folder()
        self._background = Background("reporting", self)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False
        #: where the last file was put
        self.folder = next((place for place in (Path.home() / "Documents", Path.home()) if place.is_dir()), Path.home())
        self._line.connect(self._going, Qt.ConnectionType.QueuedConnection)

    def choose(self, kind: Kind, what: What, parent: QWidget) -> QFileDialog:
        """Asks for a file with the system's own dialog, without stopping the window, then writes it."""
        types = _TYPES[kind]
        first = next(iter(types))
        dialog = QFileDialog(parent, _TITLES[kind], str(self.folder / f"{what.file_name(kind)}.{first}"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"{title} (*.{ending})" for ending, title in types.items()])
        dialog.setDefaultSuffix(first)
        endings = {f"{title} (*.{ending})": ending for ending, title in types.items()}
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(endings.get(chosen, first)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self.save, kind, what))
        dialog.open()
        return dialog

    def save(self, kind: Kind, what: What, path: Path | str) -> None:
        """Writes a report, table or figure; the system's dialog has asked whether a file may be replaced."""
        file = Path(path).expanduser()
        self.folder = file.parent
        self.said.emit(f"Writing {file.name}", "info", None, None)
        self._background.do(lambda: self._run([*what.words(kind), f"--out={file}", "--force", "--json"]), self._saved, self._failed)

    def _run(self, words: Sequence[str]) -> list[Path]:
        """The files that were written. Raises Refusal with the sentence that the process ended with."""
        with self._lock:
            if self._closed:
                return []
            started = launch.start(words[0], "--library", self._library, *words[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self._process = started
        last = ""
        with started as process:
            assert process.stderr is not None
            assert process.stdout is not None
            # it prints one line of JSON at its end, which any pipe holds until we have heard it out
            for line in process.stderr:
                last = line.decode("utf-8", "replace").strip() or last
                self._line.emit(last)
            answer = process.stdout.read()
        if process.returncode != 0:
            raise Refusal(last or f"The program ended with code {process.returncode} and no word; nothing was written.")
        return [Path(one) for one in json.loads(answer)["saved"]]

    def _going(self, words: str) -> None:
        if not self._closed:
            self.said.emit(words, "info", None, None)

    def _saved(self, files: list[Path]) -> None:
        if not files:
            return
        first = files[0]
        besides = f", with its data in {files[1].name}" if len(files) > 1 else ""
        show = ("Show in folder", partial(_open, first.parent))
        self.said.emit(f"Saved {first.name}{besides}.", "info", show, ("Open it", partial(_open, first)))

    def _failed(self, sentence: str) -> None:
        self.said.emit(sentence, "bad", None, None)

    def close(self) -> None:
        """Ends what is being written, which leaves nothing behind, and the thread."""
        with self._lock:
            self._closed = True
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
        self._background.close()


def _open(place: Path) -> None:
    """Opens a file or folder with the program that the system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(place)))
