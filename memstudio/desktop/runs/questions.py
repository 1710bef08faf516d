"""What the Runs page asks of the library. These functions run on the reader's thread and touch no widget."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from memstudio.desktop.chart import Chart
from memstudio.desktop.runs.charts import charts
from memstudio.ground.log import tail

if TYPE_CHECKING:
    from memstudio.desktop.runs.columns import Value
    from memstudio.experiment.document import Document
    from memstudio.library import ArtifactRow, AttemptRow, EventRow, Library, RunRow
    from memstudio.library.grouping import GroupRow

LOG_LINES = 30
#: runs whose place of a word found is shown
FOUND = 500
#: words that alone make a filter of what was typed
_FLAGS = frozenset({"starred", "baseline", "packed", "not"})
_SIGNS = re.compile(r"[=<>~(]|\bwithin\s+\d|\bis\s+(?:not\s+)?missing\s*(?:$|\)|\band\b|\bor\b)")


@dataclass(frozen=True)
class Query:
    """Which runs, in which order.

    where: an expression; text: words to find; sort: any name of the library ("" = newest first, those of a study as planned);
    trashed: what is in the trash instead; group: names, runs that agree in them stand together under their mean.
    """

    where: str = ""
    text: str = ""
    state: str = ""
    study: str = ""
    sort: str = ""
    descending: bool = False
    trashed: bool = False
    group: tuple[str, ...] = ()

    def but(self, **changes: object) -> Query:
        """The same with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the runs down."""
        return bool(self.where or self.text or self.state or self.study)

    @property
    def order(self) -> str | None:
        """The order as the library names it."""
        return f"-{self.sort}" if self.sort and self.descending else self.sort or None

    @property
    def filters(self) -> dict[str, Any]:
        """The filters as the library names them."""
        given = {"where": self.where, "text": self.text, "state": self.state, "study": self.study}
        return {**{name: value or None for name, value in given.items()}, "trashed": self.trashed}


@dataclass(frozen=True)
class Rows:
    """Some runs: their rows, the values of the columns that are shown, where the words that were searched for stand."""

    rows: Mapping[str, RunRow] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """What a query finds: every run in order, or the groups in order; the rows of those that were asked for; where words were found."""

    order: tuple[str, ...]
    groups: tuple[GroupRow, ...] = ()
    rows: Rows = field(default_factory=Rows)
    found: Mapping[str, str] = field(default_factory=dict)


def listing(library: Library, query: Query, first: int, last: int, names: Sequence[str], measures: Sequence[str]) -> Listing:
    """All that a query finds, with the rows from first to last. names: columns that are shown; measures: those that groups average.

    Raises Refusal where the filter is not understood.
    """
    if query.group:
        groups = library.grouped(query.group, measures, **_of_groups(query))
        return Listing((), tuple(groups))
    order = tuple(library.uids(sort=query.order, **query.filters))
    found = {one.row.uid: f"{one.place}: {one.snippet}" for one in library.search(query.text, FOUND)} if query.text else {}
    return Listing(order, (), rows(library, order[first : last + 1], names), found)


def _of_groups(query: Query) -> dict[str, Any]:
    """How groups are asked for: a state is a condition like any other; only runs that finished are averaged."""
    where = f'state = "{query.state}"' if query.state else ""
    both = f"({query.where}) and {where}" if query.where and where else query.where or where
    return {
        "where": both or None,
        "text": query.text or None,
        "study": query.study or None,
        "sort": query.order,
        "trashed": query.trashed,
    }


def rows(library: Library, uids: Sequence[str], names: Sequence[str]) -> Rows:
    """These runs, with the values of these columns."""
    if not uids:
        return Rows()
    found = {row.uid: row for row in library.rows(uids)}
    return Rows(found, library.values(list(found), names) if names else {})


@dataclass(frozen=True)
class Details:
    """All that stands beside the table about one run."""

    row: RunRow
    document: Document
    measures: Mapping[str, float]
    attempts: Sequence[AttemptRow]
    charts: tuple[Chart, ...]
    log: tuple[str, ...]
    events: tuple[EventRow, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    artifacts: tuple[ArtifactRow, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def exports(self) -> tuple[EventRow, ...]:
        """When its model was exported."""
        return tuple(event for event in self.events if event.kind == "exported")


def details(library: Library, uid: str) -> Details:
    """One run with its document, measures, attempts, curves, events, environment, files and the end of its log."""
    row = library.run(uid)
    return Details(
        row=row,
        document=library.document(uid),
        measures=library.measures(uid),
        attempts=tuple(library.attempts(uid)),
        charts=tuple(charts(library, uid)),
        log=tuple(tail(library.log_file(uid), LOG_LINES)),
        events=tuple(library.events(uid)),
        environment=library.environment(uid),
        artifacts=tuple(library.artifacts(uid)),
        tags=tuple(library.all_tags()),
    )


def freed(library: Library, uids: Sequence[str] | None) -> int:
    """About how many bytes deleting runs that are in the trash would free; None: all of them.

    Of some, the files that only they name; of all, what they measured too.
    """
    if uids is None:
        return library.size().trashed
    return sum({one.sha256: one.size for uid in uids for one in library.artifacts(uid)}.values())


def own_document(library: Library, uid: str) -> Document:
    """A run's document as an experiment of its own: what its study claims is not its to show."""
    return library.document(uid).model_copy(update={"claim": None})


def is_filter(text: str) -> bool:
    """Whether what was typed is an expression (`recall > 0.9`, `starred`), not words to search for."""
    words = text.split()
    return bool(_SIGNS.search(text)) or (bool(words) and words[0] in _FLAGS)


def typed(query: Query, text: str) -> Query:
    """The query with what was typed: an expression filters, plain words are searched for."""
    filters = is_filter(text)
    return query.but(where=text.strip() if filters else "", text="" if filters else text.strip())
