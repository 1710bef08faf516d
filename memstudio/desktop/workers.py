"""The workers that this window starts: one kept warm, more while many runs wait, never more than there are cores for."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

from memstudio.ground.launch import start_worker

#: seconds within which a worker that ends has not worked at all; it takes three to import torch, ten on a busy machine
SOON = 60.0


def most_workers(threads: int = 1) -> int:
    """Workers at once on this machine: together with the window, itself counted as one, no more than there are cores."""
    # here and not above: it brings psutil, which the first paint would wait for
    from memstudio.ground.machine import cores

    return max(1, (cores() - 1) // max(1, threads))


class Workers:
    """Starts worker processes on a library folder. Starting one takes milliseconds: ask from a background thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        self._spare: subprocess.Popen[bytes] | None = None
        self._spare_since = 0.0
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Makes sure that one worker waits for work with everything imported, for as long as this window lives."""
        with self._lock:
            if self._spare is None or self._spare.poll() is not None:
                self._spare = start_worker(self.folder, spare_for=os.getpid())
                self._spare_since = time.monotonic()

    def keep_warm(self) -> None:
        """Puts another in the place of a warm worker that has ended (a run hung, say); not where it ended soon after its start.

        What ended it then, a library that cannot be written, would end the next one too; it is tried again when runs are queued.
        """
        if self._spare is not None and time.monotonic() - self._spare_since >= SOON:
            self.warm()

    def wanted(self, runs: int, threads: int = 1, at_most: int | None = None) -> int:
        """Runs were queued: makes sure that enough workers live for them; returns how many do (the warm one included).

        at_most: no more are started than so many; those that work already go on.
        """
        self.warm()
        with self._lock:
            self._started = [process for process in self._started if process.poll() is None]
            most = most_workers(threads)
            while len(self._started) + 1 < min(runs, most if at_most is None else min(most, at_most)):
                self._started.append(start_worker(self.folder))
            return len(self._started) + 1
