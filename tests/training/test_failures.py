"""Every way a run can fail: the node to blame, one sentence, what to try; the library knows, the log has the trace."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from memstudio.components.catalogue import catalogue
from memstudio.components.encoder.token_embedding.layers import TokenEmbedding
from memstudio.components.probe.recall.measure import Recall
from memstudio.components.runtime import NonFinite
from memstudio.experiment.document import Document
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import plan
from memstudio.library import Library, RunRow, RunWriter
from memstudio.library import open as open_library
from memstudio.training.failures import blame, blamed, describe, non_finite
from memstudio.training.train import train
from tests.training.tiny import recall_document


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library."""
    with open_library(tmp_path / "library") as opened:
        yield opened


def failed(library: Library, document: Document, **options: Any) -> RunRow:
    """The row of a run that was expected to fail."""
    run = library.submit(document, plan(document, catalogue())).runs[0]
    assert train(library, run, **options) == "failed"
    row = library.run(run)
    assert row.state == "failed"
    assert not row.held
    assert row.failure
    assert row.failure.count("\n") == 0
    return row


def test_the_innermost_blame_stays() -> None:
    error = ValueError("x")
    blame(error, "mem1")
    blame(error, "learn")
    assert blamed(error) == "mem1"
    assert blamed(ValueError("y")) is None


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (MemoryError(), "memory", "smaller batch"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "memory", "smaller batch"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes"), "memory", "fewer members"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk", "free some space"),
        (sqlite3.OperationalError("database or disk is full"), "disk", "free some space"),
        (FileNotFoundError(errno.ENOENT, "No such file", "words.txt"), "data", "words.txt is missing"),
        (PermissionError(errno.EACCES, "Permission denied", "words.txt"), "data", "check that you may read it"),
        (ModuleNotFoundError("No module named 'mamba'"), "component", "install it"),
        (Refusal("Heads must be a whole number from 1 to 64, not 0."), "refused", "Heads must be"),
        (RuntimeError("index_add_cuda_ does not have a deterministic implementation"), "deterministic", "set deterministic off"),
        (ZeroDivisionError("division by zero\nsecond line"), "error", "ZeroDivisionError at mem1: division by zero; the log"),
    ],
)
def test_what_a_person_reads(error: BaseException, kind: str, words: str) -> None:
    blame(error, "mem1")
    failure = describe(error)
    assert failure.kind == kind
    assert words in failure.sentence
    assert failure.node in ("mem1", None)


def test_a_loss_that_is_no_number_says_where_and_what_to_try() -> None:
    error = NonFinite("The loss was not a finite number at step 3; try a smaller rate.", what="loss", step=3)
    failure = non_finite(error, 4, "mem1", 512.0)
    assert failure.node == "mem1"
    assert failure.sentence.startswith("At step 4, first at mem1: The loss was not")
    assert "512" in failure.sentence


def test_a_node_that_breaks_is_blamed_and_the_trace_is_in_the_log(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, tokens: torch.Tensor) -> torch.Tensor:
        raise ArithmeticError("the wheel came off")

    monkeypatch.setattr(TokenEmbedding, "forward", broken)
    row = failed(library, recall_document(steps=2))
    assert row.failed_node == "embed"
    assert "the wheel came off" in (row.failure or "")
    log = library.log_file(row.uid).read_text()
    assert "Traceback" in log
    assert "def broken" not in (row.failure or "")


def test_a_probe_that_breaks_is_blamed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, trained: Any, full: bool) -> Any:
        raise MemoryError

    monkeypatch.setattr(Recall, "measure", broken)
    assert failed(library, recall_document(steps=2)).failed_node == "recall"


def test_out_of_memory_in_a_step(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = TokenEmbedding.forward

    def greedy(self: Any, tokens: torch.Tensor) -> torch.Tensor:
        if self.training:
            torch.empty(2**60)
        return whole(self, tokens)

    monkeypatch.setattr(TokenEmbedding, "forward", greedy)
    row = failed(library, recall_document(steps=2))
    assert row.failed_node == "embed"
    assert (row.failure or "").startswith("Memory ran out at embed")


def test_exploding_training_ends_with_a_sentence(library: Library) -> None:
    row = failed(library, recall_document(steps=200, learner={"optimiser": "sgd", "rate": 10.0, "clip": 0.0, "momentum": 0.99}))
    assert "not a finite number" in (row.failure or "")
    assert "try a smaller learning rate" in (row.failure or "")
    assert row.failed_node in ("embed", "mem1", "classify", "learn")
    assert row.step > 0 or library.series(row.uid, "gradient_norm").steps[-1] > 0


def test_an_unknown_component_is_refused(library: Library) -> None:
    document = recall_document(steps=2)
    nodes = [node.model_copy(update={"component": "sequence.of_tomorrow"}) if node.id == "mem1" else node for node in document.nodes]
    run_document = document.model_copy(update={"nodes": nodes})
    run = library.submit(run_document, [plan(document, catalogue())[0].__class__("", {}, 0, 3, 5, run_document)]).runs[0]
    assert train(library, run) == "failed"
    row = library.run(run)
    assert row.failed_node == "mem1"
    assert "sequence.of_tomorrow" in (row.failure or "")


def test_a_missing_device_is_refused(library: Library) -> None:
    row = failed(library, recall_document(steps=2, run={"device": "mps" if torch.cuda.is_available() else "cuda"}))
    assert "set the device to auto or cpu" in (row.failure or "")


def test_a_full_disk_still_leaves_last_words(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: RunWriter, *words: Any, **more: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunWriter, "artifact", full)
    row = failed(library, recall_document(steps=2))
    assert "disk" in (row.failure or "")
    assert "resume" in (row.failure or "")


def test_a_hanging_step_is_written_off(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, seen = threading.Event(), threading.Event()
    whole = TokenEmbedding.forward

    def hangs(self: Any, tokens: torch.Tensor) -> torch.Tensor:
        if self.training:
            seen.set()
            assert go_on.wait(60)
        return whole(self, tokens)

    monkeypatch.setattr(TokenEmbedding, "forward", hangs)
    document = recall_document(steps=2)
    run = library.submit(document, plan(document, catalogue())).runs[0]
    assert train(library, run, hanging_seconds=1.0, hung=go_on.set) == "superseded"
    assert seen.is_set()
    row = library.run(run)
    assert row.state == "failed"
    # the node whose code never came back, not the learner that called it
    assert row.failed_node == "embed"
    assert (row.failure or "").startswith("Step 1 had not ended after")


def test_a_failed_run_can_be_resumed_when_the_cause_is_gone(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    document = recall_document(steps=6)
    with monkeypatch.context() as patched:
        patched.setattr(Recall, "measure", lambda self, trained, full: 1 / 0)
        row = failed(library, document)
    library.requeue(row.uid)
    assert train(library, row.uid) == "finished"
    assert library.run(row.uid).failure is None
