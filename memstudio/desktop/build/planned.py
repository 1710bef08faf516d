"""What pressing Run comes to, in words: how many runs, about how long, on what."""

from __future__ import annotations

import math
import platform
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memstudio.desktop.words import count
from memstudio.desktop.workers import most_workers
from memstudio.experiment import studies
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.kinds import Kind

if TYPE_CHECKING:
    from memstudio.library import Library

#: earlier runs of the same title that an estimate is made of
_RUNS = 12


def steps_of(document: Document, catalogue: Catalogue) -> int:
    """How many steps all stages of a run take together: the `steps` of everything that trains."""
    steps = 0
    for node in document.nodes:
        if node.component not in catalogue:
            continue
        entry = catalogue.entry(node.component)
        if any(port.kind is Kind.TRAINED for port in entry.component.gives):
            value: Any = {**entry.defaults(), **node.values}.get("steps", 0)
            steps += value if isinstance(value, int) else 0
    return steps


def work(document: Document, catalogue: Catalogue) -> int:
    """How many steps all runs of a study take together, trials included."""
    return steps_of(document, catalogue) * studies.count(document).all


@dataclass(frozen=True)
class Pace:
    """Seconds a step, start and ends included, over so many earlier runs."""

    seconds: float
    runs: int


def pace(library: Library, title: str) -> Pace | None:
    """How quick earlier finished runs of that title were, or None where there were none."""
    rows = [row for row in library.runs(state="finished", limit=400) if title in (row.title, row.study_title)][:_RUNS]
    timed = [(row.ended - row.started) / row.step for row in rows if row.started and row.ended and row.step]
    return Pace(sum(timed) / len(timed), len(timed)) if timed else None


def seconds(document: Document, catalogue: Catalogue, runs: int, pace_now: float, workers: int | None = None) -> float:
    """About how long all runs take at so many seconds a step, with so many workers at once (None: as many as there are cores for)."""
    together = max(1, min(runs, workers or most_workers(document.run.threads)))
    return pace_now * steps_of(document, catalogue) * math.ceil(runs / together)


def about(duration: float | None) -> str:
    """`about 3 min`; nothing where nothing is known. Rounded as an estimate deserves."""
    if duration is None:
        return ""
    if duration < 50:
        return f"about {max(5, round(duration / 5) * 5)} s"
    if duration < 3600 * 1.5:
        return f"about {max(1, round(duration / 60))} min"
    hours = duration / 3600
    return f"about {hours:.1f} h" if hours < 10 else f"about {round(hours):,} h"


def has_cuda() -> bool:
    """Whether a GPU of NVIDIA is here, as far as can be told without torch."""
    return shutil.which("nvidia-smi") is not None


def has_mps() -> bool:
    """Whether a GPU of Apple is here."""
    return platform.system() == "Darwin" and platform.machine() == "arm64"


def devices() -> list[tuple[str, str]]:
    """The devices there are, as (what the document says, what a person reads)."""
    found = [("auto", f"Automatic ({device_text('auto')})"), ("cpu", "CPU")]
    if has_cuda():
        found.append(("cuda", "GPU (CUDA)"))
    if has_mps():
        found.append(("mps", "GPU (Apple)"))
    return found


def device_text(device: str) -> str:
    """Where it will run, in two letters or three: an automatic device takes a GPU where there is one."""
    if device == "auto":
        return "GPU" if has_cuda() or has_mps() else "CPU"
    return "CPU" if device == "cpu" else "GPU"


def plan_text(runs: int, duration: float | None, device: str) -> str:
    """`9 runs · about 3 min · CPU`."""
    return " · ".join(part for part in (count(runs, "run"), about(duration), device) if part)
