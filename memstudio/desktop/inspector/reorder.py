"""Moving one thing of a list: a grip to drag it by, which keys move too, and a line where it would fall."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QToolButton, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr


class Grip(QToolButton):
    """Dragged up and down it says at which height of the screen it is (`dragged`), and when it is let go; arrow keys `nudge` by one."""

    def __init__(self, name: str, nudge: Callable[[int], None], dragged: Callable[[int], None], let_go: Callable[[], None]) -> None:
        super().__init__()
        self._nudge, self._dragged, self._let_go = nudge, dragged, let_go
        self._from = 0
        self._drags = False
        self.setAccessibleName(name)
        self.setAccessibleDescription(tr("Arrow up and arrow down move it"))
        self.setToolTip(tr("Drag to another place, or press the arrow keys"))
        self.setProperty("kind", "more")
        self.setFixedSize(20, 20)
        lengths.fix_icon(self, 14)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        theme.themed.connect(self._tint)
        self._tint(theme.current())

    def _tint(self, tokens: Tokens) -> None:
        self.setIcon(icons.icon("grip", tokens))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._from = event.globalPosition().toPoint().y()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        y = event.globalPosition().toPoint().y()
        if event.buttons() & Qt.MouseButton.LeftButton and (self._drags or abs(y - self._from) >= QApplication.startDragDistance()):
            self._drags = True
            self._dragged(y)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._drags:
            self._drags = False
            self._let_go()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._nudge(-1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)


class Target(QFrame):
    """A line across a list, where what is dragged would fall."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setProperty("kind", "target")
        self._wanted: tuple[int, int] | None = None
        self.hide()

    def show_at(self, index: int, place: int, y: int) -> None:
        """Item `index` would fall before item `place`, at that height."""
        self._wanted = (index, place)
        self.setGeometry(0, max(0, y), self._over.width(), 2)
        self.show()
        self.raise_()

    def take(self) -> tuple[int, int] | None:
        """What was wanted last; the line goes."""
        wanted, self._wanted = self._wanted, None
        self.hide()
        return wanted
