"""Small curves on cards: read from the library while runs go, gone when the document is another."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.canvas import card_curves
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.card_curves import CardCurves, look, series_of
from memstudio.desktop.reader import Reader
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from memstudio.experiment.sameness import trained_alike
from memstudio.library import Library, RunWriter, Submitted
from tests.desktop.filled import lease, single, submit
from tests.desktop.filled import study as gallery_study


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Library]:
    found = library.open(tmp_path / "library")
    yield found
    found.close()


@pytest.fixture
def run(opened: Library, session: Session) -> Submitted:
    """A run of the open document, queued."""
    session.show(single("One run"))
    return submit(opened, session.document)


Writing = Callable[..., None]


@pytest.fixture
def write(opened: Library, run: Submitted) -> Iterator[Writing]:
    """Writes points of the run, as its worker does."""
    with RunWriter(opened.folder, lease(opened, run.runs[0])) as writer:
        writer.start(100, "cpu", 1, {}, {})

        def points(*steps: int) -> None:
            for step in steps:
                writer.points(step, {"loss[split=train]": 4.0 - step / 50, "recall": step / 100, "ece": 0.3})
            writer.progress("learn", steps[-1])
            writer.flush()

        yield points


@pytest.fixture
def curves(opened: Library, session: Session, canvas: Canvas, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[CardCurves]:
    monkeypatch.setattr(card_curves, "EVERY", 20)
    reader = Reader(opened.path, poll=0.01)
    reader.start()
    yield CardCurves(session, canvas.view.items_of, reader)
    reader.close()


def learner(session: Session) -> str:
    return next(node.id for node in session.document.nodes if node.component.startswith("learner."))


def test_the_loss_on_the_learner_and_the_measure_on_the_probe(opened: Library, session: Session, run: Submitted, write: Writing) -> None:
    write(0, 25, 50)
    looked = look(opened, run.study, run.runs, None)
    assert looked is not None
    loss = looked.curves[learner(session)]
    assert loss.points == ((0.0, 1.0), (0.25, 0.5), (0.5, 0.0))
    assert loss.words == "Loss 3 at step 50"
    recall = next(node.id for node in session.document.nodes if node.component == "probe.recall")
    assert looked.curves[recall].points == ((0.0, 0.0), (0.25, 0.5), (0.5, 1.0))
    assert looked.curves[recall].words == "Recall 0.5 at step 50"


def test_a_long_series_becomes_few_points(opened: Library, session: Session, run: Submitted, write: Writing) -> None:
    write(*range(100))
    looked = look(opened, run.study, run.runs, None)
    assert looked is not None
    points = looked.curves[learner(session)].points
    assert len(points) == card_curves.POINTS
    assert [x for x, _ in points] == sorted(x for x, _ in points)


def test_cards_follow_the_run(canvas: Canvas, session: Session, run: Submitted, write: Writing, curves: CardCurves, qtbot: QtBot) -> None:
    item = canvas.view.items_of.nodes[learner(session)]
    curves.follow(run.study, run.runs)
    write(0, 10, 20)
    qtbot.waitUntil(lambda: len(item.curve) == 3)
    assert "at step 20" in item.tip()
    write(30, 40)
    qtbot.waitUntil(lambda: len(item.curve) == 5)
    curves.follow(None, ())
    assert item.curve == ()
    assert "at step" not in item.tip()


def test_they_go_when_the_document_is_another_and_come_back(
    canvas: Canvas, session: Session, run: Submitted, write: Writing, curves: CardCurves, qtbot: QtBot
) -> None:
    id = learner(session)
    item = canvas.view.items_of.nodes[id]
    write(0, 10, 20)
    curves.follow(run.study, run.runs)
    qtbot.waitUntil(lambda: bool(item.curve))
    session.edit("Move", lambda d: edits.move(d, {id: (40.0, 40.0)}))
    assert item.curve
    session.edit("Steps", lambda d: edits.set_value(d, f"{id}.steps", 77, session.catalogue))
    assert item.curve == ()
    session.undo()
    assert item.curve


def test_the_window_is_not_asked_to_draw_more_than_a_few_times_a_second(
    session: Session, run: Submitted, write: Writing, opened: Library, canvas: Canvas, qtbot: QtBot
) -> None:
    """Changes while a look is awaited start no other."""
    reader = Reader(opened.path)
    asked: list[Any] = []
    reader.ask = lambda *given, **more: asked.append(given)  # type: ignore[method-assign]
    made = CardCurves(session, canvas.view.items_of, reader)
    made.follow(run.study, run.runs)
    for _ in range(50):
        reader.changed.emit()
    assert len(asked) == 1
    assert card_curves.EVERY >= 250
    reader.close()


def test_of_a_study_the_run_at_work_is_shown(opened: Library) -> None:
    """Also where another, that began later, is at its end already."""
    made = submit(opened, gallery_study())
    for run, end in ((made.runs[1], None), (made.runs[0], "finished")):
        with RunWriter(opened.folder, lease(opened, run)) as writer:
            writer.start(10, "cpu", 1, {}, {})
            writer.points(0, {"loss[split=train]": 1.0})
            writer.points(5, {"loss[split=train]": 0.5})
            if end is not None:
                writer.finish(end)
    looked = look(opened, made.study, (), None)
    assert looked is not None
    assert looked.run == made.runs[1]
    assert trained_alike(looked.document, gallery_study())


def test_each_stage_has_its_own_series() -> None:
    document = gallery_study()
    learn = next(node.id for node in document.nodes if node.component.startswith("learner."))
    names = {f"loss[split=train,stage={learn}]": 1.0, "loss[split=train,stage=other]": 2.0, "learning_rate": 0.1}
    assert series_of(document, names) == {learn: f"loss[split=train,stage={learn}]"}
    assert series_of(document, {"loss[split=train,stage=other]": 2.0}) == {}


def test_what_makes_documents_train_otherwise(session: Session) -> None:
    document, known = gallery_study(), session.catalogue
    learn = next(node.id for node in document.nodes if node.component.startswith("learner."))
    varied = {address.partition(".")[0] for axis in document.run.vary for case in axis.all_cases() for address in case.set}
    assert varied
    same = [
        edits.set_title(document, "Another"),
        edits.move(document, {learn: (9.0, 9.0)}),
        edits.add_note(document, "A note"),
        edits.set_run(document, seed=7),
    ]
    assert all(trained_alike(document, one) for one in same)
    other = [
        edits.set_value(document, f"{learn}.steps", 99, known),
        edits.remove(document, [document.nodes[-1].id]),
        edits.disconnect(document, document.wires[0].start, document.wires[0].end),
    ]
    assert not any(trained_alike(document, one) for one in other)
    assert not any(trained_alike(one, another) for one, another in itertools.combinations(other, 2))
