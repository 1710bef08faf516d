"""What runs measured, put together for printing: one run, or the cells of a study with intervals over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.printing import interval, number, table
from memstudio.measures.intervals import mean_interval

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow


def result(library: Library, rows: Sequence[RunRow], study: str | None) -> dict[str, Any]:
    """The last line of --json: run, state, measures; for a study also its cells. rows: in the order they were planned."""
    measures = library.measures_of([row.uid for row in rows])
    first = rows[0]
    found: dict[str, Any] = {"run": first.uid, "state": first.state, "measures": measures.get(first.uid, {})}
    if study is not None:
        found |= {"study": study, "cells": cells(rows, measures)}
    return found


def cells(rows: Sequence[RunRow], measures: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """For each cell its label, what it sets, mean and 95 % interval of each measure over its finished runs, and its runs."""
    by_cell: dict[str, list[RunRow]] = {}
    for row in rows:
        by_cell.setdefault(row.cell or "", []).append(row)
    return [
        {
            "cell": label,
            "set": dict(members[0].sets),
            "measures": summary([measures.get(row.uid, {}) for row in members if row.state == "finished"]),
            "runs": [row.uid for row in members],
        }
        for label, members in by_cell.items()
    ]


def summary(measured: Sequence[Mapping[str, float]]) -> dict[str, dict[str, Any]]:
    """Mean, 95 % interval and number of runs of every measure that any run has."""
    names = dict.fromkeys(name for one in measured for name in one)
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        over = mean_interval([one[name] for one in measured if name in one])
        found[name] = {"mean": over.mean, "low": over.low, "high": over.high, "n": over.n}
    return found


#: measures worth a line in the terminal, in this order, where a run has them
HEADLINES = ("recall", "accuracy", "ece", "nll", "brier", "loss", "parameters", "state_bytes")


def print_result(found: Mapping[str, Any]) -> None:
    """The result for a person: a table of the cells, or the measures of the one run."""
    if "cells" in found:
        names = [name for name in HEADLINES if any(name in cell["measures"] for cell in found["cells"])]
        rows = [
            [cell["cell"] or "all", _finished(cell), *(_in_cell(cell["measures"].get(name)) for name in names)] for cell in found["cells"]
        ]
        table(["cell", "runs", *names], rows)
        click.echo(f"study {found['study']}, mean and 95 % interval over seeds")
        return
    for name, value in found["measures"].items():
        click.echo(f"{name:<40} {number(value)}")
    click.echo(f"run {found['run']}, {found['state']}")


def _finished(cell: Mapping[str, Any]) -> str:
    """How many runs a cell has; `2 of 5` where the others did not finish, so that its interval is of fewer seeds."""
    runs = len(cell["runs"])
    n = max((over["n"] for over in cell["measures"].values()), default=0)
    return str(runs) if n >= runs else f"{n:,} of {runs:,}"


def _in_cell(over: Mapping[str, Any] | None) -> str:
    return "–" if over is None else interval(over["mean"], over["low"], over["high"])
