"""What is fed with spoiled input. A target answers with a sentence (Refusal) or with something whole; anything else is a finding."""

from __future__ import annotations

import io
import json
import random
import shutil
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from memstudio import library
from memstudio.components.catalogue import catalogue
from memstudio.components.runtime import Axis, Curve
from memstudio.experiment.checking import check
from memstudio.experiment.files import parse, read, to_text
from memstudio.experiment.gallery import gallery
from memstudio.experiment.inference import infer
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.stages import stages
from memstudio.experiment.studies import count, plan
from memstudio.export import reading
from memstudio.export.choosing import choose
from memstudio.export.writing import export
from memstudio.ground.machine import this_process
from memstudio.ground.settings import Settings
from memstudio.library import RunWriter
from memstudio.training import checkpoints
from memstudio.training.train import train
from tests.documents import recall, study
from tests.fuzz.mutations import spoiled, spoiled_tree

#: one trial: spoils something by the generator, feeds it, raises where the answer is no Refusal and not whole
Trial = Callable[[random.Random], None]
#: longest that one sentence may be: a person reads it
SENTENCE = 1001


def _said(error: Refusal) -> None:
    text = str(error)
    assert text.strip(), "a refusal without words"
    assert len(text) < SENTENCE, f"a refusal of {len(text):,} characters: {text[:200]}"
    assert "Traceback" not in text


def _answers(what: Callable[[], Any]) -> Any:
    """What a call gives, None where it refuses in a sentence."""
    try:
        return what()
    except Refusal as error:
        _said(error)
        return None


# ---------------------------------------------------------------------------------------------- documents


def _trees() -> list[dict[str, Any]]:
    return [recall(), study(), *(json.loads(to_text(item.document)) for item in gallery())]


def documents(folder: Path) -> Trial:
    """Documents spoiled as trees and as bytes: read, inferred, checked, planned, written and read again."""
    trees = _trees()
    texts = [json.dumps(tree).encode() for tree in trees]
    file = folder / "spoiled.memx"
    known = catalogue()

    def trial(rng: random.Random) -> None:
        if rng.random() < 0.75:
            text = json.dumps(spoiled_tree(rng, rng.choice(trees)))
            document = _answers(lambda: parse(text))
        else:
            file.write_bytes(spoiled(rng, rng.choice(texts)))
            document = _answers(lambda: read(file))
        if document is None:
            return
        infer(document, known)
        for problem in check(document, known):
            assert problem.reason.strip()
            for mend in problem.mends:
                _answers(lambda mend=mend: mend.edit(document))
        _answers(lambda: stages(document, known))
        if count(document).runs <= 200:
            _answers(lambda: plan(document, known))
        again = _answers(lambda: to_text(document))
        if again is not None:
            assert to_text(parse(again)) == again, "a document changes by being written and read"

    return trial


# ---------------------------------------------------------------------------------------------- checkpoints and exported models


def checkpoint_files(folder: Path) -> Trial:
    """Checkpoints: a nested state of tensors, arrays and JSON, with its file spoiled."""
    state = {
        "model": {"mem1.weight": torch.arange(12.0).reshape(3, 4), "mem1.bias": torch.zeros(4)},
        "optimiser": {"step": 3, "pairs": {(0, 1): torch.ones(2)}},
        "buffer": {"items": np.arange(6), "rng": [1, 2, 3], "name": "replay"},
    }
    whole = checkpoints.pack(state, {"step": 4, "stage": "learn"})

    def trial(rng: random.Random) -> None:
        data = _with_other_header(rng, whole) if rng.random() < 0.5 else spoiled(rng, whole)
        found = _answers(lambda: checkpoints.unpack(data))
        assert found is None or isinstance(found[0], dict)

    return trial


