"""Runs watched from the terminal: workers started, progress shown, the end waited for."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from memstudio.cli.options import Ended, Typed
from memstudio.cli.printing import duration, print_json
from memstudio.cli.results import print_result, result
from memstudio.experiment.wording import counted
from memstudio.ground.launch import start_worker
from memstudio.ground.machine import cores

if TYPE_CHECKING:
    import subprocess

    from memstudio.experiment.document import Document
    from memstudio.library import Library, RunRow

#: states in which a run goes no further by itself
ENDED = frozenset({"finished", "stopped", "failed", "lost", "paused"})
#: states of a run of which nothing is left to do
DONE = frozenset({"finished", "stopped", "failed"})
#: how often the library is looked at, seconds
LOOK = 0.2
#: seconds a worker is given to end by itself once its runs are done
PATIENCE = 5.0


def worker_count(runs: int, threads: int, wanted: int | None) -> int:
    """Workers to start: never more threads together than cores, never more workers than runs."""
    most = max(1, cores() // max(1, threads))
    return max(1, min(runs, most if wanted is None else min(wanted, most)))


class Watch:
    """Runs of one study (or one run) on their way; `wait` returns when each has ended.

    A tuned study gets runs on its way: its trials decide with what its cells are run. everything: whatever is queued, now or later.
    """

    def __init__(
        self, library: Library, uids: Sequence[str], *, study: str | None, threads: int, workers: int | None, everything: bool = False
    ) -> None:
        self.library = library
        self.everything = everything
        self.uids = list(uids)
        # the runs of a pack have one worker
        packs = {library.run(uid).cell for uid in uids} if uids and library.run(uids[0]).packed else uids
        self.count = worker_count(len(packs), threads, workers)
        self.study = study
        self.tuned = study is not None and bool(library.tuning(study))
        #: runs to come, where more are planned than there are yet
        self.planned = planned_runs(library, study) if self.tuned and study is not None else len(self.uids)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._speed = Speed()
        self._held = False

    def wait(self) -> list[RunRow]:
        """Starts the workers and shows progress on stderr until every run has ended; Ctrl+C stops the runs, kept to go on.

        Returns the reported runs, seed by seed, cells as planned.
        """
        self._start()
        if self.library.queue_paused():
            print("The queue is paused; `memstudio queue resume` lets it go on.", file=sys.stderr, flush=True)
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[left]}"),
        )
        stopping = False
        with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
            bar = progress.add_task("starting", total=1.0, left="")
            said = 0.0
            while True:
                try:
                    rows = self._rows()
                    text, share, left = self._words(rows)
                    progress.update(bar, completed=share, description=text, left=left)
                    if not sys.stderr.isatty() and time.monotonic() - said >= 15:
                        said = time.monotonic()
                        print(f"{text}, {share:.0%}{', ' + left if left else ''}", file=sys.stderr, flush=True)
                    if all(row.state in ENDED for row in rows) and (not self.tuned or self._decided()):
                        break
                    if all(process.poll() is not None for process in self._processes) and not self._go_on():
                        break
                    time.sleep(LOOK)
                except KeyboardInterrupt:
                    if stopping:
                        raise
                    stopping = True
                    self._stop()
        self._let_go()
        return self._reported()

    def _start(self) -> None:
        runs = () if self.study or self.everything else self.uids
        self._processes = [start_worker(self.library.folder, study=self.study, runs=runs) for _ in range(self.count)]

    def _let_go(self) -> None:
        """Gives workers a moment to end; one that holds a paused run in memory stays, and goes on when it is told to."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and any(process.poll() is None for process in self._processes):
            if any(row.state == "paused" for row in self._rows()):
                return
            time.sleep(0.05)

    def _rows(self) -> list[RunRow]:
        """Every run, trials included."""
        if self.everything:
            self.uids += [row.uid for row in self.library.queue() if row.uid not in set(self.uids)]
        if not self.tuned or self.study is None:
            return [self.library.run(uid) for uid in self.uids]
        return [*self.library.trials(self.study), *self.library.runs(study=self.study)]

    def _reported(self) -> list[RunRow]:
        if not self.tuned or self.study is None:
            return self._rows()
        places = {cell.label: place for place, cell in enumerate(self.library.study(self.study).cells)}
        return sorted(self.library.runs(study=self.study), key=lambda row: (row.replicate, places[row.cell]))

    def _decided(self) -> bool:
        """Whether nothing follows any more from the trials that have ended: every cell has its runs."""
        return self.study is None or all(cell.chosen is not None for cell in self.library.tuning(self.study))

    def _go_on(self) -> bool:
        """All our workers are gone. Others may still work; what nobody holds any more is lost. False when nothing moves."""
        self.library.mark_lost()
        if self.library.queue_paused():
            self._held = True
            return True
        if self._held:  # they left a queue that was paused for long; now it goes on
            self._held = False
            self._start()
            return True
        return any(row.state in ("starting", "running") for row in self._rows())

    def _stop(self) -> None:
        print("Stopping; what was learned is kept and can go on with `memstudio resume`.", file=sys.stderr, flush=True)
        for row in self._rows():
            if row.state not in ENDED:
                self.library.command(row.uid, "stop")

    def _words(self, rows: Sequence[RunRow]) -> tuple[str, float, str]:
        done = sum(row.state in ENDED for row in rows)
        number = max(len(rows), self.planned)
        share = sum(1.0 if row.state in DONE else min(1.0, row.step / row.steps) if row.steps else 0.0 for row in rows) / max(1, number)
        left = self._speed.left(share)
        going = [row for row in rows if row.state == "running"]
        what = "trial " if going and self.study is not None and going[0].study != self.study else ""
        where = f" · {what}{going[0].cell or going[0].title}, step {going[0].step:,}" if going else ""
        return f"{done:,} of {number:,} runs done{where}", share, f"{duration(left)} left" if left is not None else ""


