"""Measures computed later from raw outcomes: by hand on made answers, and against what real runs recorded."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from memstudio import library
from memstudio.components.catalogue import catalogue
from memstudio.components.runtime import Batch, Outcome, Part
from memstudio.experiment.document import Document
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import plan
from memstudio.ground.machine import this_process
from memstudio.library import Library, RunWriter
from memstudio.library.later import LATER, compute, compute_one, measured_later, recomputed
from memstudio.library.outcomes import raw_outcomes
from memstudio.measures.calibration import nll, softmax
from memstudio.training.outcomes import pack_scores, pack_targets
from tests.library.compared import finish, planned
from tests.library.small import document
from tests.training.tiny import Kept, calibrated, recall_document, run_whole, stream_document

RNG = np.random.default_rng(4)
#: what is known of each part: labels, whether it counts in the bare measures, targets
PARTS: Sequence[tuple[dict[str, Any], bool, int]] = (({}, True, 40), ({"corruption": "noise", "severity": 2}, False, 30))


def made(members: int = 2, stride: int = 1, classes: int = 7, targets: object = None) -> tuple[list[Outcome], list[Part]]:
    """Answers that are right more often than not, surer where they are."""
    outcomes, parts = [], []
    for labels, main, n in PARTS:
        wanted = RNG.integers(0, classes, n) if targets is None else np.asarray(targets)[:n]
        scores = RNG.normal(size=(members, n, classes)).astype(np.float32)
        if wanted.dtype.kind == "i" and wanted.max() < classes:
            scores[:, np.arange(n), wanted] += RNG.uniform(0, 4, n).astype(np.float32)
        empty = np.empty(0)
        outcomes.append(Outcome(labels, main, scores, empty, wanted, {}, np.arange(n)))
        parts.append(Part(labels, Batch(torch.zeros(n, 2), torch.from_numpy(wanted)), main))
    return outcomes, parts


def keep(lib: Library, outcomes: Sequence[Outcome], parts: Sequence[Part], stride: int = 1, items: bool = False) -> str:
    """A finished run that kept these outcomes at its end, and a few of them on the way."""

    def work(writer: RunWriter) -> None:
        targets, sha = pack_targets(parts)
        writer.artifact("targets", targets, "targets", stage="learn", step=100)
        for step, several in ((50, 4), (100, None)):
            data, meta = pack_scores(outcomes, stride, items=items)
            about = {**meta, "items": several, "stage": "learn", "data": {}, **({} if several else {"targets": sha})}
            writer.artifact(f"outcomes-learn-{step:08d}", data, "outcomes", stage="learn", step=step, meta=about)

    run = lib.submit(document(), [planned("", 0, document())]).runs[0]
    finish(lib, run, {"recall": 0.5}, work=work)
    return run


def test_by_hand_of_the_main_part_and_of_each_other(lib: Library) -> None:
    outcomes, parts = made()
    found = measured_later(lib, keep(lib, outcomes, parts))
    for number, name in enumerate(("{}", "{}[corruption=noise,severity=2]")):
        table = softmax(outcomes[number].scores.astype(np.float16)).mean(axis=0)
        wanted = outcomes[number].targets
        sure, right = table.max(axis=1), table.argmax(axis=1) == wanted
        assert found[name.format("auroc_errors")] == pytest.approx(roc_auc_score(right, sure))
        assert found[name.format("entropy")] == pytest.approx(-(table * np.log(table)).sum(axis=1).mean())
        gaps = [abs(right[b].mean() - sure[b].mean()) for b in _bins(sure) if b.any()]
        assert found[name.format("mce")] == pytest.approx(max(gaps))
        top = np.argsort(-table, axis=1)[:, :5] == wanted[:, None]
        assert found[name.format("top5_accuracy")] == pytest.approx(top.any(axis=1).mean())
    scores = softmax(outcomes[0].scores.astype(np.float16).astype(np.float64).mean(axis=0))
    assert found["nll[combination=scores]"] == pytest.approx(nll(scores, outcomes[0].targets))
    assert found["mutual_information"] > 0


def _bins(sure: np.ndarray) -> list[np.ndarray]:
    edges = np.linspace(0, 1, 16)
    return [(sure > low) & (sure <= high) for low, high in itertools.pairwise(edges)]


def test_what_is_of_ensembles_alone_is_not_of_one_network(lib: Library) -> None:
    run = keep(lib, *made(members=1))
    found = measured_later(lib, run)
    assert not {"mutual_information", "nll[combination=scores]"} & set(found)
    assert {"auroc_errors", "mce", "aurc", "excess_aurc", "entropy"} <= set(found)
    done = compute(lib, [run], ["mutual_information"])
    assert (done.values, list(done.skipped)) == ({}, [run])


def test_thinned_outcomes_meet_their_own_targets(lib: Library) -> None:
    outcomes, parts = made()
    (stage,) = raw_outcomes(lib, keep(lib, outcomes, parts, stride=3))
    assert stage.thinned == 3
    assert stage.parts[0].targets.tolist() == outcomes[0].targets[::3].tolist()
    assert stage.parts[0].scores == pytest.approx(outcomes[0].scores[:, ::3].astype(np.float16).astype(np.float64))


def test_answers_of_some_items_are_told_apart_by_the_item(lib: Library) -> None:
    outcomes, parts = made()
    asked = [3, 17, 8]
    some = [Outcome(o.labels, o.main, o.scores[:, asked], o.probabilities, o.targets[asked], {}, np.array(asked)) for o in outcomes]
    (stage,) = raw_outcomes(lib, keep(lib, some, parts, items=True))
    assert stage.parts[0].targets.tolist() == outcomes[0].targets[asked].tolist()


def test_what_cannot_be_computed_says_why(lib: Library) -> None:
    none = lib.submit(document(), [planned("", 0, document())]).runs[0]
    finish(lib, none, {"recall": 0.5})
    with pytest.raises(Refusal, match="kept no raw outcomes"):
        measured_later(lib, none)
    patterns = keep(lib, *made(targets=RNG.normal(size=(40, 7)).astype(np.float32)))
    with pytest.raises(Refusal, match="patterns to be given back, not for classes"):
        measured_later(lib, patterns)
    queued = lib.submit(document(), [planned("", 1, document())]).runs[0]
    with pytest.raises(Refusal, match="It is queued"):
        compute_one(lib, queued)
    with pytest.raises(Refusal, match=r"There is no measure 'aurocerrors'.*did you mean auroc_errors"):
        compute(lib, [none], ["aurocerrors"])
    done = compute(lib, [none, patterns, queued])
    assert (dict(done.values), set(done.skipped)) == ({}, {none, patterns, queued})


def test_a_file_that_is_gone_or_damaged_says_so(lib: Library) -> None:
    run = keep(lib, *made())
    row = next(one for one in lib.artifacts(run) if one.name == "outcomes-learn-00000100")
    whole = row.path.read_bytes()
    row.path.write_bytes(whole[:-10])
    with pytest.raises(Refusal, match="damaged"):
        measured_later(lib, run)
    row.path.unlink()
    with pytest.raises(Refusal, match="missing"):
        measured_later(lib, run)


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        ({"stride": 0}, "do not say what they hold"),
        ({"stride": "x"}, "do not say what they hold"),
        ({"parts": 7}, "do not say what they hold"),
        ({"parts": [{"targets": 40}, {"targets": 30}]}, "do not say what they hold"),
        ({"parts": [{"labels": {}, "main": True, "targets": 10}]}, "as many answers as they say"),
        ({"targets": "no sum"}, "is not the sha256"),
    ],
)
def test_what_a_damaged_library_says_is_one_sentence(lib: Library, meta: dict[str, Any], says: str) -> None:
    run = keep(lib, *made())
    row = next(one for one in lib.artifacts(run) if one.name == "outcomes-learn-00000100")
    lib._conn.execute("UPDATE run_artifact SET meta = ? WHERE name = ?", (json.dumps({**row.meta, **meta}), row.name))
    with pytest.raises(Refusal, match=says):
        measured_later(lib, run)


def test_scores_that_are_not_finite_and_targets_that_are_no_classes(lib: Library) -> None:
    outcomes, parts = made()
    outcomes[0].scores[0, 0, 0] = math.nan
    with pytest.raises(Refusal, match="not finite"):
        measured_later(lib, keep(lib, outcomes, parts))
    with pytest.raises(Refusal, match="no classes of theirs"):
        measured_later(lib, keep(lib, *made(targets=np.full(40, 9))))


def test_it_is_kept_beside_what_was_measured_and_not_asked_again(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [keep(lib, *made()) for _ in range(3)]
    before = set(lib.measures(runs[0]))
    seen: list[tuple[int, int]] = []
    done = compute(lib, runs, ["auroc_errors", "mce"], lambda n, of: seen.append((n, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert set(done.values) == set(runs)
    assert set(lib.measures(runs[0])) - before == {
        f"{name}{part}" for name in ("auroc_errors", "mce") for part in ("", "[corruption=noise,severity=2]")
    }
    assert lib.measures_of(runs)[runs[1]]["mce"] == done.values[runs[1]]["mce"]
    # runs are found and sorted by it like by any measure
    assert {row.uid for row in lib.runs(where="auroc_errors > 0")} == set(runs)
    again = compute(lib, runs, ["auroc_errors", "mce"])
    assert (dict(again.values), again.known) == ({}, tuple(runs))
    # another version of the computation is asked again
    newer = {**LATER, "mce": type(LATER["mce"])("mce", "", "", LATER["mce"].of, version=2)}
    monkeypatch.setattr("memstudio.library.later.LATER", newer)
    assert set(compute(lib, runs[:1], ["auroc_errors", "mce"]).values[runs[0]]) == {"mce", "mce[corruption=noise,severity=2]"}


def test_a_read_only_library_is_not_written(lib: Library) -> None:
    run = keep(lib, *made())
    with library.open(lib.folder, readonly=True) as opened, pytest.raises(Refusal, match="read-only"):
        compute(opened, [run])


# ---------------------------------------------------------------------------------------------- real runs


def stored(lib: Library, asked: Document, kept: Kept) -> str:
    """A run that was trained in memory, as a worker would have stored it."""
    run = lib.submit(asked, plan(asked, catalogue())).runs[0]
    lease = lib.claim(this_process(), runs=[run])
    assert lease is not None
    with RunWriter(lib.folder, lease) as writer:
        writer.start(kept.newest, "cpu", 1, {}, {})
        for name, (data, kind, stage, step, meta) in kept.artifacts.items():
            if kind in ("outcomes", "targets"):
                writer.artifact(name, data, kind, stage=stage, step=step, meta=meta)
        for name, series in kept.series.items():
            writer.points(max(series), {name: series[max(series)]})
        writer.finish("finished", None, None)
    return run


#: logits of a few units in float16 are off by some 1e-3, and so are probabilities by as much at most
TOLERANCE: Mapping[str, float] = {"accuracy": 1e-9, "nll": 2e-3, "brier": 2e-3, "ece": 4e-3}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(recall_document(), id="one network, several loads"),
        pytest.param(recall_document(members=3), id="ensemble"),
        pytest.param(calibrated(members=2), id="ensemble with a temperature"),
        pytest.param(stream_document(), id="five tasks"),
    ],
)
def test_what_runs_recorded_is_found_again(lib: Library, asked: Document) -> None:
    run = stored(lib, asked, run_whole(asked))
    both = recomputed(lib, run, catalogue())
    assert len(both) >= 3
    assert "accuracy" in both
    for name, (recorded, computed) in both.items():
        # a bin of few answers may change hands where a confidence lies at its edge
        assert computed == pytest.approx(recorded, abs=TOLERANCE[name.partition("[")[0]]), name
    found = measured_later(lib, run, known=catalogue())
    recorded = lib.measures(run)
    if "aurc" in recorded:
        assert found["aurc"] == pytest.approx(recorded["aurc"], abs=4e-3)
    assert all(math.isfinite(value) for value in found.values())
