"""The colours of print: the window's own, told apart on paper and on a dark page."""

from __future__ import annotations

import pytest

from memstudio.desktop.tokens import DARK as DARK_TOKENS
from memstudio.desktop.tokens import LIGHT as LIGHT_TOKENS
from memstudio.report import colours


def test_they_are_the_windows() -> None:
    assert LIGHT_TOKENS.curves == colours.LIGHT_CURVES
    assert DARK_TOKENS.curves == colours.DARK_CURVES
    assert colours.DARK.ground == DARK_TOKENS.panel
    assert (colours.PRINT.text, colours.PRINT.dim) == (LIGHT_TOKENS.text, LIGHT_TOKENS.dim)


def test_curves_and_text_are_seen_on_their_ground() -> None:
    for curves, ink_ in ((colours.LIGHT_CURVES, colours.PRINT), (colours.DARK_CURVES, colours.DARK)):
        assert all(colours.contrast(one.colour, ink_.ground) >= 3 for one in curves)
        assert all(colours.contrast(one, ink_.ground) >= 4.5 for one in (ink_.text, ink_.dim))


@pytest.mark.parametrize("ramp", [colours.LIGHT_RAMP, colours.DARK_RAMP], ids=["light", "dark"])
def test_numbers_are_read_on_every_share(ramp: tuple[str, ...]) -> None:
    assert len(set(ramp)) == colours.LEVELS
    assert all(colours.contrast(ground, colours.ink_on(ground)) >= 4.5 for ground in ramp)
    light = [colours.luminance(ground) for ground in ramp]
    assert light == sorted(light, reverse=ramp is colours.LIGHT_RAMP)


def test_inks_are_told_apart_but_look_alike() -> None:
    inks = [colours.ink(level, colour) for level in range(colours.LEVELS) for colour in ("#000000", "#FFFFFF")]
    assert len(set(inks)) == len(inks)
    assert all(colours.contrast(one, "#000000") < 1.05 or colours.contrast(one, "#FFFFFF") < 1.05 for one in inks)


def test_no_two_of_36_lines_look_the_same() -> None:
    looks = [colours.look(colours.LIGHT_CURVES, i) for i in range(36)]
    assert len(set(looks)) == 36
