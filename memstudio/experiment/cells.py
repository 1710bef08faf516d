"""The cells that a document's axes span: what each is called, what it sets, and how many runs that comes to."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memstudio.experiment import addresses
from memstudio.experiment.document import Axis, Case, Document, Match, Solved
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.wording import counted

#: More runs than this in one study are a slip of the hand (a month of small runs).
MOST_RUNS = 10_000


@dataclass(frozen=True)
class Cell:
    """One setting of the axes that are reported.

    label: "" where nothing varies, with the solution where a case is matched (`linear (key width 24), load 8`); plain: the label
    without it; cases: (axis, case label) of each axis; matched: (axis, what was found) of each matched axis.
    """

    label: str
    plain: str
    sets: dict[str, Any]
    cases: tuple[tuple[str, str], ...] = ()
    matched: tuple[tuple[str, Solved], ...] = ()


@dataclass(frozen=True)
class Count:
    """How much a study is: cases of each reported axis by its name, cells, replicates, and the runs that only choose (trials)."""

    axes: tuple[tuple[str, int], ...]
    cells: int
    replicates: int
    trials: int = 0

    @property
    def runs(self) -> int:
        """Runs that are reported."""
        return self.cells * self.replicates

    @property
    def all(self) -> int:
        """Every run, trials included."""
        return self.runs + self.trials

    @property
    def text(self) -> str:
        """`3 memory × 6 load × 5 seeds`, `3 memory × 5 seeds, after 48 trials`, or `1 run`."""
        parts = [f"{number:,} {name}" for name, number in self.axes]
        if self.replicates > 1 or parts:
            parts.append(counted(self.replicates, "seed"))
        after = f", after {counted(self.trials, 'trial')}" if self.trials else ""
        return (" × ".join(parts) or counted(1, "run")) + after


def reported_axes(document: Document) -> list[Axis]:
    """The axes that make cells."""
    return [axis for axis in document.run.vary if axis.tuned is None]


def tuned_axes(document: Document) -> list[Axis]:
    """The axes whose cases are chosen on validation."""
    return [axis for axis in document.run.vary if axis.tuned is not None]


def count(document: Document) -> Count:
    """How many cells, runs and trials the document comes to, without making them."""
    axes = tuple((axis.name, len(axis.all_cases())) for axis in reported_axes(document))
    number = math.prod(n for _, n in axes)
    return Count(axes, number, document.run.replicates, number * _trials(document))


def _trials(document: Document) -> int:
    """Runs of the trials of one cell, at most."""
    axes = tuned_axes(document)
    if not axes or axes[0].tuned is None:
        return 0
    tuned = axes[0].tuned
    settings = [axis.range.points if axis.range is not None else len(axis.all_cases()) for axis in axes]
    if tuned.method == "grid":
        return math.prod(settings) * tuned.seeds
    finite = all(axis.range is None for axis in axes)
    return (min(tuned.trials, math.prod(settings)) if finite else tuned.trials) * tuned.seeds


def cell_cases(document: Document) -> list[Cell]:
    """The cells, the first axis slowest, with the solutions of matched axes where they were solved for this very document.

    Raises Refusal where an axis has no case, or where there are more than 10,000 runs.
    """
    axes = reported_axes(document)
    for axis in axes:
        if not axis.all_cases():
            raise Refusal(f"Axis {axis.name!r} has no case; add one or remove the axis.")
    number = count(document).all
    if number > MOST_RUNS:
        raise Refusal(f"This study comes to {number:,} runs; at most {MOST_RUNS:,} fit into one, so leave out cases or seeds.")
    key = match_key(document) if any(axis.match is not None for axis in axes) else ""
    return [_cell(axes, cases, key) for cases in itertools.product(*(axis.all_cases() for axis in axes))]


def cells(document: Document) -> list[tuple[str, dict[str, Any]]]:
    """The cells: label and what each sets, the first axis slowest. One cell "" where nothing varies. Raises Refusal as cell_cases."""
    return [(cell.label, cell.sets) for cell in cell_cases(document)]


def _cell(axes: list[Axis], cases: tuple[Case, ...], key: str) -> Cell:
    plain = ", ".join(case.label for case in cases)
    sets = {address: value for case in cases for address, value in case.set.items()}
    labels, matched = [], []
    for axis, case in zip(axes, cases, strict=True):
        match = axis.match
        solved = match.solved.get(plain) if match is not None and match.key == key else None
        if match is None or solved is None or case.label == match.to:
            labels.append(case.label)
            continue
        labels.append(f"{case.label} ({width_words(match)} {solved.value})")
        sets[match.width] = solved.value
        matched.append((axis.name, solved))
    return Cell(", ".join(labels), plain, sets, tuple((a.name, c.label) for a, c in zip(axes, cases, strict=True)), tuple(matched))


def width_words(match: Match) -> str:
    """The matched width as it is read: `key width` of `mem1.key_width`."""
    return match.width.rpartition(".")[2].replace("_", " ")


def match_key(document: Document) -> str:
    """Says of which experiment a solution is: everything but seeds, places and words."""
    nodes = [[node.id, node.component, node.values] for node in document.nodes]
    wires = sorted([wire.start, wire.end] for wire in document.wires)
    axes = [
        [[case.label, case.set] for case in axis.all_cases()] + [[axis.match.what, axis.match.width, axis.match.to] if axis.match else []]
        for axis in reported_axes(document)
    ]
    run = document.run
    says = [nodes, wires, axes, run.device, run.threads, run.precision]
    return hashlib.sha256(json.dumps(says, sort_keys=True, default=str).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def apply(document: Document, sets: Mapping[str, Any], catalogue: Catalogue) -> Document:
    """The document with what a cell sets: components first (outer before inner), then values, in order.

    Raises Refusal naming the address.
    """
    for address in in_order(sets):
        document = addresses.put(document, address, sets[address], catalogue)[0]
    return document


def in_order(sets: Mapping[str, Any]) -> list[str]:
    """The addresses of a cell in the order they are set: components first, outer before inner, then values as they come."""
    swaps = sorted((at for at in sets if at.endswith(f".{addresses.COMPONENT}")), key=lambda at: at.count("."))
    return [*swaps, *(at for at in sets if at not in swaps)]


def bare(document: Document) -> Document:
    """The document as one run of it starts from: nothing varies, and what concerns the whole study is left out."""
    whole: dict[str, Any] = {"vary": [], "minutes": None, "hopeless": None}
    return document.model_copy(update={"run": document.run.model_copy(update=whole)})


def complete(document: Document, label: str, sets: Mapping[str, Any], catalogue: Catalogue) -> Document:
    """The document of a cell, before it gets its seeds. Raises Refusal naming the cell."""
    try:
        return apply(bare(document), sets, catalogue)
    except Refusal as error:
        raise Refusal(f"Cell {label!r} cannot be made: {error}" if label else str(error)) from None
