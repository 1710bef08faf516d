"""Unsaved work that windows left behind beside a library: which there is, and which of it differs from what is on the disk."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.experiment.document import Document
    from memstudio.experiment.history import History

#: the folder of the journals, beside the library
FOLDER = "unsaved"
#: how windows before journals kept what was not saved
OLDER = "unsaved.memx"
#: journals that a window of this process writes
_ours: set[Path] = set()


@dataclass(frozen=True)
class Left:
    """Unsaved work: its history, the file it was saved to, when its last edit was (seconds since 1970), its own file.

    damaged: not all of it could be read.
    """

    history: History
    path: Path | None
    when: float
    file: Path
    damaged: bool = False

    @property
    def document(self) -> Document:
        """The document as it was last."""
        return self.history.document

    @property
    def title(self) -> str:
        """What the document is called."""
        return self.document.title or "Untitled experiment"

    @property
    def last_edit(self) -> str:
        """What was done last, in words."""
        return self.history.undo_name or "opened"


def header() -> dict[str, Any]:
    """What a journal says of the process that writes it."""
    from memstudio.ground.machine import this_process

    return asdict(this_process())


def take(folder: Path) -> Path:
    """A name for a journal that no other window has. It is ours until `leave`."""
    file = folder / FOLDER / f"{os.getpid()}-{time.time_ns():x}.journal"
    _ours.add(file)
    return file


def leave(file: Path) -> None:
    """The window writes this journal no more."""
    _ours.discard(file)


def look(folder: Path) -> list[Left]:
    """Unsaved work that no living window holds and that differs from what is on the disk, the newest first.

    What is on the disk already is removed. Takes as long as the journals are long: not for the window's thread.
    """
    found = []
    for file in sorted((folder / FOLDER).glob("*.journal")) if (folder / FOLDER).is_dir() else ():
        if file not in _ours and not _is_written(file):
            left = _read(file)
            if left is not None:
                found.append(left)
    older = _older(folder / OLDER)
    return sorted([*found, *([older] if older is not None else [])], key=lambda left: -left.when)


def _read(file: Path) -> Left | None:
    from memstudio.experiment import journal
    from memstudio.experiment.history import History

    found = journal.read(file)
    if found is None:
        # nothing of it can be read by us; perhaps by hand
        with contextlib.suppress(OSError):
            file.replace(file.with_suffix(".unreadable"))
        return None
    there = None if found.path is None else on_disk(found.path)
    if (there if found.path is not None else found.history.on_disk) == found.document:
        remove(file)
        return None
    saved = found.history.on_disk if there is not None and found.history.on_disk == there else None
    history = History.of(found.history.entries, found.history.index, saved)
    return Left(history, found.path, found.when, file, found.damaged)


def on_disk(path: Path) -> Document | None:
    """What a file says, None where it cannot be read."""
    from memstudio.experiment import files

    try:
        return files.read(path)
    except (OSError, Refusal):
        return None


def _older(file: Path) -> Left | None:
    from memstudio.experiment.history import History

    document = on_disk(file) if file.exists() else None
    if document is None:
        return None
    history = History(document)
    history.mark_unsaved()
    return Left(history, None, file.stat().st_mtime, file)


def _is_written(file: Path) -> bool:
    """Whether a living process holds this journal, or one of another machine, of which nothing is known here."""
    from memstudio.experiment import journal
    from memstudio.ground.machine import Identity, is_alive, machine_id

    said = journal.header(file)
    try:
        identity = Identity(str(said["machine"]), int(said["pid"]), float(said["pid_started"]), str(said["boot_id"]))
    except (KeyError, TypeError, ValueError):
        return False
    if identity.machine != machine_id():
        return True
    return identity.pid != os.getpid() and is_alive(identity)


def remove(file: Path) -> None:
    """What it held is saved, or was thrown away."""
    for one in (file, file.with_name(f"{file.name}.backup")):
        with contextlib.suppress(OSError):
            one.unlink(missing_ok=True)
