"""Verbs that write files about runs for others: report, events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from memstudio.cli.options import closing, common, with_json
from memstudio.experiment.wording import counted

if TYPE_CHECKING:
    from memstudio.library import Library


@click.command()
@click.argument("names", metavar="RUN|STUDY...", nargs=-1, required=True)
@click.option("--out", metavar="FILE.html", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--baseline", metavar="LABEL", help="The group that the others are compared with; the study's own without it.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@with_json
@common
@closing
def report(library: Library, names: tuple[str, ...], out: Path, baseline: str | None, force: bool, as_json: bool) -> None:
    """Write a report about a study, or about runs, as one HTML file that fetches nothing.

    Question and verdict, measures with intervals and tests, figures, methods in words, equations, every seed, versions, sources as
    BibTeX, and the document to run it again.
    """
    from memstudio.cli.saved import asked, ready, saved
    from memstudio.components.catalogue import catalogue
    from memstudio.report.page import page
    from memstudio.report.saving import save

    ready(out, ("html",), force)
    found = asked(library, names, baseline=baseline)
    save(out, page(library, found, catalogue(), _say), force)
    saved([out], as_json)


@click.command()
@click.argument("names", metavar="RUN|STUDY...", nargs=-1, required=True)
@click.option("--out", metavar="FOLDER", required=True, type=click.Path(path_type=Path), help="The folder to write; it is made.")
@click.option("--force", is_flag=True, help="Replace events of the same runs that are there.")
@with_json
@common
@closing
def events(library: Library, names: tuple[str, ...], out: Path, force: bool, as_json: bool) -> None:
    """Write the series of runs as TensorBoard events, a folder a run."""
    from memstudio.cli.saved import rows_of, saved, typed_or_ended
    from memstudio.report import events as tensorboard_events

    rows = rows_of(library, names)
    with typed_or_ended():
        written = tensorboard_events.write(library, rows, out, force, _say)
    saved(written, as_json, f"{counted(len(written), 'file')} of events in {out}; `tensorboard --logdir {out}` shows them.")


def _say(words: str) -> None:
    click.echo(words, err=True)
