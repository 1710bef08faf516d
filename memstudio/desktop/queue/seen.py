"""What the queue panel shows, read from the library in one go: what runs now, what waits in order, what failed lately."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from memstudio.desktop.going import pace, share_of
from memstudio.desktop.load import NONE, Load, load_of
from memstudio.desktop.words import count, duration

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow, StudyRow

    Studies = Mapping[str, StudyRow]

#: runs of an unfolded study that are listed one by one; more are counted
LISTED = 200
#: seconds for which what failed is still shown here; later it is found under Runs
LATELY = 24 * 3600.0
#: finished runs that tell how long one takes
PACED = 12

NOW = ("running", "starting", "paused")
FAILED = ("failed", "lost")


@dataclass(frozen=True)
class Item:
    """One run. share: how much of it is done, 0 to 1; left: seconds, None where too little is known; why: of a failure, in words.

    silent: for how many seconds its process has not answered, None where it does.
    """

    uid: str
    title: str
    text: str
    state: str
    share: float = 0.0
    left: float | None = None
    why: str = ""
    silent: float | None = None

    @property
    def below(self) -> str:
        """What stands under its title."""
        if self.state in ("running", "starting"):
            left = f"{duration(_rounded(self.left))} left" if self.left is not None else "starting"
            if self.silent is not None:
                left = f"not answering for {duration(self.silent)}"
            return " · ".join(part for part in (self.text, left) if part)
        if self.state == "paused":
            return " · ".join(part for part in (self.text, f"paused at {self.share:.0%}".replace("%", " %")) if part)
        return " · ".join(part for part in (self.text, self.why) if part)


@dataclass(frozen=True)
class Group:
    """Runs of one study (or one single run) that wait, or that failed. uids: all of them, in order; items: those that are listed."""

    key: str
    title: str
    study: str | None
    uids: tuple[str, ...]
    runs: int
    items: tuple[Item, ...] = ()

    @property
    def is_study(self) -> bool:
        """Whether it can be unfolded."""
        return self.study is not None

    @property
    def more(self) -> int:
        """How many are not listed."""
        return len(self.uids) - len(self.items) if self.items else 0


@dataclass(frozen=True)
class Seen:
    """The whole queue at one moment. left: seconds until all of it is done, None where too little is known; took: seconds to read it;

    load: what the workers take."""

    now: tuple[Item, ...] = ()
    waiting: tuple[Group, ...] = ()
    failed: tuple[Group, ...] = ()
    paused: bool = False
    left: float | None = None
    took: float = 0.0
    load: Load = NONE

    @property
    def waits(self) -> int:
        """How many runs wait."""
        return sum(len(group.uids) for group in self.waiting)

    @property
    def text(self) -> str:
        """`2 running, 43 waiting, about 12 min left`."""
        at_work = sum(item.state != "paused" for item in self.now)
        held = len(self.now) - at_work
        parts = [
            f"{at_work:,} running" if at_work else "",
            f"{held:,} paused" if held else "",
            f"{self.waits:,} waiting" if self.waits else "",
        ]
        if self.left is not None and not self.paused:
            parts.append(f"about {duration(_rounded(self.left))} left")
        return ", ".join(part for part in parts if part) or "Nothing runs or waits"


def look(library: Library, unfolded: Collection[str], now: float) -> Seen:
    """Reads the queue. unfolded: keys of the groups whose runs are listed one by one."""
    begun = perf_counter()
    library.mark_lost()
    at_work = [row for state in NOW for row in library.runs(state=state)]
    queued = library.queue()
    failed = [row for state in FAILED for row in library.runs(state=state, limit=LISTED) if (row.ended or row.queued) > now - LATELY]
    studies = {study: library.study(study) for study in {row.study for row in (*at_work, *queued, *failed) if row.study is not None}}
    items = tuple(_item(row, studies, now) for row in at_work)
    return Seen(
        items,
        _groups(queued, unfolded, studies, "w", now),
        _groups(failed, unfolded, studies, "f", now),
        library.queue_paused(),
        _left(library, at_work, queued, now),
        perf_counter() - begun,
        load_of(at_work),
    )


def _groups(rows: Iterable[RunRow], unfolded: Collection[str], studies: Studies, kind: str, now: float) -> tuple[Group, ...]:
    """Study by study, in the order of the first run of each."""
    of: dict[str, list[RunRow]] = {}
    for row in rows:
        of.setdefault(f"{kind}:{row.study or row.uid}", []).append(row)
    found = []
    for key, mine in of.items():
        first = mine[0]
        shown = mine[:LISTED] if key in unfolded or first.study is None else []
        uids = tuple(row.uid for row in mine)
        runs = studies[first.study].runs if first.study is not None else 1
        found.append(Group(key, _title(first, studies), first.study, uids, runs, tuple(_item(row, studies, now) for row in shown)))
    return tuple(found)


def _item(row: RunRow, studies: Studies, now: float) -> Item:
    whole = pace(row, now) if row.state in NOW else None
    share = share_of(row)
    parts = [row.cell, f"seed {row.seed}"] if row.study is not None else [f"seed {row.seed}"]
    left = None if whole is None else whole * (1 - share)
    why = (row.failure or "its process ended without a word") if row.state in FAILED else ""
    return Item(row.uid, _title(row, studies), ", ".join(part for part in parts if part), row.state, share, left, why, row.silent(now))


def _title(row: RunRow, studies: Studies) -> str:
    """What a run's study is called, or the run itself."""
    return (studies[row.study].title if row.study is not None else row.title) or "Untitled experiment"


def _left(library: Library, at_work: Sequence[RunRow], queued: Sequence[RunRow], now: float) -> float | None:
    """Seconds until all that runs and waits is done, at the speed that runs of the same studies have shown."""
    working = [row for row in at_work if row.state in ("running", "starting")]
    if not working and not queued:
        return None
    left = 0.0
    for study in dict.fromkeys(row.study or row.uid for row in (*working, *queued)):
        mine = [row for row in working if study in (row.study, row.uid)]
        wait = sum(study in (row.study, row.uid) for row in queued)
        done = library.runs(study=study, state="finished", limit=PACED) if any(row.study == study for row in (*mine, *queued)) else []
        times = [time for row in (*mine, *done) if (time := pace(row, now)) is not None]
        if not times:
            return None
        each = sum(times) / len(times)
        left += wait * each + sum((1 - share_of(row)) * (pace(row, now) or each) for row in mine)
    return left / max(1, len(working))


def _rounded(seconds: float | None) -> float:
    """As an estimate deserves: to ten seconds, where there are minutes left."""
    return round(seconds or 0.0, -1) if (seconds or 0.0) > 60 else (seconds or 0.0)


def group_text(group: Group, kind: str) -> str:
    """What stands under the title of a study: `43 of 45 runs wait`, `2 runs failed`."""
    number = len(group.uids)
    if kind == "failed":
        return f"{count(number, 'run')} failed"
    if not group.is_study:
        return group.items[0].text if group.items else ""
    return (
        f"{number:,} of {count(group.runs, 'run')} wait"
        if group.runs != number
        else f"{count(number, 'run')} {'wait' if number > 1 else 'waits'}"
    )
