"""The inspector: shapes, samples and recalls over a pipe; newest first; never anything but answers on its stdout."""

from __future__ import annotations

import io
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.files import to_text
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.studies import plan
from memstudio.ground.launch import start
from memstudio.library import open as open_library
from memstudio.training import asked
from memstudio.training.inspector import Answers, Inspector
from memstudio.training.train import train
from tests.training.tiny import recall_document


def plain(**changes: Any) -> dict[str, Any]:
    """A tiny document as the JSON that the window sends."""
    found: dict[str, Any] = json.loads(to_text(recall_document(**changes)))
    return found


class Talk:
    """A conversation with a real inspector process."""

    def __init__(self) -> None:
        self.process = start("inspector", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def say(self, *questions: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(json.dumps(question) + "\n" for question in questions).encode())
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture
def talk() -> Iterator[Talk]:
    """A conversation that is ended with the test."""
    talk = Talk()
    yield talk
    talk.process.kill()
    talk.process.wait()
    for pipe in (talk.process.stdin, talk.process.stdout, talk.process.stderr):
        assert pipe is not None
        pipe.close()


def test_a_conversation_over_the_pipe(talk: Talk) -> None:
    talk.say({"id": 1, "ask": "shapes", "document": plain()})
    answer = talk.hear()
    assert answer["id"] == 1
    assert answer["answer"]["nodes"]["mem1"]["shape"] == [12, 8]
    assert answer["answer"]["nodes"]["mem1"]["text"] == "12 × 8"
    talk.say({"id": 2, "ask": "dance", "document": plain()})
    assert talk.hear() == {"id": 2, "refused": "The inspector can be asked for shapes, sample, recall, step_time or devices, not 'dance'."}
    talk.say({"id": 4, "ask": "devices"})
    assert talk.hear()["answer"]["devices"][0] == "cpu"
    talk.say({"id": "three", "ask": "sample", "node": "task", "document": plain()})
    assert talk.hear()["answer"]["kind"] == "tokens"
    assert talk.process.stdin is not None
    talk.process.stdin.write(b"this is not json\n")
    talk.process.stdin.close()
    assert "must be one line of JSON" in talk.hear()["refused"]
    assert talk.process.wait(20) == 0


def test_it_ends_when_the_window_does(talk: Talk) -> None:
    assert talk.process.stdin is not None
    talk.process.stdin.close()
    assert talk.process.wait(60) == 0


def test_the_newest_question_supersedes_the_older_ones() -> None:
    out = io.StringIO()
    inspector = Inspector(Answers(out))
    lines = [json.dumps({"id": id, "ask": "sample", "document": plain()}) + "\n" for id in (1, 2, 3)]
    inspector.listen(io.StringIO("".join(lines)))
    inspector.answer_all()
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert answers[:2] == [{"id": 1, "superseded": True}, {"id": 2, "superseded": True}]
    assert answers[2]["answer"]["kind"] == "tokens"


def test_a_question_being_answered_is_superseded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(question: dict[str, Any]) -> dict[str, Any]:
        if question["id"] == 1:
            begun.set()
            assert go_on.wait(10)
        return {"of": question["id"]}

    monkeypatch.setattr(asked, "answer", slowly)
    out = io.StringIO()
    inspector = Inspector(Answers(out))
    thread = threading.Thread(target=inspector.answer_all)
    thread.start()
    inspector.ask({"id": 1})
    assert begun.wait(10)
    inspector.ask({"id": 2})
    assert json.loads(out.getvalue()) == {"id": 1, "superseded": True}
    go_on.set()
    inspector.end()
    thread.join(10)
    assert [json.loads(line) for line in out.getvalue().splitlines()][1:] == [{"id": 2, "answer": {"of": 2}}]


def test_a_question_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(asked, "answer", lambda question: {"late": ended.wait(10)})
    out = io.StringIO()
    inspector = Inspector(Answers(out), limit=0.05, leave=ended.set)
    inspector.ask({"id": 9})
    inspector.end()
    inspector.answer_all()
    assert ended.is_set()
    (line,) = out.getvalue().splitlines()
    assert "took longer" in json.loads(line)["refused"]


def test_shapes_are_those_that_were_inferred() -> None:
    from memstudio.experiment.inference import infer

    document = recall_document(members=2)
    found = asked.answer({"ask": "shapes", "document": json.loads(to_text(document))})["nodes"]
    inferred = infer(document, catalogue())
    for node in ("embed", "mem1", "classify"):
        (spec,) = inferred.outputs[node].values()
        assert found[node]["shape"] == list(spec.shape)
        assert found[node]["parameters"] == inferred.cost[node].parameters
        assert found[node]["state_bytes"] == inferred.cost[node].state_bytes


def test_a_half_finished_document_still_shows_its_task() -> None:
    document = plain()
    document["nodes"] = document["nodes"][:1]
    document["wires"] = []
    assert asked.answer({"ask": "sample", "node": "task", "document": document})["kind"] == "tokens"
    with pytest.raises(Refusal, match="Nothing is trained yet"):
        asked.answer({"ask": "shapes", "document": document})


def test_items_are_looked_at_one_by_one_by_part_and_split() -> None:
    question = {"ask": "sample", "node": "task", "document": plain()}
    first = asked.answer(question)
    number = first["parts"][0]["items"]
    assert (first["split"], first["part"], first["item"]) == ("test", 0, 0)
    assert first["parts"][0]["labels"] == first["items"][0]["labels"]
    second = asked.answer({**question, "item": 1})
    assert second["items"][0]["tokens"] != first["items"][0]["tokens"]
    assert asked.answer({**question, "part": 99, "item": 10**6})["item"] == asked.answer({**question, "part": 99})["parts"][-1]["items"] - 1
    assert asked.answer({**question, "split": "validation", "item": 0})["items"] != asked.answer({**question, "item": 0})["items"]
    assert number > 1
    with pytest.raises(Refusal, match="'training'"):
        asked.answer({**question, "split": "training"})


def test_what_is_no_task_has_no_sample() -> None:
    with pytest.raises(Refusal, match="mem1 is no task"):
        asked.answer({"ask": "sample", "node": "mem1", "document": plain()})


def test_a_recall_of_an_untrained_and_of_a_trained_model(tmp_path: Path) -> None:
    question = {"ask": "recall", "document": plain(steps=3), "item": 2, "part": 1}
    untrained = asked.answer(question)
    assert len(untrained["inputs"]) == 12
    asked_at = [i for i, target in enumerate(untrained["targets"]) if target is not None]
    assert asked_at
    assert len(untrained["answers"][asked_at[0]]) == 5
    assert not untrained["trained"]
    document = recall_document(steps=3)
    with open_library(tmp_path / "library") as library:
        run = library.submit(document, plan(document, catalogue())).runs[0]
        assert train(library, run) == "finished"
        model = next(a for a in library.artifacts(run) if a.name == "model")
    trained = asked.answer({**question, "weights": str(model.path)})
    assert trained["trained"]
    assert trained["inputs"] == untrained["inputs"]
    assert trained["probabilities"] != untrained["probabilities"]
    other = asked.answer({**question, "cue": [0] * 12})
    assert other["inputs"] == [0] * 12


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    from memstudio.training.checkpoints import pack

    file = tmp_path / "weights"
    file.write_bytes(pack({"model": {}}))
    with pytest.raises(Refusal, match="another model"):
        asked.answer({"ask": "recall", "document": plain(), "weights": str(file)})


@pytest.mark.parametrize(("words", "said"), [({"item": 99}, "no test item 99"), ({"part": 9}, "no test part 9")])
def test_items_that_are_not_there(words: dict[str, int], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        asked.answer({"ask": "recall", "document": plain(), **words})
