"""How much memory workers take: of the processes, and of NVIDIA GPUs where nvidia-ml-py is installed. Not for the window's thread."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memstudio.desktop.words import count, size

if TYPE_CHECKING:
    from memstudio.library import RunRow

#: once nvidia-ml-py is found missing, or no GPU answers it, it is asked no more
_nvml: Any = None
_asked = False


@dataclass(frozen=True)
class Load:
    """Workers of this machine and their memory (bytes); of GPUs, (used, total) bytes each, in order; devices: those the runs are on."""

    workers: int = 0
    memory: int = 0
    gpus: tuple[tuple[int, int], ...] = ()
    devices: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """`CPU, 2 workers, 1.4 GB` or `GPU 0 3.1 of 80 GB`; nothing where nothing works here."""
        if not self.workers:
            return ""
        parts = []
        for device in self.devices:
            kind, _, number = device.partition(":")
            at = int(number) if number.isdigit() else 0
            if kind == "cuda" and at < len(self.gpus):
                used, total = self.gpus[at]
                parts.append(f"GPU {at}, {size(used)} of {size(total)}")
            else:
                parts.append({"cpu": "CPU", "cuda": f"GPU {at}", "mps": "Apple GPU"}.get(kind, device))
        workers = f"{count(self.workers, 'worker')}, " if self.workers > 1 else ""
        return ", ".join([*parts, f"{workers}{size(self.memory)}"])


#: where nothing works
NONE = Load()


def load_of(rows: Iterable[RunRow]) -> Load:
    """What the workers of these runs take now; those on other machines and those that are gone are left out."""
    import psutil

    from memstudio.ground.machine import machine_id

    here = [row for row in rows if row.pid is not None and row.machine == machine_id() and row.state in ("running", "starting")]
    memory: dict[int, int] = {}
    for pid in {row.pid for row in here if row.pid is not None}:
        try:
            memory[pid] = psutil.Process(pid).memory_info().rss
        except psutil.Error:
            continue
    devices = tuple(sorted({row.device for row in here if row.device and row.pid in memory}))
    return Load(len(memory), sum(memory.values()), gpus() if any(d.startswith("cuda") for d in devices) else (), devices)


def gpus() -> tuple[tuple[int, int], ...]:
    """Memory of each GPU, (used, total) bytes; nothing without nvidia-ml-py."""
    global _nvml, _asked
    try:
        if not _asked:
            _asked = True
            library = importlib.import_module("pynvml")
            library.nvmlInit()
            _nvml = library
        if _nvml is None:
            return ()
        found = []
        for place in range(int(_nvml.nvmlDeviceGetCount())):
            memory = _nvml.nvmlDeviceGetMemoryInfo(_nvml.nvmlDeviceGetHandleByIndex(place))
            found.append((int(memory.used), int(memory.total)))
        return tuple(found)
    except Exception:
        # the driver is another program's: whatever it does, the window only shows less
        _nvml = None
        return ()