class Speed:
    """The time that is left, from how far things came in the last half of the time watched."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []

    def left(self, share: float) -> float | None:
        """Seconds left at this share of the whole, or None while too little was seen."""
        now = time.monotonic()
        self._seen.append((now, share))
        if len(self._seen) > 4000:
            self._seen = self._seen[::2]
        began, _ = self._seen[0]
        since, before = next(((t, s) for t, s in self._seen if t >= (began + now) / 2), self._seen[0])
        if now - since < 1.0 or share <= before:
            return None
        return (1.0 - share) * (now - since) / (share - before)


def submit(library: Library, document: Document, cell: str | None) -> tuple[str | None, Sequence[str]]:
    """The runs that a document asks for, put into the queue: the study's uid (None for one run) and theirs.

    Matched widths are solved first (a step's time is measured, which takes a while) and said on stderr. Typed for an unknown cell.
    """
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.parameters import Refusal
    from memstudio.experiment.studies import plan

    document = matched(document)
    try:
        planned = plan(document, catalogue(), cell=cell)
    except Refusal as error:
        raise (Typed if cell is not None else Ended)(str(error)) from error
    submitted = library.submit(document, planned)
    return submitted.study, submitted.runs


def matched(document: Document) -> Document:
    """The document with its matched widths solved; what was found is said on stderr. Ended where they cannot be."""
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment import matching
    from memstudio.experiment.cells import match_key
    from memstudio.experiment.parameters import Refusal
    from memstudio.experiment.step_times import StepTimes

    matches = [axis.match for axis in document.run.vary if axis.match is not None]
    if not matches:
        return document
    if any(match.what == "step_time" and match.key != match_key(document) for match in matches):
        print("Measuring the time of a step to match it.", file=sys.stderr, flush=True)
    try:
        with StepTimes() as step_time:
            solved = matching.solve(document, catalogue(), step_time)
    except Refusal as error:
        raise Ended(str(error)) from error
    if solved is document:
        return document  # it was solved before, and said then
    document = solved
    for sentence in matching.sentences(document):
        print(sentence, file=sys.stderr, flush=True)
    return document


def planned_runs(library: Library, study: str) -> int:
    """How many runs the cells of a study come to, trials included (at most: Optuna may run out of ideas)."""
    from memstudio.experiment.studies import count

    whole = count(library.study_document(study))
    return whole.all * len(library.study(study).cells) // max(1, whole.cells)


def finish(library: Library, uids: Sequence[str], study: str | None, threads: int, workers: int | None, as_json: bool) -> None:
    """Waits for runs, prints them, and ends with 1 unless every one finished (or was given up as the study asks)."""
    from memstudio.library.queue import STOPPED

    rows = Watch(library, uids, study=study, threads=threads, workers=workers).wait()
    undecided = (
        [] if study is None else [f"{cell.label or 'The study'}: {cell.why}" for cell in library.tuning(study) if cell.chosen is None]
    )
    if not rows:
        raise Ended("\n".join(undecided))
    found = result(library, rows, study)
    if as_json:
        print_json(found)
    else:
        print_result(found)
    as_asked = [row for row in rows if row.state == "stopped" and row.why not in (None, "", STOPPED)]
    for sentence in dict.fromkeys(row.why for row in as_asked):
        many = sum(row.why == sentence for row in as_asked)
        print(f"{counted(many, 'run')} stopped: {sentence}", file=sys.stderr)
    # what a study's own budget or rule has stopped is no failure of it
    short = [_why(library, row) for row in rows if row.state != "finished" and row not in as_asked] + undecided
    if short:
        raise Ended("\n".join(short))


def _why(library: Library, row: RunRow) -> str:
    """One sentence on a run that did not finish."""
    where = f" at {row.failed_node}" if row.failed_node else ""
    reason = f": {row.failure}" if row.failure else "."
    again = "" if row.state == "failed" else f" `memstudio resume {row.uid[:8]}` goes on with it."
    name = f"Run {row.uid[:8]}{f' ({row.cell})' if row.cell else ''}"
    return f"{name} {row.state}{where}{reason}{again} Its log: {library.log_file(row.uid)}"
