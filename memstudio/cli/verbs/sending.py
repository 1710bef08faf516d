"""Verbs about runs that come from elsewhere or are sent there: merge, bundle."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memstudio.cli.options import Ended, Typed, closing, common, open_library, with_json
from memstudio.cli.printing import megabytes, print_json
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library


def _progress() -> Callable[[int, int, str], None] | None:
    """A line that is written over as long as somebody watches; None where nobody does."""
    if not sys.stderr.isatty():
        return None

    def told(done: int, total: int, what: str) -> None:
        click.echo(f"\r{what} {done:,} of {total:,} ", nl=False, err=True)

    return told


def _n(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


@click.command()
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@with_json
@common
def merge(path: Path, as_json: bool, library_path: Path | None) -> None:
    """Bring in the runs of another library (its folder or library.db) or of a bundle; the same run comes once."""
    if not path.exists():
        raise Typed(f"There is no library or bundle {path}.")
    library = open_library(library_path, writing=True)
    try:
        merged = library.merge(path, _progress())
    except Refusal as error:
        raise Ended(str(error)) from error
    finally:
        library.close()
    if as_json:
        print_json(
            {
                "runs": merged.runs,
                "studies": merged.studies,
                "updated": merged.updated,
                "already": merged.already,
                "files": merged.files,
                "missing": merged.missing,
                "uids": list(merged.uids),
            }
        )
        return
    if sys.stderr.isatty():
        click.echo("", err=True)
    click.echo(
        f"{_n(merged.runs, 'run')} and {_n(merged.studies, 'study' if merged.studies == 1 else 'studie')} new, "
        f"{merged.updated:,} brought up to date, {merged.already:,} here already."
    )
    if merged.missing:
        click.echo(f"{_n(merged.missing, 'file')} that runs name did not come: the other library does not have them.")


@click.command()
@click.argument("names", metavar="STUDY|RUN...", nargs=-1, required=True)
@click.option("--out", metavar="FILE", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The bundle, NAME.memlib.")
@click.option("--without-files", is_flag=True, help="Leave out what runs made (checkpoints, models, outcomes): measures and curves only.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@with_json
@common
@closing
def bundle(library: Library, names: Sequence[str], out: Path, without_files: bool, force: bool, as_json: bool) -> None:
    """Write studies and runs into one file to send; `memstudio merge FILE` opens it."""
    try:
        library.find(names)
    except Refusal as error:
        raise Typed(str(error)) from error
    if not out.absolute().parent.is_dir():
        raise Typed(f"There is no folder {out.absolute().parent}.")
    if out.exists() and not force:
        raise Typed(f"{out} is there already; replace it with --force, or choose another name.")
    made = library.bundle(names, out, with_artifacts=not without_files, progress=_progress())
    if as_json:
        counts = {"runs": made.runs, "studies": made.studies, "files": made.files, "missing": made.missing}
        print_json({"path": str(made.path), **counts, "bytes": made.bytes})
        return
    if sys.stderr.isatty():
        click.echo("", err=True)
    click.echo(f"{made.path}: {_n(made.runs, 'run')}, {_n(made.files, 'file')}, {megabytes(made.bytes)}.")
    if made.missing:
        click.echo(f"{_n(made.missing, 'file')} that runs name did not go with them: this library does not have them any more.")
