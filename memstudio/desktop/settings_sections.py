"""Sections of the settings: what the library holds and can give back, and how runs are run from this window."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop.build.planned import devices
from memstudio.desktop.inspector.fields import combo
from memstudio.desktop.labels import Elided, button, label
from memstudio.desktop.limits import Limits
from memstudio.desktop.words import count, size
from memstudio.desktop.workers import most_workers

if TYPE_CHECKING:
    from memstudio.library import Library, Size

#: what is stored, as people call it
_KINDS: Mapping[str, str] = {
    "database": "measures and documents",
    "checkpoint": "checkpoints",
    "outcomes": "outcomes of tests",
    "model": "models",
    "stage": "ends of stages",
    "logs": "logs",
    "backups": "backups",
    "ballast": "kept free for a full disk",
}


class LibrarySection(QWidget):
    """Where the library is, how large by kind, and what no run needs any more. clean_asked(): remove that."""

    clean_asked = Signal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.where = Elided(str(folder), "mono")
        self.state = label("", "dim", wrap=True)
        self.kinds = label("", "dim", wrap=True)
        self.clean = button("Clean up", self.clean_asked.emit, tip="Remove files that no run names any more")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(button("Open its folder", self._open_folder, tip="Show the library in the file browser"))
        row.addWidget(self.clean)
        row.addStretch(1)
        for each in (self.where, self.state, self.kinds):
            column.addWidget(each)
        column.addLayout(row)
        self.clean.hide()
        self.kinds.hide()

    def show_library(self, readonly: bool, runs: int, held: Size | None = None) -> None:
        """Says what the library holds and whether it can be written."""
        words = f"{count(runs, 'run')}, {size(held.total)}" if held is not None else count(runs, "run")
        self.state.setText(f"{words}. The folder is read-only: runs can be read, not started." if readonly else f"{words}.")
        if held is None:
            return
        parts = [f"{_KINDS.get(kind, kind)} {size(number)}" for kind, number in sorted(held.kinds.items(), key=lambda kind: -kind[1])]
        self.kinds.setText(f"Of that: {', '.join(parts)}.{trash_text(held)}")
        self.kinds.setVisible(bool(parts))
        free = unnamed(held)
        self.clean.setVisible(free > 0 and not readonly)
        self.clean.setText(f"Clean up {size(free)}")
        self.clean.setAccessibleName(f"Remove {size(free)} of files that no run names any more")

    def show_unusable(self, sentence: str) -> None:
        """Says why the library cannot be used."""
        self.state.setText(sentence)
        self.state.setProperty("kind", "error")

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def unnamed(held: Size) -> int:
    """Bytes of files that no run names: what stands empty in the database's file is not counted."""
    return max(0, held.artifacts - sum(number for kind, number in held.kinds.items() if kind not in _FILES))


_FILES = ("database", "logs", "backups", "ballast")


def trash_text(held: Size) -> str:
    """What the trash would give back, and where it is emptied."""
    return f" The trash holds {size(held.trashed)}; it is emptied under Runs." if held.trashed else ""


def look(library: Library) -> tuple[int, Size]:
    """How many runs there are, and how large all of it is."""
    return library.count(), library.size()


class RunningSection(QWidget):
    """changed(Limits): how runs are run from this window."""

    changed = Signal(object)

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        from memstudio.ground.machine import cores

        self.limits = limits
        most = most_workers()
        choices: list[tuple[Any, str]] = [(0, f"As many as there are cores for ({most})")]
        choices += [(number, str(number)) for number in range(1, most)]
        self.workers = combo(choices)
        self.workers.setAccessibleName("Workers at once, at most")
        self.device = combo(devices())
        self.device.setAccessibleName("Device of new experiments")
        self.warm = QCheckBox("Keep a worker warm, so that a run begins at once (takes about 300 MB)")
        with QSignalBlocker(self.warm):
            self.warm.setChecked(limits.warm)
        self.workers.setCurrentIndex(max(0, self.workers.findData(limits.workers or 0)))
        self.device.setCurrentIndex(max(0, self.device.findData(limits.device)))
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(8)
        form.addRow(label("Workers at once", "dim"), self.workers)
        form.addRow(label("Device of new experiments", "dim"), self.device)
        form.addRow(self.warm)
        form.addRow(label(f"This machine has {count(cores(), 'core')}; the window counts as one.", "small"))
        self.workers.activated.connect(self._changed)
        self.device.activated.connect(self._changed)
        self.warm.toggled.connect(self._changed)

    def _changed(self, _: object = None) -> None:
        workers = int(self.workers.currentData() or 0) or None
        self.limits = Limits(workers, self.warm.isChecked(), str(self.device.currentData()))
        self.changed.emit(self.limits)
