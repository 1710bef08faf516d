"""What this installation is: versions, library, devices, and what is missing. Never environment variables."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from memstudio import __version__
from memstudio.cli.options import open_library
from memstudio.experiment.parameters import Refusal
from memstudio.ground.launch import start
from memstudio.ground.machine import cores
from memstudio.ground.paths import library_folder, resources

PACKAGES = ("torch", "numpy", "PySide6-Essentials", "pyqtgraph", "sqlite-utils", "pydantic", "safetensors", "scikit-learn", "click")


def examined(library_path: Path | None) -> dict[str, Any]:
    """Every finding by name; `problems` lists what hinders work, one sentence each."""
    problems: list[str] = []
    found: dict[str, Any] = {
        "memstudio": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": cores(),
        "sqlite": sqlite3.sqlite_version,
        "packages": [f"{name} {_version(name, problems)}" for name in PACKAGES],
        "resources": _resources(problems),
        "display": bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) or platform.system() != "Linux",
        "devices": _devices(problems),
    }
    found |= _library(library_path, problems)
    found["addons"] = _addons(problems)
    if sqlite3.sqlite_version_info < (3, 37):
        problems.append(f"SQLite {sqlite3.sqlite_version} is too old; 3.37 or newer is needed.")
    return found | {"problems": problems}


def _version(name: str, problems: list[str]) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        problems.append(f"{name} is not installed; run packaging/bootstrap.py setup.")
        return "missing"


def _resources(problems: list[str]) -> str:
    try:
        return f"{len(list((resources() / 'gallery').glob('*.memx')))} gallery studies"
    except FileNotFoundError as error:
        problems.append(str(error))
        return "missing"


def _library(path: Path | None, problems: list[str]) -> dict[str, Any]:
    folder = path or library_folder()
    try:
        library = open_library(path)
    except Refusal as error:
        problems.append(str(error))
        return {"library": str(folder)}
    try:
        free = shutil.disk_usage(library.folder).free
        if free < 2**30:
            problems.append(f"Only {free / 2**20:,.0f} MB are free where the library lies; runs need about 20 MB each.")
        if library.readonly:
            problems.append(f"The library in {library.folder} is read-only; runs can be looked at but not started.")
        return {"library": str(library.folder), "free": f"{free / 2**30:,.1f} GB", "runs": len(library.runs())}
    finally:
        library.close()


def _addons(problems: list[str]) -> list[str]:
    """Each add-on with its state; those that cannot be used are problems."""
    from memstudio.components import catalogue

    catalogue.look_again()
    listed = catalogue.addons()
    problems += [f"The add-on {one.name} cannot be used: {one.reason}" for one in listed if one.state == "refused"]
    return [f"{one.name} {one.state}" for one in listed]


def _devices(problems: list[str]) -> list[str]:
    """What a worker can compute on, asked of a process that imports torch."""
    process = start("inspector", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        out, _ = process.communicate(json.dumps({"id": 1, "ask": "devices"}).encode() + b"\n", timeout=60)
        answer = json.loads(out.decode().strip().splitlines()[-1])
        return [str(device) for device in answer["answer"]["devices"]]
    except (subprocess.TimeoutExpired, ValueError, KeyError, IndexError):
        process.kill()
        problems.append("No worker could be started to look for devices; `memstudio doctor --debug` and the log say more.")
        return []
