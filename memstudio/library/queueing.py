"""The library's side of the queue and of tuned studies: what waits, what is tried, what is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memstudio.library import documents, queue, submitting, trials
from memstudio.library.claims import is_paused, mark_lost, next_queued
from memstudio.library.handle import Handle, Runs, all_in_words
from memstudio.library.rows import RunRow
from memstudio.library.runs import Wanted, list_runs, run_row
from memstudio.library.trials import TunedCell


@all_in_words
class Queueing(Handle):
    """What of an open library is about the queue, trials and choices."""

    # ------------------------------------------------------------------------------------------ the queue

    def queue(self) -> list[RunRow]:
        """The queued runs in the order in which they will be claimed."""
        return queue.queue(self._db)

    def next_queued(self, *, study: str | None = None, runs: Runs = ()) -> RunRow | None:
        """The run that would be claimed next (of a study and its trials, of these runs), whether the queue is paused or not."""
        found = next_queued(self._conn, study=None if study is None else self._study(study), runs=self._runs(runs))
        return None if found is None else run_row(self._conn, found)

    def queue_paused(self) -> bool:
        """Whether the whole queue is held: workers finish what they do and claim nothing."""
        return is_paused(self._conn)

    def pause_queue(self, paused: bool = True) -> None:
        """Holds the whole queue, or lets it go on; this is kept in the library."""
        self._refuse_readonly()
        queue.pause_queue(self._conn, paused)

    def move(self, moved: Runs, before: str | None = None) -> None:
        """Puts queued runs before another queued one, or at the end; they keep their order among themselves."""
        self._refuse_readonly()
        queue.move(self._conn, self._runs(moved), None if before is None else self._run(before))

    def retry(self, names: Runs) -> list[str]:
        """Queues failed, lost and stopped runs again (of a study all of them, its trials too); their uids."""
        self._refuse_readonly()
        mark_lost(self._conn)
        return queue.retry(self._conn, [names] if isinstance(names, str) else names)

    def stop_study(self, study: str) -> list[str]:
        """Stops everything of a study that has not ended, its trials too; the uids of what was stopped or told to."""
        self._refuse_readonly()
        mark_lost(self._conn)
        return queue.stop_study(self._conn, self._study(study))

    # ------------------------------------------------------------------------------------------ tuned studies

    def trials(self, study: str) -> list[RunRow]:
        """The runs of the trials of a tuned study, as they were proposed; none of another."""
        of = trials.trials_of(self._conn, self._study(study))
        return [] if of is None else list_runs(self._db, Wanted(study=of))

    def tuning(self, study: str) -> list[TunedCell]:
        """The cells of a tuned study, each with its trials and what was chosen; none of another."""
        id = self._study(study)
        return trials.tuned_cells(self._conn, id, documents.read_document(self._conn, self._document_of(id)))

    def more_to_come(self, study: str | None = None) -> bool:
        """Whether trials are being worked on, of a study or of any, whose end may put more into the queue."""
        return trials.more_to_come(self._conn, None if study is None else self._study(study))

    # ------------------------------------------------------------------------------------------ what is decided

    def open_studies(self) -> list[str]:
        """Studies about which something may have to be decided (see training.advance)."""
        return trials.open_studies(self._conn)

    def minutes_used(self, study: str) -> tuple[float, float]:
        """Minutes in which a study was worked on, and of these those of its trials."""
        return trials.minutes_used(self._conn, self._study(study))

    def values_by_cell(self, study: str, measure: str) -> dict[str, dict[int, float]]:
        """Of every cell of a study the last value of a measure by replicate, of finished runs."""
        return trials.values_by_cell(self._conn, self._study(study), measure)

    def add_trials(self, study: str, cell: str, known: int, planned: Sequence[submitting.Planned]) -> bool:
        """Queues the next trials of a cell; False where another has done it (there are not `known` trials any more)."""
        self._refuse_readonly()
        return trials.add_trials(self._db, self._study(study), cell, known, planned)

    def add_chosen(self, study: str, cell: str, chosen: Mapping[str, Any], planned: Sequence[submitting.Planned], why: str) -> bool:
        """Queues the reported runs of a cell with what was chosen for it; False where another has done it."""
        self._refuse_readonly()
        return trials.add_chosen(self._db, self._study(study), cell, chosen, planned, why)

    def give_up(self, study: str, why: str, *, cell: str | None = None, trials_only: bool = False) -> list[str]:
        """Stops what is still queued of a study (of one cell; of its trials only), with the reason in words; the uids."""
        self._refuse_readonly()
        return trials.give_up(self._conn, self._study(study), why, cell=cell, trials=trials_only)

    def _document_of(self, study: int) -> str:
        return str(self._conn.execute("SELECT document FROM study WHERE id = ?", (study,)).fetchone()[0])
