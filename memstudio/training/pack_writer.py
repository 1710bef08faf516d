"""The writers of the runs of a pack: what holds for all is written for each, what is asked of one holds for all."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memstudio.components.runtime import Curve
from memstudio.experiment.parameters import Refusal
from memstudio.library import Lease, RunWriter, Superseded

logger = logging.getLogger(__name__)


def leases_of(lease: Lease) -> list[Lease]:
    """The leases of all runs that are trained with this one, by seed: of one run alone its own."""
    return sorted((lease, *lease.others), key=lambda one: (one.seed, one.data_seed))


class PackWriter:
    """A RunWriter for each run. Raises what they raise: where another worker has taken one run, none can go on."""

    def __init__(self, library: Path | str, lease: Lease) -> None:
        """Opens the library for every run of the pack. Raises Refusal, Superseded."""
        self.writers: list[RunWriter] = []
        self._asked: dict[int, tuple[RunWriter, str]] = {}
        try:
            for one in leases_of(lease):
                self.writers.append(RunWriter(library, one))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _each(self, does: Callable[[RunWriter], object]) -> None:
        """For every run, even where it goes wrong for one; raises the first error, Superseded before others."""
        errors: list[Exception] = []
        for writer in self.writers:
            try:
                does(writer)
            except Exception as error:
                errors.append(error)
        if errors:
            raise next((error for error in errors if isinstance(error, Superseded)), errors[0])

    # ------------------------------------------------------------------------------------------ said of all

    def heartbeat(self) -> None:
        """Says that the runs are going on."""
        self._each(lambda writer: writer.heartbeat())

    def points(self, step: int, values: Mapping[str, float]) -> None:
        """The same values for every run."""
        self._each(lambda writer: writer.points(step, values))

    def curve(self, step: int, curve: Curve) -> None:
        """The same curve for every run."""
        self._each(lambda writer: writer.curve(step, curve))

    def progress(self, stage: str, step: int) -> None:
        """Where the runs are."""
        self._each(lambda writer: writer.progress(stage, step))

    def flush(self) -> None:
        """Commits everything that waits, of every run."""
        self._each(lambda writer: writer.flush())

    def state(self, new: str) -> None:
        """Moves every run to a state (running, paused)."""
        self._each(lambda writer: writer.state(new))

    def finish(self, state: str, failure: str | None = None, failed_node: str | None = None) -> None:
        """Moves every run to the state it is left in, and lets it go."""
        self._each(lambda writer: writer.finish(state, failure=failure, failed_node=failed_node))

    def event(self, kind: str, text: str, step: int | None = None, level: str = "info", data: Any = None) -> None:
        """Something that happened to all of them."""
        self._each(lambda writer: writer.event(kind, text, step, level=level, data=data))

    def artifact(
        self, name: str, data: bytes, kind: str, *, stage: str | None = None, step: int | None = None, meta: Mapping[str, Any] | None = None
    ) -> str:
        """Stores bytes under a name of every run; they are on the disk once. Returns their sha256."""
        shas: list[str] = []
        self._each(lambda writer: shas.append(writer.artifact(name, data, kind, stage=stage, step=step, meta=meta)))
        return shas[0]

    def rewind(self, step: int, stage: str = "") -> None:
        """Takes every run back to a checkpoint."""
        self._each(lambda writer: writer.rewind(step, stage))

    # ------------------------------------------------------------------------------------------ asked of one

    def commands(self) -> list[tuple[int, str]]:
        """What was asked of any of the runs and is not done, oldest first."""
        found = [(id, verb, writer) for writer in self.writers for id, verb in writer.commands()]
        self._asked = {id: (writer, verb) for id, verb, writer in found}
        return sorted((id, verb) for id, verb, _ in found)

    def done(self, id: int) -> None:
        """Marks a command as done, and says to the other runs where it came from."""
        writer, verb = self._asked.pop(id, (self.writers[0], ""))
        writer.done(id)
        for other in self.writers:
            if other is not writer and verb:
                text = f"To {verb} was asked of run {writer.lease.run_uid[:8]}; it holds for all that are trained in one pass with it."
                other.event("pack", text, data={"run": writer.lease.run_uid, "verb": verb})

    # ------------------------------------------------------------------------------------------ the end

    def let_go(self, of: Superseded) -> None:
        """Stops the runs that are still ours, since another process has taken one of the pack: they can be resumed."""
        for writer in self.writers:
            with contextlib.suppress(Superseded, Refusal):
                writer.event("pack", f"The runs trained in one pass with this one cannot go on: {of}", level="warning")
                writer.finish("stopped")

    def close(self) -> None:
        """Commits what waits and closes every writer."""
        self._each(lambda writer: writer.close())


def writers_of(writer: RunWriter | PackWriter) -> Sequence[RunWriter]:
    """The writer of each run."""
    return writer.writers if isinstance(writer, PackWriter) else [writer]
