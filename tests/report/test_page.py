"""The report: one file that fetches nothing and runs nothing, whole in what it says, and safe whatever words stand in a library."""

from __future__ import annotations

import base64
import re

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Document
from memstudio.experiment.files import parse, to_text
from memstudio.library import Library
from memstudio.report.asked import NothingFinished, ask
from memstudio.report.page import POLICY, page
from tests.report.conftest import HOSTILE, Made, gallery_document, make
from tests.report.test_markup import Read

#: every element that a report may have
_PAGE = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "ul", "li", "b", "span", "a", "div", "footer"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary", "pre", "code"),
    *("dl", "dt", "dd", "sub", "sup", "svg", "g", "path", "defs", "use", "text", "tspan", "clippath", "rect"),
}


def report(made: Made) -> str:
    return page(made.library, made.asked, catalogue())


def inside(text: str, id: str) -> str:
    """The text of the `<pre>` of that id, as a browser reads it."""
    found = re.search(rf'<pre id="{id}">(.*?)</pre>', text, re.DOTALL)
    assert found is not None
    return Read(found.group(1)).text


def check_safe(text: str) -> Read:
    read = Read(text)
    assert {tag for tag, _ in read.elements} <= _PAGE
    for tag, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        for name in ("href", "src", "xlink:href", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:application/json;base64,")), (tag, value)
    policy = [attributes["content"] for tag, attributes in read.elements if attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy == [POLICY]
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert "@import" not in style
    assert set(re.findall(r"url\(([^)]{0,12})", style)) == {"data:font/wo"}
    return read


def test_it_fetches_and_runs_nothing(made: Made) -> None:
    text = report(made)
    check_safe(text)
    assert text.startswith("<!DOCTYPE html>\n<html")
    # names of XML and of no place are all the addresses there are
    assert set(re.findall(r"https?://[^\s\"'<)]+", text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_hostile_words_are_only_words(hostile: Made) -> None:
    text = report(hostile)
    read = check_safe(text)
    assert "<script" not in text
    assert "alert(1)" in read.text
    assert "\x07" not in text
    assert parse(inside(text, "document"), "it").title == HOSTILE


def test_it_says_what_was_asked_seen_and_done(made: Made) -> None:
    text = report(made)
    said = Read(text).text
    for words in (
        "Who remembers under load",
        "9 runs, 3 cells",
        "Claim",
        "With 16 pairs attention recalls at least 0.2 more than the delta rule.",
        "delta rule recalls 0.20 less than attention",
        "Token embedding → memory (varied) → Classifier",
        "3 cells with 3 seeds (0 to 2) come to 9 runs",
        "0.910 ± 0.025",
        "Sₜ = αₜ Sₜ₋₁",
        "gated delta rule, seed 1: failed (The loss is not finite at step 3.)",
        "2.13.0",
        f"{1:064x}",
        "memstudio run who-remembers-under-load.memx --seed 0 --replicates 3",
        "Schlag, Irie, Schmidhuber (2021)",
    ):
        assert words in said, words
    assert "@inproceedings{schlag2021linear" in inside(text, "bibtex")
    assert "@software{memstudio" in inside(text, "bibtex")
    figures = re.findall(r"<b>Figure (\d+)\. </b>", text)
    assert figures == [str(i + 1) for i in range(len(figures))]
    assert len(figures) >= 5


def test_the_document_in_it_is_the_studys(made: Made) -> None:
    text = report(made)
    document = made.library.study_document(made.study)
    assert inside(text, "document") == to_text(document)
    link = re.search(r'href="data:application/json;base64,([^"]*)"', text)
    assert link is not None
    assert parse(base64.b64decode(link.group(1)).decode(), "it") == document


def test_the_same_library_gives_the_same_page(made: Made) -> None:
    assert report(made) == report(made)


def test_ids_are_used_once_and_all_that_is_named_is_there(made: Made) -> None:
    text = report(made)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'xlink:href="#([^"]+)"', text)) <= set(ids)


def test_light_and_dark_name_the_same_colours(made: Made) -> None:
    style = "".join(re.findall(r"<style>(.*?)</style>", report(made), re.DOTALL))
    light, dark = re.findall(r":root\{(?:color-scheme:light dark;)?([^}]*)\}", style)
    names = [set(re.findall(r"(--[\w-]+):", one)) for one in (light, dark)]
    assert names[0] == names[1]
    used = set(re.findall(r"var\((--[\w-]+)\)", report(made)))
    assert used <= names[0]
    assert "prefers-color-scheme:dark" in style
    assert "@page{size:A4" in style


def test_no_colour_of_a_figure_is_left_as_it_was_on_paper(made: Made) -> None:
    svg = "".join(re.findall(r"<svg.*?</svg>", report(made), re.DOTALL))
    assert svg
    assert not re.findall(r"#[0-9a-fA-F]{6}\b", svg)


def test_a_single_run_and_runs_of_several_documents(made: Made) -> None:
    known = catalogue()
    one = page(made.library, ask(made.library, [made.runs[0]], known), known)
    check_safe(one)
    assert "1 run, 1 group" in Read(one).text
    some = page(made.library, ask(made.library, list(made.runs[:4]), known), known)
    assert "What differs" in Read(some).text


def test_what_has_not_finished_cannot_be_reported(lib: Library) -> None:
    none = make(lib, gallery_document(1), skip=(0, 1, 2))
    with pytest.raises(NothingFinished, match="None of these runs has finished"):
        ask(lib, [none.study], catalogue())
    with pytest.raises(NothingFinished, match="This run has not finished"):
        ask(lib, [none.runs[0]], catalogue())


def test_a_component_that_is_not_installed_is_named_by_its_id(lib: Library, made: Made) -> None:
    stored = made.library.study_document(made.study)
    nodes = [node if node.id != "recall" else node.model_copy(update={"component": "probe.of_others"}) for node in stored.nodes]
    strange: Document = stored.model_copy(update={"nodes": nodes})
    from memstudio.report.methods import all_values, paragraphs, used

    said = " ".join(f"{one.text} {' '.join(one.items)}" for one in paragraphs(strange, catalogue()))
    assert "probe.of_others" in said
    assert any(one.component == "probe.of_others" for one in all_values(strange, catalogue()))
    assert all(one.entry.id != "probe.of_others" for one in used(strange, catalogue()))
