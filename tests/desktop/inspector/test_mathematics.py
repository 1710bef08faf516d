"""Equations: what is raised and lowered, where they align and break, and what they are in LaTeX."""

from __future__ import annotations

import re

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.desktop.inspector import mathematics
from memstudio.desktop.inspector.mathematics import Line, latex, lines, rich

DELTA = "Sₜ = αₜ Sₜ₋₁ (I − βₜ kₜ kₜᵀ) + βₜ vₜ kₜᵀ"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (DELTA, r"S_{t} = \alpha_{t} S_{t-1} (I - \beta_{t} k_{t} k_{t}^{\top}) + \beta_{t} v_{t} k_{t}^{\top}"),
        ("h̃ₜ = tanh(W_h xₜ)", r"\tilde{h}_{t} = \tanh (W_{h} x_{t})"),
        ("P = Σⱼ≤M uⱼ", r"P = \sum_{j\leq M} u_{j}"),
        ("y = softmax(q·k / √K)", r"y = \mathrm{softmax}(q\cdot k / \sqrt{K})"),
        ("a = 1 − 2^(−5−h)", r"a = 1 - 2^{-5-h}"),
        ("(1 − κ^λ)", r"(1 - \kappa^{\lambda})"),
        ("E = −½ Σᵢⱼ wᵢⱼ σᵢ", r"E = -\tfrac{1}{2} \sum_{ij} w_{ij} \sigma_{i}"),
    ],
)
def test_it_becomes_latex(text: str, wanted: str) -> None:
    assert latex(text) == wanted


def test_what_is_lowered_and_raised_is_drawn_so() -> None:
    drawn = rich("kₜᵀ = x_{train}").replace("\u2060", "")
    assert "<i>k</i><sub><i>t</i></sub><sup>T</sup>" in drawn
    assert "<i>x</i><sub>train</sub>" in drawn


def test_statements_align_at_their_relation_and_long_left_sides_do_not() -> None:
    assert lines("yₜ = Sₜ qₜ,  gₐ ~ N(0, 1)") == [Line("yₜ", "=", "Sₜ qₜ"), Line("gₐ", "~", "N(0, 1)")]
    assert lines("target at the last position = n")[0].relation == ""
    assert rich("yₜ = Sₜ qₜ,  normalised likewise").count("<tr>") == 2


def test_it_breaks_before_a_sign_and_not_inside_short_brackets() -> None:
    right = mathematics.inline(lines(DELTA)[0].right)
    places = [re.sub(r"<[^>]*>|\u2060", "", before)[-1:] for before in right.split(" ")[:-1]]
    assert places, "somewhere it may break"
    assert "(<i>I</i>&nbsp;−&nbsp;" in right, "the short bracket holds together"
    assert ") +&nbsp;" in right, "a line begins with the sign"


def test_every_equation_of_the_catalogue_is_latex_that_a_paper_takes() -> None:
    for entry in catalogue():
        for equation in () if entry.preset else entry.component.equations:
            made = latex(equation.text)
            assert made.isascii(), f"{entry.id}: {equation.text} -> {made}"
            assert not re.search(r"[_^](?!\{)", made), made
            drawn = rich(equation.text)
            assert drawn.count("<sub>") == drawn.count("</sub>")
            bare = re.sub(r"<[^>]*>|&nbsp;|[\u2060\u200b\s]", "", drawn)
            assert len(bare) > 0
