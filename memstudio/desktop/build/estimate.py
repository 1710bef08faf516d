"""How long what Run would start takes: by earlier runs of the library, or as the gallery says; asked for away from the window's thread."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from memstudio.desktop.build import planned
from memstudio.desktop.reader import Reader
from memstudio.desktop.session import Facts, Session
from memstudio.desktop.words import count
from memstudio.experiment import studies
from memstudio.experiment.document import Document

#: milliseconds between two questions while runs write to the library
_ASK = 3000


@dataclass(frozen=True)
class Guess:
    """An estimate. seconds: None where nothing is known; source: where it comes from, in words."""

    seconds: float | None = None
    source: str = ""

    @property
    def text(self) -> str:
        """`about 12 min`; nothing where nothing is known."""
        return planned.about(self.seconds)

    @property
    def sentence(self) -> str:
        """`About 12 min, as 8 earlier runs took.`"""
        if self.seconds is None:
            return "How long it takes is not known yet; a first run will tell."
        return f"{self.text[:1].upper()}{self.text[1:]}, {self.source}."


class Estimate(QObject):
    """Follows a session and the library. changed(): there is another guess."""

    changed = Signal()

    def __init__(self, session: Session, reader: Reader | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._reader = session, reader
        self._pace: tuple[str, planned.Pace | None] = ("", None)
        self._base = planned.work(session.document, session.catalogue)
        self._wait = QTimer(self, singleShot=True, interval=_ASK)
        self._wait.timeout.connect(self.ask)
        session.opened.connect(self._opened)
        session.facts_changed.connect(self._facts)
        if reader is not None:
            reader.changed.connect(self._library_changed)
        self.ask()

    def guess(self, workers: int | None = None) -> Guess:
        """How long everything takes, with so many workers (None: as many as there are cores for)."""
        facts = self.session.facts
        return self.guess_of(facts.document, facts.count.all, workers)

    def guess_of(self, document: Document, runs: int, workers: int | None = None) -> Guess:
        """How long so many runs of a document like this one take."""
        catalogue = self.session.catalogue
        title, pace = self._pace
        if pace is not None and title == document.title:
            seconds = planned.seconds(document, catalogue, runs, pace.seconds, workers)
            return Guess(seconds, f"as {count(pace.runs, 'earlier run')} took")
        claim = document.claim
        if claim is not None and self._base:
            share = planned.work(document, catalogue) / self._base
            return Guess(claim.minutes * 60 * share, "by what the gallery says")
        return Guess()

    def words_of(self, document: Document) -> str:
        """`About 12 min, as 8 earlier runs took.`; nothing where nothing is known."""
        guess = self.guess_of(document, studies.count(document).all)
        return guess.sentence if guess.seconds is not None else ""

    def _opened(self, _: object) -> None:
        self._base = planned.work(self.session.document, self.session.catalogue)
        self.ask()

    def _facts(self, facts: Facts) -> None:
        if self._pace[0] != facts.document.title:
            self.ask()

    def _library_changed(self) -> None:
        if not self._wait.isActive():
            self._wait.start()

    def ask(self) -> None:
        """How quick earlier runs of this title were; the answer changes the guess."""
        if self._reader is not None:
            title = self.session.document.title
            self._reader.ask(lambda library: (title, planned.pace(library, title)), self._paced, self._no_pace, key="pace")

    def _paced(self, answer: tuple[str, planned.Pace | None]) -> None:
        if answer != self._pace:
            self._pace = answer
            self.changed.emit()

    def _no_pace(self, sentence: str) -> None:
        """Without a library there is no estimate; the window says elsewhere why it cannot be read."""
