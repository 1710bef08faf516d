"""What a run ran in: versions, platform, device, threads, git commit. Never environment variables, never paths."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import memstudio
from memstudio.experiment.entries import Entry
from memstudio.ground.machine import cores
from memstudio.training.devices import Place, memory_used
from memstudio.training.program import Program

#: whose versions can change a result
PACKAGES = ("torch", "numpy", "safetensors", "scikit-learn", "pydantic", "sqlite-utils")


def environment(program: Program) -> dict[str, Any]:
    """Everything that may explain why a run elsewhere differs, as JSON."""
    used = {one.entry.component.id: one.entry for whole in program.inferred.configured.values() for one in whole.within()}
    return {
        "memstudio": memstudio.__version__,
        "python": platform.python_version(),
        "packages": versions(),
        "components": {id: used[id].version for id in sorted(used)},
        **_add_ons(used.values()),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": cores(),
        "git": git_revision(),
        **_computing(program),
    }


def _add_ons(entries: Iterable[Entry]) -> dict[str, Any]:
    """{"addons": {name: {"version", "content"}}} of the add-ons that took part, nothing where none did."""
    origins = {entry.origin.name: entry.origin for entry in entries if entry.origin is not None}
    found = {name: {"version": origins[name].version or None, "content": origins[name].content} for name in sorted(origins)}
    return {"addons": found} if found else {}


def _computing(program: Program) -> dict[str, Any]:
    run, place = program.document.run, program.place
    return {
        "device": place.name,
        "precision": run.precision,
        "threads": run.threads,
        "deterministic": run.deterministic,
        "cuda": torch.version.cuda,
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }


def versions() -> dict[str, str]:
    """Version of each package that can change a result, where it is installed."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def git_revision() -> dict[str, Any] | None:
    """{"commit", "dirty"} of the checkout the program runs from, None when it runs from none."""
    root = Path(memstudio.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain", "--untracked-files=no"))} if commit else None
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=5, check=True, env=env)
    return done.stdout.strip()


def memory(place: Place) -> dict[str, int]:
    """Bytes in use: of this process, and on the GPU where one is used."""
    import psutil

    used = {"process_bytes": int(psutil.Process().memory_info().rss)}
    on_device = memory_used(place.device)
    return used if on_device is None else used | {"device_bytes": on_device}
