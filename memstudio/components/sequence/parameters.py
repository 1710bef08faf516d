"""Parameters that several sequence memories have, each written once: same name, same role, same words."""

from __future__ import annotations

from memstudio.experiment.parameters import Flag, Whole

HEADS = Whole(name="heads", title="Heads", default=2, low=1, high=64, role="heads", meaning="Separate matrices, side by side.")
KEY_WIDTH = Whole(
    name="key_width",
    title="Key width",
    default=32,
    low=1,
    high=512,
    log=True,
    unit="a head",
    role="key_width",
    meaning="Numbers in a key of one head; about so many different keys fit without interference.",
)
VALUE_WIDTH = Whole(
    name="value_width",
    title="Value width",
    default=32,
    low=1,
    high=512,
    log=True,
    unit="a head",
    role="value_width",
    meaning="Numbers in a value of one head.",
)
OUTPUT_NORM = Flag(
    name="output_norm",
    title="Output norm",
    default=True,
    role="output_norm",
    meaning="Scale each head's answer to root mean square 1 before it leaves.",
)
OUTPUT_GATE = Flag(
    name="output_gate",
    title="Output gate",
    default=True,
    role="output_gate",
    meaning="Let each position choose which parts of the answer pass.",
)
CHUNK = Whole(
    name="chunk",
    title="Chunk",
    default=32,
    low=1,
    high=256,
    log=True,
    unit="positions",
    role="chunk",
    meaning="Positions worked on together; changes the speed only.",
)

ROTARY = Flag(
    name="rotary",
    title="Rotary positions",
    default=True,
    role="rotary",
    meaning="Turn queries and keys of the attention by their position, so that a match depends on the distance.",
)
