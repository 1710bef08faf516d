"""Files that are written for a person: never over another unless it was said, and what goes wrong in one sentence."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from memstudio.experiment.parameters import Refusal
from memstudio.ground.files import write_atomically


class InTheWay(Refusal):
    """Something stands where a file was to be written (what was typed is wrong, not what is reported)."""


def refuse_what_is_there(path: Path, force: bool = False) -> None:
    """Raises InTheWay where a file of that name is there and need not be replaced, or where its folder is missing."""
    if path.is_dir():
        raise InTheWay(f"{path} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise InTheWay(f"There is no folder {path.parent}; make it, or choose another place.")
    if path.exists() and not force:
        raise InTheWay(f"{path} is there already; replace it with --force, or choose another name.")


def save(path: Path, data: bytes | str, force: bool = False) -> None:
    """Writes a file in one go. Raises InTheWay, or Refusal where it cannot be written; then what was there still stands."""
    refuse_what_is_there(path, force)
    try:
        write_atomically(path, data)
    except OSError as error:
        raise Refusal(cannot(path, error)) from error


def cannot(path: Path, error: OSError) -> str:
    """Why a file could not be written, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"There is no room left on the disk for {path}; free some, or choose another place."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} cannot be written, because its folder is read-only for you; choose another place."
    return f"{path} cannot be written ({error.strerror or error}); choose another place."


def beside(path: Path, name: str) -> Path:
    """Another file in the same folder."""
    return path.with_name(name)


@contextmanager
def written_in_place(paths: Sequence[Path], force: bool = False) -> Iterator[list[Path]]:
    """Temporary files beside these, all put in their places at the end; none of them where anything goes wrong.

    For what is too large to be held, or written by a library of others. Raises InTheWay, or Refusal where they cannot be written.
    """
    for path in paths:
        refuse_what_is_there(path, force)
    made: list[Path] = []
    try:
        for path in paths:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
            os.close(handle)
            made.append(Path(name))
        yield made
        for temporary, path in zip(made, paths, strict=True):
            _flush(temporary)
            os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        for temporary, path in zip(made, paths, strict=True):
            os.replace(temporary, path)
    except OSError as error:
        raise Refusal(cannot(paths[0], error)) from error
    finally:
        for temporary in made:
            temporary.unlink(missing_ok=True)


def save_pieces(path: Path, pieces: Iterable[str], force: bool = False) -> None:
    """Writes a text piece by piece, in one go as far as others see."""
    with written_in_place([path], force) as (temporary,), temporary.open("w", encoding="utf-8", newline="") as file:
        for piece in pieces:
            file.write(piece)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
