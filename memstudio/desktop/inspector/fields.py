"""One editor for each simple type of parameter. A field shows a value and says what was chosen; it never edits the document."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from memstudio.desktop.inspector import typed
from memstudio.desktop.labels import label
from memstudio.desktop.words import tr
from memstudio.experiment.parameters import Choice, Flag, Parameter, Real, Refusal, Text, Whole, WholeList

#: positions of a slider; a log slider has as many, so one step is below 1 % over four decades
_STEPS = 1000


class Field(QWidget):
    """An editor. chosen(value): a usable value; wrong(sentence): what was typed cannot be used; done(): the hand left it."""

    chosen = Signal(object)
    wrong = Signal(str)
    done = Signal()

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self.parameter = parameter
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(4)

    @property
    def editor(self) -> QWidget:
        """The widget that takes the keyboard."""
        return self

    def show_value(self, value: Any) -> None:
        """Shows a value that the document has; never emits."""
        raise NotImplementedError

    def show_mixed(self) -> None:
        """Shows that several nodes do not agree; never emits."""

    def describe(self, words: str) -> None:
        """What is said of the editor beside its name: meaning, range, default."""
        self.editor.setAccessibleDescription(words)

    def take(self, editor: QWidget) -> None:
        """Gives an editor its accessible name and description, and keeps the wheel from changing what is only scrolled past."""
        editor.setAccessibleName(self.parameter.title)
        editor.setAccessibleDescription(" ".join(part for part in (self.parameter.meaning, typed.range_words(self.parameter)) if part))
        editor.setToolTip(self.parameter.meaning)
        editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        editor.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel scrolls the form unless the field has the focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def mark_wrong(self, is_wrong: bool) -> None:
        """Shows on the editor whether what stands in it cannot be used."""
        editor = self.editor
        if bool(editor.property("wrong")) != is_wrong:
            editor.setProperty("wrong", is_wrong)
            editor.style().unpolish(editor)
            editor.style().polish(editor)


class LineField(Field):
    """A line of text that is read as a value at every key."""

    def __init__(self, parameter: Parameter) -> None:
        super().__init__(parameter)
        self.line = QLineEdit()
        self.take(self.line)
        self.box.addWidget(self.line)
        self.line.textEdited.connect(self._typed)
        self.line.editingFinished.connect(self._finished)
        self._value: Any = None

    @property
    def editor(self) -> QWidget:
        return self.line

    def read(self, text: str) -> Any:
        """The value in the text. Raises Refusal."""
        return self.parameter.check(text)

    def write(self, value: Any) -> str:
        """The value as text."""
        return str(value)

    def _typed(self, text: str) -> None:
        try:
            value = self.read(text)
        except Refusal as refusal:
            self.wrong.emit(str(refusal))
            return
        self._value = value
        self.shown(value)
        self.chosen.emit(value)

    def _finished(self) -> None:
        if not self.editor.property("wrong") and (self._value is not None or self.line.text()):
            self.line.setText(self.write(self._value))
        self.done.emit()

    def show_value(self, value: Any) -> None:
        self._value = value
        self.shown(value)
        if not self._says(value):
            self.line.setText(self.write(value))

    def show_mixed(self) -> None:
        self._value = None
        self.line.clear()
        self.line.setPlaceholderText(tr("mixed"))

    def _says(self, value: Any) -> bool:
        """Whether the text, as it is typed, means this value already (then the cursor is left alone)."""
        try:
            return bool(self.read(self.line.text()) == value)
        except Refusal:
            return False

    def shown(self, value: Any) -> None:
        """For fields that show the value in a second way, such as a slider."""


class TextField(LineField):
    """A line of text."""

    def __init__(self, parameter: Text) -> None:
        super().__init__(parameter)
        self.line.setMaxLength(parameter.longest)


class WholeListField(LineField):
    """Whole numbers with spaces between them."""

    def __init__(self, parameter: WholeList) -> None:
        super().__init__(parameter)
        self._list = parameter
        self.line.setPlaceholderText(tr("Numbers with spaces between them"))

    def read(self, text: str) -> Any:
        return typed.read_whole_list(self._list, text)

    def write(self, value: Any) -> str:
        return typed.whole_list_text(value)

    def _says(self, value: Any) -> bool:
        try:
            return list(self.read(self.line.text())) == list(value)
        except Refusal:
            return False


class NumberField(LineField):
    """A number with a slider under it; up and down step it (by halves and doubles where the range is logarithmic)."""

    def __init__(self, parameter: Whole | Real) -> None:
        super().__init__(parameter)
        self._number = parameter
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.take(self.slider)
        self.slider.setAccessibleName(f"{parameter.title}, slider")
        self.slider.setRange(0, self._positions())
        self.slider.setPageStep(max(1, self.slider.maximum() // 10))
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self.done)
        self.box.addWidget(self.slider)
        self.slider.setVisible(parameter.high > parameter.low)

    def _positions(self) -> int:
        p = self._number
        return min(int(p.high - p.low), _STEPS) if isinstance(p, Whole) and not p.log else _STEPS

    def read(self, text: str) -> Any:
        return typed.read_number(self._number, text)

    def write(self, value: Any) -> str:
        return typed.number_text(value)

    def shown(self, value: Any) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._position(value))
        self._say(value)

    def _say(self, value: Any) -> None:
        """The slider's own number is a position; what is said aloud is the value with its unit."""
        said = f"{self.write(value)} {self._number.unit}".strip() if value is not None else "mixed"
        self.slider.setAccessibleName(f"{self.parameter.title}, slider, {said}")

    def show_mixed(self) -> None:
        super().show_mixed()
        with QSignalBlocker(self.slider):
            self.slider.setValue(0)
        self._say(None)

    def _slid(self, position: int) -> None:
        value = self._at(position)
        if value != self._value:
            self._value = value
            self._say(value)
            self.line.setText(self.write(value))
            self.chosen.emit(value)

    # The scale is linear, or logarithmic from `_from` up; where a log range begins at 0, the first position is that 0.

    @property
    def _from(self) -> float:
        p = self._number
        return float(p.low) if p.low > 0 else (1.0 if isinstance(p, Whole) else p.high * 1e-6)

    def _position(self, value: float) -> int:
        p, last = self._number, self.slider.maximum()
        if not isinstance(value, int | float) or p.high <= p.low:
            return 0
        if not p.log:
            return round((value - p.low) / (p.high - p.low) * last)
        if value < self._from:
            return 0
        first = 0 if p.low > 0 else 1
        share = math.log(value / self._from) / math.log(p.high / self._from)
        return first + round(share * (last - first))

    def _at(self, position: int) -> int | float:
        p, last = self._number, self.slider.maximum()
        if not p.log:
            value = p.low + (p.high - p.low) * position / last
        elif position == 0:
            return p.low
        else:
            first = 0 if p.low > 0 else 1
            value = self._from * (p.high / self._from) ** ((position - first) / (last - first))
        if isinstance(p, Whole):
            return min(p.high, max(p.low, round(value)))
        return min(p.high, max(p.low, float(f"{value:.2g}" if p.log else f"{value:.4g}")))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down in the line step the number."""
        pressed = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if watched is self.line and pressed in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(1 if pressed == Qt.Key.Key_Up else -1)
            return True
        return super().eventFilter(watched, event)

    def _step(self, direction: int) -> None:
        p, now = self._number, self._value
        if not isinstance(now, int | float):
            return
        if p.log:
            value: float = now * 2 if direction > 0 else now / 2
            value = max(value, 1) if isinstance(p, Whole) and direction > 0 else value
        else:
            value = now + direction * (1 if isinstance(p, Whole) else (p.high - p.low) / 100)
        value = min(p.high, max(p.low, int(value) if isinstance(p, Whole) else float(f"{value:.6g}")))
        self.show_value(value)
        self.line.setText(self.write(value))
        self.chosen.emit(value)


class Check(QCheckBox):
    """A check box whose title wraps where the form is narrow."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _words(self, width: int) -> QRect:
        """Where the title stands in a box of a width."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.rect = QRect(0, 0, width, 24)
        left = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, self).left()
        room = QRect(left, 0, max(24, width - left), 10_000)
        return self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self.text())

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(super().sizeHint().height(), self._words(width).height() + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(72, super().minimumSizeHint().height())

    def hitButton(self, at: QPoint) -> bool:
        return self.rect().contains(at)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_CheckBox, option)
        words = self._words(self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = QRect(words.left(), (self.height() - words.height()) // 2, self.width() - words.left(), words.height())
        painter.drawText(room, Qt.TextFlag.TextWordWrap, self.text())
        painter.end()


class FlagField(Field):
    """A check box that carries the parameter's title itself."""

    def __init__(self, parameter: Flag) -> None:
        super().__init__(parameter)
        self.check = Check(parameter.title)
        self.take(self.check)
        self.box.addWidget(self.check)
        self._mixed = False
        self.check.toggled.connect(self._toggled)
        self.check.clicked.connect(self._clicked)

    def _toggled(self, on: bool) -> None:
        self.chosen.emit(on)

    def _clicked(self, on: bool) -> None:
        # from "mixed" to "on" nothing is toggled, as Qt sees it
        if self._mixed:
            self._mixed = False
            self.check.setTristate(False)
            self.chosen.emit(on)

    def show_mixed(self) -> None:
        self._mixed = True
        with QSignalBlocker(self.check):
            self.check.setTristate(True)
            self.check.setCheckState(Qt.CheckState.PartiallyChecked)

    @property
    def editor(self) -> QWidget:
        return self.check

    def show_value(self, value: Any) -> None:
        self._mixed = False
        with QSignalBlocker(self.check):
            self.check.setTristate(False)
            self.check.setChecked(bool(value))


