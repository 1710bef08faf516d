"""A report as one file of HTML: no script, nothing fetched, every word escaped; what was asked, seen, done, and how to do it again."""

from __future__ import annotations

import base64
import math
import re
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memstudio import __version__
from memstudio.experiment.document import Claim, Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.files import to_text
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.verdicts import Judged, judge
from memstudio.experiment.wording import counted, join
from memstudio.library.comparison import Comparison
from memstudio.library.experiments import value_words
from memstudio.library.library import Library
from memstudio.library.rows import RunRow
from memstudio.library.sentences import Sentence
from memstudio.report import methods, tables, vector
from memstudio.report.asked import Asked
from memstudio.report.citations import bibtex, unique
from memstudio.report.equations import set_equation
from memstudio.report.markup import Safe, el, joined, table
from memstudio.report.page_style import style
from memstudio.report.plate import Plate
from memstudio.report.plates import worth_showing
from memstudio.report.sheet import plain
from memstudio.report.words import measure_title

#: what a page may do: show itself. No script, no network, no form.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'"
_VERDICTS = {"shown": ("shown", "good"), "partly": ("partly shown", "careful"), "not_shown": ("not shown", "bad")}
#: a figure on a page is drawn so wide, millimetres: its letters are as large as those beside it
_WIDTH = 120
Said = Callable[[str], object]


@dataclass(frozen=True)
class Verdict:
    """What became of a claim. judged: its statements; why: a sentence where it could not be judged."""

    verdict: str
    judged: tuple[Judged, ...]
    why: str = ""


def page(library: Library, asked: Asked, known: Catalogue, said: Said = lambda words: None) -> str:
    """The report. said: called with what is being done, for progress. Raises Refusal where the library cannot be read."""
    comparison, document = asked.comparison, asked.document
    said("Drawing the figures")
    plates: list[tuple[Plate, str]] = []
    for one in worth_showing(library, asked, known):
        said(f"Drawing {one.title}")
        plates.append((one, one.inline(f"f{len(plates) + 1}", _WIDTH)))
    said("Writing the page")
    verdict = judged(comparison, document.claim) if document.claim is not None and asked.study is not None else None
    title = plain(comparison.title or document.title)
    parts = [
        _head(title, asked, verdict),
        _claim(document.claim, verdict) if document.claim is not None and verdict is not None else None,
        _results(comparison),
        _figures(plates),
        _methods(document, known, asked),
        _equations(document, known),
        _by_seed(comparison),
        _not_shown(library, comparison, verdict, plates),
        _where(library, comparison),
        _again(asked),
        _citations(document, known),
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


def judged(comparison: Comparison, claim: Claim) -> Verdict:
    """The verdict on a claim from the runs that were compared, by the rule that was written before them."""
    measures = {
        label: {name: {seed: value for (seed, _), value in values.items()} for name, values in of_group.items()}
        for label, of_group in zip((one.runs[0].cell for one in comparison.groups), comparison.values, strict=True)
    }
    try:
        found = judge(claim, measures)
    except Refusal as refusal:
        return Verdict("", (), str(refusal))
    return Verdict(found.verdict, found.statements)


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
        ),
    )


def _difference(one: Judged) -> Safe:
    words = tables.interval_words(one.difference)
    between = tables.between_words(one.difference)
    interval = f", 95 % interval {between}" if between and one.difference.half_width else ""
    return el("span", f"Difference {words.partition(' ±')[0]}{interval}, {counted(one.difference.n, 'seed')}.", class_="dim")


def _results(comparison: Comparison) -> Safe:
    name = comparison.headline
    said = comparison.sentences(name) if name and len(comparison.groups) > 1 else ()
    differences = tables.of_differences(comparison)
    return joined(
        el("h2", "Results"),
        el("ul", *(el("li", _sentence(one)) for one in said)) if said else None,
        _table(tables.of_measures(comparison)),
        _table(differences) if differences is not None else None,
    )


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


# ---------------------------------------------------------------------------------------------- how it was done


