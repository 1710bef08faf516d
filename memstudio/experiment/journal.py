"""The journal of a window's edits: a file that only grows, from which a history is made again after a crash.

A line is a record, `CRC32 JSON`. `edit` adds a document after another one and takes away what had been undone: the first and every
hundredth as a whole, others as what they changed. `at` says where undoing has gone, `saved` what is on the disk. A line that cannot be
read is passed over; what follows it is read again from the next whole document on.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memstudio.experiment import deltas, files
from memstudio.experiment.document import Document
from memstudio.experiment.history import LONGEST, Entry, History, weight
from memstudio.experiment.parameters import Refusal
from memstudio.ground.files import write_atomically

VERSION = 1
ENDING = ".journal"
#: a journal longer than this is begun anew with what can still be undone
LONG = 24 * 2**20
#: every so many edits the whole document is written, so that a damaged line costs no more than those before the next one
WHOLE = 100
#: what is longer was not written by us
_LONGEST_FILE = 256 * 2**20


@dataclass(frozen=True)
class State:
    """What a window has to keep, taken from a history at one moment. saved: what is on the disk, None where nothing is."""

    entries: tuple[Entry, ...]
    index: int
    saved: Document | None
    path: Path | None = None

    @property
    def document(self) -> Document:
        """The document at that moment."""
        return self.entries[self.index].document


def state_of(history: History, path: Path | None) -> State:
    """What is to be kept of a history. Cheap: nothing is copied but the list."""
    return State(history.entries, history.index, history.on_disk, path)


class Writer:
    """Brings a journal up to what a window holds. One thread at a time; nothing is written before the first edit.

    header: what the first line says besides (which process this is).
    """

    def __init__(self, file: Path, header: Mapping[str, Any]) -> None:
        self.file, self.header = file, dict(header)
        self._numbers: dict[int, int] = {}
        self._written: tuple[Entry, ...] = ()
        self._index = -1
        self._saved: tuple[Document | None, Path | None] = (None, None)
        self._next = 0
        self._good = 0

    def bring(self, state: State) -> bool:
        """Writes what is new since the last time and flushes it to the disk; whether there was anything. Raises OSError.

        After an error the same is tried again the next time: what was half written is cut off first.
        """
        if not self._written and len(state.entries) == 1 and state.saved is not None:
            return False
        before = (dict(self._numbers), self._written, self._index, self._saved, self._next)
        anew = not self._written or self._good > LONG or not any(id(entry) in self._numbers for entry in state.entries)
        try:
            lines = list(self._anew(state) if anew else self._more(state))
            if lines:
                self._write("".join(lines).encode("utf-8"), anew)
        except BaseException:
            self._numbers, self._written, self._index, self._saved, self._next = before
            raise
        self._written, self._index, self._saved = state.entries, state.index, (state.saved, state.path)
        # an entry that has gone may leave its id to another one
        self._numbers = {id(entry): self._numbers[id(entry)] for entry in state.entries}
        return bool(lines)

    def _write(self, raw: bytes, anew: bool) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if anew:
            write_atomically(self.file, raw)
            self._good = len(raw)
            return
        handle = os.open(self.file, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        try:
            os.ftruncate(handle, self._good)
            os.lseek(handle, self._good, os.SEEK_SET)
            left = memoryview(raw)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        self._good += len(raw)

    def _anew(self, state: State) -> Iterator[str]:
        self._numbers, self._next = {}, 0
        yield _line({"journal": VERSION, **self.header})
        first = state.entries[0]
        yield _line({"kind": "edit", "n": self._number(first), "name": first.name, "t": first.at, "document": files.plain(first.document)})
        yield from self._edits(state.entries[:1], state.entries)
        yield _line({"kind": "at", "n": self._numbers[id(state.entries[state.index])]})
        yield self._on_disk(state)

    def _more(self, state: State) -> Iterator[str]:
        if state.entries != self._written:
            yield from self._edits(self._written, state.entries)
        now = state.entries[state.index]
        last = self._written[self._index]
        if now is not last:
            yield _line({"kind": "at", "n": self._numbers[id(now)]})
        if (state.saved, state.path) != self._saved:
            yield self._on_disk(state)

    def _edits(self, old: Sequence[Entry], new: Sequence[Entry]) -> Iterator[str]:
        """The entries that were not written yet. Where nothing new replaces what had been undone, `at` says all."""
        written = {id(entry) for entry in old}
        for place, entry in enumerate(new):
            if id(entry) not in written:
                before = new[place - 1]
                after = self._numbers[id(before)]
                whole = self._next % WHOLE == 0
                what = files.plain(entry.document) if whole else deltas.between(before.document, entry.document)
                said = {"n": self._number(entry), "after": after, "name": entry.name, "t": entry.at, "document" if whole else "delta": what}
                yield _line({"kind": "edit", **said})

    def _number(self, entry: Entry) -> int:
        self._numbers[id(entry)] = self._next
        self._next += 1
        return self._next - 1

    def _on_disk(self, state: State) -> str:
        saved = next((self._numbers[id(entry)] for entry in state.entries if entry.document is state.saved), None)
        return _line({"kind": "saved", "n": saved, "path": None if state.path is None else str(state.path), "t": time.time()})

    def forget(self) -> None:
        """Removes the journal: what it held is saved, or was thrown away."""
        with contextlib.suppress(OSError):
            self.file.unlink(missing_ok=True)
        self._numbers, self._written, self._good = {}, (), 0


def _line(record: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        raw = text.encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal(f"An edit cannot be kept: {error}; reset the value that is no plain JSON.") from None
    return f"{zlib.crc32(raw):08x} {text}\n"


# ---------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class Found:
    """What a journal holds. history: as it was; path: the file it was saved to; damaged: not all of it could be read."""

    file: Path
    history: History
    path: Path | None
    when: float
    damaged: bool

    @property
    def document(self) -> Document:
        """The document as it was last."""
        return self.history.document

    @property
    def last_edit(self) -> str:
        """What the last edit was called; empty where there was none."""
        return self.history.undo_name


def header(file: Path) -> dict[str, Any]:
    """The first record of a journal: which process writes it; empty where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return _record(stream.readline(65_536)) or {}
    except OSError:
        return {}


