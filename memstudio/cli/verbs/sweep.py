"""The verb that makes a study of an experiment and runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.options import Ended, Typed, common, open_library, with_json
from memstudio.cli.running import finish, matched, submit
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.experiment.document import Document


@click.command()
@click.argument("what", metavar="FILE|GALLERY-ID")
@click.option("--vary", "varies", multiple=True, metavar="[NAME=]NODE.PARAM=VALUES", help="An axis: 1,2,4 or log:1e-4..1e-2:5; repeatable.")
@click.option("--tune", "tunes", multiple=True, metavar="[NAME=]NODE.PARAM=VALUES", help="An axis whose value is chosen on validation.")
@click.option("--by", default="loss[split=validation]", show_default=True, metavar="MEASURE", help="What tuned axes are chosen by.")
@click.option("--highest", is_flag=True, help="The highest is chosen, not the lowest.")
@click.option("--method", type=click.Choice(["grid", "random", "optuna"]), help="How settings are found; by default a grid.")
@click.option("--trials", type=click.IntRange(1, 1000), help="How many settings are tried (random, optuna); 16 by default.")
@click.option("--trial-seeds", type=click.IntRange(1, 100), default=1, help="With how many seeds each is tried.")
@click.option("--match", "match", metavar="WHAT:NODE.PARAM[:LABEL]", help="Match parameters, state_bytes or step_time by this width.")
@click.option("--set", "sets", multiple=True, metavar="NODE.PARAM=VALUE", help="Change a value in every run.")
@click.option("--seed", type=int, help="The first seed of data and weights.")
@click.option("--replicates", type=int, help="How many seeds every cell is run with.")
@click.option("--device", help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="What still waits after so many minutes of work is stopped.")
@click.option("--give-up-after", type=click.IntRange(2), help="Stop cells that are clearly behind after so many seeds.")
@click.option("--margin", type=click.FloatRange(0), default=0.0, help="How far behind such a cell must be.")
@click.option("--cell", metavar="LABEL", help="Run only this cell.")
@click.option("--workers", type=click.IntRange(1), help="How many workers at once; never more than there are cores for.")
@click.option("--save", metavar="FILE", type=click.Path(path_type=Path), help="Also write the study as a document.")
@click.option("--dry-run", is_flag=True, help="Only say what would be run.")
@with_json
@common
def sweep(
    what: str,
    sets: Sequence[str],
    cell: str | None,
    workers: int | None,
    save: Path | None,
    dry_run: bool,
    as_json: bool,
    library_path: Path | None,
    **asked: Any,
) -> None:
    """Vary, match and tune values of an experiment, run every cell, and print the table of cells."""
    from memstudio.cli.asked import document_of, refuse_problems, with_settings

    run = {name: asked.pop(name) for name in ("seed", "replicates", "device", "minutes")}
    document = _study(with_settings(document_of(what), sets, **run), **asked)
    refuse_problems(document)
    document = matched(document)
    if save is not None:
        _save(document, save)
    if dry_run:
        _say(document, cell, as_json)
        return
    library = open_library(library_path, writing=True)
    try:
        study, uids = submit(library, document, cell)
        finish(library, uids, study, document.run.threads, workers, as_json)
    finally:
        library.close()


def _study(
    document: Document,
    varies: Sequence[str],
    tunes: Sequence[str],
    by: str,
    highest: bool,
    method: str | None,
    trials: int | None,
    trial_seeds: int,
    match: str | None,
    give_up_after: int | None,
    margin: float,
) -> Document:
    """The document with the axes and rules that were typed. Raises Typed."""
    from memstudio.cli.sweeping import axis_of, tuned_axis_of, with_axis, with_match
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.document import Hopeless, Tuned
    from memstudio.experiment.edits import set_run
    from memstudio.experiment.tuning import refuse_test

    better = "highest" if highest else "lowest"
    try:
        refuse_test(by, "--by")
    except Refusal as error:
        raise Typed(str(error)) from error
    for typed in varies:
        document = with_axis(document, axis_of(typed, document, catalogue()))
    given = {"by": by, "better": better, "method": method or ("grid" if trials is None else "random"), "seeds": trial_seeds}
    tuned = Tuned.model_validate(given if trials is None else {**given, "trials": trials})
    for typed in tunes:
        document = with_axis(document, tuned_axis_of(typed, document, catalogue(), tuned))
    if match is not None:
        document = with_match(document, match)
    if give_up_after is not None:
        rule = Hopeless.model_validate({"measure": by, "better": better, "after": give_up_after, "margin": margin})
        document = set_run(document, hopeless=rule)
    return document


def _save(document: Document, path: Path) -> None:
    from memstudio.experiment.files import write

    try:
        write(document, path)
    except Refusal as error:
        raise Ended(str(error)) from error


def _say(document: Document, cell: str | None, as_json: bool) -> None:
    """What would be run, without a library."""
    from memstudio.cli.printing import print_json, table
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.matching import off_words
    from memstudio.experiment.studies import cell_cases, count, plan

    plan(document, catalogue(), cell=cell)
    number = count(document)
    found = [one for one in cell_cases(document) if cell is None or cell in (one.label, one.plain)]
    if as_json:
        cells = [{"cell": one.label, "set": one.sets, "matched": {axis: s.model_dump() for axis, s in one.matched}} for one in found]
        print_json({"cells": cells, "replicates": number.replicates, "runs": len(found) * number.replicates, "trials": number.trials})
        return
    to = {axis.name: axis.match.to for axis in document.run.vary if axis.match is not None}
    rows = [[one.label or "all", "; ".join(f"{off_words(s)} {to[axis]}" for axis, s in one.matched)] for one in found]
    columns = 2 if to else 1
    table(["cell", "matched"][:columns], [row[:columns] for row in rows])
    click.echo(f"{number.text}: {number.all:,} runs")
