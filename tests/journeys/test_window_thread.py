"""The window's own thread touches no file, no process, no database and no socket, whatever a person does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from memstudio.ground.launch import environment

ROOT = Path(__file__).parents[2]


def test_no_file_process_or_database_on_the_windows_thread(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.journeys.watched", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]
    touched = json.loads(ran.stdout.splitlines()[-1])
    assert not touched, "\n".join(" ".join(one) for one in touched[:20])
