"""Every process of the program is watched while it works: no socket to anywhere, nothing unpickled, no shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from memstudio.ground import launch
from tests.documents import recall, study, written

#: put into every Python process through PYTHONPATH: says what it sees, with the frame that did it
WATCH = """
import os, sys, traceback

BAD = (
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto",
    "pickle.find_class", "os.system", "urllib.Request", "webbrowser.open",
)
_told = []

def _watch(event, args):
    if event in BAD and not _told:
        if event.startswith("socket.") and args and getattr(args[0], "family", 2) == 1:
            return  # between processes of this machine
        _told.append(event)
        with open(os.environ["MEMSTUDIO_WATCHED"], "a") as file:
            file.write(f"{event} {args!r:.200} in {' '.join(sys.argv)[:200]}\\n")
            file.write("".join(traceback.format_stack(limit=12)))

sys.addaudithook(_watch)
with open(os.environ["MEMSTUDIO_WATCHED"] + ".processes", "a") as file:
    file.write(" ".join(sys.orig_argv)[:300] + "\\n")
"""

WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from memstudio.desktop.app import application, open_window
app = application()
window = open_window(Path(sys.argv[1]))
window.painted.connect(window.start)

def look():
    for page in ("build", "runs", "compare", "settings", "home"):
        window.show_page(page)
        app.processEvents()
    window.open_item(window.gallery[0])
    QTimer.singleShot(1500, window.close)

QTimer.singleShot(1500, look)
sys.exit(app.exec())
"""


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that is watched, and so are those it starts."""
    place = tmp_path / "watch"
    place.mkdir()
    (place / "sitecustomize.py").write_text(WATCH)
    path = os.pathsep.join(part for part in (str(place), os.environ.get("PYTHONPATH", "")) if part)
    return {**launch.environment(), "PYTHONPATH": path, "MEMSTUDIO_WATCHED": str(tmp_path / "seen.txt")}


def nothing_seen(environment: dict[str, str], processes: int) -> None:
    """Nothing bad was seen, in at least so many processes."""
    seen = Path(environment["MEMSTUDIO_WATCHED"])
    assert not seen.exists(), seen.read_text()
    started = Path(f"{seen}.processes").read_text().splitlines()
    assert len(started) >= processes, f"only {len(started)} were watched: {started}"


def call(environment: dict[str, str], *words: object) -> str:
    command = launch.command(str(words[0]), *[str(word) for word in words[1:]])
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_watch_sees_what_it_is_for(watched: dict[str, str]) -> None:
    code = "import pickle; pickle.loads(pickle.dumps(print)); import socket; socket.socket().bind(('127.0.0.1', 0))"
    subprocess.run([sys.executable, "-c", code], env=watched, check=True)
    assert Path(watched["MEMSTUDIO_WATCHED"]).read_text().startswith("pickle.find_class")


def test_running_exporting_and_comparing(tmp_path: Path, watched: dict[str, str]) -> None:
    file = written(tmp_path, study(steps=3, replicates=2))
    found = json.loads(call(watched, "run", file, "--json"))
    run = found["run"]
    call(watched, "show", run)
    call(watched, "compare", found["study"])
    call(watched, "export", run, "--out", tmp_path / "model")
    call(watched, "check", written(tmp_path, recall(), "other.memx"))
    call(watched, "doctor")
    nothing_seen(watched, 6)


def test_the_window(tmp_path: Path, watched: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WINDOW, str(tmp_path / "library")], env=watched, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    nothing_seen(watched, 2)


def test_no_variable_of_the_environment_is_kept(tmp_path: Path, watched: dict[str, str]) -> None:
    secret = "a-secret-that-nobody-may-keep"
    watched["MY_SERVICE_TOKEN"] = secret
    watched["AWS_SECRET_ACCESS_KEY"] = secret
    home = Path(watched["MEMSTUDIO_HOME"])
    run = json.loads(call(watched, "run", written(tmp_path, recall(steps=2)), "--json"))["run"]
    call(watched, "export", run, "--out", tmp_path / "model")
    call(watched, "show", run, "--json")
    kept = [path for folder in (home, tmp_path / "model") for path in folder.rglob("*") if path.is_file()]
    assert len(kept) > 5
    for path in kept:
        assert secret.encode() not in path.read_bytes(), path
