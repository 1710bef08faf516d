"""The window: the rail at the left, the pages in a stack, the message line at the foot."""

from __future__ import annotations

import gc
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QChildEvent, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from memstudio.desktop import arrangement, icons, theme
from memstudio.desktop.areas import go_to_area, go_to_search
from memstudio.desktop.dropped import Dropped, could_be_ours
from memstudio.desktop.following import Following
from memstudio.desktop.garbage import Garbage
from memstudio.desktop.going import Going, overall
from memstudio.desktop.home.page import HomePage
from memstudio.desktop.leaving import Leaving
from memstudio.desktop.pages import Pages, preload
from memstudio.desktop.panels import Panels
from memstudio.desktop.rail import Rail
from memstudio.desktop.shell import Shell
from memstudio.desktop.ways import Ways
from memstudio.ground.settings import Settings

if TYPE_CHECKING:
    from memstudio.desktop.build.page import BuildPage
    from memstudio.desktop.command_palette import CommandPalette
    from memstudio.desktop.compare.page import ComparePage
    from memstudio.desktop.keyboard_help import KeyboardHelp
    from memstudio.desktop.live.below_build import BelowBuild
    from memstudio.desktop.queue.panel import QueuePanel
    from memstudio.desktop.runs.page import RunsPage
    from memstudio.experiment.gallery import GalleryItem

log = logging.getLogger(__name__)

SMALLEST = QSize(1000, 640)
USUAL = QSize(1280, 800)


