"""The journal: a history read back is the one that was written, whole, after any damage as far as it can be read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memstudio.components.catalogue import catalogue
from memstudio.experiment import deltas, edit_names, edits, files, history, journal
from memstudio.experiment.document import Document
from memstudio.experiment.history import History
from memstudio.experiment.journal import Writer
from tests.experiment.small import document

KNOWN = catalogue()
MEMORY = "sequence.gated_delta_rule" if "sequence.gated_delta_rule" in KNOWN else "sequence.deltanet"


def steps(seed: int, number: int = 12) -> list[tuple[str, Document]]:
    """Documents that follow each other by edits of every kind."""
    chance = random.Random(seed)
    now, found = document(), []
    for step in range(number):
        kind = chance.choice(["add", "move", "remove", "title", "run", "note", "about", "more", "order"])
        ids = [node.id for node in now.nodes]
        if kind == "add":
            now, _ = edits.add_node(now, MEMORY, KNOWN, (chance.random() * 900, 20.0))
        elif kind == "move" and ids:
            now = edits.move(now, {chance.choice(ids): (chance.random() * 900, -3.5)})
        elif kind == "remove" and ids:
            now = edits.remove(now, [chance.choice(ids)])
        elif kind == "run":
            now = edits.set_run(now, seed=chance.randrange(1000), replicates=chance.randrange(1, 9))
        elif kind == "note":
            now = edits.add_note(now, f"note {step} – ünïcode", (1.0, 2.0))
        elif kind == "about":
            now = edits.set_about(now, f"line\nline {step}")
        elif kind == "more":
            now = files.parse(files.to_text(now).replace('"format"', f'"mine{step}": [1, {{"a": null}}],\n  "format"', 1))
        elif kind == "order":
            now = now.model_copy(update={"nodes": list(reversed(now.nodes))})
        else:
            now = edits.set_title(now, f"Title {step}")
        found.append((f"Step {step}: {kind}", now))
    return found


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_an_edit_done_again_from_what_it_changed(seed: int) -> None:
    before = document()
    for _, after in steps(seed):
        assert deltas.applied(before, deltas.between(before, after)) == after
        before = after


def filled(file: Path, seed: int = 0, number: int = 12) -> tuple[Writer, History]:
    made, writer = History(document()), Writer(file, {"pid": 1})
    for name, after in steps(seed, number):
        made.apply(name, after)
        writer.bring(journal.state_of(made, None))
    return writer, made


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.lists(st.sampled_from(["undo", "redo", "apply", "merge", "save", "write"]), max_size=20))
def test_a_history_is_read_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, seed: int, deeds: list[str]) -> None:
    file = tmp_path_factory.mktemp("j") / "a.journal"
    writer, made = filled(file, seed, 5)
    path: Path | None = None
    for number, deed in enumerate(deeds):
        if deed in ("apply", "merge"):
            made.apply(f"Edit {number}", edits.set_title(made.document, f"New {number}"), merge="title" if deed == "merge" else None)
        elif deed == "save":
            made.mark_saved()
            path = Path("/somewhere/a.memx")
        elif deed == "write":
            writer.bring(journal.state_of(made, path))
        else:
            getattr(made, deed)()
    writer.bring(journal.state_of(made, path))
    found = journal.read(file)
    assert found is not None
    assert not found.damaged
    assert [(e.name, e.document, e.at) for e in found.history.entries] == [(e.name, e.document, e.at) for e in made.entries]
    assert (found.history.index, found.path, found.history.saved) == (made.index, path, made.saved)


def test_a_journal_that_was_cut_anywhere_gives_what_was_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.journal"
    _, made = filled(file, 3)
    raw = file.read_bytes()
    names = [entry.name for entry in made.entries]
    seen = set()
    for length in range(0, len(raw), 37):
        file.write_bytes(raw[:length])
        found = journal.read(file)
        if found is not None:
            got = [entry.name for entry in found.history.entries]
            assert got == names[: len(got)]
            seen.add(len(got))
    assert len(seen) > len(names) // 2


def test_a_damaged_line_costs_no_more_than_until_the_next_whole_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "WHOLE", 4)
    file = tmp_path / "a.journal"
    _, made = filled(file, 1)
    lines = file.read_bytes().split(b"\n")
    bad = next(n for n, line in enumerate(lines) if b'"n":6,' in line)
    lines[bad] = lines[bad][:-5] + b"\xff\x00]}}"
    file.write_bytes(b"\n".join(lines))
    found = journal.read(file)
    assert found is not None
    assert found.damaged
    assert found.document == made.document
    assert [entry.name for entry in found.history.entries] == [entry.name for entry in made.entries[8:]]


def test_random_damage_never_raises(tmp_path: Path) -> None:
    file = tmp_path / "a.journal"
    filled(file)
    raw, chance = file.read_bytes(), random.Random(0)
    for _ in range(60):
        damaged = bytearray(raw)
        for _ in range(chance.randrange(1, 30)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        file.write_bytes(damaged)
        journal.read(file)
        journal.header(file)


def test_what_could_not_be_written_is_written_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.journal"
    writer, made = filled(file, 5)
    real = journal.os.write
    monkeypatch.setattr(journal.os, "write", lambda handle, data: real(handle, data[:7]) and (_ for _ in ()).throw(OSError(28, "No space")))
    made.apply("Full", edits.set_title(made.document, "Full"))
    with pytest.raises(OSError, match="No space"):
        writer.bring(journal.state_of(made, None))
    monkeypatch.setattr(journal.os, "write", real)
    found = journal.read(file)
    assert found is not None
    assert found.document == made.entries[-2].document
    writer.bring(journal.state_of(made, None))
    found = journal.read(file)
    assert found is not None
    assert (found.document.title, found.damaged) == ("Full", False)


def test_a_long_journal_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LONG", 20_000)
    monkeypatch.setattr(history, "LONGEST", 10)
    file = tmp_path / "a.journal"
    _writer, made = filled(file, 2, 150)
    assert file.stat().st_size < 120_000
    assert len(made.entries) == 10
    found = journal.read(file)
    assert found is not None
    assert found.document == made.document
    assert not found.damaged


def test_before_the_first_edit_nothing_is_written(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.journal", {})
    assert not writer.bring(journal.state_of(History(document()), None))
    assert list(tmp_path.iterdir()) == []


def test_an_edit_is_called_after_what_it_did() -> None:
    base = document()
    ids = [node.id for node in base.nodes]

    def called(name: str, after: Document, before: Document = base) -> str:
        return edit_names.said(name, before, after, KNOWN)

    first = edit_names.title_of(base.nodes[0], KNOWN)
    assert called("Move", edits.move(base, {ids[0]: (901.0, 1.0)})) == f"Move {first}"
    assert called("Move", edits.move(base, dict.fromkeys(ids[:3], (901.0, 7.0)))) == "Move 3 components"
    assert called("Delete", edits.remove(base, [ids[0]])) == f"Delete {first}"
    assert called("Delete", edits.remove(base, ids)) == f"Delete {len(ids)} components"
    wire = base.wires[0]
    apart = edits.disconnect(base, wire.start, wire.end)
    ends = " to ".join(edit_names.title_of(base.node(id), KNOWN) for id in (wire.start_node, wire.end_node))
    assert called("Disconnect", apart) == f"Disconnect {ends}"
    assert called("Connect", base, apart) == f"Connect {ends}"
    assert called("Delete", apart) == "Delete a wire"
    node = base.nodes[0].model_copy(update={"values": {**base.nodes[0].values, "anything": 8}})
    assert called("Set anything", base.model_copy(update={"nodes": [node, *base.nodes[1:]]})) == f"Set anything of {first} to 8"
    assert called("Rename", edits.set_title(base, "X" * 90)) == "Rename"


def test_thousands_of_edits_of_five_hundred_nodes_stay_within_bounds() -> None:
    base, _ = edits.add_node(Document(), MEMORY, KNOWN, (0.0, 0.0))
    nodes = [base.nodes[0].model_copy(update={"id": f"n{k}", "uid": f"u{k}"}) for k in range(500)]
    made = History(base.model_copy(update={"nodes": nodes}))
    for number in range(1500):
        moved = list(made.document.nodes)
        for at in range(500) if number % 20 == 0 else [number % 500]:
            moved[at] = moved[at].model_copy(update={"place": (float(number), 1.0)})
        made.apply("Move", made.document.model_copy(update={"nodes": moved}))
    fresh = {id(node) for entry in made.entries for node in entry.document.nodes}
    lists = sum(len(entry.document.nodes) for entry in made.entries)
    assert len(made.entries) <= history.LONGEST
    assert made.bytes <= history.MOST
    # a node with its values takes 1.9 kB, a place in a list 8 bytes: what is counted is what is there
    assert made.bytes >= 0.9 * (2000 * (len(fresh) - 500) + 8 * lists)


def test_what_is_oldest_goes_when_a_history_grows_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST", 20_000)
    made = History(document())
    for number in range(50):
        made.apply(f"Title {number}", edits.set_title(made.document, f"T{number}"))
    assert 2 < len(made.entries) < 50
    assert made.bytes <= 20_000
    assert made.undo_name == "Title 49"
    assert made.undo().title == "T48"
