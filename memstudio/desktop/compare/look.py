"""The one question the Compare page asks: everything it shows, from the library, on the reader's thread."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from memstudio.desktop.compare import overlaying, studying
from memstudio.desktop.compare.seen import MatricesSeen, Offered, ParametersSeen, Row, Section, Seen, Steps, StudySeen, Wish
from memstudio.desktop.live.reading import Kept
from memstudio.desktop.live.seen import Option, PlotSeen
from memstudio.desktop.words import count, moment

if TYPE_CHECKING:
    from memstudio.library import Library
    from memstudio.library.against import Test
    from memstudio.library.comparison import Comparison
    from memstudio.library.groups import Gathered, Group, Reading
    from memstudio.library.importance import Importance
    from memstudio.library.overlays import Overlaid
    from memstudio.library.study_figure import StudyFigure
    from memstudio.measures.intervals import Interval

T = TypeVar("T")
#: points of a drawn line at most, and of all lines of a plot together: dashed lines with smooth edges cost some 40 microseconds a point
POINTS, ALL_POINTS, FEWEST_POINTS = 240, 2_000, 48
#: studies that are offered, the newest first
MOST_OFFERED = 24
#: measures that stand in columns of their own
COSTS = ("state_bytes", "parameters")
#: measures below the chosen one at most
MOST_MORE = 6
#: fewer runs than this are no cloud to look at
FEWEST_RUNS = 4
#: two measures whose means are nearer than this in every group (accuracy, average accuracy) need one place in the table
ALIKE = 2e-3
WAYS = (
    Option("cells", "Group by cell"),
    Option("documents", "Group by what is set"),
    Option("runs", "Each run by itself"),
)
#: how differences are judged: the test, then over what Holm's rule corrects
TESTS = (
    Option("t:groups", "t test, Holm by measure"),
    Option("t:all", "t test, Holm over all"),
    Option("permutation:groups", "Permutation, Holm by measure"),
    Option("permutation:all", "Permutation, Holm over all"),
)


class Look:
    """Answers wishes; used on the reader's thread only. What was laid over each other is kept while its runs stay as they are."""

    def __init__(self) -> None:
        self._kept = Kept()
        self._before: tuple[object, ...] = ()
        #: what was worked out elsewhere, because it takes its time
        self._learned: dict[Hashable, Importance] = {}

    def forget(self) -> None:
        """Forgets everything that was read: more has been measured of finished runs. From any thread."""
        self._kept = Kept()
        self._learned.clear()

    def learn(self, key: Hashable, found: Importance) -> None:
        """Takes what a forest said (see ParametersSeen.waiting); the next answer shows it. From any thread."""
        self._learned[key] = found

    def __call__(self, library: Library, wish: Wish, fresh: bool = True) -> Seen | None:
        """Everything the page shows; None where fresh is False and nothing has changed since the last answer.

        Raises Refusal where a run or study is unknown.
        """
        from memstudio.components.catalogue import known
        from memstudio.library.comparison import comparison_of
        from memstudio.library.groups import gather

        # here, where it keeps nobody waiting: the plots need it, and it takes 0.4 s
        importlib.import_module("pyqtgraph")
        gathered = gather(library, wish.names)
        now = (library.path, wish, tuple((row.uid, row.state, row.ended) for row in gathered.runs))
        if not fresh and now == self._before:
            return None
        self._before = now
        made = comparison_of(library, gathered, by=wish.by, known=known())
        if wish.baseline in made.labels:
            made = made.with_baseline(wish.baseline)
        return self._seen(library, wish, made, gathered)

    def _seen(self, library: Library, wish: Wish, made: Comparison, gathered: Gathered) -> Seen:
        from memstudio.library.overlays import overlaid

        measure = wish.measure if wish.measure in made.measures else made.headline
        there = self._once(library, made, "there", lambda: overlaid(library, made.groups))
        table = measures_of_table(made, measure)
        family = table if wish.over_all else ()
        return Seen(
            wish=wish,
            comparison=made,
            measure=measure,
            measures=tuple(map(overlaying.measure_option, made.measures)),
            sections=sections(made, table, family, wish.test),
            sentences=made.sentences(measure, family, wish.test) if measure else (),
            plots=self._plots(library, wish, made, there),
            matrices=self._matrices(library, wish, made, there),
            ways=(*WAYS, *(Option(way.by, f"Group by {way.title} ({way.groups:,})") for way in made.ways)),
            tests=TESTS,
            test=f"{wish.test}:{'all' if wish.over_all else 'groups'}",
            study=self._study(library, wish, made, gathered),
            parameters=self._parameters(library, made, wish, measure),
            steps=self._steps(library, wish, made, there),
        )

    def _steps(self, library: Library, wish: Wish, made: Comparison, there: Overlaid) -> Steps | None:
        from memstudio.library.overlays import stored_steps

        stored = self._once(library, made, "steps", lambda: stored_steps(library, made.groups, there))
        if len(stored) < 2:
            return None
        at = stored[-1] if wish.step is None else min(stored, key=lambda step: (abs(step - (wish.step or 0)), step))
        return Steps(stored, at)

    def _study(self, library: Library, wish: Wish, made: Comparison, gathered: Gathered) -> StudySeen | None:
        """The figure of what was varied; None where there is one cell, or nothing measured."""
        from memstudio.components.catalogue import catalogue
        from memstudio.experiment.parameters import Refusal
        from memstudio.library.groups import Reading, group
        from memstudio.library.study_figure import figure_of_groups

        def read() -> tuple[Sequence[Group], Reading, Mapping[str, Mapping[str, float]]]:
            groups, _ = group(library, gathered, None, catalogue())
            return groups, Reading(library, catalogue()), library.measures_of([row.uid for one in groups for row in one.finished])

        states = tuple((row.uid, row.state) for row in gathered.runs)
        groups, reading, last = self._once(library, made, ("cells", states), read)
        if len(groups) < 2:
            return None

        def make(measure: str | None, show: Sequence[str]) -> StudyFigure:
            return figure_of_groups(groups, last, reading, measure, show=show, title=made.title)

        wanted = wish.chosen.get("study", "")
        try:
            return studying.study_seen(make, wanted, wish.chosen.get("study.form", ""))
        except Refusal:
            # what was chosen of another study is not there in this one
            try:
                return studying.study_seen(make, "", "")
            except Refusal:
                return None

    def _parameters(self, library: Library, made: Comparison, wish: Wish, measure: str) -> ParametersSeen | None:
        from memstudio.components.catalogue import catalogue
        from memstudio.library.importance import SEED, Importance, importance_of, parameters_of, scattered

        if not measure:
            return None
        rows = [row for one in made.groups for row in one.finished]
        table = self._once(library, made, ("parameters", measure), lambda: parameters_of(library, rows, measure, catalogue()))
        if not any(address != SEED for address in table.columns) or len(table.y) < FEWEST_RUNS:
            return None
        key = self._key(library, made, ("importance", measure))
        known = self._learned.get(key)
        if known is None and not table.asks_a_forest:
            known = importance_of(table, measure)
        found = known or Importance(measure, len(table.y), "", "Working out which parameters matter.")
        address = studying.chosen_parameter(wish.chosen.get("parameters", ""), found, table.columns)
        shown = studying.parameters_seen(found, scattered(table, made.groups, address, measure), list(table.columns), made.labels)
        return shown if known is not None else replace(shown, waiting=(key, table))

    def _once(self, library: Library, made: Comparison, what: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for the same finished runs in the same groups."""
        return self._kept.get(self._key(library, made, what), make)

    def _key(self, library: Library, made: Comparison, what: Hashable) -> Hashable:
        runs = tuple(tuple((row.uid, row.ended) for row in one.finished) for one in made.groups)
        return library.path, runs, what

    def _plots(self, library: Library, wish: Wish, made: Comparison, there: Overlaid) -> dict[str, PlotSeen]:
        plots: dict[str, PlotSeen] = {}
        main, learning = overlaying.main_options(there), overlaying.learning_options(there)
        taken = _chosen(wish.chosen.get("main", ""), main)
        if taken:
            plots["main"] = self._overlay(library, made, taken, main, wish.step)
        others = [option for option in learning if option.id != taken]
        beside = _chosen(wish.chosen.get("learning", ""), others)
        if beside:
            plots["learning"] = self._overlay(library, made, beside, others, wish.step)
        diagrams = tuple(map(overlaying.curve_option, sorted(there.reliability, key=lambda name: (len(name), name))))
        shown = _chosen(wish.chosen.get("calibration", ""), diagrams)
        if shown:
            plots["calibration"] = self._reliability(library, made, shown, diagrams, wish.step)
        return plots

    def _overlay(self, library: Library, made: Comparison, chosen: str, options: Sequence[Option], step: int | None) -> PlotSeen:
        from memstudio.library.overlays import curve_overlay, series_overlay

        kind, _, name = chosen.partition(":")

        def read() -> PlotSeen:
            bins = max(FEWEST_POINTS, min(POINTS, ALL_POINTS // len(made.groups)))
            found = curve_overlay(library, made.groups, name, step) if kind == "curve" else series_overlay(library, made.groups, name, bins)
            return overlaying.plot_seen(found, made.labels, chosen, options)

        return replace(self._once(library, made, (chosen, made.labels, step if kind == "curve" else None), read), options=tuple(options))

    def _reliability(self, library: Library, made: Comparison, chosen: str, options: Sequence[Option], step: int | None) -> PlotSeen:
        from memstudio.library.overlays import reliability

        def read() -> PlotSeen:
            found = reliability(library, made.groups, chosen.partition(":")[2], step)
            return overlaying.reliability_seen(found, made.labels, chosen, options)

        return self._once(library, made, (chosen, made.labels, step), read)

    def _matrices(self, library: Library, wish: Wish, made: Comparison, there: Overlaid) -> MatricesSeen | None:
        from memstudio.library.overlays import matrices

        options = tuple(map(overlaying.curve_option, there.matrices))
        chosen = _chosen(wish.chosen.get("matrices", ""), options)
        if not chosen:
            return None
        step = wish.step
        found = self._once(library, made, (chosen, step), lambda: matrices(library, made.groups, chosen.partition(":")[2], step))
        return MatricesSeen(chosen, options, made.labels, found)


def _chosen(wanted: str, options: Sequence[Option]) -> str:
    """What was wanted where it can be had, else the first; "" where nothing can."""
    ids = [option.id for option in options]
    return wanted if wanted in ids else ids[0] if ids else ""


def measures_of_table(made: Comparison, measure: str) -> tuple[str, ...]:
    """The chosen measure, then others that say most; of those that say the same (recall and accuracy) the first."""
    from memstudio.library.comparison import MAIN

    found = [measure]
    for name in MAIN:
        fits = name in made.measures and name != measure and name not in COSTS and len(found) <= MOST_MORE
        if fits and not any(_say_the_same(made.intervals(name), made.intervals(other)) for other in found):
            found.append(name)
    return tuple(found)


def sections(made: Comparison, measures: Sequence[str], family: Sequence[str] = (), test: Test = "t") -> tuple[Section, ...]:
    """The table of these measures. family: those whose tests are corrected together; test: the one that is spoken of."""
    return tuple(_section(made, name, family, test, costs=place == 0) for place, name in enumerate(measures))


def _say_the_same(one: Sequence[Interval | None], other: Sequence[Interval | None]) -> bool:
    return all(
        (a is None and b is None) or (a is not None and b is not None and math.isclose(a.mean, b.mean, rel_tol=ALIKE))
        for a, b in zip(one, other, strict=True)
    )


def _section(made: Comparison, measure: str, family: Sequence[str], test: Test, costs: bool = False) -> Section:
    """The table of one measure: a row a group; costs: with what each group costs."""
    parts = zip(made.groups, made.intervals(measure), made.differences(measure, family), strict=True)
    state, parameters = (made.intervals(cost) for cost in COSTS)
    rows = tuple(
        Row(
            number=i,
            label=one.label,
            of=len(one.runs),
            finished=len(one.finished),
            interval=interval,
            difference=difference,
            is_baseline=i == made.baseline,
            state=bytes_.mean if costs and (bytes_ := state[i]) is not None else None,
            parameters=number.mean if costs and (number := parameters[i]) is not None else None,
            test=test,
            bad=sum(not math.isfinite(value) for value in made.of(measure)[i].values()),
        )
        for i, (one, interval, difference) in enumerate(parts)
    )
    return Section(measure, overlaying.measure_option(measure).title, rows)


def offered(library: Library) -> tuple[Offered, ...]:
    """The studies that have a finished run, the newest first."""
    found = []
    for study in library.studies():
        finished = study.states.get("finished", 0)
        if finished:
            runs = count(study.runs, "run") if finished == study.runs else f"{finished:,} of {count(study.runs, 'run')} finished"
            found.append(Offered(study.uid, study.title, f"{count(len(study.cells), 'cell')} · {runs} · {moment(study.created)}"))
    return tuple(found[:MOST_OFFERED])
