"""The rules of the house, held by reading every import statement."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "memstudio"

#: ground floor first: a room imports only from rooms named before it
ROOMS = ["ground", "measures", "experiment", "components", "library", "report", "training", "export", "cli", "desktop", "bench"]
APART = {("desktop", "cli"), ("cli", "desktop")}
#: the two faces start processes; they never import what runs in them
FACES = {"cli", "desktop"}
BEHIND = {"training", "export"}
NO_TORCH = {"ground", "measures", "experiment", "library", "report", "cli", "desktop"}
IMPLEMENTATIONS = ("torch", "PySide6", "pyqtgraph", "superqt")


def imported(file: Path) -> Iterator[tuple[str, int]]:
    """Every module an import statement names, with its line; `from a.b import c` gives a.b and a.b.c."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.relative_to(ROOT)}:{node.lineno} imports relatively"
            yield node.module or "", node.lineno
            for name in node.names:
                yield f"{node.module}.{name.name}", node.lineno


FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_torch_free_component_file(file: Path) -> bool:
    return file.name in ("declare.py", "family.py", "catalogue.py", "__init__.py", "costs.py")


def test_every_room_is_on_the_plan() -> None:
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name not in ("__pycache__", "resources")}
    assert folders <= set(ROOMS)


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_keep_to_the_rooms(file: Path) -> None:
    room = room_of(file)
    for module, line in imported(file):
        place = f"{file.relative_to(ROOT)}:{line}"
        if module.startswith("memstudio.") and room in ROOMS:
            other = module.split(".")[1]
            if other not in ROOMS:
                continue
            assert ROOMS.index(other) <= ROOMS.index(room), f"{place}: {room} comes before {other}"
            assert (room, other) not in APART, f"{place}: {room} and {other} know nothing of each other"
            assert not (room in FACES and other in BEHIND), f"{place}: {room} starts processes, it never imports {other}"
            if room in FACES and other == "components":
                rest = module.split(".")[2:]
                allowed = not rest or rest[0] in ("catalogue", "get", "addons") or rest[-1] == "declare"
                assert allowed, f"{place}: {room} knows declarations only, not {module}"
            assert room == "bench" or other != "bench", f"{place}: nobody imports the bench"
        top = module.split(".")[0]
        if top == "torch":
            allowed_room = room not in NO_TORCH and (room != "components" or not is_torch_free_component_file(file))
            assert allowed_room, f"{place}: torch has no place here"
        if top in ("PySide6", "pyqtgraph", "superqt"):
            assert room in ("desktop", "bench"), f"{place}: Qt lives in desktop only"
        if top in ("pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"):
            raise AssertionError(f"{place}: nothing unpickles here")
        if top == "matplotlib":
            assert room == "report", f"{place}: figures for print are made in report only"
        if file.name != "reference.py" and module.endswith(".reference"):
            raise AssertionError(f"{place}: a reference is for tests only")


def test_no_call_unpickles() -> None:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                called = (node.func.value.id, node.func.attr)
                assert called not in {("torch", "load"), ("torch", "save"), ("np", "save"), ("numpy", "save")}, f"{file}:{node.lineno}"
                given = [k.value for k in node.keywords if k.arg == "allow_pickle"]
                assert all(isinstance(v, ast.Constant) and v.value is False for v in given), f"{file}:{node.lineno} allows pickles"


def test_mechanism_folders_are_whole() -> None:
    families = [p for p in (PACKAGE / "components").iterdir() if p.is_dir() and p.name not in ("__pycache__", "runtime")]
    for family in families:
        assert (family / "family.py").is_file(), f"{family.name} has no family.py"
        for folder in family.iterdir():
            if folder.is_dir() and folder.name != "__pycache__":
                assert (folder / "declare.py").is_file(), f"{folder} has no declare.py"
                assert (folder / "__init__.py").read_text() == "", f"{folder}/__init__.py is not empty"


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("memstudio.measures", ("torch", "PySide6")),
        ("memstudio.experiment.checking", ("torch", "PySide6")),
        ("memstudio.components.catalogue", ("torch", "PySide6")),
        ("memstudio.library", ("torch", "PySide6")),
        ("memstudio.cli.commands", ("torch", "PySide6", "memstudio.training")),
        ("memstudio.desktop.app", ("torch", "pyqtgraph", "memstudio.training", "memstudio.cli")),
        ("memstudio.desktop.build.page", ("torch", "memstudio.training", "memstudio.cli")),
        ("memstudio.training.worker", ("PySide6",)),
    ],
)
def test_what_a_process_really_imports(module: str, banned: tuple[str, ...]) -> None:
    code = f"import sys, {module}\nfound = [b for b in {banned!r} if b in sys.modules]\nsys.exit(', '.join(found) or 0)"
    if module.startswith("memstudio.components"):
        code = code.replace("\n", f"\n{module}.catalogue()\n", 1)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{module} imports {done.stderr}"
