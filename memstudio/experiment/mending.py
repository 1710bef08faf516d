"""Mending all that can be mended without a choice that only a person can make: the first mend of each problem, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from memstudio.experiment.checking import check
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.problems import Problem

#: more than this is a document that is mended in some other way
MOST = 40


@dataclass(frozen=True)
class Mended:
    """What came of it: the document, how many problems were mended, how many are left."""

    document: Document
    mended: int
    left: int


def _key(problem: Problem) -> tuple[object, ...]:
    return problem.node, problem.port, problem.parameter, problem.reason


def mend_all(document: Document, catalogue: Catalogue) -> Mended:
    """The document after the first mend of every problem that has one, problems that mends bring with them included.

    A mend is left out that is refused, does not end its problem, brings more errors than there were, or takes something away (a
    node, an axis, the claim) or puts another component in a place: that is for a person to decide.
    """
    problems = check(document, catalogue)
    tried: set[tuple[object, ...]] = set()
    mended = 0
    while mended < MOST:
        problem = next((one for one in problems if one.mends and _key(one) not in tried), None)
        if problem is None:
            break
        tried.add(_key(problem))
        after = _mended(problem, document, problems, catalogue)
        if after is not None:
            document, problems = after
            mended += 1
    return Mended(document, mended, len(problems))


def _mended(problem: Problem, document: Document, before: list[Problem], catalogue: Catalogue) -> tuple[Document, list[Problem]] | None:
    if problem.mends[0].asks:
        # whether a changed file is the right one is for a person to decide, too
        return None
    try:
        changed = problem.mends[0].edit(document)
    except Refusal:
        return None
    if _takes_away(document, changed):
        return None
    after = check(changed, catalogue)
    ended = all(_key(one) != _key(problem) for one in after)
    return (changed, after) if ended and _errors(after) <= _errors(before) else None


def _takes_away(before: Document, after: Document) -> bool:
    """Whether a node, an axis or the claim is gone, or a node is of another component."""
    fewer = len(after.nodes) < len(before.nodes) or len(after.run.vary) < len(before.run.vary)
    now = {node.uid: node.component for node in after.nodes}
    other = any(now.get(node.uid, node.component) != node.component for node in before.nodes)
    return fewer or other or (before.claim is not None and after.claim is None)


def _errors(problems: list[Problem]) -> int:
    return sum(problem.severity == "error" for problem in problems)
