"""Starts the window: `main(argv)` for people, `first_paint()` for timing the start."""

from __future__ import annotations

import gc
import locale
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import PySide6

if TYPE_CHECKING:
    from argparse import Namespace

    from PySide6.QtWidgets import QApplication

    from memstudio.desktop.window import Window

log = logging.getLogger(__name__)

#: PySide6 6.12 loses references to None on Python before 3.12 and dies; 6.11 breaks what we draw with
OLDEST, BEFORE = (6, 8), (6, 11)

# pydantic looks through every installed package for plugins when it is imported (0.05 s); we have none
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def unfit_version(version: Sequence[object]) -> str | None:
    """Why this PySide6 cannot carry the window, or None."""
    if OLDEST <= (int(str(version[0])), int(str(version[1]))) < BEFORE:
        return None
    found = ".".join(str(part) for part in version[:3])
    return f"The window needs PySide6 6.8, 6.9 or 6.10; {found} is installed. Run packaging/bootstrap.py again to put it right."


def no_display() -> str | None:
    """Why no window can be shown here, or None."""
    if sys.platform.startswith("linux") and not any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        return "There is no display for a window. `memstudio run` runs experiments in the terminal."
    return None


def application() -> QApplication:
    """The QApplication with our name, type, icons and theme's style; the one there is, if there is one."""
    from PySide6.QtCore import QLocale
    from PySide6.QtWidgets import QApplication

    from memstudio.desktop import fonts, icons

    found = QApplication.instance()
    if isinstance(found, QApplication) and found.property("memstudio"):
        return found
    if found is None and sys.platform.startswith("linux") and "UTF-8" not in locale.nl_langinfo(locale.CODESET).upper():
        os.environ["LC_ALL"] = "C.UTF-8"
    made = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    # Qt follows the system's locale; files and numbers are read and written the same everywhere.
    locale.setlocale(locale.LC_NUMERIC, "C")
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    made.setApplicationName("memstudio")
    made.setApplicationDisplayName("MemStudio")
    made.setDesktopFileName("memstudio")
    made.setProperty("memstudio", True)
    fonts.load_fonts(made)
    icons.register_icons()
    return made


def open_window(library: Path | None = None, *, workers: bool = True) -> Window:
    """The window, shown, with the theme of the settings. The library is opened after the first paint."""
    from memstudio.desktop import theme
    from memstudio.desktop.window import Window
    from memstudio.ground.settings import Settings

    application()
    settings = Settings()
    theme.set_theme(str(settings.get("theme", "system")))
    size = settings.get("text_size", 100)
    theme.set_size(size if isinstance(size, int) else 100)
    window = Window(library, settings, workers=workers)
    window.show()
    return window


def first_paint(library: Path | None = None) -> Window:
    """Opens the window and returns once it is painted and usable: Home drawn, Build's palette filled and its canvas drawn.

    For timing the start; no worker is started. Close the window when done with it.
    """
    from PySide6.QtCore import QEventLoop, QTimer

    with _no_collecting():
        app = application()
        window = open_window(library, workers=False)
        loop = QEventLoop()
        window.painted.connect(loop.quit)
        QTimer.singleShot(30_000, loop.quit)
        loop.exec()
        window.show_page("build")
        app.processEvents()
        window.build.repaint()
    window.start()
    app.processEvents()
    return window


@contextmanager
def _no_collecting() -> Iterator[None]:
    """While modules are imported and widgets made, the collector would look a dozen times for garbage that is not there."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def main(argv: Sequence[str] | None = None) -> int:
    """The window until it is closed; returns the exit code. argv: [FILE] [--library PATH] [--first-study] ..."""
    asked = _asked(argv)
    refused = unfit_version(PySide6.__version_info__) or no_display()
    if refused is not None:
        print(refused, file=sys.stderr)
        return 1
    if asked.file is not None and not asked.file.exists():
        print(f"There is no file {asked.file}.", file=sys.stderr)
        return 2
    sentence = _about_addons(asked.addons, asked.safe)
    if sentence is not None:
        print(sentence, file=sys.stderr)
        return 2
    from PySide6.QtCore import QTimer

    from memstudio.ground.log import stop_log
    from memstudio.ground.paths import library_folder

    with _no_collecting():
        app = application()
        window = open_window(asked.library)
    handler = _log(asked.library or library_folder(), asked.debug)
    before = (sys.excepthook, threading.excepthook)
    _catch_exceptions(window)
    # Ctrl+C in the terminal ends the window at once: runs go on, and unsaved work was put aside already
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app.aboutToQuit.connect(window.close)
    window.painted.connect(window.start)
    if asked.file is not None:
        file = asked.file
        window.painted.connect(lambda: window.open_file(file))
    if asked.first_study:
        window.painted.connect(window.offer_first_study)
    QTimer.singleShot(1200, window.warm)
    try:
        return app.exec()
    finally:
        sys.excepthook, threading.excepthook = before
        if handler is not None:
            stop_log(handler)


def _asked(argv: Sequence[str] | None) -> Namespace:
    import argparse

    parser = argparse.ArgumentParser(prog="memstudio", description="Opens the window.")
    parser.add_argument("file", nargs="?", type=Path, help="an experiment (.memx)")
    parser.add_argument("--library", type=Path, help="the library's folder")
    parser.add_argument(
        "--first-study", action="store_true", help="while the library holds no run: open the first gallery study and run it"
    )
    parser.add_argument("--addons", type=Path, action="append", default=[], help="say yes to the add-ons of a folder as they are now")
    parser.add_argument("--safe", action="store_true", help="without add-ons")
    parser.add_argument("--debug", action="store_true", help="write more into the log")
    return parser.parse_args(None if argv is None else list(argv))


def _about_addons(folders: Sequence[Path], safe: bool) -> str | None:
    """Does what --addons and --safe ask for; why that cannot be done, or None."""
    if not folders and not safe:
        return None
    from memstudio.components.catalogue import allow, be_safe
    from memstudio.experiment.parameters import Refusal

    if safe and folders:
        return "--safe leaves all add-ons out, and --addons asks for some; leave one of the two out."
    if safe:
        be_safe()
    try:
        for folder in folders:
            allow(folder)
    except Refusal as refusal:
        return str(refusal)
    return None


def _log(folder: Path, debug: bool) -> logging.Handler | None:
    from memstudio.ground.log import log_to

    try:
        return log_to(
            (folder if folder.suffix != ".db" else folder.parent) / "logs" / "window.txt", logging.DEBUG if debug else logging.INFO
        )
    except OSError:
        return None


def _catch_exceptions(window: Window) -> None:
    """A mistake of ours becomes a line in the window and a traceback in the log, never the end of the window."""

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close()
            return
        log.error("not handled", exc_info=(kind, error, trace))
        window.messages.say(f"Something went wrong inside MemStudio ({kind.__name__}); the log says more.", "bad")

    def caught_in_thread(args: threading.ExceptHookArgs) -> None:
        log.error("not handled in a thread", exc_info=(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback))

    sys.excepthook = caught
    threading.excepthook = caught_in_thread
