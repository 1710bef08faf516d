"""The command line: the verbs put together, and what their ends mean. Every heavy import stands inside a verb."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import click

from memstudio import __version__
from memstudio.cli.options import Typed
from memstudio.cli.verbs import (
    addons,
    compare,
    experiments,
    export,
    installation,
    keeping,
    library,
    measures,
    palette,
    queue,
    report,
    sending,
    sweep,
)
from memstudio.experiment.parameters import Refusal


class InOrder(click.Group):
    """Lists the verbs in the order in which they are added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="memstudio")
def memstudio() -> None:
    """Memory experiments: build, train, watch and compare.

    Without a verb (`memstudio [FILE]`) the window opens.
    """


for verb in (
    experiments.run,
    sweep.sweep,
    experiments.check,
    palette.components,
    palette.explain,
    palette.gallery,
    library.runs,
    library.show,
    library.curve,
    compare.compare,
    measures.measures,
    report.report,
    report.events,
    library.pause,
    library.stop,
    library.resume,
    queue.queue,
    queue.retry,
    keeping.mark,
    keeping.trash,
    keeping.restore,
    keeping.purge,
    keeping.size,
    sending.merge,
    sending.bundle,
    export.export,
    addons.addons,
    experiments.claims,
    installation.doctor,
    installation.bench,
):
    memstudio.add_command(verb)


def main(arguments: Sequence[str]) -> int:
    """Runs what was typed and returns the exit code: 0 done, 1 what the document says or the run did, 2 what was typed."""
    debug = "--debug" in arguments
    try:
        code = memstudio.main(args=_in_their_places(arguments), prog_name="memstudio", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as ended:
        return int(ended.exit_code)
    except click.ClickException as error:
        return _say(error.format_message(), 2, debug)
    except click.exceptions.Abort:
        return _say("Stopped.", 130, debug)
    except Typed as error:
        return _say(str(error), 2, debug)
    except Refusal as error:
        return _say(str(error), 1, debug)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _say(
            f"Something went wrong that should not have: {type(error).__name__}: {error}. With --debug its traceback is shown.", 1, debug
        )


def _in_their_places(arguments: Sequence[str]) -> list[str]:
    """Common options typed before the verb, moved behind it."""
    head: list[str] = []
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] not in ("--help", "-h", "--version"):
        takes_value = rest[0] in ("--library", "--addons")
        head += rest[: 2 if takes_value else 1]
        rest = rest[2 if takes_value else 1 :]
    return [*rest[:1], *head, *rest[1:]]


def _say(sentence: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(sentence, file=sys.stderr)
    return code
