"""The small card of the guided tour: what to do now, and the buttons to have it done, to go back, to end."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from memstudio.desktop import lengths
from memstudio.desktop.labels import button, label
from memstudio.desktop.words import tr

WIDTH, _GAP, _EDGE = 324, 16, 12


class TourCard(QFrame):
    """The card. do_it, back, onward, end: its buttons; away: Escape, the keyboard goes back to the control."""

    do_it = Signal()
    back = Signal()
    onward = Signal()
    end = Signal()
    away = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._over = window
        self.setProperty("kind", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.number = label("", "small")
        self.title = label("", "strong", wrap=True)
        self.words = label("", wrap=True)
        self.note = label("", "small", wrap=True)
        self.do_button: QPushButton = button("Do it for me", self.do_it.emit)
        self.next_button: QPushButton = button("Next", self.onward.emit, "primary")
        self.back_button: QPushButton = button("Back", self.back.emit, "quiet", "Look at the step before again")
        self.end_button: QPushButton = button("End tour", self.end.emit, "quiet", "It can be taken again: Help, Guided tour")
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for widget in (self.do_button, self.next_button, self.back_button):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        buttons.addWidget(self.end_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(6)
        for part in (self.number, self.title, self.words, self.note):
            column.addWidget(part)
        column.addSpacing(4)
        column.addLayout(buttons)
        lengths.fix(self, width=WIDTH)
        self.hide()

    def say(self, number: str, title: str, words: str, note: str = "") -> None:
        """Shows a step; a screen reader is told."""
        said = ". ".join(part for part in (number, title, words, note) if part)
        if said == self.accessibleDescription():
            return
        self.setAccessibleName(tr("Guided tour"))
        self.setAccessibleDescription(said)
        for part, text in ((self.number, number), (self.title, title), (self.words, words), (self.note, note)):
            part.setText(text)
            part.setVisible(bool(text))
        self.fit()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def offer(self, doing: str, back: bool, onward: str, end: str = "End tour") -> None:
        """Which buttons there are: what Do it for me is called ("" for none), whether Back, what Next is called ("" for none)."""
        had = next((one for one in (self.do_button, self.next_button, self.back_button, self.end_button) if one.hasFocus()), None)
        for one, text in ((self.do_button, doing), (self.next_button, onward), (self.end_button, end)):
            one.setText(text)
            one.setAccessibleName(text)
            one.setVisible(bool(text))
        self.back_button.setVisible(back)
        if had is not None and not had.isVisibleTo(self):
            self.first.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def first(self) -> QPushButton:
        """The button that the keyboard finds first."""
        return next(one for one in (self.next_button, self.do_button, self.end_button) if one.isVisibleTo(self))

    def fit(self) -> None:
        """As high as its words need."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.setFixedHeight(layout.totalHeightForWidth(WIDTH) if layout.hasHeightForWidth() else layout.sizeHint().height())

    def stand_beside(self, place: QRect, sides: Sequence[str] = (), room: QRect | None = None) -> None:
        """Stands at the first of these sides of a place of the window that has room; else in the corner of `room` (of the window)."""
        room = (room or self._over.rect()).adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        wide, high = self.width(), self.height()
        down, across = _within(place.top(), high, room.top(), room.bottom()), _within(place.left(), wide, room.left(), room.right())
        corner = QPoint(room.right() - wide, room.bottom() - high)
        points = {
            "right": QPoint(place.right() + _GAP, down),
            "left": QPoint(place.left() - _GAP - wide, down),
            "above": QPoint(across, place.top() - _GAP - high),
            "below": QPoint(across, place.bottom() + _GAP),
        }
        fitting = [points[side] for side in sides if not place.isEmpty() and room.contains(QRect(points[side], self.size()))]
        wanted = fitting[0] if fitting else corner
        if wanted != self.pos():
            self.move(wanted)
            self.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.away.emit()
        else:
            super().keyPressEvent(event)


def _within(at: int, size: int, low: int, high: int) -> int:
    return max(low, min(at, high - size))
