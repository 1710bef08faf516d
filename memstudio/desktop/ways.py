"""Ways from one page to another: from what was started to its runs, from runs to their curves, from anything to Compare."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from memstudio.desktop.going import Going
from memstudio.desktop.words import count

if TYPE_CHECKING:
    from memstudio.desktop.live.seen import Wish
    from memstudio.desktop.window import Window
    from memstudio.library import Submitted


class Ways(QObject):
    """The ways of one window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window

    def started(self, submitted: Submitted) -> None:
        """Runs were queued: the message line says so and leads to them."""
        n = len(submitted.runs)
        words = f"{count(n, 'run')} queued. {'They go' if n > 1 else 'It goes'} on when the window is closed."
        self._window.messages.say(words, "info", ("Show runs", partial(self.submitted, submitted)))

    def submitted(self, submitted: Submitted) -> None:
        """Shows the runs that were queued."""
        if submitted.study is not None:
            self._window.runs.show_study(submitted.study, self._window.session.document.title)
        else:
            self._window.runs.show_run(submitted.runs[0])
        self._window.show_page("runs")

    def going(self, going: Going) -> None:
        """Shows the runs of what is going on."""
        if going.study is not None:
            self._window.runs.show_study(going.study, going.title)
        else:
            self._window.runs.show_run(going.run)
        self._window.show_page("runs")

    def run(self, run: str) -> None:
        """Shows one run."""
        self._window.runs.show_run(run)
        self._window.show_page("runs")

    def curves(self, study: str | None, runs: Sequence[str]) -> None:
        """Shows what a study or runs measured, in the live panels below Build."""
        window = self._window
        window.show_page("build")
        if study is None and len(runs) == 1:
            window.live.show_run(runs[0])
        else:
            window.live.follow(study, runs)
        window.build.live_place.setFocus(Qt.FocusReason.OtherFocusReason)

    def compare(self, studies: Sequence[str], runs: Sequence[str]) -> None:
        """Compares a study, or these runs."""
        if studies:
            self._window.compare.show_study(studies[0])
        else:
            self._window.compare.show_runs(runs)
        self._window.show_page("compare")

    def compare_followed(self, wish: Wish) -> None:
        """Compares what the live panels follow."""
        self.compare((wish.study,) if wish.study is not None else (), wish.runs)
