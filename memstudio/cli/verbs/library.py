"""Verbs about runs that exist: runs, show, curve, pause, stop, resume."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.options import Ended, Typed, closing, common, open_library, with_json
from memstudio.cli.running import finish
from memstudio.cli.saved import RUNS, SERIES, may_save
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library


@click.command()
@click.option("--where", metavar="EXPR", help='Only runs for which this holds, as in: memory = "gated delta rule" and recall > 0.9')
@click.option("--sort", metavar="M", help="By this field, parameter or measure, smallest first; -M for largest first.")
@click.option("--search", metavar="WORDS", help="Only runs with these words in title, note, tags or parameters.")
@click.option("--columns", metavar="A,B", help="What to show of each run: fields, parameters, measures, environment.")
@click.option("--group", metavar="A,B", help="Put runs that say the same of these together, with means over them.")
@click.option("--measure", "measures", metavar="M", multiple=True, help="The measures of groups; may be repeated.")
@click.option("--view", metavar="NAME", help="As this saved view says; other options go before it.")
@click.option("--save-view", metavar="NAME", help="Save what was asked for under this name.")
@click.option("--trashed", is_flag=True, help="What is in the trash.")
@click.option("--limit", metavar="N", type=click.IntRange(1), help="At most so many.")
@may_save(RUNS)
@with_json
@common
@closing
def runs(
    library: Library,
    where: str | None,
    sort: str | None,
    search: str | None,
    columns: str | None,
    group: str | None,
    measures: Sequence[str],
    view: str | None,
    save_view: str | None,
    trashed: bool,
    limit: int | None,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """List the runs of the library, or groups of them."""
    from memstudio.cli.listed import names_of, print_groups, print_runs, usual_measures
    from memstudio.cli.saved import ready, save_runs, saved
    from memstudio.library import View

    kind = "" if out is None else ready(out, RUNS, force)
    if not library.readonly:
        library.mark_lost()
    try:
        before = library.view(view) if view is not None else View()
        asked = View(
            where or before.where,
            search or before.text,
            sort or before.sort,
            tuple(names_of(columns)) or before.columns,
            tuple(names_of(group)) or before.group,
            tuple(measures) or before.measures,
            before.more,
        )
        order = asked.sort or None
        if out is not None:
            rows = library.runs(where=asked.where, text=asked.text, trashed=trashed, sort=order, limit=limit)
            saved(save_runs(library, rows, out, kind, force), as_json)
        elif asked.group:
            rows = library.runs(where=asked.where, text=asked.text, trashed=trashed)
            wanted = list(asked.measures) or usual_measures(library, rows)
            groups = library.grouped(asked.group, wanted, where=asked.where, text=asked.text, trashed=trashed, sort=order)[:limit]
            print_groups(groups, asked.group, wanted, as_json)
        else:
            rows = library.runs(where=asked.where, text=asked.text, trashed=trashed, sort=order, limit=limit)
            print_runs(library, rows, asked.columns, as_json)
    except Refusal as error:
        raise Typed(str(error)) from error
    if save_view is not None:
        library.set_view(save_view, asked)


def _run_of(library: Library, typed: str) -> Any:
    """The run of an id or a unique prefix. Typed when there is none."""
    if not library.readonly:
        library.mark_lost()
    try:
        return library.run(typed)
    except Refusal as error:
        raise Typed(str(error)) from error


@click.command()
@click.argument("typed", metavar="RUN")
@may_save(RUNS)
@with_json
@common
@closing
def show(library: Library, typed: str, out: Path | None, force: bool, as_json: bool) -> None:
    """Show everything about one run."""
    from memstudio.cli.printing import duration, number, one_line, print_json
    from memstudio.cli.saved import ready, save_runs, saved
    from memstudio.cli.shown import shown

    kind = "" if out is None else ready(out, RUNS, force)
    row = _run_of(library, typed)
    if out is not None:
        saved(save_runs(library, [row], out, kind, force), as_json)
        return
    found = shown(library, row)
    if as_json:
        print_json(found)
        return
    for name in (
        "run",
        "title",
        "state",
        "study",
        "cell",
        "seed",
        "data_seed",
        "step",
        "steps",
        "stage",
        "device",
        "threads",
        "attempts",
        "failure",
        "failed_node",
        "why",
    ):
        if found[name] is not None:
            click.echo(f"{name:<12} {one_line(str(found[name]), 1000)}")
    for stage, taken_from in found["reused"].items():
        click.echo(f"{'reused':<12} {stage} from run {taken_from[:8]}")
    if row.started is not None:
        click.echo(f"{'took':<12} {duration((row.ended or time.time()) - row.started)}")
    for name, value in found["measures"].items():
        click.echo(f"{name:<40} {number(value)}")


@click.command()
@click.argument("typed", metavar="RUN")
@click.argument("name")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a head line.")
@may_save(SERIES)
@with_json
@common
@closing
def curve(library: Library, typed: str, name: str, as_csv: bool, out: Path | None, force: bool, as_json: bool) -> None:
    """Print a series of a run (NAME as in `show`), step by step. With --out also a curve (recall_by_load), as data or as a figure."""
    from memstudio.cli.printing import print_json
    from memstudio.cli.saved import ready, save_curve, saved

    kind = "" if out is None else ready(out, SERIES, force)
    row = _run_of(library, typed)
    if out is not None:
        saved(save_curve(library, row, name, out, kind, force), as_json)
        return
    try:
        series = library.series(row.uid, name)
    except Refusal as error:
        raise Typed(str(error)) from error
    if as_json:
        print_json({"run": row.uid, "name": series.name, "steps": series.steps.tolist(), "values": series.values.tolist()})
        return
    separator = "," if as_csv else "\t"
    head = f'"{name}"' if "," in name else name
    click.echo(f"step{separator}{head}")
    for step, value in zip(series.steps.tolist(), series.values.tolist(), strict=True):
        click.echo(f"{step}{separator}{value!r}")


def _tell(library_path: Path | None, typed: str, verb: str, done: str) -> None:
    """Gives a run a command and waits until its worker has obeyed."""
    library = open_library(library_path, writing=True)
    try:
        row = _run_of(library, typed)
        if row.state not in ("queued", "starting", "running", "paused"):
            raise Ended(f"Run {row.uid[:8]} is {row.state}, so there is nothing to {verb}.")
        if row.state == done:
            click.echo(f"Run {row.uid[:8]} is {done}.")
            return
        library.command(row.uid, verb)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            row = library.run(row.uid)
            if row.state == done or row.state in ("finished", "failed", "stopped"):
                click.echo(f"Run {row.uid[:8]} is {row.state}.")
                return
            time.sleep(0.1)
            library.mark_lost()
        raise Ended(f"Run {row.uid[:8]} has not answered for a minute and is {row.state}.")
    finally:
        library.close()


@click.command()
@click.argument("typed", metavar="RUN")
@common
def pause(typed: str, library_path: Path | None) -> None:
    """Pause a run; `resume` goes on with it."""
    _tell(library_path, typed, "pause", "paused")


@click.command()
@click.argument("typed", metavar="RUN|STUDY")
@common
def stop(typed: str, library_path: Path | None) -> None:
    """Stop a run, or all of a study; what was learned is kept, and `resume` and `retry` go on with it."""
    from memstudio.cli.verbs.queue import is_study, stop_study

    library = open_library(library_path, writing=True)
    try:
        if is_study(library, typed):
            stop_study(library, typed)
            return
    finally:
        library.close()
    _tell(library_path, typed, "stop", "stopped")


@click.command()
@click.argument("typed", metavar="RUN")
@with_json
@common
def resume(typed: str, as_json: bool, library_path: Path | None) -> None:
    """Go on with a paused, stopped, failed or lost run, and wait for it as `run` does."""
    library = open_library(library_path, writing=True)
    try:
        row = _run_of(library, typed)
        if row.state in ("starting", "running"):
            raise Ended(f"Run {row.uid[:8]} is {row.state} already; its worker is process {row.pid}.")
        if row.state not in ("finished", "queued"):
            library.requeue(row.uid)
        finish(library, [row.uid], None, row.threads or library.document(row.uid).run.threads, 1, as_json)
    finally:
        library.close()
