"""Filters: what they find, and what is said of those that cannot be read."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memstudio import library
from memstudio.experiment.parameters import Refusal
from memstudio.ground.machine import this_process
from memstudio.library import Library, RunWriter
from tests.library.filled import study
from tests.library.small import document, planned


@pytest.fixture
def filled(lib: Library) -> Library:
    """Six runs of a study: cells few (1 head) and many (8), seeds 0-2; recall rises with seed, the last is NaN; one apart."""
    runs = [planned(cell, seed, seed, heads=heads, kind=cell) for cell, heads in (("few", 1), ("many", 8)) for seed in range(3)]
    lib.submit(document(), runs, title="Heads")
    lib.submit(document(title="apart"), [planned(seed=7)])
    for i in range(6):
        lease = lib.claim(this_process())
        assert lease is not None
        with RunWriter(lib.path, lease) as writer:
            writer.points(1, {"recall[load=16]": math.nan if i == 5 else i / 10, "loss": 1.0})
            writer.state("running")
            writer.finish("failed" if i == 0 else "finished", "It broke." if i == 0 else None)
    return lib


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('state = "finished"', 5),
        ("state = finished and seed in (0, 1)", 3),
        ("state != finished", 2),
        ("state in ('failed', 'queued')", 2),
        ("state not in (failed, queued)", 5),
        ("study = Heads", 6),
        ('study != "Heads"', 1),
        ('cell = "few"', 3),
        ("cell = few or cell = many and seed > 1", 4),
        ("(cell = few or cell = many) and seed > 1", 2),
        ("not cell = few", 4),
        ("not (cell = few or seed = 7)", 3),
        ("title = apart", 1),
        ("seed >= 1 AND seed<=2", 4),
        ("seed <> 7", 6),
        ("recall[load=16] > 0.25", 2),
        ("recall[load=16] >= 0", 5),
        ("recall[load=16] in (0.1, 0.2)", 2),
        ("loss = 1", 6),
        ("mem1.heads = 8", 3),
        ("mem1.heads in (1, 2)", 3),
        ("mem1.kind = 'few'", 3),
        ("mem1.component = sequence.attention", 7),
        ("run.seed = 0", 7),
        ("starred = false", 7),
        ("starred = true", 0),
        ("failure = 'It broke.'", 1),
        ("step > -1e3", 7),
        ("   ", 7),
    ],
)
def test_what_filters_find(filled: Library, where: str, found: int) -> None:
    assert len(filled.runs(where=where)) == found


def test_a_study_by_the_beginning_of_its_uid(filled: Library) -> None:
    (study,) = filled.studies()
    assert len(filled.runs(where=f'study = "{study.uid[:8]}"')) == 6


@pytest.fixture
def lived(lib: Library) -> Library:
    """A study of 2 memories x 2 heads x 2 seeds, finished; the first run is starred, noted, tagged and begun on 10 November 2026."""
    uids = study(lib).runs
    lib.mark(uids[0], star=True, add_tags=["paper", "odd one"], note="The gate, 100 % of it: it's `here`")
    lib.mark(uids[1], add_tags=["paper"])
    begun = time.mktime((2026, 11, 10, 12, 30, 0, 0, 0, -1))
    for i, uid in enumerate(uids):
        lib._conn.execute("UPDATE run SET queued = ?, started = ?, ended = ? WHERE uid = ?", (begun + i, begun, begun + 60 * i, uid))
    lib.submit(document(title="waits", odd="a_b%c"), [planned(seed=9, odd="a_b%c")])
    return lib


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('memory = "gated delta rule"', 4),
        ('memory != "gated delta rule"', 4),
        ('axis.memory = "attention" and heads = 4', 2),
        ('heads = "heads 4"', 4),
        ("heads >= 1", 8),
        ('memory in (attention, "gated delta rule") and not heads = 1', 4),
        ('"memory" = attention', 4),
        ("memory ~ DELTA", 4),
        ("memory !~ delta", 5),
        ("note ~ 'gate'", 1),
        ('note ~ "100 %"', 1),
        ("note ~ '%of'", 0),
        ('note ~ "it\'s"', 1),
        ("mem1.odd ~ a_b", 1),
        ("mem1.odd ~ 'a%c'", 0),
        ("tag = paper", 2),
        ("tag != paper", 7),
        ('tag = "odd one"', 1),
        ("tag in (paper, nothing)", 2),
        ("tag not in (paper)", 7),
        ("tag ~ odd", 1),
        ("tag is missing", 7),
        ("starred", 1),
        ("not starred", 8),
        ("starred and seed = 0", 1),
        ("starred or seed = 1", 5),
        ("starred = no", 8),
        ("baseline", 0),
        ("recall is missing", 1),
        ("recall is not missing and state = finished", 8),
        ("environment.torch = 2.13.0", 8),
        ("torch = '2.13.0'", 8),
        ("torch ~ 2.1", 8),
        ("python in ('3.12.1', '3.13.0')", 8),
        ("torch is missing", 1),
        ("environment.git.dirty = false", 8),
        ("machine = 'another machine'", 8),
        ("threads = 1 and device = cpu", 8),
        ("queued = 2026-11-10", 8),
        ("queued != 2026-11-10", 1),
        ("started > 2026-11-10", 0),
        ("started >= 2026-11-10", 8),
        ("started < 2026-11-10", 0),
        ("started <= 2026-11-10", 8),
        ("started > 2026-11-09 and started < 2026-11-11", 8),
        ("started = 2026-11-10T12:30", 8),
        ("started > 2026-11-10T12:29 and started < 2026-11-10T12:31:00", 8),
        ("queued within 1 week", 1),
        ("queued within 50 weeks", 9),
        ("ended is missing", 1),
        ("took > 2 min", 5),
        ("took >= 120", 6),
        ("took < 1 h and took > 0.05 hours", 4),
        ("seed in (0, 1e3)", 4),
        ("seed < 99999999999999999999999", 9),
        ("((((seed = 0))))", 4),
        ("not not not seed = 0", 5),
    ],
)
def test_what_filters_find_in_a_study(lived: Library, where: str, found: int) -> None:
    assert len(lived.runs(where=where)) == found
    assert lived.count(where=where) == found
    assert lived.check_where(where) is None


def test_not_is_everything_else(lived: Library) -> None:
    everything = {row.uid for row in lived.runs()}
    for where in ("recall > 0.35", "ended > 2026-01-01", "tag = paper", "torch = '1'", "took > 2 min", "memory = attention", "note ~ gate"):
        held, rest = ({row.uid for row in lived.runs(where=text)} for text in (where, f"not ({where})"))
        assert held | rest == everything
        assert not held & rest


def test_a_measure_computed_later_counts_where_none_was_taken(lived: Library) -> None:
    rows = lived.runs(sort="seed")
    for row in rows:
        lived.set_derived(row.uid, {"recall": 0.95, "auroc_ood": row.seed / 2}, version=1)
    assert [row.title for row in lived.runs(where="recall > 0.9")] == ["waits"]
    assert len(lived.runs(where="auroc_ood = 0.5")) == 4
    assert [row.seed for row in lived.runs(sort="-auroc_ood")][:2] == [9, 1]
    assert lived.runs(sort="-recall")[0].title == "waits"
    assert "auroc_ood" in lived.measure_names()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("state", "one of = "),
        ("state =", "a number or a text in quotes is expected, and it ends there"),
        ("= 3", "the name of a field"),
        ("seed = 3 seed = 4", "and, or, or the end is expected, not 'seed' at character 10"),
        ("(seed = 3", "a closing bracket"),
        ("seed in 3", "an opening bracket"),
        ("seed in (3", "a comma or a closing bracket"),
        ("seed not 3", "one of = "),
        ("seed = 3 ; drop table run", "cannot be read from character 10"),
        ("seed = 'open", "cannot be read from character 8"),
        ("sedd = 3", "did you mean seed"),
        ('state = "runing"', "did you mean running"),
        ("recal[load=16] > 0.1", "did you mean recall"),
        ("mem1.head = 3", "did you mean mem1.heads"),
        ("loss > 'much'", "loss is a number"),
        ("seed = much", "seed is a number"),
        ("seed ~ 3", "seed is no text"),
        ("starred = maybe", "starred is yes or no"),
        ("queued > 3", "a day or a time, as queued > 2026-11-01"),
        ("queued > 2026-13-40", "a day or a time"),
        ("queued > yesterday", "a day or a time"),
        ("queued in (2026-11-01)", "is a time"),
        ("queued within 3", "minutes, hours, days or weeks"),
        ("queued within a day", "a number of minutes"),
        ("loss is there", "one of = "),
        ("note ~", "a text to look for"),
        ("device = cuda:0", "words with such letters stand in quotes"),
        ("note = 'never closed", "the quote is never closed"),
        ("(" * 60 + "seed = 1" + ")" * 60, "not more than 50 brackets"),
        ("not " * 60 + "seed = 1", "not more than 50 brackets"),
        (" or ".join(["seed = 1"] * 201), "not more than 200 comparisons"),
        (f"seed in ({', '.join(['1'] * 1001)})", "not more than 1,000 values"),
        ("seed = 1 " * 2000, "10,000 are the most"),
        ("note = \ud800", "half a letter"),
    ],
)
def test_what_cannot_be_read_is_said(filled: Library, where: str, said: str) -> None:
    with pytest.raises(Refusal) as caught:
        filled.runs(where=where)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    problem = filled.check_where(where)
    assert problem is not None
    assert problem.sentence == str(caught.value)
    assert 0 <= problem.start <= problem.end <= len(where)


@pytest.mark.parametrize(
    ("where", "blamed"),
    [
        ("seed = 3 and sedd = 4", "sedd"),
        ("state = runing", "runing"),
        ("seed = 3 ; 4", "; 4"),
        ("seed = 3 seed", "seed"),
        ("loss > 'x'", "'x'"),
    ],
)
def test_the_part_to_blame_is_named(filled: Library, where: str, blamed: str) -> None:
    problem = filled.check_where(where)
    assert problem is not None
    assert where[problem.start : problem.end] == blamed
    assert problem.start == where.rindex(blamed)


def test_nothing_typed_is_no_problem(filled: Library) -> None:
    assert filled.check_where("  ") is None


def test_a_measure_may_be_asked_for_before_any_was_taken(lib: Library) -> None:
    assert lib.runs(where="recall[load=16] > 0.9", sort="-accuracy") == []


NAMES = ["seed", "state", "mem1.heads", "loss", "recall[load=16]", "queued", "took", "starred", "tag", "memory", "nothing", '"my axis"']
SIGNS = ["(", ")", "=", "!=", "<", ">=", "~", "!~", ",", "in", "not", "and", "or", "is", "missing", "within"]
NUMBERS = ["3", "-1e999", "1e5", "9" * 30, "2026-11-01", "2026-99-99", "9999-12-31", "0001-01-01", "2 days"]
VALUES = [*NUMBERS, "'x'", '"', "true", "few", "[", "\x00", "é"]
words = st.sampled_from(NAMES + SIGNS + VALUES)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library.open(tmp_path_factory.mktemp("filters")) as lib:
        study(lib)
        yield lib


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=30) | st.lists(words, max_size=12).map(" ".join) | st.lists(words, max_size=12).map("".join))
def test_any_text_is_a_filter_or_refused(opened: Library, text: str) -> None:
    problem = opened.check_where(text)
    said = ""
    try:
        assert opened.count(where=text) == len(opened.runs(where=text))
    except Refusal as refusal:
        said = str(refusal)
    assert (problem.sentence if problem is not None else "") == said
    for position in range(len(text) + 1):
        for one in opened.complete(text, position)[:3]:
            assert 0 <= one.start <= one.end <= position


comparisons = st.sampled_from(
    ["seed = 0", "recall > 0.3", 'memory = "attention"', "heads >= 4", "starred", "note ~ x", "recall[load=16] <= 0.2"]
)
joined = st.sampled_from(["and", "or"])
filters = st.recursive(
    comparisons,
    lambda inner: st.builds("({} {} {})".format, inner, joined, inner) | inner.map("not {}".format),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(filters, filters)
def test_and_or_not_are_those_of_sets(opened: Library, one: str, other: str) -> None:
    def found(where: str) -> set[str]:
        return {row.uid for row in opened.runs(where=where)}

    everything = found("")
    assert found(f"{one} and {other}") == found(one) & found(other)
    assert found(f"{one} or {other}") == found(one) | found(other)
    assert found(f"not ({one})") == everything - found(one)
