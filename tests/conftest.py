"""What every test needs: no display, a library of its own, one thread, and nothing left running."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# a home with add-ons that the contract is to be held over (README, "Add a memory"); else an empty one
os.environ["MEMSTUDIO_HOME"] = os.environ.get("MEMSTUDIO_TEST_HOME") or tempfile.mkdtemp(prefix="memstudio-tests-")

import psutil
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.load_profile("house")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library and settings of its own for every test."""
    home = tmp_path / "home"
    monkeypatch.setenv("MEMSTUDIO_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fails a test that leaves a thread of ours or a child process behind."""
    threads = {thread.ident for thread in threading.enumerate()}
    there = set(psutil.pids())
    yield
    left_threads = [t for t in threading.enumerate() if t.ident not in threads and t.is_alive() and not _is_foreign(t)]
    for thread in left_threads:
        thread.join(timeout=5)
    left_threads = [t for t in left_threads if t.is_alive()]
    # most tests start no process, and to list the numbers of all is ten times quicker than to look for children
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in there] if set(psutil.pids()) - there else []
    _, left = psutil.wait_procs(left, timeout=5)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=5)
    assert not left_threads, f"threads left running: {[t.name for t in left_threads]}"
    assert not left, f"processes left running: {[p.pid for p in left]}"


def _is_foreign(thread: threading.Thread) -> bool:
    """Threads that libraries keep for the life of the process (tqdm's monitor, execnet's, Qt's)."""
    return thread.daemon and thread.name.startswith(("tqdm", "execnet", "Dummy", "joblib", "pytest_timeout"))
