"""The heartbeat of a run, and the watch over steps that never come back: one thread beside the work."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from memstudio.library import Superseded
from memstudio.training.failures import ENDS, Failure, at_work, blame, hanging

logger = logging.getLogger(__name__)

#: seconds between two beats of the heart, and between two looks at the work
BEAT = 2.0
LOOK = 0.5
#: seconds after which a step counts as hanging: far beyond a first step that compiles kernels (10-47 s, measured)
HANGING = 300.0


class Pulse:
    """Calls `beat` every two seconds, and `hung` once when one thing has taken longer than `limit` seconds.

    The work says what it is at (`at`) and when it rests (`rest`). Time is counted in looks, each counting at most twice
    its length: so neither a sleeping machine nor a stopped process makes a step look hanging.
    """

    def __init__(
        self,
        beat: Callable[[], None],
        hung: Callable[[Failure], None],
        *,
        limit: float = HANGING,
        every: float = BEAT,
        look: float = LOOK,
    ) -> None:
        self._beat = beat
        self._hung = hung
        self._limit = limit
        self._every = every
        self._look = look
        self._work: tuple[int, str, str | None] | None = None
        self._count = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memstudio pulse", daemon=True)

    def at(self, what: str, node: str | None) -> None:
        """The work has begun something new, at a node."""
        self._count += 1
        self._work = (self._count, what, node)

    @contextmanager
    def working(self, what: str, node: str) -> Iterator[None]:
        """Something new is done inside the block, at a node; what goes wrong there is blamed on it."""
        self.at(what, node)
        try:
            yield
        except ENDS as error:
            blame(error, node)
            raise

    def alive(self) -> None:
        """The work goes on with what it was at: a part of it is done."""
        if self._work is not None:
            self.at(self._work[1], self._work[2])

    def rest(self) -> None:
        """Nothing is being worked at: nothing can hang."""
        self._work = None

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(timeout=10)

    def _watch(self) -> None:
        since_beat, taken = 0.0, 0.0
        seen: int | None = None
        while not self._end.wait(self._look):
            since_beat += self._look
            if since_beat >= self._every:
                since_beat = 0.0
                self._try_beat()
            work = self._work
            if work is None or work[0] != seen:
                seen, taken = (None if work is None else work[0]), 0.0
                continue
            taken += self._look
            if taken >= self._limit:
                logger.error("%s hangs; where every thread stands follows", work[1])
                faulthandler.dump_traceback(file=sys.__stderr__ or 2)
                self._hung(hanging(work[1], taken, at_work() or work[2]))
                return

    def _try_beat(self) -> None:
        try:
            self._beat()
        except Superseded:
            logger.info("the run is held by another process now")
        except Exception:
            # a beat that fails must not end a run: the next write of the run itself will say what is wrong
            logger.exception("the heartbeat could not be written")


def still() -> Pulse:
    """A pulse for runs inside a test or a bench: it is never started and watches nothing."""
    return Pulse(lambda: None, lambda failure: None)
