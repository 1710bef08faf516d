"""Files of data with bytes changed, cut off, doubled: read or refused in one sentence, never anything else."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from memstudio.experiment.data.looking import look
from memstudio.experiment.data.suggesting import KINDS, planned, suggest
from memstudio.experiment.parameters import Refusal

#: 2,000 by MEMSTUDIO_FUZZ=2000; fewer in every run of the suite
COUNT = int(os.environ.get("MEMSTUDIO_FUZZ", "60"))


def seeds() -> Iterator[tuple[str, bytes]]:
    table = "id,step,word,x,label\n" + "".join(f"{i // 4},{i % 4},{'abc'[i % 3]},{i * 0.3:.2f},{'uv'[i // 4 % 2]}\n" for i in range(40))
    yield ".csv", table.encode()
    yield ".csv", table.replace(",", ";").replace(".", ",").encode("utf-16")
    yield ".tsv", ('a\tb\n"x\ny"\t1\n' * 9).encode("utf-8-sig")
    out = io.BytesIO()
    np.savez_compressed(out, images=np.arange(12 * 16, dtype=np.uint8).reshape(12, 4, 4), labels=np.arange(12) % 3)
    yield ".npz", out.getvalue()
    out = io.BytesIO()
    np.savez(out, x=np.linspace(0, 1, 12 * 6 * 2).reshape(12, 6, 2), y=np.array(list("uvw") * 4), tokens=np.arange(72).reshape(12, 6) % 5)
    yield ".npz", out.getvalue()


def mutated(data: bytes, draw: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(made)) if made else 0
        how = draw.randrange(5)
        if how == 0 and made:
            made[at] = draw.randrange(256)
        elif how == 1:
            made[at:at] = bytes(draw.choice([b'"', b",", b"\n", b"\0", b"\xff", b"nan", b"inf", b"1e999", b"-", b";"]))
        elif how == 2:
            del made[at : at + draw.randint(1, 40)]
        elif how == 3:
            made[at:at] = made[max(0, at - 30) : at]
        else:
            del made[draw.randrange(len(made) + 1) :]
    return bytes(made)


def test_mutated_files_are_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    draw, kinds = random.Random(6), list(seeds())
    read = 0
    for n in range(COUNT):
        ending, data = kinds[n % len(kinds)]
        file = tmp_path / f"m{n % 16}{ending}"
        file.write_bytes(mutated(data, draw))
        try:
            found = look(file)
        except Refusal as refusal:
            sentence = str(refusal)
            assert sentence.endswith("."), sentence
            assert "\n" not in sentence
            continue
        read += 1
        for kind in KINDS:
            if kind == "images" and ending != ".npz":
                continue
            values = suggest(found.value, found.seen, kind).values
            plan = planned(kind, values, found.value)
            if isinstance(plan, str):
                assert plan.endswith("."), plan
            else:
                _built(kind, {**values, "file": found.value})
    assert read > COUNT // 20


def _built(kind: str, values: dict[str, object]) -> None:
    """A stream of these values is finite, or refused."""
    import torch

    from memstudio.components.catalogue import catalogue
    from memstudio.components.runtime import Draws
    from memstudio.experiment.data.adding import COMPONENTS

    try:
        made = catalogue().entry(COMPONENTS[kind])(**values).build(draws=Draws(1, 2), uid="u")
    except Refusal:
        return
    batch = made.batch(0, 4, Draws(1, 2))
    assert torch.isfinite(batch.inputs.double()).all()
    assert made.chance is not None
    assert 0 < made.chance <= 1
