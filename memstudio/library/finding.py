"""Finding runs: lists, filters and their completion, columns, groups, words."""

from __future__ import annotations

from collections.abc import Sequence

from memstudio.library import columns, completing, filters, grouping, names, runs, searching
from memstudio.library.columns import Column
from memstudio.library.completing import Completion
from memstudio.library.filters import Problem
from memstudio.library.grouping import GroupRow
from memstudio.library.handle import Handle, all_in_words
from memstudio.library.names import Value
from memstudio.library.rows import RunRow, StudyRow
from memstudio.library.runs import Wanted
from memstudio.library.searching import Found


@all_in_words
class Finding(Handle):
    """What can be asked for are the names of names.py: fields of a run, axes, parameters, measures and the environment."""

    def runs(
        self,
        *,
        state: str | None = None,
        study: str | None = None,
        where: str | None = None,
        text: str | None = None,
        trashed: bool = False,
        sort: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[RunRow]:
        """Runs, the newest first, those of a study as they were planned.

        where: `memory = "gated delta rule" and recall[load=16] > 0.9 and seed in (0, 1)`; text: beginnings of words in title, note,
        tags and parameters; sort: a field, axis, parameter, measure ..., with a minus before it for descending (runs without it last).
        """
        return runs.list_runs(self._db, self._wanted(state, study, where, text, trashed, sort, limit, offset))

    def uids(
        self,
        *,
        state: str | None = None,
        study: str | None = None,
        where: str | None = None,
        text: str | None = None,
        trashed: bool = False,
        sort: str | None = None,
    ) -> list[str]:
        """The uids of the runs that `runs` would give with the same filters and no limit, in the same order: quicker than their rows."""
        return runs.list_uids(self._conn, self._wanted(state, study, where, text, trashed, sort))

    def rows(self, uids: Sequence[str]) -> list[RunRow]:
        """The rows of these runs (whole uids), in no order; runs that are gone are left out."""
        return runs.rows_by_uid(self._conn, uids)

    def count(
        self,
        *,
        state: str | None = None,
        study: str | None = None,
        where: str | None = None,
        text: str | None = None,
        trashed: bool = False,
    ) -> int:
        """How many runs `runs` would give with the same filters and no limit."""
        return runs.count_runs(self._db, self._wanted(state, study, where, text, trashed))

    def run(self, run: str) -> RunRow:
        """One run."""
        return runs.run_row(self._conn, self._run(run))

    def studies(self, *, trials_of: str | None = None) -> list[StudyRow]:
        """Every study, the newest first; or the studies that hold the trials of one."""
        return runs.study_rows(self._db, trials_of=None if trials_of is None else self._study(trials_of))

    def study(self, study: str) -> StudyRow:
        """One study."""
        return runs.study_rows(self._db, self._study(study))[0]

    def columns(self, *, study: str | None = None, where: str | None = None) -> list[Column]:
        """The columns that runs (of a study, of a filter) have values for: those that vary first, then by kind, then by name."""
        if study is None and not (where or "").strip():
            return columns.columns(self._conn)
        return columns.columns(self._conn, runs.condition_of(self._conn, self._wanted(None, study, where)))

    def values(self, runs: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Value]]:
        """What runs (whole uids) say under each of these names; a name is missing where a run has no value."""
        return _values(self._conn, runs, columns)

    def grouped(
        self,
        by: Sequence[str],
        measures: Sequence[str] = (),
        *,
        where: str | None = None,
        text: str | None = None,
        study: str | None = None,
        trashed: bool = False,
        sort: str | None = None,
    ) -> list[GroupRow]:
        """Runs in groups of what they say under these names, with mean, 95 % interval and deviation of measures over finished runs.

        Where the very same document was run again the newest counts. sort: one of `by`, or a measure's mean; "-" before it: descending.
        """
        condition = runs.condition_of(self._conn, self._wanted(None, study, where, text, trashed))
        return grouping.grouped(self._conn, by, measures, condition, sort)

    def search(self, text: str, limit: int = 50) -> list[Found]:
        """The runs in whose title, note, tags or parameters every one of these words (or beginnings of words) stands, best first."""
        return searching.search(self._conn, text, limit)

    def complete(self, text: str, position: int | None = None) -> list[Completion]:
        """What could stand at a position of a filter (its end, unless given), best first."""
        return completing.complete(self._conn, text, position)

    def check_where(self, text: str) -> Problem | None:
        """What is wrong with a filter as it stands, and where; None where nothing is."""
        return filters.problem_of(self._conn, text)

    def measure_names(self) -> list[str]:
        """The names of all measures of all runs, in alphabetical order."""
        return names.measure_names(self._conn)

    def _wanted(
        self,
        state: str | None = None,
        study: str | None = None,
        where: str | None = None,
        text: str | None = None,
        trashed: bool = False,
        sort: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Wanted:
        in_study = None if study is None else self._study(study)
        return Wanted(state, in_study, where, text, trashed, sort, limit, offset)


# `columns` is also the name of a method and a parameter above
_values = columns.values
