"""The window driven through its journeys while every file, process, database and socket that its own thread touches is noted.

Run as a program, in a process of its own: an audit hook cannot be taken away again. Prints what was touched, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from memstudio.bench import journeys
from memstudio.bench.pauses import Act, Pauses
from memstudio.desktop.app import application
from memstudio.desktop.window import Window
from memstudio.experiment.files import to_text
from memstudio.ground.settings import Settings
from tests.desktop.filled import fill

#: events of Python's audit (PEP 578) that mean a file, a process, a database or a socket
TOUCHES = ("open", "os.", "shutil.", "subprocess.", "sqlite3.connect", "socket.", "tempfile.", "glob.", "pathlib.", "fcntl.", "mmap.")
#: these touch nothing: the environment, and a process asked about
HARMLESS = {"os.putenv", "os.unsetenv", "os.kill", "os.get_terminal_size"}


class Watch:
    """Notes what the thread that made it touches while it is on."""

    def __init__(self) -> None:
        self.on = False
        self.touched: list[tuple[str, str, str]] = []
        self._thread = threading.get_ident()
        sys.addaudithook(self._heard)

    def _heard(self, event: str, details: tuple[Any, ...]) -> None:
        if not self.on or threading.get_ident() != self._thread or event in HARMLESS or not event.startswith(TOUCHES):
            return
        where = _ours()
        if where is not None:
            self.touched.append((event, str(details[0]) if details else "", where))


def _ours() -> str | None:
    """The line of ours that did it; None where Python itself is importing a module or printing a traceback."""
    frame, ours = sys._getframe(2), None
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib") or name.endswith("linecache.py"):
            return None
        if ours is None and "memstudio" in name and "/tests/" not in name and not name.endswith("pauses.py"):
            ours = f"{name.rpartition('memstudio/')[2]}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ours


def files(window: Window, folder: Path) -> Iterator[Act]:
    """Saving, opening, a file that is not there and one that is no experiment."""
    good, bad = folder / "good.memx", folder / "bad.memx"
    bad.write_text("{")
    yield Act("save", partial(window.session.save_as, good), good.exists)
    for name in (good, bad, folder / "missing.memx"):
        yield Act(f"open {name.name}", partial(window.open_file, name))
        for _ in range(8):
            yield Act("rest", lambda: None)
    yield Act("put aside what is not saved", partial(window.session.new))
    for _ in range(30):
        yield Act("rest", lambda: None)


def main(folder: Path) -> None:
    """Drives the window on a filled library and prints what its thread touched."""
    application()
    fill(folder / "library")
    settings = Settings(folder / "settings.json")
    watch, pauses = Watch(), Pauses()
    window = Window(folder / "library", settings, workers=False)
    window.show()
    window.start()
    pauses.of([Act("start", lambda: None, lambda: bool(window.gallery))])
    window.warm()
    study = next(iter(_studies(window, pauses)))
    watch.on = True
    few = [item for item in window.gallery if item.id.startswith(("who", "one-network", "temperature"))]
    walks = [
        journeys.pages(window),
        (act for item in few for act in [Act(item.id, partial(window.open_item, item), lambda: window.session.settled)]),
        journeys.select(window),
        journeys.edit(window),
        journeys.drag(window),
        journeys.themes(window),
        journeys.commands(window),
        journeys.runs(window),
        journeys.live(study)(window),
        journeys.compare(study)(window),
        files(window, folder),
    ]
    for walk in walks:
        pauses.of(walk)
    pauses.of([Act("look at the document", lambda: to_text(window.session.document))])
    watch.on = False
    window.close()
    print(json.dumps(watch.touched))


def _studies(window: Window, pauses: Pauses) -> list[str]:
    """The studies of the library."""
    found: list[str] = []
    window.reader.ask(lambda library: [row.study for row in library.runs() if row.study], found.extend)
    pauses.of([Act("ask", lambda: None, lambda: bool(found))])
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
