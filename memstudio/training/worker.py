"""The worker: claims queued runs and carries them out, one after the other, until nothing is left."""

from __future__ import annotations

import argparse
import faulthandler
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from memstudio.ground.launch import start_worker
from memstudio.ground.log import log_to, stop_log
from memstudio.ground.machine import Identity, boot_id, cores, is_alive, machine_id, this_process

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow

logger = logging.getLogger(__name__)

#: seconds between looks for queued runs: a press on Run is answered within 1 s (design, section 9)
LOOK = 0.05
#: seconds between looks whether something can be decided, or is lost, while there is nothing to claim
DECIDE = 1.0
#: seconds for which a worker stays while the queue is paused, as a paused run is held in memory; who resumes it later starts another
HOLD = 900.0
#: seconds between looks whether there are cores to spare
WAIT_FOR_CORES = 0.5
#: exit code after a run that hung: threads that never return cannot be ended otherwise
HUNG = 70


def main(argv: Sequence[str] | None = None) -> int:
    """Works on a library until nothing is left to claim; as a spare, not before the process it waits for is gone."""
    words = _words(argv)
    _own_streams()
    ending = threading.Event()
    _end_on_signals(ending)
    spared = _identity_of(words.spare_for) if words.spare_for is not None else None
    if words.spare_for is not None and spared is None:
        return 0
    # the seconds that torch takes are spent before there is anything to do
    from memstudio.components.catalogue import look_again
    from memstudio.experiment.data.finding import places
    from memstudio.experiment.parameters import Refusal
    from memstudio.library import open as open_library
    from memstudio.training import train
    from memstudio.training.advance import advance

    try:
        library = open_library(words.library)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    places.library = library.folder
    if library.readonly:
        print(f"The library {library.path} is read-only, so nothing can be run on it.", file=sys.stderr)
        return 1
    log = log_to(library.folder / "logs" / "worker.txt")
    if spared is not None:
        train.warm()
    try:
        worker = Worker(
            library,
            train.carry_out,
            ending,
            is_spoiled=train.is_spoiled,
            decide=lambda library: advance(library, look_again),
            study=words.study,
            runs=words.run,
            spared=spared,
        )
        worker.work()
    except Refusal as refusal:
        logger.error("%s", refusal)
        print(refusal, file=sys.stderr)
        return 1
    finally:
        library.close()
        stop_log(log)
    return 0


def _words(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="memstudio worker", description="Carries out queued runs of a library.")
    parser.add_argument("--library", type=Path, required=True, help="folder of the library")
    parser.add_argument("--study", help="only runs of this study")
    parser.add_argument("--run", action="append", default=[], help="only this run (may be given several times)")
    parser.add_argument("--spare-for", type=int, help="wait for work until the process of this number is gone")
    return parser.parse_args(argv)


def _own_streams() -> None:
    """UTF-8 whatever the locale says, and a trace of every thread when the process dies."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if sys.stderr is not None:
        with suppress(OSError, ValueError, RuntimeError):
            faulthandler.enable()


def _end_on_signals(ending: threading.Event) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        ending.set()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


def _identity_of(pid: int) -> Identity | None:
    """The identity of a living process, None when there is none of that number."""
    import psutil

    try:
        return Identity(machine_id(), pid, psutil.Process(pid).create_time(), boot_id())
    except psutil.Error:
        return None


class Worker:
    """Claims and carries out. study, runs: what it may claim (everything, where neither is given).

    decide: takes what decisions follow from runs that have ended (see advance.py), and says whether there were any.
    """

    def __init__(
        self,
        library: Library,
        carry_out: Callable[..., str],
        ending: threading.Event,
        *,
        is_spoiled: Callable[[], bool] = lambda: False,
        decide: Callable[[Library], bool] = lambda library: False,
        study: str | None = None,
        runs: Sequence[str] = (),
        spared: Identity | None = None,
    ) -> None:
        self.library = library
        self._carry_out = carry_out
        self._is_spoiled = is_spoiled
        self._take_decisions = decide
        self._ending = ending
        self._study = study
        self._runs = tuple(runs)
        self._spared = spared
        self._me = this_process()
        self._decided = 0.0
        self._held_since: float | None = None

    def work(self) -> None:
        """Until nothing is left (a spare: and its process is gone), or the process is asked to end.

        A worker stays for a while when the queue is paused, and while trials go on elsewhere after which there may be more to do.
        """
        self.library.mark_lost()
        self._decide()
        version: int | None = None
        while not self._ending.is_set():
            if self._spared is not None and not is_alive(self._spared):
                # closing the window hurts no run: what is queued is still carried out, then there is nothing to wait for
                self._spared = version = None
            now = self.library.data_version()
            if now == version:
                # only a spare waits here: nothing in the library has changed since it found nothing
                self._ending.wait(LOOK)
                continue
            if not self._next_fits():
                self.library.mark_lost()
                self._ending.wait(WAIT_FOR_CORES)
                continue
            lease = self.library.claim(self._me, study=self._study, runs=self._runs)
            if lease is None:
                if self._spared is None and not self._stays():
                    # another may have ended the last trial since: what follows from it is still to be done
                    if self._decide():
                        continue
                    return
                if time.monotonic() - self._decided < DECIDE:
                    self._ending.wait(LOOK)
                    continue
                self.library.mark_lost()
                if not self._decide() and self._spared is not None:
                    version = now
                continue
            version = None
            end = self._carry_out(self.library, lease, ending=self._ending.is_set, hung=_leave)
            # a program holds itself in circles; its memory is wanted back before the next one is built
            gc.collect()
            self._decide()
            if end == "paused":
                # it was let go after a long pause, or the system wants the process to end
                return
            if end == "failed" and self._is_spoiled():
                self._succeed()
                return

    def _decide(self) -> bool:
        """Takes the decisions that follow from what has ended: next trials, choices, what is given up. Whether there were any."""
        self._decided = time.monotonic()
        return self._take_decisions(self.library)

    def _stays(self) -> bool:
        """Whether there is something to wait for: the queue is paused, or trials go on elsewhere."""
        if self.library.queue_paused():
            now = time.monotonic()
            self._held_since = self._held_since or now
            return self._next() is not None and now - self._held_since < HOLD
        self._held_since = None
        return not self._runs and self.library.more_to_come(self._study)

    def _next(self) -> RunRow | None:
        """The queued run that this worker would take next, if any, paused queue or not."""
        return self.library.next_queued(study=self._study, runs=self._runs)

    def _succeed(self) -> None:
        """Starts a fresh process to go on with the same work."""
        spare_for = self._spared.pid if self._spared is not None else None
        start_worker(self.library.folder, study=self._study, runs=self._runs, spare_for=spare_for)

    def _next_fits(self) -> bool:
        """Whether the next run fits beside those that already run here: together no more threads than cores, the window one."""
        going = [row for state in ("starting", "running") for row in self.library.runs(state=state) if row.machine == self._me.machine]
        # runs of one pack share a process, which works on one thing at a time
        used = sum({row.pid: row.threads or 1 for row in going}.values())
        if not used:
            return True
        waiting = self._next()
        if waiting is None:
            return True
        needed = self.library.document(waiting.uid).run.threads
        return bool(used + needed <= cores() - (self._spared is not None))


def _leave() -> None:
    os._exit(HUNG)
