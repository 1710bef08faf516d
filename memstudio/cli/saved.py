"""What verbs write to files: figures, tables, runs; the file's ending says how."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memstudio.cli.options import Ended, F, Typed
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.wording import join

if TYPE_CHECKING:
    from memstudio.library import Library, RunRow
    from memstudio.library.against import Test
    from memstudio.library.comparison import Comparison
    from memstudio.report.asked import Asked

FIGURES = ("svg", "pdf", "png")
TABLES = ("csv", "md", "tex", "json")
RUNS = ("csv", "json", "parquet")
SERIES = ("csv", "json", "svg", "pdf", "png")


def may_save(kinds: Sequence[str]) -> Callable[[F], F]:
    """Adds --out FILE and --force to a verb that may write what it prints."""

    def added(verb: F) -> F:
        verb = click.option("--force", is_flag=True, help="Replace a file that is there.")(verb)
        listed = f"Write it to this file: {join([f'.{kind}' for kind in kinds], 'or')}."
        return click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help=listed)(verb)

    return added


def ready(path: Path, kinds: Sequence[str], force: bool) -> str:
    """The kind of file that was asked for. Raises Typed where it is another kind, or something stands in the way."""
    from memstudio.report.saving import refuse_what_is_there

    kind = path.suffix.lower().removeprefix(".")
    if kind not in kinds:
        raise Typed(f"{path} ends in no kind of file that is written here; choose {join([f'.{one}' for one in kinds], 'or')}.")
    with typed_or_ended():
        refuse_what_is_there(path, force)
    return kind


@contextmanager
def typed_or_ended() -> Iterator[None]:
    """Something in the way is what was typed; everything else is what happened."""
    from memstudio.report.saving import InTheWay

    try:
        yield
    except InTheWay as error:
        raise Typed(str(error)) from error
    except Refusal as error:
        raise Ended(str(error)) from error


def saved(paths: Sequence[Path], as_json: bool, sentence: str = "") -> None:
    """Says which files were written: a sentence, or {"saved": [...]}."""
    from memstudio.cli.printing import print_json

    if as_json:
        print_json({"saved": [str(path) for path in paths]})
    else:
        click.echo(sentence or f"Saved {join(str(path) for path in paths)}.")


def asked(library: Library, names: Sequence[str], *, by: Any = None, baseline: str | None = None) -> Asked:
    """What runs and studies come to. Raises Typed where a name is unknown, Ended where nothing has finished."""
    from memstudio.components.catalogue import catalogue
    from memstudio.report.asked import NothingFinished, ask

    if not library.readonly:
        library.mark_lost()
    try:
        return ask(library, names, catalogue(), by=by, baseline=baseline)
    except NothingFinished as error:
        raise Ended(str(error)) from error
    except Refusal as error:
        raise Typed(str(error)) from error


def rows_of(library: Library, names: Sequence[str]) -> list[RunRow]:
    """The runs of runs and studies by name, each once. Raises Typed where a name is unknown."""
    from memstudio.report.asked import gathered

    try:
        return list(gathered(library, names).runs)
    except Refusal as error:
        raise Typed(str(error)) from error


@dataclass(frozen=True)
class Wanted:
    """What of a comparison is written.

    measures: of a table, the first of them of the study's figure; test, together: as `compared.described` has them;
    figure: its name; width: millimetres; dpi: of a PNG; step: curves as stored at this step or before, None: the newest.
    """

    measures: tuple[str, ...] = ()
    test: Test = "t"
    together: bool = False
    figure: str = "study"
    width: int = 85
    dpi: int = 300
    step: int | None = None


def save_comparison(library: Library, found: Asked, path: Path, kind: str, wanted: Wanted, force: bool) -> list[Path]:
    """Writes a comparison as a table or a figure (its data beside it as CSV); the files that were written."""
    from memstudio.report.saving import save

    if kind not in FIGURES:
        text = _table(found.comparison, kind, wanted)
        with typed_or_ended():
            save(path, text, force)
        return [path]
    from memstudio.components.catalogue import catalogue
    from memstudio.report.plates import plate

    beside = path.with_suffix(".csv")
    ready(beside, ("csv",), force)
    try:
        made = plate(library, found, wanted.figure, next(iter(wanted.measures), None), known=catalogue(), step=wanted.step)
    except Refusal as error:
        raise Typed(str(error)) from error
    with typed_or_ended():
        save(path, made.file(kind, wanted.width, wanted.dpi), force)
        save(beside, made.data, force)
    return [path, beside]


def _table(found: Comparison, kind: str, wanted: Wanted) -> str:
    from memstudio.cli.compared import described
    from memstudio.cli.printing import finite
    from memstudio.report.tables import written

    if kind == "json":
        return json.dumps(finite(described(found, wanted.measures, wanted.test, wanted.together)), ensure_ascii=False, indent=1) + "\n"
    return written(found, kind, wanted.measures, wanted.test, wanted.together)


def save_runs(library: Library, rows: Sequence[RunRow], path: Path, kind: str, force: bool) -> list[Path]:
    """Writes runs as a table (csv), with everything but artifacts (json), or as tables of runs and points (parquet)."""
    from memstudio.report import everything, flat, parquet
    from memstudio.report.saving import save, save_pieces

    with typed_or_ended():
        if kind == "parquet":
            return parquet.write(library, rows, path, force)
        if kind == "csv":
            save(path, flat.as_csv(library, rows), force)
        else:
            save_pieces(path, everything.as_json(library, rows), force)
    return [path]


def save_curve(library: Library, row: RunRow, name: str, path: Path, kind: str, force: bool) -> list[Path]:
    """Writes a series or curve of one run: its points (csv, json), or a figure with its points beside it."""
    from memstudio.report.saving import save

    if kind in FIGURES:
        found = asked(library, [row.uid])
        return save_comparison(library, found, path, kind, Wanted(figure=name), force)
    try:
        text = _points(library, row, name, kind)
    except Refusal as error:
        raise Typed(str(error)) from error
    with typed_or_ended():
        save(path, text, force)
    return [path]


def _points(library: Library, row: RunRow, name: str, kind: str) -> str:
    """A series step by step, or every stored curve of that name, a row a point."""
    from memstudio.report.plate import comma_separated
    from memstudio.report.points import curve_json, curve_rows, series_json

    if name in library.curve_names(row.uid):
        curves = library.curves(row.uid, name)
        return (
            json.dumps(curve_json(row.uid, curves), ensure_ascii=False) + "\n" if kind == "json" else comma_separated(*curve_rows(curves))
        )
    series = library.series(row.uid, name)
    if kind == "json":
        return json.dumps(series_json(row.uid, series), ensure_ascii=False) + "\n"
    return comma_separated(("step", series.name), zip(series.steps.tolist(), series.values.tolist(), strict=True))
