"""Arrays of an NPZ file, read without unpickling: what each array claims is judged before a byte of it is unpacked."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from memstudio.experiment.data.decoding import opened
from memstudio.experiment.data.records import Progress, Stop, Stopped
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    import numpy as np

#: bytes that an array may have unpacked, and all arrays of a file together
MOST_BYTES = 4 * 1024**3
#: arrays of a file, axes of an array
_MOST_ARRAYS, _MOST_AXES = 64, 5
_PIECE = 1 << 22
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, KeyError, TypeError,
           SyntaxError, tokenize.TokenError, OverflowError, AttributeError, IndexError, MemoryError, RecursionError)  # fmt: skip


@dataclass(frozen=True)
class Array:
    """An array of a file: its name, shape and type as its header says; member: where it lies in the archive."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool
    member: str

    @property
    def bytes(self) -> int:
        """What it takes unpacked."""
        return math.prod(self.shape) * self.dtype.itemsize


@contextmanager
def archive(path: Path) -> Iterator[tuple[zipfile.ZipFile, list[Array]]]:
    """An NPZ file and what its headers say. Raises Refusal for anything that is none, or claims too much."""
    with opened(path) as file:
        try:
            with zipfile.ZipFile(file) as found:
                yield found, _arrays(path, found)
        except Refusal:
            raise
        except _DAMAGE as error:
            raise Refusal(f"{path.name} is damaged or no NPZ file ({_said(error)}); save it again with numpy.savez.") from None


def _said(error: BaseException) -> str:
    words = " ".join(str(error).split()).rstrip(".")[:80].replace(". ", "; ")
    return words or type(error).__name__


def _arrays(path: Path, found: zipfile.ZipFile) -> list[Array]:
    members = [info for info in found.infolist() if not info.is_dir()]
    if not members or not all(info.filename.endswith(".npy") for info in members):
        raise Refusal(f"{path.name} is no NPZ file: it holds something else than arrays; save it with numpy.savez.")
    if len(members) > _MOST_ARRAYS:
        raise Refusal(f"{path.name} holds {len(members):,} arrays; at most {_MOST_ARRAYS} are read.")
    arrays = [_header(path, found, info) for info in members]
    if len({array.name for array in arrays}) != len(arrays):
        raise Refusal(f"{path.name} holds two arrays of one name; save it again with numpy.savez.")
    for array in arrays:
        if array.bytes > MOST_BYTES:
            size = f"{array.bytes / 1024**3:,.0f} GB"
            raise Refusal(f"The array {array.name} of {path.name} claims {size}; at most {MOST_BYTES / 1024**3:.0f} GB are read.")
    return arrays


def _header(path: Path, found: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    import numpy as np

    name = info.filename.removesuffix(".npy")[:80]
    with found.open(info) as member:
        shape, fortran, dtype = _read_header(member)
        start = member.tell()
    if dtype.hasobject:
        raise Refusal(f"The array {name} of {path.name} holds Python objects, which are never unpickled; save plain numbers or text.")
    if dtype.kind not in "biufUSM" or dtype.fields is not None or dtype.subdtype is not None:
        raise Refusal(f"The array {name} of {path.name} is of type {dtype}; only numbers, text and dates are read.")
    if len(shape) > _MOST_AXES or any(n < 0 for n in shape):
        raise Refusal(f"The array {name} of {path.name} has {len(shape)} axes; at most {_MOST_AXES} are read.")
    array = Array(name, tuple(int(n) for n in shape), np.dtype(dtype), bool(fortran), info.filename)
    if array.bytes <= MOST_BYTES and array.bytes != info.file_size - start:
        raise Refusal(f"The array {name} of {path.name} is not as long as it says; save it again with numpy.savez.")
    return array


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    import numpy as np

    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(member)
    raise ValueError(f"version {version[0]}.{version[1]} of the array format is not known")


def read_array(path: Path, found: zipfile.ZipFile, array: Array, first: int | None = None, stop: Stop | None = None,
               progress: Progress | None = None) -> np.ndarray:  # fmt: skip
    """The array, or its first items; never more bytes than its header claims."""
    import numpy as np

    wanted = array.bytes
    if first is not None and array.shape and not array.fortran:
        wanted = min(wanted, first * (array.bytes // max(1, array.shape[0])))
    data = bytearray()
    with found.open(array.member) as member:
        _read_header(member)
        while len(data) < wanted:
            if stop is not None and stop():
                raise Stopped()
            piece = member.read(min(_PIECE, wanted - len(data)))
            if not piece:
                raise Refusal(f"The array {array.name} of {path.name} ends too early; save it again with numpy.savez.")
            data += piece
            if progress is not None:
                progress(len(data) / max(1, wanted))
    flat = np.frombuffer(bytes(data), dtype=array.dtype)
    if first is not None and array.shape and not array.fortran:
        return flat.reshape(min(first, array.shape[0]), *array.shape[1:])
    return flat.reshape(array.shape, order="F" if array.fortran else "C")
