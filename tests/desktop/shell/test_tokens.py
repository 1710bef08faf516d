from __future__ import annotations

import re
from dataclasses import fields
from itertools import pairwise

import pytest

from memstudio.desktop.tokens import DARK, DARK_CONTRAST, LIGHT, LIGHT_CONTRAST, THEMES, Tokens
from memstudio.experiment.kinds import Kind

both = pytest.mark.parametrize("t", THEMES.values(), ids=lambda t: t.name)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_the_known_one() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@both
def test_text_can_be_read_on_every_ground(t: Tokens) -> None:
    grounds = (t.background, t.panel, t.raised, t.canvas, t.hover, t.accent_background, t.chip_background)
    pairs = [(ink, ground) for ink in (t.text, t.dim) for ground in grounds]
    pairs += [(t.on_accent, t.accent), (t.on_accent, t.accent_hover), (t.accent, t.accent_background)]
    pairs += [(t.accent, t.panel), (t.good, t.good_background), (t.careful, t.careful_background), (t.bad, t.bad_background)]
    pairs += [(ink, ground) for ink in (t.bad, t.good, t.careful) for ground in (t.background, t.panel, t.raised)]
    pairs += [(t.accent, ground) for ground in (t.background, t.raised, t.hover)]
    low = [(ink, ground, round(contrast(ink, ground), 2)) for ink, ground in pairs if contrast(ink, ground) < t.least]
    assert not low


@both
def test_curves_families_kinds_and_focus_stand_out(t: Tokens) -> None:
    marks = [c.colour for c in t.curves] + list(t.families.values()) + list(t.kinds.values()) + [t.accent]
    low = [(mark, ground) for ground in (t.panel, t.canvas, t.raised, t.background) for mark in marks if contrast(mark, ground) < 3]
    assert not low
    # the primary button is the accent itself: a ring of its text's colour is cut into it
    assert contrast(t.on_accent, t.accent) > 3


@pytest.mark.parametrize("t", [LIGHT_CONTRAST, DARK_CONTRAST], ids=lambda t: t.name)
def test_in_high_contrast_lines_are_seen_and_marks_are_thicker(t: Tokens) -> None:
    usual = DARK if t.dark else LIGHT
    assert [
        line for line in (t.line, t.faint) if min(contrast(line, t.panel), contrast(line, t.background), contrast(line, t.raised)) < 3
    ] == []
    assert t.border > usual.border
    assert t.focus > usual.focus


@both
def test_curves_differ_without_colour(t: Tokens) -> None:
    assert len(t.curves) == 6
    assert len({c.dash for c in t.curves}) == 6


@both
def test_more_than_six_curves_stay_told_apart(t: Tokens) -> None:
    shown = [t.curve(index) for index in range(36)]
    assert len(set(shown)) == 36
    assert shown[:6] == list(t.curves)
    # neighbours in a legend never share a dash, and colours do not repeat before all were used
    assert all(a.dash != b.dash for a, b in pairwise(shown) if shown.index(a) % 6 != 5)
    assert [len({c.colour for c in shown[at : at + 6]}) for at in range(0, 36, 6)] == [6] * 6


@both
def test_every_kind_of_wire_has_a_colour(t: Tokens) -> None:
    assert set(t.kinds) == {kind.value for kind in Kind}


@both
def test_every_colour_is_written_in_full(t: Tokens) -> None:
    colours = [getattr(t, f.name) for f in fields(t) if isinstance(getattr(t, f.name), str) and f.name != "name"]
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in colours)


def test_unknown_families_and_kinds_are_drawn_dim() -> None:
    assert LIGHT.family("an_addon") == LIGHT.dim
    assert LIGHT.kind("an_addon") == LIGHT.dim


def test_each_theme_has_its_high_contrast() -> None:
    assert list(THEMES) == ["light", "dark", "light_contrast", "dark_contrast"]
    assert all(t.name == name for name, t in THEMES.items())
    assert [t.dark for t in THEMES.values()] == [False, True, False, True]
    assert [t.high_contrast for t in THEMES.values()] == [False, False, True, True]
