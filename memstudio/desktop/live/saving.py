"""Saving a panel: its data as CSV, or the panel as a figure. Files are chosen without a modal box and written in the background."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from memstudio.desktop.live import tables
from memstudio.desktop.live.arrangement import PICTURE
from memstudio.desktop.live.figure import Legend, figure
from memstudio.desktop.live.over_training import MAP
from memstudio.desktop.live.seen import Seen
from memstudio.desktop.live.strip import OVER_STEPS, Strip
from memstudio.desktop.reader import Reader
from memstudio.desktop.words import count
from memstudio.experiment.parameters import Refusal
from memstudio.ground.files import write_atomically

if TYPE_CHECKING:
    from memstudio.library import Library

#: what is written, made on the reader's thread
Made = Callable[["Library"], str | bytes]


class Saving(QObject):
    """Saves panels of a strip. said(text, level): how it went."""

    said = Signal(str, str)

    def __init__(self, reader: Reader, strip: Strip, parent: QWidget) -> None:
        super().__init__(parent)
        self._reader, self._strip, self._window = reader, strip, parent

    def choose_file(self, seen: Seen, legend: Legend, id: str, kind: str) -> None:
        """Asks for a file with the system's own dialog, without stopping the window, and saves there what is shown now."""
        title = self._strip.panels[id].title.whole
        dialog = QFileDialog(self._window, f"Save {title}", f"{file_name(seen, title)}.{kind}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setNameFilters([f"{kind.upper()} (*.{kind})", "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self._write, self._made(seen, legend, id, kind)))
        dialog.open()

    def save(self, seen: Seen, legend: Legend, id: str, kind: str, path: str | Path) -> None:
        """Saves a panel's data (csv) or the panel as a figure (svg, pdf, png) to a file."""
        self._write(self._made(seen, legend, id, kind), path)

    def _made(self, seen: Seen, legend: Legend, id: str, kind: str) -> Made:
        """What is to be written: a figure is painted at once, data are read when they are written."""
        if kind != "csv":
            painted = self._figure(seen, legend, id, kind)
            return lambda library: painted
        if id == PICTURE and seen.picture is not None:
            picture = seen.picture
            return lambda library: tables.picture_table(picture)
        wish, chosen = seen.wish, seen.plots[id].chosen
        return lambda library: tables.table(library, wish, id, chosen)

    def copy(self, seen: Seen, legend: Legend, id: str, kind: str) -> None:
        """Puts a panel's data (csv) or the panel as an image onto the clipboard."""
        if kind == "image":
            painted = QImage.fromData(self._figure(seen, legend, id, "png"))
            QGuiApplication.clipboard().setImage(painted)
            self.said.emit("Copied as an image.", "info")
        else:
            self._reader.ask(self._made(seen, legend, id, "csv"), self._copied, self._not_saved)

    def _copied(self, text: str | bytes) -> None:
        assert isinstance(text, str)
        QGuiApplication.clipboard().setText(text)
        rows = max(0, text.count("\n") - 1)
        self.said.emit(f"Copied {count(rows, 'row')} of data.", "info")

    def _figure(self, seen: Seen, legend: Legend, id: str, kind: str) -> bytes:
        body = self._strip.drawn(id)
        title = figure_title(seen, self._strip.panels[id].title.whole, id)
        return figure(kind, title, legend_of(seen, legend, id), body.draw_figure, body.size())

    def _write(self, made: Made, path: str | Path) -> None:
        file = Path(path)

        def write(library: Library) -> str:
            content = made(library)
            try:
                write_atomically(file, content)
            except OSError as error:
                raise Refusal(f"{file.name} could not be saved there ({error.strerror or error}); choose another folder.") from error
            return file.name

        self._reader.ask(write, self._saved, self._not_saved)

    def _saved(self, name: str) -> None:
        self.said.emit(f"Saved as {name}.", "info")

    def _not_saved(self, sentence: str) -> None:
        self.said.emit(sentence, "bad")


def file_name(seen: Seen, title: str) -> str:
    """A name for the file, of letters and digits: `who-remembers-under-load-recall`."""
    words = f"{seen.head.title} {title}".lower()
    return "-".join("".join(c if c.isalnum() else " " for c in words).split())[:80] or "figure"


def legend_of(seen: Seen, legend: Legend, id: str) -> Legend:
    """The legend that explains a panel: the cells, or the tasks where its lines are those of tasks; none of a picture or a table."""
    if id == PICTURE or seen.plots[id].matrix is not None or seen.plots[id].map is not None:
        return []
    if seen.plots[id].own:
        return list(enumerate(seen.plots[id].own))
    if seen.plots[id].by_task:
        return [(number, f"task {number + 1}") for number in sorted({track.cell for track in seen.plots[id].tracks})]
    return legend


def figure_title(seen: Seen, title: str, id: str) -> str:
    """What stands above a figure: the panel, the cell whose memory it is, the stored step."""
    over_steps = id == MAP or (id in OVER_STEPS and seen.plots[id].matrix is None)
    at = "" if over_steps or seen.at is None else f", step {seen.at:,}"
    whose = (seen.picture.cell if seen.picture is not None else "") if id == PICTURE else seen.plots[id].of
    cell = f", {whose}" if whose else ""
    return f"{title}{cell}{at}"
