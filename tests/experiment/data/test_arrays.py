"""Arrays of NPZ files: nothing unpickles, what claims too much is refused before it is unpacked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from memstudio.experiment.data.loading import load
from memstudio.experiment.data.looking import look
from memstudio.experiment.parameters import Refusal


def header(shape: tuple[int, ...], descr: object = "<f8") -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue()


def archive(file: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(f"{name}.npy", content)
    return file


def test_arrays_are_known_by_shape_type_and_range(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    words = np.array(["x", "y", "x", "", "y"])
    np.savez(file, images=np.arange(5 * 4 * 4, dtype=np.uint8).reshape(5, 4, 4), words=words, table=np.eye(5)[:, :2], odd=np.zeros(3))
    found = look(file)
    known = {column.name: column for column in found.seen.columns}
    assert found.seen.rows == 5
    assert known["images"].shape == (4, 4)
    assert (known["images"].low, known["images"].high, known["images"].type) == (0, 79, "whole")
    assert (known["words"].type, known["words"].missing, known["words"].different) == ("category", 1, 2)
    assert {"table 1", "table 2"} <= set(known)
    assert "odd" in found.seen.notes[0]
    values = load(file, found.seen, ["table 2", "words"])
    assert values["table 2"].numbers.tolist() == [0, 1, 0, 0, 0]
    assert values["words"].names == ("x", "y")
    assert np.isnan(values["words"].numbers[3])


def test_fortran_order_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "f.npz"
    data = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    np.savez(file, x=data, y=np.arange(4))
    assert np.array_equal(load(file, look(file).seen, ["x"])["x"].numbers, data)


class Evil:
    """Would write a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.trace,)


def test_objects_are_refused_and_never_unpickled(tmp_path: Path) -> None:
    trace, file = tmp_path / "was here", tmp_path / "evil.npz"
    np.savez(file, x=np.array([Evil(trace), 1], dtype=object), y=np.arange(2))
    with pytest.raises(Refusal, match="Python objects, which are never unpickled"):
        look(file)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"x": header((1 << 37,))}, "claims 1,024 GB"),
        ({"x": header((10,)) + b"\0" * 8}, "not as long as it says"),
        ({"x": header((2,), "<c16") + b"\0" * 32}, "only numbers, text and dates"),
        ({"x": b"no array at all"}, "damaged or no NPZ file"),
        ({"x": header(()) + b"\0" * 8}, "no array of items"),
    ],
)
def test_what_claims_too_much_or_is_broken_is_refused(tmp_path: Path, members: dict[str, bytes], words: str) -> None:
    with pytest.raises(Refusal, match=words) as caught:
        look(archive(tmp_path / "bad.npz", **members))
    assert ". " not in str(caught.value)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.npz"
    file.write_bytes(b"PK\x03\x04 but no more")
    with pytest.raises(Refusal, match="damaged or no NPZ file"):
        look(file)
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("readme.txt", "hello")
    with pytest.raises(Refusal, match="something else than arrays"):
        look(file)
