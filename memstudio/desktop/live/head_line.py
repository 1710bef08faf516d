"""The line above the live panels: state, which run, how far, how long, on what; and what a person can do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from memstudio.desktop import icons, lengths, theme
from memstudio.desktop.labels import Elided, button, label, set_kind
from memstudio.desktop.live.seen import Head
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import STATES, count, duration, tr


class HeadLine(QWidget):
    """State chip, words, and the buttons.

    pause, resume, stop, compare, closed (): pressed; failures(bool): what failed is to be shown or hidden.
    """

    pause = Signal()
    resume = Signal()
    stop = Signal()
    failures = Signal(bool)
    compare = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label("Live", "strong")
        self.chip = label("", "chip")
        self.words = Elided("", "dim")
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.failed_button = QPushButton("")
        self.failed_button.setProperty("kind", "danger")
        self.failed_button.setCheckable(True)
        self.failed_button.setToolTip(tr("What went wrong, and what to try"))
        self.failed_button.toggled.connect(self.failures)
        self.pause_button = button("Pause", self.pause.emit, tip="Save a checkpoint and pause; it can go on later")
        self.resume_button = button("Resume", self.resume.emit, tip="Go on from the last checkpoint")
        self.stop_button = button("Stop", self.stop.emit, tip="End here; what was measured is kept")
        self.compare_button = button("Compare", self.compare.emit, "", "What differs between the runs, with intervals over seeds")
        self.panels_button = QPushButton("Panels")
        self.panels_button.setAccessibleName("Live panels: which are shown, and where")
        self.panels_button.setToolTip("Which panels are shown, in one row or two")
        self.panels_menu = QMenu(self)
        self.panels_button.setMenu(self.panels_menu)
        self.close_button = button("", self.closed.emit, "quiet", "Close the live panel; runs go on", "Close the live panel")
        lengths.fix(self.close_button, width=30)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 16, 4)
        row.setSpacing(10)
        row.addWidget(self.title)
        row.addWidget(self.chip)
        row.addWidget(self.words, 1)
        for each in (*self._buttons, self.panels_button, self.close_button):
            row.addWidget(each, 0, Qt.AlignmentFlag.AlignVCenter)
        self.show_nothing()
        self._retint(theme.current())
        theme.themed.connect(self._retint)

    @property
    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.failed_button, self.pause_button, self.resume_button, self.stop_button, self.compare_button

    def show_nothing(self, words: str = "") -> None:
        """Shows that nothing is followed."""
        self.chip.hide()
        self.words.say(words)
        for each in (*self._buttons, self.panels_button, self.close_button):
            each.hide()

    def show_head(self, head: Head, readonly: bool = False) -> None:
        """Shows how far everything is. readonly: nothing can be asked of runs."""
        text, kind = chip(head)
        self.chip.setText(text)
        self.chip.setAccessibleName(text)
        set_kind(self.chip, kind)
        self.chip.show()
        self.words.say(words(head))
        self.pause_button.setVisible(bool(head.going) and not readonly)
        self.resume_button.setVisible(bool(head.resumable) and not head.going and not readonly)
        self.stop_button.setVisible(bool(head.open) and not readonly)
        # at the end of a study: nothing of it goes on by itself, and there is something to compare
        self.compare_button.setVisible(not head.open and head.counts.get("finished", 0) > 1)
        several = head.total > 1
        for each, verb in ((self.pause_button, "Pause"), (self.resume_button, "Resume"), (self.stop_button, "Stop")):
            each.setAccessibleName(f"{verb} {'the study' if several else 'the run'}")
        self.panels_button.show()
        self.close_button.show()
        self._show_failures(head)

    def _retint(self, t: Tokens) -> None:
        self.close_button.setIcon(icons.icon("close", t))

    def _show_failures(self, head: Head) -> None:
        failed = len(head.failures)
        self.failed_button.setVisible(failed > 0 and head.total > 1)
        if failed:
            lost = all(row.state == "lost" for row in head.failures)
            self.failed_button.setText(f"{failed:,} {'lost' if lost else 'failed'}")
            self.failed_button.setAccessibleName(f"Show what went wrong with {count(failed, 'run')}")


def chip(head: Head) -> tuple[str, str]:
    """The state of all runs together in words, and the kind of its chip: `running 3 of 9`, `paused`, `8 of 9 finished`."""
    said, kind = STATES.get(head.state, (head.state, "chip"))
    if head.total == 1:
        return said, kind
    if head.state in ("running", "starting"):
        going = len(head.going)
        if going == 1:
            return f"{said} {min(head.ended + 1, head.total):,} of {head.total:,}", kind
        return f"{going:,} {said}, {head.ended:,} of {head.total:,} done", kind
    finished = head.counts.get("finished", 0)
    if head.state in ("paused", "queued"):
        return f"{said}, {finished:,} of {head.total:,} done", kind
    if finished == head.total:
        return f"all {head.total:,} finished", kind
    return f"{finished:,} of {head.total:,} finished", kind if head.state != "failed" or not finished else "chip-careful"


def words(head: Head) -> str:
    """`gated delta rule, seed 2 · step 1,240 of 2,000 · 3 min 40 s left · CPU, 1 thread`."""
    row = head.focus
    if head.state == "queued":
        return f"{head.title} · waiting for a worker"
    which = f"{row.cell or head.title}, seed {row.seed:,}"
    over = head.total > 1 and head.state in ("finished", "stopped", "failed", "lost")
    if over:
        return f"{head.title} · {count(head.total, 'run')}"
    parts = [which]
    if row.steps:
        parts.append(f"step {row.step:,} of {row.steps:,}" if row.state != "finished" else count(row.steps, "step"))
    elif row.state == "starting":
        parts.append("being built")
    if head.left is not None:
        parts.append(f"{duration(head.left)} left" + (" in all" if head.total > 1 else ""))
    if row.state in ("finished", "stopped") and row.started and row.ended:
        parts.append(f"took {duration(row.ended - row.started)}")
    if row.device:
        parts.append(
            f"{device_words(row.device)}, {count(row.threads or 1, 'thread')}" if row.device == "cpu" else device_words(row.device)
        )
    return " · ".join(parts)


def device_words(device: str) -> str:
    """`CPU`, `GPU 0`, `Apple GPU`."""
    kind, _, number = device.partition(":")
    return {"cpu": "CPU", "cuda": f"GPU {number or 0}", "mps": "Apple GPU"}.get(kind, device)
