"""The time a training step takes, measured in a process of its own: for budgets that are matched by it."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
from typing import Any

from memstudio.experiment.document import Document
from memstudio.experiment.files import fingerprint, to_text
from memstudio.experiment.parameters import Refusal
from memstudio.ground.launch import start


class StepTimes:
    """Seconds a step of a document takes. `with StepTimes() as step_time: step_time(document)`; each document is measured once.

    Starts the inspector with the first question, and ends it with the block. Raises Refusal where a document cannot be measured.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._known: dict[str, float] = {}
        self._ids = itertools.count(1)

    def __enter__(self) -> StepTimes:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # it ended before it had read everything
                    pipe.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __call__(self, document: Document) -> float:
        """Seconds a step takes, the median over some. Raises Refusal."""
        key = fingerprint(document.model_copy(update={"title": "", "about": ""}))
        if key not in self._known:
            answer = self._ask({"id": next(self._ids), "ask": "step_time", "document": json.loads(to_text(document))})
            self._known[key] = float(answer["seconds"])
        return self._known[key]

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if self._process is None:
            self._process = start("inspector", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question).encode("utf-8") + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = b""
        if not line:
            self._end()
            raise Refusal("The time of a step could not be measured: the process that measures it ended; try again, or match parameters.")
        answer = json.loads(line)
        if "answer" not in answer:
            raise Refusal(str(answer.get("refused") or "The time of a step could not be measured; try again, or match parameters."))
        found: dict[str, Any] = answer["answer"]
        return found
