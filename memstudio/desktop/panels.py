"""The panels that float over the window: every command, every key, what runs and waits. Each is made when it is first opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from memstudio.desktop.importing import one_at_a_time
from memstudio.desktop.shell import Shell

if TYPE_CHECKING:
    from memstudio.desktop.command_palette import Command, CommandPalette
    from memstudio.desktop.data.panel import DataPanel
    from memstudio.desktop.keyboard_help import KeyboardHelp
    from memstudio.desktop.messages_panel import MessagesPanel
    from memstudio.desktop.pages import Pages
    from memstudio.desktop.queue.panel import QueuePanel
    from memstudio.desktop.report_panel import ReportPanel
    from memstudio.desktop.tour.tour import Tour


class Panels(QObject):
    """The panels of one window. opener: the widget that opens the queue; show_run: shows one run."""

    def __init__(self, shell: Shell, show_run: Callable[[str], object], pages: Pages) -> None:
        super().__init__(shell)
        self._shell, self._show_run, self._pages = shell, show_run, pages
        self.opener: QWidget | None = None

    @cached_property
    def palette(self) -> CommandPalette:
        """The command palette."""
        from memstudio.desktop.command_palette import RECENT, CommandPalette

        shell = self._shell
        return CommandPalette(shell, shell.actions_, self._more_commands, shell.settings.get(RECENT), shell.keep)

    @cached_property
    def help(self) -> KeyboardHelp:
        """The keyboard help."""
        from memstudio.desktop.keyboard_help import KeyboardHelp

        return KeyboardHelp(self._shell, self._shell.actions_)

    @cached_property
    def queue(self) -> QueuePanel:
        """What runs and waits."""
        from memstudio.desktop.queue.panel import QueuePanel

        panel = QueuePanel(self._shell, self._shell.reader, self._shell.running)
        panel.opener = self.opener
        panel.run_asked.connect(self._show_run)
        return panel

    @cached_property
    def tour(self) -> Tour:
        """The guided tour."""
        from memstudio.desktop.tour.tour import SETTING, Tour

        made = Tour(self._shell, self._pages)
        made.kept.connect(partial(self._shell.keep, SETTING))
        made.kept.connect(self._pages.home.tour_taken)
        return made

    @cached_property
    def data(self) -> DataPanel:
        """The preview of a file of data."""
        with one_at_a_time:
            from memstudio.desktop.data.panel import DataPanel

        panel = DataPanel(self._shell, self._shell.session)
        panel.added.connect(partial(self._shell.page_wanted.emit, "build"))
        return panel

    def choose_data(self) -> None:
        """Asks for a file of data and previews it."""
        from memstudio.desktop.data.choosing import choose_data

        choose_data(self._shell, self._preview)

    def _preview(self, path: str) -> None:
        self._shell.page_wanted.emit("build")
        self.data.show_file(Path(path))

    def show_sample(self, name: str) -> None:
        """Previews a bundled sample file."""
        self._shell.page_wanted.emit("build")
        self.data.show_sample(name)

    @cached_property
    def messages(self) -> MessagesPanel:
        """The last messages."""
        from memstudio.desktop.messages_panel import MessagesPanel

        return MessagesPanel(self._shell, self._shell.messages)

    @cached_property
    def report(self) -> ReportPanel:
        """Report a problem."""
        from memstudio.desktop.report_panel import ReportPanel

        return ReportPanel(self._shell)

    def toggle_messages(self) -> None:
        """Opens the last messages, or closes them."""
        self.messages.toggle()

    def open_report(self) -> None:
        """Collects what helps to find a problem."""
        self.report.open_report()

    def open_palette(self) -> None:
        """Find any command by typing."""
        self.help.close_panel()
        self.palette.open_palette()

    def open_help(self) -> None:
        """Every key and what it does."""
        self.palette.close_panel()
        self.help.open_help()

    def open_tour(self) -> None:
        """Begins the guided tour, or goes to its card."""
        self.palette.close_panel()
        self.help.close_panel()
        self.tour.open()

    def toggle_queue(self) -> None:
        """Opens what runs and waits, or closes it."""
        self.queue.toggle()

    def _more_commands(self) -> list[Command]:
        """Commands besides the actions."""
        from memstudio.desktop.more_commands import more_commands

        return more_commands(self._shell, self._pages)

    def close(self) -> None:
        """Closes those that were made."""
        if "data" in self.__dict__:
            self.data.close_all()
        for name in ("palette", "help", "queue", "tour", "messages"):
            if name in self.__dict__:
                self.__dict__[name].close_panel()
        if "report" in self.__dict__:
            self.report.close_for_good()
