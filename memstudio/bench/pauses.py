"""How long a window is held: the longest time its event loop does not come round while a script acts on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer

from memstudio.experiment.parameters import Refusal

#: seconds after which a journey that waits is given up
PATIENCE = 120.0
#: milliseconds of rest between two acts: timers of the window run meanwhile, as they do between two acts of a person
REST = 25
#: milliseconds between two beats of the clock that notices pauses
BEAT = 4


@dataclass(frozen=True)
class Act:
    """One act of a journey: its name, what is done, and what is waited for before the next (None: that all is painted)."""

    name: str
    do: Callable[[], object]
    until: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Pause:
    """The longest time the window was held: milliseconds, and the longest stretch of work of its own, during which act."""

    longest: float
    work: float
    at: str
    acts: int


class Pauses(QObject):
    """Runs acts one after another in the real event loop, and keeps by how much a quick clock in that loop was late at most.

    Whatever holds the window makes it late: the act, repaints, answers that come in, another program that has the processor.
    """

    def __init__(self) -> None:
        super().__init__()
        self._acts: Iterator[Act] = iter(())
        self._loop = QEventLoop()
        self._beaten, self._worked = 0.0, 0.0
        self._act: Act | None = None
        self._began = 0.0
        self._failed: Exception | None = None
        self._longest, self._work, self._at, self._count = 0.0, 0.0, "", 0
        self._next = QTimer(self, singleShot=True, interval=REST)
        self._next.timeout.connect(self._go_on)
        self._clock = QTimer(self, interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
        self._clock.timeout.connect(self._beat)

    def of(self, acts: Iterable[Act]) -> Pause:
        """Does the acts and returns the longest pause. Raises Refusal where something that is waited for does not come."""
        self._acts, self._act, self._failed = iter(acts), None, None
        self._longest, self._work, self._at, self._count = 0.0, 0.0, "", 0
        self._beaten, self._worked = time.perf_counter(), time.thread_time()
        self._clock.start()
        self._next.start()
        self._loop.exec()
        self._clock.stop()
        if self._failed is not None:
            raise self._failed
        return Pause(self._longest, self._work, self._at, self._count)

    def _beat(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        late, work = 1000 * (now - self._beaten) - BEAT, 1000 * (worked - self._worked)
        self._beaten, self._worked = now, worked
        if self._act is not None and work > self._work:
            self._work, self._at = work, self._act.name
        if self._act is not None:
            self._longest = max(self._longest, late)

    def _go_on(self) -> None:
        try:
            if self._act is not None and self._act.until is not None and not self._act.until():
                if time.perf_counter() - self._began > PATIENCE:
                    raise Refusal(f"“{self._act.name}” was not answered within {PATIENCE:.0f} s.")
            else:
                act = next(self._acts, None)
                if act is None:
                    self._act = None
                    self._loop.quit()
                    return
                self._act, self._began = act, time.perf_counter()
                self._count += 1
                act.do()
        except Exception as error:
            self._failed = error
            self._loop.quit()
            return
        self._next.start()
