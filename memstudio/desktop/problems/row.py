"""One problem as a row: a mark, its node (a button that goes there), the reason, a button for each mend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from memstudio.desktop import icons, theme
from memstudio.desktop.labels import button, label
from memstudio.desktop.tokens import Tokens
from memstudio.experiment.checking import Mend, Problem


class ProblemRow(QFrame):
    """One problem. go(problem), mend(mend, problem): what a press asks for; a press anywhere on the row goes there."""

    def __init__(self, problem: Problem, title: str, go: Callable[[Problem], object], mend: Callable[[Mend, Problem], object]) -> None:
        super().__init__()
        self.problem = problem
        self._ask_go, self._ask_mend = go, mend
        self.setProperty("kind", "row")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._mark = QLabel()
        self._mark.setFixedSize(16, 16)
        self.place: QPushButton = button(title, self._go, "link", f"Go to {title}", f"Go to {title}")
        self.place.setAccessibleDescription(problem.reason)
        self.reason = label(problem.reason, wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 0, 3)
        row.setSpacing(8)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.place, 0, Qt.AlignmentFlag.AlignVCenter)
        middle = QVBoxLayout()
        middle.setSpacing(4)
        middle.addWidget(self.reason)
        row.addLayout(middle, 1)
        # several mends stand under the reason: beside it they would leave it no room
        beside = row if len(problem.mends) < 2 else QHBoxLayout()
        self.mends: list[QPushButton] = []
        for number, one in enumerate(problem.mends):
            made = button(one.title, partial(self._mend, number), tip="One click mends it; Undo takes it back")
            made.setAccessibleDescription(problem.reason)
            self.mends.append(made)
            beside.addWidget(made, 0, Qt.AlignmentFlag.AlignVCenter)
        if beside is not row:
            beside.setSpacing(8)
            beside.addStretch(1)
            middle.addLayout(beside)
        theme.themed.connect(self._retint)
        self._retint(theme.current())

    @property
    def buttons(self) -> list[QPushButton]:
        """What the keyboard finds in the row, from left to right."""
        return [self.place, *self.mends]

    def _retint(self, tokens: Tokens) -> None:
        colour = tokens.bad if self.problem.severity == "error" else tokens.careful
        self._mark.setPixmap(icons.pixmap("warning", colour, 16, self.devicePixelRatioF()))
        said = "Error" if self.problem.severity == "error" else "Warning"
        self._mark.setAccessibleName(said)
        self._mark.setToolTip(said)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._go()

    def _go(self) -> None:
        self._ask_go(self.problem)

    def _mend(self, number: int) -> None:
        if number < len(self.problem.mends):
            self._ask_mend(self.problem.mends[number], self.problem)
