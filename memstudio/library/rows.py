"""What the library answers with: frozen rows, arrays for what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]


#: states in which a worker has the run in hand
AT_WORK = ("starting", "running")
#: a worker is heard of every two seconds; a disk or a machine that is busy may make it some seconds more
SILENT = 30.0


class RunRow(NamedTuple):
    """A run. Times are seconds since 1970; document and environment are sha256 sums (see Library.document, .environment).

    A named tuple, because a frozen dataclass takes four times as long to make and lists hold thousands of them.

    state: queued, starting, running, paused, finished, stopped, failed or lost; held: a worker (pid on machine) holds it;
    step of steps (None before the worker has said how many); attempts: how often it was begun or gone on with;
    why: in words, why it was stopped or never started; packed: its seeds were members of one pass.
    """

    uid: str
    title: str
    state: str
    study: str | None
    study_title: str | None
    cell: str
    sets: Mapping[str, Any]
    seed: int
    data_seed: int
    replicate: int
    stage: str
    step: int
    steps: int | None
    device: str | None
    threads: int | None
    queued: float
    started: float | None
    ended: float | None
    heartbeat: float | None
    failure: str | None
    failed_node: str | None
    note: str
    starred: bool
    document: str
    environment: str | None
    attempts: int
    held: bool
    machine: str | None
    pid: int | None
    trashed: float | None
    tags: tuple[str, ...] = ()
    baseline: bool = False
    why: str | None = None
    packed: bool = False

    @property
    def took(self) -> float | None:
        """Seconds from its start to its end, or to the last word of its worker while it goes on; None before it was begun."""
        if self.started is None:
            return None
        until = self.ended if self.ended is not None else self.heartbeat
        return None if until is None else until - self.started

    def silent(self, now: float) -> float | None:
        """Seconds that its worker has not been heard of, where that is too long; None where all is well or nobody is at work.

        Such a run is not lost: its machine may sleep, its process be stopped, or the library be seen from elsewhere.
        """
        if self.state not in AT_WORK or self.heartbeat is None or now - self.heartbeat < SILENT:
            return None
        return now - self.heartbeat


@dataclass(frozen=True)
class CellRow:
    """A cell of a study: its label and what it sets (address -> value)."""

    label: str
    sets: Mapping[str, Any]


@dataclass(frozen=True)
class StudyRow:
    """A study: its cells in the order they were planned, and how many of its runs are in each state.

    kind: study, or trials (those of a tuned axis of the study `parent`); baseline: the label of the cell others are compared with.
    """

    uid: str
    title: str
    document: str
    created: float
    note: str
    runs: int
    states: Mapping[str, int]
    cells: tuple[CellRow, ...]
    baseline: str | None = None
    starred: bool = False
    parent: str | None = None
    kind: str = "study"
    trashed: float | None = None


@dataclass(frozen=True)
class Submitted:
    """What `submit` queued: the study's uid (None for a single run) and the runs' uids in the order given."""

    study: str | None
    runs: tuple[str, ...]


@dataclass(frozen=True)
class EventRow:
    """Something that happened. level: info, warning or error; kind: state, stage, checkpoint ...; data: JSON values."""

    id: int
    time: float
    step: int | None
    level: str
    kind: str
    text: str
    data: Any = None


@dataclass(frozen=True)
class AttemptRow:
    """One time a worker took the run: from which step, and why it ended (finished, lost ...; None while it goes on)."""

    epoch: int
    from_step: int
    from_stage: str
    started: float
    ended: float | None
    why: str | None
    machine: str | None
    pid: int | None


@dataclass(frozen=True)
class ArtifactRow:
    """A file a run made, under the name it has in the run; path: where it lies, named by its content."""

    name: str
    sha256: str
    kind: str
    size: int
    stage: str | None
    step: int | None
    meta: Any
    created: float
    path: Path


@dataclass(frozen=True, eq=False)
class Series:
    """A named series of a run: steps (n,) int64, strictly rising, and values (n,) float64, NaN and infinities kept."""

    name: str
    steps: Steps
    values: Floats

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True)
class CurveAxis:
    """One axis of a curve: its name, the values along it, its unit."""

    name: str
    values: tuple[float | str, ...]
    unit: str = ""


@dataclass(frozen=True, eq=False)
class CurveAt:
    """A curve (recall by load, a reliability diagram, a state picture) as it was at one step.

    values: array of len(axes) dimensions, or with one more leading axis named by `rows`; kind: line, reliability, picture.
    """

    name: str
    step: int
    values: npt.NDArray[Any]
    axes: tuple[CurveAxis, ...] = ()
    kind: str = "line"
    rows: tuple[str, ...] = field(default=())
