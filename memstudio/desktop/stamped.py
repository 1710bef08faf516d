"""What a file was like when we read or wrote it last, so that what another program does to it is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memstudio.experiment.document import Document


@dataclass(frozen=True)
class Stamp:
    """Time of the last change (nanoseconds), size (bytes), and the fingerprint of the document; a file that is gone has size -1."""

    changed: int
    size: int
    fingerprint: str = ""

    @property
    def gone(self) -> bool:
        """Whether there is no such file."""
        return self.size < 0


def _seen(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, -1
    return found.st_mtime_ns, found.st_size


def read_stamped(path: Path) -> tuple[Document, Stamp]:
    """The document in a file, and what the file is like. Raises Refusal."""
    from memstudio.experiment import files

    # looked at before it is read: a change meanwhile is then noticed later
    seen = _seen(path)
    document = files.read(path)
    return document, Stamp(*seen, files.fingerprint(document))


def written_over(document: Document, path: Path, expected: Stamp | None) -> Stamp | None:
    """Writes a file and says what it is like then; None, with nothing written, where it is not as expected. Raises Refusal."""
    from memstudio.experiment import files

    if expected is not None:
        now = look(path, expected)
        if now is not None and not now.gone:
            return None
    files.write(document, path)
    return Stamp(*_seen(path), files.fingerprint(document))


def look(path: Path, known: Stamp) -> Stamp | None:
    """What the file is like now, where it says something else than when it was known; None where it says the same.

    A file that was only touched, or written again with the same document, says the same.
    """
    from memstudio.experiment import files
    from memstudio.experiment.parameters import Refusal

    seen = _seen(path)
    if seen == (known.changed, known.size):
        return None
    if seen[1] < 0:
        return Stamp(*seen)
    try:
        print_ = files.fingerprint(files.read(path))
    except (OSError, Refusal):
        print_ = ""
    return None if print_ == known.fingerprint else Stamp(*seen, print_)
