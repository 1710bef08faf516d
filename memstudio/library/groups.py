"""The groups that are compared: cells of studies, runs that differ in their seeds only, or single runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from memstudio.experiment.cells import cell_cases
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.wording import counted, join
from memstudio.library.experiments import Experiment, differing, experiment_of, value_words
from memstudio.library.library import Library
from memstudio.library.rows import RunRow, StudyRow

#: how runs are put together: "cells" of studies (and single runs by what their documents say), "documents" alone, each of the "runs" by
#: itself, or by the name of a study's axis or the address of a parameter
By = str
#: seed of the weights and of the data: what two runs must share to be paired
Seed = tuple[int, int]


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seeds only. runs: all of them, in the order of their seeds; sets: what the cell sets.

    blocks: where runs are put together by one axis of several, the setting of the others by uid of the run; else empty.
    """

    label: str
    runs: tuple[RunRow, ...]
    sets: Mapping[str, Any] = field(default_factory=dict)
    blocks: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_place(self) -> dict[tuple[Seed, str], RunRow]:
        """The runs that count, by seed and block: finished ones, one a place, the newest where a seed was run again."""
        found: dict[tuple[Seed, str], RunRow] = {}
        for row in self.runs:
            place = ((row.seed, row.data_seed), self.blocks.get(row.uid, ""))
            if row.state == "finished" and (place not in found or (row.ended or 0.0) > (found[place].ended or 0.0)):
                found[place] = row
        return found

    @property
    def by_seed(self) -> dict[Seed, RunRow]:
        """A run that counts for each seed (of several blocks the first)."""
        found: dict[Seed, RunRow] = {}
        for (seed, _), row in self.by_place.items():
            found.setdefault(seed, row)
        return found

    @property
    def of_seeds(self) -> dict[Seed, tuple[RunRow, ...]]:
        """The runs that count for each seed, of all blocks that every seed has: their mean stands for the seed."""
        found: dict[Seed, dict[str, RunRow]] = {}
        for (seed, block), row in self.by_place.items():
            found.setdefault(seed, {})[block] = row
        shared = set.intersection(*(set(blocks) for blocks in found.values())) if found else set()
        return {seed: tuple(row for block, row in blocks.items() if block in shared) for seed, blocks in found.items()}

    @property
    def finished(self) -> tuple[RunRow, ...]:
        """The runs that count, in the order of their seeds."""
        return tuple(self.by_place.values())


@dataclass(frozen=True)
class Gathered:
    """What was asked for: the runs, the studies that were asked for whole, and what all of it is called."""

    title: str
    runs: tuple[RunRow, ...]
    studies: tuple[StudyRow, ...]


def gather(library: Library, names: Sequence[str]) -> Gathered:
    """The runs of these runs and studies (uids or their beginnings), each once.

    Raises Refusal where a name is unknown, stands for several, or where a single run is all there is.
    """
    runs, studies = find_all(library, names)
    if not runs:
        raise Refusal("All runs of this study are in the trash; take them out again to compare them.")
    if len(runs) == 1 and not studies:
        raise Refusal("One run alone has nothing to be compared with; name another run, or a study.")
    return Gathered(_title(runs, studies), runs, studies)


def find_all(library: Library, names: Sequence[str]) -> tuple[tuple[RunRow, ...], tuple[StudyRow, ...]]:
    """The runs of these runs and studies, each once, and the studies. Raises Refusal where a name is unknown or stands for several."""
    studies: dict[str, StudyRow] = {}
    runs: dict[str, RunRow] = {}
    for name in names:
        found = _find(library, name)
        if isinstance(found, StudyRow):
            studies[found.uid] = found
            runs |= {row.uid: row for row in library.runs(study=found.uid)}
        else:
            runs[found.uid] = found
    return tuple(runs.values()), tuple(studies.values())


