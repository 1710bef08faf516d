"""What the palette remembers from one day to the next: favourites, what was used last, which families are folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, Signal

from memstudio.desktop.session import Session
from memstudio.experiment.document import Document

#: how many components that were used last are kept
MOST_RECENT = 8
FAVOURITES, RECENT, FOLDED = "palette.favourites", "palette.recent", "palette.folded"


def _nothing(name: str, value: object) -> None:
    """Keeps nothing: a palette by itself, without a window."""


def _ids(kept: Any) -> list[str]:
    """A list of ids as the settings hold it; anything else that stands there is left out."""
    return list(dict.fromkeys(one for one in kept if isinstance(one, str))) if isinstance(kept, list) else []


class Kept(QObject):
    """Favourites and recent, in order, and the folded groups. changed(): one of them is another now."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.favourites: list[str] = []
        self.recent: list[str] = []
        self.folded: set[str] = set()
        self._keep: Callable[[str, object], object] = _nothing
        self._session: Session | None = None
        self._history: object = None
        self._nodes: frozenset[str] = frozenset()

    def remember(self, get: Callable[[str], Any], keep: Callable[[str, object], object]) -> None:
        """Takes what the settings hold, and keeps there what changes from now on."""
        self._keep = keep
        self.favourites, self.recent = _ids(get(FAVOURITES)), _ids(get(RECENT))[:MOST_RECENT]
        self.folded = set(_ids(get(FOLDED)))
        self.changed.emit()

    def follow(self, session: Session) -> None:
        """Counts as used whatever joins the open document by an edit, wherever it was asked for."""
        self._session = session
        self._look(session.document)
        session.document_changed.connect(self._look)

    def _look(self, document: Document) -> None:
        assert self._session is not None
        before, self._nodes = self._nodes, frozenset(node.id for node in document.nodes)
        opened, self._history = self._history is not self._session.history, self._session.history
        if not opened and self._nodes > before:
            self.use(node.component for node in document.nodes if node.id not in before)

    def use(self, components: Iterable[str]) -> None:
        """These were used just now, the last of them last."""
        newest = list(dict.fromkeys(components))[::-1]
        recent = [*newest, *(one for one in self.recent if one not in newest)][:MOST_RECENT]
        if recent != self.recent:
            self.recent = recent
            self._changed(RECENT, recent)

    def star(self, component: str) -> None:
        """Makes a component a favourite, or no longer."""
        if component in self.favourites:
            self.favourites.remove(component)
        else:
            self.favourites.append(component)
        self._changed(FAVOURITES, list(self.favourites))

    def fold(self, groups: Iterable[str], folded: bool) -> None:
        """Folds these groups, or unfolds them."""
        wanted = self.folded | set(groups) if folded else self.folded - set(groups)
        if wanted != self.folded:
            self.folded = wanted
            self._changed(FOLDED, sorted(wanted))

    def _changed(self, name: str, value: object) -> None:
        self._keep(name, value)
        self.changed.emit()
