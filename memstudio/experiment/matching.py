"""Matched budgets: the width of each case that gives it the parameters, state or step time of another, found before any run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from memstudio.experiment import addresses, tuning
from memstudio.experiment.cells import Cell, apply, cell_cases, complete, match_key, reported_axes, tuned_axes, width_words
from memstudio.experiment.declarations import Cost
from memstudio.experiment.document import Axis, Document, Match, Solved
from memstudio.experiment.entries import Catalogue, nearest
from memstudio.experiment.inference import infer_wired
from memstudio.experiment.migrations import update
from memstudio.experiment.parameters import Refusal, Whole
from memstudio.experiment.stages import chain
from memstudio.experiment.wiring import Wiring

#: Seconds a step of a document (of one run) takes, measured.
StepTime = Callable[[Document], float]

#: Further off than this is no match; times are measured, so they get more room.
FARTHEST = {"parameters": 0.10, "state_bytes": 0.10, "step_time": 0.25}
#: A measured time this near is near enough: measuring again would differ by as much.
NEAR_ENOUGH = 0.03
#: Widths that are tried one by one where halving the range finds nothing near (cost that does not rise with the width).
MOST_TRIED = 4096
#: Cells in which it is looked whether a tuned axis changes what is matched; more would find the same.
MOST_LOOKED_AT = 12

_WORDS = {"parameters": "parameters", "state_bytes": "bytes of state", "step_time": "seconds a step"}


def solve(document: Document, catalogue: Catalogue, step_time: StepTime | None = None) -> Document:
    """The document with the solution of every matched axis written into it; the same one where nothing is matched.

    In every cell but those of `to`, the width is chosen that comes nearest to what the cell with `to` in its place has; what is
    exact (parameters, state) is inferred, a step's time is measured. Solutions for this very document are kept.
    Raises Refusal, one sentence: no such case or width, nothing near enough, no way to measure.
    """
    document = update(document, catalogue)
    axes = [axis for axis in reported_axes(document) if axis.match is not None]
    key = match_key(document) if axes else ""
    if all(axis.match is not None and axis.match.key == key for axis in axes):
        return document
    if len(axes) > 1:
        raise Refusal(f"Axes {axes[0].name!r} and {axes[1].name!r} both match a budget; only one axis of a study may.")
    (axis,) = axes
    assert axis.match is not None
    refuse_match(document, axis)
    _refuse_tuned_cost(document, catalogue, axis)
    solved = _Axis(document, catalogue, axis, axis.match, step_time).all()
    match = axis.match.model_copy(update={"solved": solved, "key": key})
    vary = [one.model_copy(update={"match": match}) if one is axis else one for one in document.run.vary]
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


def refuse_match(document: Document, axis: Axis) -> None:
    """Raises Refusal where a match cannot be solved whatever the costs: no such case, a width that is set elsewhere."""
    match = axis.match
    if match is None:
        return
    if axis.tuned is not None:
        raise Refusal(f"Axis {axis.name!r} is tuned, so its cases are not matched; remove match or tuned.")
    labels = [case.label for case in axis.all_cases()]
    if match.to not in labels:
        raise Refusal(f"Axis {axis.name!r} matches to {match.to!r}{nearest(match.to, labels)}, which is none of its cases.")
    for one in document.run.vary:
        for case in one.all_cases():
            if match.width in case.set and not (one is axis and case.label == match.to):
                by = f"which axis {axis.name!r} is to find by matching"
                raise Refusal(f"{case.label!r} of axis {one.name!r} sets {match.width}, {by}; leave it out there.")


def _refuse_tuned_cost(document: Document, catalogue: Catalogue, axis: Axis) -> None:
    """Raises Refusal where a tuned axis changes what is matched: a budget cannot hold for a value that is not chosen yet.

    What a step's time depends on cannot be known so; it is matched with the values that stand in the document.
    """
    match = axis.match
    if match is None or match.what == "step_time":
        return
    for cell in cell_cases(document)[:MOST_LOOKED_AT]:
        whole = complete(document, cell.label, cell.sets, catalogue)
        for one in tuned_axes(document):
            costs = set()
            for point in tuning.grid([tuning.dimension(document, catalogue, cell, one)]):
                try:
                    costs.add(getattr(cost_of(apply(whole, point.sets, catalogue), catalogue), match.what))
                except Refusal:
                    continue  # a case that cannot be had is told of by itself
            if len(costs) > 1:
                what = f"the {_WORDS[match.what]} that axis {axis.name!r} matches"
                raise Refusal(f"Axis {one.name!r} is tuned and changes {what}; tune another value, or remove the match.")


def sentences(document: Document) -> list[str]:
    """What was found, a sentence for each matched cell: `'linear (key width 24)': 41,480 parameters, 2.0 % more than 'attention'.`"""
    found = []
    by_name = {axis.name: axis.match for axis in document.run.vary if axis.match is not None}
    for cell in cell_cases(document):
        for name, solved in cell.matched:
            match = by_name[name]
            found.append(f"{cell.label!r}: {_amount(match.what, solved.has)}, {off_words(solved)} {match.to!r}.")
    return found


def off_words(solved: Solved) -> str:
    """`2.0 % more than`, `as many as`: how far a solution is off, before the name of what it is matched to."""
    if solved.has == solved.wants:
        return "the same as"
    return f"{abs(solved.off) * 100:.2g} % {'more' if solved.off > 0 else 'less'} than"


def _amount(what: str, number: float) -> str:
    return f"{number:.3g} {_WORDS[what]}" if what == "step_time" else f"{int(number):,} {_WORDS[what]}"


class NotThis(Exception):
    """A width that cannot be had (it does not divide, say)."""


@dataclass
class _Axis:
    """One matched axis on its way to its solution."""

    document: Document
    catalogue: Catalogue
    axis: Axis
    match: Match
    step_time: StepTime | None

    def all(self) -> dict[str, Solved]:
        cells = cell_cases(self.document)
        to = {_others(cell, self.axis): cell for cell in cells if (self.axis.name, self.match.to) in cell.cases}
        if self.match.what == "step_time" and self.step_time is None:
            raise Refusal(
                f"Axis {self.axis.name!r} matches the time of a step, which has to be measured first; start it with `memstudio run`."
            )
        return {
            cell.plain: self._cell(cell, to[_others(cell, self.axis)])
            for cell in cells
            if (self.axis.name, self.match.to) not in cell.cases
        }

    def _cell(self, cell: Cell, to: Cell) -> Solved:
        measure = self.step_time if self.step_time is not None and self.match.what == "step_time" else self._exactly
        wanted = measure(complete(self.document, to.plain, to.sets, self.catalogue))
        if wanted <= 0:
            raise Refusal(
                f"{to.plain!r} has no {_WORDS[self.match.what]} to match; choose another budget, or another case for {self.axis.name!r}."
            )
        start = complete(self.document, cell.plain, cell.sets, self.catalogue)
        widths = self._range(start, cell)
        search = Search(widths, partial(self._at, start, measure), wanted, exact=self.match.what != "step_time")
        value, has = search.nearest() or (None, 0.0)
        if value is None:
            raise Refusal(
                f"With {cell.plain!r} no {width_words(self.match)} from {widths[0]:,} to {widths[-1]:,} can be used; mend that case first."
            )
        solved = Solved(value=value, has=has, wants=wanted)
        # a width that changes nothing must not be set to whatever comes first, however near the two are
        if abs(solved.off) > FARTHEST[self.match.what] or search.same:
            raise Refusal(self._too_far(cell, to, solved, search))
        return solved

    def _exactly(self, made: Document) -> float:
        return float(getattr(cost_of(made, self.catalogue), self.match.what))

    def _at(self, start: Document, measure: Callable[[Document], float], width: int) -> float:
        """What the cell has at a width. Raises NotThis where it cannot be had, Refusal where it could not be measured."""
        try:
            made = addresses.put(start, self.match.width, width, self.catalogue)[0]
            cost_of(made, self.catalogue)
        except Refusal as error:
            raise NotThis(str(error)) from None
        return measure(made)

    def _range(self, start: Document, cell: Cell) -> range:
        try:
            found = addresses.find(start, self.match.width, self.catalogue)
        except Refusal as error:
            raise Refusal(f"Axis {self.axis.name!r} cannot be matched with {cell.plain!r}: {error}") from None
        if not isinstance(found.parameter, Whole):
            raise Refusal(f"Axis {self.axis.name!r} matches by {self.match.width}, which is no whole number; name a width.")
        return range(found.parameter.low, found.parameter.high + 1)

    def _too_far(self, cell: Cell, to: Cell, solved: Solved, search: Search) -> str:
        what, width = self.match.what, width_words(self.match)
        has, wants = _amount(what, solved.has), _amount(what, solved.wants)
        low, high = search.ends
        if search.same:
            why = f"its {_WORDS[what]} do not depend on {self.match.width}"
            return f"{cell.plain!r} cannot be matched: {why} ({has}, not {wants}); choose another width."
        if solved.value == low and solved.off > 0:
            why = f"already the smallest {width} ({solved.value:,}) has {has}, more than the {wants} of {to.plain!r}"
        elif solved.value == high and solved.off < 0:
            why = f"even the largest {width} ({solved.value:,}) has only {has}, less than the {wants} of {to.plain!r}"
        else:
            why = f"the nearest {width} ({solved.value:,}) has {has}, {off_words(solved)} {to.plain!r}"
        return f"{cell.plain!r} cannot be matched: {why}; change another size of it, or match to another case."


def _others(cell: Cell, axis: Axis) -> tuple[tuple[str, str], ...]:
    """The cases of the other axes: what a cell shares with the one it is matched to."""
    return tuple(one for one in cell.cases if one[0] != axis.name)


class Search:
    """The width whose cost is nearest to what is wanted; of two as near, the smaller one. Costs rise with the width.

    Widths that cannot be had are stepped over. Each width is asked for once.
    """

    def __init__(self, widths: range, at: Callable[[int], float], wanted: float, *, exact: bool) -> None:
        self._widths, self._at, self._wanted, self._exact = widths, at, wanted, exact
        self._known: dict[int, float | None] = {}

    def nearest(self) -> tuple[int, float] | None:
        """(width, cost), or None where no width can be had."""
        low = self._first(self._widths)
        high = self._first(reversed(self._widths)) if self._exact else self._above(low)
        if low is None or high is None:
            return None
        while high - low > 1:
            middle = self._first(self._from_middle(low, high))
            if middle is None or (not self._exact and self._off(self._best()[0]) <= NEAR_ENOUGH):
                break
            low, high = (middle, high) if self._cost(middle) < self._wanted else (low, middle)
        found = self._best()
        if self._exact and self._off(found[0]) > FARTHEST["parameters"] and len(self._widths) <= MOST_TRIED:
            self._first(width for width in self._widths if self._value(width) == self._wanted)
            found = self._best()
        return found

    def _above(self, low: int | None) -> int | None:
        """A width that costs at least what is wanted, found by doubling: what is measured is never much larger than it has to be."""
        found, width = low, self._widths[0]
        while found is not None and self._cost(found) < self._wanted and width < self._widths[-1]:
            width = min(max(2 * width, width + 1), self._widths[-1])
            found = self._first(range(width, self._widths[-1] + 1)) or self._first(reversed(self._widths))
        return found

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest width that was asked for and can be had."""
        had = [width for width, cost in self._known.items() if cost is not None]
        return min(had), max(had)

    @property
    def same(self) -> bool:
        """Whether several widths can be had and all that were asked for cost the same."""
        costs = [cost for cost in self._known.values() if cost is not None]
        return len(costs) > 1 and len(set(costs)) == 1

    def _best(self) -> tuple[int, float]:
        had = [(abs(cost - self._wanted), width, cost) for width, cost in self._known.items() if cost is not None]
        _, width, cost = min(had)
        return width, cost

    def _off(self, width: int) -> float:
        return abs(self._cost(width) / self._wanted - 1)

    def _first(self, widths: Iterable[int]) -> int | None:
        """The first of these that can be had."""
        return next((width for width in widths if self._value(width) is not None), None)

    @staticmethod
    def _from_middle(low: int, high: int) -> Iterator[int]:
        """Between two widths, outwards from their middle."""
        middle = (low + high) // 2
        yield middle
        for step in range(1, high - low):
            for width in (middle - step, middle + step):
                if low < width < high:
                    yield width

    def _cost(self, width: int) -> float:
        cost = self._value(width)
        assert cost is not None
        return cost

    def _value(self, width: int) -> float | None:
        if width not in self._known:
            try:
                self._known[width] = self._at(width)
            except NotThis:
                self._known[width] = None
        return self._known[width]


def cost_of(document: Document, catalogue: Catalogue) -> Cost:
    """Parameters and state bytes of the model that a document ends in, all members together. Raises Refusal where they cannot be known."""
    wiring = Wiring(document, catalogue)
    inferred = infer_wired(wiring)
    last = chain(wiring, inferred)[-1]
    for node in last.value_nodes:
        if node in inferred.wrong:
            raise Refusal(inferred.wrong[node][0].sentence)
        if node in inferred.sentences:
            raise Refusal(inferred.sentences[node])
        if node not in inferred.cost:
            raise Refusal(f"What {wiring.titles[node]} costs cannot be known yet; connect its inputs first.")
    members = 1
    for ensemble in last.ensembles:
        if ensemble in inferred.configured:
            members *= int(inferred.configured[ensemble].values.get("members", 1))
    return inferred.total(last.value_nodes, members)
