"""The inspector: answers the window's questions about a document, as JSON lines on stdin and stdout.

{"id": 1, "ask": "shapes" | "sample" | "recall" | "step_time", "document": {...}, ...} -> {"id": 1, "answer": {...}} or
{"id": 1, "refused": sentence} or {"id": 1, "superseded": true}, where a newer question came before the answer.
A question that takes longer than 5 s (a step's time: 2 min) is refused and the process ends, to be started anew; it ends too when
stdin does.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any

#: seconds a question may take (design, section 6)
LIMIT = 5.0
#: seconds a step may be measured for: nobody looks on while a study's budget is matched
LIMITS = {"step_time": 120.0}
#: exit code after a question that took too long
TOO_LONG = 3

logger = logging.getLogger(__name__)


def leave_process() -> None:
    """Ends the process at once: what takes too long cannot be interrupted otherwise."""
    os._exit(TOO_LONG)


class Answers:
    """Writes answers, one line each, from whichever thread has one; each question is answered once."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._answered: set[Any] = set()

    def give(self, id: Any, **answer: Any) -> None:
        """Answers a question, unless that has been done."""
        with self._lock:
            if id is not None:
                key = json.dumps(id)
                if key in self._answered:
                    return
                self._answered.add(key)
            self._out.write(json.dumps({"id": id, **answer}, allow_nan=False, default=str) + "\n")
            self._out.flush()


class Inspector:
    """Takes the newest question; older ones that wait, or are being answered, are superseded.

    limit: seconds a question may take; leave: called after one took longer, to end the process.
    """

    def __init__(self, answers: Answers, limit: float = LIMIT, leave: Callable[[], None] = leave_process) -> None:
        self._answers = answers
        self._limit = limit
        self._leave = leave
        self._questions: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._current: Any = None
        self._lock = threading.Lock()

    def listen(self, lines: IO[str]) -> None:
        """Reads questions until the input ends; runs in a thread of its own."""
        for line in lines:
            if not line.strip():
                continue
            question = _parsed(line)
            if question is None:
                self._answers.give(None, refused="A question must be one line of JSON with id, ask and document.")
            else:
                self.ask(question)
        self.end()

    def ask(self, question: dict[str, Any]) -> None:
        """A question has come: whatever is being answered is superseded."""
        with self._lock:
            if self._current is not None:
                self._answers.give(self._current["id"], superseded=True)
        self._questions.put(question)

    def end(self) -> None:
        """No more questions will come."""
        self._questions.put(None)

    def answer_all(self) -> None:
        """Answers questions until there are no more to come."""
        while (question := self._newest()) is not None:
            with self._lock:
                self._current = question
            limit = max(self._limit, LIMITS.get(str(question.get("ask")), 0.0))
            clock = threading.Timer(limit, self._too_long, [question["id"], limit])
            clock.daemon = True
            clock.start()
            try:
                self._answer(question)
            finally:
                clock.cancel()
                with self._lock:
                    self._current = None

    def _newest(self) -> dict[str, Any] | None:
        question = self._questions.get()
        while question is not None:
            try:
                newer = self._questions.get_nowait()
            except queue.Empty:
                return question
            if newer is None:
                # the window has gone, but what it asked last is still answered, for whoever pipes questions in
                self._questions.put(None)
                return question
            self._answers.give(question["id"], superseded=True)
            question = newer
        return None

    def _answer(self, question: dict[str, Any]) -> None:
        from memstudio.experiment.parameters import Refusal
        from memstudio.training import asked
        from memstudio.training.failures import ENDS, describe

        try:
            self._answers.give(question["id"], answer=asked.answer(question))
        except Refusal as refusal:
            self._answers.give(question["id"], refused=str(refusal))
        except ENDS as error:
            logger.exception("a question failed")
            self._answers.give(question["id"], refused=describe(error).sentence)

    def _too_long(self, id: Any, limit: float) -> None:
        self._answers.give(id, refused=f"This took longer than {limit:g} s; a smaller model or task can be looked at.")
        self._leave()


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        question = json.loads(line)
    except ValueError:
        return None
    return question if isinstance(question, dict) and "id" in question else None


def own_output() -> IO[str]:
    """The original stdout as ours alone: what anything else prints goes to stderr instead."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace")


def main(argv: Sequence[str] | None = None) -> int:
    """Answers until stdin ends."""
    inspector = Inspector(Answers(own_output()))
    reader = threading.Thread(target=inspector.listen, args=[sys.stdin], name="memstudio questions", daemon=True)
    reader.start()
    # torch takes seconds to import; that counts for no question
    _warm()
    inspector.answer_all()
    return 0


def _warm() -> None:
    """Imports what every answer needs; its time counts for no question."""
    import torch

    from memstudio.components.catalogue import catalogue

    catalogue()
    importlib.import_module("memstudio.training.asked")
    torch.set_num_threads(1)
