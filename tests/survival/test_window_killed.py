"""The window is killed while it edits and a run goes: the run goes on, and what was edited is offered again."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memstudio import library
from memstudio.desktop import unsaved
from tests.survival.scenes import sound

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")

#: seconds of edits that may be lost: they are written 0.25 s after the first, on a busy machine later
LOST = 2.0


@pytest.mark.parametrize("seed", range(int(os.environ.get("MEMSTUDIO_WINDOW_KILLS", "1"))))
def test_a_killed_window_hurts_no_run_and_loses_no_work(seed: int, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    command = [sys.executable, "-m", "tests.survival.window", str(folder), "60"]
    window = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert window.stdout is not None
    edits: list[tuple[float, str]] = []
    run = ""
    more = random.Random(seed).uniform(1.0, 4.0)
    until = None
    try:
        for line in window.stdout:
            what, words = json.loads(line)
            now = time.monotonic()
            if what == "runs":
                run, until = words, now + more
            else:
                edits.append((now, words))
            if until is not None and now > until:
                break
    finally:
        window.kill()
        window.communicate(timeout=20)
    killed = time.monotonic()

    left = unsaved.look(folder)
    assert left, "nothing is kept of what was edited"
    kept = left[0].document
    must = [title for at, title in edits if at < killed - LOST]
    titles = [title for _, title in edits]
    assert kept.title in titles
    if must:
        assert titles.index(kept.title) >= titles.index(must[-1])

    with library.open(folder) as opened:
        end = time.monotonic() + 90
        while opened.run(run).state not in ("finished", "failed", "lost", "stopped"):
            assert time.monotonic() < end, f"the run is {opened.run(run).state}"
            time.sleep(0.05)
        assert opened.run(run).state == "finished"
        worker = opened.run(run).pid
    sound(folder)
    gone = time.monotonic() + 30
    while worker is not None and Path(f"/proc/{worker}").exists() and "memstudio" in Path(f"/proc/{worker}/cmdline").read_text():
        assert time.monotonic() < gone, "the worker of a dead window stays"
        time.sleep(0.1)
