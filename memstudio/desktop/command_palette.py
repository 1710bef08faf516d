"""Every command by typing (Ctrl+K): the bound actions, and what the window offers besides (nodes, components, studies, files)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from memstudio.desktop import fonts, fuzzy, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.actions import Actions, keys_text
from memstudio.desktop.labels import label, line
from memstudio.desktop.overlay import Overlay
from memstudio.desktop.words import tr

#: at most this many lines are listed
MOST = 60
#: how many commands that were used last are kept, and under which name
MOST_RECENT, RECENT = 8, "commands.recent"


@dataclass(frozen=True)
class Command:
    """One line of the palette: what it says, a word at its right, what it does; words: what else finds it.

    asked: whether it is listed only once something was typed (there are very many of its kind).
    """

    title: str
    hint: str
    call: Callable[[], object]
    words: str = ""
    asked: bool = False


def of_actions(actions: Actions) -> list[Command]:
    """The enabled actions, in the table's order."""
    return [
        Command(action.text(), keys_text(row), action.trigger, f"{row.menu} {tr(row.tip)}")
        for row, action in actions.bound()
        if action.isEnabled() and row.id != "help.palette"
    ]


def found(commands: Iterable[Command], typed: str, recent: Sequence[str] = ()) -> list[Command]:
    """The commands that fit every typed word, best first; nothing typed: those used last, then the rest as they come.

    Of equals those that were used last come first, then short titles.
    """
    place = {title: at for at, title in enumerate(recent)}
    if not typed.strip():
        there = [command for command in commands if not command.asked or command.title in place]
        return sorted(there, key=lambda command: place.get(command.title, len(place)))[:MOST]
    ranked = [(fuzzy.rank(command.title, command.words, typed), command) for command in commands]
    fitting = [pair for pair in ranked if pair[0]]
    fitting.sort(key=lambda pair: (-pair[0], place.get(pair[1].title, len(place)), len(pair[1].title)))
    return [command for _, command in fitting][:MOST]


class _Line(QStyledItemDelegate):
    """Draws a command with its key or kind at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, max(32, QFontMetrics(fonts.sans()).height() + 14))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        t, area = theme.current(), QRectF(option.rect)
        command = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent_background if chosen else t.hover))
            painter.drawRoundedRect(area.adjusted(6, 1, -6, -1), 6, 6)
        painter.setFont(fonts.sans(looks.TYPE_SMALL))
        painter.setPen(QColor(t.dim))
        hint = painter.fontMetrics().elidedText(command.hint, Qt.TextElideMode.ElideMiddle, int(area.width() / 3))
        hint_width = painter.fontMetrics().horizontalAdvance(hint)
        painter.drawText(area.adjusted(0, 0, -18, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), hint)
        painter.setFont(fonts.sans())
        painter.setPen(QColor(t.text))
        inside = area.adjusted(18, 0, -32 - hint_width, 0)
        text = painter.fontMetrics().elidedText(command.title, Qt.TextElideMode.ElideRight, int(inside.width()))
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()


class CommandPalette(Overlay):
    """The panel: a field and a list. Up, Down and Enter choose.

    recent: what the settings hold of the commands used last; keep(name, value): keeps them.
    """

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        more: Callable[[], Sequence[Command]] | None = None,
        recent: Any = None,
        keep: Callable[[str, object], object] | None = None,
    ) -> None:
        super().__init__(window, 560, 420)
        self._actions, self._more, self._keep = actions, more, keep
        self.recent = [one for one in recent if isinstance(one, str)][:MOST_RECENT] if isinstance(recent, list) else []
        self._commands: list[Command] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Type what you want to do"))
        self.field.setAccessibleName(tr("Find a command"))
        self.field.setFrame(False)
        self.field.setProperty("kind", "bare")
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setItemDelegate(_Line(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.nothing = label("", "dim", wrap=True)
        self.nothing.setContentsMargins(18, 8, 18, 8)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 6, 1, 6)
        column.setSpacing(5)
        column.addWidget(self.field)
        column.addWidget(line())
        column.addWidget(self.list, 1)
        column.addWidget(self.nothing, 1)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._show)
        self.field.returnPressed.connect(self._choose)
        self.list.itemClicked.connect(self._clicked)

    def open_palette(self) -> None:
        """Opens it empty, or closes it when it is open."""
        if self.isVisible():
            self.close_panel()
            return
        self._commands = [*of_actions(self._actions), *(self._more() if self._more else ())]
        self.field.clear()
        self._show("")
        self.open(self.field)

    @property
    def titles(self) -> list[str]:
        """What is listed now."""
        return [self.list.item(row).data(Qt.ItemDataRole.UserRole).title for row in range(self.list.count())]

    def _show(self, typed: str) -> None:
        self.list.clear()
        listed = found(self._commands, typed, self.recent)
        for command in listed:
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, command)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{command.title} {command.hint}".strip())
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(listed))
        self.nothing.setVisible(not listed)
        self.nothing.setText(f"No command has “{typed.strip()[:40]}”. Try a verb (run, add, go to), a study, or a component's name.")

    def _clicked(self, item: QListWidgetItem) -> None:
        self.list.setCurrentItem(item)
        self._choose()

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            command = item.data(Qt.ItemDataRole.UserRole)
            self.recent = [command.title, *(one for one in self.recent if one != command.title)][:MOST_RECENT]
            if self._keep is not None:
                self._keep(RECENT, list(self.recent))
            self.close_panel()
            command.call()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            by = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(Qt.Key(event.key()))
            if by is not None and self.list.count():
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + by)))
                return True
        return super().eventFilter(watched, event)
