"""The pages of the window in their stack, each made when it is first needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from memstudio.desktop import arrangement, theme
from memstudio.desktop.home.page import HomePage
from memstudio.desktop.importing import one_at_a_time
from memstudio.desktop.shell import Shell

if TYPE_CHECKING:
    from memstudio.desktop.build.page import BuildPage
    from memstudio.desktop.compare.page import ComparePage
    from memstudio.desktop.live.below_build import BelowBuild
    from memstudio.desktop.reporting import Kind, Reporting, What
    from memstudio.desktop.runs.page import RunsPage
    from memstudio.desktop.settings_page import SettingsPage
    from memstudio.library import Library


#: the modules that pages bring with them
_MODULES = ("build.page", "live.panel", "live.plot", "inspector.asking", "runs.page", "compare.page", "settings_page", "reporting")


def preload() -> None:
    """Imports what the pages need, so that making one takes milliseconds; for a background thread once the window is painted."""
    for name in _MODULES:
        with one_at_a_time:
            importlib.import_module(f"memstudio.desktop.{name}")


class Pages(QStackedWidget):
    """The stack. Pages other than Home bring their modules with them when they are made.

    A page may have `areas()` or `next_area(forward)` for F6, `search` or `focus_search()` for Ctrl+F, `close_page()`.
    """

    #: the name of a page that is there from now on
    made_page = Signal(str)

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._shell = shell
        self.live: BelowBuild
        self._made: dict[str, QWidget] = {}
        self._reporting: Reporting | None = None
        self._make: dict[str, Callable[[], QWidget]] = {
            "home": self._home,
            "build": self._build,
            "runs": self._runs,
            "compare": self._compare,
            "settings": self._settings,
        }

    def page(self, name: str) -> QWidget:
        """A page, made when it is first asked for."""
        if name not in self._made:
            self._made[name] = self._make[name]()
            theme.dress(self._made[name])
            self.addWidget(self._made[name])
            self.made_page.emit(name)
        return self._made[name]

    def made(self, name: str) -> Any:
        """A page if it was made already, else None."""
        return self._made.get(name)

    def show_page(self, name: str) -> QWidget:
        """Shows a page and returns it."""
        page = self.page(name)
        self.setCurrentWidget(page)
        return page

    @property
    def shown(self) -> str:
        """The name of the page that is shown."""
        return next(name for name, page in self._made.items() if page is self.currentWidget())

    @property
    def home(self) -> HomePage:
        """The Home page."""
        return cast("HomePage", self.page("home"))

    @property
    def build(self) -> BuildPage:
        """The Build page, with the open document."""
        return cast("BuildPage", self.page("build"))

    @property
    def runs(self) -> RunsPage:
        """The Runs page."""
        return cast("RunsPage", self.page("runs"))

    @property
    def compare(self) -> ComparePage:
        """The Compare page."""
        return cast("ComparePage", self.page("compare"))

    @property
    def settings(self) -> SettingsPage:
        """The Settings page."""
        return cast("SettingsPage", self.page("settings"))

    def close_pages(self) -> None:
        """The window closes: each page keeps what it has to keep and ends what it began."""
        for page in self._made.values():
            close_page = getattr(page, "close_page", None)
            if callable(close_page):
                close_page()

        if self._reporting is not None:
            self._reporting.close()

    @property
    def reporting(self) -> Reporting:
        """What writes reports, tables and figures for print; made when it is first needed."""
        from memstudio.desktop.reporting import Reporting

        if self._reporting is None:
            self._reporting = Reporting(self._shell.reader.path, self)
            self._reporting.said.connect(self._shell.messages.say)
        return self._reporting

    def _clean(self, page: SettingsPage) -> None:
        """Removes files that no run names any more, and says what that gave."""
        from memstudio.desktop.settings_sections import look, unnamed
        from memstudio.desktop.words import size

        reader, say = self._shell.reader, self._shell.messages.say

        def done(held: tuple[int, int, Any]) -> None:
            page.library.show_library(reader.readonly, *held[1:])
            say(f"{size(held[0])} given back.")

        def clean(library: Library) -> tuple[int, int, Any]:
            before = unnamed(library.size())
            library.sweep()
            runs, held = look(library)
            return before - unnamed(held), runs, held

        reader.tell(clean, done, self._shell.say_bad)

    def _report(self, page: QWidget, kind: Kind, what: What) -> None:
        self.reporting.choose(kind, what, page)

    # ------------------------------------------------------------------------------------------ making

    def _home(self) -> QWidget:
        shell, page = self._shell, HomePage()
        page.open_item.connect(shell.open_item)
        page.open_file.connect(shell.open_file)
        page.new.connect(shell.new)
        page.choose_file.connect(shell.documents.choose_file)
        page.addons.allow.connect(shell.addons.allow)
        page.addons.decline.connect(shell.addons.decline)
        page.addons.settings.connect(partial(shell.page_wanted.emit, "settings"))
        page.show_addons(shell.addons.list)
        shell.addons.listed.connect(page.show_addons)
        page.tour.connect(shell.actions_["help.tour"].trigger)
        page.no_tour.connect(partial(shell.keep, "tour", "declined"))
        page.offer_tour(shell.settings.get("tour") is None)
        page.side.unsaved.lead(shell.documents)
        page.show_recent(shell.documents.recent)
        shell.documents.recent_changed.connect(page.show_recent)
        return page

    def _build(self) -> QWidget:
        from memstudio.desktop.build.page import BuildPage
        from memstudio.desktop.live.below_build import BelowBuild

        shell, inspecting = self._shell, None
        if shell.workers:
            from memstudio.desktop.inspector.asking import Inspecting

            inspecting = Inspecting(shell)
        page = BuildPage(shell.session, shell.reader, shell.running, inspecting)
        page.bind(shell.actions_)
        page.palette_.kept.remember(shell.settings.get, shell.keep)
        arrangement.arrange(page, shell.settings.get("window"))
        self.live = BelowBuild(page, shell.actions_, shell.settings, shell.keep)
        return page

    def _runs(self) -> QWidget:
        from memstudio.desktop.runs.page import RunsPage

        shell = self._shell
        page = RunsPage(shell.reader, shell.running, shell.actions_, shell.settings, shell.keep)
        page.open_document.connect(shell.show_document)
        page.report_asked.connect(partial(self._report, page))
        page.said.connect(shell.messages.say)
        return page

    def _compare(self) -> QWidget:
        from memstudio.desktop.compare.page import ComparePage

        shell = self._shell
        page = ComparePage(shell.reader)
        page.runs_asked.connect(partial(shell.page_wanted.emit, "runs"))
        page.said.connect(shell.messages.say)
        page.report_asked.connect(partial(self._report, page))
        return page

    def _settings(self) -> QWidget:
        from memstudio.desktop.settings_page import SettingsPage

        shell = self._shell
        page = SettingsPage(shell.settings, shell.folder, shell.actions_["help.keys"].trigger)
        page.appearance.theme_chosen.connect(shell.choose_theme)
        page.appearance.size_chosen.connect(shell.choose_size)
        page.report_asked.connect(shell.actions_["help.report"].trigger)
        page.running.changed.connect(shell.limit)
        page.library.clean_asked.connect(partial(self._clean, page))
        addons = page.addons
        for asked, answer in (
            (addons.allow, shell.addons.allow),
            (addons.decline, shell.addons.decline),
            (addons.forget, shell.addons.forget),
            (addons.allow_folder, shell.addons.allow_folder),
            (addons.look_again, shell.addons.look_again),
        ):
            asked.connect(answer)
        addons.show_addons(shell.addons.list)
        shell.addons.listed.connect(addons.show_addons)
        return page