def _with_other_header(rng: random.Random, data: bytes) -> bytes:
    """A safetensors file whose header is valid JSON that says something else."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    if rng.random() < 0.5 and "memstudio" in header.get("__metadata__", {}):
        header["__metadata__"]["memstudio"] = json.dumps(spoiled_tree(rng, json.loads(header["__metadata__"]["memstudio"])))
    else:
        header = spoiled_tree(rng, header)
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + data[8 + size :]


def exported_folders(folder: Path) -> Trial:
    """Folders of an exported model (written by a real run) with one of their files spoiled."""
    whole = _exported(folder)
    names = sorted(path.name for path in whole.iterdir() if path.suffix in (".safetensors", ".memx", ".json"))
    copy = folder / "copy"

    def trial(rng: random.Random) -> None:
        shutil.copytree(whole, copy, dirs_exist_ok=True)
        name = rng.choice(names)
        data = (whole / name).read_bytes()
        tensors = name.endswith(".safetensors")
        (copy / name).write_bytes(_with_other_header(rng, data) if tensors and rng.random() < 0.5 else spoiled(rng, data))
        _answers(lambda: reading.load(copy))

    return trial


def _exported(folder: Path) -> Path:
    out = folder / "model"
    with library.open(folder / "exported-from") as opened:
        document = parse(json.dumps(recall(steps=2)))
        (run,) = opened.submit(document, plan(document, catalogue())).runs
        assert train(opened, run) == "finished"
        row = opened.run(run)
        export(opened, row, choose(opened, row, "last"), out, read_back=_read_back, say=lambda words: None)
    return out


def _read_back(folder: Path, expected: bytes) -> dict[str, float]:
    """In the place of the fresh process that compares: what is fed here need not have been compared."""
    return {"difference": 0.0, "probabilities": 0.0, "scale": 1.0}


# ---------------------------------------------------------------------------------------------- libraries


def _small_library(folder: Path) -> Path:
    """A library with a study of finished runs: series long enough to be sealed, curves, events, artifacts, notes."""
    document = parse(json.dumps(study()))
    with library.open(folder) as opened:
        submitted = opened.submit(document, plan(document, catalogue()))
        for place, run in enumerate(submitted.runs):
            lease = opened.claim(this_process(), runs=[run])
            assert lease is not None
            with RunWriter(opened.path, lease) as writer:
                writer.start(1500, "cpu", 1, {"python": "3"})
                for step in range(1500):
                    writer.points(step, {"loss": 1 / (step + 1 + place), "recall[load=16]": step / 1500})
                writer.curve(7, Curve("recall_by_load", np.linspace(0, 1, 4), (Axis("load", (1, 2, 4, 8)),)))
                writer.event("note", "half way")
                writer.artifact("model", b"weights" * 100, "model")
                writer.finish("finished")
            opened.set_note(run, f"note {place}")
            opened.set_tags(run, ["small"])
        opened._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


def library_files(folder: Path) -> Trial:
    """Library files with spoiled pages: opened, and asked everything that the window asks."""
    whole = _small_library(folder / "whole")
    data = (whole / "library.db").read_bytes()
    place = folder / "spoiled"

    def trial(rng: random.Random) -> None:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / "library.db").write_bytes(spoiled(rng, data))
        if rng.random() < 0.1:
            (place / "library.db-wal").write_bytes(rng.randbytes(rng.randrange(1, 9000)))
        opened = _answers(lambda: library.open(place))
        if opened is not None:
            with opened:
                _ask_everything(rng, opened)

    return trial


def library_values(folder: Path) -> Trial:
    """Sound SQLite files whose rows hold what we never write: spoiled JSON, blobs, shapes, paths, numbers."""
    whole = _small_library(folder / "whole-rows")
    place = folder / "other-rows"
    columns = _columns(whole / "library.db")

    def trial(rng: random.Random) -> None:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(whole, place)
        conn = sqlite3.connect(place / "library.db")
        for _ in range(rng.randint(1, 3)):
            table, column, type = rng.choice(columns)
            try:
                conn.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (_value(rng, type),))
            except sqlite3.Error:
                continue
        conn.commit()
        conn.close()
        opened = _answers(lambda: library.open(place))
        if opened is not None:
            with opened:
                _ask_everything(rng, opened)

    return trial


def _value(rng: random.Random, type: str) -> Any:
    """What a column of a type may hold by its type, and never does."""
    of_type: dict[str, tuple[Any, ...]] = {
        "TEXT": ("", "{}", "[]", "nonsense", "../../x", "\x00", "{" * 400, '{"a": [1]}', "9" * 400, "null", '["a"]', "[1e400]"),
        "INTEGER": (0, -1, 7, 2**31, 2**62),
        "REAL": (0.0, -1.0, 1e300, float("inf")),
        "BLOB": tuple(rng.randbytes(n) for n in (0, 1, 8, 8000)),
    }
    return rng.choice(of_type[type])


def _columns(file: Path) -> list[tuple[str, str, str]]:
    conn = sqlite3.connect(file)
    tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT%'")]
    found = [(table, row[1], row[2]) for table in tables for row in conn.execute(f"PRAGMA table_info({table})")]
    conn.close()
    return found


def _ask_everything(rng: random.Random, opened: library.Library) -> None:
    rows = _answers(opened.runs) or []
    _answers(opened.studies)
    _answers(opened.count)
    _answers(opened.measure_names)
    _answers(lambda: opened.runs(where='state = "finished" and loss < 0.5', sort="-loss"))
    _answers(lambda: opened.measures_of([row.uid for row in rows]))
    for row in rows[:2]:
        uid = row.uid
        _answers(lambda uid=uid: opened.document(uid))
        _answers(lambda uid=uid: opened.environment(uid))
        _answers(lambda uid=uid: opened.data(uid))
        _answers(lambda uid=uid: opened.parameters(uid))
        _answers(lambda uid=uid: opened.events(uid))
        _answers(lambda uid=uid: opened.attempts(uid))
        _answers(lambda uid=uid: opened.tags(uid))
        for name in (_answers(lambda uid=uid: opened.series_names(uid)) or [])[:4]:
            found = _answers(lambda uid=uid, name=name: opened.series(uid, name))
            assert found is None or len(found.steps) == len(found.values)
        for name in (_answers(lambda uid=uid: opened.curve_names(uid)) or [])[:4]:
            _answers(lambda uid=uid, name=name: opened.curves(uid, name))
        for file in _answers(lambda uid=uid: opened.artifacts(uid)) or []:
            assert file.path.resolve().is_relative_to(opened.folder.resolve()), f"an artifact outside its library: {file.path}"
            _answers(lambda file=file: opened.read_artifact(file.sha256))
    _answers(opened.mark_lost)
    _answers(lambda: opened.claim(this_process()))


def bundle_files(folder: Path) -> Trial:
    """Bundles of a study with their bytes spoiled, or their archive made anew with other names: merged into an empty library."""
    whole = folder / "whole.memlib"
    with library.open(_small_library(folder / "bundled")) as opened:
        opened.bundle([opened.studies()[0].uid], whole)
    data = whole.read_bytes()
    with zipfile.ZipFile(whole) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    place, file = folder / "into", folder / "spoiled.memlib"
    shutil.rmtree(folder / "bundled")

    def trial(rng: random.Random) -> None:
        shutil.rmtree(place, ignore_errors=True)
        file.write_bytes(spoiled(rng, data) if rng.random() < 0.4 else _other_archive(rng, entries))
        before = {path for path in folder.rglob("*") if not path.is_relative_to(place)}
        with library.open(place) as opened:
            merged = _answers(lambda: opened.merge(file))
            if merged is None:
                assert opened.runs() == [], "a merge that was refused left runs behind"
            _ask_everything(rng, opened)
        after = {path for path in folder.rglob("*") if not path.is_relative_to(place)}
        assert after == before, f"written outside the library: {after - before}"

    return trial


def _other_archive(rng: random.Random, entries: Mapping[str, bytes]) -> bytes:
    """The archive with an entry renamed, spoiled, doubled, left out, or one more with a hostile name."""
    found = list(entries.items())
    at = rng.randrange(len(found))
    name, data = found[at]
    hostile = rng.choice(("../outside", "/tmp/outside", "artifacts/../../outside", "C:\\outside", "library.db/x", "a" * 300, "", "con"))
    match rng.randrange(5):
        case 0:
            found[at] = (hostile, data)
        case 1:
            found[at] = (name, spoiled(rng, data))
        case 2:
            found.append((name, rng.randbytes(50)))
        case 3:
            del found[at]
        case _:
            found.append((hostile, b"x"))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in found:
            info = zipfile.ZipInfo(name)
            if rng.random() < 0.05:
                info.external_attr = 0o120777 << 16  # a symbolic link
            archive.writestr(info, data)
    return made.getvalue()


#: what filters are made of: names, signs, values, and what ties them
NAMES = (
    *("state", "loss", "recall", "recall[load=16]", "seed", "memory", "mem1.heads", "mem1.component", "tag", "note"),
    *("starred", "queued", "ended", "took", "torch", "cell", "step"),
)
SIGNS = ("=", "!=", "<", "<=", ">", ">=", "~", "!~")
VALUES = ("0.5", "-1", "1e400", "2026-11-01", "2026-13-45", "'x'", "finished", '"delta rule"', "5", "12345678901234567890")
TIES = ("in", "not", "and", "or", "(", ")", ",", "is", "missing", "within", "2", "days", "min", '"', "'", "%", "_", "*", ";", "\u2028")
WORDS = (*NAMES, *SIGNS, *VALUES, *TIES)


def _sentence(rng: random.Random) -> str:
    """A filter that is mostly right."""
    parts = []
    for _ in range(rng.randint(1, 4)):
        name = rng.choice(NAMES)
        part = rng.choice(
            (
                f"{name} {rng.choice(SIGNS)} {rng.choice(VALUES)}",
                f"{name} in ({', '.join(rng.choices(VALUES, k=3))})",
                f"{name} is {rng.choice(('', 'not '))}missing",
                f"not ({name} {rng.choice(SIGNS)} {rng.choice(VALUES)})",
                f"{rng.choice(('queued', 'ended', name))} within {rng.randint(0, 9**9)} {rng.choice(('days', 'h', 'min', 'moons'))}",
            )
        )
        parts += [part, rng.choice(("and", "or"))]
    return " ".join(parts[:-1])


def filter_texts(folder: Path) -> Trial:
    """Filters made of words of the language in any order: listed, counted, completed, underlined."""
    opened = library.open(_small_library(folder / "filtered"))

    def trial(rng: random.Random) -> None:
        text = _sentence(rng) if rng.random() < 0.6 else " ".join(rng.choice(WORDS) for _ in range(rng.randint(0, 12)))
        if rng.random() < 0.2:
            text = spoiled(rng, text.encode("utf-8")).decode("utf-8", "replace")
        _answers(lambda: opened.runs(where=text, sort=rng.choice((None, "loss", "-queued", text[:9]))))
        problem = opened.check_where(text)
        assert problem is None or (problem.sentence and 0 <= problem.start <= problem.end <= len(text)), (text, problem)
        for one in opened.complete(text, rng.randint(0, len(text))):
            assert 0 <= one.start <= one.end <= len(text)
        _answers(lambda: opened.search(text))

    return trial


# ---------------------------------------------------------------------------------------------- small files


def settings_files(folder: Path) -> Trial:
    """Settings of which the file was spoiled: read, written, and what was wrong is set aside."""
    whole = json.dumps({"theme": "dark", "recent": [{"file": "/x.memx", "title": "X"}], "window": "AdnQywADAAA="}).encode()
    file = folder / "settings.json"

    def trial(rng: random.Random) -> None:
        file.write_bytes(spoiled(rng, whole))
        kept = Settings(file)
        kept.get("theme")
        kept.set("theme", "light")
        assert Settings(file).get("theme") == "light"

    return trial


TARGETS: dict[str, Callable[[Path], Trial]] = {
    "documents": documents,
    "checkpoints": checkpoint_files,
    "exported-models": exported_folders,
    "library-files": library_files,
    "library-values": library_values,
    "bundles": bundle_files,
    "filters": filter_texts,
    "settings": settings_files,
}
