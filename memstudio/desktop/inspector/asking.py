"""Questions to the inspector process (it has torch, the window has not): JSON lines out, JSON lines back, off the window's thread."""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from memstudio.experiment.document import Document
from memstudio.ground import launch

log = logging.getLogger(__name__)

Answered = Callable[[dict[str, Any]], None]
Refused = Callable[[str], None]
#: a process that dies this often in a row is not started again
_TRIES = 3


class Inspecting(QObject):
    """Asks the inspector; it is started at the first question and again when it has died. Newer questions supersede older ones."""

    _said = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._questions: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._waiting: dict[int, tuple[Answered, Refused | None]] = {}
        self._next = 0
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: threading.Thread | None = None
        self._deaths = 0
        self._said.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def ask(
        self,
        what: str,
        document: Document,
        node: str,
        then: Answered,
        refused: Refused | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Asks for "sample" or "shapes" of a node; `then(answer)` or `refused(sentence)` follows, or nothing when superseded.

        more: what else the question says (which item of a sample).
        """
        if self._closed:
            return
        self._next += 1
        self._waiting[self._next] = (then, refused)
        question = {"id": self._next, "ask": what, "document": document.model_dump(mode="json", by_alias=True), "node": node}
        self._questions.put({**question, **(more or {})})
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="memstudio inspector, questions", daemon=True)
            self._writer.start()

    # ------------------------------------------------------------------------------------------ on the threads

    def _write(self) -> None:
        """Sends questions to the process, starting it where there is none; ends with the window."""
        while (question := self._questions.get()) is not None:
            if self._deaths >= _TRIES:
                self._said.emit({"id": question["id"], "refused": "The inspector process does not start; the log says more."})
                continue
            try:
                process = self._running()
                assert process.stdin is not None
                process.stdin.write(json.dumps(question).encode() + b"\n")
                process.stdin.flush()
            except OSError as error:
                self._deaths += 1
                log.warning("The inspector could not be asked: %s", error)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            pipe = subprocess.PIPE
            self._process = launch.start("inspector", stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
            threading.Thread(target=self._read, args=[self._process], name="memstudio inspector, answers", daemon=True).start()
        return self._process

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                answer = json.loads(line)
            except ValueError:
                log.warning("The inspector said what is no answer: %.200r", line)
                continue
            self._deaths = 0
            if not self._closed:
                self._said.emit(answer)
        process.stdout.close()
        process.wait()
        if not self._closed and process.returncode:
            self._deaths += 1
            log.warning("The inspector ended with %s", process.returncode)

    # ------------------------------------------------------------------------------------------ on the window's thread

    def _deliver(self, answer: dict[str, Any]) -> None:
        waiting = self._waiting.pop(answer.get("id", 0), None)
        if waiting is None or self._closed:
            return
        then, refused = waiting
        if "answer" in answer and _lives(then):
            then(answer["answer"])
        elif "refused" in answer and refused is not None and _lives(refused):
            refused(str(answer["refused"]))

    def close(self) -> None:
        """Ends the process (it ends when its input does) and the threads."""
        self._closed = True
        self._waiting.clear()
        self._questions.put(None)
        if self._writer is not None:
            self._writer.join(timeout=2)
        process = self._process
        if process is not None:
            try:
                if process.stdin is not None:
                    process.stdin.close()
            except OSError as error:
                log.debug("The inspector was gone already: %s", error)
            try:
                process.wait(timeout=0.3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)


def _lives(call: Callable[..., object]) -> bool:
    owner = getattr(call, "__self__", None)
    return not isinstance(owner, QObject) or bool(isValid(owner))
