"""What the library keeps of an export: an event of the run, with the numbers in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memstudio import library as libraries

#: the kind of the event
EXPORTED = "exported"


def store(library: Path, run: str, text: str, data: Mapping[str, Any]) -> None:
    """Writes the event. No worker need hold the run: what was exported is no result of it. Raises Refusal.

    It has no step, though `data` does: a run that goes back to an earlier checkpoint does not take back what was exported.
    """
    with libraries.open(library) as opened:
        opened.event(run, EXPORTED, text, data=dict(data))
