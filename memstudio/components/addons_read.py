"""Reads an add-on's declarations in a process of their own, without torch and within 5 s, and says what came of it.

`memstudio declarations FILE`: FILE holds {"folder", "key", "files"} as JSON; the last line of stdout is {"components": [...]} or
{"refused": sentence}. Whatever else happens to this process, its end is the answer.
"""

from __future__ import annotations

import faulthandler
import importlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from memstudio.components.addons_imported import IMPORTER
from memstudio.components.addons_rules import Fault, checked, ids_of

#: seconds that reading may take, and bytes of address space and of any file
LIMIT, MEMORY, WRITTEN = 5.0, 1 << 30, 16 << 20
#: what a declaration has no use for: the window reads it too, and must not wait for these or hold them
BLOCKED = ("torch", "PySide6", "PySide2", "PyQt5", "PyQt6", "pyqtgraph", "tensorflow", "jax")


class Blocked(MetaPathFinder):
    """Refuses modules, and remembers which were asked for: a declaration may go on without them, but it was not to ask."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        if top not in BLOCKED:
            return None
        self.asked.append(top)
        raise ModuleNotFoundError(f"{top} is not to be imported by a declaration", name=fullname)


class Heard(io.TextIOBase):
    """Stands in for stdout: remembers the beginning of what was printed."""

    def __init__(self) -> None:
        self.said = ""

    def write(self, text: str) -> int:
        self.said = (self.said + text)[:200]
        return len(text)

    def writable(self) -> bool:
        return True


def main(argv: Sequence[str] | None = None) -> int:
    """Reads one add-on and prints what came of it; always returns 0 (a process that does not get here says so by its end)."""
    (name,) = sys.argv[1:] if argv is None else argv
    asked = json.loads(Path(name).read_text(encoding="utf-8"))
    sys.stdout.flush()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from memstudio.components.catalogue import be_safe, ours

    # a declaration may ask for the catalogue: here that is ours, or this process would start others like itself
    be_safe()
    ours()
    _limit()
    answer: dict[str, Any]
    try:
        answer = {"components": read(Path(asked["folder"]), asked["key"], asked["files"])}
    except Fault as fault:
        answer = {"refused": str(fault)}
    out.write(json.dumps(answer) + "\n")
    out.flush()
    # threads and exit handlers of the add-on have no more say
    os._exit(0)


def _limit() -> None:
    """Bounds on time, memory and files, as far as the system has them."""
    try:
        import resource
    except ImportError:
        pass
    else:
        for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, WRITTEN), (resource.RLIMIT_CORE, 0)):
            try:
                resource.setrlimit(what, (most, resource.getrlimit(what)[1]))
            except (ValueError, OSError):
                continue
    # a watch that needs no Python: nothing a declaration does can hold it up
    faulthandler.dump_traceback_later(LIMIT, exit=True)


def read(folder: Path, key: str, files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The components of an add-on: {"id", "title", "version", "ids"} each. Raises Fault."""
    blocked, heard = Blocked(), Heard()
    before, sys.stdout = sys.stdout, heard
    sys.meta_path.insert(0, blocked)
    try:
        found = _read(folder, key, files)
    except Fault:
        _refuse_blocked(blocked)
        raise
    finally:
        sys.stdout = before
        sys.meta_path.remove(blocked)
    _refuse_blocked(blocked)
    if heard.said:
        first = heard.said.strip().splitlines()[0] if heard.said.strip() else ""
        raise Fault(f"declare.py prints ({first[:60]!r}); a declaration only declares, since others read what the program prints.")
    return found


def _refuse_blocked(blocked: Blocked) -> None:
    if blocked.asked:
        raise Fault(f"declare.py imports {blocked.asked[0]}; import it in the implementation's file only, which declare.py names as text.")


def _read(folder: Path, key: str, files: Mapping[str, str]) -> list[dict[str, Any]]:
    from memstudio.components.catalogue import ours

    package = IMPORTER.know(key, folder, files)
    try:
        module = importlib.import_module(f"{package}.declare")
        if not hasattr(module, "COMPONENTS"):
            raise Fault("declare.py does not say COMPONENTS = (...), the tuple of its components.")
        components = checked(module.COMPONENTS, ours(), folder, package)
        return [{"id": one.id, "title": str(one.title), "version": one.version, "ids": ids_of(one)} for one in components]
    except Fault:
        raise
    except BaseException as error:
        raise Fault(sentence(error, folder)) from error


def sentence(error: BaseException, folder: Path) -> str:
    """What went wrong while declare.py was read, and where."""
    if isinstance(error, SyntaxError):
        return f"{Path(error.filename or 'declare.py').name}, line {error.lineno}, is no Python: {error.msg}."
    where = _place(error.__traceback__, folder)
    said = _first_line(error)
    if isinstance(error, ImportError) and isinstance(error.__cause__, SystemExit):
        return f"declare.py ends the program{_place(error.__cause__.__traceback__, folder)} (SystemExit); a declaration only declares."
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        local = (folder / f"{error.name.split('.')[0]}.py").is_file()
        hint = f"write `from .{error.name} import ...` for a file of the add-on" if local else "install it, or do without"
        return f"declare.py needs {error.name}{where}, which is not there; {hint}."
    if isinstance(error, MemoryError):
        return f"declare.py takes more than {MEMORY >> 30} GB of memory{where}; a declaration holds no data."
    return f"declare.py cannot be read: {type(error).__name__}{where}{': ' + said if said else ''}."


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else "").rstrip(".")[:160]


def _place(trace: TracebackType | None, folder: Path) -> str:
    """` (declare.py, line 3)`: the last line of the add-on's own that a trace passes through."""
    place = ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if folder in file.parents:
            place = f" ({file.relative_to(folder).as_posix()}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place
