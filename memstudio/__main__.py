"""Dispatches by name: the window, the command line, the worker and the other processes, the bench. Imports each only when asked."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Sequence


def _worker(arguments: list[str]) -> int:
    from memstudio.training.worker import main as run

    return run(arguments)


def _inspector(arguments: list[str]) -> int:
    from memstudio.training.inspector import main as run

    return run(arguments)


def _exporter(arguments: list[str]) -> int:
    from memstudio.export.exporter import main as run

    return run(arguments)


def _declarations(arguments: list[str]) -> int:
    from memstudio.components.addons_read import main as run

    return run(arguments)


def _window(arguments: list[str]) -> int:
    from memstudio.desktop.app import main as run

    return run(arguments)


def _bench(arguments: list[str]) -> int:
    from memstudio.bench.command import main as run

    return run(arguments)


def _command_line(arguments: list[str]) -> int:
    from memstudio.cli.commands import main as run

    return run(arguments)


PARTS: dict[str, Callable[[list[str]], int]] = {
    "worker": _worker,
    "inspector": _inspector,
    "exporter": _exporter,
    "declarations": _declarations,
    "window": _window,
    "bench": _bench,
}


def part_of(arguments: Sequence[str]) -> tuple[Callable[[list[str]], int], list[str]]:
    """Which part of the program the typed words ask for, and what is left for it."""
    if not arguments:
        return _window, []
    first, rest = arguments[0], list(arguments[1:])
    if first in PARTS:
        return PARTS[first], rest
    if _opens_the_window(arguments):
        return _window, list(arguments)
    return _command_line, list(arguments)


#: options of every verb that take a value, as they may stand before it
VALUED = ("--library", "--addons")


def _opens_the_window(arguments: Sequence[str]) -> bool:
    """`memstudio [FILE]`: no verb, only options and at most a document."""
    if any(word in ("--help", "-h", "--version") for word in arguments):
        return False
    words = [word for before, word in zip(["", *arguments], arguments, strict=False) if not word.startswith("-") and before not in VALUED]
    return not words or (len(words) == 1 and words[0].lower().endswith(".memx"))


def main(arguments: Sequence[str] | None = None) -> int:
    """The program's entry point; returns the exit code."""
    multiprocessing.freeze_support()
    run, rest = part_of(sys.argv[1:] if arguments is None else arguments)
    return run(rest)


if __name__ == "__main__":
    sys.exit(main())
