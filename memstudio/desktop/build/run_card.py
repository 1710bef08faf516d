"""What Run will do, before it does it: runs, cells, seeds, how long, on which device, with how many workers at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop.build import planned
from memstudio.desktop.build.estimate import Estimate
from memstudio.desktop.inspector.fields import combo, show_in
from memstudio.desktop.labels import button, label, line
from memstudio.desktop.overlay import Overlay
from memstudio.desktop.session import Session
from memstudio.desktop.study import saying
from memstudio.desktop.words import count, tr
from memstudio.desktop.workers import most_workers
from memstudio.experiment import edits
from memstudio.experiment.studies import Count

_WIDTH = 340


class RunCard(Overlay):
    """run_asked(first only): Run was pressed; study_asked(): the study is to be edited."""

    run_asked = Signal(bool)
    study_asked = Signal()

    def __init__(self, page: QWidget, under: QWidget, session: Session, estimate: Estimate) -> None:
        super().__init__(page, _WIDTH, 100)
        self._under, self.session, self.estimate = under, session, estimate
        self.setAccessibleName(tr("What Run does"))
        self.workers: int | None = None
        #: how many workers the settings allow at once, None where they say nothing
        self.limit: Callable[[], int | None] = _no_limit
        self.what = label(kind="strong", wrap=True)
        self.cells = label(kind="dim", wrap=True)
        self.takes = label(kind="dim", wrap=True)
        self.device: QComboBox = combo(planned.devices())
        self.device.setAccessibleName(tr("Device"))
        self.device.activated.connect(self._device)
        self.at_once: QComboBox = combo([])
        self.at_once.setAccessibleName(tr("Workers at once"))
        self.at_once.activated.connect(self._at_once)
        self.run = button("Run", partial(self._run, False), "primary")
        self.first = button(
            "Run one first", partial(self._run, True), "", "Only the first cell with the first seed, to see whether it goes"
        )
        self.study = button("Study…", self._study, "quiet", "What is varied, seeds, budgets")
        self._lay_out()
        session.facts_changed.connect(self._show)
        estimate.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        for widget in (self.what, self.cells, self.takes, line()):
            column.addWidget(widget)
        self._rows: dict[str, QWidget] = {}
        for name, words, field in (("device", "Device", self.device), ("workers", "Workers at once", self.at_once)):
            box = QWidget()
            row = QHBoxLayout(box)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(label(words, "dim"), 1)
            row.addWidget(field, 1)
            self._rows[name] = box
            column.addWidget(box)
        column.addSpacing(4)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.study)
        buttons.addStretch(1)
        buttons.addWidget(self.first)
        buttons.addWidget(self.run)
        column.addLayout(buttons)

    def open_card(self) -> None:
        """Opens the card under the Run button, with the keyboard on Run; closes it where it is open."""
        if self.isVisible():
            self.close_panel()
            return
        self._show()
        self.open(self.run if self.run.isEnabled() else self.study)

    def _place(self) -> None:
        around = self._around
        at = self._under.mapTo(around, QPoint(self._under.width(), self._under.height() + 6))
        width = min(_WIDTH, around.width() - 24)
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.setGeometry(
            QRect(max(12, at.x() - width), at.y(), width, max(layout.totalHeightForWidth(width), self.minimumSizeHint().height()))
        )

    # ------------------------------------------------------------------------------------------ showing

    def _show(self) -> None:
        facts = self.session.facts
        number, run = facts.count, facts.document.run
        self.what.setText(saying.count_text(number))
        self.cells.setText(cells_text(number))
        self.cells.setVisible(bool(self.cells.text()))
        most = min(most_workers(run.threads), self.limit() or 1024)
        at_most = min(most, number.all)
        if self.workers is not None and self.workers > at_most:
            self.workers = None
        self.takes.setText(self.estimate.guess(self.workers).sentence)
        show_in(self.device, run.device)
        with QSignalBlocker(self.at_once):
            self.at_once.clear()
            for n in range(1, at_most + 1):
                self.at_once.addItem(f"{n}{' (the most)' if n == most and most > 1 else ''}", n)
            self.at_once.setCurrentIndex((self.workers or at_most) - 1)
        self._rows["workers"].setVisible(at_most > 1)
        self._rows["device"].setVisible(self.device.count() > 2 or run.device not in ("auto", "cpu"))
        can = bool(facts.document.nodes) and not facts.errors
        self.run.setText(tr("Run study" if number.all > 1 else "Run"))
        self.run.setEnabled(can)
        self.first.setVisible(number.all > 1)
        self.first.setEnabled(can)
        if self.isVisible():
            self._place()

    # ------------------------------------------------------------------------------------------ deeds

    def _device(self, index: int) -> None:
        device: Any = self.device.itemData(index)
        self.session.edit("Set device", lambda document: edits.set_run(document, device=device), ("run", "device"))

    def _at_once(self, index: int) -> None:
        self.workers = int(self.at_once.itemData(index))
        self._show()

    def _run(self, first_only: bool) -> None:
        self.close_panel()
        self.run_asked.emit(first_only)

    def _study(self) -> None:
        self.close_panel()
        self.study_asked.emit()


def _no_limit() -> int | None:
    return None


def cells_text(number: Count) -> str:
    """`9 cells, each with 5 seeds`, with how many trials come first; nothing for a single run."""
    if number.all == 1:
        return ""
    seeds = f"{count(number.cells, 'cell')}, {'each ' if number.cells > 1 else ''}with {count(number.replicates, 'seed')}"
    return f"{seeds}; {count(number.trials, 'trial')} on validation come first" if number.trials else seeds