def _methods(document: Document, known: Catalogue, asked: Asked) -> Safe:
    said = [
        joined(
            el("h3", one.heading),
            el("p", one.text) if one.text else None,
            el("ul", *(el("li", item) for item in one.items)) if one.items else None,
        )
        for one in methods.paragraphs(document, known)
    ]
    several = asked.study is None and len(asked.comparison.groups) > 1
    first = "These runs are of several documents; what follows is that of the first, and what differs stands below." if several else None
    return joined(
        el("h2", "Methods"),
        el("p", first, class_="dim") if first else None,
        *said,
        _differs(asked.comparison) if len(asked.comparison.groups) > 1 else None,
        el("details", el("summary", "Every value, defaults included"), *(_values(one) for one in methods.all_values(document, known))),
    )


def _differs(comparison: Comparison) -> Safe:
    heads = ("What differs", *comparison.labels)
    rows = [(one.address, *(value_words(value, one.address) for value in one.values)) for one in comparison.differs.values]
    if not rows:
        return joined()
    if len(comparison.labels) > 8:
        rows = [(one.address, one.words) for one in comparison.differs.values]
        heads = ("What differs", "Its values")
    return table(heads, rows, right=False)


def _values(node: methods.NodeValues) -> Safe:
    rows = [(title, words, "given" if given else "default") for title, words, given in node.values]
    head = el("h3", node.title, " ", el("code", f"{node.id}: {node.component}"))
    return joined(head, table(("Value", "", ""), rows, right=False) if rows else el("p", "Nothing to set.", class_="dim small"))


def _equations(document: Document, known: Catalogue) -> Safe | None:
    found = [
        joined(
            el("h3", one.entry.title, " ", el("span", f"({join(one.where)})", class_="dim small")),
            el("dl", *(el("div", el("dt", line.title), el("dd", set_equation(line.text))) for line in one.equations), class_="equations"),
        )
        for one in methods.used(document, known)
        if one.equations
    ]
    return joined(el("h2", "Equations"), *found) if found else None


# ---------------------------------------------------------------------------------------------- every value


def _by_seed(comparison: Comparison) -> Safe:
    """The values of the main measures, a row a seed, a column a group."""
    found = []
    for name in tables.main_measures(comparison):
        values = comparison.of(name)
        seeds = sorted({seed for of_group in values for seed in of_group})
        same = all(seed == data for seed, data in seeds)
        rows = [
            (f"{seed:,}" if same else f"{seed:,}, data {data:,}", *(_number(of_group.get((seed, data))) for of_group in values))
            for seed, data in seeds
        ]
        found.append(table(("Seed", *comparison.labels), rows, measure_title(name)))
    return joined(el("h2", "Every seed"), el("details", el("summary", "Values of the main measures, seed by seed"), *found))


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not finite"
    text = f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:,.6g}"
    return text.replace("-", "\N{MINUS SIGN}")


def _not_shown(library: Library, comparison: Comparison, verdict: Verdict | None, plates: Sequence[tuple[Plate, str]]) -> Safe:
    """What a reader might take for shown and is not."""
    said: list[str] = []
    if verdict is not None:
        said += [f"Not held: {one.statement.says}" for one in verdict.judged if not one.holds]
        said += [verdict.why] if verdict.why else []
    name = comparison.headline
    for label, one in zip(comparison.labels, comparison.differences(name) if name else (), strict=False):
        if one is not None and not one.told_apart:
            said.append(f"In {measure_title(name).lower()} the seeds do not tell {label} from {comparison.labels[comparison.baseline]}.")
    said += [*comparison.notes, *(f"{denial[:1].upper()}{denial[1:]}." for denial in comparison.differs.denials)]
    shown = set(tables.main_measures(comparison))
    rest = [one for one in comparison.measures if one not in shown]
    said += _failures(comparison)
    return joined(
        el("h2", "What is not shown here"),
        el("ul", *(el("li", one) for one in dict.fromkeys(said))) if said else el("p", "Nothing that these runs leave open was found."),
        el(
            "details",
            el("summary", f"{counted(len(rest), 'more measure')} in the library, with their means"),
            _table(_more(comparison, rest)),
        )
        if rest
        else None,
    )


