"""Where a file of data lies: beside the document, where it was chosen, or as a copy in the library; and whether it is still the same."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memstudio.experiment.data.decoding import content_hash
from memstudio.experiment.data.records import Progress, Stop
from memstudio.experiment.document import Document
from memstudio.experiment.parameters import Refusal
from memstudio.ground.paths import library_folder


@dataclass
class Places:
    """Where this process looks for files besides their own path. document: the folder of the open document; library: of the library."""

    document: Path | None = None
    library: Path | None = None

    @property
    def kept(self) -> Path:
        """The folder of copies, named by content hash."""
        return (self.library or library_folder()) / "data"


places = Places()
_hashes: dict[tuple[str, int, int], str] = {}
_lock = threading.Lock()


def hash_of(path: Path) -> str:
    """The sha256 of a file, read once while the file's size and time stay as they are."""
    kind = path.stat()
    key = (str(path), kind.st_size, kind.st_mtime_ns)
    with _lock:
        known = _hashes.get(key)
    if known is None:
        known = content_hash(path)
        with _lock:
            _hashes[key] = known
    return known


def candidates(file: Mapping[str, Any]) -> Iterator[Path]:
    """Where a file may lie, likeliest first; the document's folder before its own path, a copy in the library last."""
    own = Path(str(file.get("path", ""))).expanduser()
    name = str(file.get("path", "")).replace("\\", "/").rpartition("/")[2]
    if places.document is not None:
        if not own.is_absolute():
            yield places.document / own
        if name:
            yield places.document / name
    yield own
    sha = file.get("sha256")
    if isinstance(sha, str) and len(sha) == 64 and not set(sha) - set("0123456789abcdef"):
        yield from sorted(places.kept.glob(f"{sha}.*"))[:1]


def find(file: Mapping[str, Any]) -> Path:
    """The file with the content that was chosen. Raises Refusal: it is gone, or is not the same any more."""
    wanted = file.get("sha256")
    changed: Path | None = None
    for path in candidates(file):
        try:
            if not path.is_file():
                continue
            if not wanted or hash_of(path) == wanted:
                return path
        except (OSError, ValueError):
            continue
        changed = changed or path
    if changed is not None:
        raise Refusal(f"{changed.name} is not the file this experiment was made with; choose the right one, or take it as it is now.")
    raise Refusal(f"There is no file {file.get('path', '')!s:.200}; choose it again, or put it beside the experiment.")


def keep(path: Path, sha256: str, progress: Progress | None = None, stop: Stop | None = None) -> Path:
    """Copies a file into the library under its content hash, and says where it lies. Raises Refusal, OSError."""
    folder = places.kept
    target = folder / f"{sha256}{path.suffix.lower()}"
    if target.is_file() and target.stat().st_size == path.stat().st_size:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    waiting = folder / f".{target.name}.part"
    try:
        shutil.copyfile(path, waiting)
        if content_hash(waiting, progress, stop) != sha256:
            raise Refusal(f"{path.name} changed while it was copied; choose it again.")
        waiting.replace(target)
    finally:
        waiting.unlink(missing_ok=True)
    return target


def is_data(value: Any) -> bool:
    """Whether a value names a file of data that was looked over."""
    return isinstance(value, Mapping) and isinstance(value.get("path"), str) and isinstance(value.get("seen"), Mapping)


def settled(document: Document) -> Document:
    """The document with the path at which each file of data lies now: a worker knows no folder of a document."""
    nodes = []
    for node in document.nodes:
        values = dict(node.values)
        for name, value in node.values.items():
            if is_data(value):
                try:
                    values[name] = {**value, "path": str(find(value).resolve())}
                except Refusal:
                    continue
        nodes.append(node if values == node.values else node.model_copy(update={"values": values}))
    return document if all(a is b for a, b in zip(nodes, document.nodes, strict=True)) else document.model_copy(update={"nodes": nodes})
