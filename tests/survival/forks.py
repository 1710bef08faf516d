"""Processes that are ready at once, to be killed: one that has imported everything, and forks itself for each thing to do.

A worker takes three seconds to import torch; two hundred kills would be ten minutes of importing. What is killed is a real
process of its own all the same, with its own connections, threads and files.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: what a forked process may do: name -> function of the words given
DOES: dict[str, Callable[..., None]] = {}


def does(function: Callable[..., None]) -> Callable[..., None]:
    """Registers a thing that a forked process can do."""
    DOES[function.__name__] = function
    return function


class Forks:
    """The process that forks. Used as a context; whatever it forked is gone with it."""

    def __enter__(self) -> Forks:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.survival.doing"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._answer() == {"ready": True}
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def start(self, what: str, **words: Any) -> Fork:
        """Starts doing something in a process of its own."""
        return Fork(self, self.ask(what=what, words=words)["pid"])

    def ask(self, **asked: Any) -> dict[str, Any]:
        """Sends a line and waits for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


class Fork:
    """A forked process. `wait`: its exit code, minus the signal's number where it was killed."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self.pid = pid
        self._forks = forks
        self._code: int | None = None

    def kill(self) -> int:
        """SIGKILL; its exit code (0 where it had ended before)."""
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        """Waits for its end."""
        if self._code is None:
            self._code = int(self._forks.ask(wait=self.pid)["code"])
        return self._code


def serve() -> None:
    """What the process that forks does: a line in, an answer out, until its input ends."""
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _say(own, {"ready": True})
    children: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            children.discard(asked["wait"])
            _say(own, {"code": os.waitstatus_to_exitcode(status)})
            continue
        pid = os.fork()
        if pid == 0:
            own.close()
            _do(asked["what"], asked["words"])
        children.add(pid)
        _say(own, {"pid": pid})
    for pid in children:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _do(what: str, words: dict[str, Any]) -> None:
    """In the forked process: does it and ends, without the parent's clean-up."""
    code = 1
    try:
        os.close(0)
        DOES[what](**{name: Path(value) if name in ("folder", "out", "source") else value for name, value in words.items()})
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _say(own: Any, answer: dict[str, Any]) -> None:
    own.write(json.dumps(answer) + "\n")
    own.flush()
