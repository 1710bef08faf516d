"""Reads (and writes) the library away from the window's thread: questions go in, answers come back on the window's thread."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QThread, Signal, Slot
from shiboken6 import isValid

from memstudio.desktop.importing import one_at_a_time
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library

T = TypeVar("T")
log = logging.getLogger(__name__)

#: Seconds between looks at the library's data_version. 33 ms costs 0.7 % of a core (facts); 50 keeps a plot at 20 a second.
POLL = 0.05


@dataclass(frozen=True, eq=False)
class _Question:
    """What the thread sees. It knows its asker by a ticket only: were the thread the last to hold a method of a widget, the
    widget would be destroyed there."""

    ask: Callable[[Library], Any]
    ticket: int
    key: Hashable | None
    writes: bool


@dataclass(frozen=True, eq=False)
class _Asker:
    then: Callable[[Any], None] | None
    failed: Callable[[str], None] | None
    key: Hashable | None


@dataclass(frozen=True, eq=False)
class _Answer:
    ticket: int
    value: Any = None
    refusal: str | None = None


class _Thread(QThread):
    """The thread that owns the library's connection. Everything it says it says by signals."""

    answered = Signal(object)
    changed = Signal()
    opened = Signal(object)
    unusable = Signal(str)

    def __init__(self, path: Path | None, poll: float) -> None:
        super().__init__()
        self.setObjectName("library reader")
        self._path, self._poll = path, poll
        self._wake = threading.Condition()
        self._waiting: deque[_Question] = deque()
        self._ending = False

    def put(self, question: _Question) -> None:
        with self._wake:
            if question.key is not None:
                kept = [q for q in self._waiting if q.key != question.key]
                self._waiting = deque(kept)
            self._waiting.append(question)
            self._wake.notify()

    def end(self) -> None:
        with self._wake:
            self._ending = True
            self._waiting = deque(q for q in self._waiting if q.writes)
            self._wake.notify()

    def run(self) -> None:
        opened: Library | None = None
        why = ""
        # here and not above: it brings numpy and sqlite-utils, 0.4 s that the first paint would wait for
        with one_at_a_time:
            from memstudio import library

        try:
            opened = library.open(self._path)
        except Refusal as refusal:
            why = str(refusal)
        except Exception as error:
            log.exception("the library could not be opened")
            why = f"The library could not be opened: {error}"
        if opened is None:
            self.unusable.emit(why)
        else:
            self.opened.emit((opened.readonly, opened.notices))
        try:
            self._serve(opened, why)
        finally:
            if opened is not None:
                opened.close()

    def _serve(self, opened: Library | None, why: str) -> None:
        version = opened.data_version() if opened is not None else 0
        while True:
            with self._wake:
                if not self._waiting and not self._ending:
                    self._wake.wait(self._poll)
                if self._ending and not self._waiting:
                    return
                question = self._waiting.popleft() if self._waiting else None
            if question is not None:
                self.answered.emit(_Answer(question.ticket, refusal=why) if opened is None else _answer(opened, question))
            if opened is not None and (now := _version(opened, version)) != version:
                version = now
                self.changed.emit()


def _version(opened: Library, before: int) -> int:
    try:
        return opened.data_version()
    except Exception:
        log.exception("the library's version could not be read")
        return before


def _answer(opened: Library, question: _Question) -> _Answer:
    try:
        return _Answer(question.ticket, question.ask(opened))
    except Refusal as refusal:
        return _Answer(question.ticket, refusal=str(refusal))
    except Exception as error:
        log.exception("a question to the library failed")
        return _Answer(question.ticket, refusal=f"The library did not answer: {error or type(error).__name__}")


class Reader(QObject):
    """One background thread with its own open library.

    changed: something was written, by us or by any process; refused(sentence): a question without its own `failed` was
    refused; opened(readonly), unusable(sentence): how opening the library went, once.
    """

    changed = Signal()
    refused = Signal(str)
    opened = Signal(bool)
    unusable = Signal(str)

    def __init__(self, path: Path | None = None, parent: QObject | None = None, *, poll: float = POLL) -> None:
        super().__init__(parent)
        self.path = path
        self.readonly = False
        #: what the library says of where it lies (a network folder, a read-only one)
        self.notices: tuple[str, ...] = ()
        self._closed = False
        self._tickets = itertools.count()
        self._askers: dict[int, _Asker] = {}
        self._newest: dict[Hashable, int] = {}
        self._thread = _Thread(path, poll)
        self._thread.answered.connect(self._deliver)
        self._thread.changed.connect(self.changed)
        self._thread.opened.connect(self._opened)
        self._thread.unusable.connect(self.unusable)

    def start(self) -> None:
        """Opens the library in the background; questions may be asked before."""
        if not self._thread.isRunning():
            self._thread.start()

    def ask(
        self,
        question: Callable[[Library], T],
        then: Callable[[T], None],
        failed: Callable[[str], None] | None = None,
        key: Hashable | None = None,
    ) -> None:
        """Asks in the background; `then(answer)` or `failed(sentence)` follows on the window's thread.

        A newer question with the same key supersedes the older: the older's answer is not delivered. Nothing is delivered
        to a widget that is gone. Questions must not touch widgets.
        """
        self._put(question, then, failed, key, writes=False)

    def tell(
        self,
        deed: Callable[[Library], T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """The same for what writes: never superseded, and done even while closing. `changed` follows, as after any write."""
        self._put(deed, then, failed, None, writes=True)

    def _put(
        self,
        ask: Callable[[Library], Any],
        then: Callable[[Any], None] | None,
        failed: Callable[[str], None] | None,
        key: Hashable | None,
        writes: bool,
    ) -> None:
        ticket = next(self._tickets)
        self._askers[ticket] = _Asker(then, failed, key)
        if key is not None:
            self._askers.pop(self._newest.get(key, -1), None)
            self._newest[key] = ticket
        self._thread.put(_Question(ask, ticket, key, writes))

    @Slot(object)
    def _opened(self, how: tuple[bool, tuple[str, ...]]) -> None:
        self.readonly, self.notices = how
        self.opened.emit(self.readonly)

    @Slot(object)
    def _deliver(self, answer: _Answer) -> None:
        asker = self._askers.pop(answer.ticket, None)
        if asker is None or self._closed:
            return
        if asker.key is not None:
            del self._newest[asker.key]
        if answer.refusal is None:
            if asker.then is not None and _lives(asker.then):
                asker.then(answer.value)
        elif asker.failed is None:
            self.refused.emit(answer.refusal)
        elif _lives(asker.failed):
            asker.failed(answer.refusal)

    def close(self) -> None:
        """Ends the thread: what writes is still done, waiting questions are dropped. May be called twice."""
        self._closed = True
        self._thread.end()
        if self._thread.isRunning():
            self._thread.wait()
        self._askers.clear()
        self._newest.clear()


def _lives(call: Callable[..., object]) -> bool:
    owner = getattr(call, "__self__", None)
    return not isinstance(owner, QObject) or bool(isValid(owner))
