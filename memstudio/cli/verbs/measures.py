"""The verb for measures that were thought of later: what there is, and computing it for old runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.options import Ended, Typed, common, open_library, with_json
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library


@click.command()
@click.argument("names", metavar="[RUN|STUDY]...", nargs=-1)
@click.option("--compute", "wanted", metavar="NAME", multiple=True, help="Only this measure; may be given again. Without it, all.")
@click.option("--list", "listing", is_flag=True, help="List what can be computed, and compute nothing.")
@click.option("--check", is_flag=True, help="Compute what the runs recorded again and show both, and keep nothing.")
@with_json
@common
def measures(names: tuple[str, ...], wanted: tuple[str, ...], listing: bool, check: bool, library_path: Path | None, as_json: bool) -> None:
    """Compute measures that were thought of later for finished runs, from the raw outcomes they kept; they stay in the library.

    A study stands for all of its runs.
    """
    from memstudio.cli.printing import print_json

    if listing or not names:
        _list(as_json)
        return
    library = open_library(library_path, writing=not check)
    try:
        runs = _runs(library, names)
        found = _checked(library, runs) if check else _computed(library, runs, wanted)
    finally:
        library.close()
    if as_json:
        print_json(found)
    elif check:
        _print_checked(found)
    else:
        _print_computed(found)
    if runs and not any(one.get("measures") or one.get("had") for one in found):
        raise Ended(f"Nothing could be computed: {found[0]['skipped']}")


def _list(as_json: bool) -> None:
    from memstudio.cli.printing import print_json, table
    from memstudio.library.later import LATER

    listed = list(LATER.values())
    if as_json:
        print_json([{"name": one.name, "summary": one.summary, "source": one.source, "ensembles": one.ensembles} for one in listed])
    else:
        table(["measure", "what it is", "source"], [[one.name, one.summary, one.source] for one in listed])


def _runs(library: Library, names: tuple[str, ...]) -> list[str]:
    from memstudio.library.groups import find_all

    try:
        return [row.uid for row in find_all(library, names)[0]]
    except Refusal as error:
        raise Typed(str(error)) from error


def _computed(library: Library, runs: list[str], wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.entries import nearest
    from memstudio.library.later import LATER, compute

    for name in wanted:
        if name not in LATER:
            raise Typed(f"There is no measure {name!r} that can be computed later{nearest(name, LATER)}; --list says what can.")
    done = compute(library, runs, wanted, _progress, catalogue())
    return [
        {"run": run, "measures": dict(done.values.get(run, {})), "skipped": done.skipped.get(run), "had": run in done.known} for run in runs
    ]


def _checked(library: Library, runs: list[str]) -> list[dict[str, Any]]:
    from memstudio.components.catalogue import catalogue
    from memstudio.library.later import recomputed

    found: list[dict[str, Any]] = []
    for run in runs:
        try:
            both = recomputed(library, run, catalogue())
            shown = {name: {"recorded": recorded, "computed": computed} for name, (recorded, computed) in both.items()}
            found.append({"run": run, "measures": shown, "skipped": None})
        except Refusal as error:
            found.append({"run": run, "measures": {}, "skipped": str(error)})
    return found


def _progress(done: int, of: int) -> None:
    if of > 1 and (done % 10 == 0 or done == of):
        click.echo(f"{done:,} of {of:,} runs", err=True)


def _print_computed(found: list[dict[str, Any]]) -> None:
    from memstudio.cli.printing import number, table

    rows = [[one["run"], name, number(value)] for one in found for name, value in one["measures"].items()]
    if rows:
        table(["run", "measure", "value"], rows)
    for one in found:
        if one["skipped"]:
            click.echo(f"{one['run']}: {one['skipped']}", err=True)
        elif one["had"]:
            click.echo(f"{one['run']} had it already; `memstudio show {one['run']}` says it.", err=True)


def _print_checked(found: list[dict[str, Any]]) -> None:
    from memstudio.cli.printing import number, table

    rows = [
        [one["run"], name, number(both["recorded"]), number(both["computed"]), f"{abs(both['recorded'] - both['computed']):.1e}"]
        for one in found
        for name, both in one["measures"].items()
    ]
    if rows:
        table(["run", "measure", "recorded", "computed", "apart"], rows)
    for one in found:
        if one["skipped"]:
            click.echo(f"{one['run']}: {one['skipped']}", err=True)
