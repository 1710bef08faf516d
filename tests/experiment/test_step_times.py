"""The time of a step, measured by a process of its own."""

from __future__ import annotations

import pytest

from memstudio.experiment.parameters import Refusal
from memstudio.experiment.step_times import StepTimes
from tests.training.tiny import recall_document


def test_the_time_of_a_step_is_measured_once_a_document() -> None:
    small = recall_document(steps=40, every=40)
    large = recall_document(steps=40, every=40, learner={"batch": 64}, task={"length": 48})
    with StepTimes() as step_time:
        times = [step_time(small), step_time(large)]
        assert 0.0 < times[0] < times[1] < 5.0
        assert step_time(small) == times[0]
        with pytest.raises(Refusal, match="learn"):
            step_time(small.model_copy(update={"nodes": [node for node in small.nodes if node.id != "learn"]}))


def test_a_process_that_ends_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import memstudio.experiment.step_times as module

    monkeypatch.setattr(module, "start", lambda part, **pipes: module.subprocess.Popen(["true"], **pipes))
    with StepTimes() as step_time, pytest.raises(Refusal, match="the process that measures it ended; try again"):
        step_time(recall_document())
