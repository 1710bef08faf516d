from __future__ import annotations

import time
from pathlib import Path

import pytest

from memstudio import library
from memstudio.desktop.queue import seen
from memstudio.desktop.queue.seen import Group, Item, Seen
from memstudio.experiment import edits
from memstudio.experiment.document import Axis, Range, Tuned
from tests.desktop import filled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


def looked(folder: Path, *unfolded: str) -> Seen:
    with library.open(folder) as opened:
        return seen.look(opened, unfolded, time.time())


def test_an_empty_library_has_an_empty_queue(folder: Path) -> None:
    found = looked(folder)
    assert (found.now, found.waiting, found.failed, found.left) == ((), (), (), None)
    assert found.text == "Nothing runs or waits"


def test_what_runs_waits_and_failed_study_by_study(folder: Path) -> None:
    runs = filled.fill(folder)
    with library.open(folder) as opened:
        alone = filled.submit(opened, filled.single("Alone")).runs[0]
    found = looked(folder)
    assert [item.state for item in found.now] == ["running", "paused"]
    assert found.now[0].uid == runs[6]
    assert found.now[0].share == pytest.approx(0.62)
    assert found.now[0].left is not None
    assert found.now[0].below.endswith("left")
    assert found.now[1].below == "seed 0 · paused at 50 %"
    study, single = found.waiting
    assert (study.uids, study.runs, study.items) == (tuple(runs[7:15]), 15, ())
    assert single.uids == (alone,)
    assert [group.title for group in found.failed] == [filled.LONG]
    assert found.failed[0].items[0].why == filled.REASON
    assert found.waits == 9
    assert found.text.startswith("1 running, 1 paused, 9 waiting")


def test_an_unfolded_study_lists_its_runs_in_order(folder: Path) -> None:
    runs = filled.fill(folder)
    key = looked(folder).waiting[0].key
    with library.open(folder) as opened:
        opened.move([runs[14]], runs[7])
    group = looked(folder, key).waiting[0]
    assert [item.uid for item in group.items] == [runs[14], *runs[7:14]]
    assert group.items[0].text == "gated delta rule, seed 4"
    assert group.more == 0


def test_many_runs_are_counted_not_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "LISTED", 3)
    filled.fill(folder)
    key = looked(folder).waiting[0].key
    group = looked(folder, key).waiting[0]
    assert (len(group.items), group.more) == (3, 5)


def test_what_failed_long_ago_is_not_shown(folder: Path) -> None:
    filled.fill(folder)
    with library.open(folder) as opened:
        assert not seen.look(opened, (), time.time() + seen.LATELY + 60).failed


def test_a_paused_queue_says_so(folder: Path) -> None:
    filled.fill(folder)
    with library.open(folder) as opened:
        opened.pause_queue(True)
    assert looked(folder).paused
    with library.open(folder) as opened:
        opened.pause_queue(False)
    assert not looked(folder).paused


def test_time_left_comes_from_runs_of_the_same_study(folder: Path) -> None:
    with library.open(folder) as opened:
        study = filled.submit(opened, filled.study())
        assert seen.look(opened, (), time.time()).left is None, "nothing of it has run yet"
        filled.work(opened, study.runs[0])
        row = opened.run(study.runs[0])
        assert row.started is not None
        assert row.ended is not None
        assert seen.look(opened, (), time.time()).left == pytest.approx(14 * (row.ended - row.started))


def test_a_run_that_does_not_answer_says_so() -> None:
    assert Item("u", "t", "seed 0", "running", 0.5, 30.0, silent=200.0).below == "seed 0 · not answering for 3 min 20 s"


def test_trials_of_a_tuned_study_say_that_they_are(folder: Path) -> None:
    axis = Axis(name="rate", set="learn.rate", range=Range(low=1e-4, high=1e-2, log=True), tuned=Tuned(method="random", trials=2))
    document = edits.set_axis(filled.study(), axis)
    with library.open(folder) as opened:
        filled.submit(opened, document)
    (group,) = looked(folder).waiting
    assert group.title == f"{document.title} (trials)"
    assert len(group.uids) == 6


@pytest.mark.parametrize(
    ("group", "kind", "words"),
    [
        (Group("k", "t", "s", ("a", "b"), 5), "waiting", "2 of 5 runs wait"),
        (Group("k", "t", "s", ("a", "b"), 2), "waiting", "2 runs wait"),
        (Group("k", "t", "s", ("a",), 1), "waiting", "1 run waits"),
        (Group("k", "t", None, ("a",), 1, (Item("a", "t", "seed 3", "queued"),)), "waiting", "seed 3"),
        (Group("k", "t", "s", ("a",), 5), "failed", "1 run failed"),
    ],
)
def test_what_stands_under_a_study(group: Group, kind: str, words: str) -> None:
    assert seen.group_text(group, kind) == words
