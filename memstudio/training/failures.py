"""Why a run ended before its time: which node is to blame, and what to try. The traceback goes to the log."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from memstudio.components.runtime import NonFinite
from memstudio.experiment.parameters import Refusal


@dataclass(frozen=True)
class Failure:
    """What a person reads of a failed run. sentence: what happened and what to try; node: whose fault it is, if known."""

    kind: str
    sentence: str
    node: str | None = None


class RunFailed(Exception):
    """A run that cannot go on, for a reason we have found ourselves."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.sentence)


class _Work:
    """Which node's code runs now, so that what never comes back can be blamed too."""

    node: str | None = None


_work = _Work()

#: what a component's code may end a run with: an error, or a call to end the program
ENDS = (Exception, SystemExit)


@contextmanager
def at(node: str) -> Iterator[None]:
    """The node's code runs inside the block: what goes wrong there is blamed on it."""
    before, _work.node = _work.node, node
    try:
        yield
    except ENDS as error:
        blame(error, node)
        raise
    finally:
        _work.node = before


def at_work() -> str | None:
    """The node whose code runs now, None where it is nobody's."""
    return _work.node


def blame(error: BaseException, node: str) -> None:
    """Notes at an exception which node was at work; the innermost note stays."""
    if blamed(error) is None:
        error.__dict__["memstudio_node"] = node


def blamed(error: BaseException) -> str | None:
    """The node that was at work when an exception was raised, if one was."""
    node = error.__dict__.get("memstudio_node")
    return node if isinstance(node, str) else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, on the device or on the machine."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(
        words in said for words in ("out of memory", "not enough memory", "can't allocate memory", "defaultcpuallocator", "alloc_cpu")
    )


def is_full_disk(error: BaseException) -> bool:
    """Whether an exception says that nothing more fits on the disk."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    if isinstance(error, sqlite3.OperationalError) and "full" in str(error).lower():
        return True
    return error.__cause__ is not None and is_full_disk(error.__cause__)


def describe(error: BaseException) -> Failure:
    """What to tell a person of an exception that ended a run."""
    node = blamed(error)
    at = f" at {node}" if node else ""
    if isinstance(error, RunFailed):
        return error.failure
    if is_out_of_memory(error):
        return Failure("memory", f"Memory ran out{at}; try a smaller batch, shorter sequences, a narrower model or fewer members.", node)
    if is_full_disk(error):
        return Failure("disk", "The disk that holds the library is full; free some space, then resume this run.", node)
    if isinstance(error, Refusal):
        return Failure("refused", str(error), node)
    if isinstance(error, OSError) and error.filename:
        return Failure("data", _file_sentence(error, at), node)
    if isinstance(error, SystemExit):
        return Failure("error", f"The component{at} asked to end the program (SystemExit); that is not its to do.", node)
    said = _short(error)
    if isinstance(error, ImportError):
        return Failure("component", f"A part of the program is missing{at}: {said}; install it, or leave the component out.", node)
    if "deterministic" in said.lower():
        return Failure(
            "deterministic", f"Not everything{at} has a deterministic form: {said}; use the CPU, or set deterministic off.", node
        )
    return Failure("error", f"{type(error).__name__}{at}: {said}; the log has the whole trace.", node)


def _file_sentence(error: OSError, at: str) -> str:
    if isinstance(error, FileNotFoundError):
        return f"The file {error.filename} is missing{at}; put it back, or choose it again in the task."
    return f"The file {error.filename} cannot be used{at} ({error.strerror}); check that you may read it."


def _short(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else "no further words").rstrip(".;")[:300]


def hanging(what: str, seconds: float, node: str | None) -> Failure:
    """A step, probe or build that never came back."""
    return Failure(
        "hanging",
        f"{what} had not ended after {seconds:,.0f} s; try a smaller model or batch, and look into the log for where it stood.",
        node,
    )


def non_finite(error: NonFinite, step: int, node: str, before: float | None) -> Failure:
    """A loss or gradient that is no longer a number. before: the gradient norm of the step before."""
    grew = f" The gradient norm was {before:.3g} a step earlier." if before is not None else ""
    return Failure("non_finite", f"At step {step:,}, first at {node}: {error}{grew}", node)
