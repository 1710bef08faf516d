"""The verdict on an add-on's declarations: asked of a process of its own, once for each content, then remembered."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from memstudio import __version__
from memstudio.components.addons_found import Found
from memstudio.ground.files import write_atomically
from memstudio.ground.launch import start
from memstudio.ground.paths import settings_file

#: seconds after which the process is given up, its own watch included; starting Python is slow on a busy machine
PATIENCE = 60.0
#: verdicts that are remembered
MOST = 200
#: counts up when the rules change, so that older verdicts are not believed
RULES = 1


@dataclass(frozen=True)
class Verdict:
    """components: {"id", "title", "version", "ids"} of each; refused: why it cannot be used, then there are none.

    lasting: whether it holds as long as the files are the same (not: where something was not installed); read: not given up.
    """

    components: tuple[Mapping[str, Any], ...] = ()
    refused: str | None = None
    lasting: bool = True
    read: bool = True


#: of what was given up
UNREAD = Verdict(refused="It was not read to its end.", lasting=False, read=False)


class Verdicts:
    """Verdicts by content, kept beside the settings; one process a new content."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or settings_file().with_name("addons-read.json")
        self._lock = threading.Lock()
        self._known = self._read()
        self._begun = times_given_up()

    def of(self, found: Found, again: bool = False) -> Verdict:
        """The verdict on an add-on. again: a refusal is not believed but asked for anew."""
        key = f"{found.content}:{found.name}"
        with self._lock:
            known = self._known.get(key)
        if known is not None and not (again and known.refused):
            return known
        verdict = ask(found) if times_given_up() == self._begun else UNREAD
        with self._lock:
            self._known.pop(key, None)
            if verdict.lasting:
                self._known[key] = verdict
        return verdict

    def keep(self) -> None:
        """Writes what was learned; where that cannot be done it is asked again next time."""
        with self._lock:
            newest = dict(list(self._known.items())[-MOST:])
            held = {"for": _this_program(), "verdicts": {key: asdict(verdict) for key, verdict in newest.items()}}
        if newest == self._read():
            return
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.file, json.dumps(held, indent=1) + "\n")

    def _read(self) -> dict[str, Verdict]:
        try:
            held = json.loads(self.file.read_text(encoding="utf-8"))
            if held["for"] != _this_program():
                return {}
            return {
                str(key): Verdict(tuple(dict(one) for one in kept["components"]), kept["refused"], True)
                for key, kept in held["verdicts"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


def _this_program() -> str:
    """Another version of the program or of Python may judge otherwise."""
    return f"{__version__} {RULES} {sys.version_info[0]}.{sys.version_info[1]}"


def ask(found: Found) -> Verdict:
    """Has an add-on's declarations read in a process of its own."""
    begun = times_given_up()
    with tempfile.TemporaryDirectory(prefix="memstudio-addon-", ignore_cleanup_errors=True) as folder:
        request, out, err = (Path(folder, name) for name in ("request.json", "out.txt", "err.txt"))
        asked = {"folder": str(found.folder), "key": found.key, "files": dict(found.files)}
        request.write_text(json.dumps(asked), encoding="utf-8")
        quiet = {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with open(out, "wb") as answer, open(err, "wb") as trace:
            process = start("declarations", request, stdout=answer, stderr=trace, detached=True, env=quiet)
            _going.processes.add(process)
            try:
                code: int | None = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _going.processes.discard(process)
                _end(process)
        if times_given_up() != begun:
            return UNREAD
        return _verdict(code, _tail(out), _tail(err))


class _Going:
    """The processes that read just now, so that whoever leaves can end them."""

    def __init__(self) -> None:
        self.processes: set[subprocess.Popen[bytes]] = set()
        self.times_given_up = 0


_going = _Going()


def give_up() -> None:
    """Ends every process that reads an add-on; what it would have said is not known, and is asked again next time."""
    _going.times_given_up += 1
    for process in list(_going.processes):
        with contextlib.suppress(OSError):
            process.kill()


def times_given_up() -> int:
    """How often reading was given up; what was begun before the last time is worth nothing."""
    return _going.times_given_up


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and whatever it has started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _tail(file: Path, most: int = 1_000_000) -> str:
    with open(file, "rb") as opened:
        return opened.read(most).decode("utf-8", "replace")


def _verdict(code: int | None, said: str, trace: str) -> Verdict:
    lines = said.strip().splitlines()
    with contextlib.suppress(ValueError, KeyError, TypeError):
        answer = json.loads(lines[-1]) if lines and code == 0 else {}
        if "components" in answer:
            return Verdict(tuple({**one, "ids": tuple(one["ids"])} for one in answer["components"]))
        if "refused" in answer:
            # what was missing may be installed tomorrow, with the add-on's files the same
            return Verdict(refused=str(answer["refused"]), lasting="which is not " not in answer["refused"])
    if code is None or "Timeout (" in trace:
        sentence = "declare.py had not been read after 5 s; a declaration waits for nothing (if the machine was busy, look again)."
        return Verdict(refused=sentence, lasting=code is not None)
    how = _signal_name(-code) if code < 0 else f"code {code}"
    return Verdict(refused=f"declare.py ended the process it was read in ({how}); a declaration only declares.")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
