"""The queue: what runs now and for how long still, what waits in which order, what failed. The library's, so it outlives the window."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.labels import Elided, button, label, line
from memstudio.desktop.overlay import Overlay
from memstudio.desktop.queue.rows import FAILED, NOW, WAITING
from memstudio.desktop.queue.seen import Seen, look
from memstudio.desktop.queue.tree import QueueTree
from memstudio.desktop.reader import Reader
from memstudio.desktop.running import Running
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import count, tr

_WIDTH, _HEIGHT = 400, 560
#: the height of an empty queue
_LOW = 148
#: room at the foot of the window, where the message line stands
_ABOVE = 52
#: milliseconds between two looks at the queue while it is open and something is written
_LOOK = 500
#: and without anything being written, so that times go on
_WHILE_GOING = 2000


class QueuePanel(Overlay):
    """Floats beside the rail. run_asked(uid): a run is to be shown under Runs."""

    run_asked = Signal(str)

    def __init__(self, window: QWidget, reader: Reader, running: Running) -> None:
        super().__init__(window, _WIDTH, _HEIGHT)
        self._reader, self._running = reader, running
        self.setAccessibleName(tr("Queue"))
        self.tree = QueueTree()
        self.tree.moved.connect(self._move)
        self.tree.folded.connect(self.look)
        self.tree.itemSelectionChanged.connect(self._show_deeds)
        self.tree.itemActivated.connect(self._activated)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._open_menu)
        self.empty = label("What Run starts stands here, also when the window was closed in between.", "dim", wrap=True)
        self._lay_out()
        self._timer = QTimer(self, singleShot=True, interval=_LOOK)
        self._timer.timeout.connect(self.look)
        reader.changed.connect(self._changed)
        theme.themed.connect(self._tint)
        self._tint(theme.current())
        self.empty.hide()
        self._show_deeds()

    def _lay_out(self) -> None:
        self.says = Elided("", "dim")
        self.pause: QPushButton = button("Pause queue", self._pause, "", "Let what runs finish, and start nothing more")
        self.close_button: QPushButton = button("", self.close_panel, "quiet", "Close the queue (Esc)", "Close the queue")
        lengths.fix(self.close_button, width=30)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 8, 0)
        head.setSpacing(8)
        head.addWidget(label("Queue", "heading"), 1)
        head.addWidget(self.pause)
        head.addWidget(self.close_button)
        self.deeds: dict[str, QPushButton] = {}
        foot = QHBoxLayout()
        foot.setContentsMargins(10, 0, 10, 0)
        foot.setSpacing(4)
        for id, (words, tip) in _DEEDS.items():
            made = button(words, partial(self.do, id), "quiet", tip)
            self.deeds[id] = made
            foot.addWidget(made)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 10, 1, 8)
        column.setSpacing(8)
        column.addLayout(head)
        self.takes = Elided("", "small")
        self.takes.hide()
        under = QVBoxLayout()
        under.setContentsMargins(16, 0, 16, 2)
        under.setSpacing(2)
        under.addWidget(self.says)
        under.addWidget(self.takes)
        column.addLayout(under)
        column.addWidget(line())
        box = QHBoxLayout()
        box.setContentsMargins(8, 0, 4, 0)
        box.addWidget(self.tree, 1)
        column.addLayout(box, 1)
        nothing = QHBoxLayout()
        nothing.setContentsMargins(16, 0, 16, 0)
        nothing.addWidget(self.empty)
        column.addLayout(nothing)
        column.addStretch(0)
        self.foot_line = line()
        column.addWidget(self.foot_line)
        column.addLayout(foot)

    def _tint(self, tokens: Tokens) -> None:
        self.close_button.setIcon(icons.icon("close", tokens))

    def _place(self) -> None:
        """Beside the rail, from the foot of the window up, as high as what it shows needs."""
        around = self._around.rect()
        width = min(self._wanted[0], around.width() - 96)
        height = min(self._wanted[1], around.height() - _ABOVE - 16) if not self.tree.isHidden() else _LOW
        self.setGeometry(QRect(76, around.height() - height - _ABOVE, width, height))

    # ------------------------------------------------------------------------------------------ showing

    def toggle(self) -> None:
        """Opens the queue, or closes it."""
        if self.isVisible():
            self.close_panel()
        else:
            self.open_queue()

    def open_queue(self) -> None:
        """Opens the queue and puts the keyboard into it."""
        self.look()
        self.open(self.tree if self.tree.isVisibleTo(self) else self.close_button)

    def _changed(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            # a long queue takes long to read: others ask the library meanwhile
            self._timer.start(max(_LOOK, round(8000 * self.tree.seen.took)))

    def look(self) -> None:
        """Reads the queue anew, away from the window's thread."""
        unfolded, now = tuple(self.tree.unfolded()), time.time()
        self._reader.ask(lambda library: look(library, unfolded, now), self._show, self._unread, key="queue.look")

    def _unread(self, sentence: str) -> None:
        self.says.say(sentence)

    def _show(self, seen: Seen) -> None:
        self.says.say(f"Queue paused; {seen.text[:1].lower()}{seen.text[1:]}" if seen.paused else seen.text)
        self.takes.say(seen.load.text)
        self.takes.setVisible(bool(seen.load.text))
        self.pause.setText(tr("Go on" if seen.paused else "Pause queue"))
        self.pause.setAccessibleName(tr("Let the queue go on" if seen.paused else "Pause queue"))
        self.pause.setToolTip(tr("Start what waits, in order" if seen.paused else "Let what runs finish, and start nothing more"))
        nothing = not (seen.now or seen.waiting or seen.failed)
        if nothing and self.tree.hasFocus():
            self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.empty.setVisible(nothing)
        self.tree.setVisible(not nothing)
        self._place()
        self.tree.show_seen(seen)
        self._show_deeds()
        if self.isVisible() and (seen.now or seen.waiting) and not self._timer.isActive():
            self._timer.start(_WHILE_GOING)

    def _show_deeds(self) -> None:
        possible = self._possible()
        for id, made in self.deeds.items():
            made.setVisible(id in possible)
        self.foot_line.setVisible(bool(possible))

    def _possible(self) -> list[str]:
        """What can be done with what is selected."""
        waiting, failed = self.tree.chosen(WAITING), self.tree.chosen(FAILED)
        now = [self.tree.state_of(uid) for uid in self.tree.chosen(NOW)]
        found = []
        if waiting:
            found += ["front", "up", "down"]
        if any(state in ("running", "starting") for state in now):
            found.append("pause")
        if "paused" in now:
            found.append("resume")
        if now:
            found.append("stop")
        if failed:
            found.append("retry")
        if waiting or failed:
            found.append("remove")
        return found

    # ------------------------------------------------------------------------------------------ deeds

    def do(self, id: str) -> None:
        """Does one of the deeds with what is selected."""
        if id not in self._possible():
            return
        tree = self.tree
        at_work = tree.chosen(NOW)
        deeds: dict[str, Callable[[], None]] = {
            "front": tree.to_front,
            "up": partial(tree.shift, -1),
            "down": partial(tree.shift, 1),
            "pause": lambda: self._running.pause([uid for uid in at_work if tree.state_of(uid) != "paused"]),
            "resume": lambda: self._running.resume([uid for uid in at_work if tree.state_of(uid) == "paused"]),
            "stop": lambda: self._running.stop(at_work),
            "retry": lambda: self._running.retry(tree.chosen(FAILED)),
            "remove": self._remove,
        }
        deeds[id]()
        self._timer.start()

    def _remove(self) -> None:
        """Takes what waits out of the queue (it is kept, as stopped), and what failed into the trash."""
        waiting, failed = self.tree.chosen(WAITING), self.tree.chosen(FAILED)
        if waiting:
            self._running.stop(waiting)
            self._running.message.emit(
                f"{count(len(waiting), 'run')} taken out of the queue; Runs keeps {'it' if len(waiting) == 1 else 'them'}.", "info"
            )
        if failed:
            self._running.trash(failed)

    def _move(self, runs: Sequence[str], before: str | None) -> None:
        self._running.move(tuple(runs), before, self.look)

    def _pause(self) -> None:
        self._running.pause_queue(not self.tree.seen.paused, self.tree.seen.waits, self.look)

    def _activated(self, row: object, column: int = 0) -> None:
        """Enter or double click shows a run where everything of it is shown."""
        chosen = self.tree.chosen()
        if len(chosen) == 1:
            self.close_panel()
            self.run_asked.emit(chosen[0])

    def _open_menu(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for id in self._possible():
            menu.addAction(_DEEDS[id][0], partial(self.do, id))
        if not menu.isEmpty():
            menu.popup(self.tree.viewport().mapToGlobal(where))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes, Space pauses what runs and lets what is paused go on; Esc closes."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.do("stop" if "remove" not in self._possible() else "remove")
        elif event.key() == Qt.Key.Key_Space:
            self.do("resume" if "resume" in self._possible() else "pause")
        else:
            super().keyPressEvent(event)


_DEEDS: dict[str, tuple[str, str]] = {
    "front": ("First", "Before everything else that waits"),
    "up": ("Up", "One place earlier (Alt+Up)"),
    "down": ("Down", "One place later (Alt+Down)"),
    "pause": ("Pause", "Save a checkpoint and pause (Space)"),
    "resume": ("Resume", "Go on from the last checkpoint (Space)"),
    "stop": ("Stop", "End it here; what it measured is kept (Delete)"),
    "retry": ("Retry", "Put it back into the queue"),
    "remove": ("Remove", "Take it out of the queue (Delete)"),
}
