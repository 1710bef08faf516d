"""Verbs about what is kept of runs: mark, trash, restore, purge, size."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from memstudio.cli.options import Typed, closing, common, open_library, with_json
from memstudio.cli.printing import megabytes, one_line, print_json
from memstudio.experiment.parameters import Refusal


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _asked(what: Callable[[], Any]) -> Any:
    """The answer; what the library refuses was typed wrong."""
    try:
        return what()
    except Refusal as error:
        raise Typed(str(error)) from error


@click.command()
@click.argument("names", metavar="RUN|STUDY...", nargs=-1, required=True)
@click.option("--star/--no-star", default=None, help="Give a star, or take it.")
@click.option("--tag", "tags", metavar="T", multiple=True, help="Give this tag; may be repeated.")
@click.option("--untag", "untags", metavar="T", multiple=True, help="Take this tag; may be repeated.")
@click.option("--note", metavar="TEXT", help="Write this note; an empty one takes it away.")
@click.option("--baseline/--no-baseline", default=None, help="Make the one run what others are compared with, or no longer.")
@click.option("--baseline-cell", metavar="LABEL", help="Make this cell of the study what its others are compared with.")
@with_json
@common
def mark(
    names: Sequence[str],
    star: bool | None,
    tags: Sequence[str],
    untags: Sequence[str],
    note: str | None,
    baseline: bool | None,
    baseline_cell: str | None,
    as_json: bool,
    library_path: Path | None,
) -> None:
    """Give runs and studies stars, tags, notes, or make one the baseline; without an option, show what they have."""
    changes = star is not None or tags or untags or note is not None or baseline is not None or baseline_cell is not None
    library = open_library(library_path, writing=bool(changes))
    try:
        runs, studies = _asked(lambda: library.find(names))
        if studies and (tags or untags or baseline is not None):
            raise Typed(f"{studies[0]} is a study; tags and --baseline belong to runs, --baseline-cell LABEL to a study.")
        if baseline and len(runs) != 1:
            raise Typed(f"One run can be the baseline, not {len(runs)}.")
        if baseline_cell is not None and (runs or len(studies) != 1):
            raise Typed("--baseline-cell belongs to one study.")

        def change() -> None:
            library.mark(runs, studies, star=star, add_tags=tags, remove_tags=untags, note=note)
            if baseline is not None and (baseline or library.baseline() in runs):
                library.set_baseline(runs[0] if baseline else None)
            if baseline_cell is not None:
                library.set_baseline_cell(studies[0], baseline_cell or None)

        if changes:
            _asked(change)
        _print_marks(library, runs, studies, as_json)
    finally:
        library.close()


def _print_marks(library: Any, runs: Sequence[str], studies: Sequence[str], as_json: bool) -> None:
    found: list[dict[str, Any]] = []
    for row in map(library.run, runs):
        marks = {"starred": row.starred, "tags": list(row.tags), "note": row.note, "baseline": row.baseline}
        found.append({"run": row.uid, "title": row.title, **marks})
    for study in map(library.study, studies):
        marks = {"starred": study.starred, "note": study.note, "baseline_cell": study.baseline}
        found.append({"study": study.uid, "title": study.title, **marks})
    if as_json:
        print_json(found)
        return
    for one in found:
        said = ["starred"] if one["starred"] else []
        said += [f"tags {', '.join(one['tags'])}"] if one.get("tags") else []
        said += ["baseline"] if one.get("baseline") else []
        said += [f"baseline {one['baseline_cell']}"] if one.get("baseline_cell") else []
        said += [f"note {one['note']!r}"] if one["note"] else []
        click.echo(f"{(one.get('run') or one['study'])[:8]}  {one_line(one['title'])}: {'; '.join(said) or 'nothing noted'}")


@click.command()
@click.argument("names", metavar="RUN|STUDY...", nargs=-1, required=True)
@with_json
@common
def trash(names: Sequence[str], as_json: bool, library_path: Path | None) -> None:
    """Put runs, or studies with all their runs, into the trash; `restore` takes them out again."""
    _move(library_path, names, "trash", "into the trash", as_json)


@click.command()
@click.argument("names", metavar="RUN|STUDY...", nargs=-1, required=True)
@with_json
@common
def restore(names: Sequence[str], as_json: bool, library_path: Path | None) -> None:
    """Take runs, or studies with all their runs, out of the trash."""
    _move(library_path, names, "restore", "out of the trash", as_json)


def _move(library_path: Path | None, names: Sequence[str], verb: str, where: str, as_json: bool) -> None:
    library = open_library(library_path, writing=True)
    try:
        _asked(lambda: library.find(names))
        uids = getattr(library, verb)(names)
    finally:
        library.close()
    if as_json:
        print_json({"runs": uids})
    else:
        click.echo(f"{_counted(len(uids), 'run')} {where}.")


@click.command()
@click.argument("names", metavar="[RUN|STUDY]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Do it without asking.")
@with_json
@common
def purge(names: Sequence[str], yes: bool, as_json: bool, library_path: Path | None) -> None:
    """Remove what is in the trash for good (all of it, or these), with files that no other run names."""
    library = open_library(library_path, writing=True)
    try:
        _asked(lambda: library.find(names))
        n = len(names) or library.count(trashed=True)
        if n and not yes:
            if as_json or not sys.stdin.isatty():
                raise Typed("Purging removes runs for good; say --yes to do it.")
            click.confirm(f"Remove {_counted(n, 'run') if not names else 'these'} for good?", abort=True, err=True)
        purged = library.purge(names or None)
    finally:
        library.close()
    if as_json:
        print_json({"runs": purged.runs, "studies": purged.studies, "files": purged.files, "bytes": purged.bytes})
    else:
        click.echo(f"{_counted(purged.runs, 'run')} and {_counted(purged.files, 'file')} removed, {megabytes(purged.bytes)} freed.")


@click.command()
@with_json
@common
@closing
def size(library: Any, as_json: bool) -> None:
    """Show how large the library is, by kind, and how much of it could be given back."""
    found = library.size()
    if as_json:
        print_json(
            {
                "path": str(library.path),
                "total": found.total,
                "kinds": dict(found.kinds),
                "trashed": found.trashed,
                "reclaimable": found.reclaimable,
            }
        )
        return
    for kind, n in found.kinds.items():
        click.echo(f"{kind:<16} {megabytes(n):>12}")
    click.echo(f"{'in all':<16} {megabytes(found.total):>12}")
    click.echo(f"{'in the trash':<16} {megabytes(found.trashed):>12}")
    click.echo(f"{'reclaimable':<16} {megabytes(found.reclaimable):>12}   (memstudio purge)")
