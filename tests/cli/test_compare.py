"""`memstudio compare`: the table, data as JSON and CSV, and what is refused with the promised code."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memstudio import library
from memstudio.cli.commands import main
from memstudio.library import Library
from tests.library.compared import MEMORY, WIDTH, factorial, recalls, study

CELLS: dict[str, Any] = {
    "attention": [{"recall": value, "state_bytes": 1024.0, "loss[split=train]": 1.0} for value in (0.80, 0.82, 0.84)],
    "delta rule": [{"recall": value, "state_bytes": 512.0, "loss[split=train]": 1.0} for value in (0.90, 0.90, 0.96)],
    "gate": [None, None, None],
}


@pytest.fixture
def lib(own_home: Path) -> Iterator[Library]:
    with library.open(own_home) as opened:
        yield opened


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Any:
    def typed(*words: str) -> tuple[int, str, str]:
        code = main(["compare", *words])
        out, err = capsys.readouterr()
        return code, out, err.strip()

    return typed


def test_the_table_and_what_differs(lib: Library, say: Any) -> None:
    code, out, err = say(study(lib, CELLS).study or "")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["measure", "group", "seeds", "mean", "95", "%", "interval", "difference", "95", "%", "interval", "p", "g"]
    assert lines[1].split() == ["recall", "attention", "3", "0.82", "0.77", "to", "0.87", "baseline"]
    assert lines[2].split() == ["delta", "rule", "3", "0.92", "0.83", "to", "1.01", "+0.10", "0.05", "to", "0.15", "0.013", "2.82"]
    assert lines[3].split() == ["gate", "0", "–"]
    assert "state_bytes" in out
    assert "loss[split=train]" not in out
    for line in ("what differs", "  mem1.heads  1, 2, 3", "  run.seed    0 to 2", "  nothing else: same data, code, versions and device"):
        assert line in lines
    assert "delta rule recalls 0.10 more than attention, with 2 times less state, 95 % interval 0.05 to 0.15, 3 seeds" in out
    assert "gate: no run finished (3 failed), so it has nothing to compare." in lines


def test_json_holds_every_measure_and_nothing_else(lib: Library, say: Any) -> None:
    submitted = study(lib, CELLS)
    code, out, err = say(submitted.study or "", "--json", "--baseline", "delta rule")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["title"], found["baseline"]) == ("Who remembers", "delta rule")
    attention, delta, gate = found["groups"]
    assert attention["runs"] == list(submitted.runs[0::3])
    assert attention["seeds"] == [0, 1, 2]
    assert set(attention["measures"]) == {"recall", "state_bytes", "loss[split=train]"}
    recall = attention["measures"]["recall"]
    assert (recall["mean"], recall["n"]) == (pytest.approx(0.82), 3)
    assert recall["difference"]["mean"] == pytest.approx(-0.10)
    assert recall["difference"]["p_permutation"] == 0.25
    assert delta["measures"]["recall"]["difference"] is None
    assert (gate["measures"], gate["seeds"]) == ({}, [])
    assert found["differs"]["values"] == {"mem1.heads": [1, 2, 3]}
    assert found["differs"]["nothing_else"] is True
    assert found["sentences"][0].startswith("attention recalls 0.10 less than delta rule")
    assert len(found["notes"]) == 1


def test_csv_and_only_the_measures_that_are_asked_for(lib: Library, say: Any) -> None:
    uid = study(lib, CELLS).study or ""
    code, out, _ = say(uid, "--csv", "--measure", "recall", "--measure", "state_bytes")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["measure"], row["group"]) for row in rows] == [
        ("recall", "attention"),
        ("recall", "delta rule"),
        ("state_bytes", "attention"),
        ("state_bytes", "delta rule"),
    ]
    assert float(rows[1]["difference"]) == pytest.approx(0.10)
    assert rows[0]["difference"] == ""
    _, out, _ = say(uid, "--json", "--measure", "state_bytes")
    found = json.loads(out)
    assert [list(one["measures"]) for one in found["groups"]] == [["state_bytes"], ["state_bytes"], []]
    assert found["sentences"] == ["delta rule has 512 bytes less of state than attention, whatever the seed."]


def test_single_runs_and_ways_to_group_them(lib: Library, say: Any) -> None:
    submitted = study(lib, {"a": recalls(0.1, 0.2), "b": recalls(0.3, 0.4)})
    code, out, _ = say(*submitted.runs[:2], "--json")
    assert code == 0
    assert [one["group"] for one in json.loads(out)["groups"]] == ["a", "b"]
    _, out, _ = say(submitted.study or "", "--by", "runs", "--json")
    assert [one["group"] for one in json.loads(out)["groups"]] == ["a, seed 0", "b, seed 0", "a, seed 1", "b, seed 1"]


def test_one_seed_says_so(lib: Library, say: Any) -> None:
    code, out, _ = say(study(lib, {"a": recalls(0.1), "b": recalls(0.2)}).study or "")
    assert code == 0
    assert "One common seed gives neither an interval nor a test; run three seeds or more." in out
    assert out.splitlines()[0].split()[-1] == "interval"


def test_what_was_typed_wrong(lib: Library, say: Any) -> None:
    uid = study(lib, CELLS).study or ""
    for words, about in (
        (["deadbeef"], "There is no run or study 'deadbeef'"),
        ([uid, "--measure", "recal"], "measured 'recal' (did you mean recall?)"),
        ([uid, "--baseline", "delta"], "There is no group 'delta'"),
        ([uid, "--by", "colour"], "colour"),
        ([uid, "--json", "--csv"], "choose one"),
        ([], "RUN|STUDY"),
    ):
        code, out, err = say(*words)
        assert (code, out) == (2, ""), words
        assert about in err
        assert "Traceback" not in err


def test_one_run_alone_is_refused(lib: Library, say: Any) -> None:
    code, out, err = say(study(lib, CELLS).runs[0])
    assert (code, out) == (2, "")
    assert err == "One run alone has nothing to be compared with; name another run, or a study."


def test_runs_that_never_finished_are_what_the_runs_did(lib: Library, say: Any) -> None:
    code, out, err = say(study(lib, {"a": [None], "b": [None]}).study or "")
    assert (code, out) == (1, "")
    assert err.startswith("None of these runs has finished")


def test_a_library_elsewhere(lib: Library, say: Any, own_home: Path) -> None:
    uid = study(lib, CELLS).study or ""
    code, out, _ = say(uid, "--library", str(own_home / "library.db"), "--json")
    assert code == 0
    assert json.loads(out)["baseline"] == "attention"


def test_help_says_what_is_compared(say: Any) -> None:
    code, out, _ = say("--help")
    assert code == 0
    for word in ("--baseline", "--measure", "95 % intervals", "Holm"):
        assert word in out


def widths(cases: Any, seed: int) -> dict[str, float]:
    wide = 0.1 * int(cases["key width"].rpartition(" ")[2])
    return {"recall": wide - 0.1 * (1 + 0.1 * seed) * (cases["memory"] == "delta rule") + 0.01 * seed, "ece": 0.1 + 0.01 * seed * wide}


def test_grouping_by_an_axis(lib: Library, say: Any) -> None:
    uid = factorial(lib, [MEMORY, WIDTH], widths).study or ""
    code, out, _ = say(uid, "--by", "memory", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["by"], [one["group"] for one in found["groups"]]) == ("memory", ["attention", "delta rule"])
    assert found["groups"][1]["measures"]["recall"]["difference"]["n"] == 3
    assert found["ways"] == [{"by": "memory", "groups": 2}, {"by": "key width", "groups": 3}]
    assert found["notes"] == ["Each seed counts with its mean over the 3 settings of the rest that all groups have."]


def test_tests_effects_and_what_holm_corrects_over(lib: Library, say: Any) -> None:
    uid = factorial(lib, [MEMORY, WIDTH], widths, seeds=5).study or ""
    _, out, _ = say(uid, "--by", "memory", "--json", "--test", "permutation")
    found = json.loads(out)
    difference = found["groups"][1]["measures"]["recall"]["difference"]
    assert (found["test"], found["corrected_over"]) == ("permutation", "groups")
    assert (difference["p_permutation"], difference["least_p_permutation"], difference["compared"]) == (0.0625, 0.0625, 1)
    assert difference["g"]["paired"] is True
    assert difference["g"]["low"] < difference["g"]["g"] < difference["g"]["high"] < 0
    assert "exact permutation test p = 0.062" in found["sentences"][0]
    assert found["sentences"][1].startswith("With 5 seeds the exact permutation test cannot go below p = 0.0625, however large")
    _, out, _ = say(uid, "--by", "memory", "--json", "--correct", "measures", "--measure", "recall", "--measure", "ece")
    both = json.loads(out)
    assert both["corrected_over"] == "measures"
    assert both["groups"][1]["measures"]["recall"]["difference"]["compared"] == 2
    assert "after Holm over 2 tests of 2 measures" in both["sentences"][0]
    code, out, _ = say(uid, "--by", "memory", "--csv", "--measure", "recall")
    assert code == 0
    (_, row) = list(csv.DictReader(io.StringIO(out)))
    assert float(row["g"]) == pytest.approx(difference["g"]["g"])


def test_facts_are_in_the_json(lib: Library, say: Any) -> None:
    _, out, _ = say(study(lib, CELLS).study or "", "--json")
    facts = json.loads(out)["differs"]["facts"]
    assert facts["torch"] == {"same": True, "values": {"2.13.0": 6}}


def test_the_kept_baseline_counts(lib: Library, say: Any) -> None:
    uid = study(lib, CELLS).study or ""
    lib.set_baseline_cell(uid, "delta rule")
    assert json.loads(say(uid, "--json")[1])["baseline"] == "delta rule"


def test_the_figure_and_the_parameters(lib: Library, say: Any) -> None:
    uid = factorial(lib, [MEMORY, WIDTH], widths).study or ""
    code, out, _ = say(uid, "--json", "--parameters", "--measure", "recall")
    assert code == 0
    found = json.loads(out)
    assert [axis["name"] for axis in found["figure"]["axes"]] == ["memory", "key width"]
    assert found["figure"]["axes"][1]["numbers"] == [1, 2, 4]
    assert len(found["figure"]["cells"]) == 6
    assert found["figure"]["cells"][0]["n"] == 3
    assert (found["parameters"]["method"], found["parameters"]["runs"]) == ("variance", 18)
    assert found["parameters"]["rows"][0]["parameter"] == "mem1.key_width"
    code, out, _ = say(uid, "--parameters")
    assert code == 0
    assert "mem1.key_width" in out
    assert "The share of the spread in recall over 18 runs" in out
    code, out, _ = say(study(lib, CELLS).study or "", "--parameters")
    assert "6 runs cannot say which parameters matter for recall" in out