def _find(library: Library, name: str) -> RunRow | StudyRow:
    asked: tuple[Callable[[str], RunRow | StudyRow], ...] = (library.study, library.run)
    found: list[RunRow | StudyRow] = []
    refused: list[str] = []
    for ask in asked:
        try:
            found.append(ask(name))
        except Refusal as refusal:
            refused.append(str(refusal))
    exact = [one for one in found if one.uid == name]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    if found:
        study, run = found
        raise Refusal(f"{name!r} is the beginning of a study ({study.uid}) and of a run ({run.uid}); type more of it.")
    # where it is the beginning of several, that is what helps
    several = next((sentence for sentence in refused if "begin with" in sentence), None)
    raise Refusal(several or f"There is no run or study {name!r:.80} in this library; `memstudio runs` lists what there is.")


def _title(runs: Iterable[RunRow], studies: Iterable[StudyRow]) -> str:
    """The name they share, or "" where they share none."""
    titles = {study.title for study in studies} | {row.study_title or row.title for row in runs}
    return titles.pop() if len(titles) == 1 else ""


def group(library: Library, gathered: Gathered, by: By | None = None, known: Catalogue | None = None) -> tuple[tuple[Group, ...], By]:
    """The runs in groups, each with a label of its own, and how they were put together.

    by None: cells; where that leaves runs that were chosen one by one in a single group, each run by itself. known: the
    catalogue, so that a default counts as what it stands for. Raises Refusal where `by` names nothing these runs have.
    """
    reading = Reading(library, known)
    if by is None or by == "cells":
        groups = _labelled(reading, _by_cell(reading, gathered), _cell_names)
        if by == "cells" or len(groups) > 1 or gathered.studies:
            return groups, "cells"
        by = "runs"
    if by == "documents":
        return _labelled(reading, _by_document(reading, gathered.runs), _document_names), by
    if by == "runs":
        return _labelled(reading, _by_run(gathered), _run_names), by
    return _by_axis(reading, gathered, by), by


class Reading:
    """The documents of runs as what they say of the experiment, each read once."""

    def __init__(self, library: Library, known: Catalogue | None = None) -> None:
        self.library, self.known = library, known
        self._found: dict[str, Experiment] = {}
        self._studies: dict[str, Document] = {}
        self._cases: dict[str, dict[str, dict[str, str]]] = {}

    def of(self, row: RunRow) -> Experiment:
        """What a run's document says, seeds apart."""
        if row.document not in self._found:
            self._found[row.document] = experiment_of(self.library.document(row.uid), self.known)
        return self._found[row.document]

    def study(self, study: str) -> Document:
        """The document of a study, as it was planned."""
        if study not in self._studies:
            self._studies[study] = self.library.study_document(study)
        return self._studies[study]

    def cases(self, row: RunRow) -> Mapping[str, str]:
        """The case of each axis of a run's study: axis name -> label; empty for a run of no study, or of one whose axes are not known."""
        if row.study is None:
            return {}
        if row.study not in self._cases:
            try:
                cells = cell_cases(self.study(row.study))
            except Refusal:
                cells = []
            self._cases[row.study] = {cell.label: dict(cell.cases) for cell in cells}
        return self._cases[row.study].get(row.cell, {})


def _in_order(rows: Iterable[RunRow]) -> tuple[RunRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.seed, row.data_seed, row.queued)))


def _by_run(gathered: Gathered) -> list[tuple[RunRow, ...]]:
    return [(row,) for row in gathered.runs]


def _by_document(reading: Reading, rows: Iterable[RunRow]) -> list[tuple[RunRow, ...]]:
    found: dict[str, list[RunRow]] = {}
    for row in rows:
        found.setdefault(reading.of(row).key, []).append(row)
    return [_in_order(one) for one in found.values()]


def _by_cell(reading: Reading, gathered: Gathered) -> list[tuple[RunRow, ...]]:
    """Cells as their study planned them, then runs of no study by what their documents say."""
    found: dict[tuple[str, str], list[RunRow]] = {}
    for study in gathered.studies:
        found |= {(study.uid, cell.label): [] for cell in study.cells}
    for row in gathered.runs:
        found.setdefault((row.study, row.cell) if row.study is not None else ("", reading.of(row).key), []).append(row)
    return [_in_order(rows) for rows in found.values() if rows]


# ---------------------------------------------------------------------------------------------- by one axis


@dataclass(frozen=True)
class Way:
    """A way to put the runs together. by: as `group` takes it; title: `memory`, `heads`; groups: how many that makes."""

    by: By
    title: str
    groups: int


