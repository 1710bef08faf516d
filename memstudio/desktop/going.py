"""What is going on: the unfinished runs of the library, put together study by study, with how far they are and how long is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memstudio.desktop.load import NONE, Load, load_of
from memstudio.desktop.words import count, duration

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow, StudyRow

AT_WORK = ("running", "starting")
#: queued runs that are looked at; one study seldom has more, and the next look finds the next ones
NEWEST = 200
#: finished runs that tell how long one takes
PACED = 12


@dataclass(frozen=True)
class Going:
    """A study, or a single run, on its way. left: seconds, None where too little is known; waiting: nothing of it runs yet;

    silent: seconds that none of its workers has been heard of, where that is too long; load: what they take.
    """

    title: str
    study: str | None
    run: str
    done: int
    total: int
    share: float
    left: float | None
    waiting: bool
    silent: float | None = None
    load: Load = NONE

    @property
    def text(self) -> str:
        """`38 of 90 runs · 3 min 40 s left`."""
        how_far = f"{self.done:,} of {count(self.total, 'run')}" if self.total > 1 else f"{self.share:.0%}".replace("%", " %")
        if self.silent is not None:
            return f"{how_far} · not answering for {duration(_rounded(self.silent))}"
        time = "waiting for a worker" if self.waiting else f"{duration(_rounded(self.left))} left" if self.left is not None else "starting"
        return f"{how_far} · {time}"


def _rounded(seconds: float) -> float:
    """As an estimate deserves: to ten seconds, where there are minutes left."""
    return round(seconds, -1) if seconds > 60 else seconds


def share_of(row: RunRow) -> float:
    """How much of a run is done, 0 to 1."""
    if row.state == "finished":
        return 1.0
    return min(1.0, (row.step or 0) / row.steps) if row.steps else 0.0


def pace(row: RunRow, now: float) -> float | None:
    """Seconds a whole run takes at the speed it has shown, or None."""
    if not row.started or not row.step or not row.steps:
        return None
    until = row.ended or now
    return max(0.0, until - row.started) * row.steps / row.step


def of_study(study: StudyRow, at_work: Sequence[RunRow], finished: Sequence[RunRow], now: float) -> Going:
    """How far a study is. at_work: its runs that go on now; finished: some that ended, to know how long one takes."""
    queued = study.states.get("queued", 0)
    done = study.runs - queued - len(at_work)
    times = [time for row in (*at_work, *finished) if (time := pace(row, now)) is not None]
    left = None
    if times and at_work:
        each = sum(times) / len(times)
        rest = sum((1 - share_of(row)) * (pace(row, now) or each) for row in at_work)
        left = (rest + queued * each) / len(at_work)
    share = (done + sum(share_of(row) for row in at_work)) / max(1, study.runs)
    first = at_work[0].uid if at_work else ""
    silent = [row.silent(now) for row in at_work]
    quiet = min((one for one in silent if one is not None), default=None) if None not in silent else None
    title, load = study.title or "Untitled experiment", load_of(at_work)
    return Going(title, study.uid, first, done, study.runs, share, left, not at_work, quiet, load)


def of_run(row: RunRow, now: float) -> Going:
    """How far a single run is."""
    whole = pace(row, now)
    left = None if whole is None else whole * (1 - share_of(row))
    title, waiting = row.title or "Untitled experiment", row.state == "queued"
    return Going(title, None, row.uid, 0, 1, share_of(row), left, waiting, row.silent(now), load_of([row]))


def whats_going(library: Library, now: float) -> tuple[Going, ...]:
    """Every study and single run that is not at its end, those at work first. Runs whose process is gone become lost before.

    However many runs are queued, it reads few: those at work, the newest queued ones, and what is counted of their studies.
    """
    library.mark_lost()
    at_work = [row for state in AT_WORK for row in library.runs(state=state)]
    found: list[Going] = []
    seen: set[str] = set()
    for row in [*at_work, *library.runs(state="queued", limit=NEWEST)]:
        if row.study is None:
            found.append(of_run(row, now))
        elif row.study not in seen:
            seen.add(row.study)
            mine = [other for other in at_work if other.study == row.study]
            some = library.runs(study=row.study, state="finished", limit=PACED)
            found.append(of_study(library.study(row.study), mine, some, now))
    return tuple(sorted(found, key=lambda going: going.waiting))


def overall(going: Iterable[Going]) -> tuple[int, float]:
    """Runs that are still to end, and the share of all of them that is done."""
    found = list(going)
    total = sum(g.total for g in found)
    return sum(g.total - g.done for g in found), (sum(g.share * g.total for g in found) / total if total else 0.0)
