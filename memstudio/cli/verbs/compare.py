"""The verb that compares: final measures with differences to a baseline, then what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.options import Ended, Typed, closing, common, with_json
from memstudio.cli.saved import FIGURES, TABLES, may_save
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library
    from memstudio.library.comparison import Comparison


@click.command()
@click.argument("names", metavar="RUN|STUDY...", nargs=-1, required=True)
@click.option("--measure", "measures", metavar="M", multiple=True, help="Only this measure, as in recall[load=16]; may be given again.")
@click.option("--baseline", metavar="LABEL", help="The group that the others are compared with; the first without it.")
@click.option(
    "--by",
    metavar="WAY",
    help="What makes a group: cells (of a study), documents (equal ones), runs (each by itself), the name of an axis, or an address "
    "(mem1.heads); over the other axes a seed counts with its mean.",
)
@click.option(
    "--test",
    type=click.Choice(("t", "permutation")),
    default="t",
    show_default=True,
    help="Which test the table and the sentences speak of.",
)
@click.option(
    "--correct",
    type=click.Choice(("groups", "measures")),
    default="groups",
    show_default=True,
    help="Over what Holm's rule corrects: the groups of each measure, or all measures that are listed with all groups.",
)
@click.option("--parameters", is_flag=True, help="Also say which parameters matter for the first measure, over all of these runs.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a head line: every measure of every group.")
@may_save((*TABLES, *FIGURES))
@click.option(
    "--figure",
    default="study",
    show_default=True,
    metavar="NAME",
    help="What a figure shows: the study (its first --measure by what was varied), or a curve, diagram, matrix or series by its name.",
)
@click.option("--width", type=click.Choice(("85", "120", "175")), default="85", show_default=True, help="Width of a figure, millimetres.")
@click.option("--step", type=click.IntRange(min=0), help="Draw curves as they were at this step; as at the newest without it.")
@click.option("--dpi", type=click.Choice(("300", "600")), default="300", show_default=True, help="Dots an inch of a PNG.")
@with_json
@common
@closing
def compare(
    library: Library,
    names: tuple[str, ...],
    measures: tuple[str, ...],
    baseline: str | None,
    by: str | None,
    test: Any,
    correct: str,
    parameters: bool,
    as_csv: bool,
    out: Path | None,
    force: bool,
    figure: str,
    width: str,
    step: int | None,
    dpi: str,
    as_json: bool,
) -> None:
    """Compare runs and studies: means over seeds with 95 % intervals, differences to a baseline with tests, and what differs.

    Seeds that two groups share are paired; p values are corrected after Holm for their number. With --out they become a table
    or a figure; beside a figure lie its data as CSV.
    """
    from memstudio.cli.compared import described, print_comparison, print_csv
    from memstudio.cli.printing import print_json
    from memstudio.cli.saved import Wanted, asked, ready, save_comparison, saved
    from memstudio.cli.varied import drawn_of, parameters_of, print_parameters

    if as_csv and as_json:
        raise Typed("--csv and --json are two ways to print the same; choose one.")
    if out is not None:
        kind = ready(out, (*TABLES, *FIGURES), force)
        whole = asked(library, names, by=by, baseline=baseline)
        _refuse_unknown(whole.comparison, measures)
        wanted = Wanted(measures, test, correct == "measures", figure, int(width), int(dpi), step)
        saved(save_comparison(library, whole, out, kind, wanted, force), as_json)
        return
    if not library.readonly:
        library.mark_lost()
    found = _comparison(library, names, by, baseline)
    _refuse_unknown(found, measures)
    if as_json:
        drawn = drawn_of(library, names, next(iter(measures), None))
        matter = {"parameters": parameters_of(library, found, measures)} if parameters else {}
        print_json({**described(found, measures, test, correct == "measures"), "figure": drawn, **matter})
    elif as_csv:
        print_csv(found, measures, correct == "measures")
    else:
        print_comparison(found, measures, test, correct == "measures")
        if parameters:
            print_parameters(parameters_of(library, found, measures))


def _comparison(library: Library, names: tuple[str, ...], by: Any, baseline: str | None) -> Comparison:
    from memstudio.components.catalogue import catalogue
    from memstudio.library.comparison import compare

    try:
        found = compare(library, names, by=by, baseline=baseline, known=catalogue())
    except Refusal as error:
        raise Typed(str(error)) from error
    if not any(one.by_seed for one in found.groups):
        raise Ended("None of these runs has finished, so there is nothing to compare yet; `memstudio runs` says how far they are.")
    return found


def _refuse_unknown(found: Comparison, measures: tuple[str, ...]) -> None:
    from memstudio.experiment.entries import nearest

    for name in measures:
        if name not in found.measures:
            raise Typed(
                f"None of these runs has measured {name!r}{nearest(name, found.measures)}; `memstudio show RUN` lists what one has."
            )
