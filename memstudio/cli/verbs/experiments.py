"""Verbs that run experiments: run, check, claims."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.options import Ended, Typed, common, open_library, with_json
from memstudio.cli.running import finish, submit
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    pass


@click.command()
@click.argument("what", metavar="FILE|GALLERY-ID")
@click.option("--set", "sets", multiple=True, metavar="NODE.PARAM=VALUE", help="Change a value for this run; may be given several times.")
@click.option("--seed", type=int, help="Seed of data and weights.")
@click.option("--replicates", type=int, help="How many seeds every cell is run with.")
@click.option("--cell", metavar="LABEL", help="Run only this cell of a study.")
@click.option("--device", help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--reuse/--no-reuse", default=None, help="Take stages before the last from an earlier run that did the same; by default no.")
@click.option("--workers", type=click.IntRange(1), help="How many workers at once; never more than there are cores for.")
@with_json
@common
def run(
    what: str, sets: Sequence[str], cell: str | None, workers: int | None, as_json: bool, library_path: Path | None, **values: Any
) -> None:
    """Run an experiment or study to its end and print what it measured."""
    from memstudio.cli.asked import document_of, refuse_problems, with_settings

    document = with_settings(document_of(what), sets, **values)
    refuse_problems(document)
    library = open_library(library_path, writing=True)
    try:
        study, uids = submit(library, document, cell)
        finish(library, uids, study, document.run.threads, workers, as_json)
    finally:
        library.close()


@click.command()
@click.argument("what", metavar="FILE|GALLERY-ID")
@with_json
@common
def check(what: str, as_json: bool, library_path: Path | None) -> None:
    """List the problems of an experiment, each with its place and reason."""
    from memstudio.cli.asked import document_of
    from memstudio.cli.printing import print_json
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.checking import check as problems_of
    from memstudio.experiment.data.finding import places

    if library_path is not None:
        places.library = library_path.parent if library_path.suffix == ".db" else library_path
    problems = problems_of(document_of(what), catalogue())
    if as_json:
        print_json(
            [
                {
                    "node": p.node,
                    "port": p.port,
                    "parameter": p.parameter,
                    "reason": p.reason,
                    "severity": p.severity,
                    "mends": [m.title for m in p.mends],
                }
                for p in problems
            ]
        )
    else:
        for problem in problems:
            place = ".".join(part for part in (problem.node, problem.port or problem.parameter) if part)
            click.echo(f"{problem.severity}: {place + ': ' if place else ''}{problem.reason}")
        if not problems:
            click.echo("No problems.")
    if any(problem.severity == "error" for problem in problems):
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("id", metavar="[GALLERY-ID]", required=False)
@click.option("--workers", type=click.IntRange(1), help="How many workers at once.")
@with_json
@common
def claims(id: str | None, workers: int | None, as_json: bool, library_path: Path | None) -> None:
    """Run gallery studies to their end and write what was seen beside them."""
    from memstudio.cli.claims import seen, write_seen
    from memstudio.cli.printing import print_json
    from memstudio.cli.running import Watch
    from memstudio.experiment import gallery as studies

    try:
        items = studies.gallery() if id is None else [studies.find(id)]
    except Refusal as error:
        raise Typed(str(error)) from error
    library = open_library(library_path, writing=True)
    written = []
    try:
        for item in items:
            began = time.monotonic()
            study, uids = submit(library, item.document, None)
            rows = Watch(library, uids, study=study, threads=item.document.run.threads, workers=workers).wait()
            found = seen(library, item.id, item.document, rows, time.monotonic() - began)
            try:
                file = write_seen(Path(item.path), found)
            except OSError as error:
                raise Ended(f"What was seen cannot be written beside {item.path}: {error.strerror}.") from error
            written.append(
                {"gallery": item.id, "verdict": found.get("verdict"), "minutes": found["minutes"], "file": str(file), "study": study}
            )
            if not as_json:
                click.echo(f"{item.id}: {found.get('verdict')} in {found['minutes']} min")
                for statement in found.get("statements", []):
                    click.echo(f"  {'holds' if statement['holds'] else 'does not hold'}: {statement['says']} {statement['difference']}")
    finally:
        library.close()
    if as_json:
        print_json(written)
