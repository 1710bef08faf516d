"""The columns of a file as arrays, for a run: as they were looked over, or a refusal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memstudio.experiment.data.archives import archive, read_array
from memstudio.experiment.data.looking import as_days, chunks
from memstudio.experiment.data.records import Seen
from memstudio.experiment.data.tallying import days, is_missing, numbers, sort_key, value_name
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Values:
    """A column. numbers: (rows,) or (rows, ...) float64, NaN where missing; for a category the number of its value in `names`, by order."""

    numbers: np.ndarray
    names: tuple[str, ...] = ()

    def classes(self) -> Values:
        """The same as categories: each different number is one."""
        import numpy as np

        if self.names:
            return self
        known = np.isfinite(self.numbers)
        values, place = np.unique(self.numbers[known], return_inverse=True)
        found = np.full(self.numbers.shape, np.nan)
        found[known] = place.reshape(-1)
        return Values(found, tuple(value_name(float(value)) for value in values))


def load(path: Path, seen: Seen, wanted: Collection[str]) -> dict[str, Values]:
    """These columns of a file. Raises Refusal where the file is not as it was looked over."""
    if path.suffix.lower() == ".npz":
        return _load_arrays(path, seen, wanted)
    kinds = {column.name: column.type for column in seen.columns if column.name in wanted}
    parts: dict[str, list[Any]] = {name: [] for name in kinds}
    names: dict[str, dict[str, int]] = {name: {} for name, kind in kinds.items() if kind == "category"}
    reading = dict(seen.reading)
    for chunk in chunks(path, reading, []):
        for name, kind in kinds.items():
            if name not in chunk:
                raise Refusal(f"{path.name} has no column {name}; choose the file again.")
            parts[name].append(_converted(path, name, kind, chunk[name], reading.get("decimal") == ",", names.get(name, {})))
    return {name: _joined(found, names.get(name)) for name, found in parts.items()}


def _converted(path: Path, name: str, kind: str, cells: Any, comma: bool, known: dict[str, int]) -> np.ndarray:
    import numpy as np

    if not isinstance(cells, list):
        if kind != "category":
            return np.where(np.isfinite(cells), cells, np.nan)
        cells = ["" if value != value else value_name(float(value)) for value in cells]
    if kind == "category":
        return np.array([np.nan if is_missing(cell) else known.setdefault(cell.strip(), len(known)) for cell in cells], dtype=np.float64)
    found = days(cells) if kind == "date" else numbers(cells, comma)
    if found is None:
        raise Refusal(f"The column {name} of {path.name} is not as it was; choose the file again.")
    return np.where(np.isfinite(found), found, np.nan)


def _joined(parts: list[np.ndarray], names: Mapping[str, int] | None) -> Values:
    import numpy as np

    data = np.concatenate(parts)
    if names is None:
        return Values(data)
    order = sorted(names, key=sort_key)
    place = np.full(len(names) + 1, np.nan)
    for n, name in enumerate(order):
        place[names[name]] = n
    return Values(place[np.where(np.isnan(data), len(names), data).astype(np.int64)], tuple(order))


def _load_arrays(path: Path, seen: Seen, wanted: Collection[str]) -> dict[str, Values]:
    known = {column.name for column in seen.columns}
    found: dict[str, Values] = {}
    with archive(path) as (file, arrays):
        for array in arrays:
            mine = [name for name in wanted if name in known and name in (array.name, *_parts(array.name, array.shape))]
            if not mine:
                continue
            data = read_array(path, file, array)
            for name in mine:
                found[name] = _values(data if name == array.name else data[:, int(name.rpartition(" ")[2]) - 1])
    return found


def _parts(name: str, shape: tuple[int, ...]) -> list[str]:
    return [f"{name} {n + 1}" for n in range(shape[1])] if len(shape) == 2 and shape[1] <= 64 else []


def _values(data: np.ndarray) -> Values:
    import numpy as np

    if data.dtype.kind in "US":
        texts = [(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v)).strip() for v in data.ravel().tolist()]
        order = sorted({text for text in texts if text}, key=sort_key)
        place: dict[str, float] = {text: n for n, text in enumerate(order)}
        return Values(np.array([place.get(text, np.nan) for text in texts]).reshape(data.shape), tuple(order))
    if data.dtype.kind == "M":
        return Values(as_days(data))
    if data.dtype.kind in "biu" and data.ndim > 1:
        # images stay as small as they are: a float64 of each pixel would take eight times the room
        return Values(data)
    return Values(np.where(np.isfinite(data), data, np.nan).astype(np.float64))
