"""What typed words open: the window, a verb, a process of ours; options that take a value hide nothing."""

from __future__ import annotations

import pytest

from memstudio import __main__ as program


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], program._window),
        (["my.memx"], program._window),
        (["--safe"], program._window),
        (["--safe", "my.memx"], program._window),
        (["--addons", "folder", "my.memx"], program._window),
        (["--addons", "one", "--addons", "two"], program._window),
        (["--library", "my.memx", "--addons", "other.memx"], program._window),
        (["--addons", "folder", "components"], program._command_line),
        (["--safe", "run", "my.memx"], program._command_line),
        (["addons"], program._command_line),
        (["addons", "allow", "my.memx"], program._command_line),
        (["--help"], program._command_line),
        (["worker", "--library", "x"], program._worker),
        (["declarations", "file"], program._declarations),
    ],
)
def test_what_is_opened(words: list[str], part: object) -> None:
    assert program.part_of(words)[0] is part
