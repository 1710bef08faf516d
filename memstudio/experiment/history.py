"""The history of edits: documents are immutable, so undo is going back to the one before."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from memstudio.experiment.document import Document

#: Documents share what they have in common, so an entry costs a few kB; beyond this nobody goes back.
LONGEST = 1000
#: bytes that the documents of a history may take together; what is oldest is forgotten first
MOST = 64 * 2**20
#: about what a node with its values takes in memory (measured: 1.9 kB with eight values), a wire, a case of a study, a place in a list
_NODE, _WIRE, _CASE, _PLACE = 2000, 800, 1500, 8


@dataclass(frozen=True)
class Entry:
    """One edit: what it is called (`Move 3 components`), the document after it, when it was (seconds since 1970).

    weight: bytes that its document takes besides what it shares with the one before it.
    """

    name: str
    document: Document
    merge: Hashable | None = None
    at: float = field(default_factory=time.time)
    weight: int = 0


def weight(before: Document | None, after: Document) -> int:
    """About how many bytes a document takes besides what it shares with another one."""
    total = 0
    for name, each in (("nodes", _NODE), ("wires", _WIRE), ("groups", _WIRE), ("notes", _WIRE)):
        now: Sequence[object] = getattr(after, name)
        old: Sequence[object] = getattr(before, name) if before is not None else ()
        if now is not old:
            known = {id(one) for one in old}
            total += _PLACE * len(now) + each * sum(id(one) not in known for one in now)
    if before is None or after.run is not before.run:
        total += _WIRE + _CASE * sum(len(axis.cases or axis.values or ()) for axis in after.run.vary)
    if before is None or after.about != before.about:
        total += len(after.about)
    return total + _WIRE


class History:
    """The document as it is now, what it was before each edit, and what undoing took away.

    Edits with the same `merge` key that follow each other become one (a slider being dragged, text being typed).
    """

    def __init__(self, document: Document, name: str = "Open") -> None:
        self._entries = [Entry(name, document, weight=weight(None, document))]
        self._at = 0
        self._saved: Document | None = document
        self._may_merge = False

    @classmethod
    def of(cls, entries: Sequence[Entry], index: int, saved: Document | None) -> History:
        """A history as it was: its entries (at least one), where among them it stood, what was on the disk."""
        made = cls(entries[0].document)
        made._entries = list(entries)
        made._at = min(max(0, index), len(made._entries) - 1)
        made._saved = saved
        return made

    @property
    def document(self) -> Document:
        """The document now."""
        return self._entries[self._at].document

    def apply(self, name: str, document: Document, merge: Hashable | None = None) -> bool:
        """Takes an edit; False where it changes nothing. What had been undone is forgotten."""
        if document is self.document or document == self.document:
            return False
        last = self._entries[self._at]
        if merge is not None and self._may_merge and self._at > 0 and last.merge == merge and self._at == len(self._entries) - 1:
            before = self._entries[self._at - 1].document
            self._entries[self._at] = Entry(name, document, merge, weight=weight(before, document))
            return True
        self._entries = [*self._entries[: self._at + 1], Entry(name, document, merge, weight=weight(self.document, document))]
        self._forget()
        self._at = len(self._entries) - 1
        self._may_merge = True
        return True

    def _forget(self) -> None:
        """Forgets what is oldest, beyond what a history may hold."""
        extra = len(self._entries) - LONGEST
        total, keep = 0, len(self._entries)
        while keep > 0 and (keep > len(self._entries) - 2 or total + self._entries[keep - 1].weight <= MOST):
            keep -= 1
            total += self._entries[keep].weight
        del self._entries[: max(0, extra, keep)]

    def stop_merging(self) -> None:
        """Makes the next edit one of its own, whatever its key (the slider was let go)."""
        self._may_merge = False

    def undo(self) -> Document:
        """Back before the last edit; the document then. Nothing happens at the beginning."""
        self._at = max(0, self._at - 1)
        self._may_merge = False
        return self.document

    def redo(self) -> Document:
        """Forward again over what was undone; the document then."""
        self._at = min(len(self._entries) - 1, self._at + 1)
        self._may_merge = False
        return self.document

    def go_to(self, index: int) -> Document:
        """To the entry of that index in `entries`."""
        self._at = min(max(0, index), len(self._entries) - 1)
        self._may_merge = False
        return self.document

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at < len(self._entries) - 1

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self._entries[self._at].name if self.can_undo else ""

    @property
    def redo_name(self) -> str:
        """What redo would do again; empty where there is nothing."""
        return self._entries[self._at + 1].name if self.can_redo else ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that can be gone back or forward to; the first is the document as it was opened."""
        return tuple(self._entries)

    @property
    def bytes(self) -> int:
        """About how much memory the documents of it take."""
        return sum(entry.weight for entry in self._entries)

    @property
    def on_disk(self) -> Document | None:
        """The document as it was saved or opened last; None where nothing of it is on the disk."""
        return self._saved

    @property
    def index(self) -> int:
        """Where in `entries` the document is now."""
        return self._at

    def mark_saved(self) -> None:
        """Says that the document as it is now is on the disk."""
        self._saved = self.document
        self._may_merge = False

    def mark_unsaved(self) -> None:
        """Says that nothing of it is on the disk (a new document, a gallery study opened as a copy)."""
        self._saved = None

    @property
    def saved(self) -> bool:
        """Whether the document is as it is on the disk; undoing back to what was saved makes it so again."""
        return self._saved is not None and (self._saved is self.document or self._saved == self.document)
