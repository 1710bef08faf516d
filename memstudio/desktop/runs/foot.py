"""The line at the foot of Runs: how large the library is, and how far what is carried is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.labels import Elided, button, label
from memstudio.desktop.runs.carrying import Carrying
from memstudio.desktop.runs.exporting_many import ExportMany
from memstudio.desktop.words import size, tr

if TYPE_CHECKING:
    from memstudio.library.sizing import Size


class Foot(QFrame):
    """The line."""

    def __init__(self, carrying: Carrying, exporting: ExportMany, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "foot")
        lengths.fix(self, height=32)
        self.holds = label("", "small")
        self.holds.setAccessibleName(tr("Size of the library"))
        self.words = Elided("", "small")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        self.bar.setAccessibleName(tr("How far it is"))
        self._stops = (carrying.cancel, exporting.stop)
        self.stop_button = button("Stop", self._stop, "link", "End it here", "Stop what takes long")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 12, 0)
        row.setSpacing(12)
        row.addWidget(self.holds)
        row.addWidget(self.words, 1)
        row.addWidget(self.bar)
        row.addWidget(self.stop_button)
        self._show(False)
        for source in (carrying, exporting):
            source.began.connect(self._began)
            source.progress.connect(self._progress)
            source.ended.connect(lambda sentence, level: self._show(carrying.busy or exporting.busy))
        carrying.sized.connect(self.show_size)

    def show_size(self, found: Size) -> None:
        """Says how large the library is; its tip says what takes how much."""
        trash = f" · {size(found.trashed)} in the trash" if found.trashed else ""
        self.holds.setText(f"Library {size(found.total)}{trash}")
        kinds = sorted(found.kinds.items(), key=lambda pair: -pair[1])
        self.holds.setToolTip("\n".join(f"{kind.replace('_', ' ')}: {size(bytes_)}" for kind, bytes_ in kinds))

    def _began(self, words: str) -> None:
        self.words.say(words)
        self.bar.setRange(0, 0)
        self._show(True)

    def _progress(self, done: int, total: int, words: str) -> None:
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        if words:
            self.words.say(words)

    def _stop(self) -> None:
        for stop in self._stops:
            stop()

    def _show(self, busy: bool) -> None:
        for widget in (self.words, self.bar, self.stop_button):
            widget.setVisible(busy)
