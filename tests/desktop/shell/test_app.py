from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from memstudio.desktop import app
from memstudio.ground.launch import environment
from memstudio.ground.settings import Settings
from tests.addons import fresh, put, small  # noqa: F401 - fixtures


@pytest.mark.parametrize("version", [(6, 8, 3), (6, 9, 0, "", ""), (6, 10, 3)])
def test_versions_that_are_fit(version: tuple[object, ...]) -> None:
    assert app.unfit_version(version) is None


@pytest.mark.parametrize("version", [(6, 7, 9), (6, 11, 0), (6, 12, 0), (7, 0, 0)])
def test_versions_that_are_not(version: tuple[object, ...]) -> None:
    sentence = app.unfit_version(version)
    assert sentence is not None
    assert "6.10" in sentence


def test_without_a_display_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "no display" in (app.no_display() or "")
    monkeypatch.setenv("DISPLAY", ":0")
    assert app.no_display() is None


def test_a_missing_file_is_what_was_typed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert app.main([str(tmp_path / "none.memx")]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_first_paint_is_usable_and_needs_neither_torch_nor_pyqtgraph(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from memstudio.desktop.app import first_paint\n"
        "window = first_paint(Path(sys.argv[1]))\n"
        "assert window.isVisible() and window.build.palette_.isVisible() and window.build.canvas.isVisible()\n"
        "print([name for name in ('torch', 'pyqtgraph', 'sklearn', 'scipy') if name in sys.modules])\n"
        "window.close()\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "library")]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_whole_window_starts_and_ends_as_a_process(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from PySide6.QtCore import QTimer\n"
        "from memstudio.desktop import app, workers\n"
        "workers.Workers.warm = lambda self: None\n"
        "made = app.application()\n"
        "QTimer.singleShot(3000, made.quit)\n"
        "code = app.main(['--library', sys.argv[1]])\n"
        "print('ended', code, 'torch' in sys.modules, 'pyqtgraph' in sys.modules)\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "library")]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ended", "0", "False", "True"], done.stdout + done.stderr
    assert (tmp_path / "library" / "logs" / "window.txt").is_file()
    assert done.stderr == ""


@pytest.mark.usefixtures("fresh")
def test_add_ons_are_asked_for_or_left_out_before_the_window_opens(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_home: Path
) -> None:
    folder = put(tmp_path / "theirs", small())
    assert app._about_addons([], safe=False) is None
    assert app.main(["--safe", "--addons", str(folder)]) == 2
    assert "leave one of the two out" in capsys.readouterr().err
    assert app.main(["--addons", str(tmp_path / "nowhere")]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert app._about_addons([folder], safe=False) is None
    assert Settings().get("addons")[0]["place"] == str(folder)
    assert app._about_addons([], safe=True) is None
    assert os.environ["MEMSTUDIO_SAFE"]