def ways(reading: Reading, gathered: Gathered) -> tuple[Way, ...]:
    """The axes of the studies that have several cases here; where runs belong to no study, the parameters at which they differ."""
    axes: dict[str, set[str]] = {}
    for row in gathered.runs:
        for name, case in reading.cases(row).items():
            axes.setdefault(name, set()).add(case)
    found = [Way(name, name, len(cases)) for name, cases in axes.items() if len(cases) > 1]
    if not found:
        documents = {row.document: row for row in gathered.runs}
        differs = differing([reading.of(row) for row in documents.values()]) if len(documents) > 1 else ()
        for one in differs:
            if one.address != "wires":
                number = len({value_words(value, one.address) for value in one.values})
                found.append(Way(one.address, one.address.rpartition(".")[2].replace("_", " "), number))
    # by cell and by the only axis is the same
    return tuple(found) if len(found) > 1 or not gathered.studies else ()


def _by_axis(reading: Reading, gathered: Gathered, by: str) -> tuple[Group, ...]:
    """A group for each case of an axis, or for each value at an address; the setting of everything else is the run's block."""
    named = {row.uid: _case(reading, row, by) for row in gathered.runs}
    if all(case is None for case in named.values()):
        known = [
            *(name for row in gathered.runs for name in reading.cases(row)),
            *(at for row in gathered.runs for at in reading.of(row).all),
        ]
        raise Refusal(f"None of these runs has an axis or a parameter {by!r}{nearest(by, dict.fromkeys(known))}.")
    found: dict[str, list[RunRow]] = {}
    for row in gathered.runs:
        found.setdefault(named[row.uid] or "not there", []).append(row)
    shared = set.intersection(*(set(reading.of(row).all) for row in gathered.runs)) if "." in by else set()
    blocks = {row.uid: _rest(reading, row, by, shared) for row in gathered.runs}
    return tuple(Group(label, _in_order(rows), {by: label}, {row.uid: blocks[row.uid] for row in rows}) for label, rows in found.items())


def _case(reading: Reading, row: RunRow, by: str) -> str | None:
    cases = reading.cases(row)
    if by in cases:
        return cases[by]
    says = reading.of(row).all
    return value_words(says[by], by) if by in says else None


def _rest(reading: Reading, row: RunRow, by: str, shared: Collection[str]) -> str:
    """Everything that is set but the axis: the other cases, or the rest of the document."""
    cases = reading.cases(row)
    if by in cases:
        return ", ".join(case for name, case in cases.items() if name != by)
    return reading.of(row).without(by, shared)


# ---------------------------------------------------------------------------------------------- labels

Names = Callable[[Reading, Sequence[tuple[RunRow, ...]]], list[list[str]]]


def _labelled(reading: Reading, found: Sequence[tuple[RunRow, ...]], names: Names) -> tuple[Group, ...]:
    labels = distinct(names(reading, found))
    return tuple(Group(label, rows, dict(rows[0].sets)) for label, rows in zip(labels, found, strict=True))


def distinct(names: Sequence[Sequence[str]]) -> list[str]:
    """One name for each, so that no two are called the same: the first of its names that does, else the last of them."""
    places = [0] * len(names)
    while True:
        labels = [own[place] for own, place in zip(names, places, strict=True)]
        clash = [i for i, label in enumerate(labels) if labels.count(label) > 1 and places[i] + 1 < len(names[i])]
        if not clash:
            return labels
        for i in clash:
            places[i] += 1


def _uid(row: RunRow) -> str:
    return row.uid[:8]


def _cell_names(reading: Reading, found: Sequence[tuple[RunRow, ...]]) -> list[list[str]]:
    """A cell by its label, then with its study's title; a run of no study by its title, then by what its document says."""
    alone = iter(_document_names(reading, [rows for rows in found if rows[0].study is None]))
    named = []
    for rows in found:
        first = rows[0]
        if first.study is None:
            named.append(next(alone))
            continue
        title = first.study_title or first.title
        whole = f"{title}, {first.cell}" if first.cell else title
        named.append([first.cell or title, whole, f"{whole} ({first.study[:8]})"])
    return named


