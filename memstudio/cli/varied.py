"""What was varied: the figure of a comparison as data, and which parameters matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.printing import number, table
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library
    from memstudio.library.comparison import Comparison


def drawn_of(library: Library, names: Sequence[str], measure: str | None) -> dict[str, Any] | None:
    """The figure of what was varied as JSON: its axes and a mean for each cell; None where there is nothing to draw."""
    from memstudio.components.catalogue import catalogue
    from memstudio.library.groups import gather
    from memstudio.library.study_figure import figure_of

    try:
        figure = figure_of(library, gather(library, names), measure, known=catalogue())
    except Refusal:
        return None
    axes = [
        {"name": axis.name, "address": axis.address, "cases": axis.cases, "numbers": axis.numbers, "log": axis.log} for axis in figure.axes
    ]
    cells = [
        {
            "cell": cell.label,
            "at": cell.at,
            **({"mean": None, "low": None, "high": None, "n": 0} if (one := cell.interval) is None else _interval(one)),
            "planned": cell.planned,
            "finished": cell.finished,
            "chosen": cell.chosen or None,
        }
        for cell in figure.cells
    ]
    return {
        "measure": figure.measure,
        "caption": figure.caption,
        "kinds": figure.kinds,
        "axes": axes,
        "cells": cells,
        "notes": figure.notes,
    }


def _interval(one: Any) -> dict[str, Any]:
    return {"mean": one.mean, "low": one.low, "high": one.high, "n": one.n}


def parameters_of(library: Library, found: Comparison, measures: Sequence[str]) -> dict[str, Any]:
    """Which parameters matter for the first measure, as JSON."""
    from memstudio.components.catalogue import catalogue
    from memstudio.library.importance import importance

    rows = [row for one in found.groups for row in one.finished]
    said = importance(library, rows, next(iter(measures), found.headline), known=catalogue())
    return {
        "measure": said.measure,
        "runs": said.n,
        "method": said.method or None,
        "words": said.words,
        "explained": said.explained,
        "rows": [
            {"parameter": row.address, "share": row.share, "low": row.low, "high": row.high, "rank_correlation": row.direction}
            for row in said.rows
        ],
    }


def print_parameters(said: dict[str, Any]) -> None:
    """The same for a person."""
    click.echo("")
    if said["rows"]:
        rows = [[row["parameter"], f"{row['share']:.0%}", _between(row), _way(row)] for row in said["rows"]]
        table(["parameter", "share", "over folds", "rank correlation"], rows)
    click.echo(said["words"])


def _between(row: dict[str, Any]) -> str:
    return "" if row["low"] is None else f"{row['low']:.0%} to {row['high']:.0%}"


def _way(row: dict[str, Any]) -> str:
    return "" if row["rank_correlation"] is None else number(row["rank_correlation"], 2)
