"""Ways from one page to another: from what was started to its runs, from runs to their curves, from anything to Compare."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from memstudio.desktop.going import Going
from memstudio.desktop.pages import Pages
from memstudio.desktop.shell import Shell
from memstudio.desktop.words import count

if TYPE_CHECKING:
    from memstudio.desktop.live.seen import Wish
    from memstudio.library import Submitted


class Ways(QObject):
    """The ways of one window."""

    def __init__(self, shell: Shell, pages: Pages) -> None:
        super().__init__(shell)
        self._shell, self._pages = shell, pages
        pages.made_page.connect(self._lead)

    def _lead(self, name: str) -> None:
        """A page was made: what leads away from it."""
        pages = self._pages
        if name == "home":
            pages.home.show_runs.connect(self.going)
        elif name == "build":
            pages.live.compare_asked.connect(self.compare_followed)
            if pages.build.failures is not None:
                pages.build.failures.run_asked.connect(self.run)
        elif name == "runs":
            pages.runs.show_curves.connect(self.curves)
            pages.runs.compare.connect(self.compare)

    def started(self, submitted: Submitted) -> None:
        """Runs were queued: the message line says so and leads to them."""
        n = len(submitted.runs)
        words = f"{count(n, 'run')} queued. {'They go' if n > 1 else 'It goes'} on when the window is closed."
        self._shell.messages.say(words, "info", ("Show runs", partial(self.submitted, submitted)))

    def submitted(self, submitted: Submitted) -> None:
        """Shows the runs that were queued."""
        if submitted.study is not None:
            self._pages.runs.show_study(submitted.study, self._shell.session.document.title)
        else:
            self._pages.runs.show_run(submitted.runs[0])
        self._shell.page_wanted.emit("runs")

    def going(self, going: Going) -> None:
        """Shows the runs of what is going on."""
        if going.study is not None:
            self._pages.runs.show_study(going.study, going.title)
        else:
            self._pages.runs.show_run(going.run)
        self._shell.page_wanted.emit("runs")

    def run(self, run: str) -> None:
        """Shows one run."""
        self._pages.runs.show_run(run)
        self._shell.page_wanted.emit("runs")

    def curves(self, study: str | None, runs: Sequence[str]) -> None:
        """Shows what a study or runs measured, in the live panels below Build."""
        pages = self._pages
        self._shell.page_wanted.emit("build")
        if study is None and len(runs) == 1:
            pages.live.show_run(runs[0])
        else:
            pages.live.follow(study, runs)
        pages.build.live_place.setFocus(Qt.FocusReason.OtherFocusReason)

    def compare(self, studies: Sequence[str], runs: Sequence[str]) -> None:
        """Compares a study, or these runs."""
        if studies:
            self._pages.compare.show_study(studies[0])
        else:
            self._pages.compare.show_runs(runs)
        self._shell.page_wanted.emit("compare")

    def compare_followed(self, wish: Wish) -> None:
        """Compares what the live panels follow."""
        self.compare((wish.study,) if wish.study is not None else (), wish.runs)
