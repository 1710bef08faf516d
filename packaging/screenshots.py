"""Pictures of every page and state of the window: `python packaging/screenshots.py --out FOLDER`.

Fills a library of its own with a few small runs through the program's command line (minutes on two cores), then walks through the
window and saves PAGE-STATE-THEME-SIZE.png. Run it under Xvfb, on a desktop, or with QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memstudio.desktop.window import Window

SIZES = ((1000, 680), (1600, 1000))
THEMES = ("light", "dark", "light_contrast", "dark_contrast")

#: what fills the library: gallery studies, shortened until a run takes seconds
RUNS = (
    ("who-remembers-under-load", "--set", "learn.steps=60", "--replicates", "2"),
    ("forgetting-on-split-digits", "--set", "learn.steps=20", "--replicates", "2"),
    ("how-much-a-hopfield-network-holds", "--replicates", "1", "--cell", "order 2"),
    ("temperature-under-corruption", "--set", "learn.steps=30", "--replicates", "1"),
)


@dataclass(frozen=True)
class Filled:
    """What the library holds: studies and runs, oldest first, and a run that failed ("" where none did)."""

    studies: tuple[str, ...]
    runs: tuple[str, ...]
    failed: str = ""


def command(library: Path, *words: str) -> int:
    """The program's own command line on a library; its exit code."""
    done = subprocess.run([sys.executable, "-m", "memstudio", *words, "--library", str(library)], check=False, stdout=subprocess.DEVNULL)
    return done.returncode


def fill(folder: Path) -> None:
    """Runs small studies into a new library, stars one run and puts one into the trash."""
    for words in RUNS:
        print(f"running {words[0]} ...", flush=True)
        if command(folder, "run", *words) not in (0, 1):
            raise SystemExit(f"{words[0]} could not be run")
    found = held(folder)
    command(folder, "mark", found.runs[0], "--star")
    command(folder, "trash", found.runs[-2])


def held(folder: Path) -> Filled:
    """What a library holds."""
    from memstudio import library

    with library.open(folder) as opened:
        rows = sorted(opened.runs(), key=lambda row: row.queued)
        failed = next((row.uid for row in rows if row.state == "failed"), "")
        studies = tuple(dict.fromkeys(row.study for row in rows if row.study))
        return Filled(studies, tuple(row.uid for row in rows), failed)


# ------------------------------------------------------------------------------------------ the states


