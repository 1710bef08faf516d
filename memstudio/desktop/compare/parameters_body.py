"""The body of the parameters panel: how much each parameter matters as bars, beside it one of them against the measure, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from memstudio.desktop import fonts, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.compare.seen import ParametersSeen
from memstudio.desktop.compare.studying import parameter_titles
from memstudio.desktop.labels import label
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr
from memstudio.library.importance import SEED, Importance, Important

if TYPE_CHECKING:
    from memstudio.desktop.live.plot import Plot

ROW, MOST, NUMBER = 24, 9, 40


class Bars(QWidget):
    """The parameters as bars, the most important first. chosen(str): one was pressed, or Enter at it: its address."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found: Importance | None = None
        self.titles: dict[str, str] = {}
        self.now = ""
        self._at = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("How much each parameter matters"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.themed.connect(self._themed)

    @property
    def rows(self) -> tuple[Important, ...]:
        """What is painted."""
        return self.found.rows[:MOST] if self.found is not None else ()

    def show_seen(self, found: Importance, now: str) -> None:
        """Shows these, `now` being set against the measure."""
        self.found, self.now = found, now
        self.titles = parameter_titles(row.address for row in found.rows)
        self._at = next((i for i, row in enumerate(self.rows) if row.address == now), 0)
        self.setFixedHeight(max(1, ROW * len(self.rows)))
        self.setAccessibleDescription("; ".join(f"{self.titles[row.address]} {row.share:.0%}" for row in self.rows))
        self.setVisible(bool(self.rows))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, max(1, ROW * len(self.rows)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names = min(0.5 * self.width(), self._widest() + 24)
        for i, row in enumerate(self.rows):
            area = QRectF(0, i * ROW, self.width(), ROW)
            if row.address == self.now:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(t.accent_background))
                painter.drawRoundedRect(area.adjusted(0, 1, 0, -1), 5, 5)
            _draw_row(painter, row, self.titles[row.address], area, names, t)
            if self.hasFocus() and i == self._at:
                painter.setPen(QPen(QColor(t.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), looks.RADIUS_CONTROL, looks.RADIUS_CONTROL)

    def _widest(self) -> float:
        measure = QFontMetricsF(fonts.sans(looks.TYPE_SMALL))
        return max((measure.horizontalAdvance(self.titles[row.address]) for row in self.rows), default=0.0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().y() // ROW)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(_tip(self.rows[at]) if 0 <= at < len(self.rows) else "")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().y() // ROW)
        if 0 <= at < len(self.rows):
            self._at = at
            self.chosen.emit(self.rows[at].address)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.rows:
            self._at = min(max(self._at + (1 if key == Qt.Key.Key_Down else -1), 0), len(self.rows) - 1)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._at < len(self.rows):
            self.chosen.emit(self.rows[self._at].address)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _themed(self, _: object) -> None:
        self.update()


def _draw_row(painter: QPainter, row: Important, title: str, area: QRectF, names: float, t: Tokens) -> None:
    painter.setFont(fonts.sans(looks.TYPE_SMALL))
    painter.setPen(QColor(t.dim if row.address == SEED else t.text))
    measure = QFontMetricsF(painter.font())
    text = measure.elidedText(title, Qt.TextElideMode.ElideMiddle, names - 12)
    painter.drawText(area.adjusted(8, 0, 0, 0), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
    left, room, y = names, max(20.0, area.width() - names - NUMBER - 6), area.center().y()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(t.faint))
    painter.drawRoundedRect(QRectF(left, y - 4, room, 8), 2, 2)
    painter.setBrush(QColor(t.dim if row.address == SEED else t.curves[0].colour))
    painter.drawRoundedRect(QRectF(left, y - 4, max(1.0, room * min(row.share, 1.0)), 8), 2, 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if row.low is not None and row.high is not None:
        painter.setPen(QPen(QColor(t.text), 1.2))
        painter.drawLine(QLineF(left + room * row.low, y, left + room * min(row.high, 1.0), y))
    painter.setPen(QColor(t.text))
    right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    painter.drawText(QRectF(area.right() - NUMBER - 4, area.top(), NUMBER, area.height()), right, f"{row.share:.0%}")


def _tip(row: Important) -> str:
    way = ""
    if row.direction is not None and row.address != SEED:
        way = f"; rank correlation {row.direction:+.2f}".replace("-", "\N{MINUS SIGN}")
    between = f", {row.low:.0%} to {row.high:.0%} over folds" if row.low is not None and row.high is not None else ""
    return f"{row.address}: {row.share:.0%}{between}{way}. Press to set it against the measure."


class ParametersBody(QWidget):
    """Shows a ParametersSeen. chosen(str): an address is to be set against the measure."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = Bars()
        self.words = label("", "small", wrap=True)
        self.plot: Plot | None = None
        left = QVBoxLayout()
        left.setContentsMargins(2, 2, 2, 4)
        left.setSpacing(6)
        left.addWidget(self.bars)
        left.addWidget(self.words)
        left.addStretch(1)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addLayout(left, 4)
        self.bars.chosen.connect(self.chosen)

    def show_seen(self, seen: ParametersSeen, hidden: frozenset[int], log_x: bool, log_y: bool) -> None:
        """Shows the bars and the runs; hidden: groups that are left out; log_x, log_y: log axes."""
        from memstudio.desktop.live.plot import Plot

        if self.plot is None:
            self.plot = Plot()
            self.plot.setAccessibleName(tr("A parameter against the measure"))
            self._row.addWidget(self.plot, 5)
        self.bars.show_seen(seen.importance, seen.plot.chosen)
        self.words.setText(seen.importance.words)
        self.plot.show_seen(seen.plot, hidden, log_x, log_y)
