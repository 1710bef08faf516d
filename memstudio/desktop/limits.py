"""How runs are run from this window, as the settings keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: the name of the setting
SETTING = "running"


@dataclass(frozen=True)
class Limits:
    """workers: at once, at most (None: as many as there are cores for); warm: one is kept warm; device: of new experiments."""

    workers: int | None = None
    warm: bool = True
    device: str = "auto"

    def written(self) -> dict[str, Any]:
        """As the settings keep it."""
        return asdict(self)


def read(kept: object) -> Limits:
    """What the settings hold; what makes no sense is left out."""
    found = kept if isinstance(kept, Mapping) else {}
    workers, device = found.get("workers"), found.get("device")
    return Limits(
        workers if isinstance(workers, int) and not isinstance(workers, bool) and 1 <= workers <= 1024 else None,
        found.get("warm") is not False,
        device if device in ("auto", "cpu", "cuda", "mps") else "auto",
    )
