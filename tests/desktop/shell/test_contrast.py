"""What the window shows can be read in every theme: each text against its ground, over every page and state."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from memstudio.desktop import theme
from memstudio.desktop.tokens import THEMES
from tests.desktop.filled import fill
from tests.desktop.opened import Opener
from tests.desktop.shell.seen_words import Word, words


def screenshots() -> ModuleType:
    """packaging/screenshots.py, which knows every state of the window."""
    file = Path(__file__).parents[3] / "packaging" / "screenshots.py"
    spec = importlib.util.spec_from_file_location("screenshots", file)
    assert spec is not None
    assert spec.loader is not None
    made = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    # pictures may take their time, tests may not
    made.rest = lambda milliseconds=0: QTest.qWait(min(milliseconds, 300) // 5)
    return made


def least(word: Word, name: str) -> float:
    """What cannot be used now is to be seen, not read as easily."""
    return THEMES[name].least if word.enabled else 3.0


@pytest.mark.timeout(120)
def test_every_text_of_the_window_is_read_on_its_ground(open_window: Opener, tmp_path: Path) -> None:
    fill(tmp_path / "library")
    window = open_window(tmp_path / "library")
    shots = screenshots()
    low: set[str] = set()
    looked = 0
    for turn, state in enumerate(shots.states(window, shots.held(tmp_path / "library"))):
        # each state in one light and one dark theme, with the usual contrast and with high contrast in turns: half the time of all four
        for name in (("light", "dark_contrast"), ("dark", "light_contrast"))[turn % 2]:
            theme.set_theme(name)
            QApplication.processEvents()
            for word in words(window):
                looked += 1
                if word.contrast < least(word, name) - 0.02:
                    low.add(f"{state} {name}: {word.text!r} {word.ink} on {word.ground} is {word.contrast:.2f} ({word.where})")
    theme.set_theme("light")
    assert looked > 1500
    assert not low, "\n".join(sorted(low))
