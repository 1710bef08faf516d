"""The steps of the guided tour: what each asks for, and how it is seen that it was done. Plain Python over the document and the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from memstudio.experiment.document import Document

TITLE = "A first memory"
#: what is put together, in order: component, and the ports by which it hangs on the one before
CHAIN: tuple[tuple[str, str, str], ...] = (
    ("task.associative_recall", "", ""),
    ("encoder.token_embedding", "tokens", "tokens"),
    ("sequence.gated_deltanet", "sequence", "sequence"),
    ("readout.classifier", "sequence", "input"),
    ("learner.gradient_descent", "scores", "model"),
    ("probe.recall", "trained", "trained"),
)
LEARNER = 4
#: what makes it learn in about a quarter of a minute: at 300 steps it still errs on a third, at 400 on less than one in a hundred
VALUES: tuple[tuple[str, float], ...] = (("steps", 400), ("rate", 0.003))
#: what is near enough to that: nobody is held up for a figure of their own
NEAR: dict[str, tuple[float, float]] = {"steps": (350, 800), "rate": (0.002, 0.005)}


@dataclass(frozen=True)
class Seen:
    """What the tour knows of what a person has done. submitted: Run was pressed; points: some are drawn; scrubbed: the time slider."""

    document: Document
    submitted: bool = False
    points: bool = False
    scrubbed: bool = False


def nodes_of(document: Document, place: int) -> list[str]:
    """The nodes that stand at a place of the chain, joined all the way from a task."""
    found: list[str] = []
    for number, (component, start, end) in enumerate(CHAIN[: place + 1]):
        here = [node.id for node in document.nodes if node.component == component]
        if number:
            ends = {(f"{before}.{start}", f"{id}.{end}") for before in found for id in here}
            joined = {wire.end for wire in document.wires if (wire.start, wire.end) in ends}
            here = [id for id in here if f"{id}.{end}" in joined]
        found = here
    return found


def loose(document: Document, place: int) -> str | None:
    """A node of the component at a place which nothing joins to the one before; None where there is none, or one is joined."""
    if nodes_of(document, place):
        return None
    return next((node.id for node in document.nodes if node.component == CHAIN[place][0]), None)


def unset(document: Document) -> list[tuple[str, float]]:
    """The values of the learner that are still to be set."""
    learners = nodes_of(document, LEARNER)
    if not learners:
        return list(VALUES)
    values = document.node(learners[0]).values

    def near(name: str) -> bool:
        value = values.get(name)
        low, high = NEAR[name]
        return isinstance(value, int | float) and low <= value <= high

    return [(name, value) for name, value in VALUES if not near(name)]


@dataclass(frozen=True)
class Step:
    """One step. id: what `places` and `doing` know it by; loose: what it says while its component is there and not joined."""

    id: str
    title: str
    words: str
    done: Callable[[Seen], bool]
    loose: str = ""
    place: int = -1


def _adding(place: int, title: str, words: str, loose: str = "") -> Step:
    return Step(f"add{place}", title, words, lambda seen: seen.submitted or bool(nodes_of(seen.document, place)), loose, place)


_JOIN = "It stands there, but nothing leads to it. Drag from the dot at the right of {before} to {this}, and let go."

STEPS: tuple[Step, ...] = (
    _adding(
        0, "A task comes first", "Type “associative recall” into the palette and press Enter. Or double-click it, or drag it to the canvas."
    ),
    _adding(
        1,
        "Turn tokens into vectors",
        "Add Token embedding in the same way. While the task is selected, the new component is joined to it by a wire.",
        _JOIN,
    ),
    _adding(
        2,
        "Now the memory, by a wire",
        "Drag from the dot at the right of Token embedding to an empty place and let go. "
        "The list shows what fits there: choose Gated delta rule.",
        _JOIN,
    ),
    _adding(3, "Read an answer", "Add Classifier: it reads the memory's answer. What cannot follow the selected component is grey.", _JOIN),
    _adding(4, "Something must train it", "Add Gradient descent. It learns from the task's stream; that wire need not be drawn.", _JOIN),
    _adding(5, "Measure what is remembered", "Add Recall: while the memory learns, it asks for pairs that were stored.", _JOIN),
    Step(
        "values",
        "Set two values",
        "Select Gradient descent, and at the right set Steps to 400 and Learning rate to 0.003: so it learns in well under a minute.",
        lambda seen: seen.submitted or not unset(seen.document),
    ),
    Step("run", "Run it", "Press Run. The work is done by another process: the window stays quick.", lambda seen: seen.submitted),
    Step(
        "points",
        "Watch it learn",
        "The first points come in a few seconds, in the panels below the canvas.",
        lambda seen: seen.submitted and seen.points,
    ),
    Step(
        "scrub",
        "Go back in time",
        "Move the time slider: every panel shows what was known at that step. Follow goes back to the newest.",
        lambda seen: seen.submitted and seen.scrubbed,
    ),
)
END = Step(
    "end",
    "That was the tour",
    "The run goes on, and stands in Runs with its curves. Next: open Study (F7) to compare several memories, or a study on Home.",
    lambda seen: True,
)


def current(seen: Seen) -> int:
    """The number of the first step that is not done; the number of steps when all are."""
    return next((number for number, step in enumerate(STEPS) if not step.done(seen)), len(STEPS))
