"""Text: tokens put together are the text, blocks never touch, and what is wrong with a file is said."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memstudio.components import get
from memstudio.components.runtime import Draws
from memstudio.components.task.text.reading import MOST_BYTES, bundled, read
from memstudio.components.task.text.reference import number, split
from memstudio.components.task.text.stream import Blocks, Text
from memstudio.components.task.text.tokens import Pieces, words
from memstudio.experiment.kinds import Inputs
from memstudio.experiment.parameters import Refusal

DRAWS = Draws(seed=3, data_seed=7)
PROSE = "The quick brown fox jumps over the lazy dog; it is 12 o'clock.\n\n  Then  the dog sleeps. " * 12


def stream(draws: Draws = DRAWS, uid: str = "task", **values: Any) -> Text:
    built = get("task.text")(**values).build(draws=draws, uid=uid)
    assert isinstance(built, Text)
    return built


@pytest.fixture
def prose(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "prose.txt"
    path.write_text(PROSE, encoding="utf-8")
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def text_of(made: Text, tokens: torch.Tensor) -> str:
    return "".join(made.names[token] for token in tokens.tolist())


@given(st.text(alphabet=st.sampled_from(list("ab_1 \n\t.,é☃")), max_size=40))
def test_pieces_are_the_references_and_together_the_text(text: str) -> None:
    assert words(text) == split(text, "word")
    for level in ("character", "word"):
        pieces = Pieces.of(text, level)
        found = [pieces.kinds[kind] for kind in pieces.kind.tolist()]
        assert found == split(text, level)
        assert "".join(found) == text
        assert len(set(pieces.kinds)) == len(pieces.kinds)


def test_words_by_hand() -> None:
    assert words("Hi, the  dog's\n 3 ") == ["Hi", ",", " the", " ", " dog", "'", "s", "\n", " 3", " "]


@pytest.mark.parametrize("level", ["character", "word"])
def test_items_are_windows_of_their_blocks_and_targets_one_further_on(level: str, prose: dict[str, str]) -> None:
    made = stream(text="file", file=prose, level=level, length=10, vocabulary=200)
    whole = split(PROSE, level)
    for split_name in ("validation", "test"):
        (part,) = made.parts(split_name)
        assert dict(part.labels) == {}
        assert part.batch.mask is not None
        assert bool(part.batch.mask.all())
        assert torch.equal(part.batch.inputs[:, 1:], part.batch.targets[:, :-1])
        for row in range(len(part.batch)):
            window = text_of(made, part.batch.inputs[row]) + text_of(made, part.batch.targets[row, -1:])
            assert window in PROSE
            lengths = [len(made.names[token]) for token in part.batch.targets[row].tolist()]
            assert part.batch.marks["characters"][row].tolist() == lengths
        # one window follows the other
        assert torch.equal(part.batch.targets[:-1, -1], part.batch.inputs[1:, 0])
        assert len(part.batch) == (len(whole) * 10 // 100 - 1) // 10


def test_tokens_are_numbered_by_frequency_in_the_training_text(prose: dict[str, str]) -> None:
    made = stream(text="file", file=prose, length=10, vocabulary=12)
    whole = split(PROSE, "character")
    blocks = Blocks.drawn(len(whole), len(whole) // 10, len(whole) // 10, DRAWS.data_generator("blocks", "task"))
    trained = [piece for first, behind in blocks.training for piece in whole[first:behind]]
    numbers = number(whole, trained, 12)
    for name, (first, behind) in (("validation", blocks.validation), ("test", blocks.test)):
        inputs = made.parts(name)[0].batch.inputs
        assert inputs.flatten().tolist() == numbers[first : first + inputs.numel()]
        assert first + inputs.numel() < behind
    assert {0, 1, 11} <= set(numbers) <= set(range(12))
    assert made.names[1] == " "


def test_training_windows_never_touch_what_is_held_out() -> None:
    # every character of this text is another one, so a token says where it stands
    text = "".join(chr(0x4E00 + i) for i in range(1000))
    blocks = Blocks.drawn(1000, 100, 150, DRAWS.data_generator("blocks", "task"))
    assert sorted(blocks.validation + blocks.test)[1] == sorted(blocks.validation + blocks.test)[2]
    assert blocks.validation[1] - blocks.validation[0] == 100
    assert blocks.test[1] - blocks.test[0] == 150
    held = {text[i] for first, behind in (blocks.validation, blocks.test) for i in range(first, behind)}
    assert len(held) == 250
    assert sum(behind - first for first, behind in blocks.training) == 750


def test_training_meets_every_window_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "different.txt"
    path.write_text("".join(chr(0x4E00 + i) for i in range(400)), encoding="utf-8")
    made = stream(text="file", file={"path": str(path)}, length=8, vocabulary=500, test_share=20)
    seen = set()
    for step in range(40):
        batch = made.batch(step, 64, DRAWS)
        for row in range(64):
            window = text_of(made, batch.inputs[row])
            places = [ord(character) - 0x4E00 for character in window]
            assert places == list(range(places[0], places[0] + 8))
            assert ord(text_of(made, batch.targets[row, -1:])) - 0x4E00 == places[0] + 8
            seen |= set(places) | {places[0] + 8}
    blocks = Blocks.drawn(400, 40, 80, DRAWS.data_generator("blocks", "task"))
    assert seen == {place for first, behind in blocks.training for place in range(first, behind)}
    # held-out characters are unknown: the training text has none of them
    assert not made.parts("test")[0].batch.inputs.any()


def test_held_out_blocks_lie_anywhere_in_either_order() -> None:
    drawn = [Blocks.drawn(100, 10, 20, torch.Generator().manual_seed(seed)) for seed in range(600)]
    assert {min(b.validation[0], b.test[0]) for b in drawn} == set(range(71))
    assert 200 < sum(b.test[0] < b.validation[0] for b in drawn) < 400


def test_the_bundled_text_is_english_prose() -> None:
    text = bundled()
    assert len(text) > 30_000
    assert text.count(" the ") > 120
    made = stream()
    targets = get("task.text")().outputs(Inputs())["stream"].targets
    assert targets is not None
    assert made.chance is targets.chance is None
    assert len(made.parts("test")[0].batch) > 25
    inputs = made.parts("test")[0].batch.inputs
    assert float((inputs == 0).double().mean()) < 0.02
    # the guess that is worth most: always the space
    share = float((made.parts("test")[0].batch.targets == 1).double().mean())
    assert made.names[1] == " "
    assert 0.1 < share < 0.25


def test_more_windows_than_wanted_are_chosen_evenly(prose: dict[str, str]) -> None:
    values: dict[str, Any] = {"text": "file", "file": prose, "length": 5, "test_share": 50}
    every, some = stream(**values, test_items=1000), stream(**values, test_items=10)
    all_inputs, few = every.parts("test")[0].batch.inputs, some.parts("test")[0].batch.inputs
    assert len(few) == 10
    step = len(all_inputs) / 10
    assert torch.equal(few, all_inputs[[int(i * step + 1e-9) for i in range(10)]])


def test_seeds_and_fingerprint(prose: dict[str, str]) -> None:
    values: dict[str, Any] = {"text": "file", "file": prose, "length": 9, "vocabulary": 30}
    one, again = stream(**values), stream(Draws(99, 7), **values)
    assert torch.equal(one.batch(4, 8, DRAWS).inputs, again.batch(4, 8, DRAWS).inputs)
    assert not torch.equal(one.batch(4, 8, DRAWS).inputs, one.batch(5, 8, DRAWS).inputs)
    assert not torch.equal(one.batch(4, 8, DRAWS).inputs, one.batch(4, 8, DRAWS.member(1)).inputs)
    assert torch.equal(one.parts("test")[0].batch.inputs, again.parts("test")[0].batch.inputs)
    assert one.fingerprint() == again.fingerprint()
    changes = ({"length": 8}, {"vocabulary": 20}, {"level": "word"}, {"test_share": 20}, {"validation_share": 5}, {"test_items": 3})
    prints = {stream(**{**values, **change}).fingerprint() for change in ({}, *changes)}
    assert len(prints | {stream(Draws(3, 8), **values).fingerprint()}) == len(changes) + 2
    # the path says nothing, the content everything
    path = Path(prose["path"])
    other = path.with_name("other.txt")
    other.write_bytes(path.read_bytes())
    assert stream(**{**values, "file": {"path": str(other)}}).fingerprint() == one.fingerprint()
    other.write_text(PROSE.replace("sleeps", "sleepy"), encoding="utf-8")
    assert stream(**{**values, "file": {"path": str(other)}}).fingerprint() != one.fingerprint()


def test_the_sample_is_read_as_text(prose: dict[str, str]) -> None:
    item = stream(text="file", file=prose, length=30, vocabulary=200).sample()["items"][0]
    assert len(item["tokens"]) == len(item["targets"]) == 30
    shown = "".join(item["tokens"])
    assert shown.replace("␣", " ").replace("⏎", "\n") in PROSE
    assert item["targets"][:-1] == item["tokens"][1:]


def test_byte_order_marks_and_line_ends_are_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "windows.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree")
    assert read({"path": str(path)}) == "one\ntwo\nthree"


def one_sentence(refused: pytest.ExceptionInfo[Refusal]) -> str:
    text = str(refused.value)
    assert text.endswith(".")
    assert ". " not in text
    return text


def test_files_that_cannot_be_used_are_refused(tmp_path: Path, prose: dict[str, str]) -> None:
    def refused(**file: str) -> str:
        with pytest.raises(Refusal) as caught:
            stream(text="file", file=file)
        return one_sentence(caught)

    assert refused(path=str(tmp_path / "none.txt")) == f"There is no text file {tmp_path / 'none.txt'}; choose it again."
    (tmp_path / "folder.txt").mkdir()
    assert "no file of text" in refused(path=str(tmp_path / "folder.txt"))
    latin = tmp_path / "latin.txt"
    latin.write_bytes("café".encode("latin-1"))
    assert refused(path=str(latin)) == f"The text file {latin} is not UTF-8 (byte 3 cannot be read); save it as UTF-8."
    short = tmp_path / "short.txt"
    short.write_text("too short")
    assert "too short for items of 128" in refused(path=str(short))
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert "has 0 characters" in refused(path=str(empty))
    huge = tmp_path / "huge.txt"
    with open(huge, "wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert "at most" in refused(path=str(huge))
    assert "has changed since it was chosen" in refused(path=prose["path"], sha256="0" * 64)
    assert "cannot be read" in refused(path="bad\0name.txt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(Refusal, match="no file of text"):
        read({"path": str(tmp_path / "pipe.txt")})


def test_values_that_do_not_go_together_are_refused() -> None:
    assert get("task.text")(text="file").refusal(Inputs()) == "Choose the text file, or take the bundled text."
    says = "Validation and test together take 90 % of the text; at most 80 % leaves enough to train on."
    assert get("task.text")(validation_share=45, test_share=45).refusal(Inputs()) == says
    with pytest.raises(Refusal, match="must end in"):
        get("task.text")(file={"path": "/etc/passwd"})
