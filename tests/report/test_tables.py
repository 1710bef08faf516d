"""Tables as CSV, Markdown and LaTeX: the numbers, their places, and signs that belong to nobody but the words."""

from __future__ import annotations

import csv
import io
import math
import re

import pytest

from memstudio.library.comparison import TABLE
from memstudio.measures.intervals import Interval
from memstudio.report import tables
from tests.report.conftest import Made


def test_groups_by_measures(made: Made) -> None:
    found = tables.of_measures(made.asked.comparison)
    assert found.heads == ("Group", "Seeds", "Recall", "Parameters", "State bytes")
    assert found.rows[0] == ("attention", "3", "0.910 ± 0.025", "1,000", "512")
    assert found.rows[2][:2] == ("gated delta rule", "2")
    assert any("2 of 3 runs finished" in note for note in found.notes)


def test_differences_name_a_measure_once_and_leave_out_what_is_the_same(made: Made) -> None:
    found = tables.of_differences(made.asked.comparison)
    assert found is not None
    assert [row[0] for row in found.rows] == ["Recall", "", "Parameters", ""]
    assert [row[1] for row in found.rows] == ["delta rule", "gated delta rule"] * 2
    assert found.rows[0][2].startswith("−0.2")


def test_csv_is_every_measure_of_every_group(made: Made) -> None:
    rows = list(csv.DictReader(io.StringIO(tables.written(made.asked.comparison, "csv"))))
    assert list(rows[0]) == list(TABLE)
    assert {row["measure"] for row in rows} >= {"recall", "recall[load=16]", "loss[split=train]", "parameters"}
    recall = [row for row in rows if row["measure"] == "recall"]
    assert float(recall[0]["mean"]) == pytest.approx(0.91)
    assert recall[0]["difference"] == ""


def test_only_the_measures_that_were_asked_for(made: Made) -> None:
    comparison = made.asked.comparison
    assert tables.of_measures(comparison, ["recall[load=16]"]).heads == ("Group", "Seeds", "Recall, load 16")
    assert "recall[load=2]" not in tables.written(comparison, "csv", ["recall[load=16]"])


def test_holms_rule_over_all_measures_and_the_other_test(made: Made) -> None:
    comparison = made.asked.comparison
    names = ["recall[load=2]", "recall[load=16]"]
    alone, together = (list(csv.DictReader(io.StringIO(tables.written(comparison, "csv", names, "t", over)))) for over in (False, True))
    name = "p_permutation_holm"
    assert [one[name] for one in alone] == ["", "0.5", "0.5", "", "0.5", "0.5"]
    assert [one[name] for one in together] == ["", "1", "1", "", "1", "1"]
    text = tables.written(comparison, "md", names, "permutation", True)
    assert "Holm's correction for all differences of this table" in text
    assert "permutation" in text


@pytest.mark.parametrize("kind", ["md", "tex"])
def test_hostile_labels_are_escaped(hostile: Made, kind: str) -> None:
    text = tables.written(hostile.asked.comparison, kind)
    assert "\x07" not in text
    if kind == "md":
        assert "<script>" not in text
        rows = [line for line in text.splitlines() if line.startswith("|")]
        # no label opens a column of its own
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows[: rows.index(next(r for r in rows if "Measure" in r))]} == {6}
        return
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    rows = [line for line in body.splitlines() if line.endswith("\\\\")]
    assert len({len(re.findall(r"(?<!\\)&", line)) for line in rows if "alert" in line}) <= 2
    assert not re.findall(r"(?<!\\)[#%_~]", body.replace("\\textasciitilde{}", ""))
    assert body.count("{") - body.count("\\{") == body.count("}") - body.count("\\}")


def test_latex_is_whole(made: Made) -> None:
    text = tables.written(made.asked.comparison, "tex")
    for name in ("table", "tabular"):
        assert text.count(f"\\begin{{{name}}}") == text.count(f"\\end{{{name}}}") == 2
    assert "\\toprule" in text
    assert "0.910 $\\pm$ 0.025" in text
    assert "% needs \\usepackage{booktabs}" in text


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (Interval(0.6654, 0.435, 0.8958, 5), "0.67 ± 0.23"),
        (Interval(0.0331, 0.0295, 0.0367, 5), "0.0331 ± 0.0036"),
        (Interval(10.52, 9.11, 11.93, 3), "10.5 ± 1.4"),
        (Interval(37376.0, 37376.0, 37376.0, 5), "37,376"),
        (Interval(0.19964, 0.19964, 0.19964, 3), "0.1996"),
        (Interval(-0.5, None, None, 1), "−0.5"),
        (Interval(-0.001, -0.101, 0.099, 3), "0.00 ± 0.10"),
        (Interval(math.nan, None, None, 2), "not finite"),
        (None, "–"),
    ],
)
def test_numbers_have_the_places_their_interval_deserves(interval: Interval | None, said: str) -> None:
    assert tables.interval_words(interval) == said


def test_measures_that_say_the_same_stand_once(made: Made) -> None:
    assert tables.main_measures(made.asked.comparison) == ("recall", "parameters", "state_bytes")
