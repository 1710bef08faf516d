"""Which run stands beside the table: its details are asked for, followed, and what is marked there is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from memstudio.desktop.reader import Reader
from memstudio.desktop.runs.details import DetailsView
from memstudio.desktop.runs.doing import Doing
from memstudio.desktop.runs.exporting import ExportForm
from memstudio.desktop.runs.questions import Details, details

if TYPE_CHECKING:
    from memstudio.library import RunRow
    from memstudio.library.grouping import GroupRow


class Beside(QObject):
    """Keeps the view of details about one run. shown(): it shows a run, or how the same run is by now."""

    shown = Signal()

    def __init__(self, view: DetailsView, form: ExportForm, reader: Reader, doing: Doing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._form, self._reader, self._doing = view, form, reader, doing
        #: the run whose details are wanted; they may still be on their way
        self.about: str | None = None
        view.star.connect(self._star)
        view.baseline.connect(self._baseline)
        view.tagged.connect(self._tagged)
        view.noted.connect(doing.note)
        view.export.connect(self._export)

    @property
    def run(self) -> RunRow | None:
        """The run that is shown."""
        return self._view.details.row if self._view.details is not None else None

    def ask(self, uid: str) -> None:
        """Shows this run as soon as its details are here."""
        self.about = uid

        def answered(found: Details) -> None:
            if self.about == uid:
                self._form.close_for(found.row)
                self._view.show_details(found)
                self.shown.emit()

        def failed(sentence: str) -> None:
            if self.about == uid:
                self.show_nothing(sentence)

        self._reader.ask(lambda library: details(library, uid), answered, failed, key=("details", id(self)))

    def ask_again(self) -> None:
        """How the run is by now."""
        if self.about is not None:
            self.ask(self.about)

    def show_nothing(self, sentence: str = "Choose a run to see what it measured.") -> None:
        """No run is chosen."""
        self.about = None
        self._view.show_nothing(sentence)

    def show_group(self, group: GroupRow, by: tuple[str, ...]) -> None:
        """A group is chosen, not a run."""
        self.about = None
        self._view.show_group(group, by)

    def _star(self, on: bool) -> None:
        if self.run is not None:
            self._doing.star([self.run.uid], on)

    def _baseline(self, on: bool) -> None:
        if self.run is not None:
            self._doing.baseline(self.run.uid if on else None)

    def _tagged(self, tags: Sequence[str]) -> None:
        if self.run is not None:
            self._doing.tags(self.run.uid, tags)

    def _export(self) -> None:
        if self.run is not None:
            self._form.open_for(self.run)
