"""A screen of its own (Xvfb) with a window manager, and a person with a real mouse and keyboard (xdotool) before it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NEEDED = ("Xvfb", "xdotool", "evilwm")
#: seconds that anything a person waits for may take on a busy machine
PATIENCE = 120


def missing() -> list[str]:
    """The programs that are not installed here."""
    return [name for name in NEEDED if shutil.which(name) is None]


class Person:
    """Looks, moves, clicks, types."""

    def __init__(self, display: str, program: subprocess.Popen[str]) -> None:
        self.display, self.program = display, program

    def do(self, *words: object) -> None:
        """One command of xdotool."""
        subprocess.run(["xdotool", *map(str, words)], env={**os.environ, "DISPLAY": self.display}, check=True, timeout=PATIENCE)

    def ask(self, *question: object) -> Any:
        """What the window answers (see on_screen)."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps(question) + "\n")
        self.program.stdin.flush()
        return json.loads(self.program.stdout.readline())

    def wait(self, what: Callable[[], Any], words: str) -> Any:
        """Looks until something is so, and gives it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = what()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"waited in vain until {words}: {self.ask('state')}")

    def state(self) -> Any:
        """The state, once what follows from the last act is worked out."""
        return self.wait(lambda: (now := self.ask("state"))["settled"] and now, "settled")

    def where(self, name: str) -> tuple[int, int]:
        """The middle of a control, once it is there."""
        return middle(self.wait(lambda: self.ask("widget", name), f"{name!r} is there"))

    def click(self, at: tuple[int, int], button: int = 1) -> None:
        """Goes there and presses."""
        self.do("mousemove", *at, "sleep", 0.05, "click", button)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Presses, moves in steps, lets go."""
        self.do("mousemove", *start, "sleep", 0.05, "mousedown", 1)
        for step in range(1, 11):
            self.do("mousemove", *(round(a + (b - a) * step / 10) for a, b in zip(start, end, strict=True)), "sleep", 0.02)
        self.do("sleep", 0.05, "mouseup", 1)

    def type(self, words: str) -> None:
        """Types letter by letter."""
        self.do("type", "--delay", 15, "--", words)

    def key(self, *keys: str) -> None:
        """Presses keys, such as ctrl+z."""
        for key in keys:
            self.do("key", key)

    def closed(self) -> bool:
        """Whether the window has gone, waited for."""
        try:
            self.program.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return False
        return True


def middle(box: list[int]) -> tuple[int, int]:
    """The middle of [left, top, width, height]."""
    return box[0] + box[2] // 2, box[1] + box[3] // 2


@contextmanager
def person(folder: Path) -> Iterator[Person]:
    """A person before the open window, on a screen of their own; all of it ends with them."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"], pass_fds=(write,), stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as said:
        display = f":{said.readline().strip()}"
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    manager = subprocess.Popen(["evilwm"], env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-m", "tests.journeys.on_screen", str(folder)]
    program = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "stderr.txt").open("w"),
        text=True,
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline(), (folder / "stderr.txt").read_text()[-2000:]
        yield Person(display, program)
    finally:
        for process in (program, manager, server):
            process.terminate()
        for process in (program, manager, server):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
