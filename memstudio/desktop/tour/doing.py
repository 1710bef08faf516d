"""What a step of the tour asks for, done for the person: the same edits and the same buttons that they would use."""

from __future__ import annotations

from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.live.panel import LivePanel
from memstudio.desktop.tour.steps import CHAIN, LEARNER, VALUES, Step, loose, nodes_of
from memstudio.experiment import edits
from memstudio.experiment.document import Document

#: the steps that wait for something which nobody can hurry
WAITS = ("points",)


def do(step: Step, build: BuildPage, panel: LivePanel | None) -> None:
    """Does a step; what cannot be done now is left as it is."""
    if step.place >= 0:
        _add(step.place, build)
    elif step.id == "values":
        _set_values(build)
    elif step.id == "run":
        build.bar.run.click()
    elif step.id == "scrub" and panel is not None and panel.seen is not None:
        stored = panel.seen.stored
        panel.show_step(stored[len(stored) // 2] if len(stored) > 1 else panel.seen.newest // 2)


def _add(place: int, build: BuildPage) -> None:
    session = build.session
    before = nodes_of(session.document, place - 1) if place else []
    here = loose(session.document, place)
    if place and before and here is not None:
        _, start, end = CHAIN[place]
        session.edit("Connect", lambda document: edits.connect(document, f"{before[0]}.{start}", f"{here}.{end}", session.catalogue))
        session.select([here])
    else:
        session.select(before[:1])
        build.palette_.chosen.emit(CHAIN[place][0])


def _set_values(build: BuildPage) -> None:
    session = build.session
    learners = nodes_of(session.document, LEARNER)
    if not learners:
        return

    def change(document: Document) -> Document:
        for name, value in VALUES:
            document = edits.set_value(document, f"{learners[0]}.{name}", value, session.catalogue)
        return document

    session.select(learners[:1])
    session.edit("Set steps and rate", change)
