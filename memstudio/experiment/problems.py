"""A problem of a document, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from memstudio.experiment.document import Document


@dataclass(frozen=True)
class Mend:
    """One click that mends a problem: what the button says, and the edit (pure; raises Refusal where it no longer applies).

    asks: what the window has to do besides: ask for a file, or look one over away from its thread (data/file_problems.py).
    """

    title: str
    edit: Callable[[Document], Document]
    asks: str = ""


@dataclass(frozen=True)
class Problem:
    """What is wrong, where (node; port or address of a parameter inside the node), in one sentence or two, and what mends it.

    An error keeps the document from running; a warning does not. node is None for what concerns the whole document or the
    study; then `parameter` may name a setting of the run (`device`, `vary`).
    """

    node: str | None
    port: str | None
    parameter: str | None
    reason: str
    mends: tuple[Mend, ...] = ()
    severity: Literal["error", "warning"] = "error"


def asking(reason: str, mends: tuple[Mend, ...]) -> str:
    """The reason, the first mend asked after it: `... Insert Token embedding?`"""
    return f"{reason} {mends[0].title}?" if mends else reason
