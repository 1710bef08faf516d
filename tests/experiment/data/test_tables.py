"""Tables as people save them: separators, encodings, decimal commas, quotes, what is missing; each read, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memstudio.experiment.data.loading import load
from memstudio.experiment.data.looking import Looked, look
from memstudio.experiment.data.records import Stopped, read_seen
from memstudio.experiment.data.separated import CHUNK
from memstudio.experiment.parameters import Refusal


def looked(folder: Path, text: str | bytes, name: str = "data.csv", encoding: str = "utf-8") -> Looked:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return look(file)


def types(found: Looked) -> dict[str, str]:
    return {column.name: column.type for column in found.seen.columns}


def rows(n: int, line: str = "{i},{x:.2f},{w}") -> str:
    return "".join(line.format(i=i, x=i * 0.37, w="ab"[i % 2]) + "\n" for i in range(n))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be"])
def test_separators_and_encodings_are_found(tmp_path: Path, separator: str, encoding: str) -> None:
    text = "größe,zahl,wort\n" + rows(30)
    found = looked(tmp_path, text.replace(",", separator), encoding=encoding)
    assert types(found) == {"größe": "whole", "zahl": "number", "wort": "category"}
    assert found.seen.rows == 30
    assert load(found.path, found.seen, ["zahl"])["zahl"].numbers[2] == pytest.approx(0.74)


def test_decimal_commas_are_numbers(tmp_path: Path) -> None:
    found = looked(tmp_path, "a;b\n" + "".join(f"{i},5;x\n" for i in range(9)))
    assert types(found)["a"] == "number"
    assert load(found.path, found.seen, ["a"])["a"].numbers.tolist() == [i + 0.5 for i in range(9)]


def test_quotes_hold_separators_and_line_ends(tmp_path: Path) -> None:
    found = looked(tmp_path, 'a,b\n1,"one, two\nthree"\n2,"say ""no"""\n')
    assert found.rows["b"] == ["one, two\nthree", 'say "no"']


def test_missing_values_nan_and_infinity_are_counted(tmp_path: Path) -> None:
    found = looked(tmp_path, "a,b,c\n1,x,1\n,y,2\nnan,,3\ninf,x,4\nNA,?,5\n")
    a, b, c = found.seen.columns
    assert (a.missing, a.infinite, a.type, a.different) == (4, 1, "whole", 1)
    assert (b.missing, b.different, dict(b.counts)) == (2, 2, {"x": 2, "y": 1})
    assert (c.missing, c.low, c.high) == (0, 1.0, 5.0)


def test_dates_are_dates_and_a_word_makes_them_words(tmp_path: Path) -> None:
    found = looked(tmp_path, "day,mixed\n2024-05-31,2024-05-31\n2024-06-01,soon\n")
    assert types(found) == {"day": "date", "mixed": "category"}
    assert load(found.path, found.seen, ["day"])["day"].numbers.tolist() == [19874.0, 19875.0]


def test_what_begins_as_numbers_and_goes_on_as_words_is_words(tmp_path: Path) -> None:
    found = looked(tmp_path, "a,b\n" + "1,2\n" * (CHUNK + 5) + "x,2\n")
    assert types(found) == {"a": "category", "b": "whole"}
    a = found.seen.columns[0]
    assert (a.different, a.low, dict(a.counts)) == (2, None, {"1": CHUNK + 5, "x": 1})


def test_names_are_given_once_and_numbered_where_there_are_none(tmp_path: Path) -> None:
    twice = looked(tmp_path, "a,a,\n1,2,3\n")
    assert [column.name for column in twice.seen.columns] == ["a", "a (2)", "column 3"]
    assert "twice" in twice.seen.notes[0]
    bare = looked(tmp_path, "1,2\n3,4\n")
    assert bare.seen.rows == 2
    assert [column.name for column in bare.seen.columns] == ["column 1", "column 2"]
    assert load(bare.path, bare.seen, ["column 1"])["column 1"].numbers.tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"a,b\n", "has no rows"),
        (b"a,b\n1,2\n3\n", "Line 3 of data.csv has 1 values where the first row has 2"),
        (b'a,b\n1,"open\n2,3\n', "cannot be read as a table"),
        (b"a,b\n\0\0\0,1\n", "no text"),
        (("a" * 3 + ",") .encode() * 3000 + b"\n1\n", "columns; at most"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words) as caught:
        looked(tmp_path, content)
    assert str(caught.value).endswith(".")
    assert ". " not in str(caught.value)


def test_the_sample_is_the_beginning_and_stopping_stops(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("a,b,c\n" + rows(60_000))
    sample = look(file, sample=True)
    assert not sample.whole
    assert not sample.sha256
    assert 1000 <= sample.seen.rows < 60_000
    shares: list[float] = []
    assert look(file, shares.append).seen.rows == 60_000
    assert shares == sorted(shares)
    assert shares[-1] > 0.7
    with pytest.raises(Stopped):
        look(file, None, lambda: True)


def test_what_was_seen_goes_through_the_document_and_back(tmp_path: Path) -> None:
    found = looked(tmp_path, "a,b,c\n" + rows(50))
    again = read_seen(found.value)
    assert again is not None
    assert again.columns == found.seen.columns
    assert read_seen({"path": "x", "seen": {"rows": 3, "columns": [{"name": 4}]}}) is None
    assert read_seen({"path": "x", "sha256": "y"}) is None


def test_parquet_without_pyarrow_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Refusal, match=r"need the package pyarrow.*memstudio\[exchange\]"):
        looked(tmp_path, b"PAR1", "data.parquet")


def test_parquet_is_read_as_a_table(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "data.parquet"
    table = arrow.table({"a": [1, None, 3], "b": ["x", "y", None], "c": np.arange(3) / 2})
    parquet.write_table(table, file)
    found = look(file)
    assert types(found) == {"a": "whole", "b": "category", "c": "number"}
    assert [column.missing for column in found.seen.columns] == [1, 1, 0]
    assert load(file, found.seen, ["b"])["b"].names == ("x", "y")
