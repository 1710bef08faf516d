"""The message line: one sentence at the foot of the window instead of a box in the middle of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.labels import Elided, button
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr

#: how long (milliseconds) a sentence that asks for nothing stays
STAYS = 6000
#: so many messages are remembered
REMEMBERED = 50
ICONS = {"info": "info", "careful": "warning", "bad": "warning"}


#: what a button says, and what it does
Deed = tuple[str, Callable[[], object]]


@dataclass(frozen=True)
class Said:
    """One message; level: info, careful or bad; action, other: what its buttons say and do; at: when, seconds since 1970."""

    text: str
    level: str = "info"
    action: Deed | None = None
    other: Deed | None = None
    at: float = field(default_factory=time.time)


class MessageLine(QFrame):
    """Shows the newest message; information leaves by itself, what is bad stays until it is closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "message")
        lengths.fix(self, height=40)
        self.setAccessibleName(tr("Message"))
        self._kept: list[Said] = []
        self._history: deque[Said] = deque(maxlen=REMEMBERED)
        self._answered: list[Said] = []
        self._icon = QLabel()
        self._text = Elided()
        self._act: QPushButton = button("", self._do, "link", name="Answer to the message")
        self._other: QPushButton = button("", self._do_other, "link", name="Another answer to the message")
        self._copy = button("", self._copy_text, "quiet", "Copy this message", "Copy message")
        self._copy.setFixedWidth(30)
        self._close = button("", self.dismiss, "quiet", "Close this message (Esc)", "Close message")
        lengths.fix(self._close, width=30)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 8, 4)
        row.setSpacing(10)
        for widget, stretch in ((self._icon, 0), (self._text, 1), (self._act, 0), (self._other, 0), (self._copy, 0), (self._close, 0)):
            row.addWidget(widget, stretch)
        self._leaves = QTimer(self)
        self._leaves.setSingleShot(True)
        self._leaves.timeout.connect(self.dismiss)
        theme.themed.connect(self._retint)
        self._show()

    @property
    def said(self) -> Said | None:
        """The message that is shown, or None."""
        return self._kept[-1] if self._kept else None

    @property
    def history(self) -> tuple[Said, ...]:
        """The last messages, the oldest first."""
        return tuple(self._history)

    @property
    def open(self) -> tuple[Said, ...]:
        """Those of them that offer something which was not done yet."""
        return tuple(said for said in self._history if said.action is not None and not any(said is one for one in self._answered))

    def answer(self, said: Said) -> None:
        """Does what a message offers first."""
        self._kept = [kept for kept in self._kept if kept is not said]
        self._show()
        self._run(said, said.action)

    def say(self, text: str, level: str = "info", action: Deed | None = None, other: Deed | None = None) -> None:
        """Shows one sentence. What was bad and is not closed yet comes back when this one leaves."""
        said = Said(text, level, action, other)
        self._kept = [kept for kept in self._kept if kept.level != "info" and kept.text != text][-8:]
        self._kept.append(said)
        # what is said over and over (the progress of a report) stands there once
        if self._history and (self._history[-1].text, self._history[-1].level) == (text, level):
            self._history.pop()
        self._history.append(said)
        self._show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def dismiss(self) -> None:
        """Closes the message that is shown."""
        self._kept = self._kept[:-1]
        self._show()

    def _show(self) -> None:
        said = self.said
        self._leaves.stop()
        self.setVisible(said is not None)
        if said is None:
            return
        self.setProperty("level", said.level)
        for widget in (self, self._text):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self._text.say(said.text)
        self.setAccessibleDescription(said.text)
        for made, deed in ((self._act, said.action), (self._other, said.other)):
            made.setVisible(deed is not None)
            if deed is not None:
                made.setText(deed[0])
                made.setAccessibleName(deed[0])
        self._retint(theme.current())
        if said.level == "info":
            self._leaves.start(STAYS)

    def _do(self) -> None:
        said = self.said
        self.dismiss()
        if said is not None:
            self._run(said, said.action)

    def _do_other(self) -> None:
        said = self.said
        self.dismiss()
        if said is not None:
            self._run(said, said.other)

    def _run(self, said: Said, deed: Deed | None) -> None:
        if deed is not None:
            self._answered = [*self._answered, said][-REMEMBERED:]
            deed[1]()

    def _copy_text(self) -> None:
        if self.said is not None:
            QGuiApplication.clipboard().setText(self.said.text)

    def _retint(self, t: Tokens) -> None:
        level = self.said.level if self.said else "info"
        self._icon.setPixmap(icons.pixmap(ICONS.get(level, "info"), colour_of(level, t), 16, self.devicePixelRatioF()))
        self._copy.setIcon(icons.icon("copy", t))
        self._close.setIcon(icons.icon("close", t))


def colour_of(level: str, t: Tokens) -> str:
    """The colour of a level's icon."""
    return {"careful": t.careful, "bad": t.bad}.get(level, t.dim)
