"""The peak memory of a piece of work, in a process forked for it."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import time
from collections.abc import Callable

import psutil


def peak(warm: Callable[[], object], one: Callable[[], object], patience: float) -> tuple[int | None, float | None]:
    """(bytes, seconds) of a pass in a forked process: how far its resident memory rises above the start (getrusage).

    warm: a short pass before, so that code which is read in on first use is not counted. Bytes are None where processes cannot be
    forked, both where the pass did not come back in time or its process was killed.
    """
    if not hasattr(os, "fork"):
        started = time.perf_counter()
        one()
        return None, time.perf_counter() - started
    gc.collect()
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(warm, one, outlet)
    os.close(outlet)
    with os.fdopen(inlet) as said:
        if not select.select([said], [], [], patience)[0]:
            os.kill(child, signal.SIGKILL)
        text = said.read()
    os.waitpid(child, 0)
    bytes_, seconds = json.loads(text) if text else (None, None)
    return bytes_, seconds


def _answer(warm: Callable[[], object], one: Callable[[], object], outlet: int) -> None:
    """In the forked process: makes the passes, says what the second took, and ends."""
    import resource

    with contextlib.suppress(BaseException):
        unit = 1 if os.uname().sysname == "Darwin" else 1024
        warm()
        before, started = psutil.Process().memory_info().rss, time.perf_counter()
        one()
        seconds = time.perf_counter() - started
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        os.write(outlet, json.dumps([max(0, most - before), seconds]).encode())
    os._exit(0)
