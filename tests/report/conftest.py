"""What the tests of reports share: a library with a study as workers would have left it, one with hostile words in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from memstudio import library
from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Axis, Case, Document
from memstudio.experiment.gallery import find
from memstudio.experiment.studies import plan
from memstudio.library import Library, RunWriter
from memstudio.report.asked import Asked, ask
from tests.library.compared import diagram, finish, line, matrix

#: what a page, a figure or a table must never take for its own
HOSTILE = "<script>alert(1)</script>\"'&amp; $x^2$ {\\bf a}_b%#~|`*\u202e\x07\n]]> -->"


@dataclass(frozen=True)
class Made:
    """A library and the study in it."""

    library: Library
    study: str
    runs: tuple[str, ...]

    @property
    def asked(self) -> Asked:
        return ask(self.library, [self.study], catalogue())


def _work(cell: int) -> object:
    def work(writer: RunWriter) -> None:
        for step in range(0, 60):
            writer.points(step, {"loss[split=train]": 3.0 / (1 + step) + 0.1 * cell, "accuracy[split=validation]": step / 100})
        for at in (40, 100):
            writer.curve(at, line([0.9 - 0.3 * cell, 0.5 - 0.2 * cell], loads=(2.0, 4.0)))
            writer.curve(at, diagram([4, 30, 60], [0.2, 0.5, 0.8], [0.3, 0.45, 0.9 - 0.2 * cell]))
            writer.curve(at, matrix([[0.9, 0.1, float("nan")], [0.5 - 0.1 * cell, 0.9, 0.0], [0.2, 0.6, 0.95]]))

    return work


def make(opened: Library, document: Document, failed: tuple[int, ...] = (), skip: tuple[int, ...] = ()) -> Made:
    """A study of this document as if it had been run, with measures that depend on cell and seed."""
    planned = plan(document, catalogue())
    submitted = opened.submit(document, planned)
    cells = list(dict.fromkeys(one.cell for one in planned))
    for number, (uid, one) in enumerate(zip(submitted.runs, planned, strict=True)):
        if number in skip:
            continue
        cell = cells.index(one.cell)
        measures = {
            "recall": 0.9 - 0.2 * cell + 0.01 * one.seed,
            "recall[load=2]": 0.95 - 0.1 * cell + 0.01 * one.seed,
            "recall[load=16]": 0.8 - 0.3 * cell + 0.02 * one.seed,
            "parameters": 1000.0 + cell,
            "state_bytes": 512.0,
        }
        finish(opened, uid, None if number in failed else measures, work=_work(cell), data=f"{one.seed:064x}")  # type: ignore[arg-type]
    return Made(opened, submitted.study or "", submitted.runs)


def gallery_document(replicates: int = 3) -> Document:
    """The first study of the gallery with fewer seeds."""
    document = find("who-remembers-under-load").document
    return document.model_copy(update={"run": document.run.model_copy(update={"replicates": replicates})})


@pytest.fixture
def lib(own_home: Path) -> Iterator[Library]:
    with library.open(own_home) as opened:
        yield opened


@pytest.fixture
def made(lib: Library) -> Made:
    """Three memories with three seeds each, one of which failed."""
    return make(lib, gallery_document(), failed=(5,))


@pytest.fixture
def hostile(lib: Library) -> Made:
    """A study whose every word of a person is hostile."""
    document = gallery_document(2)
    axis = document.run.vary[0]
    cases = [Case(label=f"{HOSTILE} {i}", set=case.set) for i, case in enumerate(axis.all_cases())]
    run = document.run.model_copy(update={"vary": [Axis(name=HOSTILE, cases=cases)]})
    nodes = [node.model_copy(update={"title": HOSTILE}) for node in document.nodes]
    claim = document.claim
    assert claim is not None
    claim = claim.model_copy(update={"says": HOSTILE, "expect": HOSTILE})
    bad = document.model_copy(update={"title": HOSTILE, "about": HOSTILE, "cites": [HOSTILE], "run": run, "nodes": nodes, "claim": claim})
    found = make(lib, bad, failed=(4,))
    for uid in found.runs:
        lib.set_note(uid, HOSTILE)
        lib.set_tags(uid, [HOSTILE, "plain"])
    return found


@pytest.fixture
def two_axes(lib: Library) -> Made:
    """Two memories by three numbers of heads."""
    document = gallery_document(2)
    first = document.run.vary[0]
    cases = [
        Case(label=case.label, set={at: value for at, value in case.set.items() if not at.endswith("heads")}) for case in first.all_cases()
    ]
    run = document.run.model_copy(
        update={"vary": [Axis(name="memory", cases=cases[:2]), Axis(name="heads", set="mem1.heads", values=[1, 2, 4])]}
    )
    return make(lib, document.model_copy(update={"run": run}))
