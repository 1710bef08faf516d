"""Closing the window while runs go: a line says that they go on without it, or stops them; a second close closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memstudio.desktop.going import Going
from memstudio.desktop.messages import MessageLine
from memstudio.desktop.words import count


class Leaving:
    """Asked before the window closes by a person's hand (never when it is closed by the program or the system's end)."""

    def __init__(self, messages: MessageLine, close: Callable[[], object], stop: Callable[[Sequence[str], Sequence[str]], object]) -> None:
        self._messages, self._close, self._stop = messages, close, stop
        self._going: tuple[Going, ...] = ()
        self._said = ""

    def show_going(self, going: Sequence[Going]) -> None:
        """What goes on now."""
        self._going = tuple(going)

    def may_close(self) -> bool:
        """Whether the window closes now. Where runs go, the line says first what becomes of them; closing again closes."""
        left = sum(one.total - one.done for one in self._going)
        shown = self._messages.said
        if not left or (self._said and shown is not None and shown.text == self._said):
            return True
        goes = f"{count(left, 'run')} {'goes' if left == 1 else 'go'} on in the background when the window is closed."
        self._said = goes
        self._messages.say(goes, "careful", ("Close", self._close), (f"Stop {'it' if left == 1 else 'them'} and close", self._stop_all))
        return False

    def _stop_all(self) -> None:
        """Stops every study and single run that goes, then closes; what was measured is kept."""
        studies = [one.study for one in self._going if one.study is not None]
        self._stop(studies, [one.run for one in self._going if one.study is None])
        self._close()
