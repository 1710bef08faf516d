"""The room is light: nothing heavy comes with it, so that the window can read its colours at the start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import memstudio.report

HEAVY = ("matplotlib", "fontTools", "torch", "PySide6", "pyarrow", "tensorboard")


def test_no_module_of_the_room_brings_what_is_heavy() -> None:
    modules = [f"memstudio.report.{file.stem}" for file in Path(memstudio.report.__path__[0]).glob("*.py") if file.stem != "__init__"]
    assert len(modules) > 20
    code = f"import sys, {', '.join(modules)}\nsys.exit(', '.join(m for m in {HEAVY!r} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr


def test_the_colours_bring_no_other_module_of_ours() -> None:
    ours = "[m for m in sys.modules if m.startswith('memstudio.') and not m.startswith('memstudio.report')]"
    code = f"import sys, memstudio.report.colours\nsys.exit(', '.join({ours}) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
