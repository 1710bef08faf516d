"""Reading a text: the bundled one, or a file of the user's, with what can be wrong said in a sentence."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from memstudio.experiment.parameters import Refusal

#: the largest file that is read: tokens of it take seconds and some hundred megabytes
MOST_BYTES = 32 * 1024 * 1024


def bundled() -> str:
    """The descriptions of scikit-learn's data sets, in the order of their names.

    The files are read as they stand where they can be found: importing scikit-learn takes about a second.
    """
    found = importlib.util.find_spec("sklearn")
    places = (found.submodule_search_locations if found else None) or ()
    files = [file for place in places for file in sorted(Path(place, "datasets", "descr").glob("*.rst"))]
    if not files:
        raise Refusal("The bundled text is not there: scikit-learn's descriptions of data sets were not found; choose a text file.")
    return "\n\n".join(file.read_text(encoding="utf-8") for file in files)


def read(file: Mapping[str, str]) -> str:
    """The text of a file {"path": ..., "sha256": ...}, line ends as one character. Raises Refusal."""
    path = Path(file["path"]).expanduser()
    content = _content(path)
    wanted = file.get("sha256")
    if wanted and hashlib.sha256(content).hexdigest() != wanted:
        raise Refusal(f"The text file {path} has changed since it was chosen; choose it again to take it as it is now.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(f"The text file {path} is not UTF-8 (byte {error.start:,} cannot be read); save it as UTF-8.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _content(path: Path) -> bytes:
    """The bytes of a plain file. A pipe or a device is no file: it is not even opened, as that could wait forever."""
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise Refusal(f"{path} is no file of text; choose a plain file.")
        if kind.st_size > MOST_BYTES:
            raise Refusal(f"The text file {path} has {kind.st_size:,} bytes; at most {MOST_BYTES:,} are read.")
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as opened:
            return opened.read(MOST_BYTES + 1)[:MOST_BYTES]
    except Refusal:
        raise
    except FileNotFoundError:
        raise Refusal(f"There is no text file {path}; choose it again.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name cannot be used"
        raise Refusal(f"The text file {path} cannot be read: {reason}.") from None
