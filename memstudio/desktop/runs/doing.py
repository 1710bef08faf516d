"""What is done with runs that were chosen: marks, tags, pausing, the trash. Everything is asked of the library in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from memstudio.desktop.reader import Reader
from memstudio.desktop.running import MAY_PAUSE, MAY_RESUME, MAY_STOP, Running
from memstudio.desktop.words import count

if TYPE_CHECKING:
    from memstudio.library import Library

#: runs that can be tried again
MAY_RETRY = frozenset({"failed", "lost", "stopped"})
#: what a message offers: the button's word and what it does
Offer = tuple[str, Callable[[], object]]


class Doing(QObject):
    """Does it. said(text, level, offer or None): what a person should know, with what can be done about it."""

    said = Signal(str, str, object)

    def __init__(self, reader: Reader, running: Running, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader, self._running = reader, running

    # ------------------------------------------------------------------------------------------ going on

    def pause(self, uids: Sequence[str]) -> None:
        """Saves and pauses those that run."""
        self._of_states(uids, MAY_PAUSE, "running", self._running.pause)

    def stop(self, uids: Sequence[str]) -> None:
        """Ends those that have not ended; what they measured is kept."""
        self._of_states(uids, MAY_STOP, "going on", self._running.stop)

    def resume(self, uids: Sequence[str], threads: int = 1) -> None:
        """Lets those that were paused or ended early go on from their last checkpoints."""
        self._of_states(uids, MAY_RESUME, "paused, stopped, failed or lost", lambda runs: self._running.resume(runs, threads))

    def retry(self, uids: Sequence[str], threads: int = 1) -> None:
        """Queues those that failed, were lost or stopped once more."""
        self._of_states(uids, MAY_RETRY, "failed, lost or stopped", lambda runs: self._running.resume(runs, threads))

    def _of_states(self, uids: Sequence[str], states: frozenset[str], words: str, do: Callable[[list[str]], object]) -> None:
        wanted = tuple(uids)

        def fitting(library: Library) -> list[str]:
            return [uid for uid in wanted if library.run(uid).state in states]

        def found(these: list[str]) -> None:
            if these:
                do(these)
            else:
                self.said.emit(f"None of these runs is {words}.", "info", None)

        self._reader.ask(fitting, found)

    # ------------------------------------------------------------------------------------------ marks

    def star(self, uids: Sequence[str], on: bool) -> None:
        """Gives runs a star, or takes it."""
        self._tell(lambda library: library.set_star(uids, on))

    def baseline(self, uid: str | None) -> None:
        """Makes a run the one that others are compared with, or none."""
        self._tell(lambda library: library.set_baseline(uid))

    def tag(self, uids: Sequence[str], tag: str, on: bool) -> None:
        """Gives runs a tag, or takes it."""
        self._tell(lambda library: library.add_tags(uids, [tag]) if on else library.remove_tags(uids, [tag]))

    def tags(self, uid: str, tags: Sequence[str]) -> None:
        """Gives a run exactly these tags."""
        self._tell(lambda library: library.set_tags(uid, tags))

    def note(self, uid: str, note: str) -> None:
        """Writes a run's note."""
        self._tell(lambda library: library.set_note(uid, note))

    # ------------------------------------------------------------------------------------------ the trash

    def trash(self, uids: Sequence[str]) -> None:
        """Puts runs into the trash; the message offers to take them out again."""
        these = tuple(uids)

        def done(put: Sequence[str]) -> None:
            if put:
                words = f"{count(len(put), 'run')} put into the trash."
                self.said.emit(words, "info", ("Put back", lambda: self.restore(put)))

        self._reader.tell(lambda library: library.trash(these), done, self._bad)

    def restore(self, uids: Sequence[str]) -> None:
        """Takes runs out of the trash."""
        these = tuple(uids)

        def done(back: Sequence[str]) -> None:
            self.said.emit(f"{count(len(back), 'run')} taken out of the trash.", "info", None)

        self._reader.tell(lambda library: library.restore(these), done, self._bad)

    def _tell(self, deed: Callable[[Library], object]) -> None:
        self._reader.tell(deed, None, self._bad)

    def _bad(self, sentence: str) -> None:
        self.said.emit(sentence, "bad", None)
