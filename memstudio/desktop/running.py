"""Running an experiment from the window: its runs are queued in the library and a worker takes them. The window only asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from memstudio.desktop.background import Background
from memstudio.desktop.limits import Limits
from memstudio.desktop.reader import Reader
from memstudio.desktop.words import count
from memstudio.desktop.workers import Workers

if TYPE_CHECKING:
    from memstudio.experiment.document import Document
    from memstudio.experiment.entries import Catalogue
    from memstudio.experiment.matching import StepTime
    from memstudio.experiment.studies import PlannedRun
    from memstudio.library import Library, Submitted

#: what a person may ask of a run, by its state
MAY_PAUSE = frozenset({"running", "starting"})
MAY_STOP = frozenset({"running", "starting", "queued", "paused"})
MAY_RESUME = frozenset({"paused", "stopped", "failed", "lost"})
#: milliseconds between two looks after the warm worker
LOOK_AFTER_WARM = 15_000


@dataclass(frozen=True)
class Asked:
    """How Run was pressed. workers: at once (None: as many as there are cores for); first_only: one run of the study alone."""

    workers: int | None = None
    first_only: bool = False


class Running(QObject):
    """Starts, pauses, stops and resumes runs through the library; workers are started where they are needed.

    started(Submitted): runs were queued; message(text, level): what a person should know.
    """

    started = Signal(object)
    message = Signal(str, str)

    def __init__(self, reader: Reader, folder: Path, parent: QObject | None = None, *, workers: bool = True) -> None:
        super().__init__(parent)
        self._reader = reader
        self._workers = Workers(folder) if workers else None
        self._background = Background("workers", self)
        #: how many workers at once, and whether one is kept warm
        self.limits = Limits()
        self._looks = QTimer(self)
        self._looks.setInterval(LOOK_AFTER_WARM)
        self._looks.timeout.connect(self._keep_warm)

    def warm(self) -> None:
        """Starts the worker that is kept warm, and looks after it from now on."""
        if self._workers is not None and self.limits.warm:
            self._background.do(self._workers.warm, None, self._worker_failed)
            self._looks.start()

    def _keep_warm(self) -> None:
        if self._workers is not None and self.limits.warm:
            self._background.do(self._workers.keep_warm)

    def start(
        self,
        document: Document,
        catalogue: Catalogue,
        then: Callable[[Submitted], object] | None = None,
        failed: Callable[[str], object] | None = None,
        asked: Asked = Asked(),
    ) -> None:
        """Queues every run of a document (all cells and seeds of a study) and sees to it that workers take them.

        Unless the document says otherwise, stages that an earlier run has done are taken from it: here people try one thing after
        another.
        """

        def planned(step_time: StepTime | None = None) -> tuple[Document, list[PlannedRun]]:
            from memstudio.experiment import matching
            from memstudio.experiment.edits import set_run
            from memstudio.experiment.studies import first, plan

            ready = matching.solve(document, catalogue, step_time)
            reusing = set_run(ready, reuse=True) if ready.run.reuse is None else ready
            return ready, [first(reusing, catalogue)] if asked.first_only else plan(reusing, catalogue)

        def submit(library: Library) -> Submitted:
            return library.submit(*planned())

        def measured() -> tuple[Document, list[PlannedRun]]:
            from memstudio.experiment.step_times import StepTimes

            with StepTimes() as step_time:
                return planned(step_time)

        def queued(submitted: Submitted) -> None:
            self._see_to(len(submitted.runs), document.run.threads, asked.workers)
            self.started.emit(submitted)
            if then is not None:
                then(submitted)

        def refused(sentence: str) -> None:
            self.message.emit(sentence, "bad")
            if failed is not None:
                failed(sentence)

        if any(axis.match is not None and axis.match.what == "step_time" for axis in document.run.vary):
            # measuring takes seconds, for which the library is not to be kept waiting
            self.message.emit("The time of a step is measured, so that the cases can be matched.", "info")
            self._background.do(measured, lambda made: self._reader.tell(lambda library: library.submit(*made), queued, refused), refused)
        else:
            self._reader.tell(submit, queued, refused)

    def pause(self, runs: Sequence[str]) -> None:
        """Asks the workers of these runs to save and pause."""
        self._command(runs, "pause")

    def stop(self, runs: Sequence[str]) -> None:
        """Asks the workers of these runs to end them here."""
        self._command(runs, "stop")

    def resume(self, runs: Sequence[str], threads: int = 1) -> None:
        """Paused, stopped, failed or lost runs go on from their last checkpoint: those nobody holds are queued again."""

        def resume(library: Library) -> int:
            for run in runs:
                library.command(run, "resume")
            return len(runs)

        def queued(count: int) -> None:
            self._see_to(count, threads)

        self._reader.tell(resume, queued, self._bad)

    def stop_all(self, studies: Sequence[str], runs: Sequence[str]) -> None:
        """Stops whole studies, what waits of them and their trials included, and single runs."""

        def stop(library: Library) -> None:
            for study in studies:
                library.stop_study(study)
            for run in runs:
                library.command(run, "stop")

        self._reader.tell(stop, None, self._bad)

    def retry(self, runs: Sequence[str]) -> None:
        """Failed, lost and stopped runs (of a study: all such) stand in the queue again."""

        def queued(done: Sequence[str]) -> None:
            self._see_to(len(done), 1)
            self.message.emit(f"{count(len(done), 'run')} put back into the queue.", "info")

        self._reader.tell(lambda library: library.retry(runs), queued, self._bad)

    def trash(self, runs: Sequence[str]) -> None:
        """Runs that nobody works on go into the trash, from which Runs takes them out again."""

        def done(_: object) -> None:
            self.message.emit(
                f"{count(len(runs), 'run')} put into the trash; Runs can bring {'it' if len(runs) == 1 else 'them'} back.", "info"
            )

        self._reader.tell(lambda library: library.trash(runs), done, self._bad)

    def move(self, runs: Sequence[str], before: str | None, then: Callable[[], None]) -> None:
        """Waiting runs stand before another one, at the end of the queue (before None), or before all others ("")."""

        def move(library: Library) -> None:
            # what is first is looked up when it is done: the queue may have gone on since it was shown
            first = next((row.uid for row in library.queue() if row.uid not in set(runs)), None) if before == "" else before
            if first is not None or before is None:
                library.move(runs, first)

        self._reader.tell(move, lambda _: then(), self._bad)

    def pause_queue(self, paused: bool, waiting: int, then: Callable[[], object]) -> None:
        """Holds the queue: what runs finishes, nothing more is started; or lets it go on, with workers for what waits."""

        def done(_: object) -> None:
            if not paused and waiting:
                self._see_to(waiting, 1)
            then()

        self._reader.tell(lambda library: library.pause_queue(paused), done, self._bad)

    def _command(self, runs: Sequence[str], verb: str) -> None:
        def command(library: Library) -> None:
            for run in runs:
                library.command(run, verb)

        self._reader.tell(command, None, self._bad)

    def _see_to(self, runs: int, threads: int, at_most: int | None = None) -> None:
        workers = self._workers
        at_most = self.limits.workers if at_most is None else at_most
        if workers is not None:
            self._background.do(lambda: workers.wanted(runs, threads, at_most), None, self._worker_failed)

    def _bad(self, sentence: str) -> None:
        self.message.emit(sentence, "bad")

    def _worker_failed(self, sentence: str) -> None:
        self.message.emit(f"A worker could not be started: {sentence}", "bad")

    def close(self) -> None:
        """Ends our thread. The workers go on: closing the window hurts no run."""
        self._looks.stop()
        self._background.close(finish=True)
