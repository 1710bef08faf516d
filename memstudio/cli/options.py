"""The options that every verb takes, and what a verb gets from them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.library import Library

F = TypeVar("F", bound=Callable[..., Any])


class Typed(Refusal):
    """What was typed is wrong (exit 2): a missing file, an unknown id, a bad --set."""


class Ended(Refusal):
    """What the document says or the run did (exit 1): malformed, failed, stopped, read-only library."""


def common(verb: F) -> F:
    """Adds --library, --addons, --safe and --debug to a verb; the last is read by `main` from the words themselves."""
    verb = click.option("--library", "library_path", metavar="PATH", type=click.Path(path_type=Path), help="The library's folder or file.")(
        verb
    )
    return without_library(verb)


def without_library(verb: F) -> F:
    """Adds --addons, --safe and --debug to a verb that has nothing to do with a library."""
    verb = click.option("--safe", is_flag=True, expose_value=False, is_eager=True, callback=_be_safe, help="Leave all add-ons out.")(verb)
    verb = click.option(
        "--addons",
        metavar="PATH",
        multiple=True,
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_use_addons,
        help="Say yes to the add-ons of a folder as they are now; may be given several times.",
    )(verb)
    return click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback when something fails.")(verb)


def _be_safe(context: click.Context, option: click.Parameter, safe: bool) -> None:
    if safe:
        from memstudio.components.catalogue import be_safe

        be_safe()


def _use_addons(context: click.Context, option: click.Parameter, folders: Sequence[Path]) -> None:
    """Typing --addons PATH is the user's yes to what lies there; it is kept, and asked for again once the files change."""
    if not folders:
        return
    from memstudio.components.catalogue import allow, is_safe

    if is_safe():
        raise Typed("--safe leaves all add-ons out, and --addons asks for some; leave one of the two out.")
    for folder in folders:
        try:
            allow(folder)
        except Refusal as error:
            raise Typed(str(error)) from error


def with_json(verb: F) -> F:
    """Adds --json: then stdout holds only JSON and progress goes to stderr."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on stdout.")(verb)


def open_library(path: Path | None, *, writing: bool = False) -> Library:
    """The library that was typed, or the user's own. Typed when it is foreign, Ended when it must be written and cannot."""
    from memstudio import library
    from memstudio.experiment.data.finding import places

    if path is not None and not writing and not path.is_file() and not (path / "library.db").exists():
        raise Typed(f"There is no library in {path}; check what was typed after --library.")
    try:
        opened = library.open(path)
    except Refusal as error:
        raise Typed(str(error)) from error
    places.library = opened.folder
    if writing and opened.readonly:
        place = opened.folder
        opened.close()
        raise Ended(f"The library in {place} is read-only, so nothing can be run or changed there; choose another with --library.")
    return opened


def closing(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Opens the library for a verb that reads it (first argument) and closes it after."""

    @functools.wraps(verb)
    def opened(library_path: Path | None, **values: Any) -> Any:
        library = open_library(library_path)
        try:
            return verb(library, **values)
        finally:
            library.close()

    return opened