def read(file: Path) -> Found | None:
    """All that can be read of a journal, or None where that is no document."""
    try:
        if file.stat().st_size > _LONGEST_FILE:
            return None
        raw = file.read_bytes()
    except OSError:
        return None
    reading = _Reading()
    for line in raw.split(b"\n"):
        if line:
            record = _record(line)
            if record is None:
                reading.damaged = True
            elif "kind" in record:
                reading.take(record)
    return reading.found(file)


def _record(line: bytes) -> dict[str, Any] | None:
    text = line.rstrip(b"\n")
    sum_, _, body = text.partition(b" ")
    try:
        if int(sum_, 16) != zlib.crc32(body):
            return None
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class _Reading:
    """A history put together from its records."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.numbers: list[int] = []
        self.at = 0
        self.saved: int | None = None
        self.path: Path | None = None
        self.when = 0.0
        self.damaged = False

    def take(self, record: Mapping[str, Any]) -> None:
        """One more record; one that makes no sense after those before is passed over."""
        try:
            {"edit": self._edit, "at": self._at, "saved": self._on_disk}[record["kind"]](record)
        except (Refusal, KeyError, ValueError, TypeError):
            self.damaged = True

    def _edit(self, record: Mapping[str, Any]) -> None:
        number, name, when = int(record["n"]), str(record["name"]), float(record["t"])
        place = self.numbers.index(record["after"]) if record.get("after") in self.numbers else -1
        before = self.entries[place].document if place >= 0 else None
        if "document" in record:
            # where the one before could not be read the history begins anew
            document = files.parse(json.dumps(record["document"]), "The journal")
        elif before is not None:
            document = deltas.applied(before, record["delta"])
        else:
            raise Refusal("An edit of a document that could not be read.")
        self.entries[place + 1 :] = [Entry(name, document, at=when, weight=weight(before, document))]
        self.numbers[place + 1 :] = [number]
        self.entries, self.numbers = self.entries[-LONGEST:], self.numbers[-LONGEST:]
        self.at, self.when = len(self.entries) - 1, when

    def _at(self, record: Mapping[str, Any]) -> None:
        self.at = self.numbers.index(record["n"])

    def _on_disk(self, record: Mapping[str, Any]) -> None:
        self.saved = record["n"]
        self.path = None if record["path"] is None else Path(record["path"])
        self.when = float(record["t"])

    def found(self, file: Path) -> Found | None:
        """What came of it."""
        if not self.entries:
            return None
        saved = self.entries[self.numbers.index(self.saved)].document if self.saved in self.numbers else None
        return Found(file, History.of(self.entries, self.at, saved), self.path, self.when, self.damaged)
