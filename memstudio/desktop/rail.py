"""The rail at the left: the pages, what is running, the menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QFrame, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from memstudio.desktop import fonts, icons, lengths, theme
from memstudio.desktop.actions import BY_ID, Actions, keys_text
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import count, tr

WIDTH, ICON = 68, 22


class _Item(QToolButton):
    def __init__(self, text: str, picture: str, tip: str) -> None:
        super().__init__()
        self._picture = picture
        self.setProperty("kind", "rail")
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(tip)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        lengths.fix(self, 56, 54)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.themed.connect(self._tint)
        self._tint(theme.current())

    def _tint(self, t: Tokens) -> None:
        self.setIconSize(QSize(lengths.px(ICON), lengths.px(ICON)))
        self.setIcon(icons.icon(self._picture, t, t.dim, t.accent, ICON))


class RunningItem(QToolButton):
    """A ring that fills while work is going on, and how many runs are left. Hidden when nothing runs."""

    def __init__(self) -> None:
        super().__init__()
        self._left, self._share = 0, 0.0
        self.setAccessibleName(tr("Running: nothing"))
        self.setProperty("kind", "rail")
        lengths.fix(self, 56, 54)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()

    def show_work(self, left: int, share: float, words: str) -> None:
        """left: runs still to end; share: of all that is done, 0 to 1."""
        self._left, self._share = left, share
        self.setVisible(left > 0)
        self.setToolTip(words)
        self.setAccessibleName(f"Running: {count(left, 'run')} left, {share:.0%} done")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        px = lengths.px
        ring = QRectF(self.width() / 2 - px(9), px(9), px(18), px(18))
        painter.setPen(QPen(QColor(t.line), 3))
        painter.drawEllipse(ring)
        painter.setPen(QPen(QColor(t.accent), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(ring, 90 * 16, round(-360 * 16 * max(0.02, self._share)))
        painter.setPen(QColor(t.dim))
        painter.setFont(fonts.sans(11))
        painter.drawText(QRectF(0, px(32), self.width(), px(16)), int(Qt.AlignmentFlag.AlignCenter), f"{self._left:,} left")


class Rail(QFrame):
    """The pages' buttons, made from the actions `go.NAME`."""

    def __init__(self, actions: Actions, pages: tuple[str, ...], foot: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "rail")
        lengths.fix(self, WIDTH)
        self.setAccessibleName(tr("Pages"))
        self._actions = actions
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._items: dict[str, _Item] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 10, 5, 10)
        column.setSpacing(5)
        for page in pages:
            column.addWidget(self._page_item(page))
        column.addStretch(1)
        self.running = RunningItem()
        column.addWidget(self.running)
        self.menu_item = _Item(tr("Menu"), "menu", tr("Every command, by group"))
        self.menu_item.clicked.connect(self._open_menu)
        column.addWidget(self.menu_item)
        for page in foot:
            column.addWidget(self._page_item(page))

    def _page_item(self, page: str) -> _Item:
        row = BY_ID[f"go.{page}"]
        item = _Item(tr(row.name), row.icon, f"{tr(row.tip)} {keys_text(row)}")
        item.setCheckable(True)
        item.clicked.connect(partial(_trigger, self._actions[row.id].trigger))
        self._group.addButton(item)
        self._items[page] = item
        return item

    def offer(self, page: str, offered: bool) -> None:
        """Shows a page's button, or hides it while there is nothing on the page yet."""
        self._items[page].setVisible(offered)
        action = self._actions[f"go.{page}"]
        action.setVisible(offered)
        action.setEnabled(offered)

    def item(self, page: str) -> QToolButton:
        """The button of a page."""
        return self._items[page]

    def show_page(self, page: str) -> None:
        """Marks the page that is shown."""
        if page in self._items:
            self._items[page].setChecked(True)

    def menu(self) -> QMenu:
        """The menu with every bound action."""
        menu = QMenu(self)
        self._actions.fill(menu)
        return menu

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        place = self.menu_item.mapToGlobal(QPoint(self.menu_item.width() + 4, self.menu_item.height()))
        menu.popup(QPoint(place.x(), place.y() - menu.sizeHint().height()))


def _trigger(call: Callable[[], object], checked: bool = False) -> None:
    call()
