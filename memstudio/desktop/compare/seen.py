"""What the Compare page is asked to show, and what the library answered: frozen, without a widget, made on the reader's thread."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from memstudio.desktop.live.seen import Option, PlotSeen

if TYPE_CHECKING:
    from memstudio.library.against import Difference, Test
    from memstudio.library.comparison import Comparison
    from memstudio.library.groups import By
    from memstudio.library.importance import Importance, Table
    from memstudio.library.overlays import Matrix
    from memstudio.library.sentences import Sentence
    from memstudio.library.study_figure import Kind, StudyFigure
    from memstudio.measures.intervals import Interval

#: the plots of the page: what was measured at the end over an axis, what was measured on the way, reliability
PLOTS = ("main", "learning", "calibration")


def steps_words(steps: Sequence[int]) -> str:
    """`step 400`, `steps 390 to 400` where runs stored different ones; empty without any."""
    if not steps:
        return ""
    low, high = min(steps), max(steps)
    return f"step {low:,}" if low == high else f"steps {low:,} to {high:,}"


@dataclass(frozen=True)
class Wish:
    """What is to be compared: whole studies and single runs, by uid. by: how runs become groups, None: as fits best.

    measure: the one of the table ("" = the one that says most); baseline: a group's label ("" = the one that is kept, else the first
    that can be); chosen: panel -> what its chooser says; step: the step that curves are scrubbed to, None for the newest;
    test: which is spoken of, over all: whether p values are corrected over all measures of the table, else over the groups of one.
    """

    studies: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    by: By | None = None
    measure: str = ""
    baseline: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    step: int | None = None
    test: Test = "t"
    over_all: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that was asked for."""
        return (*self.studies, *self.runs)


@dataclass(frozen=True)
class Row:
    """One group in the table. number: its place, which gives colour and dash; of, finished: its runs; state: bytes.

    test: the one that p values are of; bad: seeds whose value is not finite.
    """

    number: int
    label: str
    of: int
    finished: int
    interval: Interval | None
    difference: Difference | None
    is_baseline: bool
    state: float | None
    parameters: float | None
    test: Test = "t"
    bad: int = 0

    @property
    def p(self) -> float | None:
        """The p of the difference after Holm's correction."""
        return self.difference.corrected(self.test) if self.difference is not None else None


@dataclass(frozen=True)
class Section:
    """One measure of the table, with a row a group."""

    measure: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, eq=False)
class MatricesSeen:
    """The matrices of the groups that have one. labels: of every group by its number; options: the curves that are matrices."""

    chosen: str
    options: tuple[Option, ...]
    labels: tuple[str, ...]
    matrices: tuple[Matrix, ...]

    @property
    def stored(self) -> str:
        """The stored steps they are of, in words."""
        return steps_words([step for one in self.matrices for step in one.steps])


@dataclass(frozen=True, eq=False)
class StudySeen:
    """The figure of what was varied. kind, along: its form and the axis along x; measures: to choose from.

    forms, form: what a person chooses of it (kind, axes, axis along x); plot: its lines, where it has that form.
    """

    figure: StudyFigure
    kind: Kind
    along: int
    measures: tuple[Option, ...]
    forms: tuple[Option, ...]
    form: str
    plot: PlotSeen | None = None


@dataclass(frozen=True, eq=False)
class ParametersSeen:
    """Which parameters matter for the measure, and one of them against it, run by run.

    waiting: what is still to be worked out: under which key it is kept, and of what.
    """

    importance: Importance
    options: tuple[Option, ...]
    plot: PlotSeen
    waiting: tuple[Hashable, Table] | None = None


@dataclass(frozen=True)
class Steps:
    """Where the time slider can stand. stored: rising; at: the stored step that is shown."""

    stored: tuple[int, ...]
    at: int


@dataclass(frozen=True, eq=False)
class Seen:
    """Everything the page shows. sections: the table, the chosen measure first; sentences: its differences in words.

    measures: what can be chosen; ways: how runs can become groups; tests: how differences are judged.
    study, parameters, steps: None where there is nothing of it.
    """

    wish: Wish
    comparison: Comparison
    measure: str
    measures: tuple[Option, ...]
    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    plots: Mapping[str, PlotSeen]
    matrices: MatricesSeen | None
    ways: tuple[Option, ...]
    tests: tuple[Option, ...] = ()
    test: str = ""
    study: StudySeen | None = None
    parameters: ParametersSeen | None = None
    steps: Steps | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the chosen measure."""
        return self.sections[0].rows


@dataclass(frozen=True)
class Offered:
    """A study that can be compared: its name, and how much it is in words."""

    uid: str
    title: str
    words: str
