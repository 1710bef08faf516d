"""A heading that shows and hides what stands under it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from memstudio.desktop import icons, theme
from memstudio.desktop.words import tr


class Turn(QToolButton):
    """The heading of what folds: a chevron and a title."""

    def __init__(self, title: str, is_open: bool = True) -> None:
        super().__init__()
        self.setText(title)
        self.setCheckable(True)
        self.setChecked(is_open)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setProperty("kind", "fold")
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.toggled.connect(self._show)
        theme.themed.connect(self._show)
        self._show()

    def _show(self, *_: object) -> None:
        is_open = self.isChecked()
        self.setAccessibleDescription(tr("shown" if is_open else "folded"))
        self.setIcon(icons.icon("chevron" if is_open else "chevron-right", theme.current()))


class Fold(QWidget):
    """The heading is a button (`head`); the rest is `content`."""

    def __init__(self, title: str, content: QWidget, is_open: bool = False) -> None:
        super().__init__()
        self.content = content
        self.head = Turn(title, is_open)
        self.head.toggled.connect(content.setVisible)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.head)
        layout.addWidget(content)
        content.setVisible(is_open)
