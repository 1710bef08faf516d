"""The time slider: scrubs all panels through the stored steps together and says which one they show."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QStyle, QStyleOptionSlider, QWidget

from memstudio.desktop import theme
from memstudio.desktop.labels import label
from memstudio.desktop.words import tr


class StepSlider(QSlider):
    """A slider over steps. The arrow keys go from stored step to stored step; a press on the line goes there at once.

    went(int): a person moved it to this step. Small marks below show where steps are stored, while they can be told apart.
    """

    went = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._stored: tuple[int, ...] = ()
        self.setAccessibleName(tr("Step that is shown"))
        self.setMinimumWidth(120)
        self.setMinimumHeight(24)
        self.actionTriggered.connect(self._acted)

    def sizeHint(self) -> QSize:
        return QSize(400, 24)

    def show_steps(self, last: int, stored: Sequence[int], at: int) -> None:
        """Spans 0 to `last` with these stored steps and stands at `at`, without telling."""
        self.blockSignals(True)
        self.setRange(0, max(1, last))
        self.setPageStep(max(1, last // 10))
        if not self.isSliderDown():
            self.setValue(at)
        self.blockSignals(False)
        if tuple(stored) != self._stored:
            self._stored = tuple(stored)
            self.update()

    def _acted(self, action: int) -> None:
        self.went.emit(self.sliderPosition())

    def beside(self, step: int, by: int) -> int:
        """The stored step before (by = −1) or after (by = 1) a step; the step itself where there is none."""
        at = bisect_left(self._stored, step) - 1 if by < 0 else bisect_right(self._stored, step)
        return self._stored[at] if 0 <= at < len(self._stored) else step

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}.get(Qt.Key(event.key()))
        if by is None or not self._stored:
            super().keyPressEvent(event)
            return
        self._go(self.beside(self.value(), by))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._handle().contains(event.position()):
            self._go(self._step_at(event.position().x()))
        super().mousePressEvent(event)

    def _go(self, step: int) -> None:
        self.blockSignals(True)
        self.setValue(step)
        self.blockSignals(False)
        self.went.emit(step)

    def _option(self) -> QStyleOptionSlider:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return option

    def _handle(self) -> QRectF:
        part = QStyle.SubControl.SC_SliderHandle
        return QRectF(self.style().subControlRect(QStyle.ComplexControl.CC_Slider, self._option(), part, self)).adjusted(-3, -6, 3, 6)

    def _span(self) -> tuple[float, float]:
        """The pixels between which the handle's middle moves."""
        wide = self._handle().width() - 6
        return wide / 2, self.width() - wide / 2

    def _step_at(self, x: float) -> int:
        left, right = self._span()
        return round(self.minimum() + (x - left) / max(1.0, right - left) * (self.maximum() - self.minimum()))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        left, right = self._span()
        span = max(1, self.maximum() - self.minimum())
        if not self._stored or (right - left) / max(1, len(self._stored)) < 5:
            return
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().dim))
        y = self.height() / 2 + 8
        for step in self._stored:
            x = left + (step - self.minimum()) / span * (right - left)
            painter.drawRect(QRectF(round(x), y, 1, 3))


class TimeBar(QWidget):
    """The slider with its words and Follow. moved(int): show this step; follow(): show the newest."""

    moved = Signal(object)
    follow = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = StepSlider()
        self.slider.went.connect(self.moved)
        self.words = label("", "")
        self.words.setMinimumWidth(78)
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.stored_words = label("", "small")
        self.stored_words.setMinimumWidth(112)
        self.follow_button = QPushButton("Follow")
        self.follow_button.setProperty("kind", "filter")
        self.follow_button.setCheckable(True)
        self.follow_button.setAccessibleName(tr("Follow the newest step"))
        self.follow_button.setToolTip(tr("Go back to the newest step and stay with it"))
        self.follow_button.clicked.connect(self._pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 8)
        row.setSpacing(12)
        row.addWidget(label("step", "dim"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.words)
        row.addWidget(self.stored_words)
        row.addWidget(self.follow_button)

    def show_step(self, last: int, newest: int, stored: Sequence[int], asked: int | None, at: int | None) -> None:
        """asked: the step that was scrubbed to, None for the newest; at: the stored step that the panels show."""
        step = newest if asked is None else asked
        self.slider.show_steps(last, stored, step)
        self._say(step, asked, at)
        self.follow_button.setChecked(asked is None)
        self.slider.setEnabled(last > 0)

    def say_step(self, step: int) -> None:
        """Says a step at once, before the library has answered what is stored there."""
        self.words.setText(f"step {step:,}")
        self.follow_button.setChecked(False)

    def _say(self, step: int, asked: int | None, at: int | None) -> None:
        self.words.setText(f"step {step:,}")
        stored = "nothing stored yet" if at is None else f"stored step {at:,}"
        self.stored_words.setText("newest" if asked is None and at == step else stored)
        self.slider.setAccessibleDescription(f"{self.words.text()}, {self.stored_words.text()}")

    def _pressed(self, checked: bool) -> None:
        self.follow_button.setChecked(True)
        self.follow.emit()
