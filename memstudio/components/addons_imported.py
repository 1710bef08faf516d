"""Imports an add-on's files as modules, each only while it is the file that was read and agreed to."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

#: the package that all add-ons are imported under, as PACKAGE.KEY.declare
PACKAGE = "memstudio_addons"


class Verified(SourceFileLoader):
    """Runs a file whose sha256 is the expected one; writes and reads no compiled files."""

    def __init__(self, name: str, path: str, sha256: str) -> None:
        super().__init__(name, path)
        self._sha256 = sha256

    def path_stats(self, path: str | bytes) -> Mapping[str, float]:
        """None: then a compiled file is never looked for."""
        raise OSError(f"{path!r} is compiled anew in every process")

    def get_data(self, path: str) -> bytes:
        """The file's bytes. Raises ImportError where it is another one by now."""
        data = super().get_data(path)
        if path == self.path and hashlib.sha256(data).hexdigest() != self._sha256:
            raise ImportError(f"{path} has changed since it was read", name=self.name, path=path)
        return data

    def exec_module(self, module: ModuleType) -> None:
        try:
            super().exec_module(module)
        except SystemExit as error:
            raise ImportError(f"{self.path} ends the program (SystemExit: {error})", name=self.name, path=self.path) from error


class _Package(SourceFileLoader):
    """A folder without an __init__.py."""

    def exec_module(self, module: ModuleType) -> None:
        return

    def is_package(self, fullname: str) -> bool:
        return True


class AddOnImporter(MetaPathFinder):
    """Finds PACKAGE.KEY.… among the files of the add-ons it knows, and nothing else."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Path, Mapping[str, str]]] = {}

    def know(self, key: str, folder: Path, files: Mapping[str, str]) -> str:
        """Makes an add-on importable; returns the name of its package."""
        self._known[key] = (folder, files)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        return f"{PACKAGE}.{key}"

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        if top != PACKAGE:
            return None
        if not rest:
            return _folder_spec(fullname, "")
        key, *inside = rest.split(".")
        if key not in self._known:
            return None
        folder, files = self._known[key]
        at = "/".join(inside)
        for name, search in ((f"{at}/__init__.py".lstrip("/"), True), (f"{at}.py", False)):
            if name in files:
                file = folder / name
                loader = Verified(fullname, str(file), files[name])
                return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=[] if search else None)
        if not at or any(name.startswith(f"{at}/") for name in files):
            return _folder_spec(fullname, str(folder / at))
        return None


def _folder_spec(name: str, folder: str) -> ModuleSpec:
    # without a path of its own: along one, Python's own finder would find files that nobody has looked at
    return ModuleSpec(name, _Package(name, folder), is_package=True)


#: the one of this process
IMPORTER = AddOnImporter()
