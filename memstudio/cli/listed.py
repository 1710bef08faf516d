"""Lists of runs as data and as tables: chosen columns, groups with means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.printing import duration, interval, number, print_json, table, when
from memstudio.cli.results import HEADLINES

if TYPE_CHECKING:
    from memstudio.library import GroupRow, Library, RunRow


def print_runs(library: Library, rows: Sequence[RunRow], columns: Sequence[str], as_json: bool) -> None:
    """Runs with the columns that were asked for, else with the measures worth a line."""
    uids = [row.uid for row in rows]
    values = library.values(uids, columns) if columns else {}
    if as_json:
        measures = library.measures_of(uids)
        print_json([{**brief(row), "measures": measures[row.uid], **({"columns": values[row.uid]} if columns else {})} for row in rows])
        return
    if columns:
        types = {column.name: column.type for column in library.columns()}
        lines = [[row.uid[:8], *(_cell(values[row.uid].get(name), types.get(name, "text")) for name in columns)] for row in rows]
        table(["run", *columns], lines)
        return
    found = library.measures_of(uids, HEADLINES[:3])
    heads = [name for name in HEADLINES[:3] if any(name in one for one in found.values())]
    lines = [
        [
            row.uid[:8],
            row.title,
            row.cell or "",
            str(row.seed),
            row.state,
            *(number(found[row.uid].get(n)) for n in heads),
            when(row.queued),
        ]
        for row in rows
    ]
    table(["run", "title", "cell", "seed", "state", *heads, "queued"], lines)


def brief(row: RunRow) -> dict[str, Any]:
    """What `runs --json` says of every run, its measures apart."""
    return {"run": row.uid, "title": row.title, "state": row.state, "study": row.study, "cell": row.cell, "seed": row.seed}


def _cell(value: Any, type: str) -> str:
    if value is None or value == "":
        return "–"
    if type == "time":
        return when(float(value))
    if type == "duration":
        return duration(float(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(float(value)) if isinstance(value, int | float) else str(value)


def print_groups(groups: Sequence[GroupRow], by: Sequence[str], measures: Sequence[str], as_json: bool) -> None:
    """Groups with mean and 95 % interval of each measure."""
    if as_json:
        print_json(
            [
                {
                    "group": dict(zip(by, group.labels, strict=True)),
                    "n": group.n,
                    "measures": {
                        name: {"mean": one.mean, "low": one.low, "high": one.high, "deviation": one.deviation, "n": one.n}
                        for name, one in group.measures.items()
                    },
                    "runs": list(group.uids),
                }
                for group in groups
            ]
        )
        return
    lines = [
        [*(_cell(label, "text") for label in group.labels), str(group.n), *(_average(group.measures, name) for name in measures)]
        for group in groups
    ]
    table([*by, "runs", *measures], lines)
    click.echo("mean and 95 % interval over finished runs" if measures else f"{len(groups):,} groups")


def _average(measures: Mapping[str, Any], name: str) -> str:
    one = measures.get(name)
    return "–" if one is None else interval(one.mean, one.low, one.high)


def usual_measures(library: Library, rows: Sequence[RunRow]) -> list[str]:
    """The measures worth a column that one of these runs has, at most three."""
    found = library.measures_of([row.uid for row in rows], HEADLINES)
    return [name for name in HEADLINES if any(name in one for one in found.values())][:3]


def names_of(typed: str | None) -> list[str]:
    """The names in a list with commas between them; a comma within the brackets of a measure is its own."""
    found, depth = [""], 0
    for letter in typed or "":
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth <= 0:
            found.append("")
        else:
            found[-1] += letter
    return [name.strip() for name in found if name.strip()]
