"""What the panels of the page save: their data as CSV, or themselves as a figure; asked for with the system's own dialog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from memstudio.desktop.compare import writing
from memstudio.desktop.compare.board import TITLES
from memstudio.desktop.compare.seen import Seen
from memstudio.desktop.live.figure import figure
from memstudio.desktop.tokens import Tokens
from memstudio.ground.files import write_atomically

if TYPE_CHECKING:
    from memstudio.desktop.compare.board import Board
    from memstudio.desktop.reader import Reader
    from memstudio.library import Library

Made = Callable[["Library"], "str | bytes"]


class Saving(QObject):
    """Saves panels. said(text, level): how it went, for the message line."""

    said = Signal(str, str)

    def __init__(self, reader: Reader, board: Board, parent: QWidget) -> None:
        super().__init__(parent)
        self._reader, self._board, self._parent = reader, board, parent
        self.seen: Seen | None = None

    def choose_file(self, id: str, kind: str) -> None:
        """Asks for a file with the system's own dialog, without stopping the window."""
        dialog = QFileDialog(self._parent, f"Save {TITLES[id].lower()}", f"{self._file_name(id)}.{kind}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setNameFilters([f"{kind.upper()} (*.{kind})", "All files (*)"])
        from PySide6.QtCore import Qt

        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self.save, id, kind))
        dialog.open()

    def save(self, id: str, kind: str, path: str | Path) -> None:
        """Saves a panel's data (csv) or the panel as a figure (svg, pdf, png); the file is written away from the window's thread."""
        if self.seen is None or id not in self._board.panels:
            return
        file = Path(path)
        make = _tables(self.seen)[id] if kind == "csv" else self._figure_of(id, kind, self.seen)

        def write(library: Library) -> str:
            write_atomically(file, make(library))
            return file.name

        self._reader.ask(write, self._saved, self._not_saved)

    def _figure_of(self, id: str, kind: str, seen: Seen) -> Made:
        board = self._board
        body: tuple[Callable[[QPainter, Tokens], None], QSize]
        legend = board.legend.shown()
        if id == "matrices":
            body, legend = (board.matrices.draw_figure, board.matrices.figure_size), []
        elif id == "study":
            body, legend = (board.study.draw_figure, board.study.figure_size), board.study.legend.shown()
        elif id == "parameters" and board.parameters.plot is not None:
            body = (board.parameters.plot.draw_figure, board.parameters.plot.size())
        else:
            body = (board.plots[id].draw_figure, board.plots[id].size())
        made = figure(kind, _title(id, seen), legend, *body)
        return lambda library: made

    def _file_name(self, id: str) -> str:
        title = self.seen.comparison.title if self.seen is not None else ""
        words = f"{title} {TITLES[id]}"
        return "-".join("".join(c if c.isalnum() else " " for c in words.lower()).split())[:80] or "comparison"

    def _saved(self, name: str) -> None:
        self.said.emit(f"Saved as {name}.", "info")

    def _not_saved(self, sentence: str) -> None:
        self.said.emit(f"It could not be saved: {sentence}", "bad")


def _title(id: str, seen: Seen) -> str:
    if id == "study" and seen.study is not None:
        caption = seen.study.figure.caption
        return caption[:1].upper() + caption[1:]
    if id == "parameters" and seen.parameters is not None:
        return seen.parameters.plot.title
    return seen.plots[id].title if id in seen.plots else TITLES[id]


def _tables(seen: Seen) -> Mapping[str, Made]:
    """What each panel writes as CSV."""
    made, step = seen.comparison, seen.wish.step
    found: dict[str, Made] = {"measures": lambda library: writing.measures_table(made)}
    for id in ("main", "learning"):
        if id in seen.plots:
            found[id] = partial(_overlay, made, seen.plots[id].chosen, step)
    if "calibration" in seen.plots:
        chosen = seen.plots["calibration"].chosen
        found["calibration"] = lambda library: writing.reliability_table(library, made, chosen, step)
    if seen.matrices is not None:
        matrix = seen.matrices.chosen
        found["matrices"] = lambda library: writing.matrices_table(library, made, matrix, step)
    if seen.study is not None:
        drawn = seen.study.figure
        found["study"] = lambda library: writing.study_table(drawn)
    if seen.parameters is not None:
        shown = seen.parameters
        found["parameters"] = lambda library: writing.parameters_table(shown)
    return found


def _overlay(made: object, chosen: str, step: int | None, library: Library) -> str:
    return writing.overlay_table(library, made, chosen, step)  # type: ignore[arg-type]
