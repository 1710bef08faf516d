"""Add-ons for tests: the one of the README, read from there, and what else a test wants to lie in a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from memstudio.components import addons_found
from memstudio.components import catalogue as room

README = Path(__file__).resolve().parent.parent / "README.md"
NAME = "leaky_averages"
COMPONENT = "sequence.leaky_averages"
#: what opens every block of code that is a file
_BLOCK = re.compile(r"```python\n# components/(?P<file>[\w/.]+)\n(?P<code>.*?)```", re.DOTALL)

#: the smallest declaration there is
SMALL = """
from memstudio.components.sequence.family import memory
from memstudio.experiment.declarations import Cost
from memstudio.experiment.parameters import Whole

COMPONENTS = (
    memory(
        id="sequence.{name}",
        title="Small",
        summary="Hands on what it is given.",
        explanation="It hands on what it is given.",
        parameters=(Whole(name="units", title="Units", default=4, low=1, high=8),),
        implementation=".layers:Small",
        cost=lambda values, inputs: Cost(),
    ),
)
"""
LAYERS = """
from memstudio.components.sequence.cell import Cell, position_of


class Small(Cell):
    def __init__(self, *, width, units):
        super().__init__()

    def forward(self, x, state=None):
        return x, {"position": position_of(state, x) + x.shape[-2]}
"""


def readme() -> dict[str, str]:
    """The files of the README's add-on, by name."""
    found = {match["file"]: match["code"] for match in _BLOCK.finditer(README.read_text(encoding="utf-8"))}
    assert all(name.startswith(f"{NAME}/") for name in found)
    return {name.removeprefix(f"{NAME}/"): code for name, code in found.items()}


def small(name: str = "small", **files: str) -> dict[str, str]:
    """A small sound add-on, its component called `sequence.NAME`; files: others in place of its own, without their ending."""
    own = {"declare.py": SMALL.replace("{name}", name), "layers.py": LAYERS}
    return own | {f"{file}.py": code for file, code in files.items()}


def put(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes the files into a folder, which is made; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, code in files.items():
        (folder / name).write_text(code, encoding="utf-8")
    return folder


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has read no add-ons yet, and has read none afterwards."""
    monkeypatch.setattr(room, "_joined", None)
    monkeypatch.delenv("MEMSTUDIO_SAFE", raising=False)
    monkeypatch.delenv("MEMSTUDIO_ADDONS", raising=False)
    addons_found._points.cache_clear()
    yield
    addons_found._points.cache_clear()
    # be_safe and answers that could not be kept set them themselves
    for name in ("MEMSTUDIO_SAFE", "MEMSTUDIO_ADDONS"):
        os.environ.pop(name, None)


@pytest.fixture
def with_readme(own_home: Path, fresh: None) -> Path:
    """A home with the README's add-on in its own folder."""
    put(own_home / "components" / NAME, readme())
    return own_home
