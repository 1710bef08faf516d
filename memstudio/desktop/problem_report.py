"""What is told of a problem: this installation, the logs, the open experiment, facts of the library; nothing secret, no paths."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memstudio.desktop.words import size
from memstudio.ground import launch
from memstudio.ground.log import tail

if TYPE_CHECKING:
    from memstudio.experiment.document import Document
    from memstudio.library import Library

#: lines of the window's log and of the workers'
_WINDOW, _WORKER = 200, 80
#: seconds that the look at the installation may take: it starts a process that imports torch
_LONGEST = 90.0
#: what no name of a secret is without
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|COOKIE|SESSION", re.IGNORECASE)
_PART = r"[^\s/\\\"'<>|:,;()\[\]{}]"
_QUOTED = re.compile(r"([\"'])((?:file:)?(?:~|/|[A-Za-z]:\\)[^\"'\n]*[/\\])([^\"'\n/\\]*)\1")
_POSIX = re.compile(rf"(?<![\w:/.~…])(?:file://)?(?:~/|/(?={_PART}+/))(?:{_PART}+/)*({_PART}*)")
_WINDOWS = re.compile(rf"(?<!\w)[A-Za-z]:\\+(?:{_PART}+\\+)*({_PART}*)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True)
class Private:
    """What must not be told. names: of people and machines; folders: those that paths begin with; secrets: values of variables."""

    names: tuple[str, ...]
    folders: tuple[str, ...]
    secrets: tuple[str, ...]


def private(folders: Iterable[Path] = (), environment: Mapping[str, str] | None = None) -> Private:
    """What must not be told of this machine and this person. folders: more of them whose names are nobody's business."""
    found = os.environ if environment is None else environment
    home = Path.home()
    node = platform.node()
    names = {home.name, node, node.partition(".")[0], *(found.get(name, "") for name in ("USER", "LOGNAME", "USERNAME", "HOSTNAME"))}
    try:
        names.add(getpass.getuser())
    except (OSError, KeyError):
        names.discard("")
    secrets = {value for name, value in found.items() if len(value) >= 4 and _SECRET.search(name) and not value.startswith("/")}
    places = {str(home), *(str(folder) for folder in folders)}
    return Private(
        tuple(sorted((name for name in names if len(name) >= 2 and name != "localhost"), key=len, reverse=True)),
        tuple(sorted((place for place in places if len(place) > 1), key=len, reverse=True)),
        tuple(sorted(secrets, key=len, reverse=True)),
    )


def without_secrets(text: str, private: Private) -> str:
    """A text without secrets: of a path only the file's name is left, names of people and machines are taken out."""
    for secret in private.secrets:
        text = text.replace(secret, "[removed]").replace(json.dumps(secret)[1:-1], "[removed]")
    for place in private.folders:
        for written in (place, json.dumps(place)[1:-1]):
            text = text.replace(written, "~")
    text = _QUOTED.sub(r"\1…/\3\1", text)
    text = _WINDOWS.sub(r"…/\1", text)
    text = _POSIX.sub(r"…/\1", text)
    text = _EMAIL.sub("[address]", text)
    for name in private.names:
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "[name]", text, flags=re.IGNORECASE)
    return text


def facts_of(library: Library) -> dict[str, Any]:
    """What a library holds, in numbers only."""
    states = {state: library.count(state=state) for state in ("queued", "running", "paused", "finished", "stopped", "failed", "lost")}
    held = library.size()
    return {
        "runs": {state: number for state, number in states.items() if number},
        "studies": len(library.studies()),
        "size": {kind: size(number) for kind, number in held.kinds.items()},
        "read-only": library.readonly,
    }


def collected(
    folder: Path,
    document: Document | None,
    facts: Mapping[str, Any],
    run_logs: Sequence[Path],
    doctor: Callable[[], str],
    said: Sequence[str] = (),
    path: Path | None = None,
) -> str:
    """Everything, as it would be saved. said: the last messages of the window. Takes seconds: not for the window's thread."""
    from memstudio.experiment import files

    parts = [
        ("Installation (memstudio doctor)", doctor()),
        ("Library", json.dumps(facts, indent=2)),
        ("Last messages", "\n".join(said)),
        ("Log of the window", "\n".join(tail(folder / "logs" / "window.txt", _WINDOW))),
        ("Log of the workers", "\n".join(tail(folder / "logs" / "worker.txt", _WORKER))),
        *(("Log of a run that failed", "\n".join(tail(log, _WORKER))) for log in run_logs),
        ("Open experiment", "" if document is None else files.to_text(document)),
    ]
    text = "\n\n".join(f"== {title} ==\n{body.strip() or 'nothing'}" for title, body in parts) + "\n"
    more = [folder, *([path.parent] if path is not None else [])]
    return without_secrets(text, private(more))


class Doctor:
    """Looks at this installation in a process of its own, which `stop` ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def __call__(self) -> str:
        """What it found, or one sentence."""
        if self._stopped:
            return ""
        try:
            process = launch.start(
                "doctor", "--json", "--library", self._folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, detached=True
            )
        except OSError as error:
            return f"It could not be looked at: {error.strerror}."
        self._process = process
        try:
            out, _ = process.communicate(timeout=_LONGEST)
        except subprocess.TimeoutExpired:
            self.stop()
            return "It took too long to be looked at."
        text = out.decode("utf-8", "replace")
        try:
            return json.dumps(json.loads(text), indent=2)
        except ValueError:
            return text or "It could not be looked at."

    def stop(self) -> None:
        """Ends the look."""
        self._stopped = True
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
