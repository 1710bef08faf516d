"""Exporting the models of several runs, one after the other, each into a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from memstudio.desktop.runs.exporting import Exporter, folder_name
from memstudio.desktop.words import count

if TYPE_CHECKING:
    from memstudio.library import RunRow


class ExportMany(QObject):
    """Exports the newest model of each run. began(words), progress(done, total, words) and ended(words, level) tell how it goes."""

    began = Signal(str)
    progress = Signal(int, int, str)
    ended = Signal(str, str)

    def __init__(self, exporter: Exporter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._exporter = exporter
        self._waiting: list[RunRow] = []
        self._folder = Path()
        self._total = self._done = 0
        self._refused: list[str] = []

    @property
    def busy(self) -> bool:
        """Whether models are being exported."""
        return self._total > 0

    def export(self, runs: Sequence[RunRow], folder: Path) -> None:
        """Exports the models of runs into a folder; what is exported now is ended first."""
        if self.busy or not runs:
            return
        self._waiting, self._folder = list(runs), folder
        self._total, self._done, self._refused = len(runs), 0, []
        self.began.emit(f"Exporting {count(len(runs), 'model')}")
        self._next()

    def stop(self) -> None:
        """Exports no further model; the one at hand is finished."""
        self._waiting = []

    def _next(self) -> None:
        if not self._waiting:
            self._end()
            return
        run = self._waiting.pop(0)
        self.progress.emit(self._done, self._total, f"Exporting {run.title}{f', {run.cell}' if run.cell else ''}, seed {run.seed:,}")
        words = ["--run", run.uid, "--out", str(self._folder / folder_name(run)), "--which", "last"]
        self._exporter.ask(words, self._answered, self._failed)

    def _answered(self, found: dict[str, Any]) -> None:
        if "exported" not in found:
            self._refused.append("Its folder holds a model already." if found.get("replaceable") else str(found.get("refused", "")))
        self._step()

    def _failed(self, sentence: str) -> None:
        self._refused.append(sentence)
        self._step()

    def _step(self) -> None:
        self._done += 1
        self._next()

    def _end(self) -> None:
        good = self._done - len(self._refused)
        words = f"{count(good, 'model')} exported to {self._folder}."
        if self._refused:
            words += f" {len(self._refused):,} could not be: {self._refused[0]}"
        if self._done < self._total:
            words += f" {self._total - self._done:,} were left out."
        self._total = 0
        self.ended.emit(words, "bad" if self._refused else "info")
