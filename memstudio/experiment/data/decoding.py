"""The bytes of a file of the user's: its hash, what encoding a text has, and reading it as text."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from pathlib import Path
from typing import IO

from memstudio.experiment.data.records import Progress, Stop, Stopped
from memstudio.experiment.parameters import Refusal

_PIECE = 1 << 20
#: the marks that a text may begin with, and the encoding each stands for
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def opened(path: Path) -> IO[bytes]:
    """A plain file, open for reading. A pipe or a device is no file: it is not even opened, as that could wait forever."""
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise Refusal(f"{path.name or path} is no file of data; choose a plain file.")
        file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    except FileNotFoundError:
        raise Refusal(f"There is no file {path}; choose it again.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name cannot be used"
        raise Refusal(f"{path} cannot be read: {reason}.") from None
    if kind.st_size == 0:
        file.close()
        raise Refusal(f"{path.name} is empty; choose a file with data.")
    return file


def content_hash(path: Path, progress: Progress | None = None, stop: Stop | None = None) -> str:
    """The sha256 of a file's content, read piece by piece. Raises Refusal, Stopped."""
    digest = hashlib.sha256()
    with opened(path) as file:
        size = max(1, os.fstat(file.fileno()).st_size)
        done = 0
        while piece := file.read(_PIECE):
            if stop is not None and stop():
                raise Stopped()
            digest.update(piece)
            done += len(piece)
            if progress is not None:
                progress(min(1.0, done / size))
    return digest.hexdigest()


def encoding_of(path: Path, most: int | None = None, stop: Stop | None = None) -> str:
    """The encoding of a text, by its mark or by what its bytes can be: UTF-8, UTF-16 or Latin-1. most: bytes that are looked at."""
    with opened(path) as file:
        first = file.read(_PIECE)
        for mark, encoding in _MARKS:
            if first.startswith(mark):
                return encoding
        half = len(first) // 2
        zeros = (first[1 : 2 * half : 2].count(0), first[0 : 2 * half : 2].count(0))
        if half and max(zeros) > half // 2 and min(zeros) < half // 8:
            return "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"
        if b"\0" in first:
            raise Refusal(f"{path.name} is no text: it holds zero bytes; choose a CSV, Parquet or NPZ file.")
        decoder = codecs.getincrementaldecoder("utf-8")()
        piece, done = first, 0
        try:
            while piece:
                decoder.decode(piece)
                done += len(piece)
                if stop is not None and stop():
                    raise Stopped()
                piece = b"" if most is not None and done >= most else file.read(_PIECE)
            if most is None:
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"
