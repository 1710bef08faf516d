"""The line on Home that offers the guided tour, until it is taken or declined."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from memstudio.desktop.labels import Elided, button
from memstudio.desktop.words import tr


class TourLine(QFrame):
    """One line. take: the tour is wanted; decline: it is not."""

    take = Signal()
    decline = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setAccessibleName(tr("Guided tour"))
        self.text = Elided("New here? In two minutes you build a small memory, run it, and watch it learn.")
        self.yes: QPushButton = button("Take the tour", self.take.emit, tip="Build and run a first experiment, step by step (Shift+F1)")
        self.no: QPushButton = button("Not now", self.decline.emit, "quiet", "Help keeps the tour")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        row.addWidget(self.yes)
        row.addWidget(self.no)
        self.hide()
