"""Verbs about what waits: the queue, its order and pause; what is put back into it; what is stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.options import Ended, Typed, common, open_library, with_json
from memstudio.cli.running import Watch
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.wording import counted

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow


@click.group(invoke_without_command=True)
@with_json
@common
@click.pass_context
def queue(context: click.Context, as_json: bool, library_path: Path | None) -> None:
    """List the queued runs in the order they will be run; pause, resume, move or run them."""
    if context.invoked_subcommand is not None:
        context.obj = library_path
        return
    library = open_library(library_path)
    try:
        _print(library, as_json)
    finally:
        library.close()


def _print(library: Library, as_json: bool) -> None:
    from memstudio.cli.printing import print_json, table, when

    rows, paused = library.queue(), library.queue_paused()
    if as_json:
        print_json({"paused": paused, "runs": [_brief(place, row) for place, row in enumerate(rows, 1)]})
        return
    if rows:
        lines = [[str(place), row.uid[:8], row.title, row.cell, str(row.seed), when(row.queued)] for place, row in enumerate(rows, 1)]
        table(["place", "run", "title", "cell", "seed", "queued"], lines)
    click.echo(f"{counted(len(rows), 'run')} queued{'; the queue is paused' if paused else ''}")


def _brief(place: int, row: RunRow) -> dict[str, Any]:
    return {
        "place": place,
        "run": row.uid,
        "title": row.title,
        "study": row.study,
        "cell": row.cell,
        "seed": row.seed,
        "queued": row.queued,
    }


def _library(context: click.Context, path: Path | None) -> Library:
    """The library typed after the inner verb, or before it."""
    return open_library(path if path is not None else context.obj, writing=True)


@queue.command("list")
@with_json
@common
@click.pass_context
def list_(context: click.Context, as_json: bool, library_path: Path | None) -> None:
    """List the queued runs in the order they will be run."""
    library = open_library(library_path if library_path is not None else context.obj)
    try:
        _print(library, as_json)
    finally:
        library.close()


@queue.command()
@common
@click.pass_context
def pause(context: click.Context, library_path: Path | None) -> None:
    """Hold the whole queue: workers finish what they do and start nothing more."""
    _hold(context, library_path, True)


@queue.command()
@common
@click.pass_context
def resume(context: click.Context, library_path: Path | None) -> None:
    """Let the queue go on."""
    _hold(context, library_path, False)


def _hold(context: click.Context, path: Path | None, paused: bool) -> None:
    library = _library(context, path)
    try:
        library.pause_queue(paused)
        click.echo(f"The queue {'is paused' if paused else 'goes on'}; {counted(len(library.queue()), 'run')} queued.")
    finally:
        library.close()


@queue.command()
@click.argument("typed", metavar="RUN...", nargs=-1, required=True)
@click.option("--before", metavar="RUN", help="Put them before this run; by default at the end.")
@click.option("--first", is_flag=True, help="Put them at the front.")
@common
@click.pass_context
def move(context: click.Context, typed: Sequence[str], before: str | None, first: bool, library_path: Path | None) -> None:
    """Move queued runs before another one, to the front or to the end."""
    if first and before is not None:
        raise Typed("--first and --before say two different places; give one of them.")
    library = _library(context, library_path)
    try:
        if first:
            moved = set(_uids(library, typed))
            before = next((row.uid for row in library.queue() if row.uid not in moved), None)
        try:
            library.move(typed, before)
        except Refusal as error:
            raise Typed(str(error)) from error
        _print(library, False)
    finally:
        library.close()


def _uids(library: Library, typed: Sequence[str]) -> list[str]:
    try:
        return [library.run(one).uid for one in typed]
    except Refusal as error:
        raise Typed(str(error)) from error


@queue.command("run")
@click.option("--workers", type=click.IntRange(1), help="How many workers at once; never more than there are cores for.")
@common
@click.pass_context
def run_(context: click.Context, workers: int | None, library_path: Path | None) -> None:
    """Carry out everything that is queued, and wait for it."""
    library = _library(context, library_path)
    try:
        rows = library.queue()
        if not rows:
            click.echo("Nothing is queued.")
            return
        threads = max(library.document(row.uid).run.threads for row in rows[:50])
        ended = Watch(library, [row.uid for row in rows], study=None, threads=threads, workers=workers, everything=True).wait()
        short = [row for row in ended if row.state != "finished"]
        click.echo(f"{len(ended) - len(short):,} of {counted(len(ended), 'run')} finished.")
        if any(row.state in ("failed", "lost") for row in short):
            raise Ended(
                "\n".join(f"Run {row.uid[:8]} {row.state}: {row.failure or 'see its log'}" for row in short if row.state != "stopped")
            )
    finally:
        library.close()


@click.command()
@click.argument("typed", metavar="RUN|STUDY...", nargs=-1, required=True)
@with_json
@common
def retry(typed: Sequence[str], as_json: bool, library_path: Path | None) -> None:
    """Put failed, lost and stopped runs (of a study, all of them) into the queue again; `queue run` carries them out."""
    from memstudio.cli.printing import print_json

    library = open_library(library_path, writing=True)
    try:
        try:
            uids = library.retry(typed)
        except Refusal as error:
            raise (Typed if "There is no run or study" in str(error) or "begin with" in str(error) else Ended)(str(error)) from error
        if as_json:
            print_json({"runs": uids})
        else:
            click.echo(f"{counted(len(uids), 'run')} queued again; `memstudio queue run` carries them out.")
    finally:
        library.close()


def is_study(library: Library, typed: str) -> bool:
    """Whether a study has this id (or begins with it), and no run."""
    try:
        library.run(typed)
        return False
    except Refusal:
        pass
    try:
        library.study(typed)
    except Refusal:
        return False
    return True


def stop_study(library: Library, study: str) -> None:
    """Stops all of a study that has not ended, and says how much that was."""
    row = library.study(study)
    stopped = library.stop_study(row.uid)
    going = [uid for uid in stopped if library.run(uid).state != "stopped"]
    told = f" ({len(going):,} at work will stop within a moment)" if going else ""
    click.echo(f"{counted(len(stopped), 'run')} of study {row.uid[:8]} stopped{told}.")
    for cell in library.tuning(row.uid):
        if cell.chosen is None:
            click.echo(f"{cell.label or 'The study'}: {cell.why}")
