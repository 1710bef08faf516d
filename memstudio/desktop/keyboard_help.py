"""Every key and what it does (F1): the table of actions, then the keys that belong to one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from memstudio.desktop import lengths, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.actions import MENUS, Actions
from memstudio.desktop.labels import button, label, search_field
from memstudio.desktop.other_keys import OTHER_KEYS
from memstudio.desktop.overlay import Overlay
from memstudio.desktop.words import tr

_SCROLLS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


@dataclass(frozen=True)
class Line:
    """One line of the sheet: its group, what it does, a sentence of help, the keys as this system writes them."""

    group: str
    name: str
    tip: str
    keys: str

    def fits(self, words: Iterable[str]) -> bool:
        """Whether it has every one of these words, in lower case."""
        text = f"{self.group} {self.name} {self.tip} {self.keys}".lower()
        return all(word in text for word in words)


def _written(keys: Iterable[QKeySequence]) -> str:
    return " or ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


def _lines(actions: Actions) -> Iterator[Line]:
    for menu in MENUS:
        for row, action in actions.bound():
            if row.menu == menu and row.keys:
                yield Line(tr(menu), tr(row.name), tr(row.tip), _written(action.shortcuts()))
    for place, keys in OTHER_KEYS.items():
        for key in keys:
            yield Line(tr(place), tr(key.name), tr(key.tip), _written(QKeySequence(one) for one in key.keys))


class KeyboardHelp(Overlay):
    """The panel. It is filled anew each time, so that it lists just what is bound; as wide as a page that can be printed."""

    def __init__(self, window: QWidget, actions: Actions) -> None:
        super().__init__(window, 680, 640)
        self._actions = actions
        self._lines: list[Line] = []
        #: what is listed now: name and keys
        self.rows: list[tuple[str, str]] = []
        self.field = search_field("Search keys")
        self.field.setToolTip(tr("What you want to do, or a key"))
        lengths.fix(self.field, width=220)
        self.close_button = button("Close", self.close_panel, "", "Close (Esc)", "Close keyboard help")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label("Keyboard", "heading"), 1)
        head.addWidget(self.field)
        head.addWidget(self.close_button)
        self.sheet = QTextBrowser()
        self.sheet.setFrameStyle(0)
        self.sheet.setOpenLinks(False)
        self.sheet.setAccessibleName(tr("Keys"))
        self.sheet.setProperty("kind", "sheet")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 12, 12)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self.sheet, 1)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        theme.themed.connect(self._themed)

    def open_help(self) -> None:
        """Opens it, or closes it when it is open."""
        if self.isVisible():
            self.close_panel()
            return
        self._lines = list(_lines(self._actions))
        self.field.clear()
        self._find("")
        self.open(self.field)

    def _find(self, typed: str) -> None:
        words = typed.lower().split()
        listed = [line for line in self._lines if line.fits(words)]
        self.rows = [(line.name, line.keys) for line in listed]
        self.sheet.setHtml(_html(listed, typed.strip()))

    def _themed(self, _: object = None) -> None:
        if self.isVisible():
            self._find(self.field.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the field, the arrows scroll the sheet."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _SCROLLS:
            bar = self.sheet.verticalScrollBar()
            page = event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
            down = event.key() in (Qt.Key.Key_Down, Qt.Key.Key_PageDown)
            bar.setValue(bar.value() + (1 if down else -1) * (bar.pageStep() if page else 3 * bar.singleStep()))
            return True
        return super().eventFilter(watched, event)


def _html(lines: list[Line], typed: str) -> str:
    t = theme.current()
    if not lines:
        return f"<p style='color:{t.dim}'>No key for “{escape(typed[:40])}”. All commands (Ctrl+K) also finds what has no key.</p>"
    parts, group = [f"<table width='100%' cellspacing='0' cellpadding='3' style='color:{t.text}'>"], ""
    for line in lines:
        if line.group != group:
            group = line.group
            parts.append(
                f"<tr><td colspan='3' style='padding-top:12px'><span style='color:{t.dim};font-weight:600;"
                f"font-size:{looks.TYPE_SMALL}px'>{escape(group)}</span></td></tr>"
            )
        parts.append(
            f"<tr><td width='27%'>{escape(line.name)}</td><td style='color:{t.dim}'>{escape(line.tip)}</td>"
            f"<td width='29%' align='right'><span style='font-family:{looks.MONO};font-size:{looks.TYPE_MONO}px'>"
            f"{escape(line.keys)}</span></td></tr>"
        )
    return "".join([*parts, "</table>"])