def _failures(comparison: Comparison) -> list[str]:
    return [
        f"{one.label}, seed {row.seed:,}: {row.state}{f' ({plain(row.failure, 160)})' if row.failure else ''}."
        for one in comparison.groups
        for row in one.runs
        if row.state in ("failed", "lost", "stopped")
    ]


def _more(comparison: Comparison, names: Sequence[str]) -> tables.Table:
    rows = tuple((name, *map(tables.interval_words, comparison.intervals(name))) for name in names)
    return tables.Table("", ("Measure", *comparison.labels), rows)


# ---------------------------------------------------------------------------------------------- where, and again


#: what facts about components begin with
_COMPONENT = "component "


def _where(library: Library, comparison: Comparison) -> Safe:
    every = comparison.differs.facts
    components = [(one.name.removeprefix(_COMPONENT), one.words) for one in every if one.name.startswith(_COMPONENT)]
    facts = [(one.name, one.words) for one in every if not one.name.startswith(_COMPONENT)]
    hashes: dict[tuple[int, str], None] = {}
    for one in comparison.groups:
        for row in one.finished:
            for sha in library.data(row.uid).values():
                hashes[(row.data_seed, sha)] = None
    data = [(f"{seed:,}", sha) for seed, sha in sorted(hashes)]
    runs = [
        (label, f"{row.seed:,}", row.state, row.uid, row.document)
        for label, one in zip(comparison.labels, comparison.groups, strict=True)
        for row in one.runs
    ]
    return joined(
        el("h2", "Where it ran"),
        table(("", "In the runs that count"), facts, right=False) if facts else el("p", "Where these runs ran is not known.", class_="dim"),
        el("details", el("summary", "Versions of components"), table(("Component", "Version"), components, right=False))
        if components
        else None,
        el("details", el("summary", "Hashes of the data"), table(("Seed of the data", "SHA-256"), data, right=False)) if data else None,
        el(
            "details",
            el("summary", "Runs"),
            table(("Group", "Seed", "State", "Run", "SHA-256 of its document"), runs, right=False),
        ),
    )


def _again(asked: Asked) -> Safe:
    text = to_text(asked.document)
    name = _file_name(asked.comparison.title or asked.document.title)
    encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
    run = asked.document.run
    words = ["memstudio", "run", name, "--seed", str(run.seed), "--replicates", str(run.replicates)]
    return joined(
        el("h2", "To run it again"),
        el(
            "p",
            "Save the document below as ",
            el("code", name),
            " (",
            el("a", "save it", href=f"data:application/json;base64,{encoded}", download=name),
            ") and type:",
            class_="onscreen",
        ),
        el("pre", f"memstudio check {shlex.quote(name)}\n{shlex.join(words)}\nmemstudio compare STUDY", class_="wrapped"),
        el(
            "p",
            "STUDY is what the last line of the run says. On the same device, with as many threads and the versions above, the numbers "
            "are the same bit for bit.",
            class_="dim small",
        ),
        el("details", el("summary", "The document"), el("pre", text, id="document"), class_="onscreen"),
    )


def _file_name(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", plain(title).lower()).strip("-")[:60].strip("-")
    return f"{words or 'experiment'}.memx"


def _citations(document: Document, known: Catalogue) -> Safe:
    sources = [source for one in methods.used(document, known) for source in one.sources]
    listed = [
        f"{one.authors} ({one.year}). {one.title}{_stop(one.title)}{f' {one.where}.' if one.where else ''}"
        for one in unique(sources, document.cites)
    ]
    return joined(
        el("h2", "Sources"),
        el("ul", *(el("li", one) for one in listed), class_="small") if listed else None,
        el("details", el("summary", "BibTeX"), el("pre", bibtex(sources, document.cites), id="bibtex")),
    )


def _stop(title: str) -> str:
    return "" if title.endswith((".", "?", "!")) else "."