class ChoiceField(Field):
    """One of a few options; a name too long for the box stands under it in full."""

    def __init__(self, parameter: Choice) -> None:
        super().__init__(parameter)
        self.combo = combo(list(parameter.options.items()))
        self.take(self.combo)
        self.box.addWidget(self.combo)
        self.whole = label(kind="small", wrap=True)
        self.whole.hide()
        self.box.addWidget(self.whole)
        self.combo.activated.connect(self._chosen)

    @property
    def editor(self) -> QWidget:
        return self.combo

    def _chosen(self, index: int) -> None:
        self.chosen.emit(self.combo.itemData(index))

    def show_value(self, value: Any) -> None:
        show_in(self.combo, value)
        self._say_whole()

    def show_mixed(self) -> None:
        self.combo.setPlaceholderText(tr("mixed"))
        with QSignalBlocker(self.combo):
            self.combo.setCurrentIndex(-1)
        self._say_whole()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._say_whole()

    def _say_whole(self) -> None:
        text = self.combo.currentText()
        self.whole.setText(text)
        self.whole.setVisible(self.combo.is_short_for(text))


class Chooser(QComboBox):
    """A combo box that never widens the form: what it shows ends in … where it is too long, its list is as wide as its names."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.view().setAccessibleName("Choices")

    def minimumSizeHint(self) -> QSize:
        return QSize(72, super().minimumSizeHint().height())

    def _room(self) -> int:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        return self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width() - 4

    def is_short_for(self, text: str) -> bool:
        """Whether a text does not fit."""
        return self.fontMetrics().horizontalAdvance(text) > self._room()

    def showPopup(self) -> None:
        widest = max((self.fontMetrics().horizontalAdvance(self.itemText(row)) for row in range(self.count())), default=0)
        self.view().setMinimumWidth(min(widest + 48, 560))
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        text = option.currentText or (self.placeholderText() if self.currentIndex() < 0 else "")
        option.currentText = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self._room())
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


def combo(options: list[tuple[Any, str]]) -> Chooser:
    """A combo box of (value, title) that never widens the form."""
    made = Chooser()
    for value, title in options:
        made.addItem(title, value)
        made.setItemData(made.count() - 1, title, Qt.ItemDataRole.ToolTipRole)
    return made


def show_in(box: QComboBox, value: Any) -> None:
    """Shows a value in a combo box; one that is not among its options is added, so that nothing is changed silently."""
    index = box.findData(value)
    if index < 0:
        box.addItem(f"{value} (unknown)", value)
        index = box.count() - 1
    with QSignalBlocker(box):
        box.setCurrentIndex(index)
