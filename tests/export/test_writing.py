"""A run of the library as a folder: what is written, what is chosen, what is refused, what the library knows afterwards."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from memstudio import library
from memstudio.components.catalogue import catalogue
from memstudio.experiment.files import to_text
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import plan
from memstudio.export import comparing
from memstudio.export.choosing import choose
from memstudio.export.exporter import compared
from memstudio.export.files import CARD, DOCUMENT, ENVIRONMENT, MEASURES, MODEL, Typed, checked_target
from memstudio.export.reading import load
from memstudio.export.writing import export
from memstudio.library import Library
from memstudio.training.train import train
from tests.training.tiny import recall_document, stream_document

RUNS = {
    "finished": recall_document(steps=12, members=2, learner={"validate_every": 3}, task={"test_items": 8}),
    "tasks": stream_document(steps=2),
    "paused": recall_document(steps=12, task={"test_items": 8}),
    "queued": recall_document(steps=2),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library in which each of RUNS is, under its name as title."""
    folder = tmp_path_factory.mktemp("library")
    with library.open(folder) as opened:
        for name, document in RUNS.items():
            opened.submit(document, plan(document, catalogue()), name)
        looks = itertools.count()
        train(opened, uid_of(opened, "finished"))
        train(opened, uid_of(opened, "tasks"))
        assert train(opened, uid_of(opened, "paused"), ending=lambda: next(looks) >= 5) == "paused"
    return folder


@pytest.fixture
def opened(filled: Path, tmp_path: Path) -> Iterator[Library]:
    """A copy of it for each test."""
    shutil.copytree(filled, tmp_path / "library")
    with library.open(tmp_path / "library") as copy:
        yield copy


def uid_of(opened: Library, title: str) -> str:
    return next(row.uid for row in opened.runs() if row.title == title)


def read_here(folder: Path, expected: bytes) -> dict[str, float]:
    """Reads back without a process of its own, which takes seconds."""
    file = folder.parent / "expected"
    file.write_bytes(expected)
    found = compared(folder, file)
    file.unlink()
    return found


def exported(opened: Library, title: str, target: Path, which: str = "last", force: bool = False) -> dict[str, Any]:
    row = opened.run(uid_of(opened, title))
    chosen = choose(opened, row, which)
    return export(opened, row, chosen, checked_target(target, force), read_back=read_here, say=lambda sentence: None)


def test_a_finished_run(opened: Library, tmp_path: Path) -> None:
    found = exported(opened, "finished", tmp_path / "out")
    folder, uid = tmp_path / "out", uid_of(opened, "finished")
    assert {one.name for one in folder.iterdir()} == {MODEL, DOCUMENT, MEASURES, CARD, ENVIRONMENT}
    assert (found["difference"], found["probabilities"], found["step"], found["members"]) == (0.0, 0.0, 12, 2)
    assert found["bytes"] == sum(one.stat().st_size for one in folder.iterdir())
    assert (folder / DOCUMENT).read_text() == to_text(opened.document(uid))
    assert json.loads((folder / MEASURES).read_text())["measures"] == opened.measures(uid)
    environment = json.loads((folder / ENVIRONMENT).read_text())
    assert environment["run"] == opened.environment(uid)
    assert environment["export"]["packages"]["torch"] == torch.__version__
    assert found["parameters"] == opened.measures(uid)["parameters"]
    model = load(folder)
    assert model.members == 2
    assert all(len(tensor) == 2 for tensor in model.tensors().values())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["library", "out"]


def test_the_card_says_what_it_is(opened: Library, tmp_path: Path) -> None:
    exported(opened, "finished", tmp_path / "out")
    card, uid = (tmp_path / "out" / CARD).read_text(), uid_of(opened, "finished")
    for words in (
        "# finished",
        "an ensemble of 2 networks",
        "Sₜ = αₜ Sₜ₋₁ (I − βₜ kₜ kₜᵀ) + βₜ vₜ kₜᵀ",
        "Gated Delta Networks",
        "Seed of weights and order: 3. Seed of the data: 5.",
        next(iter(opened.data(uid).values())),
        "Scenario: one task",
        "| `recall[load=2]` |",
        f"torch {torch.__version__}",
        "from memstudio.export.reading import load",
        "Licence of the weights: not stated",
        "bit for bit",
        "tokens (batch, time 12), whole numbers below 8",
    ):
        assert words in card, words
    assert "gradient_norm" not in card
    assert str(tmp_path) not in card
    assert os.sep + "home" not in card


def test_the_three_lines_of_the_card_do_what_they_say(opened: Library, tmp_path: Path) -> None:
    exported(opened, "finished", tmp_path / "out")
    section = (tmp_path / "out" / CARD).read_text().partition("## Loading it")[2].partition("## ")[0]
    lines = [line[4:] for line in section.splitlines() if line.startswith("    ")]
    assert len(lines) == 3
    known: dict[str, Any] = {"folder": tmp_path / "out", "inputs": torch.zeros(5, 12, dtype=torch.int64)}
    exec("\n".join(lines), known)
    assert known["probabilities"].shape == (5, 12, 8)


def test_the_library_knows_of_it(opened: Library, tmp_path: Path) -> None:
    found = exported(opened, "finished", tmp_path / "out")
    event = opened.events(found["run"])[-1]
    assert (event.kind, event.step, event.level) == ("exported", None, "info")
    assert event.data == {name: value for name, value in found.items() if name != "stored"}
    assert "largest difference of 0" in event.text
    assert found["stored"]
    assert opened.run(found["run"]).state == "finished"


