"""Where add-ons lie: the user's own folder, folders that were given, installed packages. Nothing of theirs runs here."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

from memstudio.ground.paths import library_folder

#: entry points of this group name packages that hold add-ons
GROUP = "memstudio.components"
#: the file that makes a folder an add-on
DECLARE = "declare.py"
#: an add-on is code with a little beside it: more files or bytes are data, and would be read at every start
MOST_FILES, MOST_BYTES = 1_000, 32_000_000

OWN, FOLDER, INSTALLED = "own", "folder", "installed"


@dataclass(frozen=True)
class Found:
    """One add-on as it lies there.

    place: what the user says yes to (a folder's path, or `installed:PACKAGE/NAME`); inside: the add-on's folder below that;
    files: sha256 of each by its path in the add-on; content: sha256 of all that; problem: why it cannot even be looked at.
    """

    name: str
    source: str
    place: str
    inside: str
    folder: Path
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: str = ""
    version: str = ""
    problem: str | None = None

    @property
    def key(self) -> str:
        """The name its modules are imported under: another one as soon as a file changes."""
        return f"{re.sub(r'[^0-9A-Za-z_]', '_', self.name)}_{self.content[:12]}"


def own_folder() -> Path:
    """The user's own folder of add-ons: what lies there is always found."""
    return library_folder() / "components"


def own(families: Collection[str]) -> list[Found]:
    """The add-ons of the user's own folder; a folder there without a declare.py is found too, as a problem."""
    root = own_folder()
    return [looked_at(folder, OWN, str(root), root) for folder in _folders(root, families, whole=False)] if root.is_dir() else []


def given(place: Path, families: Collection[str]) -> list[Found]:
    """The add-ons of a folder: itself, or those in it (FOLDER/NAME or FOLDER/FAMILY/NAME)."""
    return [looked_at(folder, FOLDER, str(place), place) for folder in _folders(place, families, whole=True)]


def installed(families: Collection[str]) -> list[Found]:
    """The add-ons that installed packages name in the group `memstudio.components`; the packages are not imported."""
    found: list[Found] = []
    for point, package, version in _points():
        place = f"installed:{package}/{point.name}"
        root = _package_folder(point.module)
        folders = [] if root is None else _folders(root, families, whole=True)
        if root is None or not folders:
            problem = f"The package {package} names {point.module} as its add-on, but there is no folder with a {DECLARE} there."
            found.append(Found(point.name, INSTALLED, place, "", root or Path(point.module), version=version, problem=problem))
        found += [looked_at(folder, INSTALLED, place, root or folder, version) for folder in folders]
    return found


@cache
def _points() -> tuple[tuple[metadata.EntryPoint, str, str], ...]:
    """Our entry points with package and version; read once, since looking through everything installed takes a while."""
    seen = {}
    for point in metadata.entry_points(group=GROUP):
        package = point.dist.name if point.dist else point.module.partition(".")[0]
        seen[package, point.name] = (point, package, point.dist.version if point.dist else "")
    return tuple(seen[key] for key in sorted(seen))


def _package_folder(module: str) -> Path | None:
    """The folder of a package, found without importing it (or what it lies in)."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    for root in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(root, *rest)
        if folder.is_dir():
            return folder
    return None


def _folders(root: Path, families: Collection[str], whole: bool) -> list[Path]:
    """The add-on folders of a folder. whole: it may be one itself, and folders that are none are passed over."""
    if whole and (root / DECLARE).is_file():
        return [root]
    found: list[Path] = []
    for child in _children(root):
        if (child / DECLARE).is_file():
            found.append(child)
        elif child.name in families:
            found += [one for one in _children(child) if not whole or (one / DECLARE).is_file()]
        elif not whole:
            found.append(child)
    return found


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(child for child in folder.iterdir() if child.is_dir() and child.name[0] not in "._")
    except OSError:
        return []


def looked_at(folder: Path, source: str, place: str, root: Path, version: str = "") -> Found:
    """An add-on with the hashes of its files; what is wrong with the folder itself becomes its problem."""
    inside = folder.relative_to(root).as_posix() if folder != root else ""
    name = folder.name

    def problem(sentence: str) -> Found:
        return Found(name, source, place, inside, folder, version=version, problem=sentence)

    if not (folder / DECLARE).is_file():
        return problem(f"There is no {DECLARE} in {folder}; it says what the add-on is.")
    try:
        files = dict(_hashed(folder))
    except OSError as error:
        return problem(f"{error.filename or folder} cannot be read ({error.strerror}); check that you may read it.")
    except OverflowError:
        many = f"{MOST_FILES:,} files or {MOST_BYTES // 1_000_000} MB"
        return problem(f"The folder {folder} holds more than {many}; keep data elsewhere.")
    return Found(name, source, place, inside, folder, files, content_of(files), version)


def content_of(files: Mapping[str, str]) -> str:
    """One sha256 for all files, names included."""
    return hashlib.sha256("\n".join(f"{name}\0{files[name]}" for name in sorted(files)).encode("utf-8", "surrogateescape")).hexdigest()


def _hashed(folder: Path) -> Iterator[tuple[str, str]]:
    """Each file's path in the folder and its sha256. Raises OverflowError where there is too much, OSError."""
    count = size = 0
    for at, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "__pycache__")
        for name in sorted(names):
            file = Path(at, name)
            if name[0] == "." or name.endswith(".pyc") or not file.is_file():
                continue
            count, size = count + 1, size + file.stat().st_size
            if count > MOST_FILES or size > MOST_BYTES:
                raise OverflowError(str(folder))
            yield file.relative_to(folder).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()


def _raise(error: OSError) -> None:
    raise error
