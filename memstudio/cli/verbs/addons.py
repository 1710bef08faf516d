"""The verb about add-ons: the list, and saying yes, no or nothing to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from memstudio.cli.options import Typed, with_json, without_library
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.components.addons import AddOn

#: how much of a content's sha256 a table shows
SHORT = 12


@click.group(invoke_without_command=True)
@click.option("--again", is_flag=True, help="Read refused ones once more, where what they need has been installed since.")
@with_json
@without_library
@click.pass_context
def addons(context: click.Context, again: bool, as_json: bool) -> None:
    """List add-ons: where they are from, what they add, and whether they are used.

    Those of your own folder always are; of other folders and of installed packages once you have said yes. An add-on is a
    program: it can do what you can do.
    """
    if context.invoked_subcommand is None:
        _print(as_json, again)


@addons.command()
@click.argument("named", metavar="PATH|NAME")
@with_json
@without_library
def allow(named: str, as_json: bool) -> None:
    """Use the add-ons of a folder, or one of the list, as they are now."""
    from memstudio.components import catalogue

    _said(lambda: catalogue.allow(named), as_json)


@addons.command()
@click.argument("named", metavar="PATH|NAME")
@with_json
@without_library
def decline(named: str, as_json: bool) -> None:
    """Leave an add-on out, and do not ask again."""
    from memstudio.components import catalogue

    _said(lambda: catalogue.decline(named), as_json)


@addons.command()
@click.argument("named", metavar="PATH|NAME")
@with_json
@without_library
def forget(named: str, as_json: bool) -> None:
    """Take back what was said of a folder or package."""
    from memstudio.components import catalogue

    _said(lambda: catalogue.forget(named), as_json)


def _said(say: Callable[[], object], as_json: bool) -> None:
    try:
        say()
    except Refusal as error:
        raise Typed(str(error)) from error
    _print(as_json)


def _print(as_json: bool, again: bool = False) -> None:
    from memstudio.cli.printing import print_json, table
    from memstudio.components import catalogue

    catalogue.look_again(anew=again)
    listed = catalogue.addons()
    if as_json:
        print_json([one.as_json() for one in listed])
    elif listed:
        table(["name", "from", "state", "components", "content"], [_line(one) for one in listed])
        for one in listed:
            if one.reason:
                click.echo(f"{one.name} ({one.state}): {one.reason}")
    else:
        click.echo("There are no add-ons.")
    if not as_json:
        click.echo(f"Your own folder: {catalogue.own_folder()}")


def _line(one: AddOn) -> list[str]:
    return [one.name, one.where, one.state, ", ".join(one.components), one.content[:SHORT]]