def _document_names(reading: Reading, found: Sequence[tuple[RunRow, ...]]) -> list[list[str]]:
    """By title, then by what differs from others of that title, then by both."""
    titles = [rows[0].title for rows in found]
    named: list[list[str]] = [[] for _ in found]
    for title in dict.fromkeys(titles):
        places = [i for i, one in enumerate(titles) if one == title]
        says = _differences_in_words([reading.of(found[i][0]) for i in places]) if len(places) > 1 else [[]]
        for i, parts in zip(places, says, strict=True):
            words = ", ".join(parts[:3])
            # what differs is name enough where all have one title
            names = [title, *([words] if len(set(titles)) == 1 else []), f"{title}, {words}"] if words else [title]
            named[i] = [*names, f"{names[-1]} ({_uid(found[i][0])})"]
    return named


def _differences_in_words(experiments: Sequence[Experiment]) -> list[list[str]]:
    says: list[list[str]] = [[] for _ in experiments]
    for one in differing(experiments):
        for part, value in zip(says, one.values, strict=True):
            words = value_words(value, one.address)
            part.append(words if one.address.endswith(".component") else f"{one.address.rpartition('.')[2].replace('_', ' ')} {words}")
    return says


def _run_names(reading: Reading, found: Sequence[tuple[RunRow, ...]]) -> list[list[str]]:
    """By the seed where that is all that differs, else with the cell or title before it."""
    named = []
    for (row,) in found:
        seed = f"seed {row.seed:,}"
        title = row.study_title or row.title
        cell = f"{row.cell or title}, {seed}"
        named.append([cell, f"{title}, {row.cell}, {seed}" if row.cell else cell, f"{cell} ({_uid(row)})"])
    same = len({(row.study_title or row.title, row.cell) for (row,) in found}) == 1
    return [[f"seed {row.seed:,}", *names] for (row,), names in zip(found, named, strict=True)] if same else named


def over_blocks(groups: Sequence[Group]) -> tuple[str, ...]:
    """What a seed's value is a mean over, where runs are put together by one axis of several."""
    blocks = [{block for _, block in one.by_place} for one in groups if one.by_place]
    shared = set.intersection(*blocks) if blocks else set()
    if len(shared) == 1 or not any(one.blocks for one in groups):
        return ()
    if not shared:
        return ("The groups have no setting of the rest in common, so there is nothing to compare.",)
    return (f"Each seed counts with its mean over the {len(shared):,} settings of the rest that all groups have.",)


#: more groups than this cannot be told apart by colour and dash at a glance
MANY = 12


def advice(groups: Sequence[Group], there: Sequence[Way]) -> str:
    """What to group by instead where there are too many groups to tell apart; empty where there are not."""
    better = sorted((way for way in there if way.groups < len(groups)), key=lambda way: (way.groups > MANY, way.groups))
    if len(groups) <= MANY or not better:
        return ""
    named = join([f"{way.title} ({way.groups:,})" for way in better[:3]], "or")
    return f"{len(groups):,} groups are more than colours and dashes can tell apart: group by {named}."


def left_out(groups: Sequence[Group]) -> tuple[str, ...]:
    """Sentences about runs that do not count: those that have not finished, and older ones of a seed that was run again."""
    sentences = []
    for one in groups:
        states: dict[str, int] = {}
        for row in one.runs:
            states[row.state] = states.get(row.state, 0) + 1
        others = ", ".join(f"{n:,} {state}" for state, n in states.items() if state != "finished")
        finished = states.get("finished", 0)
        if others and finished:
            sentences.append(f"{one.label}: {finished:,} of {counted(len(one.runs), 'run')} finished ({others}), and only those count.")
        elif others:
            sentences.append(f"{one.label}: no run finished ({others}), so it has nothing to compare.")
        again = finished - len(one.by_place)
        if again:
            sentences.append(f"{one.label}: {counted(again, 'run')} of a seed that was run again {'is' if again == 1 else 'are'} left out.")
        incomplete = len(one.by_place) - sum(map(len, one.of_seeds.values()))
        if incomplete:
            are = "is" if incomplete == 1 else "are"
            sentences.append(
                f"{one.label}: {counted(incomplete, 'run')} {are} left out, because not every seed has that setting of the rest."
            )
    return tuple(sentences)
