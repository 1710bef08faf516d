"""Saving the table as a file: asked for without a modal box, written in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from memstudio.desktop.reader import Reader
from memstudio.desktop.runs.table import RunsTable
from memstudio.desktop.runs.table_text import KINDS, groups_table, runs_table
from memstudio.desktop.words import count
from memstudio.experiment.parameters import Refusal
from memstudio.ground.files import write_atomically

if TYPE_CHECKING:
    from memstudio.library import Library


class TableSaving(QObject):
    """Saves what the table shows. say(text, level, offer): how it went."""

    def __init__(self, reader: Reader, table: RunsTable, say: Callable[[str, str, object], None], page: QWidget) -> None:
        super().__init__(page)
        self._reader, self._table, self._say, self._page = reader, table, say, page

    def choose_file(self, kind: str, several: Callable[[], list[str] | None]) -> None:
        """Asks for a file. several(): the runs that are selected, None for all that are listed."""
        dialog = QFileDialog(self._page, f"Save the table as {KINDS[kind]}", f"runs.{kind}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setNameFilters([f"{KINDS[kind]} (*.{kind})", "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self.save, kind, several()))
        dialog.open()

    def save(self, kind: str, uids: Sequence[str] | None, path: Path | str) -> None:
        """Writes these runs, or (None) everything that is listed, as CSV, Markdown or LaTeX (kind: csv, md, tex)."""
        model, file = self._table.runs, Path(path)
        by, columns = model.by, model.columns
        groups, listed = model.groups, tuple(model.listed if uids is None else uids)

        def write(library: Library) -> str:
            if groups and uids is None:
                text, n = groups_table(by, columns, groups, kind), count(len(groups), "group")
            else:
                text, n = runs_table(library, columns, listed, kind), count(len(listed), "run")
            try:
                write_atomically(file, text)
            except OSError as error:
                raise Refusal(f"{file.name} could not be saved there ({error.strerror or error}); choose another folder.") from error
            return f"{n} saved as {file.name}."

        self._reader.ask(write, lambda words: self._say(words, "info", None), lambda words: self._say(words, "bad", None))
