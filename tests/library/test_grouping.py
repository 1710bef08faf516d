"""Groups: who is in them, their means and intervals, their order."""

from __future__ import annotations

import math

import pytest

from memstudio.experiment.parameters import Refusal
from memstudio.library import Library
from memstudio.measures.intervals import mean_interval
from tests.library.filled import finished, study
from tests.library.small import document, planned


def test_means_and_intervals_of_each_group(lib: Library) -> None:
    study(lib, seeds=3)
    groups = lib.grouped(["memory"], ["recall", "recall[load=16]"])
    assert [(group.labels, group.n) for group in groups] == [(("attention",), 6), (("gated delta rule",), 6)]
    values = [i / 10 for i in range(6)]
    average, interval = groups[0].measures["recall"], mean_interval(values)
    assert (average.n, average.mean, average.low, average.high) == (6, interval.mean, interval.low, interval.high)
    assert average.deviation == pytest.approx(math.sqrt(sum((v - 0.25) ** 2 for v in values) / 5))
    assert groups[1].measures["recall[load=16]"].mean == pytest.approx(0.425)
    both = lib.grouped(["memory", "mem1.heads"], ["recall"])
    assert [group.labels for group in both] == [("attention", 1), ("attention", 4), ("gated delta rule", 1), ("gated delta rule", 4)]
    assert {uid for group in both for uid in group.uids} == {row.uid for row in lib.runs()}


def test_only_finished_runs_count_and_of_the_very_same_the_newest(lib: Library) -> None:
    first, again, failed, waits = (lib.submit(document(heads=2), [planned(heads=2)]).runs[0] for _ in range(4))
    finished(lib, first, {"recall": 0.1})
    finished(lib, again, {"recall": 0.3})
    finished(lib, failed, {"recall": 0.9}, state="failed")
    (group,) = lib.grouped(["mem1.heads"], ["recall"])
    assert (group.labels, group.n, set(group.uids)) == ((2,), 4, {first, again, failed, waits})
    average = group.measures["recall"]
    assert (average.n, average.mean, average.low, average.high, average.deviation) == (1, 0.3, None, None, None)


def test_values_that_are_not_finite_are_left_out_and_missing_labels_are_none(lib: Library) -> None:
    for i, recall in enumerate((0.5, math.nan, math.inf)):
        (uid,) = lib.submit(document(heads=i), [planned(seed=i, heads=i)]).runs
        finished(lib, uid, {"recall": recall})
    lib.submit(document(), [planned(seed=9)])
    groups = lib.grouped(["mem1.heads"], ["recall", "recall"])
    assert [group.labels for group in groups] == [(0,), (1,), (2,), (None,)]
    assert [list(group.measures) for group in groups] == [["recall"], [], [], []]
    (everything,) = lib.grouped([], ["recall"])
    assert (everything.labels, everything.n, everything.measures["recall"].n) == ((), 4, 1)


def test_the_order_of_groups(lib: Library) -> None:
    study(lib, heads=(16, 4, 1), seeds=1)
    assert [group.labels[0] for group in lib.grouped(["heads"])] == ["heads 1", "heads 4", "heads 16"]
    assert [group.labels[0] for group in lib.grouped(["mem1.heads"], sort="-mem1.heads")] == [16, 4, 1]
    assert [group.labels[0] for group in lib.grouped(["mem1.heads"], ["recall"], sort="-recall")] == [1, 4, 16]
    assert [group.labels[0] for group in lib.grouped(["mem1.heads"], ["recall"], sort="recall")] == [16, 4, 1]
    lib.submit(document(), [planned(seed=5)])
    assert lib.grouped(["mem1.heads"], sort="-mem1.heads")[-1].labels == (None,)


def test_of_a_filter_a_study_and_the_trash(lib: Library) -> None:
    done = study(lib)
    (alone,) = lib.submit(document(), [planned()]).runs
    assert sum(group.n for group in lib.grouped(["memory"], where="seed = 0")) == 5
    assert sum(group.n for group in lib.grouped(["memory"], study=done.study)) == 8
    assert sum(group.n for group in lib.grouped(["memory"], text="gated")) == 4
    lib.trash(alone)
    assert [group.uids for group in lib.grouped(["memory"], trashed=True)] == [(alone,)]
    assert lib.grouped(["memory"], where="seed = 77") == []
    with pytest.raises(Refusal, match="did you mean memory"):
        lib.grouped(["memori"])
    with pytest.raises(Refusal, match="did you mean recall"):
        lib.grouped(["memory"], ["recal"])