def until(true: Callable[[], bool], milliseconds: int = 10_000) -> bool:
    """Lets the window work until something is so; whether it became so."""
    from PySide6.QtTest import QTest

    for _ in range(milliseconds // 20):
        if true():
            return True
        QTest.qWait(20)
    return true()


def rest(milliseconds: int = 250) -> None:
    """Lets what was asked for arrive and be painted."""
    from PySide6.QtTest import QTest

    QTest.qWait(milliseconds)


def arrived(window: Window, milliseconds: int = 10_000) -> None:
    """Waits until nothing that is seen says that it is still being read."""
    from PySide6.QtWidgets import QLabel

    rest(60)
    until(lambda: not any(each.isVisible() and each.text().startswith("Reading") for each in window.findChildren(QLabel)), milliseconds)
    rest(120)


def _settled(window: Window) -> Callable[[], bool]:
    return lambda: window.session.settled


def states(window: Window, filled: Filled) -> Iterator[str]:
    """Walks through the window and says `PAGE-STATE` each time there is something to see. What was opened is closed again."""
    yield from home_states(window, filled)
    if filled.runs:
        yield from build_states(window)
        yield from live_states(window, filled)
        yield from runs_states(window, filled)
        yield from compare_states(window, filled)
        yield from shared_states(window)


def home_states(window: Window, filled: Filled) -> Iterator[str]:
    """Home."""
    window.show_page("home")
    rest()
    yield "home-filled" if filled.runs else "home-empty"


def build_states(window: Window) -> Iterator[str]:
    """Build: nothing, a study, a component selected, several, what is wrong, what is varied, the queue."""
    window.new()
    rest()
    yield "build-empty"
    window.open_item(window.gallery[0])
    until(_settled(window))
    rest()
    yield "build-study"
    ids = [node.id for node in window.session.document.nodes]
    window.session.select([ids[2]])
    rest()
    yield "build-selection"
    window.session.select(ids[1:4])
    rest()
    yield "build-several"
    window.build.show_study()
    rest()
    yield "build-studytab"
    window.session.select([ids[2]])
    window.actions_["edit.delete"].trigger()
    until(_settled(window))
    window.build.show_problems(True)
    rest()
    yield "build-problems"
    window.build.show_problems(False)
    window.actions_["edit.undo"].trigger()
    until(_settled(window))
    window.toggle_queue()
    rest()
    yield "build-queue"
    window.toggle_queue()


def live_states(window: Window, filled: Filled) -> Iterator[str]:
    """Live: each study of the library when it is finished, and a run that failed."""
    window.show_page("build")
    for place, study in enumerate(filled.studies, 1):
        window.live.follow(study, [])
        arrived(window)
        yield f"live-finished{place}"
    if filled.failed:
        window.live.show_run(filled.failed)
        arrived(window)
        yield "live-failed"


def runs_states(window: Window, filled: Filled) -> Iterator[str]:
    """Runs: the table, one run's details, the trash."""
    window.show_page("runs")
    rest(500)
    yield "runs-table"
    window.runs.show_run(filled.runs[0])
    rest(500)
    yield "runs-details"
    if filled.failed:
        window.runs.show_run(filled.failed)
        rest(400)
        yield "runs-failed"
    window.runs.show_trash(True)
    rest(300)
    yield "runs-trash"
    window.runs.show_trash(False)


def compare_states(window: Window, filled: Filled) -> Iterator[str]:
    """Compare: where one begins, and each study."""
    window.show_page("compare")
    rest(400)
    yield "compare-start"
    for place, study in enumerate(filled.studies, 1):
        window.compare.show_study(study)
        rest(300)
        arrived(window)
        yield f"compare-study{place}"


def shared_states(window: Window) -> Iterator[str]:
    """Settings, the panels over the window, the message line."""
    window.show_page("settings")
    rest()
    yield "settings-top"
    for action, name in (("help.palette", "palette-commands"), ("help.keys", "keyboard-sheet")):
        window.actions_[action].trigger()
        rest()
        yield name
        panel = window.panels.palette if action == "help.palette" else window.panels.help
        panel.close_panel()
    window.show_page("home")
    for level in ("careful", "bad"):
        window.messages.say("The file weights.npz cannot be read; choose another in the inspector.", level)
        rest(100)
        yield f"messages-{level}"
    window.messages.dismiss()


def running(window: Window, save: Callable[[str], object]) -> None:
    """Presses Run on a shortened study and shows it while it goes; needs workers."""
    window.open_item(window.gallery[0])
    until(_settled(window))
    window.actions_["run.start"].trigger()
    rest(800)
    save("build-running-card")
    window.actions_["run.start"].trigger()
    rest(9000)
    save("live-running")
    window.toggle_queue()
    rest()
    save("build-queue-running")
    window.toggle_queue()
    window.show_page("home")
    rest(500)
    save("home-running")
    window.running.stop_all()


# ------------------------------------------------------------------------------------------ taking them


def take(folder: Path, out: Path, themes: Sequence[str], sizes: Sequence[tuple[int, int]], text_size: int, run: bool) -> int:
    """Saves the pictures of one library; how many."""
    from memstudio.desktop import app, theme
    from memstudio.desktop.window import Window
    from memstudio.ground.settings import Settings

    app.application()
    theme.set_theme(themes[0])
    theme.set_size(text_size)
    window = Window(folder, Settings(folder.parent / f"{folder.name}.settings.json"), workers=run)
    window.show()
    window.start()
    until(lambda: bool(window.gallery))
    saved = 0

    def save(state: str) -> None:
        nonlocal saved
        for name in themes:
            theme.set_theme(name)
            for wide, high in sizes:
                window.resize(wide, high)
                rest(120)
                grown = "" if text_size == 100 else f"-{text_size}"
                saved += window.grab().save(str(out / f"{state}-{name}-{wide}x{high}{grown}.png"))

    for state in states(window, held(folder)):
        save(state)
    if run:
        running(window, save)
    window.close()
    return saved


def main(argv: Sequence[str] | None = None) -> int:
    """Takes the pictures; the exit code."""
    asked = argparse.ArgumentParser(description="Takes pictures of every page and state of the window.")
    asked.add_argument("--out", type=Path, required=True, help="the folder for the pictures")
    asked.add_argument("--library", type=Path, help="keep the filled library here, and take it as it is if it is there already")
    asked.add_argument("--themes", nargs="+", choices=THEMES, default=("light", "dark"))
    asked.add_argument("--sizes", nargs="+", default=[f"{wide}x{high}" for wide, high in SIZES], help="WIDExHIGH of the window, in points")
    asked.add_argument("--text-size", type=int, default=100, help="percent, 80 to 200")
    asked.add_argument("--running", action="store_true", help="start a run as well, and show it going")
    given = asked.parse_args(argv)
    sizes = [(int(wide), int(high)) for wide, high in (size.split("x") for size in given.sizes)]
    if not os.environ.get("DISPLAY") and sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.setdefault("MEMSTUDIO_HOME", scratch)
        folder = given.library or Path(scratch) / "library"
        if not folder.exists():
            fill(folder)
        saved = take(Path(scratch) / "empty", given.out, given.themes, sizes, given.text_size, run=False)
        saved += take(folder, given.out, given.themes, sizes, given.text_size, run=given.running)
    print(f"{saved} pictures in {given.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