def test_the_best_model(opened: Library, tmp_path: Path) -> None:
    found = exported(opened, "finished", tmp_path / "best", "best")
    best = next(one for one in opened.artifacts(found["run"]) if one.name == "model-best")
    assert (found["which"], found["step"]) == ("best", best.step)
    measures = json.loads((tmp_path / "best" / MEASURES).read_text())
    assert measures["step"] == best.step
    assert measures["measures"]["loss[split=validation]"] == pytest.approx(best.meta["loss"])
    assert "lowest validation loss" in (tmp_path / "best" / CARD).read_text()


def test_the_model_after_a_task(opened: Library, tmp_path: Path) -> None:
    whole = load_of(exported(opened, "tasks", tmp_path / "last"))
    for which, step in (("task-1", 2), ("task-4", 8), ("task-5", 10), ("learn", 10)):
        found = exported(opened, "tasks", tmp_path / which, which)
        assert (found["step"], found["difference"]) == (step, 0.0)
        alike = all(torch.equal(tensor, whole.tensors()[name]) for name, tensor in load_of(found).tensors().items())
        assert alike == (step == 10), which
    card = (tmp_path / "task-1" / CARD).read_text()
    assert "at the end of task 1" in card
    assert "class-incremental, 5 tasks one after the other" in card
    assert "| `accuracy" in card


def load_of(found: dict[str, Any]) -> Any:
    return load(found["out"])


def test_a_run_that_has_not_finished_says_which_step_it_is(opened: Library, tmp_path: Path) -> None:
    found = exported(opened, "paused", tmp_path / "out")
    step = opened.run(found["run"]).step
    assert 0 < step < 12
    assert found["step"] == step
    sentence = f"The run is paused, not finished (step {step} of 12): the model exported is that of step {step}."
    assert found["said"] == [sentence]
    assert sentence in (tmp_path / "out" / CARD).read_text()


def test_a_model_that_is_not_kept_is_refused_with_what_is(opened: Library) -> None:
    row = opened.run(uid_of(opened, "tasks"))
    with pytest.raises(Typed, match="it keeps last, best, task-1, task-2, task-3, task-4, task-5, learn"):
        choose(opened, row, "task-9")
    with pytest.raises(Typed, match="keeps no model 'best'; it keeps last"):
        choose(opened, opened.run(uid_of(opened, "paused")), "best")


def test_a_run_without_a_checkpoint_is_refused(opened: Library) -> None:
    with pytest.raises(Refusal, match="no checkpoint yet: it is queued; let it go on") as refused:
        choose(opened, opened.run(uid_of(opened, "queued")), "last")
    assert not isinstance(refused.value, Typed)


def test_a_damaged_checkpoint_is_refused_and_nothing_is_written(opened: Library, tmp_path: Path) -> None:
    uid = uid_of(opened, "finished")
    path = next(one.path for one in opened.artifacts(uid) if one.name == "model")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(Refusal, match="damaged"):
        exported(opened, "finished", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    path.unlink()
    with pytest.raises(Refusal, match="is not there any more"):
        exported(opened, "finished", tmp_path / "out")


def test_a_model_that_reads_back_otherwise_is_not_exported(opened: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = comparing.largest_difference
    monkeypatch.setattr(comparing, "largest_difference", lambda one, other: real(one, other) + 0.5)
    with pytest.raises(Refusal, match=r"differ by up to 0\.5"):
        exported(opened, "finished", tmp_path / "out")
    assert [one.name for one in tmp_path.iterdir()] == ["library"]


def test_a_full_disk_leaves_the_older_export(opened: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from memstudio.export import writing

    exported(opened, "finished", tmp_path / "out")
    before = (tmp_path / "out" / MODEL).read_bytes()
    real = writing.write_atomically

    def full(path: Path, data: Any) -> None:
        if path.name == MODEL:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(writing, "write_atomically", full)
    with pytest.raises(Refusal, match="is full, so nothing was written"):
        exported(opened, "finished", tmp_path / "out", "best", force=True)
    assert (tmp_path / "out" / MODEL).read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["library", "out"]


def test_force_replaces_an_older_export(opened: Library, tmp_path: Path) -> None:
    exported(opened, "finished", tmp_path / "out")
    with pytest.raises(Typed, match="--force"):
        exported(opened, "finished", tmp_path / "out")
    found = exported(opened, "finished", tmp_path / "out", "best", force=True)
    assert load(tmp_path / "out").about["which"] == found["which"] == "best"


def test_other_data_than_then_are_said(opened: Library, tmp_path: Path) -> None:
    opened._conn.execute('UPDATE run SET data = \'{"uid-task": "0"}\'')
    assert "other data" in exported(opened, "finished", tmp_path / "out")["said"][-1]


def test_a_library_that_cannot_be_written_loses_nothing_but_the_event(
    opened: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memstudio.export import stored

    real = stored.libraries.open
    monkeypatch.setattr(stored.libraries, "open", lambda path: real(path, readonly=True))
    found = exported(opened, "finished", tmp_path / "out")
    assert not found["stored"]
    assert (tmp_path / "out" / MODEL).exists()
    assert not [one for one in opened.events(found["run"]) if one.kind == "exported"]
