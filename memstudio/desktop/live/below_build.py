"""Puts the live panel below the canvas of the Build page: a line that says what to do until something is started.

The panel itself, with numpy and pyqtgraph behind it, is made when it is first needed: the window's first paint does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter

from memstudio.desktop import lengths
from memstudio.desktop.labels import Elided, label
from memstudio.desktop.session import Message

if TYPE_CHECKING:
    from memstudio.desktop.actions import Actions
    from memstudio.desktop.build.page import BuildPage
    from memstudio.desktop.live.panel import LivePanel
    from memstudio.ground.settings import Settings
    from memstudio.library import Submitted

#: the height that curves are given at first; a person may draw the edge elsewhere
HIGH = 320
#: the height of the line while there are none
LINE = 42
_ANY = 16_777_215
_DEEDS = ("left", "right", "up", "down", "wider", "narrower", "close")
_PAUSE, _RESUME, _STOP = "live.pause", "live.resume", "live.stop"


class BelowBuild(QObject):
    """The live panel of a Build page with a library: what Run starts is followed, its words go where the page's go.

    compare_asked(Wish): what was followed is to be compared. ValueError for a page without a library.
    """

    compare_asked = Signal(object)

    def __init__(
        self,
        page: BuildPage,
        actions: Actions | None = None,
        settings: Settings | None = None,
        keep: Callable[[str, object], None] | None = None,
    ) -> None:
        super().__init__(page)
        if page.reader is None:
            raise ValueError("A page without a library has nothing to show live.")
        self._page, self._settings, self._keep = page, settings, keep
        self._panel: LivePanel | None = None
        self._line = _Line()
        layout = page.live_place.layout()
        assert layout is not None
        layout.addWidget(self._line)
        page.live_place.show()
        page.started.connect(self._started)
        if actions is not None:
            self._bind(actions)
        self._make_room(False)

    @property
    def panel(self) -> LivePanel:
        """The panel; made when it is first asked for."""
        if self._panel is None:
            self._panel = self._made()
        return self._panel

    def show_run(self, uid: str) -> None:
        """Shows one run, of today or of last year."""
        self.panel.show_run(uid)

    def follow(self, study: str | None, runs: Sequence[str]) -> None:
        """Shows a study with all its runs, or some runs."""
        self.panel.follow(study, runs)

    def _started(self, submitted: Submitted) -> None:
        self.panel.follow_started(submitted)

    def _made(self) -> LivePanel:
        from memstudio.desktop.live.panel import LivePanel

        page = self._page
        assert page.reader is not None
        panel = LivePanel(page.reader, running=page.running, settings=self._settings, keep=self._keep)
        panel.hide()
        layout = page.live_place.layout()
        assert layout is not None
        layout.addWidget(panel)
        panel.node_asked.connect(page.go_to)
        panel.said.connect(self._say)
        panel.followed.connect(self._make_room)
        panel.followed.connect(self._on_cards)
        panel.compare_asked.connect(self.compare_asked)
        return panel

    def _on_cards(self, _: bool) -> None:
        """The cards of the canvas show what is followed, too."""
        if self._page.curves is not None and self._panel is not None:
            self._page.curves.follow(self._panel.wish.study, self._panel.wish.runs)

    def _bind(self, actions: Actions) -> None:
        for id, call in {
            "live.follow": partial(self._do, lambda panel: panel.follow_newest()),
            "live.earlier": partial(self._do, lambda panel: panel.go_stored(-1)),
            "live.later": partial(self._do, lambda panel: panel.go_stored(1)),
            _PAUSE: partial(self._do, lambda panel: panel.pause()),
            _RESUME: partial(self._do, lambda panel: panel.resume()),
            _STOP: partial(self._do, lambda panel: panel.stop()),
            "live.panels": partial(self._do, lambda panel: panel.open_panels_menu()),
            "live.rows": partial(self._do, lambda panel: panel.change_rows()),
            **{f"live.panel_{deed}": partial(self._do, partial(_move, deed=deed)) for deed in _DEEDS},
        }.items():
            actions.bind(id, call, self._page)

    def _do(self, deed: Callable[[LivePanel], object]) -> None:
        """Does something with the panel, if there is one: without it nothing is shown that could be paused or scrubbed."""
        if self._panel is not None:
            deed(self._panel)

    def _say(self, text: str, level: str) -> None:
        self._page.session.message.emit(Message(text, level))

    def _make_room(self, followed: bool) -> None:
        """Gives the curves their height when there are some, and the canvas its own again when there are none."""
        place = self._page.live_place
        self._line.setVisible(not followed)
        if self._panel is not None:
            self._panel.setVisible(followed)
        place.setFocusProxy(self._panel if followed and self._panel is not None else self._line)
        place.setMaximumHeight(_ANY if followed else lengths.px(LINE))
        place.setMinimumHeight(HIGH // 2 if followed else lengths.px(LINE))
        splitter = place.parentWidget()
        if not isinstance(splitter, QSplitter):
            return
        sizes, at = splitter.sizes(), splitter.indexOf(place)
        wanted = max(HIGH, sizes[at]) if followed else LINE
        # what the curves take or give back is the canvas's
        sizes[0] = max(1, sizes[0] + sizes[at] - wanted)
        sizes[at] = wanted
        splitter.setSizes(sizes)


def _move(panel: LivePanel, deed: str) -> None:
    panel.move_panel(deed)


class _Line(QFrame):
    """What stands there before anything was started."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(10)
        row.addWidget(label("Live", "strong"))
        row.addWidget(Elided("Press Run to see curves here.", "dim"), 1)
