"""Opening a bundle: a zip from anywhere, so nothing in it is believed until it has been checked."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memstudio.experiment.parameters import Refusal

FORMAT = "memstudio-bundle"
VERSION = 1
SUFFIX = ".memlib"
MANIFEST = "manifest.json"
DATABASE = "library.db"
#: The only names that an entry may have; none of them leads out of the folder.
_NAMES = re.compile(r"library\.db|artifacts/[0-9a-f]{2}/[0-9a-f]{62}|logs/[0-9a-f]{1,64}\.txt")
_SHA = re.compile(r"[0-9a-f]{64}")
#: A manifest is a line a file; one of 64 MB would name half a million.
LARGEST_MANIFEST = 64 << 20
#: Databases and logs shrink tenfold or so; what grows a hundredfold and more was made to fill a disk.
MOST_GROWTH = 200
GROWTH_COUNTS_FROM = 1 << 20
_PART = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file of a bundle as its manifest names it."""

    name: str
    sha256: str
    size: int


def is_bundle(path: Path) -> bool:
    """Whether a file is a zip (what is in it is checked when it is opened)."""
    try:
        with open(path, "rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def unpack(path: Path, folder: Path) -> None:
    """Unpacks a bundle into a new folder as a library with its files, each of the size and content that the manifest says.

    Raises Refusal: no bundle, a newer one, names that lead elsewhere, links, doubled or missing entries, wrong hashes, no room.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _entries(path, archive)
            members = _manifest(path, archive, entries.pop(MANIFEST, None))
            if set(members) != set(entries) or DATABASE not in members:
                raise _refusal(path, "its list of files and its files are not the same")
            _refuse_too_large(path, folder, members, entries)
            folder.mkdir(parents=True)
            for member in members.values():
                _unpack_one(path, archive, entries[member.name], member, folder / member.name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, ValueError, OverflowError) as error:
        raise error if isinstance(error, Refusal) else _refusal(path, str(error) or type(error).__name__) from error
    except OSError as error:
        raise Refusal(f"The bundle {path} cannot be unpacked ({error.strerror or error}); make room and try again.") from error


def _refusal(path: Path, why: str) -> Refusal:
    return Refusal(f"{path} is no bundle that can be opened: {why}; ask for it again.")


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries by name. Raises Refusal for every one that a bundle does not have."""
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename
        if name in found:
            raise _refusal(path, f"{name!r:.100} is in it twice")
        if name != MANIFEST and not _NAMES.fullmatch(name):
            raise _refusal(path, f"it holds {name!r:.100}, which no bundle does")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or entry.is_dir():
            raise _refusal(path, f"{name!r:.100} is no plain file")
        if entry.flag_bits & 1:
            raise _refusal(path, "it is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refusal(path, f"{name!r:.100} is packed in a way that bundles are not")
        found[name] = entry
    return found


def _manifest(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo | None) -> dict[str, Member]:
    if entry is None:
        raise _refusal(path, "it has no list of its files")
    if entry.file_size > LARGEST_MANIFEST:
        raise _refusal(path, "its list of files is too long")
    with archive.open(entry) as file:
        text = file.read(LARGEST_MANIFEST + 1)
    try:
        says = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refusal(path, "its list of files cannot be read") from error
    if not isinstance(says, dict) or says.get("format") != FORMAT:
        raise _refusal(path, "it does not say that it is one")
    if says.get("version") != VERSION:
        raise Refusal(f"{path} was made by a newer MemStudio (a bundle of version {says.get('version')!r:.20}); use the newer program.")
    files = says.get("files")
    return {member.name: member for member in map(_member, files if isinstance(files, list) else [{}])}


def _member(says: Any) -> Member:
    """One line of the manifest. ValueError where it is none."""
    name, sha, size = (says.get(key) if isinstance(says, dict) else None for key in ("name", "sha256", "size"))
    if not (isinstance(name, str) and _NAMES.fullmatch(name) and isinstance(sha, str) and _SHA.fullmatch(sha)):
        raise ValueError("its list of files names one that no bundle has")
    if not (isinstance(size, int) and not isinstance(size, bool) and size >= 0):
        raise ValueError("its list of files gives a size that none has")
    if name.startswith("artifacts/") and name.removeprefix("artifacts/").replace("/", "") != sha:
        raise ValueError("its list of files gives a file another name than its content has")
    return Member(name, sha, size)


def _refuse_too_large(path: Path, folder: Path, members: dict[str, Member], entries: dict[str, zipfile.ZipInfo]) -> None:
    """Before a byte is written: sizes agree, nothing grows beyond what our own files can, and the disk has room."""
    for member in members.values():
        entry = entries[member.name]
        if entry.file_size != member.size:
            raise _refusal(path, f"{member.name!r:.100} is not of the size its list says")
        if member.size > GROWTH_COUNTS_FROM and member.size > MOST_GROWTH * max(1, entry.compress_size):
            raise _refusal(path, f"{member.name!r:.100} would grow more than {MOST_GROWTH}-fold, as files made to fill a disk do")
    packed, whole = sum(entry.compress_size for entry in entries.values()), sum(member.size for member in members.values())
    if packed > path.stat().st_size:
        raise _refusal(path, "its files overlap")
    free = shutil.disk_usage(folder.parent).free
    if whole > free:
        needs, left = f"{whole / 1e6:,.0f} MB", f"{free / 1e6:,.0f} MB"
        raise Refusal(f"The bundle {path} needs {needs}, and the disk has {left} left; make room and try again.")


def _unpack_one(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, member: Member, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with archive.open(entry) as packed, open(target, "xb") as out:
        while part := packed.read(min(_PART, member.size - size + 1)):
            size += len(part)
            if size > member.size:
                break
            digest.update(part)
            out.write(part)
    if size != member.size or digest.hexdigest() != member.sha256:
        raise _refusal(path, f"{member.name!r:.100} is not what its list says")
