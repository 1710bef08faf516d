"""A panel that floats over the window until Esc, a choice or a click elsewhere closes it. Never a modal box."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from memstudio.desktop.lengths import px


class Overlay(QFrame):
    """Base of the command palette and the keyboard help: placed near the top of the window, gives the focus back when closed."""

    def __init__(self, window: QWidget, width: int, height: int) -> None:
        super().__init__(window)
        self._around = window
        self._wanted = (width, height)
        self._before: QWidget | None = None
        #: the button that opens the panel and closes it again: a press on it is no click elsewhere
        self.opener: QWidget | None = None
        self.setProperty("kind", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.hide()

    def open(self, focus: QWidget) -> None:
        """Shows the panel and puts the keyboard into one of its widgets."""
        if not self.isVisible():
            self._before = QApplication.focusWidget()
            application = QApplication.instance()
            if application is not None:
                application.installEventFilter(self)
        self._place()
        self.show()
        self.raise_()
        focus.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_panel(self) -> None:
        """Hides the panel; the keyboard goes back to where it was."""
        if not self.isVisible():
            return
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        focus = QApplication.focusWidget()
        inside = focus is None or self.isAncestorOf(focus)
        self.hide()
        if inside and self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def _place(self) -> None:
        around = self._around.rect()
        width, height = min(px(self._wanted[0]), around.width() - 48), min(px(self._wanted[1]), around.height() - 96)
        self.setGeometry(QRect((around.width() - width) // 2, max(24, around.height() // 9), width, height))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and isinstance(watched, QWidget):
            if watched is not self and watched is not self.opener and not self.isAncestorOf(watched) and watched.window() is self.window():
                self.close_panel()
        elif event.type() == QEvent.Type.Resize and watched is self._around:
            self._place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)
