"""The user's settings: one small JSON file, read with defaults and written atomically."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from memstudio.ground.files import write_atomically
from memstudio.ground.paths import settings_file


class Settings:
    """Settings by name. A missing or damaged file reads as empty; the damaged one is kept as `settings.json.damaged`."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or settings_file()
        self._values = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            values = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            self._set_aside()
            return {}
        return values if isinstance(values, dict) else {}

    def _set_aside(self) -> None:
        try:
            self.file.replace(self.file.with_name(self.file.name + ".damaged"))
        except OSError:
            return

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a setting, or the default."""
        return self._values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Keeps a setting, and what other processes have kept since this was read.

        A folder that cannot be written leaves the value for this session only.
        """
        self._values = self._values | self._read() | {name: value}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.file, json.dumps(self._values, indent=2, sort_keys=True) + "\n")
        except OSError:
            return
