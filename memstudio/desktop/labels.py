"""Labels, buttons and lines with their kind (see stylesheet.py) and their accessible name in one call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QSizePolicy, QStyle, QStyleOption, QToolButton, QWidget

from memstudio.desktop.words import tr


def set_kind(widget: QWidget, kind: str) -> None:
    """Gives a widget another kind, and lets the style sheet see it."""
    if widget.property("kind") != kind:
        widget.setProperty("kind", kind)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def label(text: str = "", kind: str = "", parent: QWidget | None = None, wrap: bool = False) -> QLabel:
    """A label of a kind; plain text, so that a title with angle brackets is shown as it is."""
    made = QLabel(tr(text), parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if kind:
        made.setProperty("kind", kind)
    return made


def button(text: str, call: Callable[[], object], kind: str = "", tip: str = "", name: str = "") -> QPushButton:
    """A push button of a kind; name: its accessible name where the text alone says too little."""
    made = QPushButton(tr(text))
    made.setAccessibleName(tr(name or text))
    made.setToolTip(tr(tip))
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    if kind:
        made.setProperty("kind", kind)
    made.clicked.connect(partial(_call, call))
    return made


def _call(call: Callable[[], object], checked: bool = False) -> None:
    call()


def search_field(words: str) -> QLineEdit:
    """A field to search with; `words` say for what, and are its accessible name."""
    made = QLineEdit()
    made.setPlaceholderText(tr(words))
    made.setAccessibleName(tr(words))
    made.setClearButtonEnabled(True)
    for clear in made.findChildren(QToolButton):
        clear.setAccessibleName(tr("Clear the search"))
    return made


def line(upright: bool = False) -> QFrame:
    """A line of one pixel."""
    made = QFrame()
    made.setProperty("kind", "upright" if upright else "line")
    return made


class Elided(QLabel):
    """A label of at most `lines` lines that ends in … where its text is too long; the whole text is in its tip."""

    def __init__(self, text: str = "", kind: str = "", lines: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = lines
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        if kind:
            self.setProperty("kind", kind)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.say(text)

    @property
    def whole(self) -> str:
        """The text before anything was left out."""
        return self._whole

    def say(self, text: str) -> None:
        """Shows another text."""
        self._whole = " ".join(tr(text).split())
        self.setText(self._whole)
        self.setAccessibleName(self._whole)
        self._fit()

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        around = self.width() - self.contentsRect().width()
        # a pixel more, because advances are rounded
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + around + 1, self.fontMetrics().lineSpacing() * self.lines)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, self.fontMetrics().lineSpacing() * self.lines)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _rows(self) -> list[str]:
        measure, width = self.fontMetrics(), max(1, self.contentsRect().width())
        rows: list[str] = []
        words = self._whole.split()
        while words and len(rows) < self.lines - 1:
            taken = 1
            while taken < len(words) and measure.horizontalAdvance(" ".join(words[: taken + 1])) <= width:
                taken += 1
            rows.append(" ".join(words[:taken]))
            words = words[taken:]
        return [*rows, " ".join(words)] if words or not rows else rows

    def _fit(self) -> None:
        measure, width = self.fontMetrics(), max(1, self.contentsRect().width())
        rows = self._rows()
        short = any(measure.horizontalAdvance(row) > width for row in rows)
        self.setToolTip(self._whole if short else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
        measure, inside = self.fontMetrics(), self.contentsRect()
        painter.setPen(self.palette().color(self.foregroundRole()))
        top = inside.top() if self.lines > 1 else inside.top() + (inside.height() - measure.lineSpacing()) // 2
        for place, row in enumerate(self._rows()):
            shown = measure.elidedText(row, Qt.TextElideMode.ElideRight, inside.width())
            painter.drawText(inside.left(), top + place * measure.lineSpacing() + measure.ascent(), shown)