class Window(Shell):
    """MemStudio's one window. `start()` begins what may come after the first paint; `close()` ends every thread of ours.

    library: its folder or file (None: the usual one); workers: whether this window starts worker processes.
    """

    #: the first paint is done
    painted = Signal()

    def __init__(self, library: Path | None = None, settings: Settings | None = None, *, workers: bool = True) -> None:
        super().__init__(library, settings, workers=workers)
        self._garbage = Garbage(self)
        self.setWindowTitle("MemStudio")
        self.setMinimumSize(SMALLEST)
        self.setAcceptDrops(True)
        self._following = Following(self.reader, self)
        self._leaving = Leaving(self.messages, self.close, self.running.stop_all)
        self._dropped = Dropped(self.background, self.open_file, self._merge, self.say_bad, self.preview_data)
        self._painted = self._started = self._closed = False
        self.stack = Pages(self)
        self.ways = Ways(self, self.stack)
        self.panels = Panels(self, self.ways.run, self.stack)
        self._bind()
        self._lay_out()
        self._connect()
        self.resize(USUAL)
        arrangement.place(self, self.settings.get("window"))
        self.show_page(arrangement.page_of(self.settings.get("window")))

    # ------------------------------------------------------------------------------------------ making

    def _bind(self) -> None:
        bind = self.actions_.bind
        for page in ("home", "build", "runs", "compare", "settings"):
            bind(f"go.{page}", partial(self.show_page, page))
        bind("file.new", self.new)
        bind("file.open", self.documents.choose_file)
        bind("file.data", self.panels.choose_data)
        bind("file.save", self.documents.save)
        bind("file.save_as", self.documents.save_as)
        bind("view.search", self._search)
        bind("view.theme", self._other_theme)
        bind("view.contrast", self._other_contrast)
        for name, by in (("larger", 1), ("smaller", -1), ("usual", 0)):
            bind(f"view.{name}", partial(self._other_size, by))
        bind("view.next_area", partial(self._next_area, 1))
        bind("view.previous_area", partial(self._next_area, -1))
        bind("help.palette", self.panels.open_palette)
        bind("help.keys", self.panels.open_help)
        bind("help.tour", self.panels.open_tour)
        bind("run.queue", self.toggle_queue)
        bind("help.report", self.panels.open_report)
        bind("view.messages", self.panels.toggle_messages)
        bind("app.quit", self._quit)

    def _lay_out(self) -> None:
        self.rail = Rail(self.actions_, ("home", "build", "runs", "compare"), ("settings",))
        self.rail.offer("compare", False)
        self.panels.opener = self.rail.running
        self.rail.running.clicked.connect(self.toggle_queue)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.stack, 1)
        right.addWidget(self.messages)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(right, 1)
        self.setCentralWidget(middle)
        theme.dress(self.rail)
        theme.dress(self.messages)

    def _connect(self) -> None:
        self.page_wanted.connect(self.show_page)
        self.home.side.show_sample.connect(self.sample_wanted)
        self.sample_wanted.connect(self.panels.show_sample)
        self.documents.shown.connect(partial(self.show_page, "build"))
        self.documents.titled.connect(self.setWindowTitle)
        self.addons.joined.connect(self.documents.join)
        self.addons.refused.connect(self.say_bad)
        self._gallery.loaded.connect(self._show_gallery)
        self._gallery.failed.connect(self._no_gallery)
        self._following.going.connect(self._show_going_on)
        self._following.filled.connect(partial(self.rail.offer, "compare", True))
        self.reader.refused.connect(self.say_bad)
        self.reader.unusable.connect(self._unusable)
        self.reader.opened.connect(self._opened)
        self.running.message.connect(self.messages.say)
        self.running.started.connect(self.ways.started)

    @property
    def home(self) -> HomePage:
        """The Home page."""
        return self.stack.home

    @property
    def runs(self) -> RunsPage:
        """The Runs page."""
        return self.stack.runs

    @property
    def compare(self) -> ComparePage:
        """The Compare page."""
        return self.stack.compare

    @property
    def live(self) -> BelowBuild:
        """What was measured, in the live panels below Build."""
        return self.stack.live

    @property
    def build(self) -> BuildPage:
        """The Build page, with the open document."""
        return self.stack.build

    @property
    def palette_panel(self) -> CommandPalette:
        """The command palette."""
        return self.panels.palette

    @property
    def help_panel(self) -> KeyboardHelp:
        """The keyboard help."""
        return self.panels.help

    @property
    def queue_panel(self) -> QueuePanel:
        """What runs and waits."""
        return self.panels.queue

    # ------------------------------------------------------------------------------------------ starting

    def start(self) -> None:
        """Begins what the first paint does not wait for: the library, the catalogue, the gallery."""
        if self._started:
            return
        self._started = True
        if self.settings.notice:
            self.messages.say(self.settings.notice, "careful")
        self.background.do(icons.read_all)
        self.reader.start()
        self._gallery.load()
        self.addons.start()
        self.documents.look_for_unsaved()

    def warm(self) -> None:
        """Begins what can wait until the window has been looked at: the Build page, the plotting library, a warm worker."""
        if not self._closed:
            self.stack.page("build")
            # what is there by now stays: the collector need not look through it again and again
            gc.freeze()
            self.background.do(preload)
            self.running.warm()

    def _show_gallery(self, items: Sequence[GalleryItem]) -> None:
        self.home.show_gallery(items)

    def _no_gallery(self, sentence: str) -> None:
        self.home.show_no_gallery("The gallery cannot be read; the message below says why.")
        self.say_bad(sentence)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.painted.emit)

    # ------------------------------------------------------------------------------------------ pages

    def show_page(self, name: str) -> None:
        """Shows a page of the rail."""
        page = self.stack.show_page(name)
        self.rail.show_page(name)
        if name == "settings":
            self._ask_count()
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def page_name(self) -> str:
        """The name of the page that is shown."""
        return self.stack.shown

    def _search(self) -> None:
        page = self.stack.currentWidget()
        if page is None or not go_to_search(page):
            self.panels.open_palette()

    def toggle_queue(self) -> None:
        """Opens what runs and waits, or closes it."""
        self.panels.toggle_queue()

    def _next_area(self, by: int) -> None:
        """Moves the keyboard to the next area: the rail, then the areas of the page (`areas()` where it names them)."""
        page = self.stack.currentWidget()
        next_area = getattr(page, "next_area", None)
        if callable(next_area):
            next_area(by > 0)
            return
        areas: list[QWidget] = [self.rail.item(self.page_name), *(getattr(page, "areas", lambda: [])() or [page])]
        go_to_area(areas, self.focusWidget(), by)

    # ------------------------------------------------------------------------------------------ the library

    def _opened(self, readonly: bool) -> None:
        for notice in self.reader.notices:
            self.messages.say(notice, "careful")
        self._following.look()

    def _unusable(self, sentence: str) -> None:
        self.messages.say(sentence, "bad")
        settings = self.stack.made("settings")
        if settings is not None:
            settings.library.show_unusable(sentence)

    def _show_going_on(self, going: Sequence[Going]) -> None:
        left, share = overall(going)
        words = "\n".join(f"{g.title}: {g.text}" for g in going)
        self.rail.running.show_work(left, share, words)
        self.home.show_going(going)
        self._leaving.show_going(going)
        build = self.stack.made("build")
        if build is not None:
            build.show_going(going)

    def _ask_count(self) -> None:
        settings = self.stack.settings
        from memstudio.desktop.settings_sections import look

        self.reader.ask(look, lambda held: settings.library.show_library(self.reader.readonly, *held), key="settings.count")

    # ------------------------------------------------------------------------------------------ files

    def preview_data(self, path: Path) -> None:
        """Shows what is in a file of data, in sight of the experiment it may join."""
        self.show_page("build")
        self.panels.data.show_file(path)

    def _merge(self, path: Path) -> None:
        """Brings in the runs of another library, in sight of the page that lists them."""
        self.show_page("runs")
        self.runs.merge(path)

    # ------------------------------------------------------------------------------------------ events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.messages.said is not None:
            self.messages.dismiss()
        else:
            super().keyPressEvent(event)

    def childEvent(self, event: QChildEvent) -> None:
        """What floats over the window (a panel, a dialog) wears the theme too."""
        super().childEvent(event)
        child = event.child()
        if event.type() == QEvent.Type.ChildPolished and isinstance(child, QWidget) and child is not self.centralWidget():
            theme.dress(child)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if could_be_ours(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._dropped.take(event.mimeData())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self._started and not self._closed:
            self._following.look()

    def _quit(self) -> None:
        if self._leaving.may_close():
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if event.spontaneous() and not self._closed and not self._leaving.may_close():
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            self._following.close()
            self.keep("window", arrangement.kept(self, self.page_name, self.stack.made("build"), self.settings.get("window")))
            self.panels.close()
            self.stack.close_pages()
            self.documents.close()
            self.running.close()
            self.addons.close()
            self.background.close(finish=True)
            self.reader.close()
            self._garbage.close()
            log.info("the window was closed")
        super().closeEvent(event)
