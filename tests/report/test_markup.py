"""HTML in which nothing can be forgotten: whatever is said comes out as it went in, and never as an element."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from memstudio.report.equations import set_equation
from memstudio.report.markup import Safe, el, escaped, exact, joined, table


class Read(HTMLParser):
    """What a browser reads: elements with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


#: without what HTML cannot hold, and what turns letters round: those do not come out, see below
_words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Cf")), max_size=60)


@given(_words, _words)
def test_texts_and_attributes_come_out_as_they_went_in(text: str, attribute: str) -> None:
    read = Read(el("p", text, title=attribute))
    assert read.elements == [("p", {"title": attribute})]
    assert read.text == text


@given(st.text(max_size=60))
def test_no_text_ever_becomes_an_element(text: str) -> None:
    assert Read(joined(text, el("b", text), text)).elements == [("b", {})]
    assert "\x00" not in escaped(text)
    escaped(text).encode("utf-8")


@given(st.text(max_size=60))
def test_equations_hold_nothing_but_raised_and_lowered_text(text: str) -> None:
    assert {tag for tag, _ in Read(set_equation(text)).elements} <= {"sub", "sup"}


def test_a_label_cannot_turn_our_words_round() -> None:
    assert el("p", "a\u202eb", title="\u2067") == '<p title="">ab</p>'
    # what is copied out of a page is whole
    assert exact("a\u202e<") == "a\u202e&lt;"


def test_equations_are_set() -> None:
    assert set_equation("W_k xₜ") == "W<sub>k</sub> xₜ"
    assert set_equation("ξᵢ^μ σ_{j≠i}") == "ξᵢ<sup>μ</sup> σ<sub>j≠i</sub>"
    assert set_equation("10^(−2i/K)") == "10<sup>−2i/K</sup>"
    assert set_equation("bytes = Σ state_bytes") == "bytes = Σ state_bytes"
    assert set_equation("a < b & c") == "a &lt; b &amp; c"


def test_elements() -> None:
    assert el("br") == "<br>"
    assert (
        el("p", None, "a", Safe("<b>b</b>"), class_="x", hidden=True, id=None, data_x="<")
        == '<p class="x" hidden data-x="&lt;">a<b>b</b></p>'
    )


def test_a_table_has_heads_and_numbers_at_the_right() -> None:
    read = Read(table(("Group", "Mean"), [("<a>", "0.5"), ("b", "1,000")], "Means"))
    assert read.text == "MeansGroupMean<a>0.5b1,000"
    cells = [(tag, attributes) for tag, attributes in read.elements if tag in ("th", "td")]
    assert cells[0] == ("th", {"scope": "col"})
    assert cells[3] == ("td", {"class": "r"})
    assert next(attributes for tag, attributes in read.elements if tag == "div")["tabindex"] == "0"
