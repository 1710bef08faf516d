"""A report as one file of HTML: no script, nothing fetched, every word escaped; what was asked, seen, done, and how to do it again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from memstudio import __version__
from memstudio.experiment.document import Claim
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.verdicts import Judged
from memstudio.experiment.wording import counted
from memstudio.library.comparison import Comparison
from memstudio.library.library import Library
from memstudio.library.rows import RunRow
from memstudio.library.sentences import Sentence
from memstudio.report import tables, vector
from memstudio.report.asked import Asked
from memstudio.report.markup import Safe, el, joined, table
from memstudio.report.page_methods import equations, how_it_was_done
from memstudio.report.page_record import by_seed, citations, not_shown, to_run_again, where_it_ran
from memstudio.report.page_style import style
from memstudio.report.plate import Plate
from memstudio.report.plates import worth_showing
from memstudio.report.sheet import plain
from memstudio.report.verdict import Verdict, judged

#: what a page may do: show itself. No script, no network, no form.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'"
#: sentences that stand in the open
MOST_SAID = 8
_VERDICTS = {"shown": ("shown", "good"), "partly": ("partly shown", "careful"), "not_shown": ("not shown", "bad")}
#: a figure on a page is drawn so wide, millimetres: its letters are as large as those beside it
_WIDTH = 120
Said = Callable[[str], object]


def page(library: Library, asked: Asked, known: Catalogue, said: Said = lambda words: None) -> str:
    """The report. said: called with what is being done, for progress. Raises Refusal where the library cannot be read."""
    comparison, document = asked.comparison, asked.document
    said("Drawing the figures")
    plates: list[tuple[Plate, str]] = []
    for one in worth_showing(library, asked, known):
        said(f"Drawing {one.title}")
        plates.append((one, one.inline(f"f{len(plates) + 1}", _WIDTH)))
    said("Writing the page")
    verdict = (
        judged(comparison, document.claim) if document.claim is not None and asked.study is not None and comparison.by == "cells" else None
    )
    title = plain(comparison.title or document.title)
    measures = tables.main_measures(comparison, asked.claimed)
    parts = [
        _head(title, asked, verdict),
        _claim(document.claim, verdict) if document.claim is not None and verdict is not None else None,
        _results(comparison, measures),
        _figures(plates),
        how_it_was_done(document, known, asked),
        equations(document, known),
        by_seed(comparison, measures),
        not_shown(comparison, verdict, measures),
        where_it_ran(library, comparison),
        to_run_again(asked),
        citations(document, known),
        el("footer", f"Made by MemStudio {__version__} from its library of runs. This page is one file and fetches nothing."),
    ]
    body = el("main", *parts)
    return "<!DOCTYPE html>\n" + el("html", _html_head(title, body), el("body", body), lang="en") + "\n"


def _html_head(title: str, body: Safe) -> Safe:
    letters = set(re.sub(r"<[^>]*>", "", body)) | set("&<>\"'")
    faces = vector.font_faces({400: letters, 600: letters})
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="generator", content=f"MemStudio {__version__}"),
        el("title", title),
        el("style", Safe(style(faces))),
    )


# ---------------------------------------------------------------------------------------------- what was asked and seen


def _head(title: str, asked: Asked, verdict: Verdict | None) -> Safe:
    rows = asked.gathered.runs
    cells = counted(len(asked.comparison.groups), "group" if asked.comparison.by != "cells" else "cell")
    chip = None
    if verdict is not None and verdict.verdict:
        words, kind = _VERDICTS[verdict.verdict]
        chip = el("span", f"Claim {words}", class_=f"chip {kind}")
    return joined(
        el("h1", title),
        el("p", f"{counted(len(rows), 'run')}, {cells}{_when(rows)} ", chip, class_="dim"),
        el("p", asked.document.about, class_="about") if asked.document.about else None,
        *(el("p", f"Note: {study.note}", class_="dim") for study in asked.gathered.studies if study.note),
    )


def _when(rows: Sequence[RunRow]) -> str:
    """`, run on 20 November 2026`, from the first start to the last end."""
    ends = [moment for row in rows for moment in (row.started, row.ended) if moment is not None]
    if not ends:
        return ""
    days = list(dict.fromkeys(_day(moment) for moment in (min(ends), max(ends))))
    return f", run on {days[0]}" if len(days) == 1 else f", run from {days[0]} to {days[1]}"


def _day(moment: float) -> str:
    when = time.localtime(moment)
    month = (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    )[when.tm_mon - 1]
    return f"{when.tm_mday} {month} {when.tm_year}"


def _claim(claim: Claim, verdict: Verdict) -> Safe:
    statements = [
        el(
            "li",
            el("span", "holds" if one.holds else "does not", class_=f"chip {'good' if one.holds else 'bad'}"),
            el("span", one.statement.says, " ", _difference(one)),
        )
        for one in verdict.judged
    ]
    return joined(
        el("h2", "Question"),
        el("p", claim.says),
        joined(el("h3", "Expected before the runs"), el("p", claim.expect)) if claim.expect else None,
        el("h3", "Rule, written before the runs"),
        el("ul", *statements, class_="statements") if statements else el("p", verdict.why, class_="dim"),
        el(
            "p",
            "A statement holds when the whole 95 % interval of the paired difference over seeds lies beyond what it says.",
            class_="dim small",
        )
        if statements
        else None,
    )


def _difference(one: Judged) -> Safe:
    words = tables.interval_words(one.difference)
    between = tables.between_words(one.difference)
    interval = f", 95 % interval {between}" if between and one.difference.half_width else ""
    return el("span", f"Difference {words.partition(' ±')[0]}{interval}, {counted(one.difference.n, 'seed')}.", class_="dim")


def _results(comparison: Comparison, measures: Sequence[str]) -> Safe:
    name = comparison.headline
    said = comparison.sentences(name) if name and len(comparison.groups) > 1 else ()
    differences = tables.of_differences(comparison, measures)
    return joined(
        el("h2", "Results"),
        *_sentences(said),
        _table(tables.of_measures(comparison, measures)),
        _table(differences) if differences is not None else None,
    )


def _sentences(said: Sequence[Sentence]) -> list[Safe]:
    """The first of them, and the rest where a reader asks for them."""
    if not said:
        return []
    listed = [el("li", _sentence(one)) for one in said]
    first, rest = (listed, []) if len(listed) <= MOST_SAID + 1 else (listed[:MOST_SAID], listed[MOST_SAID:])
    more = el("details", el("summary", f"{counted(len(rest), 'more sentence')}"), el("ul", *rest))
    return [el("ul", *first), more] if rest else [el("ul", *first)]


def _sentence(sentence: Sentence) -> Safe:
    return joined(*(el("b", words) if strong else words for words, strong in sentence.pieces))


def _table(made: tables.Table) -> Safe:
    return joined(table(made.heads, list(made.rows), made.title), *(el("p", note, class_="dim small") for note in made.notes))


def _figures(plates: Sequence[tuple[Plate, str]]) -> Safe | None:
    if not plates:
        return None
    found = [
        el("figure", Safe(svg), el("figcaption", el("b", f"Figure {number}. "), one.caption)) for number, (one, svg) in enumerate(plates, 1)
    ]
    return joined(el("h2", "Figures"), *found)
