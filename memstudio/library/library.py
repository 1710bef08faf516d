"""The library as everyone but a worker sees it: what ran, what was measured and made, and what is asked of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from memstudio.experiment.document import Document
from memstudio.ground.machine import Identity
from memstudio.library import artifacts, claims, curves, documents, reusing, series, stored_json, submitting
from memstudio.library.chunks import Summary
from memstudio.library.claims import Lease
from memstudio.library.handle import all_in_words
from memstudio.library.opening import open_file
from memstudio.library.overlaying import Overlaying
from memstudio.library.queueing import Queueing
from memstudio.library.reusing import StageEnd
from memstudio.library.rows import ArtifactRow, AttemptRow, CurveAt, EventRow, Series, Submitted
from memstudio.library.sending import Sending


@all_in_words
class Library(Sending, Queueing, Overlaying):
    """An open library. Belongs to the thread that opened it: another thread opens its own (they see each other's changes at once).

    Where a run or study is asked for, its uid or the beginning of it will do. Raises Refusal, one sentence, where something
    is unknown or cannot be done; writing to a read-only library is refused.
    """

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------ what ran

    def study_document(self, study: str) -> Document:
        """The document a study was made from, with what it varies."""
        return documents.read_document(self._conn, self.study(study).document)

    def document(self, run: str) -> Document:
        """The document of a run, complete: nothing varies any more."""
        return documents.read_document(self._conn, self.run(run).document)

    def environment(self, run: str) -> dict[str, Any]:
        """Versions, platform and device a run was last begun with; empty before that."""
        return documents.read_environment(self._conn, self.run(run).environment)

    def data(self, run: str) -> dict[str, str]:
        """The hashes of the data a run learned from, by the uid of the task's node."""
        (text,) = self._conn.execute("SELECT data FROM run WHERE id = ?", (self._run(run),)).fetchone()
        return stored_json.mapping(text, f"What run {run} kept of its data") if text else {}

    def parameters(self, run: str) -> dict[str, Any]:
        """Every value the run's document gives, by its address (`mem1.inner.heads`)."""
        return documents.parameters(self.document(run))

    def events(self, run: str) -> list[EventRow]:
        """What happened in a run, oldest first."""
        sql = "SELECT id, t AS time, step, level, kind, text, data FROM event WHERE run = ? ORDER BY t, id"
        rows = self._db.query(sql, [self._run(run)])
        return [
            EventRow(**{**row, "data": stored_json.anything(row["data"], f"An event of run {run}") if row["data"] else None})
            for row in rows
        ]

    def attempts(self, run: str) -> list[AttemptRow]:
        """Each time a worker took a run, the first first."""
        sql = "SELECT epoch, from_step, from_stage, started, ended, why, machine, pid FROM attempt WHERE run = ? ORDER BY epoch"
        return [AttemptRow(**row) for row in self._db.query(sql, [self._run(run)])]

    def log_file(self, run: str) -> Path:
        """Where the run's worker logs; it may not be there yet."""
        return self.folder / "logs" / f"{self.run(run).uid}.txt"

    # ------------------------------------------------------------------------------------------ what was measured

    def series(self, run: str, name: str) -> Series:
        """All points of a series."""
        return series.read_series(self._conn, self._run(run), name)

    def series_names(self, run: str) -> list[str]:
        """The names of a run's series, in alphabetical order."""
        return series.series_names(self._conn, self._run(run))

    def summary(self, run: str, name: str) -> Summary:
        """Number, last, lowest and highest value of a series, without reading its points."""
        return series.summary_of(self._conn, self._run(run), name)

    def measures(self, run: str) -> dict[str, float]:
        """The last value of every series of a run, by name in alphabetical order."""
        return series.last_values(self._conn, self._run(run))

    def measures_of(self, runs: Sequence[str], names: Iterable[str] | None = None) -> dict[str, dict[str, float]]:
        """Last values by run (whole uids) and name, of all series or of some, in one query."""
        return series.last_values_of(self._conn, runs, names)

    def curve_names(self, run: str) -> list[str]:
        """The names of a run's curves, in alphabetical order."""
        return curves.curve_names(self._conn, self._run(run))

    def curve_steps(self, run: str, name: str) -> list[int]:
        """The steps at which a curve was stored, rising."""
        return curves.curve_steps(self._conn, self._run(run), name)

    def curves(self, run: str, name: str) -> list[CurveAt]:
        """A curve at every stored step."""
        return curves.read_curves(self._conn, self._run(run), name)

    def curve_at(self, run: str, name: str, step: int) -> CurveAt:
        """A curve at the newest stored step that is not after `step`, else at the first."""
        return curves.curve_at(self._conn, self._run(run), name, step)

    # ------------------------------------------------------------------------------------------ what was made

    def artifacts(self, run: str) -> list[ArtifactRow]:
        """The files a run made, in the order they were made."""
        return artifacts.artifacts_of(self._conn, self.folder, self._run(run))

    def read_artifact(self, sha256: str) -> bytes:
        """The content of an artifact, checked against its name."""
        return artifacts.read_artifact(self.folder, sha256)

    def stage_ends(self, key: str) -> list[StageEnd]:
        """Every end of a stage that runs kept under this key (see training.reuse), the newest first."""
        return reusing.stage_ends(self._conn, self.folder, key)

    def sweep(self) -> int:
        """Removes artifacts that no run names any more; how many."""
        self._refuse_readonly()
        return artifacts.sweep(self._conn, self.folder)

    # ------------------------------------------------------------------------------------------ what is asked

    def submit(self, document: Document, runs: Sequence[submitting.Planned], title: str | None = None) -> Submitted:
        """Queues planned runs; more than one make a study of `document`."""
        self._refuse_readonly()
        return submitting.submit(self._db, document, runs, title)

    def command(self, run: str, verb: str) -> None:
        """Asks a run to pause, resume, stop or save a checkpoint (verb: "checkpoint").

        A queued run pauses and stops at once; resuming one that nobody holds queues it again. What is so already is no error.
        """
        self._refuse_readonly()
        claims.give_command(self._conn, self._run(run), verb)

    def requeue(self, run: str) -> None:
        """Queues a paused, stopped, failed or lost run again: the next worker goes on from its last checkpoint."""
        self._refuse_readonly()
        claims.mark_lost(self._conn)
        claims.requeue(self._conn, self._run(run))

    def mark_lost(self) -> list[str]:
        """Marks runs of this machine whose process is gone as lost; their uids. Cheap where there are none."""
        return [] if self.readonly else claims.mark_lost(self._conn)

    def claim(self, identity: Identity, *, study: str | None = None, runs: Sequence[str] = ()) -> Lease | None:
        """Takes the next queued run (of a study, of these runs) for a worker; None when there is none."""
        self._refuse_readonly()
        in_study = None if study is None else self._study(study)
        return claims.claim(self._conn, identity, study=in_study, runs=[self._run(run) for run in runs])


def open(path: Path | str | None = None, *, readonly: bool = False) -> Library:
    """Opens the library in a folder, or of a file; None: the user's own. Makes it where there is none.

    Where nothing can be written it is opened read-only (Library.readonly, Library.notices). Raises Refusal: a foreign, damaged or
    newer file, a missing one with readonly, a folder that cannot be made.
    """
    return Library(open_file(path, readonly=readonly))
