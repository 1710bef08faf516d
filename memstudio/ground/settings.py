"""The user's settings: one small JSON file with a version, migrated step by step, read with defaults and written atomically."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from memstudio.ground.files import write_atomically
from memstudio.ground.paths import settings_file

#: the version that this program writes; files before versions are version 1
VERSION = 2
_KEY = "version"


def _to_2(values: dict[str, Any]) -> dict[str, Any]:
    """The window's size and place was a text; it stands beside page, panels and splitters now."""
    window = values.get("window")
    return values | {"window": {"geometry": window}} if isinstance(window, str) else values


#: by the version they start from
_STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _to_2}


def migrated(values: dict[str, Any]) -> dict[str, Any]:
    """Settings of any version as this program reads them; of a newer one what it knows is read. Unknown keys stay."""
    version = values.get(_KEY, 1)
    now = version if isinstance(version, int) and not isinstance(version, bool) and version > 0 else 1
    while now in _STEPS:
        values = _STEPS[now](values)
        now += 1
    return values | {_KEY: max(now, VERSION)}


class Settings:
    """Settings by name. A missing or damaged file reads as empty; the damaged one is kept as `settings.json.damaged`.

    notice: one sentence for the person where something was wrong with the file, or nothing.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or settings_file()
        self.notice = ""
        self._values = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            values = json.loads(self.file.read_text(encoding="utf-8"))
            if not isinstance(values, dict):
                raise ValueError("no object")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            self._set_aside()
            return {}
        return migrated(values)

    def _set_aside(self) -> None:
        aside = self.file.with_name(self.file.name + ".damaged")
        try:
            self.file.replace(aside)
        except OSError:
            self.notice = f"The settings in {self.file.name} cannot be read; those that come with the program are used."
            return
        self.notice = f"The settings could not be read. They are kept as {aside.name}; those that come with the program are used."

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a setting, or the default."""
        return self._values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Keeps a setting, and what other processes have kept since this was read.

        A folder that cannot be written leaves the value for this session only.
        """
        self._values = migrated(self._values | self._read() | {name: value})
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.file, json.dumps(self._values, indent=2, sort_keys=True) + "\n")
        except OSError:
            return
