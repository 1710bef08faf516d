"""Measures computed later for the runs that are compared: one run after the other on the reader's thread, so that nothing waits for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from memstudio.desktop.compare.overlaying import capital
from memstudio.desktop.words import count
from memstudio.experiment.parameters import Refusal
from memstudio.library.sentences import measure_words

if TYPE_CHECKING:
    from memstudio.desktop.reader import Reader
    from memstudio.library import Library


class Computing(QObject):
    """going(words): how far it is, empty when it is done; said(text, level): what came of it."""

    going = Signal(str)
    said = Signal(str, str)

    def __init__(self, reader: Reader, parent: QWidget) -> None:
        super().__init__(parent)
        self._reader = reader
        self._waiting: list[str] = []
        self._names: tuple[str, ...] = ()
        self._of = self._computed = self._known = 0
        self._why: Counter[str] = Counter()

    @property
    def busy(self) -> bool:
        """Whether some are still to be computed."""
        return self._of > 0

    @staticmethod
    def measures() -> list[tuple[str, str, str]]:
        """(name, title, what it is) of everything that can be computed later."""
        from memstudio.library.later import LATER

        return [(one.name, capital(measure_words(one.name)), f"{one.summary} {one.source}".strip()) for one in LATER.values()]

    def start(self, runs: Sequence[str], names: Sequence[str] = ()) -> None:
        """Computes these measures (all without any) of these runs."""
        if self.busy or not runs:
            return
        if self._reader.readonly:
            self.said.emit("The library is read-only, so nothing can be added to it.", "careful")
            return
        self._waiting, self._names, self._of = list(runs), tuple(names), len(runs)
        self._computed = self._known = 0
        self._why.clear()
        self._next()

    def stop(self) -> None:
        """Leaves the others out; what was computed stays."""
        self._waiting.clear()

    def _next(self) -> None:
        if not self._waiting:
            self._end()
            return
        done = self._of - len(self._waiting)
        self.going.emit(f"Computing {done + 1:,} of {self._of:,}")
        self._reader.tell(partial(_compute, self._waiting.pop(0), self._names), self._done, self._failed)

    def _done(self, found: Mapping[str, float] | str | None) -> None:
        if found is None:
            self._known += 1
        elif isinstance(found, str):
            self._why[found] += 1
        else:
            self._computed += 1
        self._next()

    def _failed(self, sentence: str) -> None:
        self._why[sentence] += 1
        self._next()

    def _end(self) -> None:
        self._of = 0
        self.going.emit("")
        parts = [f"Computed for {count(self._computed, 'run')}."] if self._computed else []
        parts += [f"{count(self._known, 'run')} had it already."] if self._known else []
        for why, n in self._why.most_common(2):
            parts.append(f"Not for {count(n, 'run')}: {why[:1].lower()}{why[1:]}")
        self.said.emit(" ".join(parts) or "Stopped.", "info" if self._computed or self._known else "careful")


def _compute(run: str, names: Sequence[str], library: Library) -> Mapping[str, float] | str | None:
    from memstudio.components.catalogue import catalogue
    from memstudio.library.later import compute_one

    try:
        return compute_one(library, run, names, catalogue())
    except Refusal as refusal:
        return str(refusal)
